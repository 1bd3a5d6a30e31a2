"""An exam week in the term."""

import pytest

from scheduling.tests.weekly.steps import day
from setahub.policy import source
from setahub.policy.current import Changes, ExamWeek


@pytest.fixture
def exam_week():
    """The second week from Monday to Sunday."""
    source.keep(Changes(exam_weeks=[ExamWeek(day(0, 1), day(6, 1), max_active_bookings=1)]))
