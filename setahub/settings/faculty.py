"""The faculty's policy: read in rules through setahub.policy.current, never directly.

These are the defaults: staff change them in the admin. Units are those of NUMBERS there.
"""

from datetime import timedelta

from setahub.core import env
from setahub.policy.current import from_environment

TA_MIN_YEAR = from_environment("TA_MIN_YEAR", 2)
TA_APPROVAL = env.flag("TA_APPROVAL", default=False)
BOOKING_MIN_NOTICE = from_environment("BOOKING_MIN_NOTICE", 60)
BOOKING_HORIZON = from_environment("BOOKING_HORIZON", 30)
env.checked(
    "BOOKING_MIN_NOTICE",
    BOOKING_MIN_NOTICE,
    lambda minutes: minutes < BOOKING_HORIZON * 24 * 60,
    "shorter than BOOKING_HORIZON: else nothing could be booked",
)
MAX_ACTIVE_BOOKINGS = from_environment("MAX_ACTIVE_BOOKINGS", 5)
MAX_REQUESTS = from_environment("MAX_REQUESTS", 3)
RELIABILITY_POINTS = from_environment("RELIABILITY_POINTS", 3)
LATE_CANCEL = from_environment("LATE_CANCEL", 240)
LATE_CANCEL_GRACE = 15  # minutes: a booking just made may be cancelled freely
JOIN_BEFORE = 10  # minutes before the start: from then on the way in is shown large
NO_SHOW_AFTER = 10  # minutes after the start
OUTCOME_SWITCH = 7  # days after the end: completed <-> no-show
FACULTY_NAME = env.text("FACULTY_NAME", "Faculty")  # above records, and below emails
TERM_MONTHS = (8, 1, 6)  # in which the first term of the academic year, the second and summer begin
TAKEAWAY_WITHIN = 7  # days after the end: what a TA leaves behind
THANKS_WITHIN = 14  # days after the end: what a student says of it
RECORDS_A_DAY = 10  # of one TA
AUTO_COMPLETE = 24  # hours after the end; also the time to report an absent TA
APPOINTMENT_GRID = timedelta(minutes=15)
APPOINTMENT_SLOT_MINUTES = [15, 20, 30, 45, 60]
APPOINTMENT_MAX_LENGTH = 8  # hours
APPOINTMENT_MAX_AHEAD = 180  # days
APPOINTMENT_MAX_REPEAT = 26  # weeks
APPOINTMENT_MAX_SEATS = 20
BOOKING_CHANGES = 30  # of one person in 10 minutes: bookings, moves and cancellations
SESSION_CHANGES = 30  # of one TA in 10 minutes: opening, changing and taking back, each once a form
TOPICS_A_DAY = 10  # of one person
REQUESTS_A_DAY = 10  # of one person
MESSAGES_PER_MINUTE = 30  # of one user
MESSAGE_IMAGES_PER_MINUTE = 10
