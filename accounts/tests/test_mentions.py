"""After an account is deleted, its name and addresses stand nowhere that staff or programs wrote."""

import json
from smtplib import SMTPDataError
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client
from django_tasks_db.models import DBTaskResult

from accounts.models import Suspension, User
from accounts.models.mail import EmailChange
from accounts.services import deletion, mentions, privacy
from accounts.tests.test_mfa import with_app
from accounts.tests.test_signing_in import login
from chat.models import Report
from setahub.core.server.logs import without_people
from setahub.core.work import tasks, worker
from setahub.policy.models import PolicyChange
from setahub.tests import work
from setahub.tests.privacy.steps import everything_stored
from topics.models import Decision

pytestmark = pytest.mark.django_db

NAMES = ["มะลิวัลย์", "Maliwan S.", "Zoë Müller"]


@pytest.fixture(params=NAMES)
def person(request, make_user) -> User:
    user = make_user(request.param, email="maliwan@example.com", student_id="65010777")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    EmailChange.objects.create(
        user=user, old_email="earlier@example.com", new_email="maliwan@example.com"
    )
    return user


def ways_to_write(word: str) -> list[str]:
    query = urlencode({"q": word, "year": 3})
    spelled = json.dumps([{"changed": {"name": "user", "object": word, "fields": ["Name"]}}])
    return [f"{word} was rude; see {word.upper()}.", query, query.lower(), spelled]


def plant(user: User, other: User, topic) -> None:
    """A row of each kind that may name somebody, for each word and way to write it."""
    kind = ContentType.objects.get_for_model(Report)
    for word in mentions.words_of(user):
        for text in ways_to_write(word):
            LogEntry.objects.create(
                user=other, content_type=kind, object_id="1", object_repr=text[:200],
                action_flag=CHANGE, change_message=text,
            )  # fmt: skip
            Suspension.objects.create(
                user=other, actor=other, reason=text, lift_reason=text, lifted_at=other.date_joined
            )
            Decision.objects.create(
                user=other, topic=topic, approved=False, note=text, decided_by=other
            )
            PolicyChange.objects.create(actor=other, what=text, old=text, new=text)
    for row in DBTaskResult.objects.all():
        row.traceback = "\n".join(
            text for word in mentions.words_of(user) for text in ways_to_write(word)
        )
        row.save()


def test_they_are_gone_from_every_table(
    person, other_user, topic, django_capture_on_commit_callbacks
):
    tasks.later(work.note, 1)
    words = mentions.words_of(person)
    assert set(words) == {
        person.username, "maliwan@example.com", "earlier@example.com", "65010777"
    }  # fmt: skip
    plant(person, other_user, topic)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_account(person)
    stored = everything_stored().casefold()
    for word in words:
        for spelling in mentions._spellings(word):
            assert spelling.casefold() not in stored, spelling
    assert "Deleted user was rude; see Deleted user." in Suspension.objects.first().reason


def test_djangos_own_log_can_still_be_read(person, other_user, topic):
    plant(person, other_user, topic)
    deletion.delete_account(person)
    said = {each.get_change_message() for each in LogEntry.objects.all()}
    assert "Changed Name for user “Deleted user”." in said


def test_lines_about_the_account_lose_names_that_it_had_earlier(person, other_user):
    LogEntry.objects.create(
        user=other_user, content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk), object_repr="Her Earlier Name", action_flag=CHANGE,
        change_message="Suspended: her earlier name",
    )  # fmt: skip
    deletion.delete_account(person)
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("Deleted user", "")


def test_earlier_names_go_everywhere_unless_somebody_else_has_them_now(
    person, other_user, make_user, staff
):
    make_user("Anong")
    kind = ContentType.objects.get_for_model(User)
    for name in ("Her Earlier Name", "anong"):
        LogEntry.objects.create(
            user=staff, content_type=kind, object_id=str(person.pk), object_repr=name,
            action_flag=CHANGE,
        )  # fmt: skip
    Suspension.objects.create(user=other_user, reason="Like Her Earlier Name and Anong")
    deletion.delete_account(person)
    assert Suspension.objects.get().reason == "Like Deleted user and Anong"


@pytest.mark.parametrize(
    ("email", "left"),
    [
        ("Mali.w9@example.com", "q=Deleted+user&year=3"),
        ("maliwan@example.com", "q=mali.w9&year=3"),
        ("w9@example.com", "q=mali.w9&year=3"),
    ],
)
def test_so_does_what_stands_before_the_at_where_it_is_no_word(make_user, staff, email, left):
    person = make_user("Maliwan S.", email=email)
    entry = LogEntry.objects.create(
        user=staff, object_repr="CSV export", action_flag=CHANGE, change_message="q=mali.w9&year=3"
    )
    deletion.delete_account(person)
    entry.refresh_from_db()
    assert entry.change_message.replace(" ", "+") == left


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Ann", "Anna and Joann stay, ann_1 too"),
        ("ann@example.com", "joann@example.com, so.ann@example.com and ann@example.comx stay"),
        ("65010777", "165010777 and 650107770 stay"),
    ],
)
def test_what_only_contains_it_stays(staff, word, text):
    Suspension.objects.create(user=staff, reason=text)
    mentions.forget([word], ["accounts.Suspension.reason"])
    assert Suspension.objects.get().reason == text


def test_a_name_that_is_a_word_of_the_log_breaks_nothing(staff):
    text = json.dumps([{"changed": {"fields": ["fields"], "name": "changed", "object": "x"}}])
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=staff, content_type=kind, object_id="1", object_repr="x", action_flag=CHANGE,
        change_message=text,
    )  # fmt: skip
    mentions.forget(["changed", "fields"], ["admin.LogEntry.change_message"])
    assert (
        LogEntry.objects.get().get_change_message() == "Changed Deleted user for Deleted user “x”."
    )


def test_a_longer_text_ends_with_its_column(staff):
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=staff, content_type=kind, object_id="1", object_repr="Jo " * 66, action_flag=CHANGE,
    )  # fmt: skip
    mentions.forget(["Jo"], ["admin.LogEntry.object_repr"])
    assert len(LogEntry.objects.get().object_repr) == 200


def test_who_began_to_sign_in_and_never_finished_is_forgotten_too(student, stranger):
    half, others = Client(), Client()
    login(half, with_app(student).email)
    login(others, with_app(stranger).email)
    deletion.delete_account(student)
    assert [each.pk for each in Session.objects.all()] == [others.session.session_key]


def test_every_field_named_is_there():
    for part in privacy.parts:
        for label in part.mentions:
            model, name = label.rsplit(".", 1)
            assert apps.get_model(model)._meta.get_field(name)


class TestTracebacks:
    def test_of_a_mail_server_name_no_address(self, monkeypatch):
        text = b"5.1.1 <maliwan@example.com>: no such user maliwan@example.com"
        monkeypatch.setattr(work, "failing", [SMTPDataError(550, text)])
        tasks.later(work.fragile, 1)
        row = worker.take("test")
        worker.settle(row, worker.outcome_of(row))
        row.refresh_from_db()
        assert "no such user (address)" in row.traceback
        assert "maliwan" not in row.traceback
        assert "SMTPDataError" in row.traceback

    def test_of_the_database_quote_no_rows(self):
        text = "x: duplicate key\nDETAIL:  Key (username_key)=(maliwan) already exists.\n"
        assert without_people(text) == "x: duplicate key\n(left out)\n"

    def test_show_the_code_as_it_is(self):
        code = "    @task\n    result = a @ b\n"
        assert without_people(code) == code


@pytest.fixture
def other_user(make_user) -> User:
    return make_user("Napat")
