"""What an engine is started with, and `brokers.toml`, where accounts and brokers are set up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.broker import BrokerSettings, LoadBroker
from engine.clock import Clock, SystemClock
from engine.config import EngineConfig, convert, nearest, read_toml
from engine.credentials import GetCredentials, no_credentials
from engine.ems.accounts import Account, built_in_accounts
from engine.ems.journal import Journal
from engine.ems.limits import RiskLimits, fault
from engine.errors import BrokerError, ConfigError
from engine.keystore.store import STORES
from engine.text import safe

_TABLES = ("brokers", "accounts", "limits")
_MODES = ("live", "paper")
_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is started with."""

    config: EngineConfig = EngineConfig()
    accounts: tuple[Account, ...] = ()
    all_limits: Mapping[str, RiskLimits] = {}
    """By mode of accounts: limits of all of that mode together."""
    broker_options: Mapping[str, Mapping[str, Any]] = {}
    load_broker: LoadBroker
    clock: Clock
    needs_home: bool = True
    """Without its default broker (`config.broker`) the engine is of no use: nobody has named a
    market, and its markets are to be shown."""
    data_dir: Path | None = None
    credentials: GetCredentials = no_credentials
    """Finds the keys of an account, for the broker that logs it in."""
    journal: Path | Journal | None = None
    """File of the record of orders. Its directory is locked: one engine works on it. None keeps
    the record in memory, for what must not outlive the process: playbacks, tests. A journal is
    used as it is."""


class BrokersFile(msgspec.Struct, frozen=True, kw_only=True):
    """All of `brokers.toml`."""

    path: Path
    options: Mapping[str, Mapping[str, Any]]
    """`[brokers.NAME]`: each broker reads its own."""
    accounts: tuple[Account, ...]
    """`[accounts.NAME]`, and those built in that the file does not replace."""
    all_limits: Mapping[str, RiskLimits] = {}
    """`[limits.live]` and `[limits.paper]`: of all accounts of that mode together."""


def load_brokers(path: Path) -> BrokersFile:
    """Accounts and broker options; built-in accounts only, where there is no such file.

    Raises:
        ConfigError: not readable, an unknown key, or a value that does not fit.
    """
    table = read_toml(path)
    for key in table:
        if key not in _TABLES:
            hint = nearest(key, _TABLES)
            raise ConfigError(f"{safe(path)}: unknown key {safe(key, 80)!r}", hint=hint)
    options = _tables(table, "brokers", path)
    accounts = {account.name: account for account in built_in_accounts()}
    for name, fields in _tables(table, "accounts", path).items():
        accounts[name] = _account(name, fields, path)
    return BrokersFile(
        path=path,
        options=options,
        accounts=tuple(accounts.values()),
        all_limits=_all_limits(table, path),
    )


def check_brokers(file: BrokersFile, load: LoadBroker) -> None:
    """See whether every account's broker loads, and whether brokers take their options.

    Raises:
        ConfigError: an account names a broker that does not load, or options are wrong.
    """
    for account in file.accounts:
        _open(f"accounts.{account.name}.broker", account.broker, None, file, load)
    for name, options in file.options.items():
        _open(f"brokers.{safe(name, 60)}", name, options, file, load)


def _open(
    key: str, name: str, options: Mapping[str, Any] | None, file: BrokersFile, load: LoadBroker
) -> None:
    """Load a broker, and with options open it, which does no I/O."""
    try:
        open_broker = load(name)
        if options is not None:
            open_broker(BrokerSettings(name=name, clock=SystemClock(), options=options))
    except (BrokerError, ConfigError) as error:
        raise ConfigError(f"{safe(file.path)}: {key}: {error}", hint=error.hint) from error


def _tables(table: Mapping[str, Any], key: str, path: Path) -> dict[str, dict[str, Any]]:
    found = table.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(part, dict) for part in found.values()):
        raise ConfigError(f"{safe(path)}: {key}: expected tables, as in [{key}.NAME]")
    return found


def _all_limits(table: Mapping[str, Any], path: Path) -> dict[str, RiskLimits]:
    found: dict[str, RiskLimits] = {}
    for mode, fields in _tables(table, "limits", path).items():
        if mode not in _MODES:
            raise ConfigError(
                f"{safe(path)}: limits.{safe(mode, 60)}: not a kind of account",
                hint="write [limits.live] or [limits.paper]",
            )
        found[mode] = convert(fields, RiskLimits, str(path), under=f"limits.{mode}")
        _refuse_fault(found[mode], f"limits.{mode}", path)
    return found


def _refuse_fault(limits: RiskLimits | None, where: str, path: Path) -> None:
    """Limits that do not fit each other."""
    if limits is not None and (found := fault(limits)):
        key, why = found
        raise ConfigError(f"{safe(path)}: {where}.{safe(key, 80)}: {safe(why, 200)}")


def _account(name: str, fields: dict[str, Any], path: Path) -> Account:
    where = f"accounts.{safe(name, 60)}"
    if not _ACCOUNT_NAME.fullmatch(name):
        raise ConfigError(
            f"{safe(path)}: {where}: not an account name",
            hint="use lower-case letters, digits, _ and -",
        )
    if "keys" in fields and fields["keys"] not in ("any", *STORES):
        # Not quoted: it may be the keys themselves.
        raise ConfigError(
            f"{safe(path)}: {where}.keys: says which store has the keys, and nothing else",
            hint=f"one of: any {' '.join(STORES)}; the keys: tickdeck keys set {name}",
        )
    if "name" in fields:
        raise ConfigError(f"{safe(path)}: {where}.name: the table's own name is the name")
    account = convert({"name": name, **fields}, Account, str(path), under=where)
    _refuse_fault(account.limits, f"{where}.limits", path)
    if account.limit_unit == "percent" and account.position_limit is None:
        raise ConfigError(f"{safe(path)}: {where}.limit_unit: percent needs a position_limit")
    return account
