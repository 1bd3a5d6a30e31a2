"""A passkey made of software, so that tests need no browser. Source: Web Authentication, level 3."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "https://testserver"
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class SoftwareKey:
    """One key for one site. ``verifies``: whether it asks for a finger or a PIN."""

    verifies = True

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)

    @property
    def flags(self) -> int:
        return PRESENT | (VERIFIED if self.verifies else 0)

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to creation options, as a browser sends it."""
        options = options["publicKey"]
        public = ES256.from_cryptography_key(self.private.public_key())
        data = AuthenticatorData.create(
            hashlib.sha256(options["rp"]["id"].encode()).digest(),
            AuthenticatorData.FLAG(self.flags | WITH_KEY),
            0,
            AttestedCredentialData.create(b"\0" * 16, self.id, public),
        )
        made = AttestationObject.create("none", data, {})
        client = CollectedClientData.create("webauthn.create", options["challenge"], ORIGIN)
        return self._credential(client, attestationObject=websafe_encode(made))

    def get(
        self,
        options: Mapping[str, Any],
        *,
        user: Any = None,
        origin: str = ORIGIN,
        challenge: str = "",
        rp: str = "",
        flags: int | None = None,
        signature: str = "",
    ) -> dict[str, Any]:
        """The answer to request options. What is given by name is put in place of the right."""
        options = options["publicKey"]
        site = hashlib.sha256((rp or options["rpId"]).encode()).digest()
        data = AuthenticatorData.create(
            site, AuthenticatorData.FLAG(self.flags if flags is None else flags), 1
        )
        client = CollectedClientData.create(
            "webauthn.get", challenge or options["challenge"], origin
        )
        signed = self.private.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        handle = user_pk_to_url_str(user).encode() if user else b""
        return self._credential(
            client,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(websafe_decode(signature) if signature else signed),
            userHandle=websafe_encode(handle) if user else None,
        )

    def _credential(self, client: CollectedClientData, **response: Any) -> dict[str, Any]:
        key = websafe_encode(self.id)
        return {
            "type": "public-key",
            "id": key,
            "rawId": key,
            "clientExtensionResults": {"credProps": {"rk": True}},
            "response": {"clientDataJSON": websafe_encode(client), **response},
        }
