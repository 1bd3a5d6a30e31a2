"""Values far out, in every place of every address and form: each gets an answer, none a 500."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from chat import protocol
from setahub.tests.test_access import TABLE, client_of, world  # noqa: F401  (a fixture)
from topics.models import Topic

VALUES = [
    "-1",
    "9" * 19,
    "9" * 5000,
    "1e400",
    "NaN",
    "²",
    "٣",
    "1\0",
    "9999-12-31",
    "0001-01-01",
    "2569-11-30",
    "24:00",
    "x" * 3000,
    "\u202e\u200b",
    "'\"<>%s{}[",
]
BYTES = ["%ED%A0%80", "%C0%80", "%zz"]  # what no text has
# The first ends the session, the second the account, the third other sessions.
LEFT_ALONE = {"auth/logout/", "users/me/delete/", "users/me/sessions/end-others/"}
ROUTES = sorted(TABLE.keys() - LEFT_ALONE)
# Which address reads what of its query.
READ = {
    "/topics/": ["q", "page", "limit"],
    "/topics/{slug}/": ["from", "tas"],
    "/users/{ta}/timeslots/": ["from", "topic"],
    "/bookings/": ["tab", "page"],
    "/bookings/new/": ["slot", "topic"],
    "/bookings/{booking}/reschedule/": ["from", "slot"],
    "/messages/": ["page"],
    "/messages/{ta}/history/": ["before", "after"],
    "/appointments/": ["tab", "page"],
    "/appointments/new/": ["topic", "date", "start_time", "end_time"],
    "/calendar/": ["week"],
    "/auth/login/": ["next"],
}
PARAMETERS = sorted({name for names in READ.values() for name in names})
FIELDS = [
    "username", "email", "student_id", "year", "bio", "avatar", "name", "description", "keywords", "image",
    "topics", "topic", "date", "start_time", "end_time", "slot_minutes", "capacity", "location", "notes",
    "repeat_until", "skip_conflicts", "preview", "scope", "overwrite", "reason", "week", "to", "slot",
    "question", "text", "client_id", "last_id", "code", "login", "next", "remove", "base", "form_key", "helped",
    "thanks", "ta", "up_to", "images", "password", "password1", "oldpassword", "kind", "details",
]  # fmt: skip


class Answers:
    """Sends requests, and keeps what got a 500; what one of them stored is gone for the next."""

    def __init__(self) -> None:
        self.errors: list[tuple[object, ...]] = []

    def of(self, send: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            response = send(*args, **kwargs)
            transaction.set_rollback(True)
        if response.status_code >= 500:
            sent = [str(each)[:200] for each in (*args, kwargs)]
            said = response.exc_info[1] if getattr(response, "exc_info", None) else response
            self.errors.append((repr(said)[:200], send.__name__, *sent))


@pytest.fixture
def answers() -> Iterable[Answers]:
    found = Answers()
    yield found
    assert found.errors == []


def some(things: list[Any], turn: int, each: int = 4) -> list[Any]:
    """One of ``each``, others every turn: all are sent to some address, and quickly."""
    return things[turn % each :: each]


def mixed(names: list[str]) -> list[dict[str, str]]:
    """Each value under each name, every time among others."""
    return [
        {name: VALUES[(start + place) % len(VALUES)] for place, name in enumerate(names)}
        for start in range(len(VALUES))
    ]


@pytest.fixture
def ta_client(world) -> Client:  # noqa: F811
    return client_of(world["people"]["ta"])


@pytest.fixture
def student_client(world) -> Client:  # noqa: F811
    return client_of(world["people"]["student"])


def test_ids_that_are_none_are_not_found(world, student_client):  # noqa: F811
    for garbage in (
        "0", "-1", "abc", "99999999999999999999", "1.5", "%00", "٣", "1;drop", "999999999999999999",
    ):  # fmt: skip
        for path in (
            f"/users/{garbage}/",
            f"/users/{garbage}/timeslots/",
            f"/appointments/{garbage}/",
            f"/bookings/{garbage}/",
            f"/bookings/{garbage}/cancel/",
            f"/requests/{garbage}/",
            f"/offers/{garbage}/",
            f"/check-in/{garbage}/",
            f"/topics/{garbage}/",
            f"/bookings/new/?slot={garbage}",
        ):
            assert student_client.get(path).status_code == 404, path


def test_garbage_in_a_query_is_never_an_error_of_ours(world, ta_client):  # noqa: F811
    for value in ("0", "-1", "abc", "%00", "99999999999999999999", "", "1e5", "²"):
        for path in (
            f"/topics/?page={value}",
            f"/topics/?limit={value}",
            f"/topics/?q={value}",
            f"/bookings/?tab={value}&page={value}",
            f"/appointments/?tab={value}&page={value}",
            f"/users/{world['ta']}/timeslots/?from={value}",
            f"/users/{world['ta']}/timeslots/?topic={value}",
            f"/topics/{world['slug']}/?from={value}",
            f"/bookings/new/?slot={world['slot']}&topic={value}",
            f"/bookings/?tab=requests&page={value}",
            f"/appointments/?tab=requests&page={value}",
            f"/requests/new/?topic={value}&ta={value}&part={value}&from={value}&question={value}",
        ):
            assert ta_client.get(path).status_code in {200, 400, 404, 409}, path


def test_every_query(world, answers, ta_client, student_client):  # noqa: F811
    for route in ROUTES:
        path = TABLE[route].path.format(**world).partition("?")[0]
        for sent in mixed(PARAMETERS)[::8]:
            answers.of(ta_client.get, path, sent)
        for value in BYTES[:1]:
            query = "&".join(f"{name}={value}" for name in PARAMETERS)
            answers.of(student_client.get, f"{path}?{query}")


def test_every_parameter_by_itself(world, answers, ta_client, student_client):  # noqa: F811
    for path, names in READ.items():
        client = ta_client if path.startswith("/appointments/") else student_client
        for name in names:
            for value in VALUES:
                answers.of(client.get, path.format(**world), {name: value})


def test_every_place_of_an_address(world, answers, ta_client):  # noqa: F811
    for turn, route in enumerate(ROUTES):
        if "<" not in route and "?P" not in route:
            continue
        before, _place, after = re.split(
            r"(\{\w+\}|99999|1-x|/x(?=/)|none)", TABLE[route].path.partition("?")[0], maxsplit=1
        )
        for value in some([*VALUES, *BYTES], turn, 2):
            answers.of(ta_client.get, f"{before}{value}{after}")
        for value in some(VALUES, turn, 8):
            answers.of(ta_client.post, f"{before}{value}{after}")


def test_every_form(world, answers, ta_client, student_client):  # noqa: F811
    for turn, route in enumerate(ROUTES):
        path = TABLE[route].path.format(**world).partition("?")[0]
        if TABLE[route].post[3] == 405:
            continue
        for sent in some(mixed(FIELDS), turn):
            answers.of(ta_client.post, path, sent)
        for value in some(VALUES, turn, 8):
            answers.of(student_client.post, path, {name: [value, value] for name in FIELDS})
        answers.of(ta_client.post, path, ["a"], content_type="application/json")
        coded = "&".join(f"{name}={value}" for name in FIELDS for value in BYTES)
        answers.of(ta_client.post, path, coded, content_type="application/x-www-form-urlencoded")
        broken = {"content_type": "multipart/form-data; boundary=x"}
        answers.of(ta_client.generic, "POST", path, b"\xff\x00", **broken)


def test_every_field_of_a_session(world, answers, ta_client):  # noqa: F811
    whole = {
        "topics": Topic.objects.get(slug=world["slug"]).pk,
        "date": "2026-11-26",
        "start_time": "13:00",
        "end_time": "14:00",
        "slot_minutes": "30",
        "capacity": "1",
        "location": "R1",
        "notes": "",
        "preview": "1",
    }
    for turn, path in enumerate(("/appointments/new/", "/appointments/{appointment}/edit/")):
        for name in (*whole, "repeat_until", "base", "scope"):
            for value in some(VALUES, turn + len(name)):
                answers.of(ta_client.post, path.format(**world), {**whole, name: value})


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive:RuntimeWarning")
def test_the_admin(world, answers):  # noqa: F811
    client = client_of(world["people"]["staff"])
    for number, (model, its_admin) in enumerate(admin.site._registry.items()):
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        filters = [
            getattr(each, "parameter_name", None) or (each[0] if isinstance(each, tuple) else each)
            for each in its_admin.get_list_filter(None)
        ]
        names = [*filters, *(f"{each}__gte" for each in filters), "o", "q", "p"]
        for turn, name in enumerate(names):
            for value in some(VALUES, number + turn):
                answers.of(client.get, path, {name: value})
        for turn, value in enumerate(some(VALUES, number)):
            sent = {"_selected_action": value, "action": value, "confirm": "1"}
            answers.of(client.post, path, sent)
            page = ("change", "history", "delete")[(number + turn) % 3]
            answers.of(client.get, f"{path}{value[:200]}/{page}/")
        for action in its_admin.actions or ():
            for value in ("9" * 30, "x\0"):
                action = getattr(action, "__name__", action)
                sent = {"_selected_action": value, "action": action, "confirm": "1"}
                answers.of(client.post, path, sent)


def test_what_staff_fill_in(world, answers):  # noqa: F811
    client = client_of(world["people"]["staff"])
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        shown = client.get(path)
        if shown.status_code != 200 or "adminform" not in (shown.context or {}):
            continue
        names = [*shown.context["adminform"].form.fields]
        names += [f"{name}_{part}" for name in names for part in (0, 1)]
        for sent in mixed(names):
            answers.of(client.post, path, sent)


def test_the_admin_s_other_addresses(world, answers):  # noqa: F811
    client = client_of(world["people"]["staff"])
    known = {"app_label": "accounts", "model_name": "block", "field_name": "blocker"}
    for value in VALUES:
        asked = dict.fromkeys(["app_label", "model_name", "field_name", "term", "page"], value)
        answers.of(client.get, "/admin/autocomplete/", asked)
        answers.of(client.get, "/admin/autocomplete/", {**known, "term": value})
        answers.of(client.get, "/admin/autocomplete/", {**known, "page": value})
    for number in ("0", "1", "9" * 19, "9" * 30, "9" * 5000):
        for other in ("0", "9" * 30, "x", "%00", "-1"):
            answers.of(client.get, f"/admin/r/{number}/{other}/")
        answers.of(client.get, f"/admin/chat/report/{number}/picture/{number}/")


@pytest.mark.parametrize("kind", ["message.send", "typing", "message.read", "watch", "ping", "x"])
def test_every_number_of_a_frame(kind):
    whole = {"to": "1", "with": "1", "last_id": "1", "text": '"x"', "client_id": '"x"'}
    values = [
        "-1",
        "0",
        "9" * 19,
        "9" * 5000,
        "1e400",
        "NaN",
        "Infinity",
        '"1"',
        "[]",
        "true",
        "{}",
    ]
    for value in [*values, '"\\ud800"', '"\\u0000"', "null", "1" * 5000]:
        for name in whole:
            fields = ", ".join(f'"{key}": {each}' for key, each in {**whole, name: value}.items())
            try:
                protocol.parse(f'{{"type": "{kind}", {fields}}}')
            except protocol.ProtocolError as error:
                assert error.code == "invalid"  # noqa: PT017
