"""Positions as a fold over fills, at average cost.

What is bought and sold at one average price; closing realises profit against it. A fill that
goes through zero closes what was held and opens the rest at its own price, and its fee is
shared between the two by size. Money is in the settlement asset: the quote asset, or for an
inverse contract the base asset. Fees in other assets are kept by asset and never converted.

The conventions are those of venues' own position pages (Bybit, Binance, Deribit): fees are not
part of the average price and not of realised profit, they are kept beside both. Statements that
net them into the basis (Interactive Brokers, tax rules) are what `engine.accounting.lots` gives.

`size` is what was traded. Where a venue takes its fee out of what was bought, the balance is
smaller by it: the ledger says how much is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from engine.accounting.payoff import EXACT, ZERO, gain, mean_price
from engine.instruments import Instrument
from engine.messages import Fill, Filled, Order, Position, Side

__all__ = [
    "EXACT",
    "ZERO",
    "Parts",
    "after_fill",
    "apply",
    "fill_of",
    "fold",
    "parts_of",
    "signed",
    "time_of",
    "unrealised",
]


class Parts(NamedTuple):
    """What a trade does to a position, both with the sign of the trade."""

    closing: Decimal
    opening: Decimal


def fill_of(order: Order, event: Filled, recv_ns: int) -> Fill:
    """The fill that a venue's report of an execution of `order` stands for."""
    return Fill(
        order_id=order.order_id,
        account=order.account,
        fqme=order.fqme,
        trade_id=event.trade_id,
        side=order.side,
        price=event.price,
        size=event.size,
        fee=event.fee,
        fee_asset=event.fee_asset,
        liquidity=event.liquidity,
        venue_ns=event.venue_ns,
        recv_ns=recv_ns,
    )


def signed(side: Side, size: Decimal) -> Decimal:
    """What a trade adds to a position: negative for a sale."""
    return size if side == "buy" else -size


def time_of(fill: Fill) -> int:
    """When it happened: the venue's time, or ours where it gave none."""
    return fill.venue_ns or fill.recv_ns


def parts_of(held: Decimal, change: Decimal) -> Parts:
    """How much of `change` closes what is `held`, and how much opens beyond it."""
    if not held or not change or held.is_signed() == change.is_signed():
        return Parts(ZERO, change)
    closing = min(held.copy_abs(), change.copy_abs()).copy_sign(change)
    return Parts(closing, EXACT.subtract(change, closing))


def apply(position: Position, fill: Fill, instrument: Instrument) -> Position:
    """`position` after `fill`, with its fee.

    Raises:
        ValueError: the fill is of another account or market.
    """
    if position.fqme != fill.fqme or position.account != fill.account:
        raise ValueError(f"fill of {fill.account} {fill.fqme} given to {position.fqme}")
    change = signed(fill.side, fill.size)
    traded = _traded(position, change, fill.price, instrument)
    fees, others, entry = position.fees, position.fees_in_other, traded.entry_fees
    if fill.fee:
        asset = fill.fee_asset
        if asset == instrument.settle:
            fees = EXACT.add(fees, fill.fee)
        else:
            others = _with_fee(others, asset, fill.fee)
        opening = parts_of(position.size, change).opening
        if opening:
            share = EXACT.divide(EXACT.multiply(fill.fee, opening.copy_abs()), fill.size)
            entry = _with_fee(entry, asset, share)
    return Position(
        account=position.account,
        fqme=position.fqme,
        size=traded.size,
        average_price=traded.average_price,
        realised=traded.realised,
        fees=fees,
        fees_in_other=others,
        entry_fees=entry,
        updated_ns=fill.venue_ns,
    )


def fold(position: Position, fills: Iterable[Fill], instrument: Instrument) -> Position:
    """`position` after all of `fills`, in the order they are given."""
    for fill in fills:
        position = apply(position, fill, instrument)
    return position


def after_fill(
    position: Position, side: Side, size: Decimal, price: Decimal, instrument: Instrument
) -> Position:
    """What `position` would be after such a fill, before fees."""
    traded = _traded(position, signed(side, size), price, instrument)
    return replace(position, **traded._asdict())


def unrealised(position: Position, price: Decimal, instrument: Instrument) -> Decimal:
    """Profit of what is held if it were closed at `price`, in the settlement asset, before
    fees."""
    if position.average_price is None:
        return ZERO
    return gain(position.size, position.average_price, price, instrument)


class _Traded(NamedTuple):
    """What a trade makes of a position, before its fee."""

    size: Decimal
    average_price: Decimal | None
    realised: Decimal
    entry_fees: dict[str, Decimal]


def _traded(position: Position, change: Decimal, price: Decimal, instrument: Instrument) -> _Traded:
    held, average, realised = position.size, position.average_price, position.realised
    entry = position.entry_fees
    if not change:
        return _Traded(held, average, realised, entry)
    size = EXACT.add(held, change)
    if average is None:
        return _Traded(size, price, realised, entry)
    if held.is_signed() == change.is_signed():
        mean = mean_price((held, average), (change, price), instrument)
        return _Traded(size, mean, realised, entry)
    closed = min(held.copy_abs(), change.copy_abs()).copy_sign(held)
    realised = EXACT.add(realised, gain(closed, average, price, instrument))
    if not size:
        return _Traded(ZERO, None, realised, {})
    if size.is_signed() != held.is_signed():
        return _Traded(size, price, realised, {})
    return _Traded(size, average, realised, _share(entry, size, held))


def _share(fees: dict[str, Decimal], part: Decimal, whole: Decimal) -> dict[str, Decimal]:
    """`part / whole` of each fee."""
    return {asset: EXACT.divide(EXACT.multiply(fee, part), whole) for asset, fee in fees.items()}


def _with_fee(fees: dict[str, Decimal], asset: str, fee: Decimal) -> dict[str, Decimal]:
    """`fees` with one more; what was given is left as it is."""
    return {**fees, asset: EXACT.add(fees.get(asset, ZERO), fee)}
