"""A device is told as long as the session lasts that asked for it, whatever ends it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import pushes
from accounts.models import Notice, PushDelivery, PushSubscription, SignIn, User
from accounts.services import deletion, sign_ins, suspensions
from accounts.services.notices import Happening, notify
from accounts.tests.push.service import Browser
from accounts.tests.test_sessions import PHONE, entered, key_of
from accounts.tests.test_signing_in import NEW, PASSWORD
from setahub.core.work import cleanup

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "with_key")]


@pytest.fixture
def there(student):
    """Where the student is signed in on a phone that is told."""
    client = Client(headers={"user-agent": PHONE})
    client.post("/auth/login/", {"login": student.email, "password": PASSWORD})
    assert Browser().subscribe(client).status_code == 201
    return client


def sign_out(there, student):
    there.post("/auth/logout/")


def sign_out_from_another_device(there, student):
    pk = SignIn.objects.get(session=key_of(there)).pk
    entered(student).post(f"/users/me/sessions/{pk}/end/")


def sign_out_all_others(there, student):
    entered(student).post("/users/me/sessions/end-others/")


def change_the_password_elsewhere(there, student):
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    entered(student).post("/auth/password/change/", form)


def end_all(there, student):
    """As a new password by a link does."""
    sign_ins.end_all(student)


def suspend(there, student):
    suspensions.suspend(student, actor=None, cancel_bookings=False)


def delete_the_account(there, student):
    deletion.delete_account(student)


def flush(there, student):
    Session.objects.all().delete()


@pytest.mark.parametrize(
    "ends",
    [
        sign_out,
        sign_out_from_another_device,
        sign_out_all_others,
        change_the_password_elsewhere,
        end_all,
        suspend,
        delete_the_account,
        flush,
    ],
)
def test_it_goes_with_the_session(there, student, ends):
    ends(there, student)
    assert not PushSubscription.objects.exists()


def test_it_goes_when_the_session_has_expired(there, clock):
    clock.shift(timedelta(days=31))
    cleanup.clear_sessions()
    assert not PushSubscription.objects.exists()


def test_it_goes_when_another_signs_in_in_the_same_browser(there, stranger):
    there.force_login(stranger)
    assert not PushSubscription.objects.exists()


def test_it_stays_where_the_session_goes_on_under_another_key(there, student):
    before = PushSubscription.objects.get()
    key = key_of(there)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    there.post("/auth/password/change/", form)
    after = PushSubscription.objects.get()
    assert key_of(there) != key
    assert (after.pk, after.sign_in.session_id) == (before.pk, key_of(there))


def test_it_stays_where_the_same_person_signs_in_again(there, student):
    there.force_login(student)
    assert PushSubscription.objects.get().sign_in.session_id == key_of(there)


class TestSessionsThatLetNobodyInAnyMore:
    """are over, though their rows are still there."""

    @pytest.fixture
    def tell(self, push_service, student, work):
        """``tell(before=act)``: whether anything comes of what happens before ``act``."""

        def run(before):
            data = {"letter": 0, "template": "account/email/password_set"}
            notify(Happening("security", student.pk, "x", data))
            pushes.announce.call("notice", Notice.objects.get().pk)
            assert PushDelivery.objects.count() == 1
            before()
            work()
            return push_service.sent

        return run

    def test_a_password_set_by_command(self, there, student, tell):
        def act():
            student.set_password(NEW)
            student.save()

        assert tell(act) == []
        assert not PushSubscription.objects.exists()

    def test_a_session_that_has_just_expired(self, there, tell, clock):
        soon = timezone.now() + timedelta(seconds=5)
        Session.objects.filter(pk=key_of(there)).update(expire_date=soon)
        assert tell(lambda: clock.shift(5)) == []
        assert not PushSubscription.objects.exists()

    def test_one_of_staff_that_is_idle(self, there, student, tell, clock):
        User.objects.filter(pk=student.pk).update(is_staff=True)
        assert tell(lambda: clock.shift(timedelta(hours=12))) == []
        assert not PushSubscription.objects.exists()

    def test_one_that_lets_in(self, there, tell):
        assert len(tell(lambda: None)) == 1
