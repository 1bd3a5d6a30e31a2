"""What the form of an edit of a session was filled with (see ``setahub.core.web.forms``)."""

from datetime import date, time

from django import forms

from scheduling.models import Appointment
from scheduling.services.appointments import plan_of
from scheduling.services.plan import Plan
from setahub.core.web import forms as bases
from topics.models import Topic


def as_sent(plan: Plan) -> dict[str, str | list[str]]:
    """A plan as the form sends it."""
    return {
        "topics": [str(topic.pk) for topic in plan.topics],
        "date": plan.day.isoformat(),
        "start_time": f"{plan.start:%H:%M}",
        "end_time": f"{plan.end:%H:%M}",
        "slot_minutes": str(plan.slot_minutes),
        "capacity": str(plan.capacity),
        "location": plan.location,
        "notes": plan.notes,
    }


def sealed(appointment: Appointment) -> str:
    """The appointment as it is now, as a hidden field carries it."""
    return bases.sealed(as_sent(plan_of(appointment)), _salt(appointment))


def field(appointment: Appointment) -> forms.CharField:
    """The hidden field that carries it."""
    return bases.field(as_sent(plan_of(appointment)), _salt(appointment))


def opened(appointment: Appointment, text: str) -> Plan | None:
    """What ``sealed`` put in; None for anything else."""
    sent = bases.opened(text, _salt(appointment))
    if sent is None:
        return None
    return Plan(
        topics=[Topic(pk=int(pk)) for pk in sent["topics"]],
        day=date.fromisoformat(sent["date"]),
        start=time.fromisoformat(sent["start_time"]),
        end=time.fromisoformat(sent["end_time"]),
        slot_minutes=int(sent["slot_minutes"]),
        capacity=int(sent["capacity"]),
        location=sent["location"],
        notes=sent["notes"],
    )


def _salt(appointment: Appointment) -> str:
    return f"scheduling.session.{appointment.pk}"
