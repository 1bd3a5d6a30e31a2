"""Asking for time, joining who asks, and giving a place in line up."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Block, User
from accounts.queries.blocks import is_blocked
from accounts.services.notices import Happening, notify
from scheduling.errors import SchedulingError
from scheduling.models import Digest, HelpRequest, Part, PlaceInLine
from scheduling.models.requests import PlaceInLineQuerySet
from scheduling.queries.waiting import DIGEST_AT, asked_until, tas_to_tell
from scheduling.services import offers
from setahub.core import clock
from setahub.core.text import is_blank, trimmed
from setahub.core.web import ratelimit
from setahub.policy.current import policy
from topics.models import Registration, Topic

ASKED_DAYS = 14  # unless changed
A_DAY = timedelta(days=1)
WARNED_FROM = 9  # o'clock: a mail about tomorrow need not come at night


def ask(
    student: User,
    topic: Topic,
    question: str,
    *,
    ta: User | None = None,
    from_day: date,
    to_day: date,
    parts: Collection[str] = (),
    shared: bool = False,
) -> HelpRequest:
    """Take a place in line for time on a topic. Raises SchedulingError with the reason if not.

    The same again, while it stands, is the request that it made.
    """
    wished = " ".join(part for part in Part.values if part in parts)
    wished = "" if len(wished.split()) == len(Part.values) else wished
    question = trimmed(question)
    with transaction.atomic():
        people = {each.pk: each for each in User.objects.locked(student.pk)}
        same = HelpRequest.objects.open().filter(
            student=student, topic=topic, ta=ta, question=question, from_day=from_day,
            to_day=to_day, parts=wished, shared=shared,
        )  # fmt: skip
        if standing := same.first():
            return standing
        _check_may_wait(people[student.pk])
        _check_asked(student, topic, ta, question, from_day, to_day)
        check_rate(student)
        made = HelpRequest.objects.create(
            student=student, topic=topic, ta=ta, question=question, from_day=from_day,
            to_day=to_day, parts=wished, shared=shared,
        )  # fmt: skip
        PlaceInLine.objects.create(request=made, person=student)
    return made


def join(request: HelpRequest, person: User) -> PlaceInLine:
    """Take a place of one's own for what somebody else asked. Who has one already has it."""
    with transaction.atomic():
        locked = {each.pk: each for each in User.objects.locked(person.pk)}
        request = HelpRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if standing := PlaceInLine.objects.waiting().of(person.pk).filter(request=request).first():
            return standing
        check_joinable(request, person)
        _check_may_wait(locked[person.pk])
        try:
            with transaction.atomic():
                return PlaceInLine.objects.create(request=request, person=person)
        except IntegrityError:  # joined elsewhere a moment ago
            return PlaceInLine.objects.waiting().of(person.pk).get(request=request)


def leave(request: HelpRequest, person: User) -> None:
    """Give one's own place up; nobody else's ends. Who has none has left already."""
    with transaction.atomic():
        User.objects.locked(person.pk)
        offers.end_places(
            PlaceInLine.objects.waiting().of(person.pk).filter(request=request),
            PlaceInLine.End.LEFT,
        )


def close(request: HelpRequest, owner: User, *, solved: bool) -> None:
    """Its owner needs it no more; the places of others stay. Raises SchedulingError."""
    if request.student_id != owner.pk:
        raise SchedulingError("role", _("Only who asked can close a request."))
    how = PlaceInLine.End.SOLVED if solved else PlaceInLine.End.LEFT
    with transaction.atomic():
        User.objects.locked(owner.pk)
        offers.end_places(PlaceInLine.objects.waiting().of(owner.pk).filter(request=request), how)


def close_by_staff(request: HelpRequest) -> None:
    """End every place of it; who waited sees that it is closed. Raises SchedulingError."""
    with transaction.atomic():
        if not offers.end_places(request.places.waiting(), PlaceInLine.End.LEFT):
            raise SchedulingError("closed", _("Nobody waits for this any more."))


# --- What is gone -------------------------------------------------------------------------------


def leave_all(person: User) -> None:
    """Who is suspended or leaves the site waits no more."""
    offers.end_places(PlaceInLine.objects.waiting().of(person.pk), PlaceInLine.End.LEFT)


def end_naming(ta: User) -> None:
    """Nobody waits for somebody who is gone; they are told."""
    _end_gone(PlaceInLine.objects.waiting().filter(request__ta=ta.pk))


def end_for(topic: Topic, ta: User | None = None) -> None:
    """Nobody waits for a topic that is gone, or that the named TA no longer teaches."""
    waiting = PlaceInLine.objects.waiting().filter(request__topic=topic.pk)
    _end_gone(waiting if ta is None else waiting.filter(request__ta=ta.pk))


def end_between(one: User, other: User) -> None:
    """Nobody waits for somebody, or beside somebody, from whom a block parts them; they are told."""
    pair = [one.pk, other.pk]
    apart = ~Q(person=F("request__student")) & Q(request__student__in=pair)
    apart |= Q(request__ta__in=pair)
    _end_gone(PlaceInLine.objects.waiting().filter(apart, person__in=pair))


def _end_gone(waiting: PlaceInLineQuerySet) -> None:
    for place in offers.end_places(waiting, PlaceInLine.End.GONE):
        about = {"place": place.pk}
        notify(Happening("request_gone", place.person_id, f"gone-{place.pk}", about))


# --- Rules --------------------------------------------------------------------------------------


def check_joinable(request: HelpRequest, person: User) -> None:
    """It is shared, still open, and no block stands between the two."""
    if request.student_id == person.pk:
        raise SchedulingError("own", _("You asked this yourself."))
    blocked = Block.objects.others_of(person.pk)
    if not request.shared or not blocked.isdisjoint({request.student_id, request.ta_id}):
        raise SchedulingError("role", _("This request isn't open to others."))
    is_open = request.status == HelpRequest.Status.OPEN and not request.topic.is_archived
    if not is_open or request.to_day < clock.today():
        raise SchedulingError("closed", _("This request is closed."))
    if request.ta_id == person.pk:
        raise SchedulingError("role", _("This asks for time with you."))


def _check_may_wait(person: User) -> None:
    if not person.is_active:
        raise SchedulingError("inactive", _("This account can't ask for time."))
    check_limit(person)


def check_limit(person: User) -> None:
    """So many places in line at once and no more."""
    most = policy.max_requests
    if PlaceInLine.objects.waiting().of(person.pk).count() >= most:
        raise SchedulingError(
            "too_many",
            ngettext(
                "You have %(most)d place in line, which is the most at once. Leave one first.",
                "You have %(most)d places in line, which is the most at once. Leave one first.",
                most,
            )
            % {"most": most},
        )


def _check_asked(
    student: User, topic: Topic, ta: User | None, question: str, from_day: date, to_day: date
) -> None:
    if is_blank(question):
        raise SchedulingError.beside("question", _("Write what you need help with."))
    if topic.is_archived:
        raise SchedulingError.beside("topic", _("This topic was archived."))
    today = clock.today()
    last = today + policy.horizon
    if from_day < today:
        raise SchedulingError.beside("from_day", _("Choose today or a later day."))
    if to_day < from_day:
        raise SchedulingError.beside("to_day", _("The last day comes before the first."))
    if to_day > last:
        text = _("Time can be booked until %(day)s: choose that day or an earlier one.")
        raise SchedulingError.beside("to_day", text % {"day": clock.day_short(last)})
    if ta is None:
        return
    if ta.pk == student.pk:
        raise SchedulingError.beside("ta", _("You can't ask yourself."))
    teaches = Registration.objects.approved().filter(user=ta.pk, topic=topic).exists()
    if not teaches or not ta.is_active:
        raise SchedulingError.beside("ta", _("This TA doesn't teach that topic."))
    if is_blocked(student, ta.pk):
        raise SchedulingError("blocked", _("You can't ask this TA for time."), field="ta")


def check_rate(student: User) -> None:
    """TAs read each of them: not too many a day."""
    if not ratelimit.is_on():
        return
    lately = HelpRequest.objects.filter(student=student, created_at__gt=timezone.now() - A_DAY)
    if lately.count() >= policy.requests_a_day:
        raise SchedulingError(
            "rate_limited",
            _("You have asked very often today. Please wait until tomorrow."),
            seconds=int(A_DAY.total_seconds()),
        )


# --- With time ----------------------------------------------------------------------------------


def end_over() -> None:
    """Places whose last day has passed end."""
    today = clock.today()
    over = PlaceInLine.objects.waiting().filter(request__to_day__lt=today).order_by("pk")[:500]
    for place in over:
        with transaction.atomic():
            offers.end_places([place], PlaceInLine.End.OVER)


def warn() -> None:
    """Who waits and has tomorrow as the last day is told so, once."""
    now = clock.local(timezone.now())
    if now.hour < WARNED_FROM:
        return
    tomorrow = now.date() + A_DAY
    due = PlaceInLine.objects.waiting().filter(request__to_day=tomorrow, warned=False)
    for place in due.order_by("pk")[:500]:
        with transaction.atomic():
            if PlaceInLine.objects.filter(pk=place.pk, warned=False).update(warned=True):
                key, about = f"runs-out-{place.pk}", {"place": place.pk}
                notify(Happening("request_runs_out", place.person_id, key, about))


def tell_tas() -> None:
    """From six in the evening on: each TA hears once of what was asked that day, if anything was."""
    now = clock.local(timezone.now())
    if now.time() < DIGEST_AT:
        return
    day = now.date()
    told = Digest.objects.filter(day=day).values_list("ta", flat=True)
    for ta_id in set(tas_to_tell(day)) - set(told):
        with transaction.atomic():
            _row, is_new = Digest.objects.get_or_create(ta_id=ta_id, day=day)
            if is_new and (count := asked_until(ta_id, day).count()):
                about = {"day": day.isoformat(), "count": count}
                notify(Happening("new_requests", ta_id, f"requests-{day}", about))


def forget_digests() -> None:
    Digest.objects.filter(day__lt=clock.today() - A_DAY).delete()
