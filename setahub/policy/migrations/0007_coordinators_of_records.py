"""Coordinators look at records of volunteer hours, and may revoke one."""

from importlib import import_module

from django.db import migrations

coordinators = import_module("setahub.policy.migrations.0002_coordinators")
requests = import_module("setahub.policy.migrations.0005_coordinators_of_requests")
POWERS = {"scheduling.record": ["view", "change"]}


def make(apps, schema_editor):
    coordinators.make(apps, schema_editor, POWERS)


def unmake(apps, schema_editor):
    requests.take(apps, POWERS)


class Migration(migrations.Migration):
    dependencies = [
        ("setahub", "0006_staff_actions_as_data"),
        ("scheduling", "0015_records"),
    ]

    operations = [migrations.RunPython(make, unmake)]
