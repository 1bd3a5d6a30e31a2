import uuid

from django.conf import settings
from django.db import migrations, models

BATCH = 2000


def fill_uids(apps, schema_editor):
    bookings = apps.get_model("scheduling", "Booking").objects.using(schema_editor.connection.alias)
    while rows := list(bookings.filter(uid=None).only("pk")[:BATCH]):
        for row in rows:
            row.uid = uuid.uuid4()
        bookings.bulk_update(rows, ["uid"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0001_initial"),
        ("topics", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="uid",
            field=models.UUIDField(null=True, editable=False),
        ),
        migrations.RunPython(fill_uids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="booking",
            name="uid",
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.AddField(
            model_name="booking",
            name="sequence",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="booking",
            name="revised_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="booking",
            name="reminded_day_for",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="booking",
            name="reminded_hour_for",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                condition=models.Q(("status", "booked")),
                fields=["starts_at"],
                name="booking_active_start",
            ),
        ),
        migrations.AddField(
            model_name="bookingevent",
            name="sequence",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="bookingevent",
            name="starts_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="bookingevent",
            name="ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="bookingevent",
            name="place",
            field=models.CharField(blank=True, max_length=500),
        ),
    ]
