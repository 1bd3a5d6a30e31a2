from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = _("Calendar")

    def ready(self) -> None:
        # They connect themselves.
        from scheduling import guards, personal, receivers, sweeps  # noqa: F401
        from scheduling.services import demand  # noqa: F401  (takes its part in the sweep)

        # SQLite loses a table's triggers when a migration rebuilds the table, and refuses to
        # rename a table that a trigger elsewhere names: so off before, and on again after.
        pre_migrate.connect(guards.before_migrate, sender=self)
        post_migrate.connect(guards.after_migrate, sender=self)
