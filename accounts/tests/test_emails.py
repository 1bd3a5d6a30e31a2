"""Which emails a person gets: switches on their page, one click in a mail program, and the mail
itself."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.models import MailKind
from accounts.notifications import write_to
from accounts.services import profiles, suspensions
from accounts.tokens import read_unsubscribe, unsubscribe_token
from setahub.core.mail import Attachment, Email
from setahub.core.work.tasks import GiveUp

pytestmark = pytest.mark.django_db

LETTER = Email(
    subject="Booked:\nTrees & <graphs>",
    lead=["น้ำฝน has time for you."],
    facts=[("When", "Wed 25 Nov, 13:30"), ("Place", "https://meet.example/a?b=1&c=2")],
    quotes=[("Question", "Why <b>rotate</b>?\nHow?")],
    action=("See the booking", "/bookings/7/"),
)


@pytest.fixture
def path(student):
    """Where one switches the emails about bookings off."""
    return f"/email/unsubscribe/{unsubscribe_token(student, MailKind.BOOKINGS)}/"


def wants(user) -> list[str]:
    user.refresh_from_db()
    return [kind.value for kind in MailKind if user.wants_mail(kind)]


class TestSwitches:
    def test_all_are_on_at_first(self, student, sign_in):
        html = sign_in(student).get("/users/me/notifications/").content.decode()
        assert re.findall(r'name="(\w+)"[^>]* checked', html) == MailKind.values

    def test_what_is_not_ticked_is_off(self, student, sign_in):
        response = sign_in(student).post(
            "/users/me/notifications/", {"reminders": "on", "teaching": "on"}
        )
        assert (response.status_code, response.url) == (302, "/users/me/")
        assert wants(student) == ["reminders", "teaching"]
        html = sign_in(student).get("/users/me/notifications/").content.decode()
        assert re.findall(r'name="(\w+)"[^>]* checked', html) == ["reminders", "teaching"]

    def test_a_switch_that_another_tab_switched_stays(self, student, sign_in):
        client = sign_in(student)
        html = client.get("/users/me/notifications/").content.decode()
        base = re.search(r'name="base" value="([^"]+)"', html)[1]
        profiles.choose_mail(student.pk, {MailKind.BOOKINGS: False})
        sent = {"bookings": "on", "messages": "on", "teaching": "on", "base": base}
        assert client.post("/users/me/notifications/", sent).status_code == 302
        assert wants(student) == ["messages", "teaching"]

    def test_ones_own_page_names_them(self, student, sign_in):
        profiles.choose_mail(student.pk, {MailKind.REMINDERS: False})
        html = sign_in(student).get("/users/me/").content.decode()
        assert re.search(r"not: </span>Reminders", html)
        assert not re.search(r"not: </span>Bookings", html)

    def test_nobody_elses_change(self, student, ta, sign_in):
        sign_in(student).post("/users/me/notifications/", {})
        assert wants(ta) == MailKind.values


class TestUnsubscribing:
    def test_looking_changes_nothing(self, student, path):
        html = Client().get(path).content.decode()
        assert "Stop these emails?" in html
        assert student.email not in html
        assert wants(student) == MailKind.values

    def test_one_click_of_a_mail_program_needs_no_sign_in_and_no_csrf_token(self, student, path):
        client = Client(enforce_csrf_checks=True)
        response = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200  # RFC 8058: no redirect
        assert wants(student) == ["waiting", "reminders", "messages", "teaching"]
        client.post(path, {"List-Unsubscribe": "One-Click"})
        assert wants(student) == ["waiting", "reminders", "messages", "teaching"]

    def test_the_page_switches_off_and_on_again(self, student, path):
        client = Client(enforce_csrf_checks=True)
        response = client.post(path)
        assert (response.status_code, response.url) == (302, path)
        assert "These emails have stopped" in client.get(path).content.decode()
        assert wants(student) == ["waiting", "reminders", "messages", "teaching"]
        client.post(path, {"again": "1"})
        assert wants(student) == MailKind.values

    def test_it_works_with_an_old_key_of_the_site(self, student, path, settings):
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new key"
        token = path.split("/")[3]
        assert read_unsubscribe(token) == (student, MailKind.BOOKINGS)
        settings.SECRET_KEY_FALLBACKS = []
        assert read_unsubscribe(token) is None

    @pytest.mark.parametrize(
        "token", ["x", "1-bookings", "1-bookings.abc", "%00", "ก-bookings.x", "a.b.c", "1"]
    )
    def test_anything_else_is_not_found(self, student, token):
        assert Client().get(f"/email/unsubscribe/{token}/").status_code == 404
        assert Client().post(f"/email/unsubscribe/{token}/").status_code == 404

    def test_it_opens_nothing_of_another_kind_or_person(self, student, ta, path):
        token = path.split("/")[3]
        for forged in (
            token.replace("bookings", "reminders"),
            token.replace(f"{student.pk}-", f"{ta.pk}-"),
        ):
            assert Client().post(f"/email/unsubscribe/{forged}/").status_code == 404

    def test_not_of_a_suspended_person(self, student, path):
        suspensions.suspend(student, actor=None, cancel_bookings=False)
        assert Client().post(path).status_code == 404


class TestLetter:
    @pytest.fixture
    def sent(self, student):
        assert write_to(student, MailKind.BOOKINGS, LETTER, key="booking-7-made")
        [message] = mail.outbox
        return message

    def test_goes_to_one_person_under_a_subject_of_one_line(self, sent, student):
        assert sent.recipients() == [student.email]
        assert sent.subject == "Booked: Trees & <graphs>"

    def test_text_says_it_all(self, sent, student):
        assert sent.body == (
            f"Hello สมชาย ใจดี,\n\n"
            "น้ำฝน has time for you.\n\n"
            "When: Wed 25 Nov, 13:30\n"
            "Place: https://meet.example/a?b=1&c=2\n\n"
            "Question:\n> Why <b>rotate</b>?\n> How?\n\n"
            "See the booking: http://localhost/bookings/7/\n\n"
            "Your SETAHub team\nFaculty\n\n"
            "-- \n"
            "No more emails of this kind: http://localhost/email/unsubscribe/"
            f"{unsubscribe_token(student, MailKind.BOOKINGS)}/\n"
            "All your email settings: http://localhost/users/me/notifications/\n\n"
        )

    def test_html_says_the_same_and_escapes_what_people_wrote(self, sent):
        [twin] = sent.alternatives
        assert twin.mimetype == "text/html"
        for part in (
            'Hello <bdi translate="no" class="nowrap">สมชาย ใจดี</bdi>,',
            '<td dir="auto">Wed 25 Nov, 13:30</td>',
            'href="https://meet.example/a?b=1&amp;c=2"',
            "Why &lt;b&gt;rotate&lt;/b&gt;?<br>How?",
            'href="http://localhost/bookings/7/">See the booking</a>',
            'href="http://localhost/users/me/notifications/"',
        ):
            assert part in twin.content

    def test_mail_programs_find_the_way_to_get_no_more(self, sent, student):
        headers = sent.message()
        token = unsubscribe_token(student, MailKind.BOOKINGS)
        assert headers["List-Unsubscribe"] == f"<http://localhost/email/unsubscribe/{token}/>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize(
        "subject",
        ["Booked", "x" * 120, "Booked: " + "D" * 90, "ยกเลิก: โครงสร้างข้อมูลและอัลกอริทึม " * 4],
    )
    def test_every_header_begins_beside_its_name(self, student, settings, subject):
        """Relays that unfold lines break the signature over a value that begins on the next."""
        settings.SITE_URL = "https://setahub.students.engineering.university.example"
        student.email = "a" * 60 + "@students.engineering.university.example"
        write_to(student, MailKind.BOOKINGS, replace(LETTER, subject=subject), key="key-" * 20)
        raw = mail.outbox[0].message().as_bytes(linesep="\r\n").partition(b"\r\n\r\n")[0]
        lines = raw.split(b"\r\n")
        assert not [line for line in lines if re.fullmatch(rb"[\w-]+:\s*", line)]
        assert max(map(len, lines)) < 998
        assert all(len(line) <= 76 for line in lines if b"=?utf-8?" in line)
        token = unsubscribe_token(student, MailKind.BOOKINGS)
        whole = f"List-Unsubscribe: <{settings.SITE_URL}/email/unsubscribe/{token}/>"
        assert whole.encode() in lines
        read = message_from_bytes(raw, policy=policy.default)
        assert read["Subject"] == " ".join(subject.split())

    def test_sent_again_it_is_the_same_message(self, sent, student):
        write_to(student, MailKind.BOOKINGS, LETTER, key="booking-7-made")
        ids = [message.message()["Message-ID"] for message in mail.outbox]
        assert ids == [f"<booking-7-made-{student.pk}@localhost>"] * 2

    def test_attachments_come_along(self, student):
        file = Attachment("booking.ics", "BEGIN:VCALENDAR", "text/calendar; method=REQUEST")
        write_to(student, MailKind.BOOKINGS, LETTER, key="x", attachments=[file])
        part = mail.outbox[0].message().get_payload()[1]
        assert part.get_content_type() == "text/calendar"
        assert part.get_param("method") == "REQUEST"
        assert part.get_filename() == "booking.ics"


class TestNotSent:
    def test_what_is_switched_off(self, student):
        profiles.choose_mail(student.pk, {MailKind.BOOKINGS: False})
        student.refresh_from_db()
        assert not write_to(student, MailKind.BOOKINGS, LETTER, key="x")
        assert write_to(student, MailKind.REMINDERS, LETTER, key="x")
        assert len(mail.outbox) == 1

    def test_to_the_suspended(self, student):
        suspensions.suspend(student, actor=None, cancel_bookings=False)
        assert not write_to(student, MailKind.BOOKINGS, LETTER, key="x")
        assert mail.outbox == []

    def refused(self, monkeypatch, error):
        def refuse(backend, messages):
            raise error

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    def test_a_mailbox_that_does_not_exist_is_given_up_without_naming_it(
        self, student, monkeypatch
    ):
        answer = {student.email: (550, b"no such user: student@example.com")}
        self.refused(monkeypatch, SMTPRecipientsRefused(answer))
        with pytest.raises(GiveUp) as caught:
            write_to(student, MailKind.BOOKINGS, LETTER, key="x")
        assert str(caught.value) == "The mailbox was refused: [550]"
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize(
        "error",
        [SMTPRecipientsRefused({"x": (451, b"later")}), SMTPServerDisconnected(), TimeoutError()],
    )
    def test_what_may_work_later_is_an_error_of_the_task(self, student, monkeypatch, error):
        self.refused(monkeypatch, error)
        with pytest.raises(type(error)):
            write_to(student, MailKind.BOOKINGS, LETTER, key="x")
