"""Telling people what happened to them, and what they have read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import notifications
from accounts.models import Notice
from accounts.models.notices import NoticeQuerySet
from accounts.services.kinds import check_known
from setahub.core.work.tasks import later


@dataclass(frozen=True)
class Happening:
    """What happened to whom, by the code of its kind (``accounts.services.kinds``).

    ``key`` names it among all that ever happens to this person, in at most 100 characters; ``data``
    are ids and values, never a sentence. ``own``: they did it themselves, so it doesn't count as
    unread and no device shows it, but it stands in the list and goes by email.
    """

    kind: str
    user_id: int
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False


def notify(*happenings: Happening) -> None:
    """Tell people what happened to them: in the bell, on open pages, by email and push, once each.

    Inside the transaction of what happened: the rows, and what is queued, are part of it. What was
    told before, by its key, is not told again.
    """
    for each in happenings:
        check_known(each.kind)
    with transaction.atomic(savepoint=False):
        new = _stored([_row(each) for each in happenings])
        for notice in new:
            later(notifications.mail_notice, notice.pk)
        news = [notice for notice in new if not notice.is_read]
        notifications.push_to_devices(news)
    if news:
        transaction.on_commit(lambda: notifications.show(news), robust=True)


def read(notice: Notice) -> None:
    """Its person has opened it."""
    _read(Notice.objects.filter(pk=notice.pk), notice.user_id)


def read_all(user_id: int) -> None:
    _read(Notice.objects.all(), user_id)


def read_kind(user_id: int, kind: str, **data: int) -> None:
    """What these notices are about was seen where it stands; ``data`` names which of the kind."""
    about = {f"data__{name}": value for name, value in data.items()}
    _read(Notice.objects.filter(kind=kind, **about), user_id)


def _read(notices: NoticeQuerySet, user_id: int) -> None:
    with transaction.atomic():
        if notices.of(user_id).unread().update(read_at=timezone.now()):
            transaction.on_commit(lambda: notifications.show_number(user_id), robust=True)


def _row(happening: Happening) -> Notice:
    now = timezone.now()
    return Notice(
        kind=happening.kind,
        user_id=happening.user_id,
        key=happening.key,
        data=dict(happening.data),
        created_at=now,
        read_at=now if happening.own else None,
    )


def _stored(rows: Sequence[Notice]) -> list[Notice]:
    """Those that weren't there before, stored."""
    try:
        with transaction.atomic():
            return Notice.objects.bulk_create(rows)
    except IntegrityError:  # some were told before
        return [row for row in rows if _store(row)]


def _store(row: Notice) -> bool:
    row.pk = None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if not Notice.objects.of(row.user_id).filter(key=row.key).exists():
            raise
        return False
    return True
