"""Delete my account: nothing personal is left, others keep their history."""

import pytest
from django.core.files.storage import default_storage

from accounts.errors import AccountError
from accounts.models import SignIn, User
from accounts.queries.sessions import sign_ins_of
from accounts.services import deletion, privacy, suspensions
from accounts.tests.test_mfa import code_now, with_app
from chat.models import Message
from scheduling.errors import SchedulingError
from scheduling.models import Appointment, Booking, TimeSlot
from scheduling.tests.factories import book, open_time, slots_of
from setahub.tests.privacy.steps import OWN, PASSWORD, everything_stored, pointing_at

pytestmark = pytest.mark.django_db


def test_nothing_personal_is_left_anywhere(person, django_capture_on_commit_callbacks):
    pictures = [person.avatar.name]
    for sent in Message.objects.filter(kind="image"):
        pictures += [sent.image.name, sent.thumb.name]
    before = {field.name: getattr(person, field.name) for field in User._meta.concrete_fields}
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_account(person)
    stored = everything_stored()
    for word in OWN:
        assert word not in stored, word
    assert [name for name in pictures if default_storage.exists(name)] == []
    for part in privacy.parts:
        assert [label for label in part.gone if pointing_at(label, person)] == []
    nobody = User.objects.get(pk=person.pk)
    same = {name for name, value in before.items() if getattr(nobody, name) == value}
    assert same == {"id", "is_superuser"}  # and superuser it never was


def test_others_keep_their_history_under_deleted_user(person, other, sign_in):
    deletion.delete_account(person)
    client = sign_in(other)
    page = client.get("/bookings/?tab=completed").content.decode()
    assert "Deleted user" in page
    talk = client.get(f"/messages/{person.pk}/").content.decode()
    assert "Hello from me" in talk
    assert "[picture removed] my beetle" in talk
    assert "Deleted user" in talk
    assert client.get(f"/users/{person.pk}/").status_code == 404
    for path in (
        "/",
        "/appointments/",
        "/bookings/?tab=cancelled",
        "/messages/",
        "/topics/beetles/",
    ):
        assert client.get(path).status_code == 200


def test_what_was_to_come_is_cancelled_with_a_reason_and_nobodys_blame(person, other, topic):
    deletion.delete_account(person)
    assert Booking.objects.of(person.pk).active().count() == 0
    ended = Booking.objects.of(person.pk).filter(cancelled_by=None, status="cancelled")
    assert {each.why_cancelled for each in ended} == {"The other person has deleted their account."}
    assert ended.count() == 2
    assert Appointment.objects.of(person.pk).open().count() == 0
    assert TimeSlot.objects.free().of_ta(person.pk).count() == 0
    assert Appointment.objects.of(other.pk).open().count() == 1
    with pytest.raises(SchedulingError, match="no longer offered"):
        book(other, slots_of(Appointment.objects.of(person.pk).get())[1])


def test_a_booking_that_was_on_its_way_comes_too_late(clock, student, ta, topic):
    slot = slots_of(open_time(ta, topic))[0]
    deletion.delete_account(student)
    with pytest.raises(SchedulingError, match="This account can't book"):
        book(student, slot)


def test_email_and_student_id_are_free_again_and_all_sessions_end(client, person, sign_in):
    elsewhere = sign_in(person)
    deletion.delete_account(person)
    assert elsewhere.get("/users/me/").status_code == 302
    assert SignIn.objects.count() == 0
    form = {"username": "มะลิวัลย์", "email": "maliwan@example.com", "password1": "a long one 42"}
    assert client.post("/auth/signup/", {**form, "student_id": "65010777"}).status_code == 302
    assert User.objects.with_email("maliwan@example.com").get().pk != person.pk


def test_two_may_leave_and_nobody_takes_their_name(client, student, stranger):
    deletion.delete_account(student)
    deletion.delete_account(stranger)
    left = User.objects.exclude(deleted_at=None)
    assert {each.username for each in left} == {"Deleted user"}
    form = {"username": "deleted USER", "email": "x@example.com", "password1": "a long one 42"}
    assert list(client.post("/auth/signup/", form).context["form"].errors) == ["username"]


def test_a_deleted_account_is_not_restored_or_edited(student, staff, sign_in):
    deletion.delete_account(student)
    address = f"/admin/accounts/user/{student.pk}/change/"
    assert sign_in(staff).get(address).status_code == 200
    assert sign_in(staff).post(address, {"username": "Back"}).status_code == 403
    with pytest.raises(AccountError, match="deleted their account"):
        suspensions.restore(student, actor=staff)


class TestPage:
    PATH = "/users/me/delete/"

    def test_names_what_will_happen(self, person, sign_in):
        page = sign_in(person).get(self.PATH).content.decode()
        assert "2 coming bookings are cancelled" in page
        assert "1 coming TA session ends" in page

    @pytest.mark.django_db(transaction=True)
    def test_with_the_password_it_is_done(self, student, sign_in, post):
        client = sign_in(student)
        response = client.post(self.PATH, {"password": PASSWORD})
        assert (response.status_code, response.url) == (302, "/")
        assert "Your account is deleted." in client.get("/").content.decode()
        assert client.get("/users/me/").status_code == 302
        assert User.objects.get(pk=student.pk).deleted_at is not None
        assert [(each.to, each.subject) for each in post()] == [
            (["student@example.com"], "Your account was deleted")
        ]

    @pytest.mark.parametrize("typed", ["", "wrong"])
    def test_without_it_nothing_is(self, student, sign_in, typed):
        response = sign_in(student).post(self.PATH, {"password": typed})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["password"]
        assert User.objects.get(pk=student.pk).deleted_at is None

    def test_guessing_ends_after_five(self, student, sign_in):
        client = sign_in(student)
        codes = [client.post(self.PATH, {"password": "wrong"}).status_code for _ in range(6)]
        assert codes == [422] * 5 + [429]

    def test_who_has_no_password_shows_the_second_step_and_types_the_name(self, student, sign_in):
        student.set_unusable_password()
        student.save()
        client = sign_in(with_app(student))
        assert client.get(self.PATH).url.startswith("/auth/2fa/reauthenticate/?next=")
        client.post("/auth/2fa/reauthenticate/", {"code": code_now(), "next": self.PATH})
        assert client.post(self.PATH, {"name": "somebody"}).status_code == 422
        assert client.post(self.PATH, {"name": "สมชาย ใจดี"}).status_code == 302

    def test_the_only_administrator_stays(self, staff, sign_in, make_user):
        response = sign_in(staff).post(self.PATH, {"password": PASSWORD})
        assert response.status_code == 409
        assert "You are the only administrator." in response.content.decode()
        with pytest.raises(AccountError, match="only administrator"):
            deletion.delete_account(staff)
        make_user("Second", is_superuser=True, is_staff=True)
        assert sign_in(staff).post(self.PATH, {"password": PASSWORD}).status_code == 302

    def test_nobody_deletes_anybody_else(self, student, stranger, sign_in, client):
        sign_in(stranger).post(self.PATH, {"password": PASSWORD, "user": student.pk})
        assert client.post(self.PATH, {"password": PASSWORD}).url.startswith("/auth/login/")
        assert User.objects.get(pk=student.pk).deleted_at is None
        assert sign_ins_of(student) == []
