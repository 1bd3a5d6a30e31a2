"""Somebody of whom the site holds one of everything."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Block, PushSubscription, SentForm, SignIn, Star, Suspension, User
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.tests.test_sessions import made_by_hand
from chat.models import Conversation, Message, Participation, Report, ReportLook
from scheduling.models import (
    Booking,
    BookingEvent,
    BusyCalendar,
    Digest,
    Dispute,
    HelpRequest,
    NothingFree,
    Offer,
    PlaceInLine,
    Record,
    Takeaway,
    TeachingLimits,
    Thanks,
    TimeSlot,
)
from scheduling.tests.factories import book, open_time, slots_of
from setahub.core import clock as when
from setahub.policy.models import PolicyChange
from topics.models import Decision, Registration, Roster, Topic, TopicStar


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
        invited_at=timezone.now() - timedelta(days=301),
    )  # fmt: skip
    user.avatar.save("x.webp", ContentFile(b"face"))
    user.groups.add(Group.objects.create(name="Helpers"))
    user.user_permissions.add(Permission.objects.first())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "SECRETOFTOTP"})
    SocialAccount.objects.create(
        user=user, provider="faculty", uid=f"https://login.example {user.pk}"
    )
    made_by_hand(user).get("/users/me/sessions/")
    PushSubscription.objects.create(
        user=user,
        sign_in=SignIn.objects.get(user=user),
        endpoint="https://fcm.googleapis.com/fcm/send/maliwan@example.com",
    )
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
    Roster.objects.create(uploaded_by=user)
    NothingFree.objects.create(student=user, topic=topic, day=when.today())
    _calendar(user, other, topic)
    _conversation(user, other)
    _conversation(user, make_user("Later"))
    Block.objects.create(blocker=user, blocked=other)
    Block.objects.create(blocker=other, blocked=user)
    Star.objects.create(owner=user, person=other)
    Star.objects.create(owner=other, person=user)
    TopicStar.objects.create(owner=user, topic=topic)
    calendar = BusyCalendar.objects.create(user=user, name="Classes of 65010777", sealed_url="x")
    calendar.times.create(starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1))
    _waiting(user, other, topic)
    _remains(user, other)
    return user


def _remains(user: User, other: User) -> None:
    """What was left and said of a booking of each as the TA; a record of each."""
    for ta, words in ((user, "insects"), (other, "secret of Napat")):
        made = Booking.objects.filter(ta=ta).first()
        Takeaway.objects.create(booking=made, done=words)
        Record.objects.create(ta=ta, name=ta.username, topics=[{"name": words}])
    Thanks.objects.create(
        booking=Booking.objects.filter(student=other).first(), helped="no", text="secret of Napat"
    )
    Thanks.objects.create(
        booking=Booking.objects.filter(student=user).first(), helped="partly", text="insects"
    )


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
        TeachingLimits.objects.create(ta=person, weekly_slots=8)


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
    for booking, decision, by in ((cancelled, "", None), (done, "upheld", user)):
        at = timezone.now() if decision else None
        Dispute.objects.create(
            booking=booking, reason="a reason", decision=decision, decided_by=by, decided_at=at
        )
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
