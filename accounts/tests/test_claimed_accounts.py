"""An account that merely claimed an email, once whoever owns it signs in with the faculty."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.errors import AccountError
from accounts.models import User
from accounts.services import faculty, suspensions
from accounts.services.faculty import Claims
from chat import services as chat
from chat.models import Message
from scheduling.models import Booking, PlaceInLine, TimeSlot
from scheduling.services import bookings
from scheduling.tests.factories import ask, book, open_time, slots_of
from scheduling.tests.test_races import at_once
from topics.models import Registration

pytestmark = pytest.mark.django_db
OWNER = Claims("https://issuer 7", "malee@kmitl.ac.th", True, "Malee Dee", "nonce", None)


def owner_comes(claims: Claims = OWNER) -> User:
    """The owner's new account, under the name that they are called at the faculty."""
    assert faculty.join(claims, lambda user: pytest.fail("nothing was joined")) is None
    return faculty.sign_up(claims, claims.name)


@pytest.fixture
def claimant(make_user) -> User:
    user = make_user("malee dee", email="Malee@KMITL.ac.th", student_id="65010001", year=3)
    EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True)
    return user


def test_what_it_had_booked_is_cancelled_and_the_ta_alone_is_told(clock, claimant, ta, topic, post):
    made = book(claimant, slots_of(open_time(ta, topic))[0])
    post()
    mail.outbox.clear()
    owner_comes()
    made.refresh_from_db()
    assert made.status == "cancelled"
    assert [letter.to for letter in post()] == [[ta.email]]


def test_the_time_that_it_offered_is_free_no_more_and_its_students_are_told(
    clock, claimant, student, topic, post
):
    Registration.objects.create(user=claimant, topic=topic)
    made = book(student, slots_of(open_time(claimant, topic))[0])
    post()
    mail.outbox.clear()
    owner_comes()
    made.refresh_from_db()
    assert made.status == "cancelled"
    assert not TimeSlot.objects.free().exists()
    assert [letter.to for letter in post()] == [[student.email]]


def test_it_waits_in_no_line(clock, claimant, topic):
    ask(claimant, topic)
    owner_comes()
    assert not PlaceInLine.objects.filter(person=claimant, ended_at=None).exists()


def test_what_was_stays_under_a_name_that_leaves_the_owners_free(clock, claimant, ta, topic):
    made = book(claimant, slots_of(open_time(ta, topic))[0])
    Booking.objects.filter(pk=made.pk).update(status="completed")
    chat.send(claimant.pk, ta.pk, None, "Hello")
    owner = owner_comes()
    claimant.refresh_from_db()
    made.refresh_from_db()
    assert (made.status, made.student) == ("completed", claimant)
    assert Message.objects.get(kind="text").sender == claimant
    assert (owner.username, claimant.username) == ("Malee Dee", "malee dee 2")
    assert (claimant.is_active, claimant.student_id) == (False, None)


def test_a_name_of_its_own_it_keeps(claimant):
    User.objects.filter(pk=claimant.pk).update(username="Prankster", username_key="prankster")
    owner_comes()
    claimant.refresh_from_db()
    assert claimant.username == "Prankster"


def test_staff_read_why(claimant, staff, sign_in):
    owner_comes()
    words = "Had claimed the email of somebody who then signed in with the faculty"
    client = sign_in(staff)
    pk = claimant.suspensions.get().pk
    for path in (f"accounts/user/{claimant.pk}", f"accounts/suspension/{pk}"):
        assert words in client.get(f"/admin/{path}/change/").content.decode()
    assert words in client.get("/admin/accounts/suspension/").content.decode()


def test_one_that_is_suspended_already_stays_so(claimant, staff):
    suspensions.suspend(claimant, actor=staff, cancel_bookings=False, reason="Insults")
    owner_comes()
    claimant.refresh_from_db()
    assert claimant.suspensions.get().reason == "Insults"
    assert claimant.email == f"{claimant.pk}@deleted.invalid"


def test_whoever_proves_the_email_at_that_moment_keeps_all_of_it(claimant, monkeypatch):
    closed = suspensions.suspend

    def slow(user, **how):
        closed(user, **how)
        EmailAddress.objects.filter(user=user).update(verified=True)

    monkeypatch.setattr(suspensions, "suspend", slow)
    with pytest.raises(AccountError) as refused:
        owner_comes()
    assert refused.value.code == "exists"  # "sign in once more", and then it is joined
    claimant.refresh_from_db()
    assert (claimant.is_active, claimant.email) == (True, "Malee@kmitl.ac.th")


def test_nobody_claims_an_address_that_such_an_account_could_need(client, claimant):
    sent = {"username": "Prankster", "email": f"{claimant.pk}@deleted.invalid"}
    answer = client.post("/auth/signup/", {**sent, "password1": "a long password 42"})
    assert answer.status_code == 200
    assert "email" in answer.context["form"].errors
    owner_comes()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_what_it_books_at_that_moment_does_not_stand(claimant, ta, topic):
    slots = slots_of(open_time(ta, topic))
    at_once(
        [
            owner_comes,
            *(lambda slot=slot: bookings.book(claimant, slot.pk, topic, "Why?") for slot in slots),
        ]
    )
    claimant.refresh_from_db()
    assert not claimant.is_active
    assert not Booking.objects.filter(student=claimant, status="booked").exists()
