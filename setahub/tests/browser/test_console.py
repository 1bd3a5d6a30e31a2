"""Every page that a link leads to, as a student, a TA, staff and a visitor: none complains in the console."""

import re
from collections import deque
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import User
from scheduling.tests.factories import ask, book, open_series, open_time, slots_of
from setahub.core import clock as when
from topics.models import Registration

# What signs out, downloads, or is Django's own admin (test_admin.py looks at that).
LEFT_OUT = re.compile(r"^/(?:admin|auth/logout|media|static)\b|\.ics$|download|/language/")
ANY_ID = re.compile(r"/\d+(?=/)")
MOST = 150  # pages of one person


@pytest.fixture
def world(ta, student, stranger, other_topic, topic, say):
    """Something of every kind, so that every kind of page is linked to."""
    ta.public = True
    ta.save()
    Registration.objects.create(user=ta, topic=other_topic)
    open_series(ta, topic, weeks=3)
    online = open_time(ta, topic, start="18:00", end="19:00", location="https://meet.example/x")
    book(student, slots_of(online)[0])
    ask(stranger, topic)
    ask(student, other_topic)
    say(student, ta)


@pytest.fixture
def other_topic(creator):
    from topics.models import Topic

    return Topic.objects.create(name="Databases", slug="databases", creator=creator)


def kind_of(path: str) -> str:
    """Pages that differ by an id or a query alone are looked at once."""
    parts = urlsplit(path)
    asked = "&".join(sorted(each.split("=")[0] for each in parts.query.split("&")))
    tab = re.search(r"tab=\w+", parts.query)
    return ANY_ID.sub("/0", parts.path) + "?" + (tab[0] if tab else asked)


def walk(page: Any, start: str) -> list[str]:
    """All kinds of pages that links lead to from there."""
    waiting, seen = deque([start]), {kind_of(start)}
    walked: list[str] = []
    while waiting and len(walked) < MOST:
        path = waiting.popleft()
        page.goto(path, wait_until="load")
        walked.append(path)
        for href in page.locator("a[href]").evaluate_all("links => links.map(link => link.href)"):
            parts = urlsplit(href)
            found = parts.path + (f"?{parts.query}" if parts.query else "")
            is_ours = parts.netloc == urlsplit(page.url).netloc
            if is_ours and not LEFT_OUT.search(parts.path) and kind_of(found) not in seen:
                seen.add(kind_of(found))
                waiting.append(found)
    return walked


@pytest.mark.parametrize(
    ("who", "start", "least"),
    [("student", "/", 40), ("ta", "/", 50), ("staff", "/", 25), (None, "/", 6)],
)
def test_no_page_complains(open_page, request, world, who, start, least):
    """``open_page`` fails for whatever the console said."""
    user: User | None = request.getfixturevalue(who) if who else None
    walked = walk(open_page(user, phone=who == "student"), start)
    assert len(walked) >= least, walked


def test_an_empty_style_that_a_browsers_tool_left_is_carried_into_no_part(open_page, ta, topic):
    """Tools that take pictures of pages leave ``style=""`` on fields; htmx would set it anew."""
    monday = when.monday(when.today()) + timedelta(weeks=1)
    for day in (monday, monday + timedelta(days=1), monday + timedelta(weeks=1)):
        open_time(ta, topic, day=day)
    page = open_page(ta)
    page.goto("/appointments/copy-week/")
    page.locator("[name=week]").select_option(monday.isoformat())
    page.locator("[name=to]").select_option((monday + timedelta(weeks=1)).isoformat())
    page.locator("#id_skip_conflicts").wait_for(state="attached")
    left = page.locator("#id_skip_conflicts").evaluate(
        "box => { box.style.color = 'red'; box.style.removeProperty('color'); return box.getAttribute('style') }"
    )
    assert left == ""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator("#id_skip_conflicts").check()
    page.wait_for_function("document.querySelector('#id_skip_conflicts').checked")
    page.wait_for_timeout(200)  # htmx settles
