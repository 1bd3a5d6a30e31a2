"""Rows that say something by being there: a star, for one."""

from django.db import models


def have(model: type[models.Model], wanted: bool, **row: models.Model) -> None:
    """Have this row, or have it no longer.

    Asked for twice, or by two at once, it is done once: a unique constraint on what ``row`` names
    lets one in.
    """
    if wanted:
        model._default_manager.bulk_create([model(**row)], ignore_conflicts=True)
    else:
        model._default_manager.filter(**row).delete()
