"""What a contract pays: the one place that knows linear from inverse.

A trade of `size` (negative for a sale) from `entry` to `exit` pays

* linear:  ``size * multiplier * (exit - entry)`` in quote,
* inverse: ``size * multiplier * (1/entry - 1/exit)`` in base,

as venues define it: Bybit, "P&L calculations (Inverse Contract)" and "How to Calculate Average
Entry Price" (help-center article 000001113: the average entry of an inverse contract is its
contracts over the sum of their values in base, a harmonic mean); BitMEX, "How to calculate entry
price" (support article 13000081236). BitMEX rounds every execution to a satoshi; nothing is
rounded here, so that its statements may differ in the eighth decimal.

Both are one rule in *levels*: ``size * multiplier * (level(exit) - level(entry))``, where the
level of a price is the price itself, or minus its reciprocal. Averages and sums are taken of
levels, and are right for both.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

from engine.instruments import Instrument

EXACT: Final = Context(prec=60)
"""Quotients are rounded at 60 digits: their error never reaches a digit that is shown."""

ZERO: Final = Decimal(0)

_MINUS_ONE: Final = Decimal(-1)


def level(price: Decimal, instrument: Instrument) -> Decimal:
    """What profit is linear in: the price, or for an inverse contract minus its reciprocal.

    Raises:
        ValueError: an inverse contract has no price of zero or less.
    """
    if not instrument.is_inverse:
        return price
    if price <= 0:
        raise ValueError(f"{instrument.fqme} is inverse and cannot trade at {price}")
    return EXACT.divide(_MINUS_ONE, price)


def price_at(level: Decimal, instrument: Instrument) -> Decimal:
    """The price of a level."""
    return EXACT.divide(_MINUS_ONE, level) if instrument.is_inverse else level


def mean_price(
    first: tuple[Decimal, Decimal], second: tuple[Decimal, Decimal], instrument: Instrument
) -> Decimal:
    """Average entry of two (size, price) of one sign: harmonic for inverse contracts."""
    (one, price), (other, other_price) = first, second
    levels = EXACT.fma(
        one,
        level(price, instrument),
        EXACT.multiply(other, level(other_price, instrument)),
    )
    return price_at(EXACT.divide(levels, EXACT.add(one, other)), instrument)


def gain(size: Decimal, entry: Decimal, exit_price: Decimal, instrument: Instrument) -> Decimal:
    """Profit of `size` (negative is short) from `entry` to `exit_price`, in the settlement
    asset, before fees."""
    moved = EXACT.subtract(level(exit_price, instrument), level(entry, instrument))
    return EXACT.multiply(EXACT.multiply(moved, size), instrument.multiplier)


def worth(size: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """What `size` stands for at `price` in the settlement asset: what fees are a share of."""
    units = EXACT.multiply(size, instrument.multiplier)
    return EXACT.divide(units, price) if instrument.is_inverse else EXACT.multiply(units, price)


def flow(size: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """What trading `size` at `price` adds to the settlement asset, before fees.

    A purchase pays. An inverse contract sells quote for base, so that its purchase is paid for
    in base and its sale pays it back; the flows of a round trip sum to its gain.
    """
    units = EXACT.multiply(size, instrument.multiplier)
    return EXACT.multiply(level(price, instrument), units.copy_negate())
