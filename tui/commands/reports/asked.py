"""What is asked of a report: of which account and market, of which time, and in which form."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import tzinfo
from typing import Literal, NamedTuple

from engine.clock import wall_ns
from engine.config import load_config, nearest
from engine.errors import TickdeckError, UsageError
from engine.instruments import parse_fqme
from engine.locations import Locations
from engine.text import safe
from tui.language.when import parse_when
from tui.zones import zone_of

Form = Literal["table", "json", "csv"]


class Asked(NamedTuple):
    """What every report takes."""

    account: str = ""
    """Empty means all."""
    market: str = ""
    """An fqme; empty means all."""
    since_ns: int | None = None
    until_ns: int | None = None
    """Without that moment itself."""
    form: Form = "table"
    zone: tzinfo | None = None
    """In which times are shown and days begin; None is the machine's own."""

    def wants(self, account: str, fqme: str, time_ns: int) -> bool:
        """Something of that account and market, at that time, is part of the report."""
        return (
            self.account in ("", account)
            and self.market in ("", fqme)
            and (self.since_ns is None or time_ns >= self.since_ns)
            and (self.until_ns is None or time_ns < self.until_ns)
        )


def asked(
    locations: Locations,
    *,
    account: str | None = None,
    market: str | None = None,
    since: str | None = None,
    until: str | None = None,
    zone: str | None = None,
    as_json: bool = False,
    as_csv: bool = False,
) -> Asked:
    """What the words of a command line mean.

    Raises:
        UsageError: they make no sense.
        ConfigError: the configuration, which says the time zone, is wrong.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms", hint="name one of them")
    named = zone if zone is not None else _configured_zone(locations)
    place = zone_of(named)
    now_ns = wall_ns()
    since_ns = None if since is None else parse_when(since, now_ns, place)
    until_ns = None if until is None else parse_when(until, now_ns, place)
    if since_ns is not None and until_ns is not None and since_ns >= until_ns:
        raise UsageError("--since is not before --until: no moment lies between them")
    return Asked(
        account=account or "",
        market="" if market is None else str(parse_fqme(market)),
        since_ns=since_ns,
        until_ns=until_ns,
        form="json" if as_json else "csv" if as_csv else "table",
        zone=place,
    )


def _configured_zone(locations: Locations) -> str:
    return load_config(locations.config_file, os.environ).deck.timezone


def check_account(what: Asked, recorded: Iterable[str], locations: Locations) -> None:
    """That the account that is asked for is one.

    Raises:
        UsageError: neither the journal nor `brokers.toml` knows it.
    """
    if not what.account or what.account in (known := set(recorded)):
        return
    known |= _configured_accounts(locations)
    if what.account not in known:
        raise UsageError(
            f"there is no account {safe(what.account, 60)!r}",
            hint=nearest(what.account, known) or f"accounts: {' '.join(sorted(known))}",
        )


def _configured_accounts(locations: Locations) -> set[str]:
    from engine.settings import load_brokers

    try:
        return {account.name for account in load_brokers(locations.brokers_file).accounts}
    except TickdeckError:
        return set()  # a report of what is recorded does not need the file to be right
