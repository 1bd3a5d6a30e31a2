"""The ASGI application: ``daphne setahub.asgi:application``. Pages and sockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "setahub.settings")

pages = get_asgi_application()  # first: it loads the apps

from chat.routing import websocket_application  # noqa: E402
from setahub.lib.serving import Graceful, logged, stop_with_daphne  # noqa: E402

application = Graceful(
    ProtocolTypeRouter({"http": pages, "websocket": logged(websocket_application)})
)
stop_with_daphne(application)
