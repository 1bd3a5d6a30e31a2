"""The main job, driven as people do it."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from scheduling.models import Appointment, Booking
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from setahub.core import clock as when
from topics.models import Registration


def open_tomorrow(ta, topic, start=13, end=15):
    plan = Plan(
        [topic], when.today() + timedelta(days=1), time(start), time(end), 30, 1, "Room 504"
    )
    return appointments.open_time(ta, plan)[0]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_junior_signs_up_books_moves_and_cancels(open_page, ta, topic, javascript, post):
    open_tomorrow(ta, topic)
    page = open_page(phone=True, javascript=javascript)

    page.goto("/auth/signup/")
    page.fill("[name=username]", "น้ำฝน ใจดี")
    page.fill("[name=email]", "junior@example.com")
    page.fill("[name=password1]", "a long password 42")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/")
    junior = User.objects.get(email="junior@example.com")
    assert junior.username == "น้ำฝน ใจดี"
    assert [message.to for message in post()] == [["junior@example.com"]]

    page.get_by_role("link", name="Topics").last.click()
    page.get_by_role("link", name="Data Structures").first.click()
    page.locator("a[data-slot-id]").first.click()
    page.fill("[name=question]", "Why does my tree\nrotate the wrong way?")
    page.get_by_role("button", name="Book").click()
    page.wait_for_url("**/bookings/*/")
    made = Booking.objects.get(student=junior)
    assert made.question == "Why does my tree\nrotate the wrong way?"
    assert when.time_of_day(made.starts_at) == "13:00"

    page.get_by_role("link", name="Move").first.click()
    page.locator("a[data-slot-id]").last.click()
    page.locator("form:has([name=slot]) button[type=submit]").click()
    page.wait_for_url(f"**/bookings/{made.pk}/")
    made.refresh_from_db()
    assert when.time_of_day(made.starts_at) == "14:30"

    page.get_by_role("link", name="Cancel").first.click()
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(f"**/bookings/{made.pk}/")
    made.refresh_from_db()
    assert made.status == "cancelled"


def test_a_senior_opens_weekly_time_and_sees_the_slots_while_typing(open_page, ta, topic):
    page = open_page(ta)
    page.goto("/appointments/new/")
    day = when.today() + timedelta(days=2)
    page.select_option("[name=date]", day.isoformat())
    page.select_option("[name=start_time]", "09:00")
    page.select_option("[name=end_time]", "10:30")
    if not page.locator("[name=topics]").first.is_checked():
        page.locator("[name=topics]").first.check(force=True)
    page.locator("[name=slot_minutes][value='30']").check(force=True)
    page.fill("[name=location]", "Room 504")
    preview = page.locator("#preview")
    preview.get_by_text("10:00", exact=False).first.wait_for()
    assert Appointment.objects.count() == 0

    until = (day + timedelta(weeks=2)).isoformat()
    weeks = page.locator("[name=repeat_until] option").evaluate_all(
        "all => all.map(one => one.value)"
    )
    page.select_option("[name=repeat_until]", next(week for week in weeks if week >= until))
    page.locator("form button[type=submit]:not([name=preview])").last.click()
    page.wait_for_url(lambda url: not url.endswith("/new/"))
    made = Appointment.objects.order_by("starts_at")
    assert [when.local(each.starts_at).date() for each in made] == [
        day + timedelta(weeks=week) for week in range(3)
    ]
    assert [each.slots.count() for each in made] == [3, 3, 3]


def test_a_senior_previews_without_javascript(open_page, ta, topic):
    page = open_page(ta, javascript=False)
    page.goto("/appointments/new/")
    page.select_option("[name=date]", (when.today() + timedelta(days=2)).isoformat())
    page.select_option("[name=start_time]", "09:00")
    page.select_option("[name=end_time]", "10:00")
    page.locator("[name=topics]").first.check(force=True)
    page.locator("[name=slot_minutes][value='30']").check(force=True)
    page.fill("[name=location]", "Room 504")
    page.locator("button[name=preview]").click()
    assert page.locator("#preview").get_by_text("09:30").first.is_visible()
    assert page.locator("[name=location]").input_value() == "Room 504"
    assert Appointment.objects.count() == 0


def test_a_senior_sees_who_comes_with_which_question_and_completes(open_page, ta, topic, student):
    appointment = open_tomorrow(ta, topic)
    slot = appointment.slots.order_by("starts_at")[0]
    made = bookings.book(student, slot.pk, topic, "My AVL tree rotates the wrong way.")
    begun = timezone.now() - timedelta(hours=1)
    appointment.slots.filter(pk=slot.pk).update(
        starts_at=begun, ends_at=begun + timedelta(minutes=30)
    )

    page = open_page(ta, phone=True)
    page.goto(f"/appointments/{appointment.pk}/")
    assert page.get_by_text("My AVL tree rotates the wrong way.").is_visible()
    page.goto(f"/bookings/{made.pk}/")
    page.locator("form[action$='/complete/'] button").click()
    page.wait_for_url(f"**/bookings/{made.pk}/")
    made.refresh_from_db()
    assert made.status == "completed"


def test_focus_goes_to_the_first_field_that_is_wrong(open_page, student):
    page = open_page(student)
    page.goto("/users/me/edit/")
    page.fill("[name=student_id]", "12")
    page.locator("main form button[type=submit]").click()
    page.locator("[name=student_id][aria-invalid=true]").wait_for()
    assert page.evaluate("document.activeElement.name") == "student_id"
    assert page.locator("[name=student_id]").input_value() == "12"


def test_the_loser_of_a_slot_keeps_the_question_and_books_the_next_time(
    open_page, ta, topic, student, stranger
):
    slots = list(open_tomorrow(ta, topic).slots.order_by("starts_at"))
    page = open_page(student, phone=True)
    page.goto(f"/bookings/new/?slot={slots[0].pk}&topic={topic.slug}")
    page.fill("[name=question]", "Please explain heaps.")
    bookings.book(stranger, slots[0].pk, topic, "I was faster")
    page.get_by_role("button", name="Book").click()
    page.get_by_text("just taken").first.wait_for()
    assert page.locator("[name=question]").input_value() == "Please explain heaps."
    page.locator(f"button[data-slot-id='{slots[1].pk}']").click()
    page.wait_for_url("**/bookings/*/")
    assert Booking.objects.get(student=student).slot == slots[1]
    assert Booking.objects.get(student=student).question == "Please explain heaps."


def test_a_suspended_user_is_out_at_the_next_click(open_page, student):
    page = open_page(student)
    page.goto("/bookings/")
    User.objects.filter(pk=student.pk).update(is_active=False)
    page.goto("/bookings/")
    assert "/auth/login/" in page.url


def test_a_volunteer_registers_for_a_topic_and_is_a_ta(open_page, topic, make_user):
    senior = make_user("พลอย ศิริ", year=3)
    page = open_page(senior)
    page.goto(f"/topics/{topic.slug}/")
    page.locator("form[action$='/register/'] button").click()
    page.wait_for_url(f"**/topics/{topic.slug}/")
    assert Registration.objects.get(user=senior).topic == topic
    page.goto("/appointments/new/")
    assert page.locator("[name=topics]").count() == 1
