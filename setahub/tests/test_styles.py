"""Templates and stylesheets: readable lines, values from the tokens, classes that say whose they are."""

import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin

BASE = settings.BASE_DIR
CSS = BASE / "static/css"
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))
SHEETS = sorted(CSS.rglob("*.css"))
PAGES = sorted((CSS / "pages").glob("*.css"))
SHARED = [CSS / f"{name}.css" for name in ("base", "layout", "components", "utilities")]
ADMIN = BASE / "templates/admin"
EMAIL = BASE / "templates/email"

# A mail client loads no stylesheet; a browser draws its own bar before it has read one.
WITH_VALUES = {"email/message.html", "base.html"}
SIZES_OF_AVATARS = {"s", "l"}
# Written by Python (icons and charts) and by htmx.
BY_OTHERS = {"icon", "bars", "bar", "now", "htmx-request"}

COLOUR = re.compile(
    r"#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|hwb)\("
    r"|(?<![-\w])(?:white|black|red|green|blue|orange|yellow|grey|gray)(?![-\w])",
    re.IGNORECASE,
)
# Shares of the window (dvh) and of what is around (%) are of no scale.
SIZE = re.compile(r"(?<![-\w.])\d*\.?\d+(?:px|rem|em|ch|ex|lh|pt|pc|mm|cm|in|ms|s)\b")
CLASS = re.compile(r"\.([a-z][\w-]*)", re.IGNORECASE)
ATTRIBUTE = re.compile(r'\b(?:class|place)="((?:{%.*?%}|{{.*?}}|[^"{])*)"', re.DOTALL)


def code(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)


def selectors(sheet: Path) -> Iterator[str]:
    """Each on its own; commas inside of brackets, as in ``:is(a, b)``, divide nothing."""
    for group in re.findall(r"([^{};]+){", code(sheet)):
        if not group.lstrip().startswith("@"):
            yield from re.split(r",\s*(?![^(]*\))", group.strip())


def values(sheet: Path) -> str:
    """The declarations: conditions of ``@media`` and the sheet of a ``@page`` know no tokens."""
    return re.sub(r"[^{};]+{", "", re.sub(r"@page[^}]*}", "", code(sheet)))


def styled(*sheets: Path) -> set[str]:
    return {name for sheet in sheets for each in selectors(sheet) for name in CLASS.findall(each)}


def written(template: Path) -> set[str]:
    """The classes that a template writes; ``*`` stands for a value of its context."""
    attributes = " ".join(ATTRIBUTE.findall(template.read_text()))
    return set(re.sub(r"{{.*?}}", "*", re.sub(r"{%.*?%}", " ", attributes)).split())


def is_numbered(name: str, names: set[str]) -> bool:
    """Whether it is one of a row such as ``hue-*``, of which there is one for each number."""
    return re.sub(r"\d+$", "*", name) in names


def scripts() -> str:
    return "\n".join(path.read_text() for path in (BASE / "static/js").glob("*.js"))


def djangos() -> set[str]:
    """The classes of Django's admin."""
    root = Path(admin.__file__).parent
    texts = [*root.glob("static/admin/css/**/*.css"), *root.glob("templates/**/*.html")]
    return {name for path in texts for name in re.findall(r"[\w-]+", path.read_text())}


# --- Lines and values ---------------------------------------------------------------------------


@pytest.mark.parametrize("files", [TEMPLATES, SHEETS], ids=["templates", "stylesheets"])
def test_no_line_is_too_long_to_read_its_changes(files):
    lines = [(path.name, line) for path in files for line in path.read_text().splitlines()]
    assert len(lines) > 1000
    assert [(name, line) for name, line in lines if len(line) > 140] == []


def test_no_file_of_styles_is_too_long_to_know():
    lengths = {path.name: len(path.read_text().splitlines()) for path in SHEETS}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


@pytest.mark.parametrize(
    "sheet", [each for each in SHEETS if each.name != "tokens.css"], ids=attrgetter("stem")
)
def test_colours_and_sizes_come_from_the_tokens(sheet):
    assert [*COLOUR.findall(values(sheet)), *SIZE.findall(values(sheet))] == []


def test_templates_have_no_colours_sizes_or_styles_of_their_own():
    for path in TEMPLATES:
        text = re.sub(r"&#x?[\da-f]+;|{#.*?#}", "", path.read_text())
        attributes = " ".join(re.findall(r'\b(?:style|fill|stroke|content)="(.*?)"', text))
        has_values = bool(COLOUR.search(attributes) or "<style" in text or " style=" in text)
        assert has_values is (path.relative_to(BASE / "templates").as_posix() in WITH_VALUES)


def test_the_browser_s_own_bar_has_the_colour_of_ours():
    light, dark = re.findall(
        r'"theme-color" content="(.+?)"', (BASE / "templates/base.html").read_text()
    )
    assert f"--raised: light-dark({light}, {dark});" in (CSS / "tokens.css").read_text()


# --- What repeats -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("crumbs", {"shared/_crumbs.html"}),
        ("notice", {"shared/_notice.html", "mfa/webauthn/_ceremony.html"}),  # filled by a script
        ("tile", {"topics/_base_tile.html"}),
        ("art", {"topics/_art.html"}),
        ("empty", {"shared/_empty.html", "shared/error.html", "500.html"}),  # all of a page
    ],
)
def test_a_part_of_many_pages_is_written_once(name, places):
    found = [path for path in TEMPLATES if name in written(path)]
    assert {path.relative_to(BASE / "templates").as_posix() for path in found} == places


# --- Classes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", PAGES, ids=attrgetter("stem"))
def test_whatever_a_page_styles_bears_its_name(sheet):
    """All rules count on every page: without a class of its own, one would change other pages."""
    of_page = re.compile(rf"{sheet.stem}(-|$)")
    for each in selectors(sheet):
        assert any(of_page.match(name) for name in CLASS.findall(each)), each
    others = {name for name in styled(sheet) if not of_page.match(name)}
    assert others - styled(*SHARED) == set()


def test_what_all_pages_share_bears_the_name_of_none():
    pages = "|".join(sheet.stem for sheet in PAGES)
    assert [name for name in styled(*SHARED) if re.match(rf"({pages})(-|$)", name)] == []


def test_every_class_of_the_stylesheets_is_used():
    by_scripts = set(re.findall(r'\b(?:classList\.\w+\(|className = )"([\w-]+)"', scripts()))
    used = {name for path in TEMPLATES for name in written(path)}
    used |= by_scripts | BY_OTHERS | SIZES_OF_AVATARS
    unused = styled(*SHARED, *PAGES) - used
    assert {name for name in unused if not is_numbered(name, used)} == set()
    assert styled(CSS / "admin.css") - used - djangos() == set()


def test_every_class_of_a_template_is_styled_or_sought():
    sought = set(CLASS.findall(" ".join(re.findall(r'"[^"\n]*"', scripts()))))
    ours = styled(*SHARED, *PAGES) | sought
    for path in TEMPLATES:
        known = ours
        if path.is_relative_to(ADMIN):
            known = styled(CSS / "admin.css") | djangos()
        elif path.is_relative_to(EMAIL):
            known = set(CLASS.findall((EMAIL / "message.html").read_text()))
        found = {name for name in written(path) if "*" not in name}
        assert found - known == set(), path.name
