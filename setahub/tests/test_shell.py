"""What every answer of the site has in common: headers, health, public pictures, static files."""

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.test import Client, override_settings

from accounts.models import User
from topics.models import Topic


def directives(response) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())


@pytest.mark.parametrize("path", ["/", "/auth/login/", "/topics/", "/nothing/", "/healthz"])
def test_every_page_forbids_what_it_does_not_need(sign_in, student, path):
    response = sign_in(student).get(path)
    policy = directives(response)
    assert policy["default-src"] in {"'self'", "'none'"}
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"].split(", ")


@override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["setahub.example"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_answers_without_https_and_for_any_host(db, client, path):
    response = client.get(path, headers={"host": "10.0.0.7"})
    assert response.status_code == 200
    assert client.get("/", headers={"host": "setahub.example"}).status_code == 301


def test_public_pictures_come_as_pictures_and_may_be_kept(db, client):
    name = default_storage.save("avatars/abc.webp", ContentFile(b"RIFF"))
    response = client.get(f"/media/{name}")
    assert response.status_code == 200
    assert response.content == b"RIFF"
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    ["private/x.webp", "avatars/../private/x.webp", "avatars/", "avatars", "../secret_key", "a%00"],
)
def test_nothing_else_is_public(db, client, name):
    default_storage.save("private/x.webp", ContentFile(b"RIFF"))
    assert client.get(f"/media/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/nothing/", "/topics/nothing/", "/bookings/new/?slot=x"])
def test_development_has_the_same_page_for_what_is_not_there(sign_in, student, settings, path):
    client = sign_in(student)
    page = client.get(path)
    settings.DEBUG = True
    response = client.get(path)
    assert response.status_code == 404
    assert "Nothing here" in response.content.decode()
    assert directives(response) == directives(page)


def test_a_method_that_a_page_does_not_take_is_told_in_words(sign_in, student, ta):
    response = sign_in(student).get(f"/users/{ta.pk}/block/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "Nothing was changed." in response.content.decode()
    assert sign_in(student).head("/auth/").status_code == 302


def test_an_error_of_ours_is_a_page_too(student, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("topics.views.contexts.listing.paginate", broken)
    client = Client(raise_request_exception=False)
    client.force_login(student)
    response = client.get("/topics/")
    assert response.status_code == 500
    assert "our mistake" in response.content.decode()


def test_a_part_of_a_page_whose_session_has_ended_sends_the_whole_page_to_the_login(db, client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/topics/?q=x"}
    response = client.get("/topics/?q=x", headers=headers)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/auth/login/?next=%2Ftopics%2F"
    assert client.get("/topics/?q=x").url == "/auth/login/?next=/topics/%3Fq%3Dx"


def test_browsers_know_every_power_that_is_forbidden(db, client):
    """Chromium complains of one that it doesn't: "Unrecognized feature: 'bluetooth'"."""
    assert "bluetooth" not in client.get("/").headers["Permissions-Policy"]


def test_too_many_says_for_how_long(db, client, settings):
    settings.AUTH_FORMS_A_MINUTE = 1
    client.post("/auth/login/")
    response = client.post("/auth/login/")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
    assert "Try again in 1 minute." in response.content.decode()


def test_a_sign_up_is_told_once(db, client):
    fields = {"username": "Mali", "email": "mali@example.com", "password1": "a-long-pass-word"}
    page = client.post("/auth/signup/", fields, follow=True).content.decode()
    assert page.count('class="notice') == 1
    assert "We have sent a link to mali@example.com." in page


def test_a_picture_has_initials_behind_it_until_it_has_come(student):
    student.avatar = "avatars/x.webp"
    shown = render_to_string("shared/_avatar.html", {"person": student})
    assert "<span>สจ</span><img" in shown


def test_no_title_is_turned_by_a_name_that_stands_in_it(sign_in, staff, topic, ta):
    Topic.objects.update(name="\u202eData & Structures\u2066\u200f")
    User.objects.filter(pk=ta.pk).update(username="\u202eF<b\u200e")
    client = sign_in(staff)
    titles = [
        re.findall(r"<title>\s*(.*?)\s*</title>", client.get(path).content.decode(), re.DOTALL)
        for path in [
            f"/topics/{topic.slug}/",
            f"/topics/{topic.slug}/edit/",
            "/topics/?q=%E2%80%AEa%3Cb",
            f"/users/{ta.pk}/",
            f"/users/{ta.pk}/timeslots/",
            f"/admin/topics/topic/{topic.pk}/change/",
        ]
    ]
    assert titles == [
        ["Data &amp; Structures · SETAHub"],
        ["Edit Data &amp; Structures · SETAHub"],
        ["Topics: a&lt;b · SETAHub"],
        ["F&lt;b · SETAHub"],
        ["Free times of F&lt;b · SETAHub"],
        ["Data &amp; Structures · View topic · SETAHub staff"],
    ]
