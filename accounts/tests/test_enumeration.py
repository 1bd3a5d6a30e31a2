"""Neither the answer nor its time tells who is registered: both take the same work.

What is counted is what costs: hashes of passwords, queries, and what is queued for the worker.
"""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from accounts.tests.test_signing_in import login
from accounts.tests.test_signup import sign_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(monkeypatch):
    """``work(act)``: how often a password was hashed, the verbs of the queries, tasks queued."""
    hashes = []
    encode = MD5PasswordHasher.encode

    def counted(hasher, password, salt):
        hashes.append(1)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    def measure(act):
        hashes.clear()
        queued = DBTaskResult.objects.count()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = act()
        verbs = [query["sql"].split()[0] for query in queries]
        writes = [
            verb for verb in verbs if verb not in ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        ]
        return {
            "answer": (response.status_code, response.headers.get("Location")),
            "hashes": len(hashes),
            "writes": writes,
            "queries": len(verbs),
            "selects": verbs.count("SELECT"),
            "queued": DBTaskResult.objects.count() - queued,
        }

    return measure


def test_a_reset_of_somebody_and_of_nobody(student, work):
    def ask(email):
        return lambda: Client().post("/auth/password/reset/", {"email": email})

    known, unknown = work(ask(student.email)), work(ask("nobody@example.com"))
    assert known == unknown
    assert (known["hashes"], known["queued"]) == (0, 1)


def test_a_wrong_password_of_somebody_and_of_nobody(student, work):
    known = work(lambda: login(Client(), student.email, "wrong"))
    unknown = work(lambda: login(Client(), "nobody@example.com", "wrong"))
    assert known == unknown
    assert known["hashes"] == 2  # of the two backends one each


def test_of_who_has_no_password_or_is_suspended(student, stranger, work):
    student.set_unusable_password()
    student.save()
    stranger.is_active = False
    stranger.save()
    none = work(lambda: login(Client(), student.email, "wrong"))
    suspended = work(lambda: login(Client(), stranger.email, "wrong"))
    unknown = work(lambda: login(Client(), "nobody@example.com", "wrong"))
    assert none["hashes"] == suspended["hashes"] == unknown["hashes"]


@pytest.mark.parametrize("domains", [[], ["example.com"]])
def test_a_sign_up_with_a_fresh_address_and_with_a_taken_one(student, work, settings, domains):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ALLOWED_EMAIL_DOMAINS = domains
    fresh = work(lambda: sign_up(Client(), username="One", email="one@example.com"))
    taken = work(lambda: sign_up(Client(), username="Two", email=student.email))
    assert fresh["answer"] == taken["answer"] == (302, "/auth/confirm-email/")
    assert fresh["hashes"] == taken["hashes"] == 1
    assert fresh["writes"] == taken["writes"]
    assert fresh["queued"] == taken["queued"] == 1
    assert abs(fresh["queries"] - taken["queries"]) <= 4  # of some thirty
    assert taken["selects"] - fresh["selects"] in (0, 1)  # whom the letter is for


def test_what_is_done_for_nothing_leaves_nothing(student, settings, post):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = Client()
    sign_up(client, username="Two", email=student.email)
    assert type(student).objects.count() == 1
    assert student.emailaddress_set.count() == 0
    assert "_auth_user_id" not in client.session
    assert [(each.to, each.subject) for each in post()] == [
        ([student.email], "You have an account already")
    ]
