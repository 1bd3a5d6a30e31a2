"""A bad value in the environment stops the start with one line that names it and what it takes."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

SECRET = "only-for-tests-abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEF"


def start(**environ: str) -> subprocess.CompletedProcess[str]:
    """``manage.py check --deploy`` with just these variables set."""
    if environ.keys() & {"DATABASE_POOL", "DATABASE_STATEMENT_TIMEOUT"}:
        environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1/nothing"
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("DEBUG", "maybe", "True or False"),
        ("HTTPS", "2", "True or False"),
        ("TIME_ZONE", "Asia/Nowhere", "a time zone such as Asia/Bangkok"),
        ("LANGUAGE_CODE", "xx", "one of: en, th"),
        ("EMAIL_VERIFICATION", "never", "one of: optional, mandatory"),
        ("BOOKING_MIN_NOTICE", "-5", "a whole number of minutes from 0 to 20160"),
        ("BOOKING_HORIZON", "soon", "a whole number of days from 1 to 365"),
        ("MAX_ACTIVE_BOOKINGS", "0", "a whole number from 1 to 1000"),
        ("LATE_CANCEL", "1.5", "a whole number of minutes from 0 to 20160"),
        ("TA_MIN_YEAR", "9", "a whole number from 1 to 8"),
        ("TA_APPROVAL", "perhaps", "True or False"),
        ("RATE_LIMITS", "some", "True or False"),
        ("STAFF_MFA", "often", "True or False"),
        ("TRUSTED_PROXIES", "many", "a whole number from 0 to 10"),
        ("DATABASE_URL", "mysql://x/y", "sqlite:///path/to/file or postgres://"),
        ("DATABASE_URL", "nonsense", "sqlite:///path/to/file or postgres://"),
        ("DATABASE_POOL", "0", "a whole number from 1 to 500"),
        ("DATABASE_STATEMENT_TIMEOUT", "1m", "a whole number of seconds from 0 to 3600"),
        ("REDIS_URL", "http://x", "redis://host:port/number"),
        ("REDIS_URL", "redis://h:abc/0", "redis://host:port/number"),
        ("DATABASE_URL", "sqlite:////proc/none/x.db", "in a folder that can be made"),
        ("ALLOWED_EMAIL_DOMAINS", "@kmitl.ac.th", "domains such as kmitl.ac.th"),
        ("ALLOWED_HOSTS", "https://setahub.example/", "host names such as setahub.example"),
        ("DEFAULT_FROM_EMAIL", "nobody", "an address such as"),
        ("EMAIL_URL", "pigeon://x", "consolemail://, smtp://"),
        ("SITE_URL", "localhost", "https://host or with :port, no path"),
        ("SITE_URL", "https://localhost/", "https://host or with :port, no path"),
        ("SITE_URL", "https://localhost/app", "https://host or with :port, no path"),
        ("SITE_URL", "http://localhost", "https://host or with :port"),
        ("SITE_URL", "https://localhost:99999", "https://host or with :port"),
        ("SITE_URL", "https://elsewhere.example", "the host one of ALLOWED_HOSTS"),
        ("VAPID_PRIVATE_KEY", "secret", "a key as manage.py vapid prints it"),
        ("VAPID_PRIVATE_KEY", "A" * 43, "a key as manage.py vapid prints it"),
        ("VAPID_PRIVATE_KEY", "ก" * 43, "a key as manage.py vapid prints it"),
        ("VAPID_CONTACT", "staff@faculty.example", "mailto: and an address"),
        ("VAPID_CONTACT", "http://faculty.example/", "mailto: and an address"),
        ("PUSH_HOSTS", "https://fcm.googleapis.com/", "host names such as fcm.googleapis.com"),
        ("PUSH_HOSTS", "*", "host names such as fcm.googleapis.com"),
        ("CSRF_TRUSTED_ORIGINS", "setahub.example", "origins such as https://setahub.example"),
    ],
)
def test_a_bad_value_stops_the_start_in_one_line(name, value, takes):
    done = start(SECRET_KEY=SECRET, **{name: value})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"setahub: {name} must be ")
    assert takes in done.stderr


def test_without_a_secret_key_it_only_starts_for_development():
    done = start()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("setahub: SECRET_KEY must be set")


def test_production_settings_pass_djangos_own_check():
    done = start(SECRET_KEY=SECRET, ALLOWED_HOSTS="setahub.example")
    assert done.returncode == 0, done.stderr
    # W005 and W021 of SPEC section 3, and no other.
    assert settings.SILENCED_SYSTEM_CHECKS == ["security.W005", "security.W021"]


def test_domains_that_are_allowed_must_be_proven():
    code = (
        "import setahub.settings as s;"
        "print(s.EMAIL_VERIFICATION, s.ACCOUNT_EMAIL_VERIFICATION, s.ALLOWED_EMAIL_DOMAINS)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": SECRET,
            "ALLOWED_EMAIL_DOMAINS": "KMITL.ac.th, example.com",
        },
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "mandatory mandatory ['kmitl.ac.th', 'example.com']"


@pytest.mark.parametrize(
    ("environ", "site"),
    [
        ({}, "https://localhost"),
        ({"HTTPS": "False"}, "http://localhost"),
        ({"ALLOWED_HOSTS": "setahub.example,10.0.0.1"}, "https://setahub.example"),
        ({"ALLOWED_HOSTS": ".setahub.example"}, "https://setahub.example"),
        ({"ALLOWED_HOSTS": "*"}, "https://localhost"),
        ({"HTTPS": "0", "SITE_URL": "http://LOCALHOST:8000"}, "http://localhost:8000"),
        ({"HTTPS": "0", "SITE_URL": "http://[::1]:8000"}, "http://[::1]:8000"),
    ],
)
def test_links_in_emails_lead_to_the_first_host_or_where_one_says(environ, site):
    done = subprocess.run(
        [sys.executable, "-c", "import setahub.settings as s; print(s.SITE_URL)"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": SECRET, **environ},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == site


@pytest.mark.parametrize(("https", "prefix"), [("True", "__Host-"), ("False", "")])
def test_under_https_cookies_are_of_this_host_alone(https, prefix):
    kinds = ("SESSION", "CSRF", "READER", "MESSAGES")
    names = f"print({', '.join(f's.{kind}_COOKIE_NAME' for kind in kinds)})"
    found = subprocess.run(
        [sys.executable, "-c", f"from setahub import settings as s; {names}"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "SECRET_KEY": SECRET, "HTTPS": https, "SITE_URL": ""},
        capture_output=True,
        text=True,
    )
    assert found.stdout.split() == [
        f"{prefix}{name}" for name in ("sessionid", "csrftoken", "reader", "messages")
    ]


def settings_of(*names: str, **environ: str) -> list[str]:
    code = f"import setahub.settings as s; [print(getattr(s, name)) for name in {names}]"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": SECRET, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_without_a_key_there_is_no_push_and_nobody_made_one():
    assert settings_of("VAPID_PRIVATE_KEY") == [""]


def test_push_services_are_told_whom_people_ask():
    names = ("VAPID_CONTACT", "PUSH_HOSTS")
    assert settings_of(*names, DEFAULT_FROM_EMAIL="SETAHub <a@b.example>") == [
        "mailto:a@b.example",
        "['fcm.googleapis.com', 'push.services.mozilla.com', 'web.push.apple.com',"
        " 'notify.windows.com']",
    ]
    contact = settings_of("VAPID_CONTACT", VAPID_CONTACT="https://faculty.example/contact")
    assert contact == ["https://faculty.example/contact"]
