"""A provider on this machine that the site takes for the faculty's."""

import pytest

from accounts.tests.provider import provider as running_provider


@pytest.fixture(scope="module")
def running():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def faculty(running, settings):
    """The provider that this site takes for the faculty's."""
    running.is_the_faculty(settings)
    running.asked.clear()
    running.problems.clear()
    return running
