"""The words of emails about an account itself, by the names of allauth's templates for them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from setahub.core import clock
from setahub.core.mail import Email
from setahub.core.web.own import told

Facts = Mapping[str, Any]

ASKED = gettext_lazy("Somebody wants to change your email")
DONE = gettext_lazy("Your email was changed")

# What allauth tells of, and in which words: the subject, and what has changed.
CHANGES = {
    "account/email/email_deleted": (
        gettext_lazy("An email was removed"),
        gettext_lazy("%(deleted_email)s was removed from your SETAHub account."),
    ),
    "account/email/password_changed": (
        gettext_lazy("Your password was changed"),
        gettext_lazy(
            "The password of your SETAHub account was changed, and your other devices were signed out."
        ),
    ),
    "account/email/password_reset": (
        gettext_lazy("Your password was reset"),
        gettext_lazy(
            "The password of your SETAHub account was reset through a link that we sent you."
            " You can sign in with the new one."
        ),
    ),
    "account/email/password_set": (
        gettext_lazy("A password was set"),
        gettext_lazy("A password was set for your SETAHub account. You can now sign in with it."),
    ),
    "accounts/email/faculty_joined": (
        gettext_lazy("The faculty's sign-in now opens your account"),
        gettext_lazy(
            "Somebody with this email signed in with the faculty. From now on that opens your"
            " SETAHub account."
        ),
    ),
    "mfa/email/recovery_codes_generated": (
        gettext_lazy("New recovery codes"),
        gettext_lazy(
            "New recovery codes were made for your SETAHub account. The old ones no longer work."
        ),
    ),
    "mfa/email/totp_activated": (
        gettext_lazy("An authenticator app was set up"),
        gettext_lazy(
            "An authenticator app was set up for your SETAHub account. From now on signing in"
            " takes a second step."
        ),
    ),
    "mfa/email/totp_deactivated": (
        gettext_lazy("Your authenticator app was removed"),
        gettext_lazy("The authenticator app of your SETAHub account was removed."),
    ),
    "mfa/email/webauthn_added": (
        gettext_lazy("A passkey was added"),
        gettext_lazy("A passkey was added to your SETAHub account. It signs you in."),
    ),
    "mfa/email/webauthn_removed": (
        gettext_lazy("A passkey was removed"),
        gettext_lazy("A passkey was removed from your SETAHub account. It no longer signs you in."),
    ),
}


SUBJECTS = {template: subject for template, (subject, _change) in CHANGES.items()} | {
    "account/email/email_change_asked": ASKED,
    "account/email/email_changed": DONE,
}


def written(template: str, facts: Facts) -> Email:
    """The email that allauth would render from this template, in the language that is active."""
    return OTHERS[template](facts) if template in OTHERS else _of_a_change(template, facts)


def _of_a_change(template: str, facts: Facts) -> Email:
    subject, change = CHANGES[template]
    not_you = (
        _("If this wasn't you, tell the staff of your faculty right away.")
        if template == "account/email/email_deleted"
        else _("If this wasn't you, reset your password now and tell the staff of your faculty.")
    )
    return Email(
        str(subject),
        [change % facts, not_you],
        facts=[
            (_("When"), clock.full(facts["timestamp"])),
            (_("Network address"), facts["ip"]),
            (_("Browser"), facts["user_agent"]),
        ],
    )


def _already_there(facts: Facts) -> Email:
    return Email(
        _("You have an account already"),
        [
            _(
                "Somebody, perhaps you, tried to sign up to SETAHub with %(email)s. You have an"
                " account with this email already, so just sign in."
            )
            % facts,
            _("If you don't remember your password, you can choose a new one here:"),
        ],
        action=(_("Choose a new password"), facts["password_reset_url"]),
        after=[_("If it wasn't you, you can ignore this email; nothing has changed.")],
    )


def _new_password(facts: Facts) -> Email:
    return Email(
        _("Choose a new password"),
        [
            _(
                "Somebody, hopefully you, asked for a new password for your SETAHub account."
                " To choose one, open this link:"
            )
        ],
        action=(_("Choose a new password"), facts["password_reset_url"]),
        after=[
            _("The link works once. Your old password works until you have set the new one."),
            _("If it wasn't you, you can ignore this email; nothing has changed."),
        ],
    )


def _welcome(facts: Facts) -> Email:
    return Email(
        _("Welcome to SETAHub: please confirm your email"),
        [
            _(
                "Welcome to SETAHub! It is good to have you here. To confirm that this address is"
                " yours, open this link:"
            )
        ],
        action=(_("Confirm my email"), facts["activate_url"]),
        after=[_("If you didn't sign up, you can ignore this email.")],
    )


def _confirmation(facts: Facts) -> Email:
    return Email(
        _("Please confirm your email"),
        [_("Please confirm that this address belongs to your SETAHub account. Open this link:")],
        action=(_("Confirm my email"), facts["activate_url"]),
        after=[
            _("If you have no account with us, or didn't ask for this, you can ignore this email.")
        ],
    )


def _change_asked(facts: Facts) -> Email:
    subject = str(ASKED)
    if "undo_url" in facts:
        asked = _(
            "Somebody, hopefully you, asked to change the email of your SETAHub account (%(name)s)"
            " from %(from_email)s to %(to_email)s. It changes once the new address is confirmed."
        )
        return _with_a_way_back(subject, asked, _("Stop the change"), facts)
    return Email(
        subject,
        [
            _(
                "Somebody asked to change the email of the SETAHub account that uses this address"
                " to another one."
            ),
            _(
                "This address was never confirmed, so nothing can be stopped from here. If you know"
                " of no such account, there is nothing to do."
            ),
            _(
                "If the account is yours and this wasn't you, sign in, keep the old email and choose"
                " a new password. If you can't, tell the staff of your faculty."
            ),
        ],
        action=(_("Your email"), facts["email_url"]),
    )


def _change_done(facts: Facts) -> Email:
    subject = str(DONE)
    if "undo_url" in facts:
        changed = _(
            "The email of your SETAHub account (%(name)s) was changed from %(from_email)s to"
            " %(to_email)s."
        )
        return _with_a_way_back(subject, changed, _("Take my old email back"), facts)
    return Email(
        subject,
        [
            _("The SETAHub account that used this address now uses another one."),
            _(
                "This address was never confirmed, so nothing can be taken back from here. If the"
                " account is yours and this wasn't you, tell the staff of your faculty. If you know"
                " of no such account, there is nothing to do."
            ),
        ],
    )


def _with_a_way_back(subject: str, change: str, back: str, facts: Facts) -> Email:
    return Email(
        subject,
        [
            told(
                change,
                {"name": facts["name"]},
                from_email=facts["from_email"],
                to_email=facts["to_email"],
            ),
            _("If it was you, there is nothing to do."),
            _(
                "If this wasn't you, open this link within seven days: your account keeps the old"
                " email, all devices are signed out, what was added to the second step since then is"
                " removed, and you choose a new password, since the old one no longer works."
            ),
        ],
        action=(back, facts["undo_url"]),
    )


def _deleted(facts: Facts) -> Email:
    return Email(
        _("Your account was deleted"),
        [
            _(
                "Your SETAHub account was deleted, as you asked. If this was not you, please tell"
                " the staff of your faculty."
            )
        ],
    )


def _invited(facts: Facts) -> Email:
    lead = [
        _("Your faculty has made an account for you on SETAHub, where students help each other:")
        + " "
        + _("you find a topic, choose a time, and bring your question."),
        told(_("Others will see you as %(name)s; you can change that."), {"name": facts["name"]}),
    ]
    if "password_url" not in facts:
        return Email(
            _("You are invited to SETAHub"),
            [*lead, _("Sign in with your faculty account:")],
            action=(_("Sign in"), facts["sign_in_url"]),
        )
    return Email(
        _("You are invited to SETAHub"),
        [*lead, _("To begin, choose a password:")],
        action=(_("Choose a password"), facts["password_url"]),
        after=[
            _("If the link has run out, ask for a new one here: %(again_url)s") % facts,
            *([_("Or sign in with your faculty account.")] if settings.OIDC_ISSUER else []),
        ],
    )


OTHERS: dict[str, Callable[[Facts], Email]] = {
    "account/email/account_already_exists": _already_there,
    "account/email/email_change_asked": _change_asked,
    "account/email/email_changed": _change_done,
    "account/email/email_confirmation": _confirmation,
    "account/email/email_confirmation_signup": _welcome,
    "account/email/password_reset_key": _new_password,
    "accounts/email/account_deleted": _deleted,
    "accounts/email/invited": _invited,
}
