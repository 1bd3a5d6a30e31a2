"""Lists of the admin: only what they offer can be asked of them, by their address or otherwise."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from setahub.core.admin.offered import Strict

MODELS = list(admin.site._registry)
SECRETS = [
    "password__startswith=md5",
    "password__gte=md5",
    "password=x",
    "id__exact=1&password__startswith=md5",
    "calendar_nonce__startswith=a",
    "email_key__contains=@",
    "user__password__startswith=md5",
    "actor__password__startswith=md5",
    "student__password__startswith=md5",
    "student__email__startswith=a",
    "ta__calendar_nonce__startswith=a",
    "reporter__password__startswith=md5",
    "blocker__password__startswith=md5",
    "creator__password__regex=^m",
    "appointment__ta__password__startswith=md5",
    "slot__appointment__ta__password__startswith=md5",
    "registrations__user__password__startswith=md5",
    "sign_ins__session__session_key__startswith=a",
    "data__secret__startswith=a",
    "data__contains=secret",
    "user__authenticator__data__secret__startswith=a",
    "text__startswith=a",
    "message__text__startswith=a",
    "pk=1",
    "id=1",
    "id__in=1,2",
    "id__exact=1",
    "username__startswith=a",
    "_state=1",
    "nothing=1",
    "starts_at__gte=2020-01-01",
    "starts_at__month=1",
    "created_at__gte=2026-01-01",
    "enqueued_at__gte=2026-01-01",
    "at__gte=2026-01-01",
]


def changelist(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def is_single(model: Any) -> bool:
    """The policy is one row with a form at the address of its list: no filter reaches a query."""
    return model._meta.model_name == "facultypolicy"


LISTS = [model for model in MODELS if not is_single(model)]


@pytest.fixture
def client(staff, sign_in):
    return sign_in(staff)


def asked(model: Any, user: User, query: str) -> int:
    """The status of the list's address with this query, without its page."""
    request = RequestFactory().get(f"/?{query}")
    request.user = user
    try:
        admin.site._registry[model].get_changelist_instance(request)
    except SuspiciousOperation:
        return 400
    return 200


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_no_list_says_anything_about_what_it_does_not_offer(staff, model):
    assert asked(model, staff, "") == 200
    more = ["&e=1", "&_popup=1", "&_to_field=id", "&_facets=True", "&all=", "&o=1", "&p=1", "&q=a"]
    queries = [*SECRETS, *(f"{secret}{each}" for secret in SECRETS[:2] for each in more)]
    answered = [query for query in queries if asked(model, staff, query) != 400]
    assert answered == []


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_every_field_of_every_row_is_out_of_reach(staff, model):
    """Whatever columns a table has or gets: none can be asked for that is no filter."""
    offered = admin.site._registry[model].get_list_filter(None)
    names = {each[0] if isinstance(each, tuple) else each for each in offered}
    names |= {getattr(each, "parameter_name", None) for each in offered}
    answered = [
        f"{field.name}{lookup}"
        for field in model._meta.get_fields()
        for lookup in ("", "__startswith", "__contains", "__gte", "__in", "__id__gte", "__pk__in")
        if field.name not in names and asked(model, staff, f"{field.name}{lookup}=1") != 400
    ]
    assert answered == []


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_a_secret_is_refused_as_a_page(client, model):
    path = changelist(model)
    assert client.get(path).status_code == 200
    assert client.get(f"{path}?{SECRETS[0]}").status_code == 400
    assert client.get(f"{path}?{SECRETS[0]}&e=1").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["o=x", "o=99", "o=1.x", "o=--1", "o=²", "_to_field=password"]
    + [f"student__id__exact={value}" for value in ("0", "x", "-1", "9" * 30, "1.5", "٣", "")],
)
def test_values_that_are_not_offered_are_refused(client, query):
    assert client.get(f"/admin/scheduling/booking/?{query}").status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "999", "x", "9" * 5000, "²"])
def test_a_page_past_the_end_shows_the_first(client, page):
    assert client.get("/admin/accounts/user/", {"p": page}).status_code == 200
    assert client.get("/admin/accounts/user/", {"p": page, "e": "1"}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "starts_at__year=9999",
        "starts_at__year=1",
        "starts_at__year=0",
        "starts_at__year=-1",
        "starts_at__year=x",
        f"starts_at__year={'9' * 5000}",
        "starts_at__year=2026&starts_at__month=13",
        "starts_at__year=2026&starts_at__month=2&starts_at__day=30",
        "starts_at__year=9999&starts_at__month=12&starts_at__day=31",
        "starts_at__year=2026&starts_at__gte=2020-01-01",
    ],
)
@pytest.mark.parametrize("path", ["appointment/", "booking/", "timeslot/", "booking/export/"])
def test_a_year_that_no_calendar_has_is_refused(client, path, query):
    assert client.get(f"/admin/scheduling/{path}?{query}").status_code == 400


def test_days_of_the_hierarchy_lead_on(client):
    for query in (
        "starts_at__year=2026",
        "starts_at__year=2026&starts_at__month=11",
        "starts_at__year=2026&starts_at__month=11&starts_at__day=23&status__exact=booked&o=-1.2",
    ):
        assert client.get(f"/admin/scheduling/booking/?{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["year=x", "year__exact=x", "password__startswith=md5", "id__exact=1", "p=9&x=1"]
)
def test_an_export_takes_no_more_than_its_list(client, query):
    response = client.get(f"/admin/accounts/user/export/?{query}")
    assert response.status_code == 400
    assert not LogEntry.objects.exists()


def test_an_export_is_what_the_list_shows(client):
    response = client.get("/admin/accounts/user/export/?year=3&q=staff&o=1")
    assert response.status_code == 200
    assert b"Staff" in b"".join(response.streaming_content)


def test_the_search_of_choices_finds_by_the_list_s_own_words_alone(client, staff):
    base = {"app_label": "accounts", "model_name": "block", "field_name": "blocker"}
    found = client.get("/admin/autocomplete/", {**base, "term": staff.password[:12]})
    assert found.json()["results"] == []
    assert client.get("/admin/autocomplete/", {**base, "term": "\0"}).status_code == 200
    for reverse_name in ("blocks_made", "sign_ins", "registrations", "logentry"):
        asked = {"app_label": "accounts", "model_name": "user", "field_name": reverse_name}
        assert client.get("/admin/autocomplete/", asked).status_code == 403
    more = {**base, "term": "", "password__startswith": "md5"}
    same = client.get("/admin/autocomplete/", {**base, "term": ""}).json()
    assert client.get("/admin/autocomplete/", more).json() == same


def test_filters_that_come_back_after_a_change_are_refused_like_others(client, student):
    path = f"/admin/accounts/user/{student.pk}/change/"
    kept = {"_changelist_filters": "password__startswith=md5"}
    sent = {"username": student.username, "year": "2", "bio": ""}
    response = client.post(f"{path}?_changelist_filters=password__startswith%3Dmd5", sent)
    assert response.status_code == 302
    assert client.get(response.url).status_code == 400
    assert client.get(path, kept).status_code == 200


def test_every_class_is_strict_those_of_libraries_and_later_ones_too():
    assert all(isinstance(each, Strict) for each in admin.site._registry.values())
    admin.site.register(LogEntry)
    try:
        assert isinstance(admin.site._registry[LogEntry], Strict)
    finally:
        admin.site.unregister(LogEntry)


def test_a_list_for_a_coordinator_hides_other_people_s_secrets(sign_in, make_user, staff):
    from django.contrib.auth.models import Permission

    viewer = make_user("Coordinator", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
    client = sign_in(viewer)
    for letter in "abm":
        query = f"?id__exact={staff.pk}&password__startswith={letter}"
        assert client.get(f"/admin/accounts/user/{query}").status_code == 400
    assert User.objects.get(pk=staff.pk).password.startswith("md5")
