"""The WSGI application, for page processes: ``gunicorn setahub.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from setahub.core.server import gc_tuning
from setahub.site.loading import load_all

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "setahub.settings")

application = get_wsgi_application()
load_all()
gc_tuning.settle()
