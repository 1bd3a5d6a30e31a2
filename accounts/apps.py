from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        # They connect themselves.
        from accounts import constraints, notices, personal, receivers, sweeps  # noqa: F401

        constraints.CONSTRAINTS.connect(self)
