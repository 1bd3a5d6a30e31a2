"""Django with one view and nothing around it: what pages are measured against.

Run as ``bench.floor.bare:asgi`` or ``bench.floor.bare:wsgi``; nothing of SETAHub is loaded.
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import path

from bench.floor.views import bare

urlpatterns = [path("", bare)]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="only for the bench",  # noqa: S106
    MIDDLEWARE=[],
)
asgi = get_asgi_application()
wsgi = get_wsgi_application()
