"""The faculty's policy as staff have changed it, and the log of those changes."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setahub.core import clock
from setahub.policy import current
from setahub.policy.current import policy

NAME_MAX = 60
EXAM_WEEK_MAX = timedelta(days=62)  # longer is a slip of the pen in the year
EXAM_YEARS_AHEAD = 5
DAY_MINUTES = 24 * 60


def _number(name: str, label: Any, help_text: Any = "") -> models.PositiveIntegerField:
    """A number of the policy within its bounds; empty leaves the installation's default."""
    bounds = current.NUMBERS[name]
    return models.PositiveIntegerField(
        label,
        null=True,
        blank=True,
        validators=[MinValueValidator(bounds.low), MaxValueValidator(bounds.high)],
        help_text=help_text,
    )


class FacultyPolicy(models.Model):
    """One row at most. Each field is called like its setting; an empty one leaves the setting."""

    ONLY = 1  # the row's key

    booking_min_notice = _number(
        "BOOKING_MIN_NOTICE",
        _("notice, in minutes"),
        _("How long before its start a slot can still be booked."),
    )
    booking_horizon = _number(
        "BOOKING_HORIZON", _("horizon, in days"), _("How far ahead slots can be booked.")
    )
    max_active_bookings = _number(
        "MAX_ACTIVE_BOOKINGS",
        _("upcoming bookings of a student"),
        _("The most that one student may have at once."),
    )
    max_requests = _number(
        "MAX_REQUESTS",
        _("places in line of a student"),
        _("For how many help requests one student may wait at once."),
    )
    reliability_points = _number(
        "RELIABILITY_POINTS",
        _("points for one booking at a time"),
        _(
            "A no-show counts 2 and a late cancellation 1 for 60 days. From so many on a student may have"
            " one booking at a time; 0 switches it off."
        ),
    )
    late_cancel = _number(
        "LATE_CANCEL",
        _("late cancellation, in minutes"),
        _("How close to the start a cancellation counts as late and a booking can't be moved."),
    )
    late_cancel_grace = _number(
        "LATE_CANCEL_GRACE",
        _("second thoughts, in minutes"),
        _("How soon after booking a cancellation never counts as late."),
    )
    no_show_after = _number(
        "NO_SHOW_AFTER",
        _("no-show, in minutes"),
        _("How long after the start a TA can mark a student as a no-show."),
    )
    outcome_switch = _number(
        "OUTCOME_SWITCH",
        _("changing the outcome, in days"),
        _("How long after the end a TA can switch between completed and no-show."),
    )
    auto_complete = _number(
        "AUTO_COMPLETE",
        _("completed by itself, in hours"),
        _("How long after the end; until then a student can report that the TA did not come."),
    )
    ta_min_year = _number(
        "TA_MIN_YEAR",
        _("first year for TAs"),
        _("The year of study from which students may teach."),
    )
    ta_approval = models.BooleanField(
        _("staff approve TAs"),
        null=True,
        blank=True,
        help_text=_("Whether a registration waits until staff approve it."),
    )
    appointment_max_length = _number("APPOINTMENT_MAX_LENGTH", _("longest session, in hours"))
    appointment_max_ahead = _number("APPOINTMENT_MAX_AHEAD", _("sessions ahead, in days"))
    appointment_max_repeat = _number("APPOINTMENT_MAX_REPEAT", _("weekly repeats, in weeks"))
    appointment_max_seats = _number("APPOINTMENT_MAX_SEATS", _("seats of a slot, at most"))
    messages_per_minute = _number("MESSAGES_PER_MINUTE", _("messages a minute, of one user"))
    message_images_per_minute = _number(
        "MESSAGE_IMAGES_PER_MINUTE", _("images a minute, of one user")
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policy")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="facultypolicy_only_one")]

    def __str__(self) -> str:
        return str(_("Policy"))

    @property
    def changed(self) -> dict[str, int]:
        """The numbers that are set, by the name of their setting."""
        values = {name: getattr(self, name.lower()) for name in POLICY_NAMES}
        return {name: value for name, value in values.items() if value is not None}

    def clean(self) -> None:
        horizon = self._effective("BOOKING_HORIZON") * DAY_MINUTES
        if self._effective("BOOKING_MIN_NOTICE") >= horizon:
            raise ValidationError(
                _("With a notice as long as the horizon, nothing could be booked."), code="closed"
            )
        longer = ExamWeek.objects.filter(
            booking_min_notice__gte=horizon, last_day__gte=clock.today()
        )
        if week := longer.first():
            raise ValidationError(
                _(
                    "With a horizon as short as the notice of %(week)s, nothing in it could be booked."
                ),
                code="closed",
                params={"week": week},
            )

    def _effective(self, name: str) -> int:
        value = getattr(self, name.lower())
        return getattr(settings, name) if value is None else value


POLICY_NAMES = [field.name.upper() for field in FacultyPolicy._meta.local_fields[1:]]


class ExamWeekQuerySet(models.QuerySet["ExamWeek"]):
    def overlapping(self, week: "ExamWeek") -> "ExamWeekQuerySet":
        """Other exam weeks that share a day with this one."""
        return self.filter(first_day__lte=week.last_day, last_day__gte=week.first_day).exclude(
            pk=week.pk
        )


class ExamWeek(models.Model):
    """Days, both included, on which slots have another notice or number of bookings."""

    name = models.CharField(_("name"), max_length=NAME_MAX)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    max_active_bookings = _number(
        "MAX_ACTIVE_BOOKINGS",
        _("upcoming bookings of a student"),
        _("The most that one student may have in it. Empty: they count with all others."),
    )
    booking_min_notice = _number(
        "BOOKING_MIN_NOTICE",
        _("notice, in minutes"),
        _("How long before its start a slot on these days can still be booked. Empty: as usual."),
    )

    objects = ExamWeekQuerySet.as_manager()

    class Meta:
        verbose_name = _("exam week")
        verbose_name_plural = _("exam weeks")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="examweek_ends_after_start",
                violation_error_message=_("The last day can't be before the first."),
            )
        ]

    def __str__(self) -> str:
        first, last = (clock.day_and_year(day) for day in (self.first_day, self.last_day))
        return f"{self.name}, {first}" if first == last else f"{self.name}, {first} – {last}"

    def clean(self) -> None:
        if self.max_active_bookings is None and self.booking_min_notice is None:
            raise ValidationError(_("Say what is different in it: at least one number."))
        self._check_years()
        if self.booking_min_notice and self.booking_min_notice >= policy.horizon / current.MINUTE:
            words = _("With a notice as long as the horizon, nothing could be booked.")
            raise ValidationError({"booking_min_notice": words})
        if not (self.first_day and self.last_day and self.first_day <= self.last_day):
            return  # said beside the fields or by the constraint
        if self.last_day - self.first_day >= EXAM_WEEK_MAX:
            raise ValidationError({"last_day": _("That is too long for an exam week.")})
        if other := ExamWeek.objects.overlapping(self).first():
            raise ValidationError(_("It overlaps with %(week)s."), params={"week": other})

    def _check_years(self) -> None:
        """A week of a year that isn't meant would be stored and never apply."""
        last = clock.today().year + EXAM_YEARS_AHEAD
        days = {"first_day": self.first_day, "last_day": self.last_day}
        refused = {
            name: refusal
            for name, day in days.items()
            if day and (refusal := clock.year_refusal(day, last=last))
        }
        if refused:
            raise ValidationError(refused)


class PolicyChange(models.Model):
    """One line of the log: who changed what, when, from what to what. Never changed itself.

    Stored as data; ``setahub.policy.history`` has the words.
    """

    EXAM_WEEK = "exam_week"

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who")
    )
    # The name of a field of FacultyPolicy, or EXAM_WEEK.
    what = models.CharField(_("what"), max_length=200)
    # JSON: a number, {"default": the installation's}, an exam week's fields, or null.
    old = models.TextField(_("from"))
    new = models.TextField(_("to"))

    class Meta:
        verbose_name = _("policy change")
        verbose_name_plural = _("policy changes")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.what}: {self.old} → {self.new}"

    @property
    def before(self) -> Any:
        return json.loads(self.old)

    @property
    def after(self) -> Any:
        return json.loads(self.new)
