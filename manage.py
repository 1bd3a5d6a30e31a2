#!/usr/bin/env python
"""Run a Django command: ``python manage.py <command>``."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "setahub.settings")
    if sys.argv[1:2] != ["worker"]:
        # A page must not wait long for one statement; a migration may.
        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
