"""Everything that changes bookings."""

from scheduling.services.bookings.outcomes import (
    complete,
    complete_by_staff,
    complete_overdue,
    mark_no_show,
    report_ta_absent,
    settle_all,
)
from scheduling.services.bookings.rows import describe
from scheduling.services.bookings.seats import (
    book,
    cancel,
    cancel_all,
    cancel_by_staff,
    move,
    note_change,
    rebook,
    remind,
    take,
)
