"""Who is expected in a session, and who has checked in."""

from django.utils import timezone

from scheduling.models import Appointment, Booking


def expected_in(appointment: Appointment) -> list[Booking]:
    """The bookings of the session that weren't cancelled, in order of time, with student. One query."""
    kept = Booking.objects.kept().filter(slot__appointment=appointment)
    return list(kept.select_related("student").order_by("starts_at", "pk"))


def to_check_in(student_id: int, appointment_id: int) -> Booking | None:
    """The student's booking that a code of this session is for. One query.

    Of several the next that isn't over and not checked in, else the latest that stands; one that
    was cancelled where there is no other.
    """
    of_session = Booking.objects.of_student(student_id).filter(slot__appointment=appointment_id)
    rows = list(of_session.with_people().order_by("starts_at", "pk"))
    kept = [each for each in rows if each.status != Booking.Status.CANCELLED]
    now = timezone.now()
    open_ones = [each for each in kept if each.ends_at > now and each.checked_in_at is None]
    return next(iter(open_ones or kept[-1:] or rows[-1:]), None)


def gives(ta_id: int, appointment_id: int) -> bool:
    """Whether the session is this TA's own."""
    return Appointment.objects.of(ta_id).filter(pk=appointment_id).exists()
