from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _
from django_tasks_db.apps import TasksAppConfig


class SetahubConfig(AppConfig):
    """The project itself: the policy that staff can change, template tags and commands."""

    name = "setahub"
    label = "setahub"
    verbose_name = _("Faculty")

    def ready(self) -> None:
        from setahub import (
            guards,
            personal,  # noqa: F401  (takes its part in exports and deletions)
            policy_source,
        )
        from setahub.core.web.fields import drop_invisible_ends
        from setahub.core.work import cleanup as cleaning  # noqa: F401  (takes its part in the sweep)
        from setahub.lib.policy import policy

        drop_invisible_ends()
        policy.source = policy_source.changes
        guards.GUARDS.connect(self)


class StaffConfig(AdminConfig):
    """Django's admin, as our own site."""

    default_site = "setahub.admin_site.Site"


class BackgroundConfig(TasksAppConfig):
    """The task queue, under a name that staff understand."""

    verbose_name = _("Background work")  # type: ignore[assignment]  # the library says str
