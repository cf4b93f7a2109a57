"""`tickdeck keys set|list|public|forget`: keys of accounts, which are never shown.

They are typed where nothing is shown, or come through a pipe; never on the command line, which
every user of the machine can read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

import trio

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.errors import DataError, UsageError
from engine.keystore.environment import Environment
from engine.keystore.os_keyring import KeyringAbsent
from engine.keystore.pem import generate_ed25519, is_encrypted, kind_of, public_pem
from engine.keystore.store import (
    ACCOUNT_NAME,
    STORES,
    Store,
    fault_of,
    is_pem,
    tidy,
)
from engine.locations import Locations
from engine.settings import load_brokers
from engine.text import safe
from tui.commands.hidden import HiddenTerminal
from tui.commands.unlocking import Stores

DEFAULT_STORE: Final = "file"
MOST_PIPED: Final = 1 << 16

_NONE: Final = Secret("")


def open_stores(locations: Locations) -> Stores:
    """The stores, knowing the accounts of `brokers.toml`."""
    return Stores(locations, load_brokers(locations.brokers_file).accounts, os.environ)


# -- set -------------------------------------------------------------------------------------


def set_keys(
    locations: Locations, account: str, *, store: str | None, generate: bool, force: bool
) -> int:
    """Ask for the keys of an account, or make a pair, and keep them.

    Raises:
        UsageError: no account name, no such store, or nobody to ask.
        DataError: what was given are no keys.
        CredentialsMissing: the store cannot be read, and so not be added to.
        ConfigError: it cannot be written.
    """
    _refuse_name(account)
    stores = open_stores(locations)
    target = _target(stores, account, store)
    if target.name == "encrypted":
        stores.unlock_to_write()
    before = target.find(account)
    if generate:
        keys = _generated(target, account, before, force=force)
    else:
        keys = _asked(before) if sys.stdin.isatty() else _piped(before)
        if fault := fault_of(keys):
            raise DataError(f"these are no keys: {fault}", hint="nothing was changed")
        target.keep(account, keys)
    print(f"the keys of account {account} are in {target.place}")
    for line in _remarks(stores, account, target, keys):
        print(line)
    return 0


def _target(stores: Stores, account: str, asked: str | None) -> Store:
    """Where to keep keys: as asked, as brokers.toml says, or in the file."""
    chosen = stores.chosen.get(account, "any")
    target = stores.keystore.store(asked or (DEFAULT_STORE if chosen == "any" else chosen))
    if isinstance(target, Environment):
        raise UsageError(
            "keys in the environment are set by whoever starts tickdeck",
            hint=f"for another store: --store {'|'.join(STORES[1:])}",
        )
    return target


def _generated(
    target: Store, account: str, before: Credentials | None, *, force: bool
) -> Credentials:
    """A new pair, kept before anything is asked, and its public half printed."""
    if before is not None and not force:
        raise UsageError(
            f"account {account} has keys in {target.place}; a new pair would take their place, and "
            "the account could not log in until the venue has given its API key",
            hint="with --force it does",
        )
    keys = Credentials(_NONE, generate_ed25519())
    target.keep(account, keys)
    print(public_pem(keys.secret, _NONE), end="")
    print("register this public key at the venue; it gives you an API key for it", file=sys.stderr)
    if not sys.stdin.isatty():
        return keys
    with HiddenTerminal() as terminal:
        api_key = terminal.ask("API key (Enter: later, with tickdeck keys set): ")
    if not api_key:
        return keys
    keys = Credentials(api_key, keys.secret)
    if fault := fault_of(keys):
        raise DataError(f"this is no API key: {fault}", hint=f"tickdeck keys set {account}")
    target.keep(account, keys)
    return keys


def _asked(before: Credentials | None) -> Credentials:
    """The keys as typed; the private key that waits for its API key stays."""
    waits = before is not None and not before.api_key
    with HiddenTerminal() as terminal:
        api_key = terminal.ask("API key (not shown): ")
        if not api_key:
            raise UsageError("nothing was typed: nothing was changed")
        which = ", or Enter for the private key that waits for it" if waits else ""
        secret = terminal.ask_secret(f"Secret, or private key in PEM (not shown{which}): ")
        if not secret and before is not None and waits:
            return Credentials(api_key, before.secret, before.passphrase)
        secret = Secret(tidy(secret.reveal()))
        passphrase = _NONE
        if is_encrypted(secret):
            passphrase = terminal.ask_passphrase("Passphrase of the private key (not shown): ")
    return Credentials(api_key, secret, passphrase)


def _piped(before: Credentials | None) -> Credentials:
    """The keys from a pipe: the API key on the first line, then the secret, or a private key of
    several lines; behind an encrypted one its passphrase."""
    data = sys.stdin.buffer.read(MOST_PIPED + 1)
    if len(data) > MOST_PIPED:
        raise DataError("more came through the pipe than keys are long")
    first, _, rest = data.decode("utf-8", "surrogateescape").partition("\n")
    if not first.strip():
        raise UsageError(
            "nothing came through the pipe", hint="first line: API key; then: the secret"
        )
    if not rest.strip() and before is not None and not before.api_key:
        return Credentials(Secret(first.strip()), before.secret, before.passphrase)
    secret, passphrase = rest, ""
    if is_pem(rest):
        body, mark, after = rest.partition("-----END ")
        end, _, more = after.partition("\n")
        secret, passphrase = body + mark + end, more.strip("\r\n")
    return Credentials(Secret(first.strip()), Secret(tidy(secret)), Secret(passphrase))


def _remarks(stores: Stores, account: str, target: Store, keys: Credentials) -> Iterator[str]:
    """What is still to be done."""
    if not keys.api_key:
        yield f"note: without its API key it cannot log in: tickdeck keys set {account}"
    chosen = stores.chosen.get(account)
    if chosen is None:
        yield f"note: brokers.toml has no [accounts.{account}] yet"
    elif chosen not in ("any", target.name):
        yield f'note: brokers.toml says keys = "{chosen}" of it: these are not asked for'
    else:
        for store in stores.keystore.stores_of(account):
            if store is target:
                break
            if _knows(store, account):
                yield f"note: {store.place} has keys of it too, and is asked first"


def _knows(store: Store, account: str) -> bool:
    try:
        return account in store.accounts()
    except CredentialsMissing:
        return False


# -- list ------------------------------------------------------------------------------------


class Row(NamedTuple):
    """An account and a store."""

    account: str
    store: str
    what: str
    is_fault: bool = False


def list_keys(locations: Locations) -> int:
    """Print which store has keys of which account. 1 if something is wrong with them."""
    stores = open_stores(locations)
    rows = trio.run(_rows, stores)
    width = max((len(row.account) for row in rows), default=0)
    for row in rows:
        print(f"{row.account:{width}}  {row.store:9}  {row.what}")
    if not rows:
        print("no store has keys of an account")
    return 1 if any(row.is_fault for row in rows) else 0


async def _rows(stores: Stores) -> list[Row]:
    found: list[Row] = []
    for store in stores.keystore.stores:
        found += await _rows_of(stores, store)
    has_some = {row.account for row in found}
    needing = (name for name, chosen in stores.chosen.items() if chosen != "any")
    found += [
        Row(name, stores.chosen[name], "none", is_fault=True)
        for name in needing
        if name not in has_some
    ]
    return sorted(found, key=lambda row: row.account)


async def _rows_of(stores: Stores, store: Store) -> list[Row]:
    """What one store has; its own fault in place of that."""
    if store.name == "keyring":  # it cannot be listed, and may not answer
        names = tuple(stores.chosen)
    else:
        try:
            names = store.accounts()
        except CredentialsMissing as error:
            return [Row("-", store.name, f"FAULT: {error}", is_fault=True)]
    rows = []
    for name in names:
        try:
            keys = await stores.keystore.find(store, name)
        except KeyringAbsent:
            return []
        except CredentialsMissing as error:
            is_locked = store.name == "encrypted" and not stores.encrypted.is_unlocked
            what = "locked" if is_locked else f"FAULT: {error}"
            rows.append(Row(name, store.name, what, is_fault=not is_locked))
            if store.name == "keyring":
                return rows  # it would be as silent for the next
            continue
        if keys is not None:
            rows.append(_row(stores, store, name, keys))
    return rows


def _row(stores: Stores, store: Store, account: str, keys: Credentials) -> Row:
    if fault := fault_of(keys):
        return Row(account, store.name, f"FAULT: {fault}", is_fault=True)
    remarks = [kind_of(keys.secret, keys.passphrase) if is_pem(keys.secret.reveal()) else "text"]
    if not keys.api_key:
        remarks.append("waits for its API key")
    chosen = stores.chosen.get(account)
    if chosen is None:
        remarks.append("no account of this name in brokers.toml")
    elif chosen not in ("any", store.name):
        remarks.append(f'not asked for: brokers.toml says keys = "{chosen}"')
    return Row(account, store.name, ", ".join(remarks))


# -- public and forget -----------------------------------------------------------------------


def print_public(locations: Locations, account: str, *, store: str | None) -> int:
    """Print the public half of an account's private key, for the venue.

    Raises:
        CredentialsMissing: there are no keys, or they cannot be read.
        UsageError: they are no key pair.
    """
    _refuse_name(account)
    stores = open_stores(locations)
    stores.unlock_for([account])
    asked = stores.keystore.stores_of(account) if store is None else (stores.keystore.store(store),)
    for one in asked:
        try:
            keys = one.find(account)
        except KeyringAbsent:
            continue
        if keys is None:
            continue
        if not is_pem(keys.secret.reveal()):
            raise UsageError(f"the secret of account {account} is text: it has no public half")
        print(public_pem(keys.secret, keys.passphrase), end="")
        return 0
    raise CredentialsMissing(
        f"there are no keys for account {account}", hint=f"tickdeck keys set {account}"
    )


def forget(locations: Locations, account: str, *, store: str | None, force: bool) -> int:
    """Remove the keys of an account, from one store or all of them. 1 if there were none.

    Raises:
        UsageError: it is not confirmed, or keys are in the environment.
        CredentialsMissing: a store cannot be read.
        ConfigError: it cannot be written.
    """
    _refuse_name(account)
    stores = open_stores(locations)
    asked = stores.keystore.stores if store is None else (stores.keystore.store(store),)
    having = [one for one in asked if _has(one, account)]
    if not having:
        print(f"no store has keys of account {account}")
        return 1
    places = ", ".join(one.place for one in having)
    if not force:
        with HiddenTerminal() as terminal:
            if not terminal.confirm(f"Forget the keys of account {account} in {places}?"):
                raise UsageError("nothing was changed")
    for one in having:
        if one.name == "encrypted" and one.accounts() != (account,):
            stores.unlock_to_write()  # what stays is written anew
        one.forget(account)
        print(f"the keys of account {account} are no longer in {one.place}")
    return 0


def _has(store: Store, account: str) -> bool:
    if store.name == "keyring":
        try:
            return store.find(account) is not None
        except KeyringAbsent:
            return False
    return account in store.accounts()


def _refuse_name(account: str) -> None:
    if not ACCOUNT_NAME.fullmatch(account):
        raise UsageError(
            f"{safe(account, 60)!r} is not an account name",
            hint="use lower-case letters, digits, _ and -",
        )
