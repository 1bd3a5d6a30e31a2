"""Time: stored in UTC, computed and shown in the site's zone, in 24-hour form.

The one formatter for pages, emails and calendars.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from setahub.core.text import trimmed

# Days beyond have no use here, and sums with days near the ends of the calendar fail.
FIRST_YEAR, LAST_YEAR = 2000, 2200
A_MONDAY = date(2024, 1, 1)
CITIES = {"Bangkok": gettext_lazy("Bangkok")}  # that Thai has a name for
NO_BREAK = "\u00a0"
BUDDHIST = 543  # years that the Buddhist era is ahead
_EARLIEST, _LATEST = date.min + timedelta(days=2), date.max - timedelta(days=2)


def zone() -> ZoneInfo:
    """The site's time zone."""
    return ZoneInfo(settings.TIME_ZONE)


def local(moment: datetime) -> datetime:
    """``moment`` (aware) on the site's clock."""
    return moment.astimezone(zone())


def days_of(moments: Iterable[datetime]) -> list[date]:
    """The site's date at each of these."""
    here = zone()
    return [each.astimezone(here).date() for each in moments]


def today() -> date:
    """The site's date now."""
    return local(timezone.now()).date()


def at(day: date, clock: time) -> datetime:
    """The moment of ``clock`` on ``day`` on the site's clock.

    In UTC: what lies between two moments is then time that passes, also where a clock changes.
    """
    return datetime.combine(day, clock, tzinfo=zone()).astimezone(UTC)


def clock_fault(day: date, clock: time) -> str:
    """Why ``clock`` is no single moment of ``day`` on the site's clock, in words, or "".

    Where the clocks go forward a time is left out, where they go back one comes twice.
    """
    before, after = (
        datetime.combine(day, clock.replace(fold=fold), tzinfo=zone()).utcoffset()
        for fold in (0, 1)
    )
    if before is None or after is None or before == after:
        return ""
    if before < after:
        return _("%(time)s does not exist on this day: the clocks go forward.") % {
            "time": clock.strftime("%H:%M")
        }
    return _("%(time)s comes twice on this day: the clocks go back.") % {
        "time": clock.strftime("%H:%M")
    }


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of ``day`` and of the day after it.

    The first and last days of the calendar have no moments in every zone: the nearest that do stand
    in for them.
    """
    day = min(max(day, _EARLIEST), _LATEST)
    return at(day, time.min), at(day + timedelta(days=1), time.min)


def monday(day: date) -> date:
    """The Monday of the week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


def parse_date(text: str | None) -> date | None:
    """A date written ``YYYY-MM-DD``, or None for anything else, absent and absurd ones included."""
    day = read_date(text)
    return day if day and not year_refusal(day) else None


def read_date(text: str | None) -> date | None:
    """A date written ``YYYY-MM-DD``, of whatever year, or None for anything else."""
    try:
        return date.fromisoformat(trimmed(text or ""))
    except ValueError:
        return None


def year_refusal(day: date, *, first: int = FIRST_YEAR, last: int = LAST_YEAR) -> str:
    """Why a day that somebody typed can't be meant, in words: its year; "" when it can."""
    if first <= day.year <= last:
        return ""
    meant = day.year - BUDDHIST
    if first <= meant <= last:
        words = _("%(given)d is %(meant)d: type the year as %(meant)d.")
        return words % {"given": day.year, "meant": meant}
    words = _("%(given)d can't be right: choose a year from %(first)d to %(last)d.")
    return words % {"given": day.year, "first": first, "last": last}


def time_of_day(moment: datetime) -> str:
    """``13:30``."""
    return local(moment).strftime("%H:%M")


def time_range(start: datetime, end: datetime) -> str:
    """``13:30 – 14:00``."""
    return f"{time_of_day(start)} – {time_of_day(end)}"


def day_short(moment: datetime | date, on: date | None = None) -> str:
    """``Wed 25 Nov``, with the year when it is not that of ``on``: of today."""
    return _dated(moment, "D j M", on)


def day_long(moment: datetime | date, on: date | None = None) -> str:
    """``Wednesday 25 November``."""
    return _dated(moment, pgettext("how a long day is written", "l j F"), on)


def weekday(number: int, written: str = "l") -> str:
    """``Monday`` for 0."""
    return date_format(A_MONDAY + timedelta(days=number), written)


def written_day(day: date, written: str) -> str:
    """A day in one of Django's formats. In Thai in one piece: its lines break at the few spaces that
    there are, and would part the number from the month."""
    words = date_format(day, written)
    return words.replace(" ", NO_BREAK) if get_language() == "th" else words


def _dated(moment: datetime | date, written: str, on: date | None) -> str:
    day = local(moment).date() if isinstance(moment, datetime) else moment
    words = written_day(day, written)
    return words if day.year == (on or today()).year else f"{words} {year(day)}"


def day_and_year(day: date) -> str:
    """``25 Nov 2026``."""
    return f"{written_day(day, 'j M')} {year(day)}"


def days_range(first: date, last: date) -> str:
    """``23 – 29 Nov 2026``, ``30 Nov – 6 Dec 2026``, ``28 Dec 2026 – 3 Jan 2027``."""
    if first.year != last.year:
        begin = day_and_year(first)
    else:
        begin = str(first.day) if first.month == last.month else written_day(first, "j M")
    return f"{begin} – {day_and_year(last)}"


def month(day: date) -> str:
    """``November 2026``."""
    return f"{date_format(day, 'F')} {year(day)}"


def year(day: date) -> int:
    """The year as people are shown it: in Thai of the Buddhist era."""
    return day.year + (BUDDHIST if get_language() == "th" else 0)


def soon(moment: datetime, on: date | None = None) -> str:
    """``today 16:00``, ``tomorrow 09:30``, ``Fri 13:00`` within a week, ``Wed 2 Dec 13:00``."""
    on = on or today()
    day, hour = local(moment).date(), time_of_day(moment)
    ahead = (day - on).days
    if ahead == 0:
        return _("today %(time)s") % {"time": hour}
    if ahead == 1:
        return _("tomorrow %(time)s") % {"time": hour}
    return f"{date_format(day, 'D') if ahead < 7 else day_short(day, on)} {hour}"


def day_name(moment: datetime | date, on: date | None = None) -> str:
    """``Today``, ``Tomorrow``, else ``Wed 25 Nov``, as it is called ``on`` a day: today."""
    day = local(moment).date() if isinstance(moment, datetime) else moment
    on = on or today()
    match (day - on).days:
        case 0:
            return _("Today")
        case 1:
            return _("Tomorrow")
        case -1:
            return _("Yesterday")
    return day_short(day, on)


def full(moment: datetime) -> str:
    """``Wed 25 Nov, 13:30``."""
    return together(day_short(moment), time_of_day(moment))


def together(day: str, time: str) -> str:
    """A day and a time, each in words; not every language puts a comma between them."""
    return pgettext("a day and a time", "%(day)s, %(time)s") % {"day": day, "time": time}


def full_range(start: datetime, end: datetime) -> str:
    """``Wed 25 Nov, 13:30 – 14:00``."""
    return together(day_short(start), time_range(start, end))


def zone_name(moment: datetime) -> str:
    """The zone that times are given in, for people elsewhere: ``Bangkok time, UTC+7``."""
    shift = local(moment).utcoffset() or timedelta(0)
    minutes = int(shift.total_seconds() // 60)
    offset = "UTC"
    if minutes:
        hours, rest = divmod(abs(minutes), 60)
        offset += f"{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}"
    area, _slash, city = settings.TIME_ZONE.rpartition("/")
    if not area or area == "Etc":
        return offset
    return _("%(city)s time, %(offset)s") % {
        "city": CITIES.get(city, city.replace("_", " ")),
        "offset": offset,
    }


def until(moment: datetime) -> str:
    """How far ahead ``moment`` lies, in words: ``in 20 min``, ``in 3 hours``, ``in 2 days``."""
    ahead = moment - timezone.now()
    if ahead <= timedelta(0):
        return _("now")
    days = (local(moment).date() - today()).days
    if ahead >= timedelta(hours=12) and days >= 1:
        return _("tomorrow") if days == 1 else ngettext("in %d day", "in %d days", days) % days
    hours, minutes = int(ahead.total_seconds() // 3600), int(ahead.total_seconds() // 60)
    if hours:
        return ngettext("in %d hour", "in %d hours", hours) % hours
    return _("in %d min") % max(minutes, 1)


def ago(moment: datetime) -> str:
    """When something lately was, as short as it can be: ``14:02``, ``Mon``, ``3 Nov``."""
    day = local(moment).date()
    past = (today() - day).days
    if past == 0:
        return time_of_day(moment)
    if 0 < past < 7:
        return date_format(day, "D")
    return _dated(day, "j M", None)
