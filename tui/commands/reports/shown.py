"""Numbers and times of reports as text."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal, localcontext

from engine.accounting.ledger import PLACES
from engine.accounting.payoff import EXACT
from engine.instruments import Instrument
from tui.commands.reports.table import Tone
from tui.paint.format import UNKNOWN, fixed, grouped, moment, plain, price, size

LONGEST_FRACTION = 8
"""Decimals of an amount of which nothing else says how fine it is."""

_MONEY = frozenset({"usd", "usdt", "usdc", "eur", "gbp", "chf", "jpy", "busd", "fdusd", "dai"})
"""Assets that are counted in hundredths."""


def moment_of(time_ns: int, zone: tzinfo | None) -> str:
    """`2026-11-21 08:30:12`; unknown where it is 0."""
    return f"{moment(time_ns, zone):%Y-%m-%d %H:%M:%S}" if time_ns else UNKNOWN


def in_zone(title: str, zone: tzinfo | None) -> str:
    """`title` of a column of times, with what they are told in."""
    name = "local" if zone is None else str(zone)
    return f"{title} {name}"


def price_of(value: Decimal | None, market: Instrument | None) -> str:
    """A price in the decimals of its market; nothing where there is none."""
    if value is None:
        return ""
    return plain(value) if market is None else price(value, market)


def average_of(value: Decimal | None, market: Instrument | None) -> str:
    """A price that may lie between two ticks: then with two more decimals."""
    if value is None or market is None or market.is_on_tick(value):
        return price_of(value, market)
    return fixed(value, market.price_decimals + 2)


def size_of(value: Decimal, market: Instrument | None) -> str:
    """A size in the decimals of its market."""
    return plain(value) if market is None else size(value, market)


def number(value: Decimal | None, decimals: int | None = None) -> str:
    """With so many decimals, or in as few as say it, up to `LONGEST_FRACTION`."""
    if value is None or decimals is not None:
        return fixed(value, decimals or 0)
    return plain(Decimal(fixed(value, LONGEST_FRACTION)))


def money(value: Decimal | None, asset: str, *, signed: bool = False) -> str:
    """An amount of `asset`, grouped: `+1 204.10`; in hundredths where that is how it is counted,
    else in eight decimals."""
    return grouped(value, decimals_of(asset), signed=signed)


def decimals_of(asset: str) -> int:
    """Decimals that amounts of `asset` are shown in."""
    return 2 if asset.lower() in _MONEY else LONGEST_FRACTION


def derived(value: Decimal | None) -> Decimal | None:
    """A quotient as it is given to programs: with the decimals that are booked, and no noise of
    its sixtieth digit."""
    if value is None:
        return None
    with localcontext(EXACT):
        text = f"{round(value, PLACES):f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def amounts(by_asset: dict[str, Decimal]) -> str:
    """`1.5 BNB, 0.2 BTC`; nothing of nothing."""
    return ", ".join(f"{number(one)} {asset.upper()}" for asset, one in by_asset.items() if one)


def tone_of(value: Decimal | None) -> Tone:
    """A gain is up, a loss down."""
    if value is None:
        return "dim"
    return "up" if value > 0 else "down" if value < 0 else ""
