"""What every store promises, and what keys must look like."""

from __future__ import annotations

import math
import re
from typing import Final, Literal, Protocol

import msgspec

from engine.credentials import Credentials, Secret

StoreName = Literal["env", "file", "encrypted", "keyring"]

STORES: Final[tuple[StoreName, ...]] = ("env", "file", "encrypted", "keyring")
"""In the order in which they are asked."""

ACCOUNT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")

LONGEST: Final = 16_384
"""Characters of a key; a private RSA key of 8192 bits has 6,400."""

_PEM_BEGIN: Final = "-----BEGIN "


class Store(Protocol):
    """One place where keys are kept. Its methods block, and may be called from any thread."""

    name: StoreName
    place: str
    """Where that is, for a person; safe to print."""
    timeout_s: float
    """How long an answer may take; infinity where nobody has to be waited for."""

    def accounts(self) -> tuple[str, ...]:
        """Names of the accounts that it is known to have keys of, sorted."""
        ...

    def find(self, account: str) -> Credentials | None:
        """The keys of an account; None where it has none. Raises `CredentialsMissing`."""
        ...

    def keep(self, account: str, keys: Credentials) -> None:
        """Write the keys of an account, in place of those that are there.

        Raises:
            CredentialsMissing: what is there cannot be read, and so not be kept.
            ConfigError: it cannot be written.
        """
        ...

    def forget(self, account: str) -> bool:
        """Remove the keys of an account; False where there are none. Raises as `keep`."""
        ...


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys as they are written, in every store that keeps text. Its repr shows none of them."""

    key: str = ""
    secret: str = ""
    secret_file: str = ""
    """In `secrets.toml` only: a file with the secret, from that file's folder on."""
    passphrase: str = ""

    def __repr__(self) -> str:
        return "Entry(***)"


def entry_of(keys: Credentials) -> Entry:
    """As it is written."""
    return Entry(
        key=keys.api_key.reveal(),
        secret=keys.secret.reveal(),
        passphrase=keys.passphrase.reveal(),
    )


def credentials_of(entry: Entry) -> Credentials:
    """As it is used: without what a clipboard adds at either end."""
    return Credentials(
        Secret(entry.key.strip()), Secret(tidy(entry.secret)), Secret(entry.passphrase)
    )


def tidy(secret: str) -> str:
    """A PEM with its lines as lines, however they came; other text without white space around."""
    text = secret.strip()
    if not is_pem(text):
        return text
    if "\n" not in text:
        text = text.replace("\\n", "\n")  # as in variables of one line
    return "\n".join(line.strip() for line in text.splitlines()) + "\n"


def is_pem(secret: str) -> bool:
    """Whether it is a private key, and not text that a venue made."""
    return secret.lstrip().startswith(_PEM_BEGIN)


def fault_of(keys: Credentials) -> str:
    """Why no venue takes such keys, in words that show none of them; empty where it may."""
    api_key, secret = keys.api_key.reveal(), keys.secret.reveal()
    if not secret:
        return "the secret is missing"
    if max(len(api_key), len(secret), len(keys.passphrase.reveal())) > LONGEST:
        return "a key is longer than any key"
    if any("\ud800" <= char <= "\udfff" for char in keys.passphrase.reveal()):
        return "the passphrase of the private key is not UTF-8 text"
    if not _is_plain(api_key):
        return "the API key has a space or another character that no key has"
    if is_pem(secret):
        from engine.keystore.pem import fault_of as fault_of_pem

        return fault_of_pem(keys.secret, keys.passphrase)
    if not _is_plain(secret):
        return "the secret has a space or another character that no key has"
    return ""


def _is_plain(text: str) -> bool:
    return all("!" <= char <= "~" for char in text)


NEVER: Final = math.inf
"""A `timeout_s` of stores that wait for nobody."""
