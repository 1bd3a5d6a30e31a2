"""Templates that are rendered once and then filled in."""

import pytest
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import override

from setahub.core.web import prerendered
from setahub.core.web.prerendered import Prerendered

NAME = "shared/_tried.html"


@pytest.fixture
def filled(monkeypatch):
    """A template of ours, and how often it was rendered, in ``filled.rendered``."""
    source = """{% load i18n %}
        <p{% if mine %} class="mine"{% endif %}>{{ words }} {% translate "Today" %} 100 % %(words)s
        {% if count %}{{ count }}{% endif %}</p>"""
    rendered = []

    def get(name):
        rendered.append(name)
        return get_template("shared/_date_leaf.html").backend.from_string(source)

    monkeypatch.setattr(prerendered, "get_template", get)
    filled = Prerendered(NAME)
    filled.rendered = rendered
    return filled


def shown(html):
    return " ".join(html.split())


def test_each_value_stands_in_its_place(filled):
    assert shown(filled({"words": "one", "count": 3}, mine=True)) == (
        '<p class="mine">one Today 100 % %(words)s 3</p>'
    )
    assert shown(filled({"words": "two", "count": 0}, mine=True)) == (
        '<p class="mine">two Today 100 % %(words)s 0</p>'
    )
    assert filled.rendered == [NAME]


def test_a_value_that_is_not_there_is_seen_by_the_template(filled):
    assert shown(filled({"words": "one", "count": None}, mine=False)) == (
        "<p>one Today 100 % %(words)s </p>"
    )


def test_values_are_escaped_unless_they_are_safe(filled):
    typed = "<b>&\"' 5 % %(count)s"
    assert shown(filled({"words": typed, "count": None}, mine=False)).startswith(
        "<p>&lt;b&gt;&amp;&quot;&#x27; 5 % %(count)s Today"
    )
    kept = filled({"words": mark_safe("<b>one</b>"), "count": None}, mine=False)
    assert shown(kept).startswith("<p><b>one</b> Today")
    assert shown(str(filled({"words": "x", "count": None}, mine=False))).startswith("<p>x Today")


def test_each_language_has_its_own(filled):
    english = filled({"words": "one", "count": 1}, mine=True)
    with override("th"):
        thai = filled({"words": "one", "count": 1}, mine=True)
    assert "วันนี้" in thai
    assert filled({"words": "one", "count": 1}, mine=True) == english
    assert filled.rendered == [NAME, NAME]
