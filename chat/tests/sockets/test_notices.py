"""What happened to somebody, in every tab of theirs and in no other, in their own language."""

import pytest

from accounts.models import Notice, User
from chat.tests.tabs import Tab, in_db
from scheduling.tests.factories import book, open_time, slots_of

pytestmark = pytest.mark.django_db(transaction=True)


def booked(student, ta, topic):
    return book(student, slots_of(open_time(ta, topic))[0])


async def test_it_reaches_its_person_in_their_language_and_nobody_else(
    people, student, ta, stranger, topic
):
    await User.objects.filter(pk=ta.pk).aupdate(language="th")
    tabs = [await Tab.of(ta), await Tab.of(ta)]
    theirs, strange = await Tab.of(student), await Tab.of(stranger)
    await in_db(booked)(student, ta, topic)
    notice = await Notice.objects.aget(user=ta)
    for tab in tabs:
        frame = await tab.next("notice")
        assert frame["title"].startswith("สมชาย ใจดี จองเวลากับคุณ")
        assert (frame["unread"], frame["url"]) == (1, f"/notifications/{notice.pk}/")
    for tab in (theirs, strange):
        assert [frame for frame in await tab.rest() if frame["type"] == "notice"] == []


async def test_reading_it_on_one_device_reaches_the_other(student, ta, topic, sign_in):
    tab = await Tab.of(ta)
    await in_db(booked)(student, ta, topic)
    await tab.next("notice")
    notice = await Notice.objects.aget(user=ta)
    client = await in_db(sign_in)(ta)
    await in_db(client.get)(f"/notifications/{notice.pk}/")
    assert await tab.next("notice.read") == {"type": "notice.read", "unread": 0}
