"""The inbox, a conversation and its history as pages, and what leads to them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block
from accounts.services import blocks
from chat import services
from chat.models import Message
from chat.queries.conversations import badge
from chat.services.rows import store
from scheduling.tests.factories import book, open_time, slots_of
from setahub.tests.own import unmarked


def path(person):
    return f"/messages/{person.pk}/"


def shown(html):
    return [int(pk) for pk in re.findall(r'data-message-id="(\d+)"', html)]


def get(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return unmarked(response.content.decode())


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        get(client, url)
    return len(caught)


class TestConversation:
    def test_the_latest_fifty_are_shown_and_older_ones_are_a_link_to_a_whole_page(
        self, settings, sign_in, say, student, ta
    ):
        settings.RATE_LIMITS = False
        ids = [say(student, ta, f"Message {number}").pk for number in range(60)]
        client = sign_in(student)
        page = get(client, path(ta))
        assert shown(page) == ids[10:]
        assert f'href="?before={ids[10]}"' in page
        older = get(client, f"{path(ta)}?before={ids[10]}")
        assert shown(older) == ids[:10]
        assert "<html" in older
        assert "To the newest messages" in older
        assert "?before=" not in older

    def test_days_and_the_first_unread_stand_between_messages(
        self, clock, sign_in, say, student, ta
    ):
        first = say(student, ta)
        services.mark_read(ta.pk, student.pk, first.pk)
        clock.shift(timedelta(days=1))
        say(student, ta)
        say(student, ta)
        page = get(sign_in(ta), path(student))
        days = re.findall(r"data-day-separator=.*?<span>(.*?)</span>", page)
        assert days == ["Yesterday", "Today"]
        divider = '<li class="chat-divider" data-unread-divider>'
        assert page.count(divider) == 1 + 1  # and the template

    def test_unread_ones_before_the_page_are_counted_and_it_has_no_line(
        self, settings, sign_in, say, student, ta
    ):
        settings.RATE_LIMITS = False
        for _ in range(60):
            say(student, ta)
        client = sign_in(ta)
        page = get(client, path(student))
        assert 'data-unread-above="10"' in page
        assert page.count('<li class="chat-divider" data-unread-divider>') == 1  # the template
        assert "data-unread-above" not in get(client, f"{path(student)}?before={shown(page)[0]}")
        services.mark_read(ta.pk, student.pk, shown(page)[0] - 1)
        page = get(client, path(student))
        assert "data-unread-above" not in page
        assert page.count('<li class="chat-divider" data-unread-divider>') == 2

    def test_the_first_heading_is_the_page_s_own_and_code_takes_the_focus(
        self, sign_in, say, student, ta
    ):
        say(student, ta, "```\n<pre>\n```")
        page = get(sign_in(ta), path(student))
        assert re.findall(r"<h(\d)", page)[0] == "1"
        assert (
            '<pre tabindex="0" role="group" aria-label="Code"><code>&lt;pre&gt;</code></pre>'
        ) in page

    def test_reporting_is_in_a_menu_of_each_message_of_the_other(self, sign_in, say, student, ta):
        message = say(student, ta)
        assert re.search(
            rf'<details class="chat-msg-menu" data-menu>\s*<summary.*?href="/messages/report/{message.pk}/"',
            get(sign_in(ta), path(student)),
            re.DOTALL,
        )
        assert "msg-menu" not in get(sign_in(student), path(ta))

    def test_one_time_is_enough_for_messages_of_one_minute(self, clock, sign_in, say, student, ta):
        say(student, ta)
        say(student, ta)
        clock.shift(timedelta(minutes=1))
        say(student, ta)
        page = get(sign_in(ta), path(student))
        assert len(re.findall(r'class="chat-msg chat-theirs chat-joined"', page)) == 1

    def test_the_newest_read_and_the_newest_unread_are_marked(
        self, clock, sign_in, say, student, ta
    ):
        say(student, ta)
        second = say(student, ta)
        services.mark_read(ta.pk, student.pk, second.pk)
        say(student, ta)
        states = re.findall(r"data-state>(.*?)</p>", get(sign_in(student), path(ta)))
        assert states == ["", "Read 09:00", "Sent"]

    def test_opening_marks_nothing_read_and_the_button_does(self, sign_in, say, student, ta):
        message = say(student, ta)
        client = sign_in(ta)
        assert "Mark as read" in get(client, path(student))
        assert badge(ta.pk)[0] == 1
        client.post(f"{path(student)}read/", {"last_id": message.pk})
        assert badge(ta.pk)[0] == 0
        assert "Mark as read" not in get(client, path(student))

    def test_the_picture_keeps_its_place_before_it_is_there(self, sign_in, student, ta):
        message = Message(
            sender=student, kind="image", width=1600, height=800, image="x", thumb="y"
        )
        store(message, ta.pk, ta.language)
        page = get(sign_in(ta), path(student))
        image = f"/messages/images/{message.pk}/"
        assert f'href="{image}"' in page
        assert f'src="{image}?size=thumb" alt="Picture" width="320" height="160"' in page

    def test_a_booking_is_a_card_and_the_next_one_is_in_the_head(
        self, clock, sign_in, ta, student, topic
    ):
        made = book(student, slots_of(open_time(ta, topic))[0])
        page = get(sign_in(ta), path(student))
        assert "Booked: Data Structures, Tue 24 Nov, 13:00" in page
        assert page.count(f'href="/bookings/{made.pk}/"') == 2

    def test_who_has_no_booking_finds_the_free_times(self, sign_in, student, ta):
        assert f'href="/users/{ta.pk}/timeslots/"' in get(sign_in(student), path(ta))

    def test_a_block_takes_the_composer_away_and_can_be_taken_back(self, sign_in, say, student, ta):
        say(student, ta)
        blocks.block(student, ta)
        mine, theirs = get(sign_in(student), path(ta)), get(sign_in(ta), path(student))
        for page in (mine, theirs):
            assert "No messages can be sent between you two." in page
            assert "<textarea" not in page
        assert "Unblock" in mine
        assert "You blocked" not in theirs
        response = sign_in(student).post(f"/users/{ta.pk}/unblock/", {"next": path(ta)})
        assert response.url == path(ta)
        assert not Block.objects.exists()

    @pytest.mark.parametrize(
        "text, status, words",
        [
            ("x" * 4001, 422, "A message has at most 4000 characters."),
            (" \n", 422, "Write something first."),
            ("\u200b\u2800\u3164", 422, "Write something first."),
        ],
    )
    def test_what_is_refused_keeps_what_was_typed(self, sign_in, student, ta, text, status, words):
        response = sign_in(student).post(path(ta), {"text": text})
        page = response.content.decode()
        assert response.status_code == status
        assert words in page
        assert text.strip() in page
        assert not Message.objects.exists()

    def test_what_a_block_refuses_keeps_what_was_typed(self, sign_in, say, student, ta):
        say(student, ta)
        blocks.block(ta, student)
        response = sign_in(student).post(path(ta), {"text": "Are you there?\n  Really?"})
        assert response.status_code == 403
        assert "No messages can be sent between you two." in response.content.decode()
        assert "Are you there?\n  Really?" in response.content.decode()

    def test_more_messages_and_conversations_cost_no_more_queries(
        self, sign_in, say, student, ta, topic, make_user
    ):
        client = sign_in(ta)
        book(student, slots_of(open_time(ta, topic))[0])
        say(student, ta)
        few = queries(client, path(student))
        book(student, slots_of(open_time(ta, topic, start="16:00", end="17:00"))[0])
        for number in range(3):
            say(make_user(f"Other {number}"), ta)
            say(student, ta)
        assert queries(client, path(student)) == few


class TestHistory:
    def test_missed_messages_come_oldest_first_with_what_the_other_has_read(
        self, clock, sign_in, say, student, ta
    ):
        first, second, third = (say(student, ta) for _ in range(3))
        services.mark_read(ta.pk, student.pk, second.pk)
        found = get(sign_in(student), f"{path(ta)}history/?after={first.pk}")
        assert shown(found) == [second.pk, third.pk]
        assert f'data-their-read-id="{second.pk}" data-their-read-at="09:00"' in found
        assert "data-more" not in found

    def test_more_than_two_hundred_say_so(self, settings, sign_in, say, student, ta):
        settings.RATE_LIMITS = False
        ids = [say(student, ta).pk for _ in range(202)]
        found = get(sign_in(student), f"{path(ta)}history/?after={ids[0] - 1}")
        assert shown(found) == ids[:200]
        assert "data-more" in found

    @pytest.mark.parametrize("value", ["x", "-1", "1" * 19, "²"])
    def test_garbage_is_a_bad_request(self, sign_in, student, ta, value):
        client = sign_in(student)
        for url in (f"{path(ta)}history/?after=", f"{path(ta)}?before="):
            assert client.get(url + value).status_code == 400


class TestInbox:
    def test_unread_ones_come_first_with_count_and_beginning(
        self, clock, sign_in, say, student, ta, stranger
    ):
        say(student, ta, "Old,\n and unread")
        clock.shift(timedelta(days=1))
        read = say(stranger, ta, "New, and read")
        services.mark_read(ta.pk, stranger.pk, read.pk)
        page = get(sign_in(ta), "/messages/")
        assert re.findall(r'data-conversation="(\d+)"', page) == [
            str(student.pk),
            str(stranger.pk),
        ]
        assert re.findall(r"data-preview>\s*(.*?)\s*</span>", page) == [
            "Old, and unread",
            "New, and read",
        ]
        assert re.findall(r"data-when>(.*?)</span>", page) == ["Mon", "09:00"]
        assert re.findall(r'data-unread-total="(\d+)"', page) == ["1", "1"]

    def test_it_says_what_to_do_while_it_is_empty(self, sign_in, student):
        assert "No messages yet" in get(sign_in(student), "/messages/")

    def test_it_has_pages(self, sign_in, say, ta, make_user):
        for number in range(31):
            say(make_user(f"Student {number}"), ta)
        client = sign_in(ta)
        first, second = get(client, "/messages/"), get(client, "/messages/?page=2")
        assert (first.count("data-conversation"), second.count("data-conversation")) == (30, 1)

    def test_more_conversations_cost_no_more_queries(self, sign_in, say, ta, make_user):
        client = sign_in(ta)
        say(make_user("One"), ta)
        one = queries(client, "/messages/")
        say(make_user("Two"), ta)
        say(make_user("Three"), ta)
        assert queries(client, "/messages/") == one


class TestOneClickAway:
    def test_from_a_profile_where_one_may_write(self, sign_in, student, ta, stranger):
        client = sign_in(student)
        assert f'href="{path(ta)}"' in get(client, f"/users/{ta.pk}/")
        assert f'href="{path(stranger)}"' not in get(client, f"/users/{stranger.pk}/")
        assert f'href="{path(ta)}"' not in get(sign_in(ta), f"/users/{ta.pk}/")

    def test_from_a_topic_unless_blocked(self, sign_in, student, ta, topic):
        client = sign_in(student)
        assert f'href="{path(ta)}"' in get(client, f"/topics/{topic.slug}/")
        blocks.block(ta, student)
        assert f'href="{path(ta)}"' not in get(client, f"/topics/{topic.slug}/")

    def test_from_a_booking_and_a_session(self, sign_in, ta, student, topic, staff):
        session = open_time(ta, topic)
        made = book(student, slots_of(session)[0])
        assert f'href="{path(ta)}"' in get(sign_in(student), f"/bookings/{made.pk}/")
        assert f'href="{path(student)}"' in get(sign_in(ta), f"/bookings/{made.pk}/")
        assert f'href="{path(student)}"' in get(sign_in(ta), f"/appointments/{session.pk}/")
        assert f'href="{path(student)}"' not in get(sign_in(staff), f"/appointments/{session.pk}/")

    def test_from_the_start_page_the_newest_three(self, sign_in, say, ta, make_user):
        people = [make_user(f"Student {number}") for number in range(4)]
        for person in people:
            say(person, ta)
        page = get(sign_in(ta), "/")
        assert re.findall(r'data-conversation="(\d+)"', page) == [
            str(person.pk) for person in people[:0:-1]
        ]


class TestReport:
    def test_it_shows_the_message_and_goes_back_to_the_conversation(
        self, sign_in, say, student, ta
    ):
        message = say(student, ta, "Rude words")
        client = sign_in(ta)
        url = f"/messages/report/{message.pk}/"
        assert "Rude words" in get(client, url)
        refused = client.post(url, {"reason": " "})
        assert refused.status_code == 422
        assert "Say in a few words what is wrong." in refused.content.decode()
        assert client.post(url, {"reason": "It is rude"}).url == path(student)
        report = message.reports.get()
        assert (report.reason, report.text, report.reporter) == ("It is rude", "Rude words", ta)
