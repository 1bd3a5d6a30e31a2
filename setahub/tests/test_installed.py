"""The site as an app: its manifest, its icons, and what its service worker is told."""

import json
import re
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from setahub.site.installed import manifest, offline, worker
from setahub.tests.test_static import IMPORTS, collected  # noqa: F401  (a fixture of these tests, too)

STATIC = site.BASE_DIR / "static"
IMPORT = re.compile(r'(?:from|import) "\./([^"]+)"')


def shell() -> dict[str, Any]:
    """What ``/sw.js`` tells the worker."""
    return json.loads(worker.script().partition("self.shell = ")[2].partition(";\n")[0])


@pytest.fixture(autouse=True)
def _made_anew():
    worker._script.cache_clear()
    yield
    worker._script.cache_clear()


# --- The manifest -------------------------------------------------------------------------------


def test_the_manifest_tells_what_browsers_want_to_know(db, client):
    response = client.get("/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    told = response.json()
    assert {name: told[name] for name in ("name", "short_name", "lang", "display")} == {
        "name": "SETAHub",
        "short_name": "SETAHub",
        "lang": "en",
        "display": "standalone",
    }
    assert (told["id"], told["start_url"], told["scope"]) == ("/", "/", "/")
    assert told["description"].startswith("Students of software engineering")
    assert [(each["sizes"], each["purpose"]) for each in told["icons"]] == [
        ("192x192", "any"),
        ("512x512", "any"),
        ("192x192", "maskable"),
        ("512x512", "maskable"),
    ]
    assert [(each["name"], each["url"]) for each in told["shortcuts"]] == [
        ("My week", "/calendar/"),
        ("Messages", "/messages/"),
    ]


def test_its_colours_are_those_of_the_tokens():
    tokens = (STATIC / "css/tokens.css").read_text()
    assert f"--raised: light-dark({manifest.THEME}, " in tokens
    assert f"--surface: light-dark({manifest.BACKGROUND}, " in tokens


def test_it_is_in_the_reader_s_language_and_has_nothing_else_of_them(sign_in, student, client):
    student.language = "th"
    student.save()
    own = sign_in(student).get("/manifest.webmanifest", headers={"Accept-Language": "en"})
    visitors = client.get("/manifest.webmanifest", headers={"Accept-Language": "th"})
    assert own.json()["lang"] == "th"
    assert own.json()["shortcuts"][0]["name"] == "สัปดาห์ของฉัน"
    assert own.content == visitors.content
    for response in (own, visitors):
        vary = response.headers["Vary"]
        assert "Accept-Language" in vary
        assert "Cookie" in vary
        assert "public" not in response.headers["Cache-Control"]


def test_every_page_names_it_and_the_icon_of_iphones(client, db):
    page = client.get("/").content.decode()
    link = '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">'
    assert link in page
    assert '<link rel="apple-touch-icon" href="/static/img/app/apple-touch-icon.png">' in page


# --- The icons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size"),
    [*((name, size) for name, size, _purpose in manifest.ICONS), ("img/app/apple-touch-icon.png", 180)],
)  # fmt: skip
def test_icons_are_as_large_as_they_say_and_filled_where_they_are_cut(name, size):
    with Image.open(STATIC / name) as icon:
        assert icon.size == (size, size)
        corner = icon.convert("RGBA").getpixel((0, 0))
    assert corner == (
        (0, 0, 0, 0) if "icon-" in name and "apple" not in name else (194, 65, 12, 255)
    )


@pytest.mark.parametrize("name", [each[0] for each in manifest.ICONS if each[2] == "maskable"])
def test_a_mask_leaves_the_letter_whole(name):
    """The safe zone of a maskable icon is a circle of 40 % of its width."""
    with Image.open(STATIC / name) as icon:
        pixels, (size, _size) = icon.convert("RGB").load(), icon.size
    middle, safe = (size - 1) / 2, 0.4 * size
    inked = [
        (x - middle) ** 2 + (y - middle) ** 2
        for x in range(size)
        for y in range(size)
        if pixels[x, y] != (194, 65, 12)
    ]
    assert len(inked) > size * size / 50
    assert max(inked) <= safe**2


# --- The worker ---------------------------------------------------------------------------------


def test_the_worker_is_the_same_for_everybody_and_asks_for_nobody(
    client, sign_in, student, django_assert_num_queries
):
    signed_in = sign_in(student)
    with django_assert_num_queries(0):
        own = signed_in.get("/sw.js")
    assert own.status_code == 200
    assert own.content == client.get("/sw.js").content
    assert own.headers["Content-Type"] == "text/javascript"
    assert own.headers["Cache-Control"] == "no-cache"
    assert own.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in own.headers["Content-Security-Policy"]
    assert "Cookie" not in own.headers.get("Vary", "")
    assert "X-Viewer" not in own.headers
    assert not own.cookies


def test_pages_let_it_and_the_manifest_come_from_here_alone(client, db):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def modules(name: str) -> set[str]:
    """A script and all that it imports, by name."""
    found, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [f"js/{each}" for each in IMPORT.findall((STATIC / name).read_text())]
    return found


def test_it_keeps_what_every_page_and_the_offline_page_load():
    templates = ["shared/_assets.html", "offline.html"]
    text = "".join((site.BASE_DIR / "templates" / each).read_text() for each in templates)
    named = set(re.findall(r"""static '([^']+)'""", text)) - {"img/app/apple-touch-icon.png"}
    scripts = {each for name in named if name.endswith(".js") for each in modules(name)}
    assert set(worker.FILES) == named | scripts
    assert sorted(worker.FILES) == worker.FILES


def test_it_is_told_addresses_of_this_site(settings):
    told = shell()
    assert told["files"][: len(worker.FILES)] == [f"/static/{name}" for name in worker.FILES]
    # As long as the stylesheet is not one file, what it imports.
    assert [f"/static/css/{name}" for name in IMPORTS] == told["files"][len(worker.FILES) :]
    assert told["page"] == "/offline/"
    assert told["reader"] == settings.READER_COOKIE_NAME
    assert {"/admin/", "/media/", "/users/me/data/"} <= set(told["straight"]["begin"])
    assert 'importScripts("/static/sw/offline.js"' in worker.script()
    for name in worker.PARTS:
        assert finders.find(name)


def test_its_version_follows_from_all_that_it_keeps(monkeypatch):
    before = shell()["version"]
    assert shell()["version"] == before
    contents = worker._contents
    monkeypatch.setattr(worker, "_contents", lambda name: contents(name) + b"/* another */")
    of_a_file = shell()["version"]
    worker._script.cache_clear()
    monkeypatch.setattr(offline, "of_nobody", lambda language: f"another page in {language}")
    assert len({before, of_a_file, shell()["version"]}) == 3


def test_in_production_all_that_it_keeps_has_a_hash_in_its_name(collected, settings):  # noqa: F811
    settings.STATIC_ROOT = collected
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "setahub.core.web.static.StaticStorage"},
    }
    told, text = shell(), worker.script()
    parts = re.findall(r'"(/static/sw/[^"]+)"', text)
    assert len(told["files"]) == len(worker.FILES)
    assert len(parts) == len(worker.PARTS)
    for url in [*told["files"], *parts]:
        assert worker.HASHED.search(url), url
        assert (collected / url.removeprefix("/static/")).exists()
    # What its scripts import is of the same names.
    for url in told["files"]:
        if url.endswith(".js"):
            text = (collected / url.removeprefix("/static/")).read_text()
            for imported in IMPORT.findall(text):
                assert f"/static/js/{imported}" in told["files"]


def test_a_site_that_wants_none_sends_one_that_leaves(client, db, settings):
    settings.SERVICE_WORKER = False
    response = client.get("/sw.js")
    assert response.content.decode() == 'importScripts("/static/sw/farewell.js");\n'
    assert "unregister()" in (STATIC / "sw/farewell.js").read_text()


# --- How long the browser remembers who is signed in ----------------------------------------------


@pytest.mark.parametrize(("remember", "kept"), [("on", 30 * 24 * 3600), ("", "")])
def test_the_cookie_by_which_it_knows_its_reader_lasts_as_long_as_the_session(
    student, remember, kept
):
    fields = {"login": student.email, "password": "pass-word-1", "remember": remember}
    response = Client().post("/auth/login/", fields)
    assert response.cookies["reader"].value == str(student.pk)
    assert response.cookies["reader"]["max-age"] == kept
    assert response.cookies["sessionid"]["max-age"] == kept
