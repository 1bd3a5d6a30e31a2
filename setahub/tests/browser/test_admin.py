"""The admin works under the same content security policy as every page."""

import pytest
from django.contrib import admin
from django.urls import reverse

from scheduling.tests.factories import book, open_time, slots_of
from setahub.tests.browser.test_accessibility import violations

MODELS = sorted(
    f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry
)


def test_every_list_and_every_row_opens_without_a_complaint(open_page, staff, ta, student, topic):
    book(student, slots_of(open_time(ta, topic))[0])
    page = open_page(staff)
    page.goto("/admin/")
    assert page.locator("svg.bars").count() == 18 + 1
    for name in MODELS:
        page.goto(reverse(f"admin:{name}_changelist"))
        rows = page.locator("#result_list tbody th a")
        assert page.locator("#changelist, #facultypolicy_form").is_visible(), name
        if rows.count():
            rows.first.click()
            page.wait_for_url("**/change/")
            page.locator("#content h1").wait_for()


def test_a_session_is_cancelled_by_an_action(open_page, staff, ta, student, topic):
    appointment = open_time(ta, topic)
    made = book(student, slots_of(appointment)[0])
    page = open_page(staff)
    page.goto(reverse("admin:scheduling_appointment_changelist"))
    page.locator("input.action-select").first.check()
    names = page.locator("select[name=action] option").all_inner_texts()
    label = next(name for name in names if "ancel" in name)
    page.select_option("select[name=action]", label=label)
    page.locator("button[name=index]").click()
    page.locator(".ask").wait_for()
    page.fill("[name=reason]", "The building is closed.")
    page.locator(".ask input[type=submit]").click()
    page.locator(".messagelist").wait_for()
    made.refresh_from_db()
    appointment.refresh_from_db()
    assert made.status == "cancelled"
    assert appointment.is_cancelled


@pytest.mark.parametrize(
    ("phone", "dark"), [(True, True), (False, False)], ids=["phone dark", "desk light"]
)
def test_axe_finds_nothing_on_pages_of_each_kind(open_page, staff, ta, student, topic, phone, dark):
    book(student, slots_of(open_time(ta, topic))[0])
    page = open_page(staff, phone=phone, dark=dark)
    found = {}
    for path in ("", "accounts/user/", f"accounts/user/{ta.pk}/change/", "auth/group/add/"):
        page.goto(f"/admin/{path}")
        if problems := violations(page):
            found[path] = problems
    assert found == {}


@pytest.mark.parametrize("javascript", [True, False])
def test_staff_enter_through_the_sites_own_login(open_page, staff, javascript):
    page = open_page(javascript=javascript)
    page.goto("/admin/")
    assert "/auth/login/" in page.url
    page.fill("[name=login]", staff.email)
    page.fill("[name=password]", "pass-word-1")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/admin/")
