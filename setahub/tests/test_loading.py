"""What a server process has loaded by its first request."""

import subprocess
import sys

import pytest
from django.conf import settings

LOADED = """
import sys
import {module}
from django.urls import get_resolver
print(sorted(get_resolver()._reverse_dict), "scheduling.views.bookings" in sys.modules)
"""


@pytest.mark.parametrize("module", ["setahub.wsgi", "setahub.asgi"])
def test_addresses_and_views_are_there_in_every_language(module):
    command = [sys.executable, "-c", LOADED.format(module=module)]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=settings.BASE_DIR
    )
    assert (
        told.stdout.split("\n")[-2] == f"{sorted(code for code, _name in settings.LANGUAGES)} True"
    )
