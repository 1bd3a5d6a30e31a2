"""How a notice reaches its person: the open pages, an email and their devices, where they want it.

Each way is a function of the notice. ``accounts.services.notices`` calls them.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import pushes
from accounts.models import MailKind, Notice, User
from accounts.pushes import Push
from accounts.services.kinds import Kind, Letter, headlines_of, kind_of
from accounts.services.languages import reading, reading_in
from accounts.tokens import unsubscribe_token
from setahub.core import mail
from setahub.core.live import events
from setahub.core.work.tasks import InHand, task

# Until when these are good for is a matter of hours: worth waking a phone.
URGENT = {MailKind.REMINDERS, MailKind.WAITING}


def write_to(
    user: User,
    kind: MailKind | None,
    email: mail.Email,
    *,
    key: str,
    attachments: Sequence[mail.Attachment] = (),
) -> bool:
    """Send the email, with a way to get no more of its kind. Returns whether it was wanted.

    For tasks only. ``key`` names this email among all (``setahub.core.mail.send``). Without a kind it
    is one that nobody can switch off.
    """
    if not user.wants_mail(kind):
        return False
    stop = reverse("unsubscribe", args=[unsubscribe_token(user, kind)]) if kind else ""
    mail.send(
        email,
        name=user.username,
        address=user.email,
        key=f"{key}-{user.pk}",
        unsubscribe=stop,
        attachments=attachments,
    )
    return True


# --- Email --------------------------------------------------------------------------------------


@task
def mail_notice(notice_id: int) -> None:
    """Send the email of a notice, once; or none, where that is not wanted or no longer true."""
    if not Notice.objects.take_up(notice_id):
        if Notice.objects.filter(pk=notice_id, mail_done_at=None).exists():
            raise InHand
        return  # sent, or its person is gone
    try:
        _send(Notice.objects.select_related("user").get(pk=notice_id))
    except Exception:
        Notice.objects.put_back(notice_id)
        raise
    Notice.objects.mailed(notice_id)


def _send(notice: Notice) -> None:
    kind = kind_of(notice)
    if kind is None:
        return
    if kind.send:
        kind.send(notice)
        return
    # What is read from the database has words too: how the deleted are called.
    with reading(notice.user):
        letter = _letter(kind, notice) if notice.user.wants_mail(kind.choice) else None
        if letter is not None:
            write_to(
                notice.user,
                kind.choice,
                letter.email,
                key=notice.key,
                attachments=letter.attachments,
            )


def _letter(kind: Kind[Any], notice: Notice) -> Letter | None:
    """What there is to say by now; None where it is no longer so."""
    matters = kind.load([notice])
    if notice.pk not in matters:
        return None
    if kind.letter:
        return kind.letter(matters[notice.pk], notice.user)
    return Letter(kind.words(matters[notice.pk], notice.user))


# --- Devices ------------------------------------------------------------------------------------


def push_to_devices(notices: Sequence[Notice]) -> None:
    """Have the devices of their people told, inside the transaction of what happened."""
    pushed = [notice for notice in notices if (kind := kind_of(notice)) and kind.pushed]
    pushes.queue(SOURCE, {notice.pk: notice.user_id for notice in pushed})


def _who_is_told(notice_id: int) -> User | None:
    found = Notice.objects.unread().select_related("user").filter(pk=notice_id).first()
    kind = kind_of(found) if found else None
    wanted = found and kind and found.user.wants_push(kind.choice)
    return found.user if found and wanted else None


def _push(notice_id: int, reader: User) -> Push | None:
    """The subject of its letter, and where opening it leads."""
    notice = Notice.objects.select_related("user").get(pk=notice_id)
    kind = kind_of(notice)
    letter = _letter(kind, notice) if kind else None
    if kind is None or letter is None:
        return None
    title = letter.email.subject
    if letter.email.choices:  # what was cancelled may be had at another time, where this leads
        title = _("%(what)s. Another time?") % {"what": title}
    return Push(
        title,
        notice.created_at,
        reverse("notice", args=[notice.pk]),
        urgent=kind.choice in URGENT,
    )


SOURCE = "notice"
pushes.register(SOURCE, pushes.Source(_who_is_told, _push))


# --- Open pages ---------------------------------------------------------------------------------


def show(notices: Sequence[Notice]) -> None:
    """Tell the open pages of each person, after the commit. As many queries for many as for one."""
    people = User.objects.active().in_bulk({notice.user_id for notice in notices})
    numbers = Notice.objects.unread_numbers(people)
    by_language: dict[str, list[tuple[Notice, User]]] = defaultdict(list)
    for notice in notices:
        if reader := people.get(notice.user_id):
            by_language[reader.language].append((notice, reader))
    for code, pairs in by_language.items():
        with reading_in(code):
            for pk, (reader, headline) in headlines_of(pairs).items():
                frame = {
                    "type": "notice",
                    "unread": numbers.get(reader.pk, 0),
                    "title": headline.title,
                    "url": reverse("notice", args=[pk]),
                }
                events.push(events.user_group(reader.pk), frame)


def show_number(user_id: int) -> None:
    """Tell the person's open pages how many wait, after the commit."""
    numbers = Notice.objects.unread_numbers([user_id])
    frame = {"type": "notice.read", "unread": numbers.get(user_id, 0)}
    events.push(events.user_group(user_id), frame)
