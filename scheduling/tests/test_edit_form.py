"""The form of an edit carries what it was filled with, and saves what was changed on it."""

import re
from datetime import timedelta
from html import unescape

import pytest

from scheduling.history import words
from scheduling.models import BookingEvent
from scheduling.tests.factories import book, open_series, open_time, slots_of, tomorrow
from scheduling.tests.reading import text

WEEK = timedelta(weeks=1)
pytestmark = pytest.mark.usefixtures("clock")


def first(pattern: str, found: str) -> str:
    return unescape(re.findall(pattern, found)[0])


def shown(page) -> dict[str, str | list[str]]:
    """What a browser would send of the form as it stands."""
    found = text(page)
    sent: dict[str, str | list[str]] = {}
    for name in ("date", "start_time", "end_time"):
        options = first(rf'<select name="{name}".*?</select>', found)
        sent[name] = first(r'<option value="([^"]*)" selected', options)
    for name in ("capacity", "location", "base"):
        sent[name] = first(r'value="([^"]*)"', first(rf'<input[^>]*name="{name}"[^>]*>', found))
    sent["notes"] = first(r'<textarea[^>]*name="notes"[^>]*>\n?([^<]*)<', found)
    for name in ("topics", "slot_minutes", "scope"):
        boxes = re.findall(rf'<input[^>]*name="{name}"[^>]*>', found)
        sent[name] = [first(r'value="([^"]*)"', box) for box in boxes if " checked" in box]
    return sent


@pytest.fixture
def session(ta, topic):
    return open_time(ta, topic, location="R1")


def path(row) -> str:
    return f"/appointments/{row.pk}/edit/"


def test_two_tabs_save_what_each_changed(ta_client, session, student):
    made = book(student, slots_of(session)[0])
    first, second = (shown(ta_client.get(path(session))) for _tab in range(2))
    ta_client.post(path(session), first | {"notes": "Bring a laptop.\r\nAnd a pen."})
    response = ta_client.post(path(session), second | {"capacity": "3"})
    assert response.status_code == 302
    session.refresh_from_db()
    assert (session.notes, session.capacity) == ("Bring a laptop.\nAnd a pen.", 3)
    events = made.events.filter(kind=BookingEvent.Kind.CHANGED)
    assert [words(each) for each in events] == ["New notes: Bring a laptop.\nAnd a pen."]


@pytest.mark.parametrize("notes", ["One\r\ntwo", "One\n", "\u200bOne", " \n"])
def test_notes_that_were_stored_otherwise_are_no_change(ta_client, session, student, notes):
    made = book(student, slots_of(session)[0])
    session.notes = notes
    session.save()
    sent = shown(ta_client.get(path(session))) | {"capacity": "3"}
    assert ta_client.post(path(session), sent).status_code == 302
    session.refresh_from_db()
    assert (session.notes, session.capacity) == (notes, 3)
    assert not made.events.filter(kind=BookingEvent.Kind.CHANGED).exists()


def test_what_both_changed_is_shown_and_what_was_typed_is_kept(ta_client, session):
    first, second = (shown(ta_client.get(path(session))) for _tab in range(2))
    ta_client.post(path(session), first | {"location": "R2", "notes": "Bring a laptop."})
    response = ta_client.post(path(session), second | {"location": "R3"})
    assert response.status_code == 409
    assert "Place: meanwhile “R2”, here “R3”" in text(response)
    session.refresh_from_db()
    assert session.location == "R2"
    again = shown(response)
    assert (again["location"], again["notes"]) == ("R3", "Bring a laptop.")
    assert ta_client.post(path(session), again).status_code == 302
    session.refresh_from_db()
    assert (session.location, session.notes) == ("R3", "Bring a laptop.")


def test_a_form_that_nothing_was_changed_on_changes_nothing(ta_client, session):
    stale = shown(ta_client.get(path(session)))
    fresh = shown(ta_client.get(path(session)))
    ta_client.post(path(session), fresh | {"location": "R2", "end_time": "16:00"})
    assert ta_client.post(path(session), stale).status_code == 302
    session.refresh_from_db()
    assert (session.location, len(slots_of(session))) == ("R2", 6)


@pytest.mark.parametrize("base", [None, "", "x", "eyJhIjoxfQ:1abc:def"])
def test_without_a_right_base_all_that_was_sent_counts(ta_client, session, form, base):
    sent = form | {"location": "R3"} | ({} if base is None else {"base": base})
    assert ta_client.post(path(session), sent).status_code == 302
    session.refresh_from_db()
    assert (session.location, session.capacity) == ("R3", 2)


def test_the_base_of_another_session_is_none(ta_client, session, ta, topic):
    other = open_time(ta, topic, day=tomorrow() + WEEK, location="R7")
    base = shown(ta_client.get(path(other)))["base"]
    sent = shown(ta_client.get(path(session))) | {"base": base}
    ta_client.post(path(session), sent)
    session.refresh_from_db()
    assert session.location == "R1"


def test_a_wrong_field_keeps_the_base(ta_client, session):
    sent = shown(ta_client.get(path(session)))
    response = ta_client.post(path(session), sent | {"capacity": "0"})
    assert response.status_code == 422
    assert shown(response)["base"] == sent["base"]


def test_a_place_that_was_let_in_once_can_stay(ta_client, session):
    session.location = "http://example.com"
    session.save()
    sent = shown(ta_client.get(path(session)))
    assert ta_client.post(path(session), sent | {"notes": "Hello"}).status_code == 302


class TestSeries:
    @pytest.fixture
    def weeks(self, ta, topic, ta_client):
        made = open_series(ta, topic, weeks=4, location="R1")
        sent = shown(ta_client.get(path(made[2])))
        ta_client.post(path(made[2]), sent | {"location": "Exam hall 9", "capacity": "4"})
        return made

    @pytest.mark.parametrize(("overwrite", "place"), [("", "Exam hall 9"), ("on", "R2")])
    def test_overwrite_is_a_box_of_the_form(self, ta_client, weeks, overwrite, place):
        sent = shown(ta_client.get(path(weeks[1]))) | {"location": "R2", "scope": "following"}
        ta_client.post(path(weeks[1]), sent | ({"overwrite": "on"} if overwrite else {}))
        for each in weeks:
            each.refresh_from_db()
        assert [each.location for each in weeks] == ["R1", "R2", place, "R2"]
        assert [each.capacity for each in weeks] == [1, 1, 4, 1]

    def test_without_a_base_too(self, ta_client, weeks, form):
        """As programs send it: all fields, as the edited week has them, and the changed one."""
        day = (tomorrow() + WEEK).isoformat()
        sent = form | {"date": day, "location": "R1", "capacity": "1", "notes": "New"}
        ta_client.post(path(weeks[1]), sent | {"scope": "following"})
        for each in weeks:
            each.refresh_from_db()
        assert [(each.location, each.notes) for each in weeks[1:]] == [
            ("R1", "New"),
            ("Exam hall 9", "New"),
            ("R1", "New"),
        ]

    def test_the_preview_names_the_weeks_that_differ(self, ta_client, weeks):
        sent = shown(ta_client.get(path(weeks[0]))) | {"preview": "1", "notes": "New"}
        page = text(ta_client.post(path(weeks[0]), sent | {"scope": "following"}))
        assert "<b>Tue 8 Dec</b>: Seats in each slot: 4; Place: Exam hall 9" in page
        assert "4 sessions, 16 slots, 28 seats" in page
        assert "Exam hall 9" not in text(ta_client.post(path(weeks[0]), sent | {"scope": "one"}))


def test_the_preview_button_is_for_who_has_no_javascript(ta_client):
    page = text(ta_client.get("/appointments/new/"))
    assert re.search(r'<noscript>\s*<button[^>]*name="preview"', page)
    assert len(re.findall('name="preview"', page)) == 1


@pytest.mark.parametrize("end", ["00:00", "24:00", "24:00:00"])
def test_a_session_may_end_at_midnight(ta_client, form, end):
    sent = form | {"start_time": "23:00", "end_time": end, "slot_minutes": "60"}
    page = ta_client.post("/appointments/new/", sent, follow=True)
    assert "23:00 – 00:00" in text(page)
    pk = page.context["appointment"].pk
    edit = shown(ta_client.get(f"/appointments/{pk}/edit/"))
    assert edit["end_time"] == "24:00"
    response = ta_client.post(
        f"/appointments/{pk}/edit/", edit | {"end_time": end, "notes": "Late"}
    )
    assert response.status_code == 302


def test_a_session_cannot_begin_at_24(ta_client, form):
    response = ta_client.post("/appointments/new/", form | {"start_time": "24:00"})
    assert list(response.context["form"].errors) == ["start_time"]


@pytest.mark.parametrize(
    "place",
    ["Room:504", "B:12", "อาคาร: 12", "อาคาร:12", "Building A:Room 3", "Data: 5", "Zoom: ask me"],
)  # fmt: skip
def test_a_colon_makes_no_address(ta_client, form, place):
    page = ta_client.post("/appointments/new/", form | {"location": place}, follow=True)
    assert page.context["appointment"].location == place
    assert not page.context["appointment"].is_online


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("HTTPS://zoom.us/j/1", "https://zoom.us/j/1"),
        (" https://zoom.us/j/1?pwd=a:b ", "https://zoom.us/j/1?pwd=a:b"),
    ],
)
def test_an_https_address_is_a_link(ta_client, form, typed, stored):
    page = ta_client.post("/appointments/new/", form | {"location": typed}, follow=True)
    assert page.context["appointment"].location == stored
    assert page.context["appointment"].is_online


@pytest.mark.parametrize(
    "place",
    ["HTTP://example.com", "http:example.com", "ftp://example.com", "zoommtg://zoom.us/join", "JAVASCRIPT:x"],
)  # fmt: skip
def test_any_other_address_is_refused(ta_client, form, place):
    response = ta_client.post("/appointments/new/", form | {"location": place})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["location"])


def test_a_copy_of_a_weekly_session_begins_after_its_series(ta_client, ta, topic):
    made = open_series(ta, topic, weeks=3)
    page = ta_client.get(f"/appointments/{made[0].pk}/copy/")
    assert f'value="{(tomorrow() + 3 * WEEK).isoformat()}"' in text(page)
    assert page.context["preview"].clashing == 0
