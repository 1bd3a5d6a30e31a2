"""Texts that are 40 % longer, and Thai, on the smallest phones, on phones and on desks: nothing
scrolls sideways, is cut or lies over something else."""

import uuid
from datetime import time, timedelta
from typing import Any

import pytest

from chat import services as chat
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.tests.factories import ask, hold
from setahub.core import clock as when
from setahub.tests.browser.test_layout import OF_NOBODY, OF_STUDENT, OF_TA
from setahub.tests.languages import pseudo
from topics.models import Registration, Topic

WIDTHS = [320, 390, 1280]

# What is wider than its place, is cut off, or lies over another thing that can be tapped. People's own
# names may end in an ellipsis (``.clip``), and so may what stands in a calendar's cell, which is as
# large as its time. What can be scrolled in its own place is not cut.
WRONG = """() => {
  const root = document.documentElement, wrong = [];
  const named = (each) => {
    const words = each.textContent.trim().replaceAll(/\\s+/g, " ").slice(0, 50);
    return `${each.localName}.${(each.getAttribute("class") ?? "").replaceAll(" ", ".")} “${words}”`;
  };
  const shown = (each) => each.checkVisibility({ visibilityProperty: true }) && each.offsetWidth > 1
    && !each.closest(".visually-hidden, .skip, .clip, .my-week-in, option, script, template");
  const scrolls = (each) => each && each !== document.body
    && (["auto", "scroll"].includes(getComputedStyle(each).overflowX) || scrolls(each.parentElement));
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide`);

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode, each = text.parentElement;
    if (!text.data.trim() || !shown(each) || scrolls(each)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const { left, right } = range.getBoundingClientRect();
    if (right > root.clientWidth + 1 || left < -1) wrong.push(`${named(each)} leaves the page`);
    const box = each.closest("button, .btn, .chip, .tag, .pick, .tab, .notice, .card, label, th, td, li, nav, main");
    const around = box?.getBoundingClientRect();
    if (around && right > around.right + 1) wrong.push(`${named(each)} leaves ${named(box)}`);
  }

  const tapped = [...document.querySelectorAll("main :is(a.btn, button, select, input, textarea, .chip)")]
    .filter((each) => shown(each) && !["absolute", "fixed", "sticky"].includes(getComputedStyle(each).position))
    .filter((each) => !each.closest(".actions, [class*=composer]"));  // these stick above what scrolls
  const rects = tapped.map((each) => each.getBoundingClientRect());
  for (let one = 0; one < tapped.length; one += 1) {
    for (let two = one + 1; two < tapped.length; two += 1) {
      if (tapped[one].contains(tapped[two])) continue;
      const [a, b] = [rects[one], rects[two]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 2 && down > 2) wrong.push(`${named(tapped[one])} lies over ${named(tapped[two])}`);
    }
  }
  return wrong;
}"""


@pytest.fixture
def ordinary(make_user) -> dict[str, Any]:
    """A TA's session of tomorrow with a booking, another that was cancelled, and messages."""
    ta = make_user("น้ำฝน", email="ta@example.com", language="th", bio="Ask me.", public=True)
    student = make_user("สมชาย ใจดี", email="student@example.com", year=1, language="th")
    topic = Topic.objects.create(name="โครงสร้างข้อมูล", slug="ds", description="…", creator=ta)
    Registration.objects.create(user=ta, topic=topic)
    day = when.today() + timedelta(days=1)
    plan = Plan([topic], day, time(13), time(15), 30, 2, "ห้อง 504", "โน้ตบุ๊ก")
    [session] = appointments.open_time(ta, plan)
    first, second, third, fourth = session.slots.order_by("starts_at")
    cancelled = bookings.book(student, third.pk, topic, "ทำไม")
    bookings.cancel(cancelled, ta, "ป่วย")
    made = bookings.book(student, first.pk, topic, "ทำไม")
    asked = ask(student, topic, "ทำไม", shared=True, ta=ta)
    chat.send(student.pk, ta.pk, uuid.uuid4(), "สวัสดี")
    chat.send(ta.pk, student.pk, uuid.uuid4(), "สวัสดี")
    return {
        "people": {"student": student, "ta": ta, "nobody": None},
        "ta": ta.pk, "student": student.pk, "slug": topic.slug, "appointment": session.pk,
        "taken": first.pk, "slot": second.pk, "booking": made.pk, "cancelled": cancelled.pk,
        "request": asked.pk, "offer": hold(fourth, asked).pk,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["longer", "thai"])
@pytest.mark.parametrize(
    ("who", "paths"), [("student", OF_STUDENT), ("ta", OF_TA), ("nobody", OF_NOBODY)]
)
def test_nothing_scrolls_sideways_is_cut_or_overlaps(
    open_page, site, ordinary, monkeypatch, who, paths, text
):
    if text == "longer":
        pseudo.change_translations(monkeypatch, pseudo.longer)
    page = open_page(ordinary["people"][who])
    page.context.add_cookies([{"name": "language", "value": "th", "url": site.url}])
    found = []
    for path in paths:
        page.goto(path.format(**ordinary), wait_until="load")
        assert page.locator("html").get_attribute("lang") == "th"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{path} at {width}: {words}" for words in page.evaluate(WRONG)]
    assert found == [], "\n".join(found)
