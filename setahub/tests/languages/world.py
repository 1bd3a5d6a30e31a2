"""Two people of two languages, and all that one does of which the other is told.

The words that people type here, and their names, are Latin, so that nothing of them passes for a
translation.
"""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import time, timedelta
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone, translation

from accounts import emails, letters, tasks
from accounts.models import User
from accounts.services import deletion, email_changes, suspensions
from chat import services as chat
from chat.tests.pictures import photo
from scheduling import notifications
from scheduling.models import BusyCalendar, Cause, HelpRequest, Offer
from scheduling.queries.series import FOLLOWING
from scheduling.services import appointments, bookings, busy, reliability, requests, takeaways
from scheduling.services.plan import Plan
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from setahub.core import clock as when
from setahub.core.work.tasks import later, parts_of_sweep
from topics.models import Registration, Topic
from topics.services import teaching

DAY = timedelta(days=1)
FACTS = {  # whatever a letter about an account may name
    "activate_url": "https://example.com/a",
    "password_reset_url": "https://example.com/b",
    "email_url": "https://example.com/c",
    "undo_url": "https://example.com/d",
    "sign_in_url": "https://example.com/e",
    "password_url": "https://example.com/f",
    "again_url": "https://example.com/g",
    "name": "Mali",
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "old@example.com",
    "ip": "127.0.0.1",
    "user_agent": "",
}
OWN = (
    "Mali", "Jonas", "Priya", "Anan", "Graph", "Theory", "Sorting", "Lab", "Hall", "Because",
    "Knots", "Waiting", "Lines", "Digests", "Diaries", "Letters", "Notes", "Drafts", "Sheets", "Pages", "Bring", "Paper", "Room", "SETAHub", "Django", "Faculty",
)  # fmt: skip


def without_own(text: str) -> str:
    """Without what people typed, their names, and names of places on the network."""
    text = re.sub(r"https?://\S+|[\w.+-]+@[\w.-]+", " ", text)
    return re.sub(rf"\b({'|'.join(OWN)})\b", " ", text)


@dataclass
class World:
    """``actor`` does everything here; ``reader`` is told, and so is the actor in their own words."""

    actor: User
    reader: User
    staff: User
    clock: Any
    work: Callable[[], int]
    committing: Callable[[], AbstractContextManager[Any]]

    def everything_happens(self) -> None:
        """In the language of the actor's pages; the worker's is that of the faculty."""
        for part in (
            self.as_student, self.as_ta, self.as_staff, self.letters, self.time_passes, self.as_remains, self.as_decided,
            self.as_absent, self.as_waiting, self.as_waited_for, self.suspension, self.leaving,
        ):  # fmt: skip
            with translation.override(self.actor.language), self.committing():
                part()
            self.work()

    def sweep(self) -> None:
        for part in parts_of_sweep():
            part()
        self.work()

    def topic_of(self, ta: User, name: str) -> Topic:
        topic = Topic.objects.create(
            name=name, slug=name.lower().replace(" ", "-"), creator=self.staff
        )
        Registration.objects.create(user=ta, topic=topic)
        return topic

    def as_student(self) -> None:
        topic = self.topic_of(self.reader, "Graph Theory")
        session = open_time(self.reader, topic, location="Lab 5", notes="Bring Paper")
        first, second, third, _last = slots_of(session)
        made = book(self.actor, first, question="Knots")
        made = bookings.move(made, self.actor, second.pk)
        self.work()
        bookings.cancel(made, self.actor, "Because")
        book(self.actor, third, question="Knots")
        chat.send(self.actor.pk, self.reader.pk, uuid.uuid4(), "Knots")
        message = chat.send_upload(
            self.actor.pk, self.reader.pk, client_id=uuid.uuid4(), text="", image=photo()
        )
        chat.mark_read(self.reader.pk, self.actor.pk, message.pk)

    def as_ta(self) -> None:
        topic = self.topic_of(self.actor, "Sorting")
        one = open_time(self.actor, topic, day=tomorrow() + DAY, location="Lab 5")
        made = book(self.reader, slots_of(one)[0], question="Knots")
        plan = replace(Plan.of(one), location="Hall 1", notes="Bring Paper")
        appointments.edit(one, self.actor, plan)
        notifications.guessed(made)
        self.work()
        bookings.cancel(made, self.actor, "Because")
        weeks = open_series(self.actor, topic, day=tomorrow() + 2 * DAY, weeks=2, location="Lab 5")
        for week in weeks:
            book(self.reader, slots_of(week)[0], question="Knots")
        plan = replace(Plan.of(weeks[0]), location="Hall 1")
        appointments.edit(weeks[0], self.actor, plan, scope=FOLLOWING)
        appointments.cancel(weeks[0], self.actor, "Because", scope=FOLLOWING)
        withdrawn = open_time(self.actor, topic, day=tomorrow() + 3 * DAY)
        made = book(self.reader, slots_of(withdrawn)[0], question="Knots")
        self.work()
        bookings.cancel_all([made], None, cause=Cause.TOPIC)

    def as_staff(self) -> None:
        message = chat.send(self.reader.pk, self.actor.pk, uuid.uuid4(), "Knots")
        report = chat.report(message, self.actor, "Because")
        chat.resolve(report, self.staff, "warned", note="Because", told="Because")
        for name, decide in (("Lab", teaching.approve), ("Hall", teaching.decline)):
            topic = Topic.objects.create(name=name, slug=name, creator=self.staff)
            waits = Registration.objects.create(
                user=self.reader, topic=topic, status=Registration.Status.PENDING
            )
            decide(waits, self.staff, "Because")

    def letters(self) -> None:
        for template in (*letters.CHANGES, *letters.OTHERS):
            emails.queue(
                template, self.reader.email, FACTS, language=self.reader.language, user=self.reader
            )
        address = EmailAddress.objects.create(user=self.reader, email="waits@example.com")
        later(tasks.send_reset, self.reader.pk)
        later(tasks.send_already_there, self.reader.pk)
        later(tasks.send_invitation, self.reader.pk)
        for signup in (True, False):
            later(tasks.send_confirmation, address.pk, signup)
        for proven in (True, False):
            email_changes.ask(self.reader, "new@example.com")
            email_changes.note_done(
                self.reader, self.reader.email, "new@example.com", old_was_proven=proven
            )

    def time_passes(self) -> None:
        topic = self.topic_of(self.actor, "Knots")
        given = open_time(self.actor, topic, day=tomorrow() + 5 * DAY)
        book(self.reader, slots_of(given)[0], question="Knots")
        chat.send(self.actor.pk, self.reader.pk, uuid.uuid4(), "Knots")
        self.clock.shift(timedelta(minutes=11))
        self.sweep()  # unread messages, reminders of what is near
        start = slots_of(given)[0].starts_at
        for before in (DAY - timedelta(minutes=5), timedelta(minutes=50)):
            self.clock.move_to(start - before)
            self.sweep()
        self.clock.move_to(start + timedelta(minutes=1))

    def as_remains(self) -> None:
        """What each leaves after a session, and thanks for."""
        for ta, student, name in (
            (self.actor, self.reader, "Diaries"),
            (self.reader, self.actor, "Letters"),
        ):
            session = open_time(ta, self.topic_of(ta, name), start="08:00", end="08:30")
            made = book(student, slots_of(session)[0], question="Knots")
            self.clock.move_to(made.ends_at)
            takeaways.leave(made, ta, "Knots", "Knots", "https://example.com/knots")
            takeaways.thank(made, student, "yes", "Because")
            self.work()

    def as_decided(self) -> None:
        """What staff say of a no-show that was disputed; a calendar that can't be read."""
        for ta, student, name in (
            (self.actor, self.reader, "Sheets"),
            (self.reader, self.actor, "Pages"),
        ):
            session = open_time(ta, self.topic_of(ta, name), start="10:00", end="10:30")
            made = book(student, slots_of(session)[0], question="Knots")
            self.clock.move_to(made.starts_at + timedelta(minutes=11))
            bookings.mark_no_show(made, ta)
            found = reliability.dispute(made, student, "Because")
            reliability.decide(found, self.staff, found.Decision.UPHELD)
            calendar = BusyCalendar.objects.create(
                user=student, name="Knots", failing_since=timezone.now() - 2 * DAY
            )
            busy.note_failure(calendar, "away")
            self.work()

    def as_absent(self) -> None:
        """A report that the TA did not come, and what staff find."""
        for ta, student, name in (
            (self.actor, self.reader, "Notes"),
            (self.reader, self.actor, "Drafts"),
        ):
            session = open_time(ta, self.topic_of(ta, name), start="12:00", end="13:00")
            here, gone = (book(student, slot, question="Knots") for slot in slots_of(session))
            self.clock.move_to(gone.ends_at)
            for made in (here, gone):
                bookings.report_ta_absent(made, student)
            self.work()
            bookings.settle_by_staff(here, self.staff, "completed")
            bookings.confirm_absence(gone, self.staff, "Because")
            self.work()

    def as_waiting(self) -> None:
        """Who waits is told of each offer, and how it ended; TAs of what was asked."""
        topic = self.topic_of(self.actor, "Waiting")
        other = self.topic_of(self.actor, "Lines")
        today = when.today()
        ask = partial(requests.ask, self.reader, from_day=today, to_day=today + 9 * DAY)
        ask(topic, "Knots")
        for ends in (False, True):
            session = open_time(self.actor, topic, day=today + 4 * DAY, start="08:00", end="08:30")
            self.work()
            if ends:
                appointments.cancel(session, self.actor, "Because")
            else:
                self.clock.move_to(Offer.objects.get(status="open").expires_at)
                self.sweep()
                appointments.cancel(session, self.actor, "Because")
        self.work()
        self.clock.move_to(when.at(when.today() + DAY, time(10)))
        open_time(self.actor, topic, day=when.today(), start="11:15", end="11:45")
        self.work()  # too near to be held
        requests.leave(HelpRequest.objects.get(topic=topic), self.reader)
        today = when.today()
        requests.ask(self.reader, other, "Knots", ta=self.actor, from_day=today, to_day=today + DAY)
        self.sweep()  # tomorrow is its last day
        teaching.unregister(self.actor, other)
        self.work()

    def as_waited_for(self) -> None:
        topic = self.topic_of(self.reader, "Digests")
        requests.ask(
            self.actor, topic, "Knots", from_day=when.today(), to_day=when.today() + 9 * DAY
        )
        self.clock.move_to(when.at(when.today(), time(18, 1)))
        self.sweep()

    def suspension(self) -> None:
        topic = Topic.objects.get(name="Knots")
        given = open_time(self.actor, topic)
        for slot in slots_of(given)[:2]:
            book(self.reader, slot, question="Knots")
        suspensions.suspend(self.actor, actor=self.staff, cancel_bookings=True, reason="Because")
        suspensions.restore(self.actor, actor=self.staff)
        again = open_time(self.actor, topic)
        book(self.reader, slots_of(again)[0], question="Knots")

    def leaving(self) -> None:
        deletion.delete_account(self.actor)
