"""Open sockets hear of it when a session is ended from another device, or with the account."""

import pytest

from accounts.models import SignIn
from accounts.services import deletion, sign_ins
from setahub.core.db.sessions import session_mark
from setahub.core.live import events

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(monkeypatch) -> list[tuple[int, str]]:
    """Whose sockets were told, and of which session ("" is: look for yourself)."""
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(events, "end", lambda user_id, session="": told.append((user_id, session)))
    return told


def test_one_session(sign_in, student, ended):
    sign_in(student)
    sign_in_there = SignIn.objects.get()
    key = sign_in_there.session_id
    sign_ins.end(sign_in_there)
    assert ended == [(student.pk, ""), (student.pk, session_mark(key))]


def test_all_others(sign_in, student, ended):
    here = sign_in(student)
    sign_in(student)
    here.post("/users/me/sessions/end-others/")
    assert ended == [(student.pk, "")]


def test_all_with_the_account(sign_in, student, ended):
    sign_in(student)
    deletion.delete_account(student)
    assert (student.pk, "") in ended
