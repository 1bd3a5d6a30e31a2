"""Coordinators decide about no-shows that students dispute."""

from importlib import import_module

from django.db import migrations

coordinators = import_module("setahub.policy.migrations.0002_coordinators")
POWERS = {"scheduling.dispute": ["view", "change"]}


def make(apps, schema_editor):
    coordinators.make(apps, schema_editor, POWERS)


def unmake(apps, schema_editor):
    powers = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="scheduling", content_type__model="dispute"
    )
    for group in apps.get_model("auth", "Group").objects.filter(name=coordinators.NAME):
        group.permissions.remove(*powers)


class Migration(migrations.Migration):
    dependencies = [
        ("setahub", "0008_reliability_points"),
        ("scheduling", "0017_disputes"),
    ]

    operations = [migrations.RunPython(make, unmake)]
