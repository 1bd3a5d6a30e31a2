"""The site's settings with two floors beside the site: a bare view and a bare echo."""

import os
from pathlib import Path

from setahub.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor.urls"
STATIC_ROOT = Path(os.environ["BENCH_STATIC"])
