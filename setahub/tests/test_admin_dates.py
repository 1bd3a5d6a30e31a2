"""Dates in the admin, as whoever reads them counts years; what is typed stays ISO."""

from datetime import date

import pytest
from django.template.defaultfilters import date as written
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
