from typing import Any

from django.db import migrations, models

from setahub.core.db.rekey import rekey, unkey


def fill(apps: Any, schema_editor: Any) -> None:
    rekey(apps.get_model("topics", "Topic").objects.all(), "name", "name_key")


def back(apps: Any, schema_editor: Any) -> None:
    unkey(apps.get_model("topics", "Topic").objects.all(), "name", "name_key")


class Migration(migrations.Migration):
    """Names that read the same have the same key; a topic that stood before keeps its name."""

    dependencies = [("topics", "0003_decisions")]

    operations = [
        migrations.AlterField(
            model_name="topic",
            name="name_key",
            field=models.CharField(editable=False, max_length=1800),
        ),
        migrations.AddField(
            model_name="topic",
            name="search_key",
            field=models.CharField(default="", editable=False, max_length=1800),
            preserve_default=False,
        ),
        migrations.RunPython(fill, back),
    ]
