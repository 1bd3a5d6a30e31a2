"""What a student says of a session: thanks for the TA, and an answer that nobody reads alone."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Block
from accounts.services import privacy
from scheduling.errors import SchedulingError
from scheduling.models import Thanks
from scheduling.services import bookings, takeaways
from scheduling.tests.factories import book, open_time, slots_of

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def booking(clock, student, ta, topic):
    """One that ended a minute ago."""
    made = book(student, slots_of(open_time(ta, topic))[0])
    clock.move_to(made.ends_at + timedelta(minutes=1))
    return made


def path(booking):
    return f"/bookings/{booking.pk}/thanks/"


def test_the_student_says_it_on_the_page_of_the_booking(sign_in, booking, student, ta, post):
    post().clear()
    client = sign_in(student)
    assert "How was it?" in client.get(f"/bookings/{booking.pk}/").content.decode()
    said = {"helped": "partly", "thanks": "ขอบคุณค่ะ", "form_key": "k" * 20}
    for _again in range(2):
        assert client.post(path(booking), said).status_code == 302
    kept = Thanks.objects.get()
    assert (kept.helped, kept.text) == ("partly", "ขอบคุณค่ะ")
    [mail] = post()
    assert mail.to == ["ta@example.com"]
    assert "ขอบคุณค่ะ" in mail.body
    assert "thanked 1 time" in client.get(f"/users/{ta.pk}/").content.decode()


@pytest.mark.parametrize("said", [{}, {"helped": "very"}, {"thanks": "x" * 281}, {"thanks": " "}])
def test_what_says_nothing_or_too_much_is_refused(sign_in, booking, student, said):
    response = sign_in(student).post(path(booking), said)
    assert response.status_code == 422
    assert not Thanks.objects.exists()


def test_it_can_be_changed_for_fourteen_days(sign_in, clock, booking, student, post):
    takeaways.thank(booking, student, "no", "Thank you")
    post().clear()
    clock.move_to(booking.ends_at + timedelta(days=14))
    client = sign_in(student)
    assert "checked" in client.get(path(booking)).content.decode()
    assert client.post(path(booking), {"helped": "yes"}).status_code == 302
    assert (Thanks.objects.get().helped, Thanks.objects.get().text) == ("yes", "")
    assert post() == []
    clock.shift(timedelta(seconds=1))
    response = client.post(path(booking), {"helped": "no", "thanks": "Not lost"})
    assert response.status_code == 409
    assert "Not lost" in response.content.decode()
    assert Thanks.objects.get().helped == "yes"
    assert client.get(path(booking)).status_code == 409


def test_only_its_student_says_it(sign_in, booking, ta, stranger):
    said = {"helped": "yes"}
    assert sign_in(ta).post(path(booking), said).status_code == 403
    assert sign_in(ta).get(path(booking)).status_code == 403
    assert sign_in(stranger).post(path(booking), said).status_code == 404


def test_nothing_is_said_of_what_was_cancelled_or_missed(clock, student, ta, topic, booking):
    bookings.mark_no_show(booking, ta)
    with pytest.raises(SchedulingError) as refused:
        takeaways.thank(booking, student, "yes")
    assert refused.value.code == "no_show"


def test_over_a_block_no_words_go(booking, student, ta):
    Block.objects.create(blocker=ta, blocked=student)
    with pytest.raises(SchedulingError) as refused:
        takeaways.thank(booking, student, "yes", "Please unblock me")
    assert refused.value.code == "blocked"
    assert takeaways.thank(booking, student, "yes").helped == "yes"


# --- Nobody else learns the answer --------------------------------------------------------------


def seen_by_ta(client, booking):
    """All that the TA can open about it, without what differs by itself."""
    pages = [
        f"/bookings/{booking.pk}/", f"/appointments/{booking.slot.appointment_id}/",
        f"/messages/{booking.student_id}/", f"/users/{booking.ta_id}/", "/", "/appointments/?tab=completed",
        f"/users/{booking.student_id}/",
    ]  # fmt: skip
    text = "".join(client.get(page).content.decode() for page in pages)
    return re.sub(r'name="(csrfmiddlewaretoken|form_key|client_id)" value="[^"]*"', "", text)


def test_the_ta_sees_the_same_whatever_was_answered(sign_in, booking, student, ta, post):
    """Nor whether anything was answered: no page, no email, no download tells."""
    client = sign_in(ta)
    post().clear()
    before, held = seen_by_ta(client, booking), downloaded(ta)
    for answer in ("yes", "partly", "no"):
        takeaways.thank(booking, student, answer)
        assert seen_by_ta(client, booking) == before, answer
        assert downloaded(ta) == held
    assert post() == []
    takeaways.thank(booking, student, "no", "Thank you")
    thanked = seen_by_ta(client, booking)
    assert "Thank you" in thanked
    takeaways.thank(booking, student, "yes", "Thank you")
    assert seen_by_ta(client, booking) == thanked


def downloaded(user):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(privacy.archive(user))))
    return "".join(archive.read(name).decode() for name in archive.namelist())


def test_staff_find_no_single_answer(sign_in, booking, student, staff):
    takeaways.thank(booking, student, "partly", "Thanks")
    client = sign_in(staff)
    pages = [
        reverse("admin:scheduling_booking_changelist"),
        reverse("admin:scheduling_booking_change", args=[booking.pk]),
        reverse("admin:scheduling_booking_export"),
        reverse("admin:index"),
    ]
    for page in pages:
        response = client.get(page)
        html = b"".join(response) if response.streaming else response.content
        assert b"partly" not in html.lower(), page


def test_the_student_downloads_what_they_said(booking, student):
    takeaways.thank(booking, student, "partly", "Thanks")
    texts = downloaded(student)
    assert '"helped": "partly"' in texts
