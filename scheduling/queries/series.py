"""The sessions that an edit or a cancellation is about: one, or it and the later of its series."""

from django.db.models import Q

from accounts.models import User
from scheduling.models import Appointment
from scheduling.models.appointments import AppointmentQuerySet
from setahub.core.text import trimmed

ONE, FOLLOWING = "one", "following"


def in_scope(appointment: Appointment, scope: str) -> AppointmentQuerySet:
    """It, or what is open of it and the later ones of its series, soonest first."""
    chosen = _scope(appointment, scope)
    return chosen.open() if scope == FOLLOWING else chosen


def to_cancel(appointment: Appointment, reason: str, scope: str) -> AppointmentQuerySet:
    """What cancelling takes back, or has taken back where the same is sent again."""
    if was_taken_back(appointment, trimmed(reason), scope):
        return taken_back(appointment, scope)
    return in_scope(appointment, scope)


def was_taken_back(appointment: Appointment, reason: str, scope: str) -> bool:
    """Whether it, and where asked for the later ones too, were cancelled for this very reason."""
    if not reason or not appointment.is_cancelled or appointment.cancel_reason != reason:
        return False
    return scope != FOLLOWING or not in_scope(appointment, scope).exists()


def taken_back(appointment: Appointment, scope: str) -> AppointmentQuerySet:
    """The sessions of the scope that were cancelled for the same reason."""
    rows = _scope(appointment, scope).filter(cancelled_at__isnull=False)
    return rows.filter(cancel_reason=appointment.cancel_reason)


def standing_of(ta: User, pk: int) -> Appointment | None:
    """The first one that isn't cancelled of this appointment and its series, or None."""
    sessions = Appointment.objects.of(ta.pk)
    first = sessions.filter(pk=pk).values("series")
    return sessions.open().filter(Q(pk=pk) | Q(series__in=first)).order_by("starts_at").first()


def _scope(appointment: Appointment, scope: str) -> AppointmentQuerySet:
    """It, or it and the later ones of its series, those included that were cancelled."""
    chosen = Appointment.objects.filter(pk=appointment.pk)
    if scope == FOLLOWING and appointment.series:
        chosen = Appointment.objects.filter(
            ta=appointment.ta_id, series=appointment.series, starts_at__gte=appointment.starts_at
        )
    return chosen.order_by("starts_at")
