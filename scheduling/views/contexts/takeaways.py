"""What the page of a booking shows of what remains of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from scheduling.forms.takeaways import ThanksForm
from scheduling.models import Booking, Takeaway, Thanks
from scheduling.queries.takeaways import (
    shown_takeaway,
    takeaway_of,
    thanks_of,
    with_takeaway,
    words_of_thanks,
)
from scheduling.services import takeaways as services
from scheduling.services.rules import passes
from scheduling.views.contexts.again import same_time


@dataclass(frozen=True)
class Remains:
    """``takeaway``: what was left of this booking; ``shown``: of an earlier one, which its TA may read;
    ``showable``: what the student could let them read.

    What the student said is in ``said``, for the student alone; the TA has ``words`` of it.
    """

    takeaway: Takeaway | None
    may_leave: bool
    shown: Takeaway | None
    showable: Takeaway | None
    said: Thanks | None
    words: str
    thanks_form: ThanksForm | None
    same_time: datetime | None

    @classmethod
    def of(cls, booking: Booking, viewer: User) -> "Remains":
        if viewer.pk == booking.student_id:
            return cls._to_student(booking, viewer)
        return cls(
            takeaway=takeaway_of(booking),
            may_leave=passes(services.check_takeaway, booking, viewer),
            shown=shown_takeaway(booking),
            showable=None,
            said=None,
            words=words_of_thanks(booking),
            thanks_form=None,
            same_time=None,
        )

    @classmethod
    def _to_student(cls, booking: Booking, student: User) -> "Remains":
        shown = shown_takeaway(booking)
        may_show = shown is None and passes(services.check_show, booking, student)
        may_thank = passes(services.check_thanks, booking, student)
        said = thanks_of(booking)
        completed = (
            booking.effective_status == Booking.Status.COMPLETED and not booking.ta_absent_at
        )
        return cls(
            takeaway=takeaway_of(booking),
            may_leave=False,
            shown=shown,
            showable=services.to_show(student, booking)
            if may_show and not booking.is_over
            else None,
            said=said,
            words="",
            thanks_form=ThanksForm.of(said) if may_thank else None,
            same_time=same_time(booking) if completed and booking.ta.is_active else None,
        )


def to_leave(bookings: Sequence[Booking], ta: User, writable: Collection[int]) -> list[Booking]:
    """Those of a session of which the TA may leave something, and has not. One query.

    ``writable``: ids of the students whom the TA may write to.
    """
    left = with_takeaway(bookings)
    return [
        each
        for each in bookings
        if each.pk not in left
        and passes(services.check_takeaway, each, ta, blocked=each.student_id not in writable)
    ]
