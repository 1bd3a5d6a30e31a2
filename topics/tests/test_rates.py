"""Nobody fills the list of topics: ten new ones a day of one person."""

from datetime import timedelta

import pytest

from setahub.policy.current import policy
from topics.models import Topic
from topics.services import create_topic


@pytest.mark.usefixtures("clock")
def test_the_form_says_so_and_keeps_what_was_typed(clock, settings, student, stranger, sign_in):
    assert policy.topics_a_day == 10
    settings.TOPICS_A_DAY = 2
    for name in ("Heaps", "Stacks"):
        create_topic(student, name)
    client, form = sign_in(student), {"name": "Queues", "description": "First in"}
    response = client.post("/topics/new/", form)
    page = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"]) == (429, "86400")
    assert "You have made 2 topics within a day." in page
    assert 'value="Queues"' in page
    assert sign_in(stranger).post("/topics/new/", form).status_code == 302
    clock.shift(timedelta(days=1))
    assert client.post("/topics/new/", {"name": "Rings"}).status_code == 302
    assert Topic.objects.filter(creator=student).count() == 3
