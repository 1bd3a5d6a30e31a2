"""What a roster will do, line by line: nothing is written here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.validators import NOWHERE, validate_student_id, validate_username
from setahub.core.keys import fold, fold_email, nfc
from topics.models import Registration, Topic
from topics.queries.registrations import may_teach_in

COLUMNS = ("email", "name", "student_id", "year", "teaches")
NEEDED = ("email", "name")
Line = Mapping[str, str]
_BETWEEN = re.compile(r"[,;|\n]")
_DIGITS = re.compile(r"[1-8]")


class Outcome(models.TextChoices):
    """What becomes of a line. The first four change something or nothing; the others are errors."""

    INVITE = "invite", gettext_lazy("is invited")
    CHANGE = "change", gettext_lazy("is changed")
    SAME = "same", gettext_lazy("stays as it is")
    EMPTY = "empty", gettext_lazy("is empty")
    NO_EMAIL = "no_email", gettext_lazy("has no valid email")
    DOMAIN = "domain", gettext_lazy("has an email of another domain")
    TWICE = "twice", gettext_lazy("has the email of an earlier line")
    NAME = "name", gettext_lazy("has no valid name")
    STUDENT_ID = "student_id", gettext_lazy("has a student ID that is not 8 digits")
    STUDENT_ID_TAKEN = "id_taken", gettext_lazy("has the student ID of another person")
    YEAR = "year", gettext_lazy("has a year that is not 1 to 8")
    TOPIC = "topic", gettext_lazy("teaches a topic that is not there")
    TOO_EARLY = "too_early", gettext_lazy("teaches before the year that teaching takes")
    CLAIMED = "claimed", gettext_lazy("has an email that an account claims without proof")
    SUSPENDED = "suspended", gettext_lazy("is suspended")
    STAFF = "staff", gettext_lazy("is of the staff, whom lists don't change")

    @property
    def is_error(self) -> bool:
        return self not in (self.INVITE, self.CHANGE, self.SAME, self.EMPTY)


CHANGES = (Outcome.INVITE, Outcome.CHANGE)
WRITES = (*CHANGES, Outcome.SAME)  # for the first line of an email alone


@dataclass(frozen=True)
class Step:
    """What one line will do. ``number``: of the line in the file; ``teaches``: ids to be added."""

    number: int
    line: Line
    outcome: Outcome
    user_id: int | None = None
    fields: dict[str, str | int] = field(default_factory=dict)
    teaches: tuple[int, ...] = ()
    unknown: str = ""  # a topic that is not there

    @property
    def words(self) -> str:
        """What it changes, or what is wrong, in words."""
        if self.unknown:
            return _("There is no topic “%(name)s”.") % {"name": self.unknown}
        names = {"student_id": _("student ID"), "year": _("year of study")}
        changes = [f"{names[name]}: {value}" for name, value in self.fields.items()]
        if self.teaches:
            changes.append(_("teaches %(topics)s") % {"topics": self.line["teaches"]})
        return ", ".join(changes) if self.outcome in CHANGES else ""


def plan_of(lines: Sequence[Line], *, first: int = 0) -> list[Step]:
    """What these lines will do, as things are now; ``first``: how many lines stand before them.

    In a number of queries that does not grow with the lines.
    """
    return _Known(lines).plan(lines, first)


class _Known:
    """What is here already of all that the lines name."""

    def __init__(self, lines: Sequence[Line]) -> None:
        emails = {fold_email(line["email"]) for line in lines if line["email"]}
        ids = {line["student_id"] for line in lines if line["student_id"]}
        people = User.objects.filter(models.Q(email_key__in=emails) | models.Q(student_id__in=ids))
        rows = list(people)
        self.by_email = {user.email_key: user for user in rows}
        self.by_student_id = {user.student_id: user.pk for user in rows if user.student_id}
        proven = EmailAddress.objects.filter(user__in=rows, verified=True)
        self.proven = {(pk, email) for pk, email in proven.values_list("user_id", "email")}
        listed = Topic.objects.listed()
        # A topic that was renamed keeps its slug, which may be what another is called now.
        self.topics = dict(listed.values_list("slug", "pk"))
        self.topics |= dict(listed.values_list("name_key", "pk"))
        teaching = Registration.objects.approved().filter(user__in=rows)
        self.teaching = set(teaching.values_list("user_id", "topic_id"))

    def plan(self, lines: Sequence[Line], first: int) -> list[Step]:
        steps, emails, student_ids = [], set[str](), set[str]()
        for number, line in enumerate(lines, first + 2):  # the first line names the columns
            key = fold_email(line["email"])
            step = self._step(number, line, key)
            if key in emails and step.outcome in WRITES:
                step = Step(number, line, Outcome.TWICE)
            elif str(step.fields.get("student_id")) in student_ids:
                step = Step(number, line, Outcome.STUDENT_ID_TAKEN)
            emails.add(key)
            student_ids |= (
                {str(step.fields["student_id"])} if "student_id" in step.fields else set()
            )
            steps.append(step)
        return steps

    def _step(self, number: int, line: Line, key: str) -> Step:
        if not any(line.values()):
            return Step(number, line, Outcome.EMPTY)
        user = self.by_email.get(key)
        error = _wrong_shape(line) or self._conflict(line, user)
        if error:
            return Step(number, line, error)
        topics, unknown = self._topics(line["teaches"])
        if unknown:
            return Step(number, line, Outcome.TOPIC, unknown=unknown)
        year = int(line["year"]) if line["year"] else (user.year if user else None)
        if topics and not may_teach_in(year):
            return Step(number, line, Outcome.TOO_EARLY)
        fields: dict[str, str | int] = {}
        if line["student_id"] and (user is None or user.student_id != line["student_id"]):
            fields["student_id"] = line["student_id"]
        if line["year"] and (user is None or user.year != int(line["year"])):
            fields["year"] = int(line["year"])
        if user is None:
            return Step(number, line, Outcome.INVITE, None, fields, tuple(topics))
        new = tuple(pk for pk in topics if (user.pk, pk) not in self.teaching)
        outcome = Outcome.CHANGE if fields or new else Outcome.SAME
        if outcome == Outcome.CHANGE and (user.is_staff or user.is_superuser):
            return Step(number, line, Outcome.STAFF)
        return Step(number, line, outcome, user.pk, fields, new)

    def _conflict(self, line: Line, user: User | None) -> Outcome | None:
        if user and not user.is_active:
            return Outcome.SUSPENDED
        if user and not (user.invited_at or (user.pk, user.email.lower()) in self.proven):
            return Outcome.CLAIMED
        owner = self.by_student_id.get(line["student_id"])
        taken = owner is not None and (user is None or owner != user.pk)
        return Outcome.STUDENT_ID_TAKEN if taken else None

    def _topics(self, teaches: str) -> tuple[list[int], str]:
        """Ids of the topics named; and the first name that none has."""
        found = []
        for name in filter(None, (part.strip() for part in _BETWEEN.split(teaches))):
            pk = self.topics.get(fold(name)) or self.topics.get(name.lower())
            if pk is None:
                return [], name
            found.append(pk)
        return sorted(set(found)), ""


def _wrong_shape(line: Line) -> Outcome | None:
    """What is wrong with a line whoever else is here."""
    email = line["email"]
    domain = email.rpartition("@")[2].lower()
    if not _passes(validate_email, email) or len(fold_email(email)) > 254 or domain == NOWHERE:
        return Outcome.NO_EMAIL
    allowed = settings.ALLOWED_EMAIL_DOMAINS
    if allowed and domain not in allowed:
        return Outcome.DOMAIN
    if not _passes(validate_username, nfc(line["name"])):
        return Outcome.NAME
    if line["student_id"] and not _passes(validate_student_id, line["student_id"]):
        return Outcome.STUDENT_ID
    return Outcome.YEAR if line["year"] and not _DIGITS.fullmatch(line["year"]) else None


def _passes(validate: object, value: str) -> bool:
    try:
        validate(value)  # type: ignore[operator]
    except ValidationError:
        return False
    return True
