"""Two-step sign-in and signed-in devices, driven as people do it, with a virtual authenticator."""

from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import SignIn
from accounts.models.mail import EmailChange
from accounts.tests.test_mfa import code_now, with_app
from accounts.tests.test_signing_in import link_in
from accounts.tokens import email_change_token
from setahub.tests.browser.test_accessibility import problems_of


def submit(page) -> None:
    page.locator("main form button[type=submit]").first.click()


def sign_in(page, user, *, to="**/") -> None:
    page.goto("/auth/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", "pass-word-1")
    submit(page)
    page.wait_for_url(to)


def sign_out(page) -> None:
    page.goto("/auth/logout/")
    submit(page)
    page.wait_for_url("**/")


def with_key(page, **traits) -> None:
    """Give the browser a key as phones and laptops have one built in."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **traits,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture
def owner(student):
    """The student, the email confirmed."""
    EmailAddress.objects.create(user=student, email=student.email, verified=True, primary=True)
    return student


def test_every_page_of_it_is_for_everybody(open_page, owner):
    """axe finds nothing on any of them, and none scrolls sideways."""
    page = open_page(phone=True, dark=True)
    with_key(page)
    found = {}

    def look(name):
        if problems := problems_of(page):
            found[name] = problems

    sign_in(page, owner)
    page.goto("/auth/reauthenticate/?next=/users/me/")
    look("password again")
    page.goto("/auth/2fa/totp/activate/")
    page.locator(".qr svg").wait_for()
    page.locator("main form summary").click()
    look("app")
    page.fill("[name=code]", "nonsense")
    submit(page)
    page.locator("[name=code][aria-invalid=true]").wait_for()
    look("app, wrong code")
    page.fill("[name=code]", code_now(page.locator("[data-totp-secret]").text_content()))
    submit(page)
    page.wait_for_url("**/recovery-codes/")
    look("recovery codes")
    page.goto("/auth/2fa/webauthn/add/")
    look("new passkey")
    submit(page)
    page.wait_for_url("**/auth/2fa/")
    key = Authenticator.objects.get(type="webauthn").pk
    EmailAddress.objects.create(user=owner, email="new@example.com")
    wish = EmailChange.objects.create(
        user=owner, old_email=owner.email, old_was_proven=True, new_email="new@example.com"
    )
    for path in (
        "/auth/2fa/",
        "/auth/2fa/totp/deactivate/",
        "/auth/2fa/recovery-codes/generate/",
        "/auth/2fa/webauthn/",
        f"/auth/2fa/webauthn/keys/{key}/edit/",
        f"/auth/2fa/webauthn/keys/{key}/remove/",
        "/auth/2fa/reauthenticate/?next=/users/me/",
        "/auth/2fa/webauthn/reauthenticate/?next=/users/me/",
        "/users/me/",
        "/users/me/sessions/",
        "/users/me/delete/",
        "/auth/email/",
        f"/auth/email/undo/{email_change_token(wish.pk)}/",
        "/auth/email/undo/x/",
    ):
        page.goto(path)
        look(path)
    sign_out(page)
    sign_in(page, owner, to="**/auth/2fa/authenticate/")
    look("second step")
    assert found == {}


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_app_is_set_up_and_asked_for(open_page, owner, javascript):
    page = open_page(javascript=javascript)
    sign_in(page, owner)
    page.goto("/users/me/")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("[data-totp-secret]").text_content()
    page.fill("[name=code]", code_now(secret))
    submit(page)
    page.wait_for_url("**/recovery-codes/")
    assert page.locator(".entrance-codes li").count() == 10
    spare = page.locator(".entrance-codes li").first.inner_text()
    sign_out(page)

    sign_in(page, owner, to="**/auth/2fa/authenticate/")
    page.fill("[name=code]", spare)
    submit(page)
    page.wait_for_url("**/")
    page.goto("/users/me/")
    assert page.get_by_text("authenticator app").is_visible()


def test_a_passkey_takes_the_place_of_the_password(open_page, owner):
    page = open_page()
    with_key(page)
    sign_in(page, owner)
    page.goto("/auth/2fa/webauthn/add/")
    page.fill("[name=name]", "โน้ตบุ๊ก")
    submit(page)
    page.wait_for_url("**/recovery-codes/")
    sign_out(page)

    page.goto("/auth/login/?next=/bookings/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/bookings/")
    page.goto("/auth/2fa/webauthn/")
    assert page.get_by_text("โน้ตบุ๊ก").first.is_visible()
    assert page.get_by_text("replaces the password").is_visible()


def test_a_key_without_pin_is_a_second_step(open_page, owner):
    page = open_page(phone=True)
    with_key(page, transport="usb", hasResidentKey=False, hasUserVerification=False)
    sign_in(page, owner)
    page.goto("/auth/2fa/webauthn/add/")
    page.locator("[name=passwordless]").uncheck()
    submit(page)
    page.wait_for_url("**/recovery-codes/")
    sign_out(page)

    sign_in(page, owner, to="**/auth/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")


def test_a_browser_that_refuses_says_so_and_may_try_again(open_page, owner):
    page = open_page()
    with_key(page)  # which holds nothing for this site
    page.goto("/auth/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    notice = page.locator("[data-passkey-trouble]")
    notice.wait_for()
    assert notice.inner_text() == "That was cancelled, or took too long. Please try again."
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_a_browser_without_passkeys_is_not_offered_one(open_page):
    page = open_page(javascript=False)
    page.goto("/auth/login/")
    assert page.get_by_role("button", name="Sign in with a passkey").count() == 0


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_session_left_open_is_asked_before_the_email_changes(open_page, owner, post, javascript):
    page = open_page(owner, javascript=javascript)
    page.goto("/auth/email/")
    page.fill("[name=email]:visible", "new@example.com")
    page.get_by_role("button", name="Change the email").click()
    page.fill("[name=password]", "pass-word-1")
    submit(page)
    page.wait_for_url("**/auth/email/")
    assert page.get_by_text("new@example.com").first.is_visible()

    [letter] = [each for each in post() if each.to == [owner.email]]
    elsewhere = open_page(javascript=javascript)
    elsewhere.goto(link_in(letter))
    elsewhere.get_by_role("button", name=f"Keep {owner.email}").click()
    elsewhere.fill("[name=password1]", "another good one 7")
    elsewhere.fill("[name=password2]", "another good one 7")
    submit(elsewhere)
    elsewhere.wait_for_url("**/done/")
    page.goto("/users/me/")
    assert "/auth/login/" in page.url


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_who_shows_who_they_are_for_their_data_comes_to_its_link(open_page, owner, javascript):
    page = open_page(owner, javascript=javascript)
    page.goto("/users/me/")
    page.get_by_role("link", name="Download my data").click()
    page.fill("[name=password]", "pass-word-1")
    submit(page)
    page.wait_for_url("**/users/me/?data=ready#privacy")
    assert page.get_by_text("Your data can be downloaded within the next 5 minutes.").is_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download my data").click()
    assert started.value.suggested_filename == "setahub-data.zip"


def test_staff_are_led_from_the_admin_to_the_second_step_and_back(open_page, staff, settings):
    settings.STAFF_MFA = True
    page = open_page()
    sign_in(page, staff)
    page.goto("/admin/")
    assert page.get_by_text("Staff sign in with two steps.").is_visible()
    page.get_by_role("link", name="Set up an app").click()
    page.fill("[name=code]", code_now(page.locator("[data-totp-secret]").text_content()))
    submit(page)
    page.wait_for_url("**/recovery-codes/")
    page.get_by_role("link", name="Back to two-step sign-in").click()
    page.get_by_role("link", name="Go to the admin").click()
    page.wait_for_url("**/admin/")


def test_staff_signed_in_before_are_asked_for_the_code_on_the_way(open_page, staff, settings):
    settings.STAFF_MFA = True
    with_app(staff)
    page = open_page(staff)
    page.goto("/admin/accounts/user/")
    page.fill("[name=code]", code_now())
    submit(page)
    page.wait_for_url("**/admin/accounts/user/")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_lost_device_is_signed_out_from_another(open_page, student, javascript):
    lost, here = open_page(phone=True), open_page(javascript=javascript)
    sign_in(lost, student)
    sign_in(here, student)
    here.goto("/users/me/")
    assert here.get_by_text("On 2 devices").is_visible()
    here.get_by_role("link", name="See the devices").click()
    assert here.get_by_text("Chrome on Linux").count() >= 2
    here.locator("form[action$='/end/'] button").click()
    here.get_by_text("Signed out: Chrome on Linux.").wait_for()
    assert SignIn.objects.count() == 1
    lost.goto("/users/me/")
    assert "/auth/login/" in lost.url
