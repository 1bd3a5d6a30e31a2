from typing import Any

from django.db import migrations, models

from setahub.core.keys import sort_key

BATCH = 500


def fill(apps: Any, schema_editor: Any) -> None:
    """What each name is sorted by; the deleted have none."""
    rows = apps.get_model("accounts", "User").objects.filter(deleted_at=None)
    changed = []
    for row in rows.only("username").iterator(chunk_size=BATCH):
        row.sort_key = sort_key(row.username)
        changed.append(row)
    rows.model.objects.bulk_update(changed, ["sort_key"], batch_size=BATCH)


class Migration(migrations.Migration):
    """Names are sorted as Thai dictionaries sort them."""

    dependencies = [("accounts", "0016_names_of_fields")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sort_key",
            field=models.TextField(db_default="", default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
