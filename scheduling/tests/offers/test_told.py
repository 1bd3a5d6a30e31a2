"""Who waits is told of it under a switch of its own, by email and in the bell."""

from datetime import time, timedelta
from functools import partial

import pytest

from accounts import notifications
from accounts.models import MailKind, Notice
from accounts.services import profiles
from accounts.services.kinds import headlines
from accounts.services.suspensions import suspend
from scheduling import emails
from scheduling.models import Offer
from scheduling.services import appointments, bookings, care, offers, requests
from scheduling.tests.factories import book, tomorrow
from scheduling.tests.offers.steps import freed_now
from setahub.core import clock as when
from topics.services import archive_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def told(post, people):
    """What the first who waits was told: kinds of notices, and subjects of emails."""

    def of(person=None):
        person = person or people[0]
        subjects = [mail.subject for mail in post() if mail.to == [person.email]]
        rows = Notice.objects.of(person.pk).order_by("pk")
        return [notice.kind for notice in rows], [each.split(":")[0] for each in subjects]

    return of


def test_that_the_time_has_come_and_was_passed_on(taken, people, asks, run_tasks, clock, told):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    assert told() == (["offer_made"], ["Your time has come"])
    clock.shift(timedelta(minutes=120))
    offers.match(slot.pk)
    assert told() == (["offer_made", "offer_passed_on"], ["Your time has come", "Passed on"])


def test_that_it_is_no_longer_offered(taken, ta, people, asks, run_tasks, told):
    asks(people[0])
    slot = freed_now(taken, run_tasks)
    appointments.cancel(slot.appointment, ta, "Ill")
    assert told()[0] == ["offer_made", "offer_withdrawn"]
    assert told()[1] == ["Your time has come", "No longer offered"]


KEEPS = "You keep your place in line"


def test_that_the_place_stays_or_has_ended_with_it(taken, ta, people, asks, run_tasks, post):
    asks(people[0], ta=ta)
    slot = freed_now(taken, run_tasks)
    mail = emails.no_longer_offered(Offer.objects.get(slot=slot))
    assert [KEEPS in line for line in mail.lead] == [False, True]
    suspend(ta, actor=None, cancel_bookings=True)
    to_them = [each for each in post() if each.to == [people[0].email]]
    assert ["no longer" in each.subject.lower() for each in to_them] == [False, True, True]
    assert [KEEPS in each.body for each in to_them[1:]] == [False, False]


def test_of_time_too_soon_to_be_held(taken, people, asks, clock, told, run_tasks):
    asks(people[0])
    clock.move_to(taken.starts_at - timedelta(minutes=80))
    freed_now(taken, run_tasks)
    assert told() == (["free_time"], ["A free time"])


def test_that_the_request_runs_out_tomorrow(people, asks, clock, told):
    asks(people[0], to_day=when.today() + timedelta(days=1))
    requests.warn()
    assert told()[0] == ["request_runs_out"]
    assert "runs out tomorrow" in told()[1][0]


def test_its_switch_is_apart_from_that_of_bookings(taken, people, asks, run_tasks, told):
    profiles.choose_mail(people[0].pk, {MailKind.WAITING: False})
    profiles.choose_mail(people[1].pk, {MailKind.BOOKINGS: False})
    for person in people[:2]:
        asks(person)
    slot = freed_now(taken, run_tasks)
    assert told() == (["offer_made"], [])
    made = book(people[0], slot)
    assert [subject for subject in told()[1] if subject.startswith("Booked")] == ["Booked"]
    bookings.cancel(made, people[0], "ill")
    run_tasks()
    assert told(people[1])[1] == ["Your time has come"]


def test_a_ta_hears_once_a_day_at_six_of_what_was_asked(ta, topic, people, asks, clock, told):
    clock.move_to(when.at(when.today(), time(17, 59)))
    requests.tell_tas()
    for person in people[:3]:
        asks(person)
    requests.tell_tas()
    clock.move_to(when.at(when.today(), time(18, 30)))
    for _sweep in range(2):
        requests.tell_tas()
    kinds, subjects = told(ta)
    assert (kinds, len(subjects)) == (["new_requests"], 1)


@pytest.fixture
def live(monkeypatch, django_capture_on_commit_callbacks):
    """``live(act)``: what open pages are told of it: whose they are, the number at the bell, the words."""

    def of(act):
        found = []
        monkeypatch.setattr(
            notifications.events, "push", lambda group, *frames: found.extend((group, *frames))
        )
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return found

    return of


def test_all_that_who_waits_is_told_comes_live(taken, ta, people, asks, run_tasks, clock, live):
    first = people[0]
    asks(first, to_day=when.today() + timedelta(days=1))

    def frame(number, title):
        notice = Notice.objects.of(first.pk).latest("pk")
        url = f"/notifications/{notice.pk}/"
        return {"type": "notice", "unread": number, "title": title, "url": url}

    group, time_has_come = f"user.{first.pk}", "Data Structures, Tue 24 Nov, 13:00"
    bookings.cancel(taken, taken.student, "Ill")
    told = live(run_tasks)
    assert told == [group, frame(1, f"Your time has come: {time_has_come}")]
    clock.move_to(Offer.objects.get().expires_at)
    told = live(partial(offers.match, taken.slot_id))
    assert told == [group, frame(2, f"Passed on: {time_has_come}")]
    told = live(requests.warn)
    assert told == [group, frame(3, "Your request for Data Structures runs out tomorrow")]


def test_the_digest_of_a_ta_comes_live(ta, people, asks, clock, live):
    asks(people[0])
    clock.move_to(when.at(when.today(), time(18)))
    [group, frame] = live(requests.tell_tas)
    assert group == f"user.{ta.pk}"
    assert frame["title"] == "1 new request on your topics"


def test_a_ta_hears_nothing_of_a_day_without_requests(ta, people, asks, clock, live):
    asks(people[0])
    clock.shift(timedelta(days=1))
    clock.move_to(when.at(when.today(), time(18, 30)))
    assert live(requests.tell_tas) == []


def test_that_its_ta_is_away(taken, ta, people, asks, run_tasks, told):
    asks(people[0])
    freed_now(taken, run_tasks)
    care.set_limits(ta, away_until=tomorrow())
    assert told()[0] == ["offer_made", "offer_withdrawn"]
    assert told()[1] == ["Your time has come", "No longer offered"]


@pytest.mark.parametrize("archived", [False, True])
def test_that_the_named_ta_is_gone_leads_to_the_topic(ta, topic, people, asks, staff, archived):
    asks(people[0], ta=ta)
    if archived:
        archive_topic(topic, staff)
    else:
        suspend(ta, actor=staff, cancel_bookings=True)
    notice = Notice.objects.of(people[0].pk).get(kind="request_gone")
    url = headlines([notice], people[0])[notice.pk].url
    assert url == ("/topics/" if archived else "/topics/data-structures/")
