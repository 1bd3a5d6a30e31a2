"""One's own page: profile and settings."""

from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import MailKind, User
from accounts.queries.factors import factors_of
from accounts.queries.faculty import signs_in_with_faculty
from accounts.queries.sessions import sign_ins_of
from accounts.tokens import calendar_token
from scheduling.views.contexts.reliability import Standing
from topics.models import Registration
from topics.queries.topics import is_ta


@dataclass(frozen=True)
class CalendarFeed:
    """The feed's address: to copy, to open a calendar program, to add it to Google Calendar."""

    http: str
    webcal: str
    google: str

    @classmethod
    def of(cls, user: User, site: str) -> "CalendarFeed":
        http = site + reverse("scheduling:calendar_feed", args=[calendar_token(user)])
        webcal = "webcal" + http[http.index(":") :]
        google = "https://calendar.google.com/calendar/render?" + urlencode({"cid": webcal})
        return cls(http, webcal, google)


@dataclass(frozen=True)
class MePage:
    """``emails``: each kind in words, and whether it is wanted; ``devices``: how many sessions.

    ``data_minutes``: for how long the data can be downloaded at once, after being led here for it;
    ``teaches``: whether they have an own page to share; ``standing``: what counts of missed times.
    """

    registrations: QuerySet[Registration]
    verified: bool
    calendar: CalendarFeed
    emails: list[tuple[str, bool]]
    factors: dict[str, list[Authenticator]]
    devices: int
    data_minutes: int
    with_faculty: bool
    teaches: bool
    standing: Standing

    @classmethod
    def of(cls, user: User, *, site: str, data_minutes: int) -> "MePage":
        """``site``: what the addresses that are handed on begin with."""
        return cls(
            registrations=Registration.objects.of_user(user.pk),
            verified=EmailAddress.objects.is_verified(user.email),
            calendar=CalendarFeed.of(user, site),
            emails=[(str(kind.label), getattr(user, kind.field)) for kind in MailKind],
            factors=factors_of(user),
            with_faculty=signs_in_with_faculty(user),
            devices=len(sign_ins_of(user)),
            data_minutes=data_minutes,
            teaches=is_ta(user),
            standing=Standing.of(user),
        )
