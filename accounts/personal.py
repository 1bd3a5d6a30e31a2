"""What this app, allauth and Django hold about a person."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Block,
    MailKind,
    Notice,
    PushSubscription,
    SentForm,
    SignIn,
    Star,
    User,
)
from accounts.models.mail import EmailChange, WaitingLetter
from accounts.services import sign_ins
from accounts.services.privacy import Part, register
from accounts.validators import DELETED_NAME, NOWHERE
from setahub.core.storage import drop_on_commit


def profile_of(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "name": user.username,
        "email": user.email,
        "student_id": user.student_id,
        "year": user.year,
        "about": user.bio,
        "language": user.language,
        "public": user.public,
        "first_steps_dismissed": user.first_steps_dismissed,
        "wish": user.wish,
        "picture": user.avatar.name or None,
        "joined": user.date_joined,
        "last_signed_in": user.last_login,
        "active": user.is_active,
        "invited_at": user.invited_at,
        "staff": user.is_staff,
        "superuser": user.is_superuser,
        "groups": list(user.groups.values_list("name", flat=True)),
        "permissions": list(user.user_permissions.values_list("codename", flat=True)),
        "has_password": user.has_usable_password(),
        "emails_wanted": {kind.value: getattr(user, kind.field) for kind in MailKind},
        "push_wanted": {kind.value: getattr(user, kind.push_field) for kind in MailKind},
        "addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "email_changes": list(
            user.email_changes.values("old_email", "new_email", "asked_at", "done_at", "undone_at")
        ),
        "suspensions": list(user.suspensions.values("created_at", "lifted_at")),
    }


def security_of(user: User) -> dict[str, Any]:
    return {
        "second_steps": [
            {
                "type": each.type,
                "name": str(each),
                "added": each.created_at,
                "last_used": each.last_used_at,
            }
            for each in Authenticator.objects.filter(user=user).order_by("pk")
        ],
        "faculty_accounts": list(
            SocialAccount.objects.filter(user=user).values("uid", "date_joined", "last_login")
        ),
        "signed_in": list(
            SignIn.objects.of(user.pk).values("browser", "system", "created_at", "last_seen_at")
        ),
        "changes_in_the_admin": [
            {"at": each.action_time, "what": str(each.content_type), "id": each.object_id}
            for each in LogEntry.objects.filter(user=user).select_related("content_type")
        ],
    }


def blocks_of(user: User) -> list[dict[str, Any]]:
    rows = Block.objects.filter(blocker=user).select_related("blocked")
    return [{"blocked": each.blocked.username, "since": each.created_at} for each in rows]


def favourites_of(user: User) -> list[dict[str, Any]]:
    rows = Star.objects.filter(owner=user).select_related("person").order_by("pk")
    return [{"person": each.person.username, "since": each.created_at} for each in rows]


def notices_of(user: User) -> list[dict[str, Any]]:
    rows = Notice.objects.of(user.pk).newest_first()
    return [
        {"kind": row.kind, "data": row.data, "at": row.created_at, "read_at": row.read_at}
        for row in rows
    ]


def devices_of(user: User) -> list[dict[str, Any]]:
    rows = PushSubscription.objects.of(user.pk).select_related("sign_in").newest_first()
    return [
        {"device": row.device, "push_service": row.host, "since": row.created_at} for row in rows
    ]


def forget(user: User) -> None:
    """Erase everything but the row itself, which others' history points at."""
    _forget_in_the_admins_log(user)
    Block.objects.filter(Q(blocker=user) | Q(blocked=user)).delete()
    Star.objects.filter(Q(owner=user) | Q(person=user)).delete()
    user.suspensions.update(reason="", lift_reason="")
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    WaitingLetter.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
    Notice.objects.of(user.pk).delete()
    PushSubscription.objects.of(user.pk).delete()
    SentForm.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()
    sign_ins.end_all(user)
    sign_ins.end_unfinished(user)
    drop_on_commit(user.avatar)
    _make_nobody(user)


def _make_nobody(user: User) -> None:
    now = timezone.now()
    user.deleted_at = user.date_joined = now
    user.username = DELETED_NAME
    user.email = f"{user.pk}@{NOWHERE}"
    user.student_id = user.year = user.last_login = user.invited_at = None
    user.bio = user.calendar_nonce = user.language = ""
    user.wish = user.first_steps_dismissed = ""
    user.public = False
    user.avatar = ""
    for kind in MailKind:
        setattr(user, kind.field, False)
        setattr(user, kind.push_field, False)
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def _forget_in_the_admins_log(user: User) -> None:
    """Lines about the account lose the name that it had when they were written, and reasons."""
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    LogEntry.objects.filter(about).update(object_repr=DELETED_NAME, change_message="")


register(
    Part(
        "profile",
        _(
            "Your name, email, student ID, year of study, picture, what you say about "
            "yourself, your language, and which emails and pushes you want."
        ),
        _(
            "To sign you in, and to let others know whom they meet. Your email and "
            "student ID are shown to you and the staff alone."
        ),
        _("Until you change it or delete your account."),
        export=profile_of,
        erase=forget,
        pictures=lambda user: [("profile.webp", user.avatar)] if user.avatar else [],
        gone=[
            "account.EmailAddress.user",
            "accounts.User_groups.user",
            "accounts.User_user_permissions.user",
            "accounts.Block.blocker",
            "accounts.Block.blocked",
            "accounts.Star.owner",
            "accounts.Star.person",
            "accounts.SentForm.user",
            "accounts.SignIn.user",
            "mfa.Authenticator.user",
            "socialaccount.SocialAccount.user",
            "accounts.WaitingLetter.user",
            "accounts.EmailChange.user",
            "accounts.Notice.user",
            "accounts.PushSubscription.user",
        ],
        kept=[
            "accounts.Suspension.user",
            "accounts.Suspension.actor",
            "accounts.Suspension.lifted_by",
            "admin.LogEntry.user",
        ],
        mentions=[
            "accounts.Suspension.reason",
            "accounts.Suspension.lift_reason",
            "admin.LogEntry.object_repr",
            "admin.LogEntry.change_message",
        ],
    ),
    Part(
        "security",
        _(
            "Your password (as a hash that nobody can turn back), your second steps, your "
            "number at the faculty's sign-in, and the devices you are signed in on."
        ),
        _("To keep others out of your account."),
        format_lazy(
            _(
                "A device until it is signed out or unused for {days} days, the rest as long as your account."
            ),
            days=settings.SESSION_COOKIE_AGE // (24 * 3600),
        ),
        export=security_of,
    ),
    Part(
        "blocks",
        _("Whom you block."),
        _("To keep messages and bookings between you two away."),
        _("Until you unblock them, or one of you deletes their account."),
        export=blocks_of,
    ),
    Part(
        "favourites",
        _("Which TAs and topics are your favourites."),
        _("To show them first on your start page. Nobody else sees them."),
        _("Until you take the star off, or one of you deletes their account."),
        export=favourites_of,
    ),
    Part(
        "notices",
        _("What happened to you on this site: which of your bookings and registrations, and when."),
        _("To show it to you under the bell, and to tell you of each thing once."),
        _("For 180 days, or until you delete your account."),
        export=notices_of,
    ),
    Part(
        "devices",
        _(
            "For each device that you let show what happens: its address at the push service of its"
            " browser (Google, Mozilla, Apple or Microsoft), two keys, and its name."
        ),
        _(
            "To tell you there. The push service passes on what only your browser can read: a title,"
            " a time and an address of this site."
        ),
        _("Until you remove the device or sign out there, or the push service no longer knows it."),
        export=devices_of,
    ),
)
