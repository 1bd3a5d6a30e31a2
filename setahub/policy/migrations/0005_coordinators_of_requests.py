"""Coordinators look at help requests and offers, and may close a request."""

from importlib import import_module

from django.db import migrations

coordinators = import_module("setahub.policy.migrations.0002_coordinators")
POWERS = {"scheduling.helprequest": ["view", "change"], "scheduling.offer": ["view"]}


def make(apps, schema_editor):
    coordinators.make(apps, schema_editor, POWERS)


def unmake(apps, schema_editor):
    take(apps, POWERS)


def take(apps, powers_of):
    """Take these powers from the coordinators."""
    for label in powers_of:
        app_label, model = label.split(".")
        powers = apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label=app_label, content_type__model=model
        )
        for group in apps.get_model("auth", "Group").objects.filter(name=coordinators.NAME):
            group.permissions.remove(*powers)


class Migration(migrations.Migration):
    dependencies = [
        ("setahub", "0004_max_requests"),
        ("scheduling", "0010_requests_and_offers"),
    ]

    operations = [migrations.RunPython(make, unmake)]
