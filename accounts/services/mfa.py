"""The second steps of signing in: taken off, and encrypted anew."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.models import User
from accounts.queries.factors import FACTORS, Type
from accounts.services import sign_ins
from setahub.core import seals

PURPOSE = "accounts.mfa"  # never changes: stored secrets are sealed with it


def remove_factors(user: User, actor: User | None) -> int:
    """For somebody who has lost all of them: from then on the password alone lets them in.

    Ends all sessions. Returns how many factors there were. Raises AccountError when there is none,
    or when staff who are no superuser try it on staff.
    """
    if actor is not None and not actor.is_superuser and (user.is_staff or user.is_superuser):
        raise AccountError("not_allowed", _("Only a superuser can do this for staff."))
    with transaction.atomic():
        [user] = User.objects.locked(user.pk)
        _deleted, by_model = Authenticator.objects.filter(user=user).delete()
        if not by_model:
            raise AccountError("no_factor", _("There is no second step to remove."))
        sign_ins.end_all(user)
    return by_model[Authenticator._meta.label]


def remove_added_since(moment: datetime, user: User) -> int:
    """Remove what somebody else may have added. Within the transaction that locks the user.

    Recovery codes that stand in for nothing then go too. Returns how many factors there were.
    """
    factors = Authenticator.objects.filter(user=user)
    count, _by_model = factors.filter(created_at__gte=moment).delete()
    if not factors.filter(type__in=FACTORS).exists():
        factors.delete()
    return count


def renew_seals() -> None:
    """Encrypt with today's SECRET_KEY what was with an earlier one, which may then be forgotten."""
    for pk in Authenticator.objects.exclude(type=Type.WEBAUTHN).values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if factor is not None:
                _renew(factor)


def _renew(factor: Authenticator) -> None:
    before = dict(factor.data)
    try:
        for name in factor.data.keys() & {"secret", "seed"}:
            factor.data[name] = seals.renewed(factor.data[name], PURPOSE)
        if codes := factor.data.get("migrated_codes"):
            factor.data["migrated_codes"] = [seals.renewed(code, PURPOSE) for code in codes]
    except seals.Unreadable:
        return  # the log says so when it is used
    if factor.data != before:
        factor.save(update_fields=["data"])
