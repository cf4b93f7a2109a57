"""Where a position could be closed without a loss, all costs counted.

The worst case is counted: what was paid for opening what is held, and a taker's fee for leaving
at the price itself, since the fee grows with the price. For an entry ``e`` with entry fees at
rate ``f`` and an exit fee at rate ``t`` that is the usual ``e * (1 + f) / (1 - t)`` of a long and
``e * (1 - f) / (1 + t)`` of a short.

Profit already taken from the position is not counted, unless it is given as `carried`: Binance
("How to Visualize the Breakeven Price of Open Positions on Binance Futures": cost less gained,
over what is held, without fees) counts it, so that the breakeven of a position which was partly
closed at a profit is better there. Funding that was paid or received can be carried likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import NamedTuple

from engine.accounting.payoff import EXACT, ZERO, level
from engine.instruments import Instrument
from engine.messages import Position


class Breakeven(NamedTuple):
    """The price, or why there is none."""

    price: Decimal | None
    """Exact, to 60 digits; None where no price that the market can have would do, or where a
    fee cannot be counted."""
    unpriced: tuple[str, ...] = ()
    """Assets that entry fees were paid in and that have no known worth here."""

    def on_tick(self, position: Position, instrument: Instrument) -> Decimal | None:
        """The nearest price on a tick at which leaving does not lose."""
        if self.price is None:
            return None
        return instrument.round_price(self.price, "up" if position.size > 0 else "down")


def breakeven(
    position: Position,
    instrument: Instrument,
    *,
    taker_fee: Decimal | None = None,
    worth_in_settle: Mapping[str, Decimal] | None = None,
    carried: Decimal = ZERO,
) -> Breakeven:
    """Where closing all of `position` nets nothing.

    Args:
        position: what is held, with its entry fees.
        instrument: its market.
        taker_fee: share of the worth paid for leaving; the instrument's if None.
        worth_in_settle: what one unit of other fee assets is worth in the settlement asset. The
            other asset of the pair needs none: its worth is solved for with the price.
        carried: profit, in the settlement asset, that the position may give back.
    """
    if position.average_price is None:
        return Breakeven(None)
    with localcontext(EXACT):
        fixed, of_pair, unpriced = _costs(position, instrument, worth_in_settle or {})
        if unpriced:
            return Breakeven(None, unpriced)
        rate = instrument.taker_fee if taker_fee is None else taker_fee
        units = position.size * instrument.multiplier
        entry = units * level(position.average_price, instrument)
        if instrument.is_inverse:
            return Breakeven(_inverse(units, entry, fixed - carried, of_pair, rate))
        return Breakeven(_linear(units, entry, fixed - carried, of_pair, rate, instrument))


def _costs(
    position: Position, instrument: Instrument, worth: Mapping[str, Decimal]
) -> tuple[Decimal, Decimal, tuple[str, ...]]:
    """Entry fees in the settlement asset, those in the pair's other asset, and assets of
    which nothing is known."""
    pair_asset = instrument.quote if instrument.is_inverse else instrument.base
    fixed, of_pair, unpriced = ZERO, ZERO, []
    for asset, fee in position.entry_fees.items():
        if not fee:
            continue
        if asset == instrument.settle:
            fixed += fee
        elif asset in worth:
            fixed += fee * worth[asset]
        elif asset == pair_asset:
            of_pair += fee
        else:
            unpriced.append(asset)
    return fixed, of_pair, tuple(sorted(unpriced))


def _linear(
    units: Decimal,
    entry: Decimal,
    fixed: Decimal,
    in_base: Decimal,
    rate: Decimal,
    instrument: Instrument,
) -> Decimal | None:
    """Of ``units * p - entry - fixed - in_base * p - abs(units) * rate * abs(p) == 0``."""
    for sign in (1, -1) if instrument.allows_negative_price else (1,):
        slope = units - in_base - abs(units) * rate * sign
        price = (entry + fixed) / slope if slope * units > 0 else None
        if price is not None and price * sign >= 0:
            return abs(price) if price == 0 else price
    return None


def _inverse(
    units: Decimal, entry: Decimal, fixed: Decimal, in_quote: Decimal, rate: Decimal
) -> Decimal | None:
    """Of ``-units / p - entry - fixed - in_quote / p - abs(units) * rate / p == 0``, where
    `entry` is units times the (negative) level of the entry."""
    above = -(units + in_quote + abs(units) * rate)
    below = entry + fixed
    return above / below if above * below > 0 else None
