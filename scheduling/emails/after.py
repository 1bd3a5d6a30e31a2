"""What emails about what remains of a session say, and what staff decided."""

from django.utils.translation import gettext as _

from scheduling.models import Booking, Dispute, Takeaway
from setahub.core import clock
from setahub.core.mail import Email
from setahub.core.web.own import told, typed


def takeaway(left: Takeaway) -> Email:
    """For the student: what the TA has left behind."""
    booking = left.booking
    quotes = [
        (_("What you did"), left.done),
        (_("Next step"), left.next_step),
        (_("Links"), left.links),
    ]
    return Email(
        subject=_("What to take away: %(topic)s with %(name)s")
        % _names(booking, booking.ta.username),
        lead=[
            told(
                _("%(name)s wrote down what remains of your session."),
                {"name": booking.ta.username},
            )
        ],
        facts=[_when(booking)],
        quotes=[(label, text) for label, text in quotes if text],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def missed(booking: Booking) -> Email:
    """For the student: the TA says that they did not come."""
    return Email(
        subject=_("Noted as a no-show: %(topic)s with %(name)s")
        % _names(booking, booking.ta.username),
        lead=[
            _("Your TA noted that you did not come."),
            _("If that is wrong, say so at the booking, once: the staff then look at it."),
        ],
        facts=[_when(booking)],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def reported(booking: Booking) -> Email:
    """For the TA: the student says that they did not come."""
    words = {"name": booking.student.username, "time": clock.full(booking.starts_at)}
    return Email(
        subject=_("%(name)s reported that you did not come, %(time)s") % words,
        lead=[
            _("The faculty's staff will decide. Until then it doesn't count towards your hours."),
            _("If you were there, say at the booking how it went: the staff see both."),
        ],
        facts=[_when(booking), (_("Topic"), typed(booking.topic.name))],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def report_settled(booking: Booking) -> Email:
    """For both: staff found that the TA was there."""
    if booking.status == Booking.Status.NO_SHOW:
        lead = _("The faculty's staff decided that the TA was there and the student did not come.")
    else:
        lead = _("The faculty's staff decided that it took place.")
    return Email(
        subject=_("Decided: the session of %(time)s") % {"time": clock.full(booking.starts_at)},
        lead=[lead],
        facts=[_when(booking), (_("Topic"), typed(booking.topic.name))],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def decided(found: Dispute) -> Email:
    """For the student: what staff decided about a no-show that they dispute."""
    booking = found.booking
    if found.decision == Dispute.Decision.SET_ASIDE:
        lead = _("The faculty's staff agreed with you: this no-show counts nothing.")
    else:
        lead = _("The faculty's staff looked at it and decided that the no-show stands.")
    return Email(
        subject=_("Decided: the no-show of %(time)s") % {"time": clock.full(booking.starts_at)},
        lead=[lead],
        facts=[
            _when(booking),
            (_("Topic"), typed(booking.topic.name)),
            (_("TA"), typed(booking.ta.username)),
        ],
        quotes=[(_("What you wrote"), found.reason)],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def thanks(booking: Booking, text: str) -> Email:
    """For the TA: the student's words, and nothing else that they said."""
    name = booking.student.username
    return Email(
        subject=_("%(name)s thanks you: %(topic)s") % _names(booking, name),
        lead=[_("This is why it is worth it.")],
        facts=[_when(booking)],
        quotes=[(_("Thanks"), text)],
        action=(_("See the booking"), booking.get_absolute_url()),
    )


def _names(booking: Booking, name: str) -> dict[str, str]:
    return {"topic": booking.topic.name, "name": name}


def _when(booking: Booking) -> tuple[str, str]:
    return _("When"), clock.full_range(booking.starts_at, booking.ends_at)
