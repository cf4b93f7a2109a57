"""Positions as a fold over fills, at average cost.

What is bought and sold at one average price; closing realises profit against it. A fill that
goes through zero closes what was held and opens the rest at its own price. All money is in
the quote asset; fees in other assets are kept by asset and never converted.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from typing import Final

from msgspec.structs import replace

from engine.instruments import Instrument
from engine.messages import Fill, Filled, Order, Position, Side

EXACT: Final = Context(prec=60)
"""Averages are rounded at 60 digits: their error never reaches a digit that is shown."""

ZERO: Final = Decimal(0)


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


def apply(position: Position, fill: Fill, instrument: Instrument) -> Position:
    """`position` after `fill`, with its fee.

    Raises:
        ValueError: the fill is of another account or market.
    """
    if (position.account, position.fqme) != (fill.account, fill.fqme):
        raise ValueError(f"fill of {fill.account} {fill.fqme} given to {position.fqme}")
    traded = _after(position, signed(fill.side, fill.size), fill.price, instrument)
    return replace(_with_fee(traded, fill, instrument), updated_ns=fill.venue_ns)


def after_fill(
    position: Position, side: Side, size: Decimal, price: Decimal, instrument: Instrument
) -> Position:
    """What `position` would be after such a fill, before fees."""
    return _after(position, signed(side, size), price, instrument)


def unrealised(position: Position, price: Decimal, instrument: Instrument) -> Decimal:
    """Profit of what is held if it were closed at `price`, in quote, before fees."""
    if position.average_price is None:
        return ZERO
    with localcontext(EXACT):
        return (price - position.average_price) * position.size * instrument.multiplier


def signed(side: Side, size: Decimal) -> Decimal:
    """What a trade adds to a position: negative for a sale."""
    return size if side == "buy" else -size


def _after(position: Position, change: Decimal, price: Decimal, instrument: Instrument) -> Position:
    held, average = position.size, position.average_price
    with localcontext(EXACT):
        size = held + change
        if average is None or held * change > 0:
            cost = (average or ZERO) * held + price * change
            return replace(position, size=size, average_price=cost / size if size else None)
        closed = min(abs(held), abs(change)).copy_sign(held)
        realised = position.realised + (price - average) * closed * instrument.multiplier
    if size == 0:
        return replace(position, size=ZERO, average_price=None, realised=realised)
    left = average if size * held > 0 else price
    return replace(position, size=size, average_price=left, realised=realised)


def _with_fee(position: Position, fill: Fill, instrument: Instrument) -> Position:
    if fill.fee == 0:
        return position
    with localcontext(EXACT):
        if fill.fee_asset == instrument.quote:
            return replace(position, fees=position.fees + fill.fee)
        others = dict(position.fees_in_other)
        others[fill.fee_asset] = others.get(fill.fee_asset, ZERO) + fill.fee
    return replace(position, fees_in_other=others)
