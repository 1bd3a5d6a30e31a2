"""A tab's title tells it from the others, and first of all whether something is wrong."""

import re

import pytest
from django.test import Client

from accounts.models import MailKind
from accounts.tokens import unsubscribe_token
from scheduling.services import bookings
from scheduling.tests.factories import book, open_time, slots_of
from topics.models import Registration, Topic


def title_of(response) -> str:
    (title,) = re.findall("<title>(.*?)</title>", response.content.decode())
    return title


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/bookings/", "Upcoming bookings · SETAHub"),
        ("/bookings/?tab=completed", "Completed bookings · SETAHub"),
        ("/bookings/?tab=cancelled", "Cancelled bookings · SETAHub"),
        ("/appointments/", "Upcoming TA sessions · SETAHub"),
        ("/appointments/?tab=completed", "Completed TA sessions · SETAHub"),
        ("/topics/?q=sql", "Topics: sql · SETAHub"),
        ("/nothing/", "Error: Nothing here · SETAHub"),
    ],
)
def test_each_page_has_a_title_of_its_own(sign_in, staff, path, title):
    assert title_of(sign_in(staff).get(path)) == title


def test_pages_of_a_list_are_numbered(sign_in, student, creator):
    Topic.objects.bulk_create(
        [
            Topic(name=f"Topic {n}", name_key=f"topic {n}", slug=f"t{n}", creator=creator)
            for n in range(13)
        ]
    )
    assert title_of(sign_in(student).get("/topics/?page=2")) == "Topics, page 2 · SETAHub"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/topics/new/", {"name": ""}),
        ("/users/me/edit/", {"username": ""}),
        ("/appointments/new/", {}),
        ("/auth/password/change/", {"oldpassword": "wrong"}),
        ("/admin/auth/group/add/", {"name": ""}),
    ],
)
def test_a_form_with_errors_says_so_first(sign_in, staff, topic, path, fields):
    Registration.objects.create(user=staff, topic=topic)
    client = sign_in(staff)
    assert not title_of(client.get(path)).startswith("Error: ")
    assert title_of(client.post(path, fields)).startswith("Error: ")


def test_a_refusal_says_so_first(clock, sign_in, ta, student, stranger, topic):
    slot = slots_of(open_time(ta, topic))[0]
    book(student, slot)
    response = sign_in(stranger).get(f"/bookings/new/?slot={slot.pk}")
    assert title_of(response) == "Error: Tue 24 Nov, 13:00 can't be booked · SETAHub"


def test_two_of_a_kind_are_told_apart(clock, sign_in, ta, student, topic):
    first, second, *_others = slots_of(open_time(ta, topic))
    bookings.cancel(made := book(student, second), ta, "Ill")
    client = sign_in(student)
    for path, title in [
        (f"/bookings/new/?slot={first.pk}", "Book Data Structures, Tue 24 Nov, 13:00"),
        (
            f"/bookings/{made.pk}/rebook/",
            "Another time instead of Data Structures, Tue 24 Nov, 13:30",
        ),
        (f"/messages/{ta.pk}/", "Messages with น้ำฝน"),
        (f"/users/{ta.pk}/", "น้ำฝน"),
    ]:
        assert title_of(client.get(path)) == f"{title} · SETAHub"
    path = f"/topics/{topic.slug}/unregister/"
    assert title_of(sign_in(ta).get(path)) == "Stop teaching Data Structures? · SETAHub"


def test_a_visitors_form_says_so_too(db):
    response = Client().post("/auth/login/", {"login": "x@example.com", "password": "wrong"})
    assert title_of(response) == "Error: Sign in · SETAHub"


class TestTypingInTheSearch:
    """is one step in the history."""

    @pytest.mark.parametrize(
        ("shown", "header"),
        [
            ("http://testserver/topics/", "HX-Push-Url"),
            ("http://testserver/topics/?limit=24", "HX-Push-Url"),
            ("http://testserver/topics/?q=s", "HX-Replace-Url"),
            ("http://testserver/topics/?q=", "HX-Replace-Url"),
        ],
    )
    def test_is_pushed_once(self, sign_in, student, shown, header):
        headers = {"HX-Request": "true", "HX-Current-URL": shown}
        response = sign_in(student).get("/topics/?q=sql", headers=headers)
        assert response.headers[header] == "/topics/?q=sql"
        given = [name for name in ("HX-Push-Url", "HX-Replace-Url") if name in response.headers]
        assert given == [header]


def test_a_copy_of_a_session_is_not_just_any_new_one(clock, sign_in, ta, topic):
    made = open_time(ta, topic)
    client = sign_in(ta)
    copied = title_of(client.get(f"/appointments/{made.pk}/copy/"))
    assert copied.startswith("Open time as on ")
    assert title_of(client.get("/appointments/new/")) == "Open time · SETAHub"


def test_leaving_a_kind_of_email_is_not_the_page_of_all_kinds(sign_in, student):
    client = sign_in(student)
    one = client.get(f"/email/unsubscribe/{unsubscribe_token(student, MailKind.REMINDERS)}/")
    assert title_of(one) == "Emails you get: Reminders · SETAHub"
    assert title_of(client.get("/users/me/notifications/")) == "What reaches you · SETAHub"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/auth/password/reset/key/1-nonsense/", "Error: this link to a new password"),
        ("/auth/email/undo/nonsense/", "Error: this link to an old email"),
        ("/auth/confirm-email/nonsense/", "Error: this link to confirm an email"),
    ],
)
def test_dead_links_are_told_apart(client, db, path, title):
    page = client.get(path, follow=True)
    assert title_of(page) == f"{title} no longer works · SETAHub"
