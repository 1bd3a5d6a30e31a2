"""What tests of weekly hours type and read."""

from datetime import date, datetime, timedelta

from conftest import NOW
from scheduling.models import Appointment
from setahub.core import clock as when

MONDAY = NOW.date()  # it is 9 in the morning
PAGE = "/appointments/week/"
KEY = "0123456789abcdef" * 2


def day(weekday: int, week: int = 0) -> date:
    return MONDAY + timedelta(days=weekday, weeks=week)


def typed(topic, *rows, weeks=2, **more):
    """A form as other programs send it; each row is ``(day, start, end)`` and perhaps a place."""
    form = {
        "topics": [topic.pk],
        "slot_minutes": "30",
        "capacity": "2",
        "repeat_until": day(6, weeks - 1).isoformat(),
        "rows-TOTAL_FORMS": str(len(rows)),
    }
    for number, (weekday, start, end, *place) in enumerate(rows):
        form |= {
            f"rows-{number}-day": str(weekday),
            f"rows-{number}-start": start,
            f"rows-{number}-end": end,
            f"rows-{number}-location": place[0] if place else "Room 504",
        }
    return form | more


def starts(found=None) -> list[datetime]:
    found = Appointment.objects.order_by("starts_at") if found is None else found
    return [when.local(each.starts_at).replace(tzinfo=None) for each in found]
