"""The stores together: which of them has the keys of an account."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import trio

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.errors import UsageError
from engine.keystore.encrypted import Encrypted
from engine.keystore.environment import Environment
from engine.keystore.os_keyring import KeyringAbsent, OsKeyring
from engine.keystore.secrets_file import SecretsFile
from engine.keystore.store import Store, fault_of
from engine.locations import Locations
from engine.text import safe

MOST_WAITING: Final = 4
"""Threads that may hang in a store that does not answer."""


class Keystore:
    """Finds keys by the account's name. `get` is what an engine is given (`GetCredentials`)."""

    def __init__(self, stores: Sequence[Store], chosen: Mapping[str, str]) -> None:
        """
        Args:
            stores: in the order in which they are asked.
            chosen: by account, the only store that is asked for its keys, or `any`.
        """
        self.stores = tuple(stores)
        self._chosen = chosen
        self._limiter = trio.CapacityLimiter(MOST_WAITING)

    def store(self, name: str) -> Store:
        """Raises `UsageError` where there is no such store."""
        for store in self.stores:
            if store.name == name:
                return store
        known = " ".join(store.name for store in self.stores)
        raise UsageError(f"there is no store {safe(name, 40)!r}", hint=f"stores: {known}")

    def stores_of(self, account: str) -> tuple[Store, ...]:
        """Those that are asked for the keys of an account, in order."""
        name = self._chosen.get(account, "any")
        return self.stores if name == "any" else (self.store(name),)

    async def get(self, account: str) -> Credentials:
        """The keys of an account.

        Raises:
            CredentialsMissing: no store has them; or one does, and they cannot be read, used or
                trusted. The message names account and store.
        """
        _, keys = await self.locate(account)
        return keys

    async def locate(self, account: str) -> tuple[Store, Credentials]:
        """The store that has the keys of an account, and the keys. Raises as `get`."""
        stores, absent = self.stores_of(account), ""
        for store in stores:
            try:
                keys = await self.find(store, account)
            except KeyringAbsent as error:
                if len(stores) == 1:
                    raise
                absent = f"; {error}"
                continue
            if keys is not None:
                _refuse_faulty(account, store, keys)
                return store, keys
        places = ", ".join(store.place for store in stores)
        raise CredentialsMissing(
            f"there are no keys for account {safe(account, 80)}: looked in {places}{absent}",
            hint=f"tickdeck keys set {safe(account, 80)}",
        )

    async def find(self, store: Store, account: str) -> Credentials | None:
        """The keys that one store has, whether they can be used or not.

        Raises:
            CredentialsMissing: they cannot be read, or not in time.
        """
        is_slow = math.isfinite(store.timeout_s)
        with trio.move_on_after(store.timeout_s):
            return await trio.to_thread.run_sync(
                store.find,
                account,
                abandon_on_cancel=True,
                limiter=self._limiter if is_slow else None,
            )
        raise CredentialsMissing(
            f"{store.place} did not answer within {store.timeout_s:g} s: it may have to be unlocked"
        )


def open_keystore(
    locations: Locations, variables: Mapping[str, Secret], chosen: Mapping[str, str]
) -> Keystore:
    """All stores of this user. Nothing is read yet.

    Args:
        variables: see `environment.take_variables`.
        chosen: by every account that there is, `keys` of it in `brokers.toml`.
    """
    stores = (
        Environment(variables, chosen),
        SecretsFile(locations.secrets_file),
        Encrypted(locations.encrypted_file),
        OsKeyring(chosen),
    )
    return Keystore(stores, chosen)


def _refuse_faulty(account: str, store: Store, keys: Credentials) -> None:
    where = f"the keys of account {safe(account, 80)} in {store.place}"
    if fault := fault_of(keys):
        raise CredentialsMissing(f"{where}: {fault}", hint=f"tickdeck keys set {account}")
    if not keys.api_key:
        raise CredentialsMissing(
            f"{where} wait for the API key that the venue gives for their public half",
            hint=f"tickdeck keys set {account}",
        )
