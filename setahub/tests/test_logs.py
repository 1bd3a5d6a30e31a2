"""What a log line says of a request, and what it never says of a person."""

import errno
import logging
import re
import sys

import pytest
from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.functional import SimpleLazyObject

from setahub.core.db.postgres.base import Unreachable
from setahub.core.outage import Unfinished
from setahub.core.server import logs
from setahub.site.middleware import access

LINE = re.compile(r"GET /topics/ 200 \d+ms user=(\d+|-)")


@pytest.fixture
def lines(caplog):
    """The access lines so far."""
    caplog.set_level(logging.INFO, logger="setahub.access")
    return lambda: [each.getMessage() for each in caplog.records if each.name == "setahub.access"]


def record_of(error: BaseException | None = None, **fields) -> logging.LogRecord:
    """What Django logs about a request that failed with this error."""
    if error is not None:
        try:
            raise error
        except BaseException:
            fields["exc_info"] = sys.exc_info()
    made = {"name": "django.request", "levelno": logging.ERROR, "msg": "%s: %s", **fields}
    made.setdefault("args", ("Internal Server Error", "/topics/"))
    return logging.makeLogRecord(made)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


# --- One line a request -------------------------------------------------------------------------


def test_a_request_is_one_line_without_its_query(sign_in, student, lines):
    sign_in(student).get("/topics/?q=secret")
    (line,) = lines()
    assert LINE.fullmatch(line)
    assert line.endswith(f"user={student.pk}")


def test_a_visitor_has_no_number(db, client, lines):
    client.get("/auth/login/")
    assert lines()[0].endswith("user=-")


def test_a_line_is_worth_no_query(rf, lines):
    request = rf.get("/topics/")
    request.user = SimpleLazyObject(lambda: pytest.fail("asked for the user"))
    access(lambda request: HttpResponse())(request)
    assert LINE.fullmatch(lines()[0])


def test_health_checks_are_no_news(db, client, lines):
    client.get("/healthz")
    client.get("/readyz")
    assert lines() == []


def test_a_crafted_path_stays_on_one_line(db, client, lines):
    client.get("/nothing/%0a2026 INFO setahub: forged\r\n/" + "x" * 500)
    (line,) = lines()
    assert "\n" not in line
    assert "\r" not in line
    assert len(line) < 260


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/calendar/abc.ics", "/calendar/..."),
        ("/email/unsubscribe/abc/", "/email/unsubscribe/..."),
        ("/auth/password/reset/key/1-abc/", "/auth/password/reset/key/..."),
        ("/auth/confirm-email/abc/", "/auth/confirm-email/..."),
        ("/auth/password/reset/", "/auth/password/reset/"),
        ("/topics/ไทย/", "/topics/%E0%B9%84%E0%B8%97%E0%B8%A2/"),
    ],
)
def test_secrets_in_addresses_stay_secret(path, shown):
    assert logs.shown_path(path) == shown


def test_a_page_that_says_what_is_away_has_its_access_line_and_no_other():
    said = {"status_code": 503, "args": ("Service Unavailable", "/users/me/avatar/")}
    assert not logs.RequestLines().filter(record_of(**said))
    assert logs.RequestLines().filter(record_of(**{**said, "status_code": 500}))
    assert logs.RequestLines().filter(record_of(OperationalError("disk is full"), **said))


def routes(patterns, prefix=""):
    for each in patterns:
        route = prefix + str(each.pattern).lstrip("^").rstrip("$")
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route, each


def test_no_address_with_a_secret_is_forgotten():
    secret = [
        route
        for route, each in routes(get_resolver().url_patterns)
        if {"token", "key"} & set(each.pattern.converters) or re.search(r"P<(token|key)>", route)
    ]
    assert secret
    for route in secret:
        assert logs.shown_path("/" + route).endswith("/..."), route


# --- The request's id ---------------------------------------------------------------------------


def test_every_answer_names_its_request(db, client):
    first, second = (client.get("/auth/login/").headers["X-Request-ID"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "0b5c1f0e-1234-4a6b-9f00-aabbccddeeff", True),
        (0, "0b5c1f0e-1234-4a6b-9f00-aabbccddeeff", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "two words of it", False),
    ],
)
def test_an_id_is_taken_from_the_proxy_only(db, client, settings, proxies, given, taken):
    settings.TRUSTED_PROXIES = proxies
    answered = client.get("/auth/login/", headers={"x-request-id": given}).headers["X-Request-ID"]
    assert (answered == given) is taken


def test_an_error_carries_the_id_that_the_page_shows(student, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("topics.views.listing.TopicsPage.of", broken)
    caplog.handler.addFilter(logs.RequestLines())
    client = Client(raise_request_exception=False)
    client.force_login(student)
    response = client.get("/topics/")
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [each.request_id for each in errors] == [response.headers["X-Request-ID"]]
    assert errors[0].exc_info
    assert response.headers["X-Request-ID"] in response.content.decode()
    assert logs.request_id.get() == ""


# --- What is left out ---------------------------------------------------------------------------


def test_a_refused_request_has_its_access_line_and_no_other():
    refused = record_of(levelno=logging.WARNING, args=("Not Found", "/calendar/x.ics"))
    assert logs.RequestLines().filter(refused) is False


def test_a_suspicious_request_is_noted_without_a_traceback():
    record = record_of(ValueError("x"), name="django.security.DisallowedHost")
    assert logs.RequestLines().filter(record) is True
    assert record.exc_info is None


def test_a_lost_database_is_one_line_and_a_bug_all_of_it():
    lost = caused(OperationalError("x"), Unreachable("PostgreSQL is away"))
    record = record_of(lost, args=("Service Unavailable", "/calendar/abc.ics"))
    assert logs.RequestLines().filter(record) is True
    assert record.exc_info is None
    assert record.getMessage() == "Service Unavailable: /calendar/... (OperationalError)"
    assert logs.RequestLines().filter(bug := record_of(ValueError("x"))) is True
    assert bug.exc_info


def test_an_outage_is_told_once_in_ten_seconds(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(logs, "monotonic", lambda: now[0])
    lines = logs.RequestLines()

    def told(error):
        return lines.filter(record_of(error))

    full = OSError(errno.ENOSPC, "No space left on device")
    assert [told(full), told(full), told(Unfinished("css/site.css"))] == [True, False, True]
    now[0] += 10
    assert told(full) is True


def test_times_are_told_in_utc():
    record = record_of(created=1_795_614_848.787)
    assert logs.Line("{asctime}", style="{").format(record) == "2026-11-25T13:54:08.787Z"


def test_a_traceback_does_not_quote_what_people_have_written():
    words = (
        'duplicate key value violates "one"\nDETAIL:  Key (email)=(mali@example.com)\n\nexists.\n'
    )
    error = caused(IntegrityError(words), ValueError(words + "CONTEXT:  a mali too"))
    made = logs.Line("{levelname} {message}", style="{").format(record_of(error))
    assert "mali" not in made
    assert made.count('violates "one"') == 2
    assert "The above exception was the direct cause" in made
    assert "IntegrityError" in made
