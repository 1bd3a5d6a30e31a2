from typing import Any

from django.db import migrations, models

from setahub.core.keys import fold_search

BATCH = 500


def fill(apps: Any, schema_editor: Any) -> None:
    """What of a description is searched; nothing has keywords yet."""
    topics = apps.get_model("topics", "Topic").objects.exclude(description="")
    changed = []
    for topic in topics.only("description").iterator(chunk_size=BATCH):
        topic.text_key = fold_search(topic.description)
        changed.append(topic)
    topics.model.objects.bulk_update(changed, ["text_key"], batch_size=BATCH)


class Migration(migrations.Migration):
    """Topics have keywords; these and descriptions are searched, folded as names are."""

    dependencies = [("topics", "0005_kinds_of_hyphens_and_quotes")]

    operations = [
        migrations.AddField(
            model_name="topic",
            name="keywords",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=504, verbose_name="keywords"
            ),
        ),
        migrations.AddField(
            model_name="topic",
            name="keywords_key",
            field=models.TextField(db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="topic",
            name="text_key",
            field=models.TextField(db_default="", default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
