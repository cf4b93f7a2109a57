"""The stores of keys as commands and the deck open them, and the passphrase of the encrypted one.

It is asked for on the terminal before the deck takes that, or comes from `TICKDECK_PASSPHRASE`,
or from the file descriptor that `TICKDECK_PASSPHRASE_FD` names. Like the keys in the environment
it is taken out of that: no program that is started from here inherits it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping
from typing import Final

from engine.credentials import CredentialsMissing, Secret
from engine.ems.accounts import Account
from engine.errors import UsageError
from engine.keystore.encrypted import Encrypted
from engine.keystore.environment import Environment, take_variables
from engine.keystore.keystore import Keystore, open_keystore
from engine.keystore.sealed import WrongPassphrase
from engine.locations import Locations
from engine.text import safe
from tui.commands.hidden import HiddenTerminal

PASSPHRASE: Final = "TICKDECK_PASSPHRASE"
PASSPHRASE_FD: Final = "TICKDECK_PASSPHRASE_FD"

ATTEMPTS: Final = 3
SHORTEST: Final = 8
"""Characters of a new passphrase."""

_MOST_BYTES: Final = 4096


class Stores:
    """What commands need of the keys of this user."""

    def __init__(
        self, locations: Locations, accounts: Iterable[Account], environ: MutableMapping[str, str]
    ) -> None:
        """Takes keys and passphrase out of `environ`. Raises `UsageError` for a descriptor from
        which nothing can be read."""
        self.chosen = {account.name: account.keys for account in accounts}
        self.keystore: Keystore = open_keystore(locations, take_variables(environ), self.chosen)
        self._given = take_passphrase(environ)

    @property
    def encrypted(self) -> Encrypted:
        store = self.keystore.store("encrypted")
        assert isinstance(store, Encrypted)
        return store

    @property
    def environment(self) -> Environment:
        store = self.keystore.store("env")
        assert isinstance(store, Environment)
        return store

    def unlock_for(self, accounts: Iterable[str]) -> None:
        """Have the encrypted file open if keys of these accounts would come from it.

        On the terminal an empty answer leaves it locked: its accounts then say so by themselves.

        Raises:
            WrongPassphrase: the one that was given is, or the last one that was typed.
            UsageError: there is none, and no terminal to ask on.
        """
        if not any(self._is_in_encrypted(account) for account in accounts):
            return
        if self._given is not None:
            self.encrypted.unlock(self._given)
            return
        with HiddenTerminal() as terminal:
            self._ask(terminal, "Enter: go on without its accounts")

    def unlock_to_write(self) -> None:
        """Have the encrypted file open, or know the passphrase of a new one.

        Raises:
            WrongPassphrase: the one that was given is, or the last one that was typed.
            UsageError: there is none; or a new one is too short, or was not typed twice.
        """
        is_new = not self.encrypted.is_there
        if self._given is not None:
            if is_new:
                _refuse_short(self._given)
            self.encrypted.unlock(self._given)
            return
        with HiddenTerminal() as terminal:
            if not is_new:
                self._ask(terminal, "")
            else:
                self.encrypted.unlock(_new_passphrase(terminal, self.encrypted.place))
        if not self.encrypted.is_unlocked:
            raise UsageError(f"{self.encrypted.place} stays locked: nothing was changed")

    def _is_in_encrypted(self, account: str) -> bool:
        """Whether the encrypted file is where the keys of this account would be found."""
        for store in self.keystore.stores_of(account):
            if store.name == "keyring":
                return False
            try:
                if account in store.accounts():
                    return store.name == "encrypted"
            except CredentialsMissing:
                return False  # the account is told why when it logs in
        return False

    def _ask(self, terminal: HiddenTerminal, meaning_of_none: str) -> None:
        """Raises `WrongPassphrase` after the last attempt."""
        note = f" ({meaning_of_none})" if meaning_of_none else ""
        for left in reversed(range(ATTEMPTS)):
            typed = terminal.ask_passphrase(f"Passphrase of {self.encrypted.place}{note}: ")
            if not typed:
                return
            try:
                self.encrypted.unlock(typed)
            except WrongPassphrase as error:
                if not left:
                    raise
                terminal.say(str(error))
            else:
                return


def take_passphrase(environ: MutableMapping[str, str]) -> Secret | None:
    """The passphrase that whoever started us gave; it is given once. Raises `UsageError`."""
    text, descriptor = environ.pop(PASSPHRASE, None), environ.pop(PASSPHRASE_FD, None)
    if text is not None:
        return Secret(text)
    return None if descriptor is None else Secret(_line_of(descriptor))


def _line_of(descriptor: str) -> str:
    """The first line that can be read from a file descriptor, which is closed."""
    data = b""
    try:
        handle = int(descriptor)
        try:
            while b"\n" not in data and len(data) < _MOST_BYTES:
                if not (more := os.read(handle, _MOST_BYTES)):
                    break
                data += more
        finally:
            os.close(handle)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{PASSPHRASE_FD}: nothing can be read from {safe(descriptor, 20)!r}"
        ) from error
    return data.partition(b"\n")[0].decode("utf-8", "surrogateescape")


def _new_passphrase(terminal: HiddenTerminal, place: str) -> Secret:
    typed = terminal.ask_passphrase(f"New passphrase of {place}: ")
    _refuse_short(typed)
    if typed != terminal.ask_passphrase("The same again: "):
        raise UsageError("the two were not the same: nothing was written")
    return typed


def _refuse_short(passphrase: Secret) -> None:
    if len(passphrase.reveal()) < SHORTEST:
        raise UsageError(
            f"a passphrase has {SHORTEST} characters or more",
            hint="several words that belong together for nobody but you",
        )
