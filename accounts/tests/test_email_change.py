"""Another email: asked for by who shows that it is them, told to the old one, and undone by it."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts import email_changes
from accounts.mail_models import EmailChange
from accounts.models import SignIn, User
from accounts.services import AccountError
from accounts.tests.test_addresses import letters_to
from accounts.tests.test_mfa import REAUTH, confirmed
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
    return confirmed(sign_in(student))


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

    def test_is_told_to_one_that_was_never_confirmed_as_well(self, asked):
        assert asked.startswith("/auth/email/undo/")

    def test_confirming_the_one_in_use_tells_nobody_of_a_change(self, thief, post):
        thief.post("/auth/email/", {"email": OLD, "action_send": ""})
        thief.post(link_in(post()[0]))
        assert [each.subject for each in post()] == ["Please confirm your email"]


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
        assert now_of(student) == (OLD, [(OLD, False, False)])
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
        assert now_of(student) == (OLD, [(OLD, False, False)])

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
        assert "Another account uses this email by now." in response.content.decode()
        assert now_of(student)[0] == TAKEN

    def test_what_its_owner_changed_back_leaves_nothing(self, done, client, student):
        User.objects.filter(pk=student.pk).update(email=OLD, email_key=OLD)
        assert client.get(done).status_code == 410


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
        user=user, old_email=OLD, new_email=TAKEN, done_at=timezone.now()
    )

    def undo(number):
        try:
            email_changes.undo(EmailChange.objects.get(pk=change.pk))
        except AccountError as error:
            return error.status
        return "undone"

    assert sorted(all_at_once(undo), key=str) == [410] * 5 + ["undone"]
