"""Download my data, and delete my account: tried against every model that points at a user.

A new model fails ``test_every_relation_to_a_user_is_answered_for`` until its app's ``personal.py``
says what is exported and what is erased; and ``test_the_world_has_one_of_everything`` until the
world below has a row of it.
"""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts.errors import AccountError
from accounts.models import Block, SentForm, SignIn, Star, Suspension, User
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.queries.sessions import sign_ins_of
from accounts.services import deletion, privacy, suspensions
from accounts.tests.test_mfa import code_now, confirmed, with_app
from accounts.tests.test_sessions import made_by_hand
from chat.models import Conversation, Message, Participation, Report, ReportLook
from scheduling.errors import SchedulingError
from scheduling.models import (
    Appointment,
    Booking,
    BookingEvent,
    Digest,
    HelpRequest,
    NothingFree,
    Offer,
    PlaceInLine,
    TimeSlot,
)
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.policy.models import PolicyChange
from topics.models import Decision, Registration, Topic, TopicStar

pytestmark = pytest.mark.django_db

PASSWORD = "pass-word-1"
# Words that are the person's own; none may be anywhere after the account is gone.
OWN = ["มะลิวัลย์", "maliwan@example.com", "65010777", "I collect beetles.", "meet.example/maliwan"]
# Words of the other person; none may be in the archive.
OTHERS = ["napat@example.com", "65010888", "Napat plays chess.", "secret of Napat", "Napat is ill"]


def relations() -> dict[str, models.Field]:
    """Every concrete relation to a user, of all installed apps: ``app.Model.field``."""
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.many_to_many
        and field.related_model is User
    }  # fmt: skip


def pointing_at(label: str, user: User) -> int:
    model, field = label.rsplit(".", 1)
    return apps.get_model(model)._base_manager.filter(**{field: user}).count()


@pytest.fixture
def other(make_user) -> User:
    return make_user(
        "Napat", email="napat@example.com", student_id="65010888", year=4, bio="Napat plays chess."
    )


@pytest.fixture
def person(clock, make_user, other, topic) -> User:
    """Somebody of whom the site holds one of everything."""
    user = make_user(
        "มะลิวัลย์", email="maliwan@example.com", student_id="65010777", year=3,
        bio="I collect beetles.", is_staff=True, calendar_nonce="x" * 32,
        public=True, wish="/topics/", first_steps_dismissed="student",
        last_login=timezone.now(), date_joined=timezone.now() - timedelta(days=300),
    )  # fmt: skip
    user.avatar.save("x.webp", ContentFile(b"face"))
    user.groups.add(Group.objects.create(name="Helpers"))
    user.user_permissions.add(Permission.objects.first())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "SECRETOFTOTP"})
    made_by_hand(user).get("/users/me/sessions/")
    EmailChange.objects.create(user=user, old_email="maliwan@example.com", new_email="m@x.example")
    WaitingLetter.objects.create(user=user, content="sealed")
    SentForm.objects.create(user=user, key="x" * 32, url="/topics/beetles/")
    now = timezone.now()
    for whose, by in ((user, other), (other, user)):
        Suspension.objects.create(
            user=whose, actor=by, lifted_by=by, lifted_at=now, reason=f"a reason for {whose}"
        )
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr=str(user), action_flag=CHANGE, change_message="",
    )  # fmt: skip
    PolicyChange.objects.create(actor=user, what="horizon", old="30", new="20")
    own = Topic.objects.create(name="Beetles", slug="beetles", creator=user, image="topics/b.webp")
    default_storage.save("topics/b.webp", ContentFile(b"beetle"))
    for whose in (user, other):
        Registration.objects.create(user=whose, topic=topic)
    Registration.objects.create(user=user, topic=own)
    Decision.objects.create(user=user, topic=topic, approved=True, decided_by=other)
    Decision.objects.create(user=other, topic=topic, approved=True, decided_by=user)
    NothingFree.objects.create(student=user, topic=topic, day=when.today())
    _calendar(user, other, topic)
    _conversation(user, other)
    _conversation(user, make_user("Later"))
    Block.objects.create(blocker=user, blocked=other)
    Block.objects.create(blocker=other, blocked=user)
    Star.objects.create(owner=user, person=other)
    Star.objects.create(owner=other, person=user)
    TopicStar.objects.create(owner=user, topic=topic)
    _waiting(user, other, topic)
    return user


def _waiting(user: User, other: User, topic: Topic) -> None:
    day = when.today()
    for person, ta in ((user, other), (other, user)):
        asked = HelpRequest.objects.create(
            student=person, topic=topic, ta=ta, from_day=day, to_day=day,
            question=f"a wish of {person}",
        )  # fmt: skip
        place = PlaceInLine.objects.create(request=asked, person=person)
        slot = TimeSlot.objects.filter(appointment__ta=ta).first()
        Offer.objects.create(
            slot=slot, student=person, request=asked, place=place, turn=1, status="declined",
            expires_at=timezone.now(),
        )  # fmt: skip
        Digest.objects.create(ta=person, day=day)


def _calendar(user: User, other: User, topic: Topic) -> None:
    given = open_time(user, topic, location="https://meet.example/maliwan")
    taken = open_time(other, topic, start="10:00", end="12:00")
    book(other, slots_of(given)[0], question="the secret of Napat")
    book(user, slots_of(taken)[0], question="How do beetles sort?")
    cancelled = book(user, slots_of(taken)[2], question="And ants?")
    Booking.objects.filter(pk=cancelled.pk).update(
        status="cancelled",
        cancelled_by=user,
        cancel_reason="I overslept",
        cancelled_at=timezone.now(),
    )
    theirs = book(other, slots_of(given)[2], question="x")
    Booking.objects.filter(pk=theirs.pk).update(
        status="cancelled", cancelled_by=other, cancel_reason="Napat is ill"
    )
    done = book(other, slots_of(given)[3], question="y")
    Booking.objects.filter(pk=done.pk).update(status="completed")
    BookingEvent.objects.create(booking=cancelled, kind="cancelled", actor=user, detail="overslept")


def _conversation(user: User, other: User) -> None:
    low, high = sorted((user, other), key=lambda each: each.pk)
    conversation, _new = Conversation.objects.get_or_create(low=low, high=high)
    for one, two in ((user, other), (other, user)):
        Participation.objects.get_or_create(conversation=conversation, user=one, other=two)
    Message.objects.create(conversation=conversation, sender=user, text="Hello from me")
    heard = Message.objects.create(
        conversation=conversation, sender=other, text="the secret of Napat"
    )
    picture = Message(conversation=conversation, sender=user, kind="image", text="my beetle")
    picture.width = picture.height = 10
    picture.image.save("x.webp", ContentFile(b"beetle picture"), save=False)
    picture.thumb.save("x.webp", ContentFile(b"small"), save=False)
    picture.save()
    report = Report.objects.create(
        message=heard, reporter=user, reported=other, reason="rude", resolved_by=user
    )
    Report.objects.create(message=picture, reporter=other, reported=user, reason="beetles")
    ReportLook.objects.create(report=report, actor=user)


# --- Nothing is forgotten -----------------------------------------------------------------------


def test_every_relation_to_a_user_is_answered_for():
    answered = [label for part in privacy.parts for label in (*part.gone, *part.kept)]
    assert len(answered) == len(set(answered))
    assert set(answered) - {"topics.Topic.creator"} == set(relations()) - {"topics.Topic.creator"}


def test_the_world_has_one_of_everything(person):
    assert [label for label in relations() if not pointing_at(label, person)] == []


def test_every_field_of_a_user_is_exported_or_a_secret(person):
    [profile] = [part for part in privacy.parts if part.name == "profile"]
    exported = json.dumps(profile.export(person), default=str, ensure_ascii=False)
    secret = {"password", "calendar_nonce"}
    derived = {"username_key", "search_key", "sort_key", "email_key", "deleted_at"}
    switches = {field.name for field in User._meta.fields if field.name.startswith("mail_")}
    names = {
        "username": "name", "bio": "about", "avatar": "picture", "date_joined": "joined",
        "last_login": "last_signed_in", "is_active": "active", "is_staff": "staff",
        "is_superuser": "superuser",
    }  # fmt: skip
    for field in User._meta.concrete_fields:
        if field.name not in secret | derived | switches:
            assert f'"{names.get(field.name, field.name)}": ' in exported, field.name


# --- Download -----------------------------------------------------------------------------------


def archive_of(client: Client) -> zipfile.ZipFile:
    response = client.get("/users/me/data/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="setahub-data.zip"'
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_the_archive_has_all_that_is_ones_own(person, sign_in):
    archive = archive_of(confirmed(sign_in(person)))
    assert archive.testzip() is None
    texts = {name: archive.read(name).decode() for name in archive.namelist() if "/" not in name}
    whole = "\n".join(texts.values())
    for word in [*OWN, "How do beetles sort?", "I overslept", "Hello from me", "Beetles", "rude"]:
        assert word in whole, word
    assert json.loads(texts["blocks.json"])[0]["blocked"] == "Napat"
    assert [each["as"] for each in json.loads(texts["bookings.json"])].count("TA") == 3
    pictures = {archive.read(name) for name in archive.namelist() if name.startswith("pictures/")}
    assert pictures == {b"face", b"beetle", b"beetle picture"}


def test_the_archive_has_no_secret_and_nothing_private_of_others(person, sign_in):
    archive = archive_of(confirmed(sign_in(person)))
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    for word in [*OTHERS, "SECRETOFTOTP", person.password, "x" * 32, "a reason for"]:
        assert word not in whole, word


def test_a_picture_that_is_gone_from_the_disk_spoils_nothing(person, sign_in):
    default_storage.delete(person.avatar.name)
    assert "pictures/profile.webp" not in archive_of(confirmed(sign_in(person))).namelist()


def test_downloads_are_limited(student, sign_in, settings):
    client = confirmed(sign_in(student))
    answers = [client.get("/users/me/data/") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert "Try again in 60 minutes." in answers[-1].content.decode()
    settings.RATE_LIMITS = False
    assert client.get("/users/me/data/").status_code == 200


# --- Deletion -----------------------------------------------------------------------------------


def everything_stored() -> str:
    """All text that any table holds."""
    return "\n".join(
        str(value)
        for model in apps.get_models(include_auto_created=True)
        for row in model._base_manager.values_list()
        for value in row
        if isinstance(value, str | dict)
    )


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
    assert "with Deleted user" in page
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
