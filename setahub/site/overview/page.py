"""What the overview shows: cards with a number, a picture and a table, lists, and what waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from chat.models import Report
from scheduling.models import Dispute
from scheduling.queries.outcomes import reported_absent
from setahub.core import clock
from setahub.core.web.shared import shared
from setahub.site.overview import remains, waiting, weeks
from setahub.site.overview.chart import bars
from topics.models import Registration

CACHED_FOR = 60  # seconds
ANSWERS_SHOWN = 20  # sums
TOPICS_SHOWN = 12  # of those that somebody waited for; the file has all
Values = Sequence[float | None]


@dataclass(frozen=True)
class Card:
    """One measure: this week's value in words, the last weeks as a picture and as a table."""

    title: str
    about: str
    now: str
    before: str
    picture: SafeString
    table: Sequence[tuple[str, str]]

    @property
    def heading(self) -> str:
        """Its title and what it measures, in one."""
        return f"{self.title} ({self.about})"


@dataclass(frozen=True)
class Line:
    """One row of a list: whose it is, this week's number, the last weeks as a picture."""

    name: str
    link: str
    count: float
    picture: SafeString
    most: int | None = None  # what the count may come to


@dataclass(frozen=True)
class Todo:
    """Something that waits for staff."""

    text: str
    count: int
    link: str


@dataclass(frozen=True)
class Numbers:
    """What is counted: cards, the busiest TAs, those with a limit of their own, topics without free
    time, those asked for; who waited for which topic, and what became of it, under ``titles``; whether
    sessions helped, under ``helped_titles``, in sums that show no single answer."""

    cards: Sequence[Card]
    tas: Sequence[Line]
    loads: Sequence[Line]
    topics: Sequence[Line]
    asked: Sequence[Line]
    titles: Sequence[str]
    waited: Sequence[Sequence[object]]
    helped_titles: Sequence[str]
    helped: Sequence[Sequence[object]]


@shared(seconds=CACHED_FOR, under=lambda: (get_language(), clock.today()))
def numbers() -> Numbers:
    """Cards and lists in the reader's words. A constant number of queries."""
    period = weeks.last_weeks()
    sessions, slots = weeks.opened(period)
    bookings = weeks.booked(period)
    asked, offered = weeks.asked(period), weeks.offered(period)
    answers = remains.helped(period)
    of_over = _("share of the bookings that are over")
    of_asked = _("share of those asked")
    of_answers = _("share of the answers, in sums of five or more, once none can change")
    booked, taken = _shares(bookings["slots"], slots), _shares(offered["taken"], offered["seats"])
    late, left = _shares(bookings["late"], bookings["made"]), _shares(*remains.takeaways(period))
    measures: list[tuple[str, str, Values, Callable[[float], str]]] = [
        (_("TA sessions"), _("not cancelled"), sessions, _whole),
        (_("Bookings"), _("not cancelled"), bookings["kept"], _whole),
        (_("Slots booked"), _("share of the open slots"), booked, _percent),
        (_("No-shows"), of_over, _shares(bookings["no_shows"], bookings["over"]), _percent),
        (_("Late cancellations"), _("share of all bookings"), late, _percent),
        (_("Checked in"), of_over, _shares(bookings["verified"], bookings["over"]), _percent),
        (_("Disputed no-shows"), _("of sessions of the week"), bookings["disputed"], _whole),
        (_("From booking to session"), _("median"), weeks.lead_times(period), _hours),
        (_("Requests for time"), _("asked"), asked["made"], _whole),
        (_("Requests answered"), of_asked, _shares(asked["answered"], asked["made"]), _percent),
        (_("Requests expired"), of_asked, _shares(asked["expired"], asked["made"]), _percent),
        (_("From request to answer"), _("median"), weeks.answer_times(period), _hours),
        (_("Seats offered to who waited"), _("freed or opened"), offered["seats"], _whole),
        (_("Offered seats taken"), _("share of the seats offered"), taken, _percent),
        (_("New users"), _("signed up"), weeks.joined(period), _whole),
        (_("Takeaways within a day"), _("share of the completed bookings"), left, _percent),
        (_("Thanks"), _("in words, for a booking"), remains.thanked(period), _whole),
        (_("It helped"), of_answers, remains.shares(answers, period), _percent),
    ]
    return Numbers(
        cards=[_card(period.mondays, *measure) for measure in measures],
        tas=_lines(weeks.by_ta(period), "accounts_user"),
        loads=_loads(weeks.loads(period)),
        topics=_lines(weeks.by_topic(period), "topics_topic"),
        asked=_lines(weeks.by_asked_topic(period), "topics_topic"),
        titles=waiting.titles(),
        waited=[each.row for each in waiting.by_topic(period)[:TOPICS_SHOWN]],
        helped_titles=remains.titles(),
        helped=[each.row for each in answers[:ANSWERS_SHOWN]],
    )


def todos(viewer: User) -> list[Todo]:
    """What waits for this viewer."""
    return [
        Todo(
            _("registrations wait for approval"),
            Registration.objects.pending().count(),
            reverse("admin:topics_registration_changelist") + "?status__exact=pending",
        ),
        Todo(
            _("reports are open"),
            Report.objects.open_to(viewer).filter(status=Report.Status.OPEN).count(),
            reverse("admin:chat_report_changelist"),
        ),
        Todo(
            _("students reported that their TA did not come"),
            reported_absent().count(),
            reverse("admin:scheduling_booking_changelist") + "?absence=waits",
        ),
        Todo(
            _("no-shows are disputed"),
            Dispute.objects.waiting().count(),
            reverse("admin:scheduling_dispute_changelist") + "?state=waits",
        ),
    ]


def _card(
    days: Sequence[date], title: str, about: str, values: Values, say: Callable[[float], str]
) -> Card:
    texts = [say(value) if value is not None else "–" for value in values]
    labels = [date_format(day, "j M") for day in days]
    words = _("%(title)s, last 12 weeks: %(values)s") % {"title": title, "values": ", ".join(texts)}
    return Card(
        title,
        about,
        texts[-1],
        texts[-2],
        bars(values, words),
        list(zip(labels, texts, strict=True)),
    )


def _lines(rows: Sequence[tuple[Any, Sequence[int]]], admin_name: str) -> list[Line]:
    return [
        Line(
            str(what),
            reverse(f"admin:{admin_name}_change", args=[what.pk]),
            values[-1],
            bars(values, _("last 12 weeks: %(values)s") % {"values": ", ".join(map(str, values))}),
        )
        for what, values in rows
    ]


def _loads(rows: Sequence[tuple[User, Sequence[int], int]]) -> list[Line]:
    """Lines with the limit that each TA has set."""
    lines = _lines([(ta, counts) for ta, counts, _most in rows], "accounts_user")
    limits = [most for _ta, _counts, most in rows]
    return [replace(line, most=most) for line, most in zip(lines, limits, strict=True)]


def _shares(parts: Sequence[int], wholes: Sequence[int]) -> list[float | None]:
    return [part / whole if whole else None for part, whole in zip(parts, wholes, strict=True)]


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:.0%}" if value == 0 or value >= 0.1 else f"{value:.1%}"


def _hours(value: float) -> str:
    if value < 48:
        return _("%(hours).0f h") % {"hours": value}
    return _("%(days).1f days") % {"days": value / 24}


def may_see(user: User) -> bool:
    """Those who may see bookings and users may see them counted."""
    return user.has_perm("scheduling.view_booking") and user.has_perm("accounts.view_user")
