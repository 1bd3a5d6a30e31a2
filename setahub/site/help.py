"""The page that tells the rules, in the numbers that the faculty has set now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.services import push
from accounts.sweeps import NOTICES_KEPT
from scheduling.models.bookings import QUESTION_MAX
from scheduling.services.rules import in_words
from setahub.core import clock
from setahub.policy.current import WEEK, ExamWeek, policy


@dataclass(frozen=True)
class Section:
    """A heading with its icon, and a sentence for each rule."""

    glyph: str
    title: str
    rules: Sequence[str]


def sections() -> list[Section]:
    return [
        Section("calendar-plus", _("Booking a time"), _booking()),
        Section("hand", _("When no time fits"), _waiting()),
        Section("calendar-x", _("Moving and cancelling"), _changing()),
        Section("video", _("On the day, and after it"), _on_the_day()),
        Section("notebook-pen", _("What remains"), _afterwards()),
        Section("hand-heart", _("Teaching"), _teaching()),
        Section("message-circle", _("Messages"), _messages()),
        Section("bell", _("What reaches you"), _told()),
    ]


def _time(length: timedelta) -> str:
    """A length in words: days where it is whole ones, else hours or minutes."""
    if length.days and length == timedelta(days=length.days):
        return ngettext("%(count)d day", "%(count)d days", length.days) % {"count": length.days}
    return in_words(length.total_seconds())


def _booking() -> list[str]:
    most = policy.max_active_bookings
    notice = policy.min_notice
    opens = _("A time opens for booking %(horizon)s before it, and closes %(notice)s before it.")
    if not notice:
        opens = _("A time opens for booking %(horizon)s before it, and closes when it starts.")
    return [
        opens % {"horizon": _time(policy.horizon), "notice": _time(notice)},
        _("You say what you need help with, in up to %(most)d characters; your TA reads it before.")
        % {"most": QUESTION_MAX},
        ngettext(
            "You can have %(most)d upcoming booking.",
            "You can have %(most)d upcoming bookings at once.",
            most,
        )
        % {"most": most},
        _("Nobody is in two places at once: two bookings at the same time are refused."),
        *map(_exam_week, policy.exam_weeks_to_come()),
    ]


def _exam_week(week: ExamWeek) -> str:
    """What differs on these days, in one sentence."""
    parts = []
    if (most := week.max_active_bookings) is not None:
        words = ngettext("%(most)d booking", "at most %(most)d bookings", most)
        parts.append(words % {"most": most})
    if week.min_notice is not None:
        parts.append(
            _("times close %(notice)s before they start") % {"notice": _time(week.min_notice)}
        )
    return _("Exam week, %(days)s: %(what)s.") % {
        "days": clock.days_range(week.first, week.last),
        "what": ", ".join(parts) or _("the ordinary numbers"),
    }


def _waiting() -> list[str]:
    most = policy.max_requests
    return [
        _("Ask for time: what comes free is offered first to those who wait."),
        ngettext(
            "You can wait for %(most)d request at once, your own or somebody else's that you join.",
            "You can wait for %(most)d requests at once, your own or others' that you join.",
            most,
        )
        % {"most": most},
        _(
            "Who had the fewest bookings in the last 30 days comes first, then who has waited longest."
        ),
        _("A seat that is offered to you is held, up to two hours by day, from 07:00 to 22:00."),
    ]


def _changing() -> list[str]:
    late, grace = _time(policy.late_cancel), _time(policy.late_cancel_grace)
    return [
        _("You and your TA can cancel until the start; a TA always says why."),
        _(
            "Within %(late)s of the start you say why too, and it counts as late, unless you booked in"
            " the last %(grace)s."
        )
        % {"late": late, "grace": grace},
        *_reliability(),
        _("Until %(late)s before the start you can move to another free time of the same TA.")
        % {"late": late},
        _("When a TA cancels, you are offered the nearest other times at once."),
    ]


def _reliability() -> list[str]:
    most = policy.reliability_points
    if not most:
        return []
    return [
        ngettext(
            "A no-show counts 2 points and a late cancellation 1, for 60 days. From %(most)d point on you"
            " can have one booking at a time until it fades. Only you see it.",
            "A no-show counts 2 points and a late cancellation 1, for 60 days. From %(most)d points on you"
            " can have one booking at a time until it fades. Only you see it.",
            most,
        )
        % {"most": most},
        _(
            "If a no-show is wrong, say so once at the booking: it counts nothing until staff decide."
        ),
    ]


def _on_the_day() -> list[str]:
    days = policy.outcome_switch.days
    return [
        _("From %(before)s before the start, the room or the button “Join” is shown large.")
        % {"before": _time(policy.join_before)},
        _(
            "From %(before)s before your time to its end you can check in with the code that your TA"
            " shows. It proves that you came; nothing is refused without it."
        )
        % {"before": _time(policy.join_before)},
        _("From %(after)s after the start, a TA may mark a student who did not come.")
        % {"after": _time(policy.no_show_after)},
        ngettext(
            "A TA may correct how it went for %(days)d day.",
            "A TA may correct how it went for %(days)d days.",
            days,
        )
        % {"days": days},
        _(
            "If your TA does not come, report it within %(time)s of the end. Otherwise the booking"
            " counts as completed then."
        )
        % {"time": in_words(policy.auto_complete.total_seconds())},
        _("The staff decide about a report. Until then it counts neither for you nor for the TA."),
    ]


def _afterwards() -> list[str]:
    leaves, says = _time(policy.takeaway_within), _time(policy.thanks_within)
    return [
        _("Your TA may leave a takeaway for %(time)s: what you did, the next step, links.")
        % {"time": leaves},
        _("It stays with the booking, in your conversation, and in the list of completed ones.")
        + " "
        + _("A next TA reads it only where you tick that, and no longer once you take it back."),
        _("For %(time)s you can say whether it helped, and thank your TA.") % {"time": says},
        _(
            "Your TA reads the thanks, never whether it helped; the staff see sums of five or more, "
            "never one answer."
        ),
        _(
            "The same time next week, or another time with the same TA, is one tap from the booking."
        ),
        _(
            "A TA's hours are summed up, and can be issued as a record: proof of volunteer work that "
            "whoever has its address can check."
        ),
    ]


def _teaching() -> list[str]:
    lengths = ", ".join(map(str, policy.slot_minutes))
    rules = [
        _("From year %(year)d on you can register to teach a topic that you know well.")
        % {"year": policy.ta_min_year}
    ]
    if policy.ta_approval:
        rules.append(_("The staff approve each registration before you can open time."))
    return [
        *rules,
        _(
            "You open up to %(length)s at a stretch, at most %(ahead)s ahead, once or for up to"
            " %(weeks)d weeks, in slots of %(lengths)s minutes with 1 to %(seats)d seats each."
        )
        % {
            "length": _time(policy.max_length),
            "ahead": _time(policy.max_ahead),
            "weeks": policy.max_repeat // WEEK,
            "lengths": lengths,
            "seats": policy.max_seats,
        },
        _(
            "You choose how many slots a week and in a row may be booked, and can be away until a day:"
            " what is beyond that is not offered."
        ),
        _("Whoever booked keeps their time: a change that would drop it is refused."),
    ]


def _messages() -> list[str]:
    return [
        _("Students may write to any TA, TAs to the students who booked them; both may answer."),
        _("At most %(messages)d messages and %(images)d pictures a minute.")
        % {
            "messages": policy.messages_per_minute,
            "images": policy.message_images_per_minute,
        },
        _(
            "Nobody but you two reads them. You can block somebody, or report a message to the staff."
        ),
    ]


def _told() -> list[str]:
    rules = [
        _(
            "The bell counts what happened to you and you haven't read; opening a line leads there. It is"
            " kept for %(time)s."
        )
        % {"time": _time(NOTICES_KEPT)},
        _("All of it comes by email too; in your settings you choose which kinds."),
    ]
    if push.is_on():
        rules.append(
            _(
                "Your phone can show it as well: tap “Tell me on this device” in your settings. On an"
                " iPhone install the site first, by Share and “Add to Home Screen”."
            )
        )
    return rules
