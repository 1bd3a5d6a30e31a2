"""Who waits for time in the demo: on the topics of the demo's TA, and a seat held for its student."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from scheduling.models import HelpRequest, Offer, PlaceInLine, TimeSlot
from scheduling.queries.obstacles import unhindered
from scheduling.services import requests
from scheduling.services.holds import hold_until
from setahub.core import clock
from setahub.demo.people import STUDENT, STUDENTS, TA, Cast
from setahub.demo.topics import questions, slugs
from setahub.policy.current import policy
from topics.models import Topic

ASKED_DAYS = timedelta(days=13)


def ensure(cast: Cast) -> int:
    """A few requests, once. Returns how many."""
    if not {STUDENT, TA} <= set(cast.fresh):
        return 0
    student, ta = cast.users[STUDENT], cast.users[TA]
    others = [each for each in cast.of(STUDENTS) if each != student]
    taught = Topic.objects.taught_by(ta.pk).filter(slug__in=slugs()).order_by("pk")
    first, second = (list(taught) * 2)[:2]
    shared = _ask(others[0], first, 0, shared=True, parts=["evening"])
    joining = [*others[1:4], *([student] if policy.max_requests > 1 else [])]
    for person in joining:
        requests.join(shared, person)
    _ask(others[4], second, 1, shared=True)
    _ask(others[5], first, 2)
    _hold(_ask(student, second, 3), ta)
    return HelpRequest.objects.count()


def _ask(student: User, topic: Topic, number: int, **wish: object) -> HelpRequest:
    asked = questions(topic)
    days = {"from_day": clock.today(), "to_day": clock.today() + min(ASKED_DAYS, policy.horizon)}
    return requests.ask(student, topic, asked[number % len(asked)], **days, **wish)  # type: ignore[arg-type]


def _hold(asked: HelpRequest, ta: User) -> None:
    """A seat of the TA's, as if somebody had just given it back; nobody made up gets an email."""
    now = timezone.now()
    tomorrow = clock.day_bounds(clock.today() + timedelta(days=1))[1]
    free = TimeSlot.objects.free(topic_id=asked.topic_id).of_ta(ta.pk).with_ta().soonest()
    place = PlaceInLine.objects.get(request=asked, person=asked.student)
    for slot in free.filter(starts_at__gte=tomorrow)[:20]:
        until = hold_until(slot, now)
        if until is not None and unhindered([asked.student_id], slot):
            Offer.objects.create(
                slot=slot,
                student=asked.student,
                request=asked,
                place=place,
                turn=1,
                expires_at=until,
            )
            return
