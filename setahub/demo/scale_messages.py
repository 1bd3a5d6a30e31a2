"""Very many messages, for measurements: conversations of students with TAs over the past year.

Stored by COPY where the database has it, since even bulk inserts of model objects take hours for
ten million rows. Messages of all conversations are mixed in time, as they are in real life.
"""

import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import islice
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max, Model
from django.utils import timezone

from accounts.models import User
from chat.constraints import CONSTRAINTS
from chat.models import Conversation, Message, Participation

EACH = 30  # messages of a conversation, on average
PERIOD = timedelta(days=365)
BATCH = 100_000  # rows of one COPY: the memory needed follows from it
READ_SHARE = 0.9  # of the conversations have nothing unread
TEXTS = (
    "Hello! I booked you for tomorrow.",
    "สวัสดีครับ ขอถามเรื่อง linked list หน่อยได้ไหมครับ",
    "Sure, bring your code. We start with the failing test.",
    "It fails only when the list is empty. I have tried everything that the slides say about it.",
    "ขอบคุณมากค่ะ เข้าใจแล้ว",
    "Could you look at https://example.com/paste/42 before we meet?",
    "```\nfor each in items:\n    print(each)\n```\nThis prints nothing. Why?",
    "👍",
    "See you in Room 504.",
)


class ScaleMessages:
    """Makes so many messages between these people; ``say`` gets a line now and then."""

    def __init__(
        self, students: Sequence[User], tas: Sequence[User], count: int, say: Callable[[str], None]
    ) -> None:
        self.count = count if students and tas else 0
        self.say = say
        self.dice = random.Random(f"messages {count}")
        self.now = timezone.now()
        self.pairs = _pairs(students, tas, max(1, self.count // EACH))
        # Of each conversation: the last message, who wrote it, and how many it is in a row.
        size = len(self.pairs)
        self.last = array("q", bytes(8 * size))
        self.by_ta = bytearray(size)
        self.run = array("i", bytes(4 * size))
        self.run_began = array("d", bytes(8 * size))  # seconds since the epoch
        self.read = array("q", bytes(8 * size))  # the last message before that row

    def make(self) -> None:
        if not self.count:
            return
        with transaction.atomic():
            CONSTRAINTS.remove(connection)  # what follows from each message is written at the end
            first = _next_id(Conversation)
            _copy(
                Conversation,
                ("id", "low_id", "high_id", "created_at"),
                (
                    (first + index, *sorted(pair), self.now - PERIOD)
                    for index, pair in enumerate(self.pairs)
                ),
            )
            made = 0
            rows = self._messages(first)
            while batch := list(islice(rows, BATCH)):
                _copy(Message, MESSAGE_COLUMNS, batch)
                made += len(batch)
                self.say(f"{made:,} of {self.count:,} messages")
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE chat_conversation SET last_message_id = (SELECT MAX(m.id) FROM"
                    " chat_message m WHERE m.conversation_id = chat_conversation.id)"
                    " WHERE id >= %s",
                    [first],
                )
            _copy(Participation, PARTICIPATION_COLUMNS, self._participations(first))
            _reset_sequences()
            CONSTRAINTS.install(connection)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _messages(self, first: int) -> Iterator[tuple[Any, ...]]:
        start, step = self.now - PERIOD, PERIOD / (self.count + 1)
        first_id, size = _next_id(Message), len(self.pairs)
        for number in range(self.count):
            # Each conversation has one first, then they come by chance.
            index = number if number < size else int(self.dice.random() * size)
            by_ta = number % 3 == 1 if self.last[index] else False
            pk, at = first_id + number, start + step * (number + 1)
            student, ta = self.pairs[index]
            sender, text = ta if by_ta else student, TEXTS[number % len(TEXTS)]
            prev = self.last[index] or None
            yield pk, first + index, sender, "text", text, prev, "", "", "", at
            self._note(index, pk, by_ta, at.timestamp())

    def _note(self, index: int, pk: int, by_ta: bool, at: float) -> None:
        if self.by_ta[index] != by_ta or not self.last[index]:
            self.by_ta[index], self.run[index] = by_ta, 0
            self.read[index], self.run_began[index] = self.last[index], at
        self.run[index] += 1
        self.last[index] = pk

    def _participations(self, first: int) -> Iterator[tuple[Any, ...]]:
        for index, (student, ta) in enumerate(self.pairs):
            last = self.last[index] or None
            waits = bool(last) and self.dice.random() > READ_SHARE
            for user, other, wrote_last in (
                (student, ta, not self.by_ta[index]),
                (ta, student, bool(self.by_ta[index])),
            ):
                unread = self.run[index] if waits and not wrote_last else 0
                since = datetime.fromtimestamp(self.run_began[index], UTC) if unread else None
                read = self.read[index] if unread else last or 0
                yield first + index, user, other, last, read, self.now, unread, unread > 0, since, 0


MESSAGE_COLUMNS = [
    "id", "conversation_id", "sender_id", "kind", "text", "prev", "image", "thumb", "digest",
    "created_at",
]  # fmt: skip
PARTICIPATION_COLUMNS = [
    "conversation_id", "user_id", "other_id", "last_message_id", "last_read_id", "read_at", "unread",
    "is_unread", "unread_since", "told_id",
]  # fmt: skip


def _pairs(students: Sequence[User], tas: Sequence[User], wanted: int) -> list[tuple[int, int]]:
    """So many different pairs (student, TA), ids, spread evenly; fewer where there are no more."""
    total = min(wanted, len(students) * len(tas))
    return [
        (
            students[number % len(students)].pk,
            tas[(number % len(students) + number // len(students)) % len(tas)].pk,
        )
        for number in range(total)
    ]


def _next_id(model: type[Model]) -> int:
    return (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1


def _copy(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    table, names = model._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows))  # noqa: S608


def _reset_sequences() -> None:
    """Ids were given by hand: the database goes on counting after them."""
    told = StringIO()
    call_command("sqlsequencereset", "chat", no_color=True, stdout=told, stderr=StringIO())
    with connection.cursor() as cursor:
        for statement in told.getvalue().splitlines():
            if statement.startswith("SELECT"):  # not the transaction around them
                cursor.execute(statement)
