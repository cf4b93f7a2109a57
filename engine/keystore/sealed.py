"""The format of `secrets.enc`: keys under a passphrase.

Text of four lines, each with a line feed::

    tickdeck secrets 1
    {"accounts":["main"],"kdf":"scrypt","n":131072,"r":8,"p":1,"salt":"...","cipher":...}
    <what is sealed, in base64>
    <SHA-256 of the lines above, in hex>

A key of 256 bits is made of the passphrase (NFC, UTF-8) by scrypt (RFC 7914) with the costs and
the salt of the second line; with it the third line is sealed by AES-256-GCM (NIST SP 800-38D),
which also proves the first two. Salt and nonce are new in every writing, so no key seals twice.
Names of accounts are readable without the passphrase, so that it is asked for only when needed.

The last line is no protection: it tells a file that was damaged from a passphrase that is wrong.
Whoever changes the file on purpose can mend it, and is told the passphrase is wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from engine.credentials import CredentialsMissing, Secret
from engine.keystore.store import Entry

MAGIC: Final = b"tickdeck secrets 1"
_MAGIC_OF_ALL: Final = b"tickdeck secrets "
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32

MOST_MEMORY: Final = 1 << 30
"""Bytes that scrypt may be told to take: a file must not be able to ask for all there is."""


class WrongPassphrase(CredentialsMissing):
    """The file is whole, and does not open with this passphrase."""


class Costs(msgspec.Struct, frozen=True):
    """Of scrypt: it takes 128 * n * r bytes, and time in proportion to n * r * p. The usual ones
    are the least that OWASP's Password Storage Cheat Sheet asks for."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second line."""

    accounts: tuple[str, ...]
    kdf: Literal["scrypt"] = "scrypt"
    n: int
    r: int
    p: int
    salt: bytes
    cipher: Literal["aes-256-gcm"] = "aes-256-gcm"
    nonce: bytes

    def is_sound(self) -> bool:
        """Whether a key may be derived with this."""
        return (
            2 <= self.n
            and self.n & (self.n - 1) == 0
            and 1 <= self.r <= 64
            and 1 <= self.p <= 16
            and 128 * self.n * self.r <= MOST_MEMORY
            and len(self.salt) == SALT_BYTES
            and len(self.nonce) == NONCE_BYTES
        )


class Sealed(msgspec.Struct, frozen=True):
    """A file that is whole, as far as can be told without the passphrase."""

    header: Header
    proven: bytes
    """Its first two lines."""
    body: bytes


def seal(entries: Mapping[str, Entry], passphrase: Secret, costs: Costs | None = None) -> bytes:
    """The file's bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    costs = costs or Costs()
    header = Header(
        accounts=tuple(sorted(entries)),
        n=costs.n,
        r=costs.r,
        p=costs.p,
        salt=os.urandom(SALT_BYTES),
        nonce=os.urandom(NONCE_BYTES),
    )
    proven = MAGIC + b"\n" + msgspec.json.encode(header) + b"\n"
    text = msgspec.json.encode(dict(sorted(entries.items())))
    body = AESGCM(_key(header, passphrase)).encrypt(header.nonce, text, proven)
    above = proven + base64.b64encode(body) + b"\n"
    return above + _digest(above)


def read(data: bytes, place: str) -> Sealed:
    """The file, before it is opened. Raises `CredentialsMissing` where it is none, or damaged."""
    if data.startswith(_MAGIC_OF_ALL) and not data.startswith(MAGIC + b"\n"):
        raise CredentialsMissing(f"{place} is damaged, or of a version that is not known here")
    lines = data.split(b"\n")
    if not data.startswith(MAGIC + b"\n"):
        raise CredentialsMissing(f"{place} is no file of encrypted keys")
    above = data[: -len(_digest(b""))]
    if len(lines) != 5 or data != above + _digest(above):
        raise CredentialsMissing(f"{place} is damaged: its checksum does not hold")
    header, body = _header(lines[1]), _body(lines[2])
    if header is None or body is None or not header.is_sound():
        raise CredentialsMissing(f"{place} says what no file of encrypted keys says")
    return Sealed(header, b"\n".join(lines[:2]) + b"\n", body)


def unseal(sealed: Sealed, passphrase: Secret, place: str) -> dict[str, Entry]:
    """What is in it, by account.

    Raises:
        WrongPassphrase: it does not open.
        CredentialsMissing: there is no memory for that, or it holds what it should not.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    text = b""
    try:
        key = _key(sealed.header, passphrase)
        text = AESGCM(key).decrypt(sealed.header.nonce, sealed.body, sealed.proven)
    except InvalidTag:
        pass
    except MemoryError:
        raise CredentialsMissing(f"{place} needs more memory to open than there is") from None
    if not text:
        raise WrongPassphrase(f"{place} does not open with this passphrase")
    entries = _entries(text)
    if entries is None or sorted(entries) != list(sealed.header.accounts):
        raise CredentialsMissing(f"{place} opens, and does not hold what it says")
    return entries


def _key(header: Header, passphrase: Secret) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    text = unicodedata.normalize("NFC", passphrase.reveal())
    kdf = Scrypt(salt=header.salt, length=KEY_BYTES, n=header.n, r=header.r, p=header.p)
    return kdf.derive(text.encode("utf-8", "surrogatepass"))


def _digest(above: bytes) -> bytes:
    return hashlib.sha256(above).hexdigest().encode() + b"\n"


def _header(line: bytes) -> Header | None:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, ValueError):
        return None


def _body(line: bytes) -> bytes | None:
    try:
        body = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    return body if base64.b64encode(body) == line else None  # one writing only: no spare bits


def _entries(text: bytes) -> dict[str, Entry] | None:
    """None where it is something else; the error, which may quote it, is dropped."""
    try:
        return msgspec.json.decode(text, type=dict[str, Entry])
    except (msgspec.MsgspecError, ValueError):
        return None
