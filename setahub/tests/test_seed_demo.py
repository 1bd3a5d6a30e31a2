"""The demo: its accounts, its calendar at any hour, and what a second run leaves alone."""

import shutil
from datetime import timedelta
from functools import cache
from itertools import pairwise

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Q
from django.test import override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.queries.stars import favourites as starred_people
from chat import sweeps as message_sweeps
from chat.models import Message, Participation
from chat.queries.conversations import badge
from conftest import NOW
from scheduling import sweeps as calendar_sweeps
from scheduling.models import (
    Appointment,
    Booking,
    BookingEvent,
    Commitment,
    Dispute,
    HelpRequest,
    Offer,
    PlaceInLine,
    Record,
    Takeaway,
    TeachingLimits,
    Thanks,
    TimeSlot,
)
from scheduling.queries.reliability import marks_of
from scheduling.queries.waiting import requests_for
from scheduling.services import appointments, bookings
from setahub.core import clock as when
from setahub.demo import people as people_step
from setahub.demo import topics as topics_step
from setahub.demo.art import avatar_art, topic_art
from setahub.demo.people import ADMIN, STUDENT, TA, TAS
from setahub.demo.topics import TOPICS
from topics.models import KEYWORDS, Registration, Topic, keywords_of
from topics.queries.stars import favourites as starred_topics

pytestmark = pytest.mark.django_db
TOPIC_ART, AVATAR_ART = cache(topic_art), cache(avatar_art)
TABLES = [User, EmailAddress, Topic, Registration, Appointment, TimeSlot, Booking, BookingEvent]
TABLES += [Message, Participation, HelpRequest, PlaceInLine, Offer]
TABLES += [Takeaway, Thanks, Dispute, Record, TeachingLimits]


def draw_once(patch):
    """The same pictures for every test, since drawing them is most of a first run."""
    patch.setattr(topics_step, "topic_art", TOPIC_ART)
    patch.setattr(people_step, "avatar_art", AVATAR_ART)


@pytest.fixture(autouse=True)
def _drawn_once(monkeypatch):
    draw_once(monkeypatch)


def seed():
    call_command("seed_demo", force=True, verbosity=0)


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


@pytest.fixture(scope="class")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The folder of the uploads. A test takes back what it stores, not what was there before."""
    media = tmp_path_factory.mktemp("seeded")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        draw_once(patch)
        with transaction.atomic():
            with override_settings(MEDIA_ROOT=media), time_machine.travel(NOW, tick=False):
                seed()
            yield media
            transaction.set_rollback(True)


@pytest.fixture
def demo(seeded, settings, tmp_path, clock):
    settings.MEDIA_ROOT = shutil.copytree(seeded, tmp_path / "seeded")
    return clock


def upcoming(email):
    return Booking.objects.of_student(User.objects.get(email=email).pk).upcoming(timezone.now())


def days_with_free_time():
    starts = TimeSlot.objects.free().values_list("starts_at", flat=True)
    return {when.local(start).date() for start in starts}


def next_days(first):
    return {when.today() + timedelta(days=n) for n in range(first, 15)}


def test_it_refuses_a_site_that_runs_without_debug():
    with pytest.raises(CommandError, match="--force"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_it_runs_where_debug_is_on(clock, settings):
    settings.DEBUG = True
    call_command("seed_demo", verbosity=0)
    assert User.objects.filter(email=STUDENT).exists()


@pytest.mark.parametrize(
    "day, hour", [(0, 20), (1, 12), (2, 23), (3, 8), (4, 0), (5, 17), (5, 20), (6, 20), (6, 23)]
)
def test_there_is_free_time_on_each_of_the_next_days_whenever_it_runs(clock, day, hour):
    clock.move_to(NOW.replace(hour=hour, minute=20) + timedelta(days=day))
    seed()
    first = 0 if hour <= 20 else 1
    assert next_days(first) <= days_with_free_time()
    assert upcoming(STUDENT).count() == 3
    for person in TAS:
        assert TimeSlot.objects.free().of_ta(User.objects.get(email=person.email).pk).exists()


def test_it_takes_a_stricter_policy(clock, settings):
    settings.MAX_ACTIVE_BOOKINGS = 1
    settings.BOOKING_MIN_NOTICE = 3000
    settings.BOOKING_HORIZON = 3
    settings.TA_APPROVAL = True
    seed()
    assert upcoming(STUDENT).count() == 1
    assert not Registration.objects.pending().exists()


class TestOnceSeeded:
    def test_no_emails_to_made_up_people(self, demo):
        coming = Booking.objects.upcoming(timezone.now())
        assert Participation.objects.filter(is_unread=True).exists()
        assert coming.count() > 10
        for booking_ in coming:
            demo.move_to(booking_.starts_at - timedelta(minutes=30))
            calendar_sweeps.remind()
            message_sweeps.tell_unread()
        assert not DBTaskResult.objects.exists()

    @pytest.mark.parametrize("email", [STUDENT, TA, ADMIN])
    def test_its_accounts_sign_in_with_a_verified_email(self, demo, client, email):
        form = {"login": email, "password": "setahub-demo"}
        response = client.post("/auth/login/", form)
        assert response.status_code == 302
        address = EmailAddress.objects.get(email=email)
        assert (address.verified, address.primary) == (True, True)
        assert client.session["_auth_user_id"] == str(address.user_id)

    def test_only_the_admin_is_staff(self, demo):
        assert list(User.objects.filter(is_staff=True).values_list("email", flat=True)) == [ADMIN]
        assert User.objects.get(email=ADMIN).is_superuser

    def test_every_topic_has_a_picture_a_description_and_tas(self, demo):
        topics = Topic.objects.listed().with_ta_count()
        assert len(topics) == len(TOPICS) == 12
        for topic in topics:
            assert topic.ta_count >= 1
            assert topic.description
            assert topic.image.size > 0

    def test_every_topic_is_found_by_words_of_both_languages(self, demo):
        for topic in Topic.objects.all():
            words = keywords_of(topic.keywords)
            assert 6 <= len(words) <= KEYWORDS
            assert any(word.isascii() for word in words)
            assert any("\u0e00" <= word[0] <= "\u0e7f" for word in words)

    def test_the_student_has_two_favourites(self, demo):
        student = User.objects.get(email=STUDENT)
        assert [each.email for each in starred_people(student, 9)] == [TA]
        assert [each.name for each in starred_topics(student, 9)] == ["Database Systems"]

    def test_the_student_has_a_short_story(self, demo):
        mine = Booking.objects.of_student(User.objects.get(email=STUDENT).pk)
        assert mine.count() == 6
        assert mine.filter(status="completed").count() == 1
        assert mine.filter(status="cancelled", cancelled_late=False).count() == 1
        coming = list(upcoming(STUDENT))
        assert len(coming) == 3
        assert when.local(coming[0].starts_at).date() == when.today() + timedelta(days=1)
        assert coming[0].ta.email == TA

    def test_what_remains_of_sessions_is_there_to_look_at(self, demo):
        student, ta = User.objects.get(email=STUDENT), User.objects.get(email=TA)
        [mark] = marks_of(student.pk)
        assert (mark.points, mark.booking.cancelled_late) == (1, True)
        shown = Booking.objects.get(shown_takeaway__isnull=False)
        assert shown.student == student
        assert shown.shown_takeaway.booking.topic_id == shown.topic_id
        dispute = Dispute.objects.waiting().get()
        assert dispute.booking.student != student
        limits = TeachingLimits.objects.get()
        assert (limits.weekly_slots, limits.slots_in_a_row) == (6, 1)
        assert TimeSlot.objects.filter(spared=True, appointment__ta=limits.ta_id).exists()
        record = Record.objects.get()
        assert (record.ta, record.stands) == (ta, True)
        assert record.sums["minutes"] >= record.sums["verified_minutes"] > 0

    def test_the_student_waits_in_line_and_a_time_is_held(self, demo):
        student = User.objects.get(email=STUDENT)
        assert PlaceInLine.objects.waiting().of(student.pk).count() == 2
        [offer] = Offer.objects.standing(timezone.now())
        assert (offer.student, offer.slot.appointment.ta.email) == (student, TA)

    def test_the_ta_sees_who_waits_most_first(self, demo):
        board = requests_for(User.objects.get(email=TA).pk)
        assert [asked.waiting for asked in board] == [5, 1, 1, 1]

    def test_the_ta_has_questions_to_read_today_or_tomorrow(self, demo):
        ta = User.objects.get(email=TA)
        soon = Booking.objects.of_ta(ta.pk).upcoming(timezone.now())
        soon = soon.filter(starts_at__lt=when.day_bounds(when.today() + timedelta(days=1))[1])
        assert soon.count() >= 2
        assert all(each.question for each in soon)

    def test_bookings_of_the_past_have_every_outcome_and_their_history(self, demo):
        past = Booking.objects.filter(ends_at__lte=NOW)
        assert set(past.values_list("status", flat=True)) == {"completed", "no_show", "cancelled"}
        for each in past.prefetch_related("events"):
            kinds = [event.kind for event in each.events.all()]
            came = ["checked_in"] if each.checked_in_at else []
            assert kinds == ["made", *came, each.status]
        for each in Booking.objects.active():
            assert [event.kind for event in each.events.all()] == ["made"]

    def test_nothing_contradicts_itself(self, demo):
        """What the database does not enforce for rows written directly."""
        assert Commitment.objects.count() == 2 * Booking.objects.active().count()
        active = Count("bookings", filter=Q(bookings__status="booked"))
        assert not TimeSlot.objects.annotate(active=active).exclude(taken=F("active")).exists()
        for each in Booking.objects.select_related("slot__appointment"):
            assert each.ta_id == each.slot.appointment.ta_id
            assert (each.starts_at, each.ends_at) == (each.slot.starts_at, each.slot.ends_at)
            assert each.slot.appointment.topics.contains(each.topic)
            assert each.created_at < each.starts_at
        kept = (
            Booking.objects.kept()
            .order_by("student", "starts_at")
            .values_list("student", "starts_at", "ends_at")
        )
        for (one, _start, end), (other, start, _end) in pairwise(kept):
            assert one != other or end <= start

    def test_a_second_run_changes_nothing(self, demo, django_assert_max_num_queries):
        before = counts()
        with django_assert_max_num_queries(80):
            seed()
        assert counts() == before

    @pytest.mark.parametrize("days", [1, 7, 40])
    def test_a_later_run_tops_the_free_time_up(self, demo, days):
        people, topics = User.objects.count(), Topic.objects.count()
        demo.shift(timedelta(days=days))
        seed()
        assert next_days(0) <= days_with_free_time()
        assert (User.objects.count(), Topic.objects.count()) == (people, topics)
        assert upcoming(STUDENT).exists()
        before = counts()
        seed()
        assert counts() == before

    def test_what_users_changed_stays(self, demo):
        ta, student = User.objects.get(email=TA), User.objects.get(email=STUDENT)
        session = Appointment.objects.of(ta.pk).upcoming(timezone.now()).last()
        appointments.cancel(session, ta, "Ill")
        bookings.cancel(upcoming(STUDENT)[0], student, "No time")
        User.objects.filter(pk=student.pk).update(username="Somebody", username_key="somebody")
        ta.registrations.all().delete()
        first, second = Topic.objects.filter(creator__email="napat@example.com"), TOPICS[0]
        first.update(archived_at=timezone.now())
        Topic.objects.filter(slug=second.slug).update(name="Renamed", name_key="renamed")
        User.objects.filter(email="mali@example.com").update(is_active=False)
        before = counts()
        seed()
        assert counts() == before
        demo.shift(timedelta(days=3))
        seed()
        student.refresh_from_db()
        assert student.username == "Somebody"
        assert not Registration.objects.filter(user=ta).exists()
        assert Topic.objects.count() == 12

    def test_a_deleted_topic_stays_deleted(self, demo):
        # One whose bookings no conversation shows; which they are depends on the hour.
        shown = Message.objects.filter(event__isnull=False).values("event__booking__topic")
        topic = Topic.objects.exclude(pk__in=shown).order_by("pk")[0]
        Booking.objects.update(shown_takeaway=None)
        for remains in (Takeaway, Thanks, Dispute):
            remains.objects.filter(booking__topic=topic).delete()
        Booking.objects.filter(topic=topic).delete()
        topic.delete()
        seed()
        assert Topic.objects.count() == 11

    def test_who_took_another_email_is_not_disturbed(self, demo):
        """An account whose main address changed keeps what it has; one without the old is made anew."""
        student, ta = User.objects.get(email=STUDENT), User.objects.get(email=TA)
        student.email = "new@example.com"
        student.save()
        EmailAddress.objects.filter(user=ta).delete()
        ta.email = "also-new@example.com"
        ta.save()
        seed()
        assert not User.objects.filter(
            email=STUDENT
        ).exists()  # still an address of the same person
        again = User.objects.get(email=TA)
        assert again.pk != ta.pk
        assert again.username == f"{ta.username} 2"
        assert again.student_id is None

    def test_people_have_written_to_each_other(self, demo):
        student, ta = User.objects.get(email=STUDENT), User.objects.get(email=TA)
        talk = Message.objects.between(student.pk, ta.pk).order_by("pk")
        kinds = [each.kind for each in talk]
        assert (kinds.count("image"), kinds.count("booking")) == (1, 1)
        assert kinds[0] == kinds[-1] == "text"
        moments = [each.created_at for each in talk]
        assert moments == sorted(moments)
        assert moments[-1] <= NOW
        side = Participation.objects.with_other(student.pk, ta.pk).get()
        assert (side.unread, side.unread_since) == (2, moments[-2])
        theirs = Participation.objects.with_other(ta.pk, student.pk).get()
        assert theirs.last_read_id >= talk.filter(sender=student).last().pk
        of_all = list(Message.objects.order_by("pk").values_list("created_at", flat=True))
        assert of_all == sorted(of_all)

    def test_what_waits_unread_is_little_and_always_counted_right(self, demo):
        for side in Participation.objects.all():
            left = Message.objects.filter(
                conversation=side.conversation_id, pk__gt=side.last_read_id, sender=side.other_id
            )
            assert side.unread == left.count()
        for person in User.objects.all():
            assert badge(person.pk)[0] <= 3
