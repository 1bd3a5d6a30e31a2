"""Another email: asked for by who shows that it is them, told to the old one, and undone by it."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone

from accounts.errors import AccountError
from accounts.models import SignIn, User
from accounts.models.mail import EmailChange
from accounts.services import email_changes
from accounts.tests.test_addresses import letters_to
from accounts.tests.test_mfa import (
    REAUTH,
    SECOND_STEP,
    SECRET,
    code_now,
    confirmed,
    proven,
    with_app,
)
from accounts.tests.test_races import all_at_once
from accounts.tests.test_signing_in import NEW, PASSWORD, link_in, login, signed_in
from accounts.tokens import email_change_token

pytestmark = pytest.mark.django_db

OLD, TAKEN = "student@example.com", "thief@example.com"


def wish(client, email=TAKEN):
    return client.post("/auth/email/", {"email": email, "action_add": ""})


def now_of(user: User) -> tuple[str, list[tuple[str, bool, bool]]]:
    user.refresh_from_db()
    rows = EmailAddress.objects.filter(user=user).order_by("email")
    return user.email, list(rows.values_list("email", "verified", "primary"))


@pytest.fixture
def thief(sign_in, student) -> Client:
    """Somebody at a session that was left open, who has learned the password."""
    return confirmed(sign_in(proven(student)))


@pytest.fixture
def asked(thief, post) -> str:
    """The change was asked for; the path of the link that the old address got."""
    wish(thief)
    [letter] = letters_to(OLD, post())
    return link_in(letter)


@pytest.fixture
def done(thief, asked, post, clock) -> str:
    """The change was done; the path of the link that the old address got then."""
    thief.post(link_in(letters_to(TAKEN, post())[0]))
    [_asked, letter] = letters_to(OLD, post())
    return link_in(letter)


class TestAsking:
    def test_takes_the_password_again_and_goes_on_with_what_was_typed(self, sign_in, student, post):
        client = sign_in(student)
        away = wish(client)
        assert (away.status_code, away.url) == (302, f"{REAUTH}?next=%2Fauth%2Femail%2F")
        assert EmailAddress.objects.filter(email=TAKEN).count() == 0
        assert post() == []
        back = client.post(REAUTH, {"password": PASSWORD, "next": "/auth/email/"})
        assert (back.status_code, back.url) == (302, "/auth/email/")
        assert EmailAddress.objects.get(email=TAKEN).user == student

    def test_one_that_cannot_be_is_said_so_on_the_way_back_too(self, sign_in, student, settings):
        client = sign_in(student)
        wish(client)
        settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
        page = client.post(REAUTH, {"password": PASSWORD, "next": "/auth/email/"})
        assert "@kmitl.ac.th" in page.content.decode()
        assert TAKEN in page.content.decode()

    def test_is_told_to_the_old_address_at_once_and_when_it_is_done(self, done, post):
        letters = letters_to(OLD, post())
        assert [each.subject for each in letters] == [
            "Somebody wants to change your email",
            "Your email was changed",
        ]
        for each in letters:
            assert f"from {OLD} to {TAKEN}" in " ".join(each.body.split())
            assert "/auth/email/undo/" in each.body
            assert "/auth/email/undo/" in each.alternatives[0].content

    def test_confirming_the_one_in_use_tells_nobody_of_a_change(self, sign_in, student, post):
        thief = confirmed(sign_in(student))
        thief.post("/auth/email/", {"email": OLD, "action_send": ""})
        thief.post(link_in(post()[0]))
        assert [each.subject for each in post()] == ["Please confirm your email"]


class TestOldAddressThatWasNeverProven:
    """It may be a stranger's, by a slip of the keys: they are told, and can do nothing."""

    @pytest.fixture
    def owner(self, sign_in, student) -> Client:
        return confirmed(sign_in(student))

    def changed(self, owner, post) -> EmailChange:
        wish(owner)
        owner.post(link_in(letters_to(TAKEN, post())[0]))
        return EmailChange.objects.get()

    def test_gets_letters_that_name_nobody_and_whose_only_link_asks_to_sign_in(
        self, owner, student, post
    ):
        self.changed(owner, post)
        letters = letters_to(OLD, post())
        assert [each.subject for each in letters] == [
            "Somebody wants to change your email",
            "Your email was changed",
        ]
        for each, links in zip(letters, [["/auth/email/"], []], strict=True):
            for text in (each.body, each.alternatives[0].content):
                assert "never confirmed" in text
                assert re.findall(r"https?://[^/]+(/[^\s\"]*)", text) == links
                assert text.count("http") == len(links)
                assert TAKEN not in text
                assert student.username not in text
        assert Client().get("/auth/email/").url == "/auth/login/?next=/auth/email/"

    def test_a_link_made_for_it_opens_nothing(self, owner, student, client, post):
        change = self.changed(owner, post)
        link = f"/auth/email/undo/{email_change_token(change.pk)}/"
        for response in (client.get(link), client.post(link)):
            assert response.status_code == 410
            assert TAKEN not in response.content.decode()
        assert now_of(student)[0] == TAKEN
        assert signed_in(owner)

    def test_nor_does_one_of_a_wish(self, owner, client):
        wish(owner)
        link = f"/auth/email/undo/{email_change_token(EmailChange.objects.get().pk)}/"
        assert client.post(link).status_code == 410
        assert EmailAddress.objects.filter(email=TAKEN).count() == 1

    def test_proven_after_the_wish_it_may_take_it_back(self, owner, student, client, post):
        wish(owner)
        EmailAddress.objects.filter(email=OLD).update(verified=True)
        owner.post(link_in(letters_to(TAKEN, post())[0]))
        client.post(link_in(letters_to(OLD, post())[-1]))
        assert now_of(student)[0] == OLD

    def test_what_somebody_else_has_proven_does_not_count(self, owner, stranger, client):
        EmailAddress.objects.create(user=stranger, email=OLD, verified=True)
        wish(owner)
        assert not EmailChange.objects.get().old_was_proven


class TestStopping:
    def test_a_look_at_the_page_changes_nothing(self, asked, student, client):
        page = client.get(asked).content.decode()
        assert "Stop the change of your email?" in page
        assert f"Keep {OLD}" in page
        assert EmailAddress.objects.filter(email=TAKEN).count() == 1

    def test_ends_the_wish_and_every_session_and_leads_to_a_new_password(
        self, asked, thief, student, client, post
    ):
        response = client.post(asked, follow=True)
        assert response.request["PATH_INFO"].startswith("/auth/password/reset/key/")
        text = response.content.decode()
        assert f"Your email stays {OLD}, and all devices are signed out." in text
        assert now_of(student) == (OLD, [(OLD, True, True)])
        assert not signed_in(thief)
        form = {"password1": NEW, "password2": NEW}
        client.post(response.request["PATH_INFO"], form)
        assert login(Client()).status_code == 200
        assert login(Client(), password=NEW).url == "/"

    def test_the_link_to_the_new_address_no_longer_works(self, asked, thief, client, post, student):
        client.post(asked)
        assert client.post(link_in(letters_to(TAKEN, post())[0])).status_code == 404
        assert now_of(student)[0] == OLD

    def test_counts_once(self, asked, client, student):
        client.post(asked)
        for response in (client.get(asked), client.post(asked)):
            assert response.status_code == 410
            assert "This link no longer works" in response.content.decode()

    def test_the_first_letter_stops_a_later_wish_too(self, asked, thief, client, student, clock):
        wish(thief, "other@example.com")
        client.post(asked)
        assert now_of(student) == (OLD, [(OLD, True, True)])

    def test_the_signed_in_owner_may_do_it_too(self, asked, sign_in, student):
        owner = sign_in(student)
        response = owner.post(asked, follow=True)
        assert "Choose a new password" in response.content.decode()
        assert not signed_in(owner)
        assert SignIn.objects.count() == 0

    def test_somebody_else_signed_in_here_is_signed_out_of_it(self, asked, sign_in, stranger):
        other = sign_in(stranger)
        page = other.post(asked, follow=True).content.decode()
        assert "Choose a new password" in page
        assert not signed_in(other)

    def test_what_was_withdrawn_already_leaves_nothing_to_stop(self, asked, thief, client):
        thief.post("/auth/email/", {"email": TAKEN, "action_remove": ""})
        assert client.get(asked).status_code == 410


class TestTakingBack:
    def test_restores_the_old_address_as_proven(self, done, thief, client, student):
        assert now_of(student) == (TAKEN, [(TAKEN, True, True)])
        assert "Take your old email back?" in client.get(done).content.decode()
        response = client.post(done, follow=True)
        assert response.request["PATH_INFO"].startswith("/auth/password/reset/key/")
        assert now_of(student) == (OLD, [(OLD, True, True)])
        assert not signed_in(thief)

    def test_both_letters_do_it_and_once(self, asked, done, client, student):
        client.post(asked)
        assert now_of(student)[0] == OLD
        assert client.get(done).status_code == 410

    def test_the_first_of_two_changes_undoes_both(self, done, thief, client, student, post, clock):
        clock.shift(200)
        wish(thief, "third@example.com")
        thief.post(link_in(letters_to("third@example.com", post())[0]))
        assert now_of(student)[0] == "third@example.com"
        second = link_in(letters_to(TAKEN, post())[-1])
        client.post(done)
        assert now_of(student)[0] == OLD
        assert client.get(second).status_code == 410

    def test_after_a_week_it_is_too_late(self, done, client, student, clock):
        clock.shift(timedelta(days=7, seconds=1))
        assert client.post(done).status_code == 410
        assert now_of(student)[0] == TAKEN

    def test_not_when_another_account_has_it_by_now(self, done, client, student, make_user):
        make_user("Faster", email=OLD)
        response = client.post(done)
        assert response.status_code == 409
        assert "Another account uses this email now." in response.content.decode()
        assert now_of(student)[0] == TAKEN

    def test_what_its_owner_changed_back_leaves_nothing(self, done, client, student):
        User.objects.filter(pk=student.pk).update(email=OLD, email_key=OLD)
        assert client.get(done).status_code == 410


class TestWhatAThiefLeaves:
    """Opens the account no more; its owner always gets in by the link to choose a password."""

    def undo(self, link) -> tuple[str, str]:
        """The text of the page that it leads to, and where that is."""
        response = Client().post(link, follow=True)
        return response.content.decode(), response.request["PATH_INFO"]

    def types(self) -> set[str]:
        return set(Authenticator.objects.values_list("type", flat=True))

    def test_the_old_password_opens_nothing_from_that_moment(self, done, student):
        self.undo(done)
        assert login(Client()).status_code == 200
        student.refresh_from_db()
        assert not student.has_usable_password()

    def test_the_page_that_it_leads_to_lets_the_owner_in(self, done):
        _text, path = self.undo(done)
        browser = Client()
        # The key is in the session of who followed: a lost tab has the letter instead.
        assert browser.get(path).status_code == 200

    @pytest.mark.parametrize("which", ["asked", "done"])
    def test_so_does_the_letter_that_is_sent_as_well(self, request, which, asked, post):
        self.undo(asked if which == "asked" else request.getfixturevalue("done"))
        letter = letters_to(OLD, post())[-1]
        assert "password" in letter.subject
        browser = Client()
        form_page = browser.get(link_in(letter), follow=True).request["PATH_INFO"]
        browser.post(form_page, {"password1": NEW, "password2": NEW})
        assert login(Client(), password=NEW).url == "/"

    def test_so_does_one_that_is_asked_for_later(self, done, post):
        self.undo(done)
        Client().post("/auth/password/reset/", {"email": OLD})
        browser = Client()
        page = browser.get(link_in(letters_to(OLD, post())[-1]), follow=True)
        browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
        assert login(Client(), password=NEW).url == "/"

    def test_what_was_added_since_goes_and_is_told(self, asked, student):
        with_app(student)
        Authenticator.objects.create(user=student, type="webauthn", data={"name": "Thief's"})
        text, _path = self.undo(asked)
        assert "What was added to the second step since then is removed." in text
        assert self.types() == set()

    def test_what_was_there_before_stays_and_nothing_is_told(self, sign_in, student, post, clock):
        with_app(proven(student))
        clock.shift(60)
        wish(confirmed(sign_in(student)))
        [letter] = letters_to(OLD, post())
        text, _path = self.undo(link_in(letter))
        assert "second step" not in text
        assert self.types() == {"totp", "recovery_codes"}

    def test_of_both_kinds_each_goes_its_way(self, sign_in, student, post, clock):
        TOTP.activate(proven(student), SECRET)
        clock.shift(60)
        wish(confirmed(sign_in(student)))
        RecoveryCodes.activate(student)
        Authenticator.objects.create(user=student, type="webauthn", data={"name": "Thief's"})
        self.undo(link_in(letters_to(OLD, post())[0]))
        assert self.types() == {"totp"}

    def test_old_recovery_codes_alone_keep_nobody_out(self, sign_in, student, post, clock):
        RecoveryCodes.activate(proven(student))
        clock.shift(60)
        wish(confirmed(sign_in(student)))
        TOTP.activate(student, SECRET)  # in place of the owner's, which was taken off
        self.undo(link_in(letters_to(OLD, post())[0]))
        assert self.types() == set()

    def test_the_letter_of_a_second_wish_counts_from_the_first(self, asked, thief, student, post):
        with_app(student)
        wish(thief, "other@example.com")
        self.undo(link_in(letters_to(OLD, post())[-1]))
        assert self.types() == set()

    def test_what_the_owner_added_before_an_older_change_stays(self, sign_in, student, post, clock):
        owner = confirmed(sign_in(proven(student)))
        wish(owner)
        owner.post(link_in(letters_to(TAKEN, post())[0]))
        clock.shift(60)
        with_app(student)
        clock.shift(60)
        wish(owner, "third@example.com")  # from the new address, by somebody else
        self.undo(link_in(letters_to(TAKEN, post())[-1]))
        assert now_of(student)[0] == TAKEN
        assert self.types() == {"totp", "recovery_codes"}

    def test_who_has_typed_the_old_password_already_gets_no_further(
        self, sign_in, student, post, clock
    ):
        with_app(proven(student))
        clock.shift(60)
        wish(confirmed(sign_in(student)))
        thief = Client()
        assert login(thief).url == SECOND_STEP
        self.undo(link_in(letters_to(OLD, post())[0]))
        thief.post(SECOND_STEP, {"code": code_now()})
        assert not signed_in(thief)


class TestLink:
    @pytest.mark.parametrize("token", ["x", "1", "1.x", ".", "99999.x", "%00", "-1.x", "1:1"])
    def test_garbage_is_not_found(self, client, db, token):
        assert client.get(f"/auth/email/undo/{token}/").status_code == 404

    def test_of_a_change_that_is_gone(self, client, db):
        assert client.get(f"/auth/email/undo/{email_change_token(99_999)}/").status_code == 404

    def test_is_another_for_each_change(self):
        tokens = {email_change_token(number) for number in range(20)}
        assert len({re.sub(r"^\d+", "", token) for token in tokens}) == 20

    def test_works_under_the_next_secret_key(self, asked, client, settings):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
        assert client.get(asked).status_code == 200


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_at_once_it_is_undone_once(make_user):
    user = make_user("Owner", email=TAKEN)
    change = EmailChange.objects.create(
        user=user, old_email=OLD, old_was_proven=True, new_email=TAKEN, done_at=timezone.now()
    )

    def undo(number):
        try:
            email_changes.undo(EmailChange.objects.get(pk=change.pk))
        except AccountError as error:
            return error.status
        return "undone"

    assert sorted(all_at_once(undo), key=str) == [410] * 5 + ["undone"]
