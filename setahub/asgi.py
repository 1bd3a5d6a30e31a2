"""The ASGI application: ``daphne setahub.asgi:application``. Pages and sockets."""

import os
import sys

import django
from channels.routing import ProtocolTypeRouter
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "setahub.settings")

django.setup(set_prefix=False)  # first: it loads the apps

from chat.routing import websocket_application  # noqa: E402
from setahub.core.server import gc_tuning, one_core  # noqa: E402
from setahub.core.server.asgi import Graceful, logged, stop_with_daphne  # noqa: E402
from setahub.core.server.bounds import bound_daphne  # noqa: E402
from setahub.core.server.threads import GatedHandler  # noqa: E402
from setahub.site.loading import load_all  # noqa: E402

pages = GatedHandler(settings.PAGES_AT_ONCE)
application = Graceful(
    ProtocolTypeRouter({"http": pages, "websocket": logged(websocket_application)})
)
stop_with_daphne(application)
bound_daphne()
load_all()
gc_tuning.settle()
one_core.stay_with_daphne()
# A message goes back and forth with the database; each time its thread waited for a page's turn to end.
sys.setswitchinterval(0.0005)  # seconds
