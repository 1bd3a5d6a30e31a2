from django.db import migrations, models
from django.db.models import Exists, OuterRef


def leave_the_last_of_each(apps, schema_editor):
    """On the way back: the earlier rule knows one offer of a slot to one person."""
    offers = apps.get_model("scheduling", "Offer").objects.using(schema_editor.connection.alias)
    later = offers.filter(slot=OuterRef("slot"), student=OuterRef("student"), pk__gt=OuterRef("pk"))
    double = list(offers.filter(Exists(later)).values_list("pk", flat=True))
    offers.filter(pk__in=double).delete()


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0010_requests_and_offers")]

    operations = [
        migrations.RemoveConstraint(model_name="offer", name="offer_once"),
        migrations.AlterField(
            model_name="placeinline",
            name="end",
            field=models.CharField(
                blank=True,
                choices=[
                    ("booked", "booked"),
                    ("solved", "solved"),
                    ("left", "left"),
                    ("over", "the days are over"),
                    ("unanswered", "three offers ran out unanswered"),
                    ("gone", "no longer offered"),
                ],
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "withdrawn"), _negated=True),
                fields=("slot", "student"),
                name="offer_once",
            ),
        ),
        migrations.RunPython(
            migrations.RunPython.noop, leave_the_last_of_each, elidable=True
        ),
    ]
