"""What the pages of a TA's hours show: one's own, and a record as anybody sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.conf import settings
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, npgettext
from django.utils.translation import gettext as _

from accounts.models import User
from scheduling.forms.records import IssueForm, SpanForm
from scheduling.models import Record
from scheduling.queries.hours import seats_of, waiting_times
from scheduling.queries.records import records_of
from scheduling.queries.sums import Hours, Sum, sum_up, within
from scheduling.terms import Term, terms_of
from setahub.core import clock, numerals, qr
from setahub.core.web.paging import Page, paginate

LANGUAGES = ("th", "en")  # of a record, side by side
TOPICS_SHOWN = 7  # on one sheet of paper
Made = TypeVar("Made")
HOUR = 60
NO_BREAK = "\N{NO-BREAK SPACE}"


def length(minutes: int) -> str:
    """``12 hours 30 minutes``."""
    hours, rest = divmod(minutes, HOUR)
    parts = []
    if hours or not rest:
        parts.append(ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours})
    if rest:
        parts.append(ngettext("%(number)d minute", "%(number)d minutes", rest) % {"number": rest})
    return " ".join(parts)


def length_in_words(minutes: int) -> str:
    """``twelve hours thirty minutes``; Thai writes it without spaces."""
    hours, rest = divmod(minutes, HOUR)
    parts = []
    if hours or not rest:
        words = npgettext("written out", "%(number)s hour", "%(number)s hours", hours)
        parts.append(words % {"number": _in_words(hours)})
    if rest:
        words = npgettext("written out", "%(number)s minute", "%(number)s minutes", rest)
        parts.append(words % {"number": _in_words(rest)})
    return ("" if get_language() == "th" else " ").join(parts)


def _in_words(number: int) -> str:
    return numerals.in_words(number, get_language() or "en")


def times(count: int) -> str:
    return ngettext("%(count)d time", "%(count)d times", count) % {"count": count}


def day_in_full(day: date) -> str:
    """``25 November 2026``."""
    return f"{clock.written_day(day, 'j F')} {clock.year(day)}"


def span_in_full(first: date, last: date) -> str:
    """``1 August 2026 – 25 November 2026``, which breaks between its days alone."""
    begin, end = (day_in_full(day).replace(" ", NO_BREAK) for day in (first, last))
    return f"{begin}{NO_BREAK}– {end}"


# --- One's own page -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Sums of a term or a topic, in words."""

    name: str
    times: str
    hours: str
    verified: str
    term: Term | None = None

    @classmethod
    def of(cls, name: str, one: Sum, term: Term | None = None) -> "Row":
        return cls(name, times(one.times), length(one.minutes), length(one.verified_minutes), term)


@dataclass(frozen=True)
class MyRecord:
    """``total`` and ``topics`` of the span that is looked at, ``terms`` of all there is; ``waits``: how
    many times don't count while staff decide about a report."""

    first: date
    last: date
    span: str
    whole: bool
    form: SpanForm
    issue_form: IssueForm
    total: Row
    topics: Sequence[Row]
    terms: Sequence[Row]
    waits: int
    page: Page[Record]

    @classmethod
    def of(
        cls, ta: User, asked: Mapping[str, str], issue_form: IssueForm | None = None
    ) -> "MyRecord":
        """``asked``: an address, whose ``from`` and ``to`` count where they are days in this order.
        Three queries, however much there is."""
        seats, today = seats_of(ta), clock.today()
        begin = min((seat.day for seat in seats), default=Term.on(today).first)
        first = clock.parse_date(asked.get("from")) or begin
        last = clock.parse_date(asked.get("to")) or today
        if last < first:
            first, last = begin, today
        hours = sum_up(within(seats, first, last))
        issue_form = issue_form or IssueForm(initial={"from_day": first, "to_day": last})
        terms = terms_of(seat.day for seat in seats)
        return cls(
            first=first,
            last=last,
            span=span_in_full(first, last),
            whole=(first, last) == (begin, today),
            form=SpanForm(first, last, (begin, today)),
            issue_form=issue_form,
            total=Row.of("", hours.total),
            topics=[Row.of(name, one) for name, one in hours.topics],
            terms=[_of_term(term, sum_up(within(seats, term.first, term.last))) for term in terms],
            waits=waiting_times(ta),
            page=paginate(records_of(ta), asked.get("page")),
        )


def _of_term(term: Term, hours: Hours) -> Row:
    return Row.of(term.name, hours.total, term)


# --- A record, as anybody sees it ---------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """A line in one language. ``words``: what its number is, written out."""

    code: str
    label: str
    value: str
    words: str = ""


@dataclass(frozen=True)
class Line:
    """A numbered line in each language, to be compared; ``plain``: its value is the same in each."""

    number: int
    sides: Sequence[Side]
    plain: bool


@dataclass(frozen=True)
class Texts:
    """What stands around the lines, in one language."""

    code: str
    title: str
    about: str
    verified: str
    counted: str
    check: str
    code_label: str

    @classmethod
    def of(cls) -> "Texts":
        return cls(
            code=get_language() or "en",
            title=_("Record of volunteer teaching"),
            about=_("Hours that a senior student gave as a volunteer TA to help other students."),
            verified=_(
                "Verified: at that time a student typed a code that only the TA's screen showed. The "
                "other hours are those that the booking system kept without it."
            ),
            counted=_(
                "Each time counts once, however many students came. Cancelled ones never count, nor "
                "does one to which the TA did not come; one to which a student did not come does."
            ),
            check=_(
                "To check this sheet, scan the code or open the address. Each numbered line and the "
                "check code must read the same there."
            ),
            code_label=_("Check code"),
        )


@dataclass(frozen=True)
class RecordPage:
    """The same for everybody: it knows no viewer. Its lines stand on one sheet of paper."""

    record: Record
    faculty: str
    texts: Sequence[Texts]
    lines: Sequence[Line]
    code: str
    address: str
    qr: SafeString

    @classmethod
    def of(cls, record: Record, site: str) -> "RecordPage":
        """``site``: what its address begins with."""
        address = site + record.get_absolute_url()
        return cls(
            record=record,
            faculty=settings.FACULTY_NAME,
            texts=_in_each(Texts.of),
            lines=_lines(record),
            code=record.code,
            address=address,
            qr=qr.svg(address),
        )


def _in_each(make: Callable[[], Made]) -> list[Made]:
    """What it gives in each language of a record."""
    made = []
    for code in LANGUAGES:
        with translation.override(code):
            made.append(make())
    return made


def ended_title() -> str:
    """The title of a record that has ended, in each language."""
    return " · ".join(_in_each(lambda: _("This record is no longer valid")))


def _lines(record: Record) -> list[Line]:
    in_each = zip(*_in_each(lambda: _sides(record)), strict=True)
    return [
        Line(number, sides, len({side.value for side in sides}) == 1)
        for number, sides in enumerate(in_each, start=1)
    ]


def _sides(record: Record) -> list[Side]:
    """The lines in the language that is read now."""
    code = get_language() or "en"
    total = Sum(**record.sums)
    span = span_in_full(record.from_day, record.to_day) if record.from_day and record.to_day else ""
    verified = length(total.verified_minutes), length_in_words(total.verified_minutes)
    return [
        Side(code, _("Name"), record.name),
        Side(code, _("Period"), span),
        Side(code, _("Times given"), times(total.times)),
        Side(code, _("Hours given"), length(total.minutes), length_in_words(total.minutes)),
        *([Side(code, _("Of these verified"), *verified)] if total.minutes else []),
        *(Side(code, _("Topic"), *topic) for topic in _topics(record)),
        Side(code, _("Issued on"), day_in_full(clock.local(record.created_at).date())),
    ]


def _topics(record: Record) -> list[tuple[str, str]]:
    """Each topic and its hours; beyond what a sheet has room for, the rest as one."""
    each = [(topic.pop("name"), Sum(**topic)) for topic in map(dict, record.topics)]
    if len(each) > TOPICS_SHOWN:
        rest = each[TOPICS_SHOWN - 1 :]
        words = ngettext("%(count)d other topic", "%(count)d other topics", len(rest))
        others = words % {"count": len(rest)}, sum((one for _name, one in rest), Sum())
        each = [*each[: TOPICS_SHOWN - 1], others]
    return [(name, f"{times(one.times)}, {length(one.minutes)}") for name, one in each]
