from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Messages")

    def ready(self) -> None:
        # They connect themselves.
        from chat import constraints, notices, personal, receivers, sweeps  # noqa: F401

        constraints.CONSTRAINTS.connect(self)
