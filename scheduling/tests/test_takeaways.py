"""What a TA leaves behind after a session, and who reads it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block
from chat import frames
from chat.models import Message, Participation
from scheduling.errors import SchedulingError
from scheduling.models import Booking, Takeaway
from scheduling.services import bookings, takeaways
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration, Topic

pytestmark = pytest.mark.usefixtures("clock")
SAID = {"done": "AVL rotations", "next_step": "Try deletions", "links": "https://visualgo.net/bst"}


@pytest.fixture
def booking(clock, student, ta, topic):
    """One that ended a minute ago."""
    made = book(student, slots_of(open_time(ta, topic))[0])
    clock.move_to(made.ends_at + timedelta(minutes=1))
    return made


@pytest.fixture
def left(booking, ta):
    return takeaways.leave(booking, ta, **SAID)


def path(booking, name="takeaway"):
    return f"/bookings/{booking.pk}/{name}/"


def test_the_ta_leaves_it_and_it_stands_on_the_page(sign_in, booking, ta, student):
    client = sign_in(ta)
    assert "Leave a takeaway" in client.get(f"/bookings/{booking.pk}/").content.decode()
    response = client.post(path(booking), SAID)
    assert (response.status_code, response.url) == (302, f"/bookings/{booking.pk}/")
    kept = Takeaway.objects.get()
    assert {name: getattr(kept, name) for name in SAID} == SAID
    page = sign_in(student).get(f"/bookings/{booking.pk}/").content.decode()
    assert "AVL rotations" in page
    assert "Try deletions" in page
    assert '<a href="https://visualgo.net/bst"' in page


def test_the_page_of_the_session_leads_to_each_that_is_left_to_write(
    sign_in, clock, booking, ta, topic, make_user
):
    """Not of who did not come, blocked one, or was written to; nor before the end, nor after a week."""
    session = booking.slot.appointment
    client, page = sign_in(ta), session.get_absolute_url()
    people = [make_user(name) for name in ("Missed", "Blocks", "Reports", "Comes")]
    rows = [
        Booking.objects.create(
            slot=booking.slot, student=person, ta=ta, topic=topic, question="?", status=status
        )
        for person, status in zip(
            people, ("no_show", "completed", "completed", "completed"), strict=True
        )
    ]
    Block.objects.create(blocker=people[1], blocked=ta)
    Booking.objects.filter(pk=rows[2].pk).update(ta_absent_at=booking.ends_at)

    def offered():
        content = client.get(page).content.decode()
        return [row.pk for row in (booking, *rows) if f'href="{path(row)}"' in content]

    assert offered() == [booking.pk, rows[3].pk]
    takeaways.leave(booking, ta, **SAID)
    assert offered() == [rows[3].pk]
    clock.move_to(booking.ends_at + timedelta(days=7, seconds=1))
    assert offered() == []


def test_sent_twice_it_is_one_card_and_one_email(sign_in, booking, ta, post):
    post().clear()
    client = sign_in(ta)
    sent = {**SAID, "form_key": "k" * 20}
    for _again in range(2):
        assert client.post(path(booking), sent).status_code == 302
    client.post(path(booking), SAID)
    assert Message.objects.filter(kind="takeaway").count() == 1
    [mail] = post()
    assert mail.to == ["student@example.com"]
    assert mail.subject == "What to take away: Data Structures with น้ำฝน"
    assert "AVL rotations" in mail.body
    assert "Next step" in mail.body


def test_it_can_be_changed_for_seven_days_and_the_card_follows(clock, booking, left, ta, post):
    post().clear()
    clock.move_to(booking.ends_at + timedelta(days=7))
    takeaways.leave(booking, ta, "Only this")
    assert (Takeaway.objects.get().done, Takeaway.objects.get().links) == ("Only this", "")
    [card] = Message.objects.filter(kind="takeaway").select_related("takeaway__booking__topic")
    assert "Only this" in frames.message(card, viewer=booking.student_id, other=ta.pk)["html"]
    assert post() == []
    clock.shift(timedelta(seconds=1))
    with pytest.raises(SchedulingError, match="for 7 days") as refused:
        takeaways.leave(booking, ta, "Too late")
    assert refused.value.code == "too_late"


def test_what_is_refused_keeps_what_was_typed(sign_in, clock, booking, ta):
    client = sign_in(ta)
    clock.move_to(booking.ends_at + timedelta(days=8))
    response = client.post(path(booking), SAID)
    assert response.status_code == 409
    for text in SAID.values():
        assert text in response.content.decode()
    assert not Takeaway.objects.exists()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("done", ""),
        ("done", "\u200b \u3164"),
        ("done", "x" * 501),
        ("next_step", "x" * 501),
        ("links", "x" * 501),
        ("links", "http://plain.example/"),
        ("links", "https://a.example https://b.example"),
        ("links", "https://good.example\njavascript:alert(1)"),
        ("links", "https://kmitl.ac.th@evil.example/"),
    ],
)
def test_a_field_that_is_wrong_is_refused_beside_it(sign_in, booking, ta, field, text):
    response = sign_in(ta).post(path(booking), {**SAID, field: text})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    others = [value for name, value in SAID.items() if name != field]
    assert all(value in response.content.decode() for value in others)


def test_five_hundred_characters_and_several_links_are_taken(sign_in, booking, ta):
    links = " https://a.example/x \r\n\r\nHTTPS://b.example "
    said = {"done": "ก" * 500, "next_step": "ข" * 500, "links": links}
    assert sign_in(ta).post(path(booking), said).status_code == 302
    assert Takeaway.objects.get().links == "https://a.example/x\nHTTPS://b.example"


def test_only_its_ta_leaves_one(sign_in, booking, student, stranger, client):
    assert sign_in(student).post(path(booking), SAID).status_code == 403
    assert sign_in(student).get(path(booking)).status_code == 403
    assert sign_in(stranger).post(path(booking), SAID).status_code == 404
    client.logout()
    assert client.post(path(booking), SAID).url.startswith("/auth/login/?next=")
    assert not Takeaway.objects.exists()


def test_not_before_the_end_nor_where_nobody_came(clock, student, ta, topic):
    made = book(student, slots_of(open_time(ta, topic))[0])
    clock.move_to(made.starts_at + timedelta(minutes=20))
    with pytest.raises(SchedulingError, match="over yet"):
        takeaways.leave(made, ta, "x")
    bookings.mark_no_show(made, ta)
    clock.move_to(made.ends_at)
    with pytest.raises(SchedulingError, match="did not come"):
        takeaways.leave(made, ta, "x")
    made.refresh_from_db()
    bookings.complete(made, ta)
    assert takeaways.leave(made, ta, "x").done == "x"


def test_a_block_stops_it(booking, student, ta):
    Block.objects.create(blocker=student, blocked=ta)
    with pytest.raises(SchedulingError) as refused:
        takeaways.leave(booking, ta, "x")
    assert (refused.value.code, refused.value.status) == ("blocked", 403)


def test_the_card_is_in_the_conversation_and_unread(sign_in, left, student, ta):
    side = Participation.objects.get(user=student, other=ta)
    assert side.last_message.kind == "takeaway"
    assert side.is_unread
    for page in ("/messages/", f"/messages/{ta.pk}/"):
        assert "Takeaway: " in sign_in(student).get(page).content.decode()
    card = Message.objects.select_related("sender", "takeaway__booking__topic").get(kind="takeaway")
    frame = frames.message(card, viewer=student.pk, other=ta.pk)
    assert (frame["kind"], frame["text"]) == ("takeaway", "AVL rotations")
    assert "Try deletions" in frame["html"]


# --- The list -----------------------------------------------------------------------------------


def found(client, text):
    html = client.get("/bookings/", {"tab": "completed", "q": text})
    assert html.status_code == 200
    return [each.pk for each in html.context["page"].items]


def test_the_list_of_completed_ones_shows_and_finds_it(sign_in, booking, ta, student):
    takeaways.leave(booking, ta, "การหมุนต้นไม้ ÀVL", "ทำแบบฝึกหัด", "https://visualgo.net/bst")
    client = sign_in(student)
    assert "การหมุนต้นไม้" in client.get("/bookings/?tab=completed").content.decode()
    for text in ("avl", "หมุนต้นไม้", "แบบฝึก avl", "VISUALGO", "data struct", "น้ำฝน", " "):
        assert found(client, text) == [booking.pk], text
    for text in ("heap", "avl heap"):
        assert found(client, text) == [], text
    page = client.get("/bookings/?tab=completed&q=heap").content.decode()
    assert "Nothing found for “heap”" in page


def test_others_find_nothing_of_it(sign_in, left, stranger, ta):
    for person in (stranger, ta):
        assert found(sign_in(person), "avl") == []


def test_a_search_costs_the_same_for_one_and_three(sign_in, clock, student, ta, topic):
    opened = slots_of(open_time(ta, topic))
    made = [book(student, slot) for slot in opened[:3]]
    clock.move_to(made[2].ends_at)
    client = sign_in(student)
    counts = []
    for some in (made[:1], made[1:]):
        for each in some:
            takeaways.leave(each, ta, "rotations")
        for address in ("/bookings/?tab=completed&q=rotat", "/bookings/?tab=completed"):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


# --- Shown to the next TA -----------------------------------------------------------------------


@pytest.fixture
def next_ta(make_user, topic):
    user = make_user("Ploy", year=4)
    Registration.objects.create(user=user, topic=topic)
    return user


@pytest.fixture
def next_slot(next_ta, topic, left):
    return slots_of(open_time(next_ta, topic, day=when.today() + timedelta(days=3)))[0]


def reads(sign_in, person, booking):
    return "AVL rotations" in sign_in(person).get(f"/bookings/{booking.pk}/").content.decode()


def new(client, slot, topic, **more):
    sent = {"slot": slot.pk, "topic": topic.slug, "question": "And deletions?", **more}
    assert client.post("/bookings/new/", sent).status_code == 302
    return Booking.objects.get(slot=slot)


def test_a_next_ta_reads_it_only_where_it_was_ticked(sign_in, next_slot, student, next_ta, topic):
    client = sign_in(student)
    page = client.get(f"/bookings/new/?slot={next_slot.pk}&topic={topic.slug}").content.decode()
    assert 'name="show_takeaway"' in page
    assert "AVL rotations" in page
    booking = new(client, next_slot, topic)
    assert not reads(sign_in, next_ta, booking)
    assert "AVL rotations" not in sign_in(next_ta).get(f"/messages/{student.pk}/").content.decode()


def test_ticked_it_is_read_until_it_is_unticked(sign_in, next_slot, student, next_ta, topic, ta):
    booking = new(sign_in(student), next_slot, topic, show_takeaway="on")
    assert reads(sign_in, next_ta, booking)
    switch = path(booking, "show-takeaway")
    assert sign_in(next_ta).post(switch).status_code == 403
    assert sign_in(ta).post(switch).status_code == 404
    assert sign_in(student).post(switch).status_code == 302
    assert not reads(sign_in, next_ta, booking)
    sign_in(student).post(switch, {"show_takeaway": "on"})
    assert reads(sign_in, next_ta, booking)


def test_a_cancelled_booking_shows_it_no_more(sign_in, next_slot, student, next_ta, topic):
    booking = new(sign_in(student), next_slot, topic, show_takeaway="on")
    bookings.cancel(booking, student, "")
    assert not reads(sign_in, next_ta, booking)


def test_another_topic_has_nothing_to_show(sign_in, next_ta, student, left, creator):
    other = Topic.objects.create(name="Networks", creator=creator)
    Registration.objects.create(user=next_ta, topic=other)
    slot = slots_of(open_time(next_ta, other, day=when.today() + timedelta(days=2)))[0]
    client = sign_in(student)
    page = client.get(f"/bookings/new/?slot={slot.pk}&topic={other.slug}").content.decode()
    assert "show_takeaway" not in page
    booking = new(client, slot, other, show_takeaway="on")
    assert booking.shown_takeaway is None


def test_the_next_page_of_a_refused_booking_keeps_the_tick(sign_in, next_slot, student, topic):
    sent = {"slot": next_slot.pk, "topic": topic.slug, "question": "", "show_takeaway": "on"}
    response = sign_in(student).post("/bookings/new/", sent)
    assert response.status_code == 422
    assert 'name="show_takeaway" id="id_show_takeaway" checked' in response.content.decode()
