"""Records, as pages ask for them."""

import re

from accounts.models import User
from scheduling.models import Record
from scheduling.models.records import TOKEN_LENGTH, RecordQuerySet

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


def records_of(ta: User) -> RecordQuerySet:
    """Those that somebody issued, newest first."""
    return Record.objects.of(ta.pk)


def find_record(token: str) -> Record | None:
    """The record at this address; None for garbage and unknown ones."""
    return Record.objects.filter(token=token).first() if _TOKEN.fullmatch(token) else None
