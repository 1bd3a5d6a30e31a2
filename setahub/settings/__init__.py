"""All settings. What may differ between installations comes from the environment (README)."""

from setahub.settings.base import *
