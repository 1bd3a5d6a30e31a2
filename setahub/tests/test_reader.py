"""What is made for one person stays with them, on a computer that others use as well."""

import pytest
from django.test import Client

from accounts.models import User
from setahub.core.web.messages import Cookie


def reader_of(response) -> str | None:
    """What the answer tells the browser of who is signed in; None when nothing."""
    cookie = response.cookies.get("reader")
    return cookie.value if cookie else None


@pytest.mark.parametrize(
    "path", ["/", "/topics/", "/bookings/", "/messages/", "/users/me/", "/admin/", "/nothing/"]
)
def test_pages_of_who_is_signed_in_are_kept_by_nobody(sign_in, staff, path):
    response = sign_in(staff).get(path)
    assert "no-store" in response.headers["Cache-Control"]
    assert "HX-Request" in response.headers["Vary"]
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize(("path", "kept"), [("/", "no-cache"), ("/nothing/", "no-cache")])
def test_pages_of_visitors_may_be_kept_and_tell_nothing(db, client, path, kept):
    response = client.get(path)
    assert response.headers["Cache-Control"] == f"private, {kept}"
    assert not response.cookies.get("reader")
    assert "Clear-Site-Data" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/auth/login/",
        "/auth/password/reset/",
        "/auth/password/reset/key/1-x/",
        "/auth/confirm-email/x/",
        "/auth/email/undo/x/",
        "/email/unsubscribe/x/",
        "/calendar/x.ics",
    ],
)
def test_pages_of_secret_addresses_are_kept_by_nobody(db, client, path):
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_the_browser_is_told_once_who_is_signed_in(sign_in, student):
    client = sign_in(student)
    first = client.get("/")
    assert reader_of(first) == str(student.pk)
    assert not first.cookies["reader"]["httponly"]
    assert f'<meta name="reader" content="{student.pk}">' in first.content.decode()
    assert reader_of(client.get("/topics/")) is None


@pytest.mark.parametrize("path", ["/auth/logout/", "/admin/logout/"])
@pytest.mark.parametrize("told", [True, False])
def test_signing_out_empties_the_cache_of_the_browser(sign_in, staff, path, told):
    client = sign_in(staff)
    if told:
        client.get("/")
    response = client.post(path)
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert reader_of(response) == "0"
    after = client.get("/")
    assert "Clear-Site-Data" not in after.headers
    assert '<meta name="reader" content="">' in after.content.decode()


def test_so_does_the_first_page_after_a_session_was_ended_elsewhere(sign_in, student):
    client = sign_in(student)
    client.get("/")
    client.session.flush()
    response = client.get("/topics/")
    assert response.status_code == 302
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert reader_of(response) == "0"


def test_so_does_somebody_else_who_comes_in(sign_in, student, ta):
    client = sign_in(student)
    client.get("/")
    client.force_login(ta)
    response = client.get("/")
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert reader_of(response) == str(ta.pk)


class TestAFormThatComesTooLate:
    PATH = "/users/me/edit/"
    TYPED = {"username": "Mali", "bio": "I like\n<b>trees</b>", "student_id": ""}

    @pytest.fixture
    def client(self, student):
        client = Client(enforce_csrf_checks=True)
        client.force_login(student)
        return client

    def send(self, client: Client, path: str = PATH, **fields):
        return client.post(path, {**self.TYPED, "csrfmiddlewaretoken": "x" * 64, **fields})

    def test_is_shown_again_with_what_was_typed_and_goes_through(self, client, student):
        response = self.send(client, made_for=str(student.pk))
        assert response.status_code == 403
        page = response.content.decode()
        assert "This form has expired" in page
        assert "Send again" in page
        assert 'name="username" value="Mali" autocomplete="off">' in page
        assert "\nI like\n&lt;b&gt;trees&lt;/b&gt;</textarea>" in page
        again = {
            **self.TYPED,
            "csrfmiddlewaretoken": response.context["csrf_token"],
            "made_for": student.pk,
        }
        assert client.post(self.PATH, again).status_code == 302
        student.refresh_from_db()
        assert student.username == "Mali"

    def test_keeps_every_value_of_a_name(self, client):
        response = self.send(client, topics=["3", "5"])
        assert [each.value for each in response.context["sent"] if each.name == "topics"] == [
            "3",
            "5",
        ]

    def test_shows_what_was_typed_and_nothing_that_a_machine_made(self, client):
        typed = {"reason": "ไม่สบาย", "location": "https://example.com/a", "notes": "x" * 10 + "\ny"}
        made = {
            "base": ".eJw9jU0KgzAQha8ib62Q" * 9,
            "form_key": "ad60c530016495c9088e40883daeba30",
            "next": "/messages/3/?before=7",
            "scope": "following",
            "date": "2026-12-01",
            "skip_conflicts": "on",
        }
        sent = self.send(client, **typed, **made).context["sent"]
        shown = {each.name: each.kind for each in sent if each.kind != "hidden"}
        assert shown == {
            "username": "text",
            "bio": "lines",
            "reason": "text",
            "location": "text",
            "notes": "lines",
        }
        assert {each.name: each.value for each in sent}.items() >= {**typed, **made}.items()

    def test_never_shows_a_password(self, client):
        response = self.send(client, "/auth/password/change/", oldpassword="pass-word-1")
        page = response.content.decode()
        assert "pass-word-1" not in page
        assert 'type="password" name="oldpassword"' in page

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://elsewhere.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"referer": "https://elsewhere.example/"},
        ],
    )
    def test_of_another_site_is_not_repeated(self, client, headers):
        response = client.post(self.PATH, self.TYPED, headers=headers)
        assert response.status_code == 403
        page = response.content.decode()
        assert "This form has expired" in page
        assert "Mali" not in page

    def test_of_another_person_is_not_shown_to_the_next(self, client, ta):
        response = self.send(client, made_for=str(ta.pk))
        page = response.content.decode()
        assert response.status_code == 403
        assert "That page was somebody else&#x27;s" in page
        assert "trees" not in page

    def test_of_a_visitor_who_has_signed_in_meanwhile_leads_on(self, client):
        response = self.send(client, "/auth/login/", made_for="")
        assert "You have signed in meanwhile" in response.content.decode()

    def test_of_who_is_signed_out_leads_to_the_login_and_back_to_its_page(self, db, student):
        response = Client(enforce_csrf_checks=True).post(
            "/topics/data-structures/register/",
            {"made_for": student.pk},
            headers={"referer": "http://testserver/topics/data-structures/?from=2026-12-01"},
        )
        assert response.status_code == 403
        page = response.content.decode()
        assert "You are signed out" in page
        assert "/auth/login/?next=/topics/data-structures/%3Ffrom%3D2026-12-01" in page

    def test_of_a_visitor_is_shown_again(self, db):
        response = self.send(Client(enforce_csrf_checks=True), "/auth/signup/", made_for="")
        assert "Send again" in response.content.decode()

    def test_tells_a_script_in_its_own_language(self, client, ta):
        response = client.post(
            f"/messages/{ta.pk}/",
            {"text": "Hello", "client_id": "1"},
            headers={"accept": "application/json"},
        )
        assert response.status_code == 403
        assert response.json() == {
            "type": "error",
            "code": "not_allowed",
            "detail": "This page has expired. Reload it and send this again.",
            "client_id": "1",
        }

    def test_in_a_part_of_a_page_is_made_good_by_the_script(self, client):
        response = client.post(self.PATH, self.TYPED, headers={"HX-Request": "true"})
        assert response.status_code == 403
        again = {**self.TYPED, "csrfmiddlewaretoken": response.headers["X-CSRFToken"]}
        assert client.post(self.PATH, again).status_code == 302

    @pytest.mark.parametrize("token", [True, False], ids=["with its token", "without"])
    def test_in_a_part_of_a_page_of_who_is_signed_out_is_told_there(self, db, token):
        client = Client(enforce_csrf_checks=not token)
        response = client.post(self.PATH, {"made_for": "1"}, headers={"HX-Request": "true"})
        assert response.status_code == (401 if token else 403)
        assert response.headers["HX-Reswap"] == "innerHTML"
        assert "HX-Redirect" not in response.headers
        page = response.content.decode()
        assert "<html" not in page
        assert "You are signed out" in page
        assert 'href="/auth/login/?next=/users/me/edit/"' in page


def test_a_form_of_who_is_signed_out_leads_to_the_login_in_words(client, db):
    sent = client.post(
        "/topics/data-structures/register/",
        headers={"referer": "http://testserver/topics/data-structures/"},
    )
    assert sent.url == "/auth/login/?next=/topics/data-structures/"
    page = client.get(sent.url).content.decode()
    assert "You are signed out, so this was not sent." in page
    # Without a page that the browser names, back to where it was sent.
    assert client.post("/users/me/edit/").url == "/auth/login/?next=/users/me/edit/"
    lost = client.post("/bookings/new/", {"slot": "7", "topic": "3", "question": "Why?"})
    assert lost.url == "/auth/login/?next=/bookings/new/%3Fslot%3D7%26topic%3D3"


def test_every_form_says_whom_its_page_was_made_for(sign_in, staff):
    assert isinstance(staff, User)
    for path in ("/users/me/edit/", "/admin/accounts/user/"):
        page = sign_in(staff).get(path).content.decode()
        assert page.count('name="csrfmiddlewaretoken"') == page.count(
            f'name="made_for" value="{staff.pk}"'
        )


def test_words_for_the_next_page_come_in_the_cookie_of_ours(monkeypatch, settings, student):
    monkeypatch.setattr(Cookie, "cookie_name", "__Host-messages")
    settings.SESSION_COOKIE_SECURE = True
    client = Client()
    told = client.post("/auth/login/", {"login": student.email, "password": "pass-word-1"})
    assert "messages" not in told.cookies
    cookie = told.cookies["__Host-messages"]
    assert (cookie["path"], cookie["secure"], cookie["domain"]) == ("/", True, "")
    gone = client.get("/users/me/").cookies["__Host-messages"]
    assert (gone.value, gone["secure"]) == ("", True)  # else a browser would keep it
