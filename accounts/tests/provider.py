"""An OpenID Connect provider on this machine, strict about what it is sent, and what it says."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import requests
from oidc_provider_mock import app as provider_app
from werkzeug.serving import make_server


@dataclass
class Provider:
    """``asked``: the parameters of each visit; ``problems``: what a strict provider objects to."""

    issuer: str
    asked: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def sign_in(self, address: str, subject: str, **claims: Any) -> str:
        """Signs somebody in there, and gives the address that they are led back to."""
        self.knows(subject, **claims)
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
        return answer.headers["Location"]

    def knows(self, subject: str, **claims: Any) -> None:
        """Somebody who can sign in there."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def is_the_faculty(self, settings: Any) -> None:
        """From now on this site signs in with it."""
        settings.OIDC_ISSUER = self.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "setahub", "secret"
        settings.OIDC_NAME = "KMITL"

    def turn_back(self, address: str) -> str:
        """Where somebody is led who doesn't sign in there."""
        data = {"action": "deny"}
        answer = requests.post(address, data=data, allow_redirects=False, timeout=5)
        state = parse_qs(urlsplit(address).query)["state"][
            0
        ]  # which it forgets, in this case alone
        return f"{answer.headers['Location']}&state={state}"


@contextmanager
def provider() -> Iterator[Provider]:
    """A running one. It holds each code to the challenge that the visit began with (RFC 7636)."""
    app = provider_app(require_nonce=True)
    here = Provider("")
    challenges: dict[str, str] = {}

    @app.before_request
    def look_at_the_challenge() -> None:
        if flask.request.path == "/oauth2/token":
            form = flask.request.form
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if challenges.get(form["code"]) != shown:
                here.problems.append("code_verifier")

    @app.after_request
    def keep_the_challenge(response: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize" and "Location" in response.headers:
            here.asked.append(dict(flask.request.args))
            back = parse_qs(urlsplit(response.headers["Location"]).query)
            for code in back.get("code", []):
                challenges[code] = flask.request.args.get("code_challenge", "")
        return response

    @app.get("/other/.well-known/openid-configuration")
    def of_another() -> flask.typing.ResponseReturnValue:
        return flask.redirect("/.well-known/openid-configuration")

    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        here.issuer = f"http://localhost:{server.server_port}"
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
