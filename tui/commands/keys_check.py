"""`tickdeck keys check`: whether an account logs in, and what its keys may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import trio

from engine.broker import Broker, BrokerSettings, Networked
from engine.clock import SystemClock
from engine.config import nearest
from engine.credentials import CredentialsMissing
from engine.ems.accounts import Account
from engine.errors import BrokerUnavailable, UsageError
from engine.keystore.keystore import Keystore
from engine.keystore.pem import kind_of
from engine.keystore.store import is_pem
from engine.locations import Locations
from engine.services import sole_error
from engine.settings import BrokersFile, load_brokers
from engine.text import safe
from tui.commands.keys import open_stores

WAIT_S: Final = 30.0

_WITHDRAWS: Final = re.compile(r"withdraw", re.IGNORECASE)


def check_keys(locations: Locations, account: str) -> int:
    """Log in once, and print what came of it. 1 if the keys can do more than they should.

    Raises:
        UsageError: there is no such account.
        BrokerError: it has no keys, or does not log in.
    """
    from brokers import registry

    file = load_brokers(locations.brokers_file)
    found = _account(file, account)
    stores = open_stores(locations)
    stores.unlock_for([account])
    settings = BrokerSettings(
        name=found.broker,
        clock=SystemClock(),
        options=file.options.get(found.broker, {}),
        # Bans are kept there, and obeyed whoever asks.
        data_dir=locations.data_dir / "brokers" / found.broker,
        credentials=stores.keystore.get,
    )
    broker = registry.load(found.broker)(settings)
    if not broker.capabilities.can_trade:
        raise UsageError(f"{safe(found.broker, 60)} has no accounts to log in to")
    try:
        is_well = trio.run(_check, stores.keystore, broker, found)
    except ExceptionGroup as group:
        raise sole_error(group) from None
    return 0 if is_well else 1


def _account(file: BrokersFile, name: str) -> Account:
    for account in file.accounts:
        if account.name == name:
            return account
    known = [account.name for account in file.accounts]
    raise UsageError(f"there is no account {safe(name, 60)!r}", hint=nearest(name, known))


async def _check(keystore: Keystore, broker: Broker, account: Account) -> bool:
    try:
        store, keys = await keystore.locate(account.name)
    except CredentialsMissing:
        pass  # not all brokers need them; one that does says so when it is logged in to
    else:
        kind = kind_of(keys.secret, keys.passphrase) if is_pem(keys.secret.reveal()) else "text"
        print(f"keys       {kind}, from {store.place}")
    with trio.move_on_after(WAIT_S):
        return await _log_in(broker, account)
    raise BrokerUnavailable(f"account {account.name} did not log in within {WAIT_S:g} s")


async def _log_in(broker: Broker, account: Account) -> bool:
    notes: list[str] = []
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        async with broker.open_client(account.info(), lambda _: None) as client:
            print(f"logged in  at {broker.name}, as account {account.name} ({account.mode})")
            balances = await client.balances()
            count = f"{len(balances)} asset{'' if len(balances) == 1 else 's'}"
            print(f"balances   can be read: {count}")
            notes = list(_notes(broker))
        nursery.cancel_scope.cancel()
    warnings = [note for note in notes if _WITHDRAWS.search(note)]
    for note in notes:
        print(f"{'WARNING' if note in warnings else 'note':9}  {note}")
    return not warnings


def _notes(broker: Broker) -> Iterator[str]:
    """What the connections say that a person must know, each once."""
    if isinstance(broker, Networked):
        notes = (safe(one.note, 400) for one in broker.connections() if one.note)
        yield from dict.fromkeys(notes)
