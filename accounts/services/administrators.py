"""Somebody is always left who can give powers: an active superuser who may open the admin.

The database has the last word (``accounts.constraints``); here it is said in words, before.
"""

from django.utils.translation import gettext as _

from accounts.constraints import ADMINISTRATORS_LOCK
from accounts.errors import AccountError
from accounts.models import User
from setahub.core.db.constraints import one_at_a_time


def check_one_stays(leaving: User) -> None:
    """Raises AccountError when without this person there would be none.

    Inside a transaction, and before any person's row is locked: others who go wait until it ends.
    """
    one_at_a_time(ADMINISTRATORS_LOCK)
    if User.objects.administrators() == [leaving.pk]:
        text = _("%(name)s is the only administrator. Give somebody else that power first.")
        raise AccountError("last_administrator", text % {"name": leaving})
