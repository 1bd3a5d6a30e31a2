"""OpenID Connect as allauth does it, with what a faculty's sign-in needs besides.

Each sign-in carries a nonce, and lets one choose the account there, since computers are shared. What
the provider says is read from its ID token, and kept no longer than that sign-in.
"""

import secrets
import time
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from requests import RequestException, Session

from accounts.services.faculty import Claims
from setahub.core.web.shared import shared

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
SUBJECT_MAX = 191  # characters, of allauth's column
# Said of somebody, and read by allauth or here.
TEXTS = ("email", "name", "preferred_username", "given_name", "family_name", "nonce")
AGAIN = "again"  # in the form and the state of somebody who shows that it is still them


@shared(seconds=600, under=lambda: settings.OIDC_ISSUER)
def discovered() -> dict[str, Any]:
    """Where the provider does what. Raises RequestException, or OAuth2Error for another's answer.

    Source: OpenID Connect Discovery 1.0, section 4.
    """
    issuer = settings.OIDC_ISSUER
    with Session() as session:
        answer = session.get(
            issuer.rstrip("/") + "/.well-known/openid-configuration",
            timeout=settings.SOCIALACCOUNT_REQUESTS_TIMEOUT,
        )
    answer.raise_for_status()
    found = answer.json()
    known = isinstance(found, dict) and all(isinstance(found.get(each), str) for each in ENDPOINTS)
    if not known or str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise OAuth2Error("The issuer's configuration is not that of OIDC_ISSUER.")
    methods = "token_endpoint_auth_methods_supported"
    return {each: found[each] for each in ("issuer", *ENDPOINTS)} | {
        methods: found.get(methods, ["client_secret_basic"])
    }


@shared(seconds=60, under=lambda: settings.OIDC_ISSUER)
def sign_in_origin() -> str:
    """The origin that the button's form is led to; the issuer's own while it is away."""
    try:
        address = discovered()["authorization_endpoint"]
    except (RequestException, OAuth2Error):
        address = settings.OIDC_ISSUER
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class OpenID(OpenIDConnectOAuth2Adapter):
    """Asks the provider who it was, and keeps its answer beside allauth's."""

    @property
    def openid_config(self) -> dict[str, Any]:
        return discovered()

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Raises OAuth2Error for a token that is not for us, of another issuer, or too old."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("There is no ID token.")
        said = self._decode_id_token(app, id_token)
        if not said.get("sub") or _text(said, "sub") != said["sub"]:
            raise OAuth2Error("The ID token names nobody.")
        if not said.get("email"):  # some say it elsewhere
            more = self._fetch_user_info(token.token)
            if (
                not isinstance(more, dict) or more.get("sub") != said["sub"]
            ):  # OpenID Connect Core 1.0, section 5.3.2
                raise OAuth2Error("The user's information is that of somebody else.")
            said = more | said
        said |= {name: _text(said, name) for name in TEXTS}
        login = self.get_provider().sociallogin_from_response(request, {"id_token": said})
        login.setahub_claims = _claims(said)
        return login


def claims_of(login: SocialLogin) -> Claims:
    """What came with it; allauth has no place for that."""
    claims: Claims = login.setahub_claims  # type: ignore[attr-defined]
    return claims


def _claims(said: dict[str, Any]) -> Claims:
    moment = said.get("auth_time")
    return Claims(
        subject=_subject(said),
        email=said["email"],
        # Some say it as text. Whatever else is no proof.
        is_verified=said.get("email_verified") in (True, "true"),
        name=said["name"] or said["preferred_username"],
        nonce=said["nonce"],
        signed_in_at=moment if isinstance(moment, int) else None,
    )


def _text(said: dict[str, Any], name: str) -> str:
    """What it says where that is text, without what no database keeps; else ""."""
    value = said.get(name)
    return (
        value.encode(errors="ignore").decode().replace("\0", "") if isinstance(value, str) else ""
    )


def _subject(said: dict[str, Any]) -> str:
    subject = f"{said['iss']} {said['sub']}"
    if len(subject) <= SUBJECT_MAX:
        return subject
    return f"sha256 {sha256(subject.encode()).hexdigest()}"


class FacultyProvider(OpenIDConnectProvider):
    """The one provider that ``OIDC_ISSUER`` names."""

    oauth2_adapter_class = OpenID

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """allauth's own would take scopes and parameters from the address."""
        again = request.user.is_authenticated and AGAIN in request.POST
        # With max_age a provider has to say when (OpenID Connect Core 1.0, section 3.1.2.1).
        asked = {"prompt": "login", "max_age": "0"} if again else {"prompt": "select_account"}
        return {
            "process": AuthProcess.REDIRECT if again else AuthProcess.LOGIN,
            "next_url": get_next_redirect_url(request),
            "auth_params": asked,
            AGAIN: int(time.time()) if again else None,
        }

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """To the provider, with a nonce that its token has to bear."""
        nonce = secrets.token_urlsafe(16)
        kwargs["auth_params"] = kwargs["auth_params"] | {"nonce": nonce}
        return super().redirect(request, process, next_url, data, nonce=nonce, **kwargs)

    def extract_uid(self, data: dict[str, Any]) -> str:
        return _subject(data["id_token"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing: what is said there is nobody's business here."""
        return {}
