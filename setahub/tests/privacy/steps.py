"""What must be gone, what may not be seen, and what points at a person."""

from django.apps import apps
from django.db import models

from accounts.models import User

PASSWORD = "pass-word-1"
# Words that are the person's own; none may be anywhere after the account is gone.
OWN = ["มะลิวัลย์", "maliwan@example.com", "65010777", "I collect beetles.", "meet.example/maliwan"]
# Words of the other person; none may be in the archive.
OTHERS = ["napat@example.com", "65010888", "Napat plays chess.", "secret of Napat", "Napat is ill"]


def relations() -> dict[str, models.Field]:
    """Every concrete relation to a user, of all installed apps: ``app.Model.field``."""
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.many_to_many
        and field.related_model is User
    }  # fmt: skip


def pointing_at(label: str, user: User) -> int:
    model, field = label.rsplit(".", 1)
    return apps.get_model(model)._base_manager.filter(**{field: user}).count()


def everything_stored() -> str:
    """All text that any table holds."""
    return "\n".join(
        str(value)
        for model in apps.get_models(include_auto_created=True)
        for row in model._base_manager.values_list()
        for value in row
        if isinstance(value, str | dict)
    )
