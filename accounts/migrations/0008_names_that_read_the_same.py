from typing import Any

from django.db import migrations, models

from setahub.core.db.rekey import rekey, unkey


def fill(apps: Any, schema_editor: Any) -> None:
    # Deleted accounts have keys of their own, and are not searched.
    users = apps.get_model("accounts", "User").objects.filter(deleted_at__isnull=True)
    rekey(users, "username", "username_key")


def back(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("accounts", "User").objects.filter(deleted_at__isnull=True)
    unkey(users, "username", "username_key")


class Migration(migrations.Migration):
    """Names that read the same have the same key; an account that had one before it keeps its name."""

    dependencies = [("accounts", "0007_sent_forms")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="username_key",
            field=models.CharField(editable=False, max_length=900),
        ),
        migrations.AddField(
            model_name="user",
            name="search_key",
            field=models.CharField(default="", editable=False, max_length=900),
            preserve_default=False,
        ),
        migrations.RunPython(fill, back),
    ]
