"""Calendars of people's own: fetched from where they lie, and read by ``busy_reader``."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import icalendar

from setahub.core import clock
from setahub.core.outbound import OutboundError
from setahub.core.server import one_core

READ_WITHIN = 30.0  # seconds, on a busy machine; the reader has its own limit of work
BYTES_MAX = 2 * 1024 * 1024
FETCHED_WITHIN = 20.0  # seconds
STRETCHES_MAX = 5_000  # of one calendar; somebody with twenty things a day has fewer

_READER = str(Path(__file__).with_name("busy_reader.py"))
_PACKAGES = str(Path(icalendar.__file__).parents[1])
# Bytes from anybody: what reads them is told none of our secrets.
_ENVIRONMENT = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}

Stretch = tuple[datetime, datetime]


def busy_times(data: bytes, start: datetime, end: datetime) -> list[Stretch]:
    """When a calendar says that its person is busy, in order, without overlaps.

    Raises OutboundError: "no_calendar", "too_complex".
    """
    span = [str(int(each.timestamp())) for each in (start, end)]
    command = [sys.executable, "-I", "-S", _READER, _PACKAGES, clock.zone().key, *span]
    try:
        with one_core.everywhere():
            done = subprocess.run(  # noqa: S603  (our own program)
                command,
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                timeout=READ_WITHIN,
            )
    except subprocess.TimeoutExpired as error:
        raise OutboundError("too_complex") from error
    if done.returncode:  # mostly ended by the system: it had worked, or taken, too much
        raise OutboundError("too_complex")
    found = json.loads(done.stdout)
    if found is None:
        raise OutboundError("no_calendar")
    if len(found) > STRETCHES_MAX:
        raise OutboundError("too_complex")
    return [(datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for a, b in found]
