"""Everything that changes bookings."""

from scheduling.services.bookings.outcomes import (
    complete,
    complete_overdue,
    mark_no_show,
    report_ta_absent,
    settle_all,
    settle_by_staff,
    take_report_back,
)
from scheduling.services.bookings.rows import describe
from scheduling.services.bookings.seats import (
    book,
    cancel,
    cancel_all,
    cancel_by_staff,
    confirm_absence,
    move,
    note_change,
    rebook,
    remind,
    take,
)
