"""The system's own store (Secret Service, KWallet, Keychain), through the library `keyring`.

It may have to be unlocked by a person, or not answer at all: whoever asks sets a time limit. The
entries are of service `tickdeck`, one for each account, with all of its keys as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from engine.credentials import Credentials, CredentialsMissing
from engine.errors import ConfigError
from engine.keystore.store import Entry, StoreName, credentials_of, entry_of
from engine.text import safe

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "tickdeck"
TIMEOUT_S: Final = 8.0

_NONE_HERE: Final = "there is no keyring that works here (see `keyring diagnose`)"

T = TypeVar("T")


class KeyringAbsent(CredentialsMissing):
    """There is no keyring, or one that keeps nothing."""


class OsKeyring:
    """The store `keyring`."""

    name: StoreName = "keyring"
    place = "the system's keyring"
    timeout_s = TIMEOUT_S

    def __init__(self, known: Iterable[str], backend: Callable[[], Any] | None = None) -> None:
        """
        Args:
            known: accounts that may have keys in it: a keyring cannot be listed.
            backend: what finds the backend; the library does, unless given.
        """
        self._known = tuple(known)
        self._find_backend = backend

    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._known if self._text(name) is not None))

    def find(self, account: str) -> Credentials | None:
        text = self._text(account)
        if text is None:
            return None
        entry = _entry(text)
        if entry is None:
            raise CredentialsMissing(
                f"what the keyring has of account {account} is not what tickdeck wrote"
            )
        return credentials_of(entry)

    def keep(self, account: str, keys: Credentials) -> None:
        backend = self._backend()
        text = msgspec.json.encode(entry_of(keys)).decode()
        # What fails here is told without the library's words: they may hold what was to be kept.
        self._asked(lambda: backend.set_password(SERVICE, account, text), quotes=False)
        if self._text(account) != text:
            raise ConfigError(
                f"the keyring ({backend_name(backend)}) does not keep what it is given"
            )

    def forget(self, account: str) -> bool:
        if self._text(account) is None:
            return False
        backend = self._backend()
        self._asked(lambda: backend.delete_password(SERVICE, account))
        return True

    def backend_name(self) -> str:
        """What it is, for a person. Raises `KeyringAbsent`."""
        return backend_name(self._backend())

    def _text(self, account: str) -> str | None:
        backend = self._backend()
        return self._asked(lambda: backend.get_password(SERVICE, account))

    def _backend(self) -> KeyringBackend:
        """Raises `KeyringAbsent`."""
        backend: KeyringBackend = self._asked(self._find_backend or _library_backend)
        if type(backend).__module__ in ("keyring.backends.fail", "keyring.backends.null"):
            raise KeyringAbsent(_NONE_HERE)
        return backend

    def _asked(self, ask: Callable[[], T], *, quotes: bool = True) -> T:
        """The answer, or what went wrong as an error of ours, without the one it was."""
        from keyring.errors import KeyringLocked, NoKeyringError

        why = ""
        try:
            return ask()
        except NoKeyringError:
            why = _NONE_HERE
        except KeyringLocked:
            pass
        except Exception as error:  # backends raise what the libraries below them raise
            said = f": {safe(error, 200)}" if quotes and str(error) else ""
            why = f"the keyring does not work ({type(error).__name__}{said})"
        if why == _NONE_HERE:
            raise KeyringAbsent(why)
        raise CredentialsMissing(why or "the keyring is locked: unlock it where you log in")


def backend_name(backend: object) -> str:
    """Where it comes from, as in `SecretService`."""
    return safe(type(backend).__module__.rpartition(".")[2], 60)


def _library_backend() -> KeyringBackend:
    import keyring

    return keyring.get_keyring()


def _entry(text: str) -> Entry | None:
    """None where it is something else; the error, which may quote it, is dropped."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=Entry)
    except (msgspec.MsgspecError, ValueError):
        return None
