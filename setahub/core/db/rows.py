"""Rows of models that come in lists, made without their constructor."""

from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class QuickRow(models.Model):
    """A model whose rows are filled at once; Django's constructor looks at each field of each.

    Of a page of sixty times it was an eighth. ``pre_init`` and ``post_init`` are not sent for what comes
    from the database, and no field may do more with its value than keep it.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **state: Any) -> Self:
        row = cls.__new__(cls)
        vars(row).update(zip(field_names, values, strict=True))
        row._state = ModelState()
        vars(row._state).update(state, adding=False, db=db)
        return row
