from django.db import migrations, models
from django.db.models import F


def as_for_bookings(apps, schema_editor):
    """Offers came under the switch of bookings until now: who had turned it off hears no more."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    users.update(mail_waiting=F("mail_bookings"), push_waiting=F("push_bookings"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_notices")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="mail_waiting",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="emails: waiting for time"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="push_waiting",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.RunPython(as_for_bookings, migrations.RunPython.noop, elidable=True),
    ]
