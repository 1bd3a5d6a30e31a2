"""The parts of pages that are rendered once."""

from datetime import date
from enum import Enum
from uuid import UUID

import pytest
from django.template import Context, Template
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from setahub.templatetags.ui import MEMOS_KEPT


class Book:
    """Anything that has more to it than it shows."""


class Kind(Enum):
    ONE = 1


TEMPLATE = "{% memo place %}{{ place }}{{ made }}{% endmemo %}"


def test_the_same_values_show_what_was_rendered_first():
    template = Template(TEMPLATE)
    assert template.render(Context({"place": "a", "made": 1})) == "a1"
    assert template.render(Context({"place": "a", "made": 2})) == "a1"
    assert template.render(Context({"place": "b", "made": 3})) == "b3"
    assert template.render(Context({"place": "a", "made": 4})) == "a1"


def test_each_language_has_its_own():
    template = Template(TEMPLATE)
    assert template.render(Context({"place": "a", "made": 1})) == "a1"
    with override("th"):
        assert template.render(Context({"place": "a", "made": 2})) == "a2"
    assert template.render(Context({"place": "a", "made": 3})) == "a1"


def test_what_is_kept_is_escaped_as_ever():
    template = Template(TEMPLATE)
    for _time in range(2):
        assert template.render(Context({"place": "<b>", "made": ""})) == "&lt;b&gt;"


def test_only_so_many_are_kept():
    template = Template(TEMPLATE)
    for number in range(MEMOS_KEPT + 1):
        template.render(Context({"place": number, "made": "first"}))
    assert template.render(Context({"place": 0, "made": "again"})) == "0again"


def test_people_do_not_see_each_others_badges(sign_in, student, ta):
    """What one person's page put into a memo isn't on another's."""
    from chat import services

    services.send(student.pk, ta.pk, None, "Hello")
    of_ta = sign_in(ta).get("/bookings/").content.decode()
    of_student = sign_in(student).get("/bookings/").content.decode()
    assert of_ta.count('data-unread-total="1"') == 2
    assert of_student.count('data-unread-total="0"') == 2
    assert student.username not in of_ta


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
def test_what_is_no_plain_value_is_refused_and_never_kept(value):
    template = Template(TEMPLATE)
    [memo] = template.nodelist
    with pytest.warns(RuntimeWarning, match="isn't plain"):
        template.render(Context({"place": value, "made": 1}))
    assert memo._rendered == {}


@pytest.mark.parametrize(
    "value",
    [
        "a",
        mark_safe("a"),
        1,
        1.5,
        True,
        None,
        date(2026, 11, 23),
        Kind.ONE,
        UUID(int=1),
        ("a", (1, None)),
    ],
    ids=repr,
)
def test_plain_values_are_kept(value):
    template = Template(TEMPLATE)
    [memo] = template.nodelist
    template.render(Context({"place": value, "made": 1}))
    assert list(memo._rendered) == [("en", value)]
