"""Over a block, of either direction, nobody learns what the other does; the page stays."""

import re

import pytest

from accounts.services import blocks
from chat import presence, services
from chat.models import Message
from chat.tests.tabs import Tab, in_db
from setahub.core.live.subscriptions import hub


@pytest.mark.django_db(transaction=True)
class TestPresence:
    @pytest.mark.parametrize("blocker", ["student", "ta"])
    async def test_a_watcher_is_told_nothing_true(self, say, student, ta, blocker):
        await in_db(say)(student, ta)
        pair = (student, ta) if blocker == "student" else (ta, student)
        await in_db(blocks.block)(*pair)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        assert await tab.next() == {"type": "presence", "user": ta.pk, "online": False}
        assert len(hub().members(f"watch.{ta.pk}")) == 0
        await theirs.disconnect()

    async def test_a_block_made_now_hides_each_from_the_other_and_unblocking_shows_them(
        self, say, student, ta
    ):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        await theirs.say("watch", other=student.pk)
        assert (await tab.next("presence"))["online"] is True
        assert (await theirs.next("presence"))["online"] is True
        await in_db(blocks.block)(ta, student)
        assert (await tab.next("presence"))["online"] is False
        assert (await theirs.next("presence"))["online"] is False
        await in_db(blocks.unblock)(ta, student)
        assert (await tab.next("presence"))["online"] is True
        assert (await theirs.next("presence"))["online"] is True

    async def test_a_ping_notices_a_block_of_which_no_event_came(
        self, say, student, ta, monkeypatch
    ):
        await in_db(say)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await tab.say("watch", other=ta.pk)
        assert (await tab.next("presence"))["online"] is True
        monkeypatch.setattr("chat.receivers.events.block", lambda *people: None)
        await in_db(blocks.block)(ta, student)
        await tab.say("ping")
        assert (await tab.next("presence", "pong")) == {
            "type": "presence",
            "user": ta.pk,
            "online": False,
        }
        assert len(hub().members(f"watch.{ta.pk}")) == 0
        await theirs.disconnect()

    async def test_what_is_read_now_is_not_told(self, say, student, ta):
        message = await in_db(say)(student, ta)
        await in_db(blocks.block)(student, ta)
        theirs, tab = await Tab.of(ta), await Tab.of(student)
        await theirs.say("message.read", last_id=message.pk, other=student.pk)
        assert (await theirs.next("message.read"))["last_id"] == message.pk
        assert [frame["type"] for frame in await tab.rest()] == []


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def talk(self, say, student, ta):
        message = say(student, ta)
        say(ta, student)
        services.mark_read(ta.pk, student.pk, message.pk)
        presence.touch(ta.pk)
        return message

    def shown(self, client, person):
        return client.get(f"/messages/{person.pk}/").content.decode()

    def test_before_it_one_sees_the_other_online_and_what_they_read(
        self, sign_in, talk, student, ta
    ):
        page = self.shown(sign_in(student), ta)
        assert "data-presence>Online<" in page
        assert f'data-their-read-id="{talk.pk}"' in page

    @pytest.mark.parametrize("blocker", ["student", "ta"])
    def test_neither_is_shown_over_it(self, sign_in, talk, student, ta, blocker):
        blocks.block(*((student, ta) if blocker == "student" else (ta, student)))
        client = sign_in(student)
        for page in (
            self.shown(client, ta),
            client.get(f"/messages/{ta.pk}/history/?after=0").content.decode(),
        ):
            assert "data-presence" not in page
            assert "Online" not in page.split('id="chat-words"')[0]
            assert 'data-their-read-id="0" data-their-read-at=""' in page
            assert "Hello" in page

    def test_blocking_from_an_empty_conversation_leads_back_to_a_page_that_says_so(
        self, sign_in, student, ta
    ):
        client = sign_in(student)
        page = self.shown(client, ta)
        [back] = set(re.findall(r'name="next" value="([^"]+)"', page))
        response = client.post(f"/users/{ta.pk}/block/", {"next": back}, follow=True)
        assert response.status_code == 200
        assert "You blocked this person; unblock them in the menu above." in (
            response.content.decode()
        )
        response = client.post(f"/users/{ta.pk}/unblock/", {"next": back}, follow=True)
        assert "<textarea" in response.content.decode()

    def test_who_was_blocked_before_the_first_message_gets_words_and_keeps_theirs(
        self, sign_in, student, ta
    ):
        blocks.block(ta, student)
        client = sign_in(student)
        assert "No messages can be sent between you two." in self.shown(client, ta)
        response = client.post(f"/messages/{ta.pk}/", {"text": "Are you there?"})
        assert response.status_code == 403
        assert "Are you there?" in response.content.decode()
        assert not Message.objects.exists()

    def test_a_block_opens_no_page_that_there_was_not(self, sign_in, student, stranger):
        blocks.block(stranger, student)
        for one, other in ((student, stranger), (stranger, student), (student, student)):
            assert sign_in(one).get(f"/messages/{other.pk}/").status_code == 404
