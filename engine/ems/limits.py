"""Limits that a person states: of an account, of a market, of all accounts together.

They lie over each other: an order has to pass those of its account, those of each pattern that
its market matches, and the same again of all accounts of its kind (live, or paper) together.
None of them loosens another.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

import msgspec

from engine.ems.hours import parse_hours

Positive = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class MarketLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[accounts.NAME.limits.markets."PATTERN"]`: of markets whose fqme matches (`*`, `?`, `[ab]`).
    None: there is no such limit."""

    max_order_size: Decimal | None = None
    """Of one order, in base units or contracts."""
    max_order_notional: Decimal | None = None
    """Of one order, in quote."""
    max_position: Decimal | None = None
    """Of a market's position if all that works on one side were filled, in base units or
    contracts."""
    max_position_notional: Decimal | None = None
    """The same, in quote."""
    price_band_pct: Decimal | None = None
    """How far from the market a price may be, in percent of it."""
    stale_quote_s: Seconds | None = None
    """Seconds without data after which a market is not traded."""
    max_open_orders: Positive | None = None
    """Orders that may work at once, dark ones included."""
    hours: str = ""
    """When it is traded: `mon-fri 09:30-16:00 America/New_York`; empty: what the market says of
    itself, or at all times."""


class RiskLimits(MarketLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[accounts.NAME.limits]`, and `[limits]` for all accounts together."""

    max_orders_per_second: Positive | None = None
    """Orders and amends that may be sent within any second."""
    max_orders_per_day: Positive | None = None
    """Orders in a day, those left out that were denied."""
    max_day_loss: Decimal | None = None
    """What a day may cost, in `loss_currency`: realised since the day began, with fees, and the
    whole open profit or loss of what is held. From there on only what reduces a position
    passes."""
    loss_currency: str = ""
    """Of `max_day_loss`; profits in other assets are converted through known markets."""
    day_starts: TimeOfDay = "00:00"
    """When a day begins, UTC."""
    on_stale: Literal["block", "confirm"] = "block"
    """What becomes of an order in a stale market: denied, or sent if a person confirmed it."""
    markets: Mapping[str, MarketLimits] = {}
    """Further limits of some markets, by a pattern of their fqme."""


PAPER_LIMITS: Final = RiskLimits(
    max_order_notional=Decimal(400_000),
    max_position_notional=Decimal(400_000),
    price_band_pct=Decimal(50),
    stale_quote_s=60.0,
    max_open_orders=500,
)
"""For paper accounts that state none: a slipped digit is caught, play is not hindered. One of
four slots is what the best prices of a liquid market can take; all of them, one contract of a
large future."""

REQUIRED_LIVE: Final = (
    "max_order_notional",
    "max_position_notional",
    "price_band_pct",
    "stale_quote_s",
    "max_open_orders",
)
"""What a live account has to state: there are no silent defaults for real money."""


def missing_live_limits(limits: RiskLimits | None) -> tuple[str, ...]:
    """Limits that a live account would have to state and does not."""
    return tuple(name for name in REQUIRED_LIVE if getattr(limits, name, None) is None)


def matching(limits: RiskLimits, fqme: str) -> tuple[tuple[str, MarketLimits], ...]:
    """The patterns that a market matches, and their limits."""
    return tuple(
        (pattern, of_market)
        for pattern, of_market in limits.markets.items()
        if fnmatchcase(fqme, pattern.lower())
    )


def fault(limits: RiskLimits) -> tuple[str, str] | None:
    """The key that does not fit the others, or limits nothing, and why; None if all do."""
    parts = {"": limits, **{f"markets.{name}.": part for name, part in limits.markets.items()}}
    for begin, part in parts.items():
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if isinstance(value, Decimal) and not value.is_finite():
                return f"{begin}{name}", f"{value} is no limit: state a number, or leave it out"
    if limits.max_day_loss is not None and not limits.loss_currency:
        return "loss_currency", "a loss needs the currency that it is counted in"
    if limits.max_day_loss is not None and limits.max_day_loss < 0:
        return "max_day_loss", "a loss is stated as a positive amount"
    named = [("hours", limits.hours)]
    named += [(f"markets.{pattern}.hours", part.hours) for pattern, part in limits.markets.items()]
    for key, hours in named:
        if hours and parse_hours(hours) is None:
            return key, f"{hours!r} is not like 'mon-fri 09:30-16:00 America/New_York'"
    return None
