"""What the form of an edit of a session was filled with (see ``setahub.core.web.forms``)."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date, time
from typing import Any, get_type_hints

from django.forms import CharField

from scheduling.models import Appointment
from scheduling.services.plan import Plan
from setahub.core.web import forms
from topics.models import Topic

# What the form calls otherwise than the plan, and how a text is read that isn't int or str.
NAMES = {"day": "date", "start": "start_time", "end": "end_time"}
READERS: dict[str, Callable[[Any], Any]] = {
    "topics": lambda pks: [Topic(pk=int(pk)) for pk in pks],
    "day": date.fromisoformat,
    "start": time.fromisoformat,
    "end": time.fromisoformat,
}


def as_sent(plan: Plan) -> dict[str, str | list[str]]:
    """A plan as the form sends it, and as it is filled in."""
    sent: dict[str, str | list[str]] = {name: str(value) for name, value in plan.columns.items()}
    return sent | {
        "topics": [str(topic.pk) for topic in plan.topics],
        "date": plan.day.isoformat(),
        "start_time": f"{plan.start:%H:%M}",
        "end_time": f"{plan.end:%H:%M}",
    }


def sealed(appointment: Appointment) -> str:
    """The appointment as it is now, as a hidden field carries it."""
    return forms.sealed(as_sent(Plan.of(appointment)), _salt(appointment))


def field(appointment: Appointment) -> CharField:
    """The hidden field that carries it."""
    return forms.field(as_sent(Plan.of(appointment)), _salt(appointment))


def opened(appointment: Appointment, text: str) -> Plan | None:
    """What ``sealed`` put in; None for anything else."""
    sent = forms.opened(text, _salt(appointment))
    if sent is None:
        return None
    types = get_type_hints(Plan)
    names = {field.name: NAMES.get(field.name, field.name) for field in fields(Plan)}
    return Plan(
        **{
            name: READERS.get(name, types[name])(sent[own])
            for name, own in names.items()
            if own in sent  # a form that was opened before the field was there has it not
        }
    )


def _salt(appointment: Appointment) -> str:
    return f"scheduling.session.{appointment.pk}"
