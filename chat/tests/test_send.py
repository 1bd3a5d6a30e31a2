"""Sending: stored once, in order, within limits; what is refused leaves nothing behind."""

import uuid
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from PIL import Image

from accounts.models import Block
from chat import services
from chat.errors import ChatError
from chat.models import TEXT_MAX, Conversation, Message, Participation
from chat.pictures import read
from chat.services import sending
from chat.tests.pictures import photo
from scheduling.errors import SchedulingError
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import storage

pytestmark = pytest.mark.django_db


def picture(*size, **options):
    return read(photo(*size, **options), sender_id=0)


def refusal(*args, **kwargs):
    with pytest.raises(ChatError) as caught:
        services.send(*args, **kwargs)
    return caught.value.code


def stored_files():
    try:
        return len(default_storage.listdir("messages")[1])
    except FileNotFoundError:
        return 0


class TestOnce:
    def test_the_same_again_is_the_same_message(self, student, ta):
        name = uuid.uuid4()
        first = services.send(student.pk, ta.pk, name, "Hello")
        again = services.send(student.pk, ta.pk, name, "Hello")
        assert again.pk == first.pk
        assert Message.objects.count() == 1
        assert Participation.objects.get(user=ta).unread == 1

    @pytest.mark.parametrize("change", ["text", "recipient", "picture"])
    def test_the_same_name_for_something_else_is_invalid(self, student, ta, staff, change):
        name = uuid.uuid4()
        services.send(student.pk, ta.pk, name, "Hello")
        other = {
            "text": (ta.pk, name, "Hello!"),
            "recipient": (staff.pk, name, "Hello"),
            "picture": (ta.pk, name, "Hello", picture()),
        }[change]
        assert refusal(student.pk, *other) == "invalid"
        assert Message.objects.count() == 1

    def test_two_senders_may_use_the_same_name(self, student, ta, say):
        say(student, ta)
        name = uuid.uuid4()
        services.send(student.pk, ta.pk, name, "Mine")
        services.send(ta.pk, student.pk, name, "Mine too")
        assert Message.objects.count() == 3

    def test_a_picture_uploaded_again_is_the_same_message(self, student, ta):
        name = uuid.uuid4()
        first = services.send(student.pk, ta.pk, name, "", picture())
        assert services.send(student.pk, ta.pk, name, "", picture()).pk == first.pk
        assert refusal(student.pk, ta.pk, name, "", picture(300, 300)) == "invalid"
        assert stored_files() == 2  # the picture and its thumbnail

    def test_a_retry_is_answered_although_a_block_came_in_between(self, student, ta):
        name = uuid.uuid4()
        first = services.send(student.pk, ta.pk, name, "Hello")
        Block.objects.create(blocker=ta, blocked=student)
        assert services.send(student.pk, ta.pk, name, "Hello").pk == first.pk
        assert refusal(student.pk, ta.pk, uuid.uuid4(), "Hello?") == "blocked"


class TestOrder:
    def test_each_names_the_one_before_it(self, student, ta, say):
        one, two, three = say(student, ta), say(ta, student), say(student, ta)
        assert (one.prev, two.prev, three.prev) == (None, one.pk, two.pk)

    def test_conversations_do_not_mix(self, student, ta, stranger, say):
        one, other = say(student, ta), say(stranger, ta)
        assert other.prev is None
        assert say(ta, student).prev == one.pk
        assert Conversation.objects.count() == 2

    def test_counts_and_last_messages_are_kept(self, student, ta, say):
        say(student, ta)
        last = say(student, ta)
        for_ta, for_student = (Participation.objects.get(user=user) for user in (ta, student))
        assert (for_ta.unread, for_ta.is_unread, for_ta.last_message_id) == (2, True, last.pk)
        assert (for_student.unread, for_student.unread_since) == (0, None)
        assert for_student.last_message_id == last.pk
        assert Conversation.objects.get().last_message_id == last.pk

    def test_since_when_something_waits_is_the_oldest_of_it(self, clock, student, ta, say):
        first = say(student, ta)
        clock.shift(timedelta(minutes=3))
        say(student, ta)
        assert Participation.objects.get(user=ta).unread_since == first.created_at


class TestText:
    @pytest.mark.parametrize(
        "text", ["", " ", "\n\t ", "\u3000", "\u200b", "\u2800\ufe0f", "\u3164", "\u00ad\u034f"]
    )
    def test_empty_is_invalid(self, student, ta, text):
        assert refusal(student.pk, ta.pk, uuid.uuid4(), text) == "invalid"

    def test_a_caption_in_which_nothing_is_seen_is_none(self, student, ta):
        sent = services.send(student.pk, ta.pk, uuid.uuid4(), "\u200b", picture())
        assert sent.text == ""

    @pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfff"])
    def test_what_no_database_stores_is_invalid(self, student, ta, text):
        assert refusal(student.pk, ta.pk, uuid.uuid4(), text) == "invalid"

    def test_four_thousand_characters_fit_of_any_script(self, student, ta, say):
        assert len(say(student, ta, "ก" * TEXT_MAX).text) == 4000
        assert refusal(student.pk, ta.pk, uuid.uuid4(), "ก" * 4001) == "too_long"

    def test_breaks_and_indentation_are_kept(self, student, ta, say):
        text = "  def f():\n\n      return 1\n"
        assert Message.objects.get(pk=say(student, ta, text).pk).text == text


class TestLimits:
    def test_thirty_a_minute(self, clock, student, ta, say):
        for _ in range(30):
            say(student, ta)
        assert refusal(student.pk, ta.pk, uuid.uuid4(), "One more") == "rate_limited"
        clock.shift(timedelta(seconds=60))
        say(student, ta)

    def test_ten_pictures_a_minute_and_texts_go_on(self, clock, student, ta, say):
        small = picture(40, 40)
        for _ in range(10):
            say(student, ta, "", picture=small)
        code = refusal(student.pk, ta.pk, uuid.uuid4(), "", small)
        assert code == "rate_limited"
        assert stored_files() == 20
        say(student, ta, "Words")

    def test_only_what_is_stored_counts(self, clock, student, ta, stranger, say):
        for _ in range(40):
            refusal(student.pk, stranger.pk, uuid.uuid4(), "Not allowed")
        name = uuid.uuid4()
        for _ in range(40):
            services.send(student.pk, ta.pk, name, "Again and again")
        for _ in range(29):
            say(student, ta)
        assert refusal(student.pk, ta.pk, uuid.uuid4(), "One more") == "rate_limited"

    def test_a_retry_is_answered_although_the_limit_is_reached(self, clock, student, ta, say):
        name = uuid.uuid4()
        first = services.send(student.pk, ta.pk, name, "Hello")
        for _ in range(29):
            say(student, ta)
        assert services.send(student.pk, ta.pk, name, "Hello").pk == first.pk
        assert Message.objects.count() == 30

    def test_one_person_s_haste_is_not_another_s(self, clock, student, ta, stranger, say):
        for _ in range(30):
            say(student, ta)
        say(stranger, ta)

    def test_load_tests_switch_them_off(self, settings, clock, student, ta, say):
        settings.RATE_LIMITS = False
        for _ in range(31):
            say(student, ta)


class TestPictures:
    def test_full_and_thumbnail_are_capped_and_say_nothing_of_camera_or_place(self, student, ta):
        sent = services.send(student.pk, ta.pk, uuid.uuid4(), "Look", picture(3000, 1500))
        assert (sent.kind, sent.text) == ("image", "Look")
        with Image.open(sent.image.open()) as full, Image.open(sent.thumb.open()) as thumb:
            assert (full.size, thumb.size) == ((2048, 1024), (480, 240))
            assert not full.getexif()
            assert not thumb.getexif()
        assert (sent.width, sent.height) == (2048, 1024)

    def test_what_lay_on_its_side_stands_up(self, student, ta):
        sent = services.send(student.pk, ta.pk, uuid.uuid4(), "", picture(400, 200, turned=True))
        assert (sent.width, sent.height) == (200, 400)

    def test_files_go_when_the_message_could_not_be_stored(self, monkeypatch, student, ta):
        def fail(*args):
            raise RuntimeError

        monkeypatch.setattr(sending, "store", fail)
        with pytest.raises(RuntimeError):
            services.send(student.pk, ta.pk, uuid.uuid4(), "", picture())
        assert stored_files() == 0

    def test_files_stay_when_nobody_knows_whether_the_commit_was_done(
        self, monkeypatch, student, ta
    ):
        @contextmanager
        def answer_lost():
            with transaction.atomic():
                yield
            raise OperationalError

        lost = SimpleNamespace(atomic=answer_lost, on_commit=transaction.on_commit)
        monkeypatch.setattr(storage, "transaction", lost)
        with pytest.raises(OperationalError):
            services.send(student.pk, ta.pk, uuid.uuid4(), "", picture())
        assert Message.objects.filter(kind="image").count() == 1
        assert stored_files() == 2


class TestCards:
    def test_what_happens_to_a_booking_stands_in_the_conversation(self, clock, student, ta, topic):
        slots = slots_of(open_time(ta, topic))
        made = book(student, slots[0], question="Why?")
        bookings.move(made, student, slots[2].pk)
        bookings.cancel(made, ta, "I am ill.")
        cards = list(Message.objects.order_by("pk"))
        assert [(card.kind, card.sender, card.text, card.event.kind) for card in cards] == [
            ("booking", student, "Why?", "made"),
            ("booking", student, "", "moved"),
            ("booking", ta, "I am ill.", "cancelled"),
        ]
        assert Participation.objects.get(user=ta).unread == 2
        assert Participation.objects.get(user=student).unread == 1

    def test_what_staff_cancel_is_told_to_the_student(self, clock, student, ta, topic, staff):
        made = book(student, slots_of(open_time(ta, topic))[0])
        bookings.cancel_by_staff(made, staff, "The building is closed.")
        card = Message.objects.latest("pk")
        assert (card.sender, card.text) == (ta, "The building is closed.")

    def test_they_count_towards_no_limit_and_pass_a_block(self, clock, student, ta, topic, say):
        made = book(student, slots_of(open_time(ta, topic))[0])
        for _ in range(30):
            say(student, ta)
        Block.objects.create(blocker=ta, blocked=student)
        bookings.cancel(made, student, "")
        assert Message.objects.latest("pk").event.kind == "cancelled"

    def test_a_booking_that_is_refused_leaves_no_card(self, clock, student, ta, topic):
        slot = slots_of(open_time(ta, topic))[0]
        book(student, slot)
        with pytest.raises(SchedulingError):
            book(student, slot, question="Another one?")
        assert Message.objects.count() == 1
