"""What reports of positions and profits begin with: fills, prices, and a currency to count in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from engine.accounting.pnl import Move
from engine.accounting.positions import time_of
from engine.clock import wall_ns
from engine.errors import DataError, TickdeckError, UsageError
from engine.instruments import Instrument
from engine.locations import Locations
from engine.messages import Fill
from engine.text import safe
from tui.commands.reports.asked import Asked, check_account
from tui.commands.reports.kept import read_kept
from tui.commands.reports.prices import Prices, Source, of_fills
from tui.commands.reports.record import journal_in, read_traded

_ASSET = re.compile(r"[a-z0-9][a-z0-9._\-]{0,23}")


class Terms(NamedTuple):
    """How it is counted."""

    source: Source = "market"
    marks: Mapping[str, Decimal] = {}
    """Prices of now that a person gave, by fqme."""
    currency: str = ""
    """What everything is converted into; empty for nothing."""


class Counted(NamedTuple):
    """What is counted."""

    fills: list[Fill]
    """Of the account and market that are asked about, from the first one on, by their times."""
    instruments: dict[str, Instrument]
    moves: list[Move]
    """Funding that was paid or received, as it was imported or added to the ledger."""
    now_ns: int
    currency: str
    """In lower case; empty for none."""

    @property
    def times_ns(self) -> list[int]:
        """When something happened, oldest first."""
        return sorted([*map(time_of, self.fills), *(move.time_ns for move in self.moves)])


def counted(locations: Locations, what: Asked, terms: Terms) -> Counted:
    """The fills that count, as they are recorded.

    Raises:
        NoJournal, JournalFailed: it cannot be read.
        UsageError: there is no such account, or the currency cannot be one.
        DataError: something was traded of which nothing else is known.
    """
    traded = read_traded(journal_in(locations.data_dir))
    check_account(what, traded.accounts, locations)
    fills = [
        plain_fill(fill)
        for fill in traded.fills
        if what.account in ("", fill.account) and what.market in ("", fill.fqme)
    ]
    for fill in fills:
        if fill.fqme not in traded.instruments:
            raise DataError(f"the journal does not say what {safe(fill.fqme, 80)} is")
    fills.sort(key=time_of)
    known = {fill.fqme: plain_market(traded.instruments[fill.fqme]) for fill in fills}
    funding = _funding(locations, what)
    return Counted(fills, known, funding, wall_ns(), _checked(terms.currency))


def _funding(locations: Locations, what: Asked) -> list[Move]:
    """Of the account; where a market is asked about, what is said to be of that one."""
    return [
        Move(entry.time_ns, posting.asset, posting.amount)
        for entry in read_kept(locations.data_dir)
        if entry.kind == "funding"
        and what.account in ("", entry.account)
        and what.market in ("", entry.fqme)
        for posting in entry.postings
        if posting.book == "assets"
    ]


def prices_of(
    data: Counted,
    terms: Terms,
    locations: Locations,
    *,
    times_ns: Mapping[str, Sequence[int]],
) -> Prices:
    """What the markets cost: as they say, or as one's own fills do.

    Args:
        times_ns: by market, moments at which its price is wanted besides the present one.
    """
    prices = of_fills(data.fills, data.now_ns) if terms.source == "fills" else Prices(data.now_ns)
    if terms.source == "market" and times_ns:
        from tui.commands.reports.asking import Wanted, ask

        assets = sorted(assets_of(data.fills, data.instruments)) if data.currency else []
        ask(prices, Wanted(times_ns, assets, data.currency), _options(locations))
    for fqme, price in terms.marks.items():
        prices.give(fqme, price)
    return prices


def assets_of(fills: Iterable[Fill], instruments: Mapping[str, Instrument]) -> set[str]:
    """What profit and fees are counted in."""
    settled = {one.settle for one in instruments.values()}
    return settled | {fill.fee_asset for fill in fills if fill.fee}


def plain_market(market: Instrument) -> Instrument:
    """With assets in lower case: venues spell one asset in several ways."""
    return replace(market, base=market.base.lower(), quote=market.quote.lower())


def plain_fill(fill: Fill) -> Fill:
    """The same of its fee."""
    return replace(fill, fee_asset=fill.fee_asset.lower())


def _checked(currency: str) -> str:
    """The currency in lower case; whether a way leads into it is for the markets to say.

    Raises:
        UsageError: it cannot be an asset.
    """
    wanted = currency.strip().lower()
    if wanted and not _ASSET.fullmatch(wanted):
        raise UsageError(f"{safe(currency, 40)!r} is no asset", hint="as in USDT")
    return wanted


def _options(locations: Locations) -> Mapping[str, Mapping[str, object]]:
    from engine.settings import load_brokers

    try:
        return load_brokers(locations.brokers_file).options
    except TickdeckError:
        return {}
