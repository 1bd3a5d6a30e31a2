"""Reports of an absent TA wait for the staff: not those that the staff had settled before they did."""

from django.db import migrations

OUTCOMES = ["completed", "no_show"]


def take_off(apps, schema_editor):
    Booking = apps.get_model("scheduling", "Booking")
    BookingEvent = apps.get_model("scheduling", "BookingEvent")
    reported = Booking.objects.filter(ta_absent_at__isnull=False).exclude(status="cancelled")
    for booking in reported.iterator():
        said = BookingEvent.objects.filter(booking=booking.pk, kind__in=OUTCOMES)
        last = said.order_by("created_at", "pk").last()
        if last is None or last.created_at < booking.ta_absent_at:
            continue
        if last.actor_id not in (None, booking.ta_id, booking.student_id):
            Booking.objects.filter(pk=booking.pk).update(ta_absent_at=None)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0018_spared_slots")]

    operations = [migrations.RunPython(take_off, migrations.RunPython.noop, elidable=True)]
