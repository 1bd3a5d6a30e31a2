"""Addresses that others wrote: where they lead, and that none of them breaks a page."""

import pytest
from django.test import RequestFactory

from accounts.models import Block
from setahub.core.web.addresses import own_path

WORDS = [
    "Infinity", "home", "topics:list", "accounts.User", "None", "0", "x", "..", "http://[", "//", "/\\",
    "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "http:///x",
    "\0", "/\0", "/\n", "/\r\nX: y", "messages/3/", "\ud800", "/" + "a" * 3000, "?x", "#x", " ", " /x",
    "http://testserver@evil.example/", "///", "data:,x", "/\u202e",
]  # fmt: skip


@pytest.mark.parametrize("address", [*WORDS, "", None])
def test_what_leads_elsewhere_or_nowhere_is_none_of_ours(address):
    assert own_path(RequestFactory().get("/"), address) == ""


@pytest.mark.parametrize(
    "address",
    ["/", "/messages/3/", "/topics/?q=a+b&page=2#x", "/topics/?q=ก", "http://testserver/x"],
)
def test_a_page_of_this_site_is(address):
    assert own_path(RequestFactory().get("/"), address) == address


@pytest.mark.parametrize("word", WORDS)
def test_blocking_leads_on_whatever_next_says(sign_in, student, ta, word):
    client = sign_in(student)
    for action in ("block", "unblock"):
        sent = {"next": word.encode("utf-8", "replace").decode()}
        response = client.post(f"/users/{ta.pk}/{action}/", sent)
        assert (response.status_code, response.url) == (302, f"/users/{ta.pk}/")
    assert not Block.objects.exists()


@pytest.mark.parametrize("word", WORDS)
def test_leaving_the_admin_leads_to_the_start(sign_in, staff, word):
    sent = {"next": word.encode("utf-8", "replace").decode()}
    response = sign_in(staff).post("/admin/logout/", sent)
    assert (response.status_code, response.url) == (302, "/")


@pytest.mark.parametrize("word", WORDS)
def test_no_page_of_signing_in_breaks_over_it(client, sign_in, student, word):
    names = ["next", "continue", "redirect_to"]  # whichever is read
    sent = dict.fromkeys(names, word.encode("utf-8", "replace").decode())
    sent |= {"login": student.email, "password": "pass-word-1"}
    for path in (
        "/auth/login/",
        "/auth/signup/",
        "/auth/logout/",
        "/auth/reauthenticate/",
        "/admin/login/",
    ):
        for each in (client, sign_in(student)):
            for response in (each.get(path, sent), each.post(path, sent)):
                assert response.status_code < 500, path
                assert "evil" not in response.headers.get("Location", "").partition("?")[0]


@pytest.mark.parametrize("word", ["http://[", "//[", "http://testserver:x/", "\x7f", "x" * 9000])
def test_no_header_breaks_a_page(client, student, sign_in, word):
    headers = {"referer": word, "hx-current-url": word, "hx-request": "true", "origin": word}
    for path in ("/topics/", "/messages/1/", "/bookings/"):
        assert client.get(path, headers=headers).status_code < 500
        assert client.post(path, headers=headers).status_code < 500
        assert sign_in(student).post(path, headers=headers).status_code < 500


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "testserver:x", "testserver:", "a b", "x@y", ""])
@pytest.mark.parametrize("referer", ["", "http://evil.example/auth/login/", "http://[", "/topics/"])
def test_a_host_that_is_not_ours_is_told_so_whatever_else_is_sent(client, host, referer):
    client.raise_request_exception = False
    headers = {"host": host, "referer": referer, "origin": referer}
    for method in (client.get, client.post, client.head, client.put, client.options):
        for path in ("/auth/signup/", "/nowhere/", "/topics"):
            assert method(path, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "name",
    ["avatars/%00", "avatars/", "avatars", "%00", "topics/%00.webp", "avatars/..%2F..%2Fx", "avatars/%2E%2E/x",
     "avatars//etc/passwd", "avatars/%ED%A0%80", "avatars/%FF", "avatars/" + "a" * 300, "avatars/" + "a/" * 900,
     "avatars/%0A", "avatars/C:%5Cx", "avatars/~", "messages/x", "avatars/x/%00/y", "avatars/.", "avatars/./x"],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["/media/", "/static/"])
def test_a_broken_path_of_a_file_is_not_found(client, prefix, name):
    assert client.get(f"{prefix}{name}").status_code in {400, 404}
