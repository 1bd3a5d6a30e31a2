"""Every address as every kind of person. A new address that is missing here fails the test."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Notice
from chat.models import Message
from conftest import SignedIn
from scheduling.services import appointments, bookings, records
from scheduling.services.plan import Plan
from scheduling.tests.factories import ask, hold
from setahub.core import clock as when

PEOPLE = ["visitor", "stranger", "student", "ta", "creator", "staff"]


@dataclass(frozen=True)
class Row:
    """What each of PEOPLE gets: one status for GET, one for an empty POST.

    "login" stands for a redirect to the login page.
    """

    path: str
    get: list[Any]
    post: list[Any]


L = "login"
ALL_200 = [200] * 6
ALL_405 = [405] * 6
USERS_200 = [L, 200, 200, 200, 200, 200]
USERS_302 = [L, 302, 302, 302, 302, 302]
USERS_404 = [L, 404, 404, 404, 404, 404]
USERS_405 = [L, 405, 405, 405, 405, 405]
USERS_422 = [L, 422, 422, 422, 422, 422]

# route: Row(path, GET, POST), for visitor, stranger, student, TA, creator, staff.
TABLE = {
    "": Row("/", ALL_200, ALL_405),
    "language/": Row("/language/", ALL_405, [422] * 6),
    "help/": Row("/help/", ALL_200, ALL_405),
    "privacy/": Row("/privacy/", ALL_200, ALL_405),
    # Whose bookings the last one shows is tested beside it.
    "manifest.webmanifest": Row("/manifest.webmanifest", ALL_200, ALL_405),
    "sw.js": Row("/sw.js", ALL_200, ALL_405),
    "offline/": Row("/offline/", ALL_200, ALL_405),
    "auth/": Row("/auth/", [302] * 6, ALL_405),
    "auth/login/": Row("/auth/login/", [200, 302, 302, 302, 302, 302], [200] + [302] * 5),
    "auth/logout/": Row("/auth/logout/", [302] + [200] * 5, [302] * 6),
    "auth/inactive/": Row("/auth/inactive/", ALL_200, ALL_405),
    "auth/signup/": Row("/auth/signup/", [200] + [302] * 5, [200] + [302] * 5),
    # Without OIDC_ISSUER; with it, accounts' tests of the faculty's sign-in go all the way.
    "auth/oidc/faculty/login/": Row("/auth/oidc/faculty/login/", [404] * 6, [404] * 6),
    "auth/oidc/faculty/login/callback/": Row(
        "/auth/oidc/faculty/login/callback/", [404] * 6, [404] * 6
    ),
    "auth/oidc/faculty/name/": Row("/auth/oidc/faculty/name/", [302] * 6, [302] * 6),
    "auth/reauthenticate/": Row("/auth/reauthenticate/", USERS_200, USERS_200),
    "auth/email/": Row("/auth/email/", USERS_200, [L] + [302] * 5),
    # Whoever has the token needs no sign-in; what it undoes is tested in accounts.
    "auth/email/undo/<str:token>/": Row("/auth/email/undo/x/", [404] * 6, [404] * 6),
    "auth/login/code/confirm/": Row("/auth/login/code/confirm/", [302] * 6, [302] * 6),
    "auth/confirm-email/": Row("/auth/confirm-email/", ALL_200, ALL_405),
    "auth/confirm-email/(?P<key>[-:\\w]+)/": Row("/auth/confirm-email/x/", ALL_200, [404] * 6),
    "auth/password/change/": Row("/auth/password/change/", USERS_200, USERS_200),
    "auth/password/set/": Row("/auth/password/set/", [L] + [302] * 5, [L] + [302] * 5),
    "auth/password/reset/": Row("/auth/password/reset/", ALL_200, ALL_200),
    "auth/password/reset/done/": Row("/auth/password/reset/done/", ALL_200, ALL_405),
    "auth/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": Row(
        "/auth/password/reset/key/1-x/", ALL_200, ALL_200
    ),
    "auth/password/reset/key/done/": Row("/auth/password/reset/key/done/", ALL_200, ALL_405),
    "auth/2fa/": Row("/auth/2fa/", USERS_200, USERS_405),
    "auth/2fa/authenticate/": Row("/auth/2fa/authenticate/", [302] * 6, [302] * 6),
    "auth/2fa/reauthenticate/": Row("/auth/2fa/reauthenticate/", USERS_302, USERS_302),
    "auth/2fa/totp/activate/": Row("/auth/2fa/totp/activate/", USERS_302, USERS_302),
    "auth/2fa/totp/deactivate/": Row("/auth/2fa/totp/deactivate/", USERS_404, USERS_404),
    "auth/2fa/recovery-codes/": Row("/auth/2fa/recovery-codes/", USERS_404, USERS_405),
    "auth/2fa/recovery-codes/generate/": Row(
        "/auth/2fa/recovery-codes/generate/", USERS_302, USERS_302
    ),
    "auth/2fa/recovery-codes/download/": Row(
        "/auth/2fa/recovery-codes/download/", USERS_404, USERS_404
    ),
    "auth/2fa/webauthn/": Row("/auth/2fa/webauthn/", USERS_200, USERS_405),
    "auth/2fa/webauthn/add/": Row("/auth/2fa/webauthn/add/", USERS_302, USERS_302),
    "auth/2fa/webauthn/reauthenticate/": Row(
        "/auth/2fa/webauthn/reauthenticate/", USERS_302, USERS_302
    ),
    "auth/2fa/webauthn/login/": Row("/auth/2fa/webauthn/login/", [302] * 6, [302] * 6),
    "auth/2fa/webauthn/keys/<int:pk>/remove/": Row(
        "/auth/2fa/webauthn/keys/99999/remove/", USERS_302, USERS_302
    ),
    "auth/2fa/webauthn/keys/<int:pk>/edit/": Row(
        "/auth/2fa/webauthn/keys/99999/edit/", USERS_302, USERS_302
    ),
    "users/me/": Row("/users/me/", USERS_200, USERS_405),
    "users/me/edit/": Row("/users/me/edit/", USERS_200, USERS_422),
    "users/me/avatar/": Row("/users/me/avatar/", USERS_200, USERS_422),
    "users/me/data/": Row("/users/me/data/", USERS_302, USERS_405),
    # The only administrator can't leave.
    "users/me/delete/": Row("/users/me/delete/", USERS_200, [L, 422, 422, 422, 422, 409]),
    "users/me/sessions/": Row("/users/me/sessions/", USERS_200, USERS_405),
    # Somebody else's session is not there; whose it is, is tested in accounts.
    "users/me/sessions/<id:pk>/end/": Row(
        "/users/me/sessions/99999/end/", USERS_405, [L, 404, 404, 404, 404, 404]
    ),
    "users/me/sessions/end-others/": Row(
        "/users/me/sessions/end-others/", USERS_405, [L] + [302] * 5
    ),
    "users/me/notifications/": Row("/users/me/notifications/", USERS_200, [L] + [302] * 5),
    # Without a key of the site, as here; with one, accounts' tests of push go all the way.
    "users/me/push/": Row("/users/me/push/", USERS_405, USERS_404),
    "users/me/emails/": Row("/users/me/emails/", USERS_302, [L] + [302] * 5),
    "notifications/": Row("/notifications/", USERS_200, [L] + [302] * 5),
    "notifications/unread/": Row("/notifications/unread/", USERS_200, USERS_405),
    "notifications/<id:pk>/": Row(
        "/notifications/{notice}/", [L, 404, 404, 302, 404, 404], USERS_405
    ),
    "users/me/first-steps/": Row("/users/me/first-steps/", USERS_405, [L] + [302] * 5),
    "users/me/calendar/renew/": Row("/users/me/calendar/renew/", USERS_405, [L] + [302] * 5),
    "email/unsubscribe/<str:token>/": Row("/email/unsubscribe/x/", [404] * 6, [404] * 6),
    "users/me/calendars/": Row("/users/me/calendars/", USERS_200, USERS_422),
    "users/me/teaching/": Row(
        "/users/me/teaching/", [L, 403, 403, 200, 403, 403], [L, 403, 403, 302, 403, 403]
    ),
    "users/<id:pk>/": Row("/users/{ta}/", USERS_200, USERS_405),
    "users/<id:pk>/star/": Row("/users/{ta}/star/", USERS_405, [L, 302, 302, 409, 302, 302]),
    "users/<id:pk>/block/": Row("/users/{ta}/block/", USERS_405, [L, 302, 302, 409, 302, 302]),
    "users/<id:pk>/unblock/": Row("/users/{ta}/unblock/", USERS_405, [L, 302, 302, 409, 302, 302]),
    # Off until its TA switches it on; who sees it then is tested in accounts.
    "ta/<id:pk>/": Row("/ta/{ta}/", [404] * 6, ALL_405),
    "users/<id:pk>/timeslots/": Row("/users/{ta}/timeslots/", USERS_200, USERS_405),
    "messages/": Row("/messages/", USERS_200, USERS_405),
    "messages/unread/": Row("/messages/unread/", USERS_200, USERS_405),
    "messages/report/<id:pk>/": Row(
        "/messages/report/{message}/", [L, 404, 404, 200, 404, 404], [L, 404, 404, 422, 404, 404]
    ),
    "messages/images/<id:pk>/": Row(
        "/messages/images/{message}/", [L, 404, 404, 404, 404, 404], USERS_405
    ),
    "messages/<id:pk>/": Row("/messages/{ta}/", [L, 200, 200, 404, 200, 200], USERS_422),
    "messages/<id:pk>/history/": Row(
        "/messages/{ta}/history/", [L, 200, 200, 404, 200, 200], USERS_405
    ),
    "messages/<id:pk>/read/": Row("/messages/{ta}/read/", USERS_405, [L, 422, 422, 404, 422, 422]),
    "topics/": Row("/topics/", USERS_200, USERS_405),
    "topics/new/": Row("/topics/new/", USERS_200, USERS_422),
    # A first-year student has no form, and is told from which year on.
    "teach/": Row("/teach/", USERS_200, USERS_422),
    "topics/<slug:slug>/": Row("/topics/{slug}/", USERS_200, USERS_405),
    "topics/<slug:slug>/edit/": Row(
        "/topics/{slug}/edit/", [L, 403, 403, 403, 200, 200], [L, 403, 403, 403, 422, 422]
    ),
    "topics/<slug:slug>/delete/": Row(
        "/topics/{slug}/delete/", [L, 403, 403, 403, 200, 200], [L, 403, 403, 403, 302, 302]
    ),
    "topics/<slug:slug>/star/": Row("/topics/{slug}/star/", USERS_405, [L] + [302] * 5),
    "topics/<slug:slug>/register/": Row(
        "/topics/{slug}/register/", USERS_405, [L, 302, 409, 302, 302, 302]
    ),
    "topics/<slug:slug>/unregister/": Row(
        "/topics/{slug}/unregister/", [L, 409, 409, 200, 409, 409], [L, 302, 302, 409, 302, 302]
    ),
    "appointments/": Row("/appointments/", USERS_200, USERS_405),
    "appointments/new/": Row(
        "/appointments/new/", [L, 403, 403, 200, 403, 403], [L, 403, 403, 422, 403, 403]
    ),
    "appointments/week/": Row(
        "/appointments/week/", [L, 403, 403, 200, 403, 403], [L, 403, 403, 422, 403, 403]
    ),
    "appointments/copy-week/": Row(
        "/appointments/copy-week/", [L, 403, 403, 200, 403, 403], [L, 403, 403, 422, 403, 403]
    ),
    "appointments/<id:pk>/": Row(
        "/appointments/{appointment}/", [L, 404, 404, 200, 404, 200], USERS_405
    ),
    "appointments/<id:pk>/edit/": Row(
        "/appointments/{appointment}/edit/",
        [L, 404, 404, 200, 404, 404],
        [L, 404, 404, 422, 404, 404],
    ),
    "appointments/<id:pk>/copy/": Row(
        "/appointments/{appointment}/copy/", [L, 404, 404, 200, 404, 404], USERS_405
    ),
    "appointments/<id:pk>/outcomes/": Row(
        "/appointments/{appointment}/outcomes/", USERS_405, [L, 404, 404, 422, 404, 404]
    ),
    "appointments/<id:pk>/check-in/": Row(
        "/appointments/{appointment}/check-in/", [L, 404, 404, 200, 404, 404], USERS_405
    ),
    "appointments/<id:pk>/delete/": Row(
        "/appointments/{appointment}/delete/",
        [L, 404, 404, 200, 404, 404],
        [L, 404, 404, 422, 404, 404],
    ),
    "bookings/": Row("/bookings/", USERS_200, USERS_405),
    "bookings/new/": Row(
        "/bookings/new/?slot={slot}", [L, 200, 200, 409, 200, 200], [L, 404, 404, 404, 404, 404]
    ),
    "bookings/<id:pk>/": Row("/bookings/{booking}/", [L, 404, 200, 200, 404, 404], USERS_405),
    "bookings/<id:pk>/calendar.ics": Row(
        "/bookings/{booking}/calendar.ics", [L, 404, 200, 200, 404, 404], USERS_405
    ),
    "calendar/": Row("/calendar/", USERS_200, USERS_405),
    # Who has the token needs no sign-in; whose it is, is tested in scheduling.
    "calendar/<str:token>.ics": Row("/calendar/1-x.ics", [404] * 6, ALL_405),
    "bookings/<id:pk>/cancel/": Row(
        "/bookings/{booking}/cancel/", [L, 404, 200, 200, 404, 404], [L, 404, 302, 422, 404, 404]
    ),
    "bookings/<id:pk>/reschedule/": Row(
        "/bookings/{booking}/reschedule/",
        [L, 404, 200, 403, 404, 404],
        [L, 404, 404, 403, 404, 404],
    ),
    # Of a booking that stands; of a cancelled one scheduling tests it.
    "bookings/<id:pk>/rebook/": Row(
        "/bookings/{booking}/rebook/", [L, 404, 409, 403, 404, 404], [L, 404, 409, 403, 404, 404]
    ),
    "bookings/<id:pk>/complete/": Row(
        "/bookings/{booking}/complete/", USERS_405, [L, 404, 403, 409, 404, 404]
    ),
    "bookings/<id:pk>/no-show/": Row(
        "/bookings/{booking}/no-show/", USERS_405, [L, 404, 403, 409, 404, 404]
    ),
    "bookings/<id:pk>/ta-absent/": Row(
        "/bookings/{booking}/ta-absent/", USERS_405, [L, 404, 409, 403, 404, 404]
    ),
    # Of a booking that is not over; of one that is, scheduling tests it.
    "bookings/<id:pk>/takeaway/": Row(
        "/bookings/{booking}/takeaway/",
        [L, 404, 403, 409, 404, 404],
        [L, 404, 422, 422, 404, 404],
    ),
    "bookings/<id:pk>/thanks/": Row(
        "/bookings/{booking}/thanks/", [L, 404, 409, 403, 404, 404], [L, 404, 422, 422, 404, 404]
    ),
    "bookings/<id:pk>/show-takeaway/": Row(
        "/bookings/{booking}/show-takeaway/", USERS_405, [L, 404, 302, 403, 404, 404]
    ),
    "bookings/<id:pk>/again/": Row(
        "/bookings/{booking}/again/", [L, 404, 409, 403, 404, 404], USERS_405
    ),
    # Of a booking that stands; of a no-show scheduling tests it.
    "bookings/<id:pk>/dispute/": Row(
        "/bookings/{booking}/dispute/", [L, 404, 409, 403, 404, 404], [L, 404, 409, 403, 404, 404]
    ),
    # The session is tomorrow; whoever booked it is told from when on. Its TA is led to the code.
    "bookings/<id:pk>/check-in/": Row(
        "/bookings/{booking}/check-in/", USERS_405, [L, 404, 409, 403, 404, 404]
    ),
    "check-in/<id:pk>/": Row(
        "/check-in/{appointment}/", [L, 404, 409, 302, 404, 404], [L, 404, 409, 302, 404, 404]
    ),
    "users/me/record/": Row("/users/me/record/", USERS_200, USERS_405),
    "users/me/record/issue/": Row("/users/me/record/issue/", USERS_405, USERS_422),
    "users/me/record/<id:pk>/revoke/": Row(
        "/users/me/record/{record}/revoke/", USERS_405, [L, 404, 404, 302, 404, 404]
    ),
    # The token lets anybody in; an unknown one is tested in scheduling.
    "records/<str:token>/": Row("/records/{token}/", ALL_200, ALL_405),
    "requests/new/": Row("/requests/new/", USERS_200, USERS_422),
    "requests/<id:pk>/": Row("/requests/{request}/", [L, 404, 200, 200, 404, 404], USERS_405),
    "requests/<id:pk>/join/": Row("/requests/{request}/join/", USERS_405, USERS_302),
    "requests/<id:pk>/leave/": Row(
        "/requests/{request}/leave/", USERS_405, [L, 404, 302, 404, 404, 404]
    ),
    "requests/<id:pk>/close/": Row(
        "/requests/{request}/close/", USERS_405, [L, 404, 302, 403, 404, 404]
    ),
    "offers/<id:pk>/": Row(
        "/offers/{offer}/", [L, 404, 200, 404, 404, 404], [L, 404, 422, 404, 404, 404]
    ),
    "media/<path:name>": Row("/media/avatars/none.webp", [404] * 6, ALL_405),
}


def routes(patterns: Any, prefix: str = "") -> Iterator[str]:
    """Every address pattern of the site but the admin's own, which has its own test."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).replace("^", "").replace("\\Z", "").replace("$", "")
        if isinstance(pattern, URLPattern):
            yield route
        elif isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from routes(pattern.url_patterns, route)


@pytest.fixture
def world(clock, ta, student, stranger, creator, staff, topic) -> dict[str, Any]:
    """One of everything: the TA's session tomorrow, its first slot booked by the student."""
    plan = Plan([topic], when.today() + timedelta(days=1), time(13), time(15), 30, 1, "Room 504")
    [appointment] = appointments.open_time(ta, plan)
    slot = appointment.slots.order_by("starts_at")[0]
    made = bookings.book(student, slot.pk, topic, "Why?")
    asked = ask(student, topic, shared=True)
    record = records.issue(ta, when.today(), when.today())
    return {
        "request": asked.pk,
        "offer": hold(appointment.slots.order_by("starts_at")[2], asked).pk,
        "ta": ta.pk,
        "slug": topic.slug,
        "appointment": appointment.pk,
        "slot": appointment.slots.order_by("starts_at")[1].pk,
        "booking": made.pk,
        "message": Message.objects.get().pk,
        "record": record.pk,
        "token": record.token,
        "notice": Notice.objects.get(user=ta).pk,
        "people": dict(zip(PEOPLE, [None, stranger, student, ta, creator, staff], strict=True)),
    }


def client_of(person: Any) -> Client:
    if person is None:
        return Client(raise_request_exception=False)
    return SignedIn(person, raise_request_exception=False)


def outcome(response: Any) -> Any:
    to_login = response.status_code == 302 and response.url.startswith("/auth/login/?next=")
    return "login" if to_login else response.status_code


def test_the_table_has_every_address_and_no_other():
    assert set(routes(get_resolver().url_patterns)) == set(TABLE)


def answered(client: Client, method: str, path: str, *, follow: bool = False) -> Any:
    """What the client is answered; what that changed, here or there, is gone for the next."""
    cache.clear()
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(path, follow=follow)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


@pytest.mark.parametrize("method", ["get", "post"])
def test_everybody_gets_what_is_theirs(world, method):
    clients = [client_of(person) for person in world["people"].values()]
    wrong = {}
    for route, row in TABLE.items():
        path = row.path.format(**world)
        if method == "post":
            path = path.partition("?")[0]
        found = tuple(outcome(answered(client, method, path)) for client in clients)
        if found != tuple(getattr(row, method)):
            wrong[route] = dict(zip(PEOPLE, found, strict=True))
    assert wrong == {}


def test_the_admin_is_for_staff(world):
    clients = {who: client_of(person) for who, person in world["people"].items()}
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        found = {who: client.get(path).status_code for who, client in clients.items()}
        assert found.pop("staff") == 200, path
        assert set(found.values()) <= {302, 403}, path
        assert found["visitor"] == 302, path
