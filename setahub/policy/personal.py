"""What the project itself holds about a person: which numbers of the policy they changed."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.privacy import Part, register
from setahub.policy.models import PolicyChange


def changes_of(user: User) -> list[Any]:
    return [
        {"at": each.at, "what": each.what, "old": each.before, "new": each.after}
        for each in PolicyChange.objects.filter(actor=user)
    ]


register(
    Part(
        "policy_changes",
        _("If you are staff: which of the faculty's numbers you changed."),
        _("To tell who changed a rule, and when."),
        _("For good."),
        of_staff=True,
        export=changes_of,
        kept=["setahub.PolicyChange.actor"],
        mentions=[
            "setahub.PolicyChange.what",
            "setahub.PolicyChange.old",
            "setahub.PolicyChange.new",
            "django_tasks_database.DBTaskResult.traceback",
        ],
    ),
)
