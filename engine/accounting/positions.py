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
from decimal import Decimal, localcontext
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


def parts_of(held: Decimal, change: Decimal) -> Parts:
    """How much of `change` closes what is `held`, and how much opens beyond it."""
    with localcontext(EXACT):
        if held * change >= 0:
            return Parts(ZERO, change)
        closing = min(abs(held), abs(change)).copy_sign(change)
        return Parts(closing, change - closing)


def apply(position: Position, fill: Fill, instrument: Instrument) -> Position:
    """`position` after `fill`, with its fee.

    Raises:
        ValueError: the fill is of another account or market.
    """
    if (position.account, position.fqme) != (fill.account, fill.fqme):
        raise ValueError(f"fill of {fill.account} {fill.fqme} given to {position.fqme}")
    change = signed(fill.side, fill.size)
    traded = _after(position, change, fill.price, instrument)
    if fill.fee:
        traded = _with_fee(traded, fill, parts_of(position.size, change), instrument)
    return replace(traded, updated_ns=fill.venue_ns)


def fold(position: Position, fills: Iterable[Fill], instrument: Instrument) -> Position:
    """`position` after all of `fills`, in the order they are given."""
    for fill in fills:
        position = apply(position, fill, instrument)
    return position


def after_fill(
    position: Position, side: Side, size: Decimal, price: Decimal, instrument: Instrument
) -> Position:
    """What `position` would be after such a fill, before fees."""
    return _after(position, signed(side, size), price, instrument)


def unrealised(position: Position, price: Decimal, instrument: Instrument) -> Decimal:
    """Profit of what is held if it were closed at `price`, in the settlement asset, before
    fees."""
    if position.average_price is None:
        return ZERO
    return gain(position.size, position.average_price, price, instrument)


def _after(position: Position, change: Decimal, price: Decimal, instrument: Instrument) -> Position:
    held, average = position.size, position.average_price
    if change == 0:
        return position
    with localcontext(EXACT):
        size = held + change
        if average is None:
            return replace(position, size=size, average_price=price)
        if held * change > 0:
            mean = mean_price((held, average), (change, price), instrument)
            return replace(position, size=size, average_price=mean)
        closed = min(abs(held), abs(change)).copy_sign(held)
        realised = position.realised + gain(closed, average, price, instrument)
    if size == 0:
        return replace(position, size=ZERO, average_price=None, realised=realised, entry_fees={})
    if size * held < 0:
        return replace(position, size=size, average_price=price, realised=realised, entry_fees={})
    left = _share(position.entry_fees, size, held)
    return replace(position, size=size, realised=realised, entry_fees=left)


def _share(fees: dict[str, Decimal], part: Decimal, whole: Decimal) -> dict[str, Decimal]:
    """`part / whole` of each fee."""
    if not fees:
        return fees
    with localcontext(EXACT):
        return {asset: fee * part / whole for asset, fee in fees.items()}


def _with_fee(position: Position, fill: Fill, parts: Parts, instrument: Instrument) -> Position:
    """`position` with the fee of `fill`; its opening share is one of the entry fees."""
    asset, entry = fill.fee_asset, position.entry_fees
    with localcontext(EXACT):
        if parts.opening:
            opening = fill.fee * abs(parts.opening) / fill.size
            entry = {**entry, asset: entry.get(asset, ZERO) + opening}
        if asset == instrument.settle:
            return replace(position, fees=position.fees + fill.fee, entry_fees=entry)
        others = dict(position.fees_in_other)
        others[asset] = others.get(asset, ZERO) + fill.fee
    return replace(position, fees_in_other=others, entry_fees=entry)
