"""Which address belongs to whom: in use, only wished for, too long, written in another case."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import User
from accounts.tests.test_mfa import confirmed
from accounts.tests.test_signing_in import link_in, login, signed_in
from accounts.tests.test_signup import errors, sign_up

pytestmark = pytest.mark.django_db

TOO_LONG = "a" * 230 + "@" + "b" * 30 + ".com"


@pytest.fixture
def capitals(make_user) -> User:
    """Somebody whose stored address has capitals, and no record at allauth."""
    return make_user("Capitals", email="Capitals@example.com")


def wish_for(client, email):
    confirmed(client)
    return client.post("/auth/email/", {"email": email, "action_add": ""})


@pytest.fixture
def ask_for_reset(client, post):
    """``ask_for_reset(email)``: whom the link is sent to."""

    def ask(email):
        mail.outbox.clear()
        client.post("/auth/password/reset/", {"email": email})
        return [message.to for message in post()]

    return ask


def letters_to(email, letters):
    return [each for each in letters if each.to == [email]]


class TestCapitals:
    def test_sign_in_in_any_case(self, client, capitals):
        login(client, "capitals@example.com")
        assert signed_in(client)

    def test_get_a_reset_link(self, capitals, ask_for_reset):
        assert ask_for_reset("capitals@EXAMPLE.com") == [["capitals@example.com"]]

    def test_are_said_to_be_taken_beside_the_field(self, client, capitals):
        assert list(errors(sign_up(client, email="capitals@example.com"))) == ["email"]

    def test_are_not_given_away_where_addresses_must_be_proven(
        self, client, capitals, settings, post
    ):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        response = sign_up(client, email="capitals@example.com")
        assert (response.status_code, response.url) == (302, "/auth/confirm-email/")
        assert User.objects.count() == 1
        assert [message.subject for message in post()] == ["You have an account already"]

    def test_can_be_confirmed_and_let_in_where_that_is_needed(
        self, client, capitals, settings, post
    ):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        login(client, "capitals@example.com")
        assert not signed_in(client)
        client.post(link_in(post()[0]))
        login(client, "capitals@example.com")
        assert signed_in(client)

    def test_keep_their_own_record_while_a_change_is_wished_for(self, sign_in, capitals):
        client = sign_in(capitals)
        wish_for(client, "new@example.com")
        wish_for(client, "newer@example.com")
        assert set(EmailAddress.objects.values_list("email", "verified")) == {
            ("capitals@example.com", False),
            ("newer@example.com", False),
        }
        page = client.get("/auth/email/").content.decode()
        assert "Changing to" in page
        assert "newer@example.com" in page

    def test_do_not_look_like_a_change_of_address(self, sign_in, capitals):
        assert "Changing to" not in sign_in(capitals).get("/auth/email/").content.decode()


class TestWishes:
    def test_keep_nobody_from_signing_up(self, client, sign_in, student):
        wish_for(sign_in(student), "somchai@example.com")
        assert sign_up(client, email="somchai@example.com").status_code == 302
        assert User.objects.with_email("somchai@example.com").count() == 1

    def test_are_no_way_to_reset_a_password(self, sign_in, student, ask_for_reset, post):
        wish_for(sign_in(student), "typo@example.com")
        post()
        assert ask_for_reset("typo@example.com") == []

    def test_of_two_for_one_address_the_first_proof_counts(
        self, sign_in, student, stranger, clock, post
    ):
        one, other = sign_in(student), sign_in(stranger)
        wish_for(one, "new@example.com")
        clock.shift(200)
        wish_for(other, "new@example.com")
        first, second = map(link_in, letters_to("new@example.com", post()))
        one.post(first)
        other.post(second)
        assert User.objects.get(pk=student.pk).email == "new@example.com"
        assert User.objects.get(pk=stranger.pk).email == "stranger@example.com"

    def test_for_somebody_elses_address_never_come_true(self, sign_in, student, stranger, post):
        client = sign_in(student)
        wish_for(client, stranger.email)
        [letter] = letters_to(stranger.email, post())
        client.post(link_in(letter))
        assert User.objects.get(pk=student.pk).email == "student@example.com"


def test_a_reset_link_never_goes_to_a_look_alike(make_user, ask_for_reset):
    make_user("Ploy", email="ploy@school.example")
    assert ask_for_reset("ploy@ſchool.example") == []  # a long s, which folds to s


def test_who_was_there_before_the_domains_were_limited_can_still_reset(
    student, settings, ask_for_reset
):
    settings.ALLOWED_EMAIL_DOMAINS = ["kmitl.ac.th"]
    assert ask_for_reset(student.email) == [[student.email]]


def test_a_suspended_user_gets_no_reset_link(student, ask_for_reset):
    User.objects.filter(pk=student.pk).update(is_active=False)
    assert ask_for_reset(student.email) == []


def test_an_email_that_the_database_cannot_hold_is_refused(client, sign_in, student):
    assert errors(sign_up(client, email=TOO_LONG)) == {"email": ["This email is too long."]}
    assert errors(wish_for(sign_in(student), TOO_LONG)) == {"email": ["This email is too long."]}
    assert User.objects.get() == student


def test_the_limit_of_wrong_passwords_counts_every_way_to_write_one_email(client, student, clock):
    for email in ("student", "STUDENT", "Student", "stuDent", "studenT"):
        login(client, f"{email}@example.com", "wrong")
    login(client)
    assert not signed_in(client)


def test_the_link_to_confirm_can_be_sent_again_to_who_never_had_one(sign_in, student, post):
    client = sign_in(student)
    client.post("/auth/email/", {"email": student.email, "action_send": ""})
    client.post(link_in(post()[0]))
    assert "not confirmed yet" not in client.get("/users/me/").content.decode()
