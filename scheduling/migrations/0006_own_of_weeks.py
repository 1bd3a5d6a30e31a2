from collections import Counter
from itertools import groupby
from typing import Any

from django.db import migrations, models

from setahub.core import clock


def fill(apps: Any, schema_editor: Any) -> None:
    """What differs from most weeks of its series, was given to that week by itself."""
    weeks = apps.get_model("scheduling", "Appointment").objects.filter(series__isnull=False)
    for _series, found in groupby(weeks.order_by("series", "starts_at"), lambda row: row.series):
        rows = list(found)
        shapes = [shape(row) for row in rows]
        usual = {
            name: Counter(each[name] for each in shapes).most_common(1)[0][0] for name in shapes[0]
        }
        for row, found_here in zip(rows, shapes, strict=True):
            if own := sorted(name for name in usual if found_here[name] != usual[name]):
                row.own = " ".join(own)
                row.save(update_fields=["own"])


def shape(row: Any) -> dict[str, Any]:
    start, end = clock.local(row.starts_at), clock.local(row.ends_at)
    return {
        "day": start.weekday(),
        "start": (start.time(), end.time()),
        "slot_minutes": row.slot_minutes,
        "capacity": row.capacity,
        "location": row.location,
        "notes": row.notes,
    }


class Migration(migrations.Migration):
    """A week of a series knows what it was given by itself."""

    dependencies = [("scheduling", "0005_another_time")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="own",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=100
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
