"""Signing in: accounts, second steps, limits."""

import re

from setahub.core import env
from setahub.settings.basics import DEBUG, HTTPS, TRUSTED_PROXIES

# The last is for a provider on the same machine, in a trial.
_ISSUER = re.compile(r"https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?[^\s?#]*")


def _beside_the_issuer(name: str) -> str:
    takes = "set, since OIDC_ISSUER is"
    return env.checked(name, env.text(name), lambda value: bool(value) or not OIDC_ISSUER, takes)


AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "accounts.hashers.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

ALLOWED_EMAIL_DOMAINS = env.checked(
    "ALLOWED_EMAIL_DOMAINS",
    [domain.lower() for domain in env.words("ALLOWED_EMAIL_DOMAINS")],
    lambda domains: all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", each) for each in domains),
    "domains such as kmitl.ac.th, separated by commas",
)
EMAIL_VERIFICATION = env.choice("EMAIL_VERIFICATION", "optional", ["optional", "mandatory"])
if ALLOWED_EMAIL_DOMAINS:
    # Without the proof anybody could claim an address of the faculty.
    EMAIL_VERIFICATION = "mandatory"
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)

# --- Signing in with the faculty (OpenID Connect) -------------------------------------------------

OIDC_ISSUER = env.checked(
    "OIDC_ISSUER",
    env.text("OIDC_ISSUER"),
    lambda issuer: not issuer or bool(_ISSUER.fullmatch(issuer)),
    "the https address that the provider calls its issuer",
)
OIDC_CLIENT_ID = _beside_the_issuer("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = _beside_the_issuer("OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("OIDC_NAME")
OIDC_TRUST_EMAIL = env.flag("OIDC_TRUST_EMAIL", default=False)
PASSWORD_LOGIN = env.checked(
    "PASSWORD_LOGIN",
    env.flag("PASSWORD_LOGIN", default=True),
    lambda on: on or bool(OIDC_ISSUER),
    "on, unless OIDC_ISSUER is set: else nobody could sign in",
)
SOCIALACCOUNT_ADAPTER = "accounts.adapters.faculty.FacultyAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "accounts.adapters.openid.FacultyProvider"}
}
SOCIALACCOUNT_REQUESTS_TIMEOUT = 3  # seconds; a page waits for it

# --- allauth --------------------------------------------------------------------------------------

ACCOUNT_ADAPTER = "accounts.adapters.account.AccountAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.tokens.ResetTokenGenerator"
ACCOUNT_FORMS = {
    "login": "accounts.forms.account.LoginForm",
    "signup": "accounts.forms.account.SignupForm",
    "add_email": "accounts.forms.account.ChangeEmailForm",
    "change_password": "accounts.forms.account.ChangePasswordForm",
    "set_password": "accounts.forms.account.SetPasswordForm",
    "reset_password": "accounts.forms.account.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.account.NewPasswordForm",
    "reauthenticate": "accounts.forms.account.PasswordAgainForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # to change the email; the second step asks anyway
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a changed password or address
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
# Per address of the network generous (a campus shares one), per account strict. What a crowd may
# meet at we count ourselves (setahub.core.web.ratelimit); allauth the rest.
AUTH_FORMS_A_MINUTE = 300  # from one address, of each page under /auth/
LOGIN_FAILURES = 5
LOGIN_FAILURES_SECONDS = 300
ACCOUNT_RATE_LIMITS = (
    {
        "login": None,
        "signup": None,
        "reset_password_from_key": None,
        "login_failed": None,
        "reset_password": "5/5m/key",
        "change_password": "10/m/user",
        "manage_email": "10/m/user",
        "reauthenticate": "10/m/user",
        "confirm_email": "1/3m/key",
    }
    if RATE_LIMITS
    else False
)

# The second step of signing in. Whether one may be set up is for accounts.queries.factors to say:
# allauth's own rule would keep who has one from ever changing their email.
STAFF_MFA = env.flag("STAFF_MFA", default=not DEBUG)
MFA_ADAPTER = "accounts.adapters.mfa.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "accounts.forms.mfa.NewAppForm",
    "authenticate": "accounts.forms.mfa.CodeForm",
    "reauthenticate": "accounts.forms.mfa.CodeAgainForm",
    "add_webauthn": "accounts.forms.mfa.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.mfa.RenamePasskeyForm",
    "authenticate_webauthn": "accounts.forms.mfa.PasskeyForm",
    "reauthenticate_webauthn": "accounts.forms.mfa.PasskeyAgainForm",
    "login_webauthn": "accounts.forms.mfa.PasskeyLoginForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "SETAHub"
MFA_TOTP_TOLERANCE = 1  # codes of half a minute before and after: clocks differ
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"} if RATE_LIMITS else False
