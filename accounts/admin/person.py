"""All that concerns one user, in short lists with links to the whole ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Suspension, User
from chat.models import Report
from scheduling.models import Appointment, Booking
from setahub.core import clock
from topics.models import Registration

ROWS_SHOWN = 10


@dataclass(frozen=True)
class Line:
    """One row: where it leads to, and its cells."""

    link: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Part:
    """A list about the person; ``links``: to the whole of it, with their words."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Line]
    links: Sequence[tuple[str, str]]


def parts(person: User, viewer: User) -> list[Part]:
    """The lists that this viewer may see. One query each, and one more for topics of sessions."""
    lists = [
        (Registration, _registrations),
        (Appointment, _appointments),
        (Booking, _bookings),
        (Report, _reports),
        (Suspension, _suspensions),
    ]
    return [
        build(person, viewer)
        for model, build in lists
        if viewer.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]


def _registrations(person: User, viewer: User) -> Part:
    rows = (
        Registration.objects.filter(user=person).select_related("topic").order_by("topic__sort_key")
    )
    return _part(
        _("Topics"),
        [_("Topic"), _("Status"), _("Since")],
        rows,
        lambda row: [row.topic.name, row.get_status_display(), clock.day_short(row.created_at)],
        [(_("All registrations"), f"user__id__exact={person.pk}")],
    )


def _appointments(person: User, viewer: User) -> Part:
    rows = Appointment.objects.of(person.pk).prefetch_related("topics").order_by("-starts_at")
    return _part(
        _("TA sessions"),
        [_("When"), _("Topics"), _("Place"), _("Status")],
        rows,
        lambda row: [
            clock.full_range(row.starts_at, row.ends_at),
            ", ".join(topic.name for topic in row.topics.all()),
            row.location,
            _("cancelled") if row.is_cancelled else "",
        ],
        [(_("All TA sessions"), f"ta__id__exact={person.pk}")],
    )


def _bookings(person: User, viewer: User) -> Part:
    rows = Booking.objects.of(person.pk).with_people().order_by("-starts_at", "-pk")

    def cells(row: Booking) -> list[str]:
        taken = row.student_id == person.pk
        other = row.ta if taken else row.student
        role = _("student") if taken else _("TA")
        status = row.effective_status_label
        return [clock.full(row.starts_at), role, other.username, row.topic.name, status]

    return _part(
        _("Bookings"),
        [_("When"), _("As"), _("With"), _("Topic"), _("Status")],
        rows,
        cells,
        [
            (_("All as a student"), f"student__id__exact={person.pk}"),
            (_("All as a TA"), f"ta__id__exact={person.pk}"),
        ],
    )


def _reports(person: User, viewer: User) -> Part:
    about_or_by = Q(reported=person) | Q(reporter=person)
    rows = Report.objects.open_to(viewer).filter(about_or_by).select_related("reporter", "reported")

    def cells(row: Report) -> list[str]:
        by = row.reporter_id == person.pk
        what = _("reported %(name)s") if by else _("was reported by %(name)s")
        name = row.reported if by else row.reporter
        day = clock.day_short(row.created_at)
        return [day, what % {"name": name}, row.get_status_display()]

    return _part(
        _("Reports"),
        [_("When"), _("What"), _("Status")],
        rows.order_by("-created_at"),
        cells,
        [
            (_("All about them"), f"reported__id__exact={person.pk}&status=all"),
            (_("All by them"), f"reporter__id__exact={person.pk}&status=all"),
        ],
    )


def _suspensions(person: User, viewer: User) -> Part:
    rows = Suspension.objects.filter(user=person).select_related("actor", "lifted_by")
    return _part(
        _("Suspensions"),
        [pgettext("a day", "From"), _("By"), _("Reason"), _("Until")],
        rows.order_by("-created_at"),
        lambda row: [
            clock.day_short(row.created_at),
            str(row.actor or "–"),
            row.why,
            clock.day_short(row.lifted_at) if row.lifted_at else "",
        ],
        [(_("All suspensions"), f"user__id__exact={person.pk}")],
    )


def _part(
    title: str,
    heads: Sequence[str],
    rows: QuerySet[Any],
    cells: Callable[[Any], list[str]],
    links: Sequence[tuple[str, str]],
) -> Part:
    name = f"admin:{rows.model._meta.app_label}_{rows.model._meta.model_name}"
    lines = [
        Line(reverse(f"{name}_change", args=[row.pk]), cells(row)) for row in rows[:ROWS_SHOWN]
    ]
    whole = reverse(f"{name}_changelist")
    return Part(title, heads, lines, [(text, f"{whole}?{query}") for text, query in links])
