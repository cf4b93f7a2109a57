"""Keys from variables of the environment: for containers, and whoever has a tool of their own.

Of account `main`:

* `TICKDECK_KEY_MAIN` the API key
* `TICKDECK_SECRET_MAIN` the secret: text, or a private key in PEM (`\\n` may stand for its lines)
* `TICKDECK_PEM_PASSPHRASE_MAIN` where that private key is encrypted

Each with `_FILE` behind it names a file, as private as `secrets.toml`, that holds the text.
Letters are upper case, and `-` is written `_`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Final

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.errors import UsageError
from engine.keystore.secrets_file import read_secret
from engine.keystore.store import NEVER, Entry, StoreName, credentials_of
from engine.text import safe

KEY, SECRET, PEM_PASSPHRASE = "TICKDECK_KEY_", "TICKDECK_SECRET_", "TICKDECK_PEM_PASSPHRASE_"
_FILE: Final = "_FILE"
_PREFIXES: Final = (KEY, SECRET, PEM_PASSPHRASE)


def take_variables(environ: MutableMapping[str, str]) -> dict[str, Secret]:
    """The variables that may hold keys, taken out of `environ`: programs that are started from
    here do not inherit them."""
    names = [name for name in environ if name.startswith(_PREFIXES)]
    return {name: Secret(environ.pop(name)) for name in names}


class Environment:
    """The store `env`. It knows accounts by their names in `brokers.toml`."""

    name: StoreName = "env"
    place = "the environment"
    timeout_s = NEVER

    def __init__(self, variables: Mapping[str, Secret], known: Iterable[str]) -> None:
        """
        Args:
            variables: what `take_variables` took.
            known: names of all accounts.
        """
        self._variables = variables
        self._known = tuple(known)

    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._known if self._has(name)))

    def unclaimed(self) -> tuple[str, ...]:
        """Names of variables that belong to no account: one of them may be misspelt."""
        claimed = {name for account in self._known for name in _names(account)}
        return tuple(sorted(self._variables.keys() - claimed))

    def find(self, account: str) -> Credentials | None:
        if not self._has(account):
            return None
        self._refuse_shared(account)
        key, secret, passphrase = (self._text(prefix, account) for prefix in _PREFIXES)
        if key is None or secret is None:
            missing = (KEY if key is None else SECRET) + _suffix(account)
            raise CredentialsMissing(
                f"the environment has but half of the keys of account {account}: "
                f"{missing} is not set"
            )
        return credentials_of(Entry(key=key, secret=secret, passphrase=passphrase or ""))

    def keep(self, account: str, keys: Credentials) -> None:
        raise UsageError(f"the environment is not kept: set {KEY}{_suffix(account)} yourself")

    def forget(self, account: str) -> bool:
        if not self._has(account):
            return False
        raise UsageError(f"the environment is not kept: unset {KEY}{_suffix(account)} yourself")

    def _has(self, account: str) -> bool:
        return any(name in self._variables for name in _names(account))

    def _text(self, prefix: str, account: str) -> str | None:
        """What a variable says, or the file that its sister names; None without both."""
        name = prefix + _suffix(account)
        direct, path = self._variables.get(name), self._variables.get(name + _FILE)
        if direct is not None and path is not None:
            raise CredentialsMissing(f"both {name} and {name}{_FILE} are set")
        if path is not None:
            text = read_secret(Path(path.reveal()).expanduser(), f"account {account}")
            return text if prefix == SECRET else text.strip("\r\n")
        return None if direct is None else direct.reveal()

    def _refuse_shared(self, account: str) -> None:
        """Two accounts must not trade with the keys of one."""
        mine = set(_names(account)) & self._variables.keys()
        for other in self._known:
            if other != account and mine & set(_names(other)):
                raise CredentialsMissing(
                    f"accounts {account} and {safe(other, 80)} would both read "
                    f"{min(mine & set(_names(other)))}: rename one, or keep its keys elsewhere"
                )


def _suffix(account: str) -> str:
    return account.upper().replace("-", "_")


def _names(account: str) -> Iterator[str]:
    for prefix in _PREFIXES:
        yield prefix + _suffix(account)
        yield prefix + _suffix(account) + _FILE
