"""The public pages that tell the rules and what is kept of people."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from accounts.services import privacy
from setahub.core import clock as when
from setahub.policy import source
from setahub.policy.current import DAY, NUMBERS, Changes, ExamWeek
from setahub.site import help as rules

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def page(path: str, language: str = "en") -> str:
    response = Client().get(path, headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def all_rules() -> str:
    return "\n".join(rule for section in rules.sections() for rule in section.rules)


class TestHelp:
    def test_it_tells_the_rules_in_the_faculty_s_numbers(self):
        html = page("/help/")
        for words in (
            "A time opens for booking 30 days before it, and closes 1 hour before it.",
            "You can have 5 upcoming bookings at once.",
            "You can wait for 3 requests at once",
            "Until 4 hours before the start you can move",
            "unless you booked in the last 15 minutes.",
            "From 10 minutes before the start, the room or the button",
            "From 10 minutes after the start, a TA may mark",
            "for 7 days.",
            "report it within 24 hours of the end.",
            "From year 2 on you can register",
            "up to 8 hours at a stretch, at most 180 days ahead",
            "15, 20, 30, 45, 60 minutes with 1 to 20 seats each.",
            "At most 30 messages and 10 pictures a minute.",
        ):
            assert words in html, words
        assert "The staff approve" not in html

    @pytest.mark.parametrize("name", NUMBERS)
    def test_a_number_that_staff_change_changes_it(self, name):
        before = all_rules()
        source.keep(Changes({name: NUMBERS[name].low + 5}))
        assert all_rules() != before

    def test_approval_is_told_where_it_is_needed(self):
        source.keep(Changes({"TA_APPROVAL": 1}))
        assert "The staff approve each registration" in all_rules()

    def test_without_notice_a_time_closes_when_it_starts(self):
        source.keep(Changes({"BOOKING_MIN_NOTICE": 0}))
        assert "and closes when it starts." in all_rules()

    def test_an_exam_week_to_come_is_told_with_what_differs(self):
        today = when.today()
        source.keep(
            Changes(
                {},
                [
                    ExamWeek(today - 9 * DAY, today - 3 * DAY, 1),
                    ExamWeek(today, today + 6 * DAY, 2, timedelta(hours=3)),
                ],
            )
        )
        weeks = [rule for rule in all_rules().splitlines() if rule.startswith("Exam week")]
        assert weeks == [
            "Exam week, 23 – 29 Nov 2026: at most 2 bookings, times close 3 hours before they start."
        ]

    def test_it_says_whom_to_ask(self, settings):
        settings.CONTACT_EMAIL = "coordinators@faculty.example"
        for path in ("/help/", "/privacy/"):
            assert 'href="mailto:coordinators@faculty.example"' in page(path)

    def test_in_thai_too(self):
        assert "จองล่วงหน้าได้ไม่เกิน 30 วัน" in page("/help/", "th")


class TestPrivacy:
    def test_it_tells_every_part_of_what_is_kept(self):
        for language in ("en", "th"):
            html = page("/privacy/", language)
            assert len(privacy.parts) >= 9
            with translation.override(language):
                for part in privacy.parts:
                    for words in (part.what, part.why, part.until):
                        assert str(words).replace("'", "&#x27;") in html

    def test_how_long_a_device_is_kept_is_the_setting_s(self):
        assert "unused for 30 days" in page("/privacy/")


def test_a_footer_leads_to_both_from_every_page(student, sign_in):
    for html in (page("/"), sign_in(student).get("/bookings/").content.decode()):
        foot = html.partition('<footer class="foot">')[2]
        assert 'href="/help/"' in foot
        assert 'href="/privacy/"' in foot
