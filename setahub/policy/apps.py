from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PolicyConfig(AppConfig):
    """The faculty's policy, which staff can change. Its tables are older than its folder."""

    name = "setahub.policy"
    label = "setahub"
    verbose_name = _("Faculty")

    def ready(self) -> None:
        from setahub.policy import (
            constraints,
            personal,  # noqa: F401  (takes its part in exports and deletions)
            source,
        )
        from setahub.policy.current import policy

        policy.source = source.changes
        constraints.CONSTRAINTS.connect(self)
