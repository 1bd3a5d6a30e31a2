"""Those who write to each other."""

import pytest

from accounts.models import User


@pytest.fixture
def people(student, ta, stranger) -> dict[str, User]:
    return {"student": student, "ta": ta, "stranger": stranger}
