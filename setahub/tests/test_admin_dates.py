"""Dates in the admin, as whoever reads them counts years; what is typed stays ISO."""

import re
from datetime import date

import pytest
from django.contrib import admin
from django.template.defaultfilters import date as written
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize, localize_input
from django.utils.translation import override

from setahub.core import clock as when
from setahub.policy.models import ExamWeek
from setahub.tests.test_access import world  # noqa: F401  (a fixture)

DAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("language", "moment", "day"),
    [
        ("th", "จ. 23 พ.ย. 2569 09:00", "27 พ.ย. 2569"),
        ("en", "Mon 23 Nov 2026, 09:00", "27 Nov 2026"),
    ],
)
def test_the_year_is_the_reader_s(clock, language, moment, day):
    with override(language):
        assert localize(when.local(timezone.now())) == moment
        assert localize(DAY) == day


def test_what_is_typed_and_addresses_keep_the_common_era():
    with override("th"):
        assert localize_input(DAY) == "2026-11-27"
        assert written(DAY, "Y-m-d") == "2026-11-27"


@pytest.mark.parametrize("language", ["th", "en"])
def test_an_exam_week_is_typed_in_iso_and_a_buddhist_year_refused_with_the_one_meant(
    clock, make_user, sign_in, language
):
    staff = make_user("Priya", is_staff=True, is_superuser=True, language=language)
    client = sign_in(staff)
    week = ExamWeek.objects.create(
        name="Midterm", first_day=DAY, last_day=DAY, max_active_bookings=2
    )
    page = client.get(f"/admin/setahub/examweek/{week.pk}/change/").text
    assert 'value="2026-11-27"' in page
    sent = {"name": "Final", "first_day": "2569-12-01", "last_day": "2569-12-02"}
    page = client.post("/admin/setahub/examweek/add/", {**sent, "max_active_bookings": "2"}).text
    assert "2569" in page
    assert "2026" in page
    assert ExamWeek.objects.count() == 1


def test_a_list_of_the_admin_shows_thai_dates(clock, world, staff, sign_in):  # noqa: F811
    staff.language = "th"
    staff.save()
    page = sign_in(staff).get("/admin/scheduling/booking/").text
    assert "อ. 24 พ.ย. 2569 13:00" in page
    assert "0 จาก" not in page.replace("เลือกแล้ว 0 จาก", "")


LISTS_BY_DATE = [
    (model, options) for model, options in admin.site._registry.items() if options.date_hierarchy
]


@pytest.mark.parametrize(("model", "options"), LISTS_BY_DATE, ids=lambda each: str(each))
def test_dates_to_choose_from_are_the_reader_s_and_their_addresses_iso(
    world,  # noqa: F811
    staff,
    sign_in,
    model,
    options,
):
    """The years, one year's months, one month's days, one day."""
    field = options.date_hierarchy
    day = {f"{field}__year": "2026", f"{field}__month": "11", f"{field}__day": "24"}
    staff.language = "th"
    staff.save()
    client = sign_in(staff)
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    seen = set()
    for count in range(4):
        page = client.get(path, dict(list(day.items())[:count])).text
        titles = re.search(r'<nav class="toplinks">(.*?)</nav>', page, re.DOTALL)[1]
        words = re.sub(r"<[^>]+>", " ", titles)
        assert "2026" not in words
        assert "2569" not in re.sub(r">[^<]*<", "", titles)
        seen |= set(words.split())
    assert "2569" in seen


@pytest.mark.parametrize(("language", "year"), [("th", "2569"), ("en", "2026")])
def test_a_list_of_several_years_names_them_as_the_reader_does(language, year):
    choices = [{"title": "2026", "link": "?at__year=2026"}]
    with override(language):
        shown = render_to_string("admin/date_hierarchy.html", {"show": True, "choices": choices})
    assert f'<a href="?at__year=2026">{year}</a>' in shown
