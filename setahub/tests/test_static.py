"""Static files: one stylesheet for every page, hashed names, compressed copies, kept for a year."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

CSS = site.BASE_DIR / "static/css"
SHEETS = sorted(path.relative_to(CSS).as_posix() for path in CSS.rglob("*.css"))
IMPORTS = re.findall(r'^@import "(.+)";$', (CSS / "site.css").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def collected(tmp_path_factory, django_db_blocker) -> Path:
    """The folder that collectstatic fills."""
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("static")
    storages = {
        **site.STORAGES,
        "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
    }
    with override_settings(STATIC_ROOT=folder, STORAGES=storages):
        call_command("collectstatic", verbosity=0, interactive=False)
    return folder


@pytest.fixture
def names(collected) -> dict[str, str]:
    """The hashed names of the files."""
    return json.loads((collected / "staticfiles.json").read_text())["paths"]


# --- The stylesheet -----------------------------------------------------------------------------


def test_every_stylesheet_is_part_of_the_one():
    assert sorted([*IMPORTS, "site.css", "admin.css"]) == SHEETS  # the admin has its own pages


def test_pages_link_to_that_stylesheet_only(sign_in, student):
    for path in ["/", "/topics/", "/bookings/", "/appointments/new/", "/messages/", "/users/me/"]:
        page = sign_in(student).get(path).content.decode()
        assert re.findall(r'rel="stylesheet" href="([^"]+)"', page) == ["/static/css/site.css"]


def test_collected_it_holds_all_layers_in_their_order_and_asks_for_nothing_more(collected, names):
    css = (collected / names["css/site.css"]).read_text()
    assert "@import" not in css
    assert "url(" not in css  # which would be sought beside site.css
    assert "/*" not in css
    assert css.startswith("@layer tokens, base, layout, components, pages, utilities;")
    found = re.findall(r"^@layer (\w+) \{", css, re.MULTILINE)
    pages = sum(name.startswith("pages/") for name in IMPORTS)
    assert found == ["tokens", "base", "layout", "components", *["pages"] * pages, "utilities"]


# --- All static files ---------------------------------------------------------------------------


def test_files_get_hashed_names_inside_each_other_too(collected, names):
    assert names["js/site.js"] != "js/site.js"
    assert (collected / names["js/site.js"]).exists()
    for script in [name for name in names if re.fullmatch(r"js/.+\.js", name)]:
        for imported in re.findall(r'from "\./(.+)"', (collected / names[script]).read_text()):
            assert f"js/{imported}" in names.values()


@pytest.mark.parametrize("name", ["css/site.css", "js/site.js", "img/logo.svg"])
@pytest.mark.parametrize(("encoding", "ending"), [("br", ".br"), ("gzip", ".gz"), ("", "")])
def test_files_are_compressed_ahead_of_time_and_kept_for_a_year(
    collected, names, settings, name, encoding, ending
):
    settings.STATIC_ROOT = collected
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
    }
    response = Client().get(f"/static/{names[name]}", headers={"Accept-Encoding": encoding})
    stored = collected / (names[name] + ending)
    assert stored.exists() or name == "img/logo.svg"  # too short to become shorter
    if stored.exists():
        assert b"".join(response.streaming_content) == stored.read_bytes()
        assert response.headers.get("Content-Encoding", "") == encoding
    assert int(re.search(r"max-age=(\d+)", response.headers["Cache-Control"])[1]) >= 365 * 24 * 3600
    assert "immutable" in response.headers["Cache-Control"]


# --- Scripts ------------------------------------------------------------------------------------


def test_scripts_never_hold_up_the_page_and_htmx_comes_only_where_it_is_used(sign_in, student):
    client = sign_in(student)
    for path, uses_htmx in [("/", False), ("/bookings/", False), ("/topics/", True)]:
        page = client.get(path).content.decode()
        scripts = re.findall(r"<script\b[^>]*>", page)
        assert all(' type="module"' in each or " defer" in each for each in scripts)
        assert any("htmx" in each for each in scripts) is uses_htmx
        assert ("hx-get" in page) is uses_htmx


# --- Pictures -----------------------------------------------------------------------------------


def test_every_picture_says_its_size_and_waits_until_it_is_near(sign_in, student, topic):
    topic.image = "topics/one.webp"
    topic.save()
    client = sign_in(student)
    paths = ["/", "/topics/", f"/topics/{topic.slug}/"]
    shown = {path: client.get(path).content.decode() for path in paths}
    shown["a visitor's"] = Client().get("/").content.decode()
    pictures = [(name, tag) for name in shown for tag in re.findall(r"<img [^>]+>", shown[name])]
    assert len(pictures) >= 3
    for name, picture in pictures:
        assert re.search(r' width="\d+" height="\d+"', picture)
        # The first ones of the list are in sight as soon as it opens.
        assert (' loading="lazy"' in picture) == (name != "/topics/")


def test_the_server_of_static_files_starts_with_those_that_were_collected(collected, settings):
    settings.STATIC_ROOT = collected
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = False
    served = WhiteNoiseMiddleware(lambda request: None).files
    assert "/static/css/site.css" in served
