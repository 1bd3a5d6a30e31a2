"""A ready group for staff who are no superusers: just what running the faculty takes."""

from django.db import migrations

NAME = "Coordinators"
POWERS = {
    "accounts.user": ["view", "change"],
    "accounts.suspension": ["view"],
    "accounts.block": ["view"],
    "topics.topic": ["view", "change"],
    "topics.registration": ["view", "change"],
    "scheduling.appointment": ["view", "change"],
    "scheduling.timeslot": ["view"],
    "scheduling.booking": ["view", "change"],
    "scheduling.bookingevent": ["view"],
    "chat.report": ["view", "change"],
    "setahub.facultypolicy": ["view", "change"],
    "setahub.examweek": ["view", "add", "change", "delete"],
    "setahub.policychange": ["view"],
}


def make(apps, schema_editor, powers=POWERS):
    """On a new database no permission exists yet: Django makes them after all migrations.

    It then takes those that are there, so making them here in its way is safe.
    """
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    group, _made = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    for label, actions in powers.items():
        app_label, model = label.split(".")
        kind, _made = ContentType.objects.get_or_create(app_label=app_label, model=model)
        name = apps.get_model(app_label, model)._meta.verbose_name_raw
        for action in actions:
            permission, _made = Permission.objects.get_or_create(
                content_type=kind,
                codename=f"{action}_{model}",
                defaults={"name": f"Can {action} {name}"[:255]},
            )
            group.permissions.add(permission)


def unmake(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("setahub", "0001_policy"),
        ("accounts", "0004_suspensions"),
        ("topics", "0001_initial"),
        ("scheduling", "0001_initial"),
        ("chat", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make, unmake)]
