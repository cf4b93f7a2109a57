"""Who may ask for what: API keys, and the three kinds of signatures.

What is signed (read 2026-11, `rest-api.md` and `web-socket-api.md` of
https://github.com/binance/binance-spot-api-docs):

* REST: the query as it was sent, then the body as it was sent, without the signature itself.
* WebSocket API: `name=value` of every parameter but the signature, sorted by name and joined by
  `&`, values as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal
from urllib.parse import unquote

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

KeyKind = Literal["hmac", "ed25519", "rsa"]
_KEY: Final = re.compile(r"[A-Za-z0-9]{16,128}")
_SIGNATURE: Final = re.compile(r"(^|&)signature=([^&]*)")


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of an account, as the venue knows it."""

    key: str
    account: str
    kind: KeyKind = "hmac"
    secret: str = ""
    """Of `hmac`."""
    public_pem: str = ""
    """Of the other kinds."""
    can_read: bool = True
    can_trade: bool = True
    can_withdraw: bool = False
    restricts_ip: bool = False

    def is_signed(self, payload: str, signature: str) -> bool:
        """Whether `signature` is that of `payload`."""
        if self.kind == "hmac":
            ours = hmac.new(self.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
            return hmac.compare_digest(ours.encode(), signature.lower().encode())
        try:
            raw = base64.b64decode(signature, validate=True)
            self._verify(raw, payload.encode())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def _verify(self, raw: bytes, payload: bytes) -> None:
        public = load_pem_public_key(self.public_pem.encode())
        if isinstance(public, Ed25519PublicKey):
            public.verify(raw, payload)
        elif isinstance(public, RSAPublicKey):
            public.verify(raw, payload, PKCS1v15(), hashes.SHA256())
        else:
            raise TypeError("neither Ed25519 nor RSA")


def is_key_shaped(key: str) -> bool:
    return bool(_KEY.fullmatch(key))


def split_signed(query: str, body: str) -> tuple[str, str]:
    """The payload that was signed, and the signature; empty where there is none."""
    signature = ""
    parts = []
    for text in (query, body):
        if found := _SIGNATURE.search(text):
            signature = unquote(found.group(2))
            text = text[: found.start()] + text[found.end() :]
            text = text.removeprefix("&")
        parts.append(text)
    return "".join(parts), signature


def socket_payload(params: Mapping[str, Any]) -> str:
    """What is signed of a WebSocket API request."""
    names = sorted(name for name in params if name != "signature")
    return "&".join(f"{name}={_told(params[name])}" for name in names)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)
