"""Reasons that the program had written become causes; what it had written of changes stays text."""

from django.db import migrations
from django.db.models import F, Q

SENTENCES = {
    "left": "The other person has deleted their account.",
    "topic": "Its topic is no longer offered.",
    "staff": "Cancelled by the faculty's staff.",
}
CHANGED = {"location": "New place: {}", "notes": "New notes: {}"}


def to_causes(apps, schema_editor):
    """What one of its two people typed stays theirs, whatever it says."""
    rows = _rows(apps)
    typed = Q(cancelled_by=F("student")) | Q(cancelled_by=F("ta"))
    by_one = Q(actor=F("booking__student")) | Q(actor=F("booking__ta"))
    for cause, sentence in SENTENCES.items():
        found = {"cancel_reason": sentence, "cancelled_at__isnull": False}
        now = {"cancel_reason": "", "cancel_cause": cause}
        rows["Appointment"].filter(**found).update(**now)
        rows["Booking"].filter(**found).exclude(typed).update(**now)
        events = rows["BookingEvent"].filter(kind="cancelled", detail=sentence).exclude(by_one)
        events.update(detail="", cause=cause)


def to_sentences(apps, schema_editor):
    rows = _rows(apps)
    for cause, sentence in SENTENCES.items():
        for name in ("Appointment", "Booking"):
            rows[name].filter(cancel_cause=cause).update(cancel_reason=sentence, cancel_cause="")
        rows["BookingEvent"].filter(cause=cause).update(detail=sentence)
    rows["BookingEvent"].filter(cause="staff").update(cause="")
    for event in rows["BookingEvent"].filter(changes__isnull=False).iterator():
        new = {name: values[1] or "none" for name, values in event.changes.items()}
        lines = [line.format(new[name]) for name, line in CHANGED.items() if name in new]
        event.detail, event.changes = "\n".join(lines), None
        event.save(update_fields=["detail", "changes"])


def _rows(apps):
    names = ("Appointment", "Booking", "BookingEvent")
    return {name: apps.get_model("scheduling", name).objects for name in names}


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0007_what_happened_as_data'),
    ]

    operations = [
        migrations.RunPython(to_causes, to_sentences),
    ]
