from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _
from django_tasks_db.apps import TasksAppConfig


class SiteConfig(AppConfig):
    """The roof: start page, overview, template tags and commands that belong to no one app."""

    name = "setahub.site"
    label = "site"

    def ready(self) -> None:
        from setahub.core.admin.booleans import say_yes_and_no
        from setahub.core.catalogues import compile_changed
        from setahub.core.web.fields import drop_invisible_ends
        from setahub.core.work import cleanup  # noqa: F401  (takes its part in the sweep)
        from setahub.site.formats import count_years_as_readers_do

        compile_changed(Path(folder) for folder in settings.LOCALE_PATHS)
        drop_invisible_ends()
        count_years_as_readers_do()
        say_yes_and_no()


class StaffConfig(AdminConfig):
    """Django's admin, as our own site."""

    default_site = "setahub.site.admin_site.Site"


class BackgroundConfig(TasksAppConfig):
    """The task queue, under a name that staff understand."""

    verbose_name = _("Background work")  # type: ignore[assignment]  # the library says str
