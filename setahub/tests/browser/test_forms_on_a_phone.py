"""Every form by keyboard on a small window: what has the focus is seen whole, under no bar."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from setahub.tests.browser.test_layout import STUCK, long  # noqa: F401  (a fixture)

OF_STUDENT = [
    "/",
    "/bookings/new/?slot={slot}&topic={slug}",
    "/bookings/{booking}/cancel/",
    "/bookings/{booking}/reschedule/",
    "/bookings/{cancelled}/rebook/?slot={slot}",
    "/topics/new/",
    "/users/me/edit/",
    "/users/me/avatar/",
    "/users/me/notifications/",
    "/users/me/delete/",
    "/auth/email/",
    "/auth/password/change/",
]
OF_TA = [
    "/appointments/new/",
    "/appointments/week/",
    "/appointments/copy-week/",
    "/appointments/{appointment}/edit/",
    "/appointments/{appointment}/delete/",
    "/topics/{slug}/edit/",
    "/calendar/",
]
OF_NOBODY = ["/auth/signup/", "/auth/login/", "/auth/password/reset/"]
STEPS = 150  # more than any of these pages has

# What lies over the element that has the focus: at its middle, and at what of its edges is in the
# window. Its own parts, its label and what it stands in are none.
COVERED = """() => {
  const here = document.activeElement;
  if (here === document.body || here.closest('.bar, .tabs-bar, .skip, [data-live]')) return null;
  // A link over all of a tile or a line shows its focus there; a box in a label on that.
  const over_all = here.matches('.tile :is(h2, h3) a, .reach, .cover, .my-week-cover');
  const shown = here.closest(over_all ? '.tile, li' : 'label') || here;
  const box = shown.getBoundingClientRect();
  const tall = document.documentElement.clientHeight, wide = document.documentElement.clientWidth;
  const inside = box.height <= tall * .6;
  if (inside && (box.top < -1 || box.bottom > tall + 1))
    return `out of the window: ${box.top} to ${box.bottom} ${here.outerHTML.slice(0, 120)}`;
  const x = Math.min(Math.max(box.left + box.width / 2, 1), wide - 1);
  const points = inside ? [box.top + 2, box.top + box.height / 2, box.bottom - 2] : [box.top + box.height / 2];
  for (const y of points.filter((y) => y >= 0 && y < tall)) {
    const over = document.elementFromPoint(x, y);
    const stuck = over && over.closest('.bar, .tabs-bar, .actions, .session-preview-card');
    if (stuck && !stuck.contains(here) && !shown.contains(over))
      return `under ${stuck.className}: ${here.outerHTML.slice(0, 120)}`;
  }
  return null;
}"""
# Marks each element that the focus was on: back at the first, all were seen.
SEEN = """() => {
  const here = document.activeElement;
  if (here === document.body || here.dataset.seen) return true;
  here.dataset.seen = 'yes';
  return false;
}"""


def hidden_on_the_way(page, key: str) -> list[str]:
    """What the focus was on while something lay over it, from one end of the page to the other."""
    found: list[str] = []
    for _step in range(STEPS):
        page.keyboard.press(key)
        if page.evaluate(SEEN):
            return found
        if covered := page.evaluate(COVERED):
            found.append(covered)
    raise AssertionError("the focus never came round")


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
@pytest.mark.parametrize(
    ("who", "paths"),
    [(None, OF_NOBODY), ("student", OF_STUDENT), ("ta", OF_TA)],
    ids=["nobody", "student", "ta"],
)
def test_what_has_the_focus_is_never_hidden(open_page, long, who, paths, key):  # noqa: F811
    page = open_page(who and User.objects.get(pk=long[who]), phone=True)
    hidden = {}
    for path in paths:
        for size in ((390, 664), (320, 256)):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(path.format(**long))
            page.evaluate("scrollTo(0, 0)")
            if found := hidden_on_the_way(page, key):
                hidden[f"{path} {size}"] = found[:3]
    assert hidden == {}, hidden


@pytest.mark.parametrize(
    ("who", "paths"),
    [(None, OF_NOBODY), ("student", OF_STUDENT), ("ta", OF_TA)],
    ids=["nobody", "student", "ta"],
)
def test_magnified_four_times_bars_take_a_quarter_at_most(open_page, long, who, paths):  # noqa: F811
    page = open_page(who and User.objects.get(pk=long[who]), phone=True)
    page.set_viewport_size({"width": 320, "height": 256})
    stuck = {}
    for path in paths:
        page.goto(path.format(**long))
        if (tall := page.evaluate(STUCK)) > 256 / 4:
            stuck[path] = tall
    assert stuck == {}


def test_bars_give_way_to_who_types(open_page, ta, topic):
    page = open_page(ta, phone=True)
    page.goto("/appointments/week/")

    def stuck() -> list[str]:
        bars = [".bar", ".tabs-bar", ".hours-side > .actions"]
        where = [page.locator(each).evaluate("e => getComputedStyle(e).position") for each in bars]
        return [each for each, position in zip(bars, where, strict=True) if position != "static"]

    page.locator("#day-0 [role=switch]").check()
    assert stuck() == [".bar", ".tabs-bar", ".hours-side > .actions"]
    page.locator("#day-0 [name$=location]").focus()
    assert stuck() == []
    page.locator("#day-1 [role=switch]").focus()
    expect(page.locator("html")).not_to_have_class("bars-away")
    assert len(stuck()) == 3


@pytest.mark.parametrize("types", [True, False], ids=["while one types", "at once"])
def test_no_button_moves_under_the_finger_that_presses_it(open_page, ta, topic, types):
    page = open_page(ta, phone=True)
    page.goto("/appointments/week/")
    page.locator("#day-0 [role=switch]").check()
    page.locator("#day-0 [name$=location]").fill("Room 504")
    if not types:
        page.locator("#day-1 [role=switch]").focus()
        expect(page.locator("html")).not_to_have_class("bars-away")
    button = page.get_by_role("button", name="Open these hours")
    if types:  # where the bars would come back over it
        button.evaluate(
            "button => scrollTo(0, scrollY + button.getBoundingClientRect().bottom - innerHeight + 2)"
        )
    box = button.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    assert button.bounding_box() == box
    page.mouse.up()
    page.wait_for_url("**/appointments/")
