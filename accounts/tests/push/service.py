"""A push service and browsers of the tests' own: these read what comes, with keys that only they have."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from py_vapid import jwt

from setahub.core import vapid
from setahub.tests.tls import serving

HOST = "push.example"
PATH = "/users/me/push/"
_numbers = count(1)


@dataclass
class Browser:
    """What ``PushManager.subscribe`` makes: an endpoint, and keys of which the site gets one half."""

    endpoint: str = field(default_factory=lambda: f"https://{HOST}/send/{next(_numbers)}")
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> dict[str, Any]:
        form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        public = self.key.public_key().public_bytes(*form)
        keys = {"p256dh": vapid.to_text(public), "auth": vapid.to_text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def subscribe(self, client: Client, **more: Any) -> Any:
        """What the page's script sends."""
        return client.post(
            PATH, json.dumps({**self.subscription, **more}), content_type="application/json"
        )

    def unsubscribe(self, client: Client) -> Any:
        return client.delete(
            PATH, json.dumps({"endpoint": self.endpoint}), content_type="application/json"
        )

    def read(self, sent: "Sent") -> dict[str, Any]:
        """What its service worker gets to read."""
        text = http_ece.decrypt(
            sent.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        told: dict[str, Any] = json.loads(text)
        return told


@dataclass(frozen=True)
class Sent:
    """A push as it came to the service."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def claims(self) -> dict[str, Any]:
        """What the site says of itself, its signature proven (RFC 8292, section 3)."""
        scheme, _space, rest = self.headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        claims: dict[str, Any] = jwt.decode(parts["t"], parts["k"])
        return {**claims, "key": parts["k"]}


@dataclass
class PushService:
    """``sent``: what came, in order. ``answers``: what is said to the next ones; else 201."""

    sent: list[Sent] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def say(self, status: int, times: int = 1, **headers: str) -> None:
        named = {name.replace("_", "-"): each for name, each in headers.items()}
        self.answers += [(status, named)] * times

    def to(self, browser: Browser) -> list[dict[str, Any]]:
        """What one browser was told."""
        path = browser.endpoint.removeprefix(f"https://{HOST}")
        return [browser.read(each) for each in self.sent if each.path == path]

    @contextmanager
    def open(self, folder: Path, patch: Any) -> Iterator["PushService"]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.sent.append(Sent(self.path, dict(self.headers), body))
                status, headers = service.answers.pop(0) if service.answers else (201, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        with serving(Handler, HOST, folder, patch):
            yield self
