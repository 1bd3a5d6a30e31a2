"""A new SECRET_KEY, with the old one among the fallbacks, signs nobody out."""

import pytest
from django.conf import settings as configured

from accounts.models import MailKind
from accounts.tokens import (
    ResetTokenGenerator,
    calendar_owner,
    calendar_token,
    read_unsubscribe,
    unsubscribe_token,
)
from chat.sockets import user_of_session

NEW = "a-new-key-" + "y" * 50


@pytest.fixture
def rotate(settings):
    """``rotate()``: the key is another one; ``rotate(keep=False)``: and the old one forgotten."""
    old = configured.SECRET_KEY

    def change(keep: bool = True) -> None:
        settings.SECRET_KEY = NEW
        settings.SECRET_KEY_FALLBACKS = [old] if keep else []

    return change


def test_pages_and_sockets_still_know_who_it_is(sign_in, student, rotate):
    client = sign_in(student)
    rotate()
    assert user_of_session(client.cookies["sessionid"].value) == student
    assert client.get("/users/me/").status_code == 200
    # The page has renewed the session: now it stands without the old key.
    rotate(keep=False)
    assert user_of_session(client.cookies["sessionid"].value) == student
    assert client.get("/users/me/").status_code == 200


def test_links_in_emails_and_calendars_still_work(student, rotate):
    reset = ResetTokenGenerator().make_token(student)
    calendar, mail = calendar_token(student), unsubscribe_token(student, MailKind.BOOKINGS)
    rotate()
    assert ResetTokenGenerator().check_token(student, reset)
    assert calendar_owner(calendar) == student
    assert read_unsubscribe(mail) == (student, MailKind.BOOKINGS)


def test_once_the_old_key_is_forgotten_it_opens_nothing(sign_in, student, rotate):
    client = sign_in(student)
    reset, calendar = ResetTokenGenerator().make_token(student), calendar_token(student)
    rotate(keep=False)
    assert user_of_session(client.cookies["sessionid"].value) is None
    assert client.get("/users/me/").status_code == 302
    assert not ResetTokenGenerator().check_token(student, reset)
    assert calendar_owner(calendar) is None
