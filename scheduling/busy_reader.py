"""Reading a calendar (iCalendar) for when its person is busy, in a process of its own, without Django.

Who wrote it is not known, and a few lines can name more moments than a day has time to count. So the
system ends the process when it has worked or taken too much. ``feeds`` starts it:
``busy_reader.py PACKAGES ZONE START END`` with the calendar as its input answers with a line of JSON:
the stretches as seconds since 1970, in order, without overlaps; or ``null`` for what is no calendar.
"""

import json
import resource
import sys
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # started by its path, and without all else that is installed

import recurring_ical_events
from icalendar import Calendar, Event

SECONDS = 10  # of work
MEMORY = 1024 * 1024 * 1024  # bytes
EVENTS_MAX = 3_000
RULES_MAX = 300  # events that recur
SLOW = {"SECONDLY", "MINUTELY", "HOURLY"}
TIMES_A_DAY = 4  # of one rule

Stretch = tuple[datetime, datetime]


def busy_times(data: bytes, start: datetime, end: datetime) -> list[Stretch]:
    """When it says that its person is busy between two moments: in order, without overlaps.

    Events that are cancelled, or marked as free, leave them free. Times without a zone are of the zone
    of ``start``. Raises an error of whatever kind for what is no calendar. Source: RFC 5545.
    """
    calendar = Calendar.from_ical(data)
    if not isinstance(calendar, Calendar):
        raise ValueError("no calendar")
    _leave_out_what_is_endless(calendar)
    found = recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
    stretches = [_stretch(event, start) for event in found if _keeps_busy(event)]
    return _merged((max(begin, start), min(over, end)) for begin, over in stretches)


def _leave_out_what_is_endless(calendar: Calendar) -> None:
    events = [each for each in calendar.subcomponents if each.name == "VEVENT"]
    recurring = [each for each in events if "RRULE" in each or "RDATE" in each]
    if len(events) > EVENTS_MAX or len(recurring) > RULES_MAX:
        raise ValueError("too many events")
    left_out = {id(each) for each in recurring if _is_endless(each)}
    left_out |= {id(each) for each in events if "DTSTART" not in each}
    # Other parts than events (tasks, free and busy times) say nothing here, and may recur too.
    calendar.subcomponents = [
        each
        for each in calendar.subcomponents
        if each.name == "VTIMEZONE" or (each.name == "VEVENT" and id(each) not in left_out)
    ]


def _is_endless(event: Any) -> bool:
    """Whether its rule comes more often than an appointment of people does."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        times = 1
        for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            times *= max(1, len(rule.get(name, [])))
        if times > TIMES_A_DAY or {str(each).upper() for each in rule.get("FREQ", [])} & SLOW:
            return True
    return False


def _keeps_busy(event: Event) -> bool:
    is_free = str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT"
    return not is_free and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _stretch(event: Event, start: datetime) -> Stretch:
    return _moment(event.start, start), _moment(event.end, start)


def _moment(value: date, start: datetime) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value if value.tzinfo else value.replace(tzinfo=start.tzinfo)


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for begin, end in sorted(each for each in stretches if each[0] < each[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def main(zone: str, start: str, end: str) -> None:
    """Reads standard input and writes the answer."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    span = [datetime.fromtimestamp(int(each), ZoneInfo(zone)) for each in (start, end)]
    try:
        times = busy_times(sys.stdin.buffer.read(), *span)
    except Exception:  # of whatever kind: these are anybody's bytes
        times = None
    answer = None
    if times is not None:
        answer = [[int(begin.timestamp()), int(over.timestamp())] for begin, over in times]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[2:])
