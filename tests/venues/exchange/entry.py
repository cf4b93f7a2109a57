"""An order of an account as the matching engine takes it: in ticks and steps."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from brokers.sim.orders import BUY, SELL, NewOrder
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import NewSpotOrder, OrderRecord, Refusal

SIGN: Final = {"buy": BUY, "sell": SELL}


def asked_of(record: OrderRecord) -> NewSpotOrder:
    """The order as it was asked for, with what was amended since."""
    asked: NewSpotOrder = record.extra["asked"]
    return replace(asked, size=record.size, price=record.price, stop_price=record.stop_price)


def check_grid(record: OrderRecord, market: SpotMarket) -> None:
    instrument = market.instrument
    for price in (record.price, record.stop_price):
        if price is not None and (price <= 0 or not instrument.is_on_tick(price)):
            raise Refusal("off_grid", f"price {price}")
    for size in (record.size, record.shown):
        if size is not None and (size <= 0 or not instrument.is_on_step(size)):
            raise Refusal("off_grid", f"size {size}")


def engine_order(new: NewSpotOrder, record: OrderRecord, market: SpotMarket) -> NewOrder:
    instrument = market.instrument
    tick, step = instrument.price_tick, instrument.size_step

    def ticks(price: Decimal | None) -> int | None:
        return None if price is None else int(price / tick)

    trails = new.kind.startswith("trailing")
    return NewOrder(
        owner=record.account,
        side=SIGN[new.side],
        size=int(new.size / step),
        kind=new.kind,
        price=None if trails else ticks(new.price),
        stop_price=None if trails else ticks(new.stop_price),
        time_in_force=new.time_in_force,
        post_only=new.post_only,
        self_trade=new.self_trade,
        expires_ns=new.expires_ns,
        trail=ticks(new.trail) or 0,
        trail_ppm=new.trail_ppm,
        limit_offset=ticks(new.limit_offset) or 0,
        link=new.link,
        shown=0 if new.shown is None else int(new.shown / step),
    )
