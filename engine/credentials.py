"""Keys of accounts, as a type that never shows itself.

Where they are kept is told in `engine.keystore`; a broker gets them by the account's name, when
it logs in, and gives them to nothing but its signing.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from engine.errors import BrokerUnavailable

HIDDEN: Final = "***"


class Secret:
    """Text that prints as `***`, compares in one time, and cannot be pickled or encoded."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; only what signs, or sends it to its venue, asks for it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (one._text.encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a table of secrets would compare in any time

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class Credentials:
    """What logs an account in."""

    __slots__ = ("api_key", "passphrase", "secret")

    def __init__(self, api_key: Secret, secret: Secret, passphrase: Secret | None = None) -> None:
        self.api_key = api_key
        """Names the key to the venue."""
        self.secret = secret
        """Signs: text as the venue gave it, or a private key in PEM."""
        self.passphrase = passphrase or Secret("")
        """Of the private key, where that has one."""

    def __repr__(self) -> str:
        return f"Credentials({HIDDEN})"


class CredentialsMissing(BrokerUnavailable):
    """There are no keys for an account, or they cannot be read: the message says where they
    were looked for."""


GetCredentials = Callable[[str], Awaitable[Credentials]]
"""The keys of an account, by its name. Raises `CredentialsMissing`."""


async def no_credentials(account: str) -> Credentials:
    """For engines that were given no store."""
    raise CredentialsMissing(
        f"there are no keys for account {account}", hint=f"tickdeck keys set {account}"
    )
