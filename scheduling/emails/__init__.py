"""What emails and notices about the calendar say, each to one reader."""

from scheduling.emails.after import (
    decided,
    missed,
    report_settled,
    reported,
    takeaway,
    thanks,
)
from scheduling.emails.bookings import (
    about,
    about_several,
    guesses,
    is_news,
    reminder,
    reminder_for_ta,
    with_times_instead,
)
from scheduling.emails.calendars import calendar_fails
from scheduling.emails.waiting import (
    digest,
    free_time,
    gone,
    new_requests,
    no_longer_offered,
    offered,
    passed_on,
    runs_out,
)
