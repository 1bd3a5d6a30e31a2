"""Secrets of authenticator apps and recovery codes, which stood there as text, are encrypted."""

from collections.abc import Callable
from typing import Any

from django.db import migrations

from setahub.core.seals import Unreadable, seal, unseal

PURPOSE = "accounts.mfa"
SECRETS = {"totp": "secret", "recovery_codes": "seed"}


def is_sealed(text: str) -> bool:
    try:
        unseal(text, PURPOSE)
    except Unreadable:
        return False
    return True


def change(apps: Any, turn: Callable[[str], str]) -> None:
    rows = apps.get_model("mfa", "Authenticator").objects.filter(type__in=SECRETS)
    for row in rows.select_for_update().iterator():
        name = SECRETS[row.type]
        if name in row.data:
            row.data[name] = turn(row.data[name])
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [turn(code) for code in row.data["migrated_codes"]]
        row.save(update_fields=["data"])


def encrypt(apps: Any, schema_editor: Any) -> None:
    change(apps, lambda text: text if is_sealed(text) else seal(text, PURPOSE))


def decrypt(apps: Any, schema_editor: Any) -> None:
    change(apps, lambda text: unseal(text, PURPOSE) if is_sealed(text) else text)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_names_that_read_the_same"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(encrypt, decrypt)]
