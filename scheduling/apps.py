from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Calendar")

    def ready(self) -> None:
        # They connect themselves.
        from scheduling import constraints, notices, personal, receivers, sweeps  # noqa: F401
        from scheduling.services import demand  # noqa: F401  (takes its part in the sweep)

        constraints.CONSTRAINTS.connect(self)
