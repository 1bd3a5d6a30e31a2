"""Icons are what the package draws, hidden from screen readers."""

import pytest
from django.template import Context, Template
from lucide.templatetags.lucide import lucide

from setahub.site import icons


@pytest.mark.parametrize("name", ["calendar", "message-circle", "x"])
@pytest.mark.parametrize("size", [16, 20])
def test_an_icon_is_the_one_of_the_package(name, size):
    theirs = lucide(name, size=size, aria_hidden="true", focusable="false", **{"class": "icon"})
    ours = icons.drawn(name, size)
    assert _attributes(ours) == _attributes(theirs)
    assert ours.split(">", 1)[1] == theirs.split(">", 1)[1]


def test_the_tag_draws_it_twenty_pixels_wide_unless_told():
    assert Template('{% icon "x" %}').render(Context()) == icons.drawn("x", 20)


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        icons.drawn("no-such-icon", 20)


def _attributes(svg: str) -> set[str]:
    return set(svg.split(">", 1)[0].replace('" ', '"\n').split("\n"))
