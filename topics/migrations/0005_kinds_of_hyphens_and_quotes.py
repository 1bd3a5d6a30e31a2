from typing import Any

from django.db import migrations

from setahub.core.db.rekey import rekey


def fill(apps: Any, schema_editor: Any) -> None:
    rekey(apps.get_model("topics", "Topic").objects.all(), "name", "name_key")


class Migration(migrations.Migration):
    """Names that differ in the kind of a hyphen or a quote read the same."""

    dependencies = [("topics", "0004_names_that_read_the_same")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
