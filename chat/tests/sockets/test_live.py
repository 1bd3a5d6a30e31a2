"""What one tab shows of the other person: typing, reading, being there."""

import pytest
from django.core.cache import caches

from accounts.services import blocks
from chat import consumers, presence
from chat.tests.tabs import Tab, in_db
from setahub.core.live.subscriptions import hub

pytestmark = pytest.mark.django_db(transaction=True)


class TestTyping:
    async def test_the_other_sees_it_and_nobody_else(self, student, ta, stranger):
        tab, theirs, strange = await Tab.of(student), await Tab.of(ta), await Tab.of(stranger)
        await tab.say("typing", to=ta.pk)
        assert await theirs.next() == {"type": "typing", "from": student.pk}
        assert await tab.rest() == []
        assert await strange.rest() == []

    async def test_at_most_every_three_seconds(self, student, ta, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr(consumers, "monotonic", lambda: now[0])
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        for moment in (0, 1, 2.9, 3, 5.9, 6):
            now[0] = 1000.0 + moment
            await tab.say("typing", to=ta.pk)
            await tab.say("ping")
            await tab.next("pong")
        assert await theirs.rest() == [{"type": "typing", "from": student.pk}] * 3

    @pytest.mark.parametrize(
        ("whom", "code"), [("student", "invalid"), ("stranger", "not_allowed"), ("ta", "blocked")]
    )
    async def test_it_needs_the_same_right_as_a_message(self, people, whom, code):
        person = people[whom]
        await in_db(blocks.block)(people["ta"], people["student"])
        tab, theirs = await Tab.of(people["student"]), await Tab.of(person)
        await tab.say("typing", to=person.pk)
        error = await tab.next()
        assert (error["type"], error["code"], error["client_id"]) == ("error", code, None)
        assert await theirs.rest() == []


class TestRead:
    async def test_both_are_told_in_every_tab_and_the_reader_s_badges_fall(self, say, student, ta):
        first, second = [await in_db(say)(student, ta, text) for text in ("One", "Two")]
        tab, theirs, their_other = await Tab.of(student), await Tab.of(ta), await Tab.of(ta)
        await theirs.say("message.read", other=student.pk, last_id=first.pk)
        read = {"type": "message.read", "by": ta.pk, "last_id": first.pk}
        unread = {"type": "unread", "total": 1, "with": student.pk, "count": 1}
        assert await tab.next() == read
        assert [await theirs.next(), await theirs.next()] == [read, unread]
        assert await their_other.rest() == [read, unread]
        await theirs.say("message.read", other=student.pk, last_id=second.pk)
        assert (await theirs.next("unread")) == {**unread, "total": 0, "count": 0}

    async def test_it_never_goes_back_and_says_nothing_new_twice(self, say, student, ta):
        message = await in_db(say)(student, ta)
        tab, theirs = await Tab.of(student), await Tab.of(ta)
        for last_id in (message.pk, message.pk, 1, message.pk + 1000):
            await theirs.say("message.read", other=student.pk, last_id=last_id)
        await theirs.say("ping")
        await theirs.next("pong")
        # The message itself may still be on its way to a page that is opened just then.
        told = [each for each in await tab.rest() if each["type"] != "message"]
        assert told == [{"type": "message.read", "by": ta.pk, "last_id": message.pk}]

    async def test_with_somebody_one_never_wrote_to_it_is_nothing(self, student, stranger):
        tab = await Tab.of(student)
        await tab.say("message.read", other=stranger.pk, last_id=1)
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"


class TestPresence:
    async def test_who_shares_a_conversation_sees_it_come_and_go(self, say, student, ta):
        await in_db(say)(student, ta)
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        gone = {"type": "presence", "user": ta.pk, "online": False}
        assert await tab.next() == gone
        theirs = await Tab.of(ta)
        assert await tab.next() == {**gone, "online": True}
        second = await Tab.of(ta)
        await theirs.disconnect()
        await second.disconnect()
        await tab.say("ping")
        assert (await tab.next())["type"] == "pong"
        await in_db(self.minute_passes)(ta)
        await tab.say("ping")
        assert [await tab.next(), (await tab.next())["type"]] == [gone, "pong"]
        await Tab.of(ta)
        assert await tab.next() == {**gone, "online": True}

    def minute_passes(self, user):
        """The cache forgets them: it counts real seconds when it is Redis."""
        assert caches["shared"].delete(f"online.{user.pk}")

    def test_one_is_online_for_a_minute(self, student, monkeypatch):
        kept = []
        monkeypatch.setattr(caches["shared"], "set", lambda *args: kept.append(args))
        presence.touch(student.pk)
        assert kept == [(f"online.{student.pk}", True, 60)]

    async def test_watching_answers_at_once(self, say, student, ta):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        assert await tab.next() == {"type": "presence", "user": ta.pk, "online": True}
        await theirs.disconnect()

    async def test_a_ping_keeps_one_online(self, say, student, ta):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await in_db(self.minute_passes)(ta)
        await theirs.say("ping")
        await theirs.next("pong")
        await tab.say("watch", other=ta.pk)
        assert (await tab.next("presence"))["online"] is True

    @pytest.mark.parametrize("whom", ["ta", "stranger"])
    async def test_nobody_else_learns_it(self, people, whom):
        person = people[whom]
        theirs, tab = await Tab.of(person), await Tab.of(people["student"])
        await tab.say("watch", other=person.pk)
        assert await tab.next() == {"type": "presence", "user": person.pk, "online": False}
        await theirs.disconnect()
        await Tab.of(person)
        assert await tab.rest() == []

    async def test_a_tab_watches_one_conversation_or_none(self, say, student, ta, make_user):
        other = await in_db(make_user)("Other")
        await in_db(say)(student, ta)
        tab = await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        await tab.next("presence")
        assert len(hub().members(f"watch.{ta.pk}")) == 1
        await tab.say("watch", other=other.pk)
        await tab.next("presence")
        assert len(hub().members(f"watch.{ta.pk}")) == 0
        await tab.say("watch", other=ta.pk)
        await tab.next("presence")
        await tab.say("watch", other=None)
        await tab.say("ping")
        await tab.next("pong")
        assert len(hub().members(f"watch.{ta.pk}")) == 0
