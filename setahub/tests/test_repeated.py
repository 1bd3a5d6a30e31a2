"""The parts of pages that are rendered once."""

from datetime import date, time, timedelta

import pytest
from django.template import Context, Template
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext, gettext_lazy, override

from chat import services
from scheduling.templatetags import scheduling
from setahub.core import clock
from setahub.core.web.repeated import KEPT, repeated
from setahub.site.templatetags import ui
from topics.templatetags import topics

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Book:
    """Anything that has more to it than it shows."""


@pytest.fixture
def part():
    """A part that shows a place and how often it was made."""
    made = []

    @repeated("shared/_date_leaf.html")
    def leaf(day, past):
        made.append(day)
        return {"day": day, "past": past}

    leaf.made = made
    return leaf


def test_the_same_arguments_are_rendered_once(part):
    first, other = date(2026, 11, 23), date(2026, 11, 24)
    assert part(first, False) == part(first, False)
    assert part(first, False) != part(other, False)
    assert part(first, True) != part(first, False)
    assert part.made == [first, other, first]


def test_each_language_has_its_own():
    @repeated("scheduling/_day_heading.html")
    def heading(number):
        return {"name": gettext("Today"), "date": str(number)}

    english = heading(1)
    with override("th"):
        heading(1)
    assert heading.cache.cache_info().misses == 2
    assert heading(1) == english


def test_what_is_kept_is_escaped_as_ever():
    @repeated("scheduling/_day_heading.html")
    def heading(name):
        return {"name": name, "date": ""}

    for _time in range(2):
        assert heading("<b>") == "<h3>&lt;b&gt;</h3>"


def test_only_so_many_are_kept(part):
    for number in range(KEPT + 1):
        part(date(2026, 1, 1) + timedelta(days=number), False)
    assert part.cache.cache_info().currsize == KEPT


@pytest.mark.parametrize(
    "value",
    [
        RuntimeError("refused"),
        gettext_lazy("Topics"),
        SimpleLazyObject(lambda: "a"),
        Book(),
        ["a"],
        ("a", Book()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_value_is_refused_and_never_kept(part, value):
    with pytest.raises(TypeError, match=r"can't be kept|unhashable"):
        part(value, False)
    assert part.cache.cache_info().currsize == 0


def test_people_do_not_see_each_others_badges(sign_in, student, ta):
    """What one person's page put into a part isn't on another's."""
    services.send(student.pk, ta.pk, None, "Hello")
    of_ta = sign_in(ta).get("/bookings/").content.decode()
    of_student = sign_in(student).get("/bookings/").content.decode()
    assert of_ta.count('data-unread-total="1"') == 2
    assert of_student.count('data-unread-total="0"') == 2
    assert student.username not in of_ta


# --- Each part shows all of its arguments ---------------------------------------------------------


def parts():
    """Each part that pages repeat, with arguments, and for each of them another value."""
    day = date(2026, 11, 25)
    yield ui._date_leaf, (day, False), (date(2026, 12, 26), True)
    yield ui._bar_links, ("topics", 0), ("bookings", 3)
    yield ui._tab_links, ("topics", 0, False), ("bookings", 3, True)
    yield ui._avatar, (1, "Mali", ""), (2, "Nok", "/media/a.jpg")
    yield ui._crumbs, ((("/a/", "A"),), "here"), ((("/b/", "A"),), "there")
    yield ui._page_assets, (False, ""), (True, "key")
    start = clock.at(day, time(13))
    yield (
        scheduling._slot_chip,
        (1, start, 2, False, "", False, day, "/a/?slot=", ""),
        (2, start + HOUR, None, True, "clash", True, day - DAY, "/b/?slot=", "&topic=a"),
    )
    yield (
        scheduling._slot_chip,
        (1, start, None, False, "own", False, day, "/a/?slot=", ""),
        (2, start + HOUR, None, None, "blocked", None, None, None, None),
    )
    chip = (1, start, None, False, "", False)
    group = (1, "Mali", "Room 504", 30, (chip,))
    yield (
        scheduling._slot_day,
        (day, day, (group,), "/a/?slot=", ""),
        (day + DAY, day - DAY, (group, group), "/b/?slot=", "&topic=a"),
    )
    for place, other in enumerate((2, "Nok", "", 60, ())):
        changed = (*group[:place], other, *group[place + 1 :])
        yield (
            scheduling._slot_day,
            (day, day, (group,), "", ""),
            (None, None, (changed,), None, None),
        )
    yield (
        scheduling._topic_picks,
        ((), (("sql", "SQL"),), ""),
        ((("q", "a"),), (("sql", "Joins"),), "sql"),
    )
    choice = ("part", "evening", "Evening", False)
    yield scheduling._narrowing, ("", (), ((choice,),)), ("/a/", (("q", "sql"),), ())
    for place, other in enumerate(("ta", "morning", "Morning", True)):
        changed = (*choice[:place], other, *choice[place + 1 :])
        yield scheduling._narrowing, ("", (), ((choice,),)), (None, None, ((changed,),))
    yield (
        scheduling._week_cell,
        (60, None, "/a/", True, "13:00", "Monday 23 November"),
        (30, 20, "/b/", False, "14:00", "Tuesday 24 November"),
    )
    yield scheduling._day_heading, (day, day), (date(2026, 11, 27), date(2026, 11, 24))
    yield (
        topics._topic_tile,
        (1, "sql", "SQL", "/media/a.jpg", 2, 3, start, day, True, ""),
        (2, "joins", "Joins", "", 0, 0, start + HOUR, day - 2 * DAY, False, "?part=evening"),
    )
    yield topics._topic_art, (1, "sql", ""), (2, "joins", "/media/a.jpg")
    yield (
        topics._ta_card,
        (1, "Mali", 3, "", 2, start, day, True, "sql"),
        (2, "Nok", 4, "/media/a.jpg", 5, start + HOUR, day - 2 * DAY, False, "joins"),
    )


@pytest.mark.parametrize(
    ("part", "given", "others"),
    [pytest.param(*each, id=f"{each[0].__name__}{number}") for number, each in enumerate(parts())],
)
def test_another_argument_is_another_part(part, given, others):
    """Changed one at a time: what a page shows follows from the arguments, so each must count."""
    for place, other in enumerate(others):
        if other is not None:
            changed = (*given[:place], other, *given[place + 1 :])
            assert part(*changed) != part(*given), place


def test_a_part_sees_nothing_but_its_arguments():
    page = Template("{% load scheduling %}{% day_heading day %}")
    context = Context({"day": date(2026, 11, 25), "name": "Somebody", "date": "else"})
    assert "Somebody" not in page.render(context)
