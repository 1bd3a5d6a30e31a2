"""Forms of the second step of signing in: codes and passkeys."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts.models import User
from accounts.services import codes, guesses

KEY_NAME_MAX = 60


def code_field(label: Any) -> forms.CharField:
    """Digits first on a phone; the browser may offer the code."""
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
    widget = forms.TextInput(attrs={**attrs, "autofocus": True})
    return forms.CharField(label=label, widget=widget)


class CountedCode(BaseAuthenticateForm):
    """A code of an app, or a recovery code: counted before it is looked at, and taken once."""

    code = code_field(_("Code"))
    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        with guesses.of_code(self.user) as guess:
            authenticator = codes.spend(self.user, code)
            guess.right = authenticator is not None
        if authenticator is None:
            raise get_mfa_adapter().validation_error("incorrect_code")
        authenticator.user = self.user
        self.authenticator = authenticator
        return code


class CodeForm(CountedCode, AuthenticateForm):
    """A code as the second step."""


class CodeAgainForm(CountedCode, ReauthenticateForm):
    """A code to show that it is still oneself."""


class NewAppForm(ActivateTOTPForm):
    """The first code of an app."""

    code = code_field(_("6-digit code"))


def key_name_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        required=required,
        max_length=KEY_NAME_MAX,
        help_text=_("To tell it from others: “My phone”, “Blue key”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CredentialField(forms.JSONField):
    """What a browser says of a passkey, in a shape that the libraries behind it can take.

    They raise all kinds of errors for another shape, and not all of them are caught.
    """

    widget = forms.HiddenInput

    def __init__(self, parse: Callable[[Any], object]) -> None:
        self.parse = parse
        super().__init__()

    def to_python(self, value: Any) -> Any:
        try:
            credential = super().to_python(value)
            self.parse(credential)
        except Exception as error:
            # Bytes made to harm end in anything from KeyError to struct.error.
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        return credential

    def bound_data(self, data: Any, initial: Any) -> None:
        """Never shown again: what a browser said counts once."""


def _parse_new(credential: Any) -> None:
    made = RegistrationResponse.from_dict(credential).response.attestation_object
    if made.auth_data.credential_data is None:
        raise ValueError("It brings no key.")


class AddPasskeyForm(AddWebAuthnForm):
    """allauth's, with a name that ends somewhere, and meant to replace the password too."""

    credential = CredentialField(_parse_new)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = key_name_field(required=False)
        self.fields["name"].unmarked = True  # type: ignore[attr-defined]  # it is filled in
        key = self.fields["passwordless"]
        key.initial, key.label = True, _("Also sign in with it alone, without the password")
        key.help_text = _("Untick this for a security key without a PIN.")


class RenamePasskeyForm(EditWebAuthnForm):
    """allauth's, with a name that ends somewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = key_name_field(required=True)


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as the second step, counted as codes are, and together with them."""

    credential = CredentialField(AuthenticationResponse.from_dict)
    user: User

    def clean_credential(self) -> Authenticator:
        with guesses.of_code(self.user) as guess:
            authenticator = super().clean_credential()
            guess.right = True
        return authenticator


class PasskeyAgainForm(PasskeyForm, ReauthenticateWebAuthnForm):
    """A passkey to show that it is still oneself."""


class PasskeyLoginForm(LoginWebAuthnForm):
    """A passkey in place of email and password."""

    credential = CredentialField(AuthenticationResponse.from_dict)
