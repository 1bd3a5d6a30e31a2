"""What the demo's student holds as favourites."""

from collections.abc import Mapping

from accounts.services import stars as people
from setahub.demo.people import STUDENT, TA, Cast
from topics.models import Topic
from topics.services import stars as topics

TOPIC = "database-systems"


def ensure(cast: Cast, known: Mapping[str, Topic]) -> None:
    """A TA and a topic, made along with the student; what was taken off since stays so."""
    if STUDENT not in cast.fresh:
        return
    student = cast.users[STUDENT]
    people.star(student, cast.users[TA], True)
    if topic := known.get(TOPIC):
        topics.star(student, topic, True)
