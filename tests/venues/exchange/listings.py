"""Spot markets for test venues: any names and steps, with the character of one of the sim's."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from brokers.sim.instruments import LISTINGS, Listing
from engine.instruments import Instrument, PriceRange

_BY_FQME = {listing.fqme: listing for listing in LISTINGS}
DEFAULT_RANGE = PriceRange(
    buy_low=Decimal("0.2"), buy_high=Decimal(5), sell_low=Decimal("0.2"), sell_high=Decimal(5)
)


def spot_listing(
    symbol: str,
    base: str,
    quote: str,
    *,
    tick: str,
    step: str,
    price: float,
    like: str = "btcusdt.spot.sim",
    broker: str = "test",
    price_range: PriceRange | None = DEFAULT_RANGE,
    fees: tuple[str, str] = ("0.001", "0.001"),
    worth: float | None = None,
    pace: float = 1.0,
    **filters: Decimal | None,
) -> Listing:
    """A market at about `price`, with the pace, spread and depth of `like` in money.

    Args:
        symbol: the venue's own spelling, the key of the market everywhere.
        fees: shares that maker and taker pay.
        pace: trades in a minute, as multiples of those of `like`.
        worth: price of the base asset in the quote asset of `like`, where it is quoted in another.
        filters: fields of `Instrument`: min_size, max_size, min_notional, market_max_size, ...
    """
    model = _BY_FQME[like]
    letters = "".join(letter for letter in symbol.lower() if letter.isalnum())
    bounds = {"min_size": Decimal(step), "min_price": Decimal(tick), **filters}
    instrument = Instrument(
        fqme=f"{letters}.spot.{broker}",
        symbol=symbol,
        name=f"{base} / {quote}",
        base=base,
        quote=quote,
        price_tick=Decimal(tick),
        size_step=Decimal(step),
        maker_fee=Decimal(fees[0]),
        taker_fee=Decimal(fees[1]),
        price_range=price_range,
        average_minutes=5,
        **bounds,  # type: ignore[arg-type]
    )
    made = _scaled(model, instrument, price, price if worth is None else worth)
    return replace(made, trades_per_minute=model.trades_per_minute * pace)


def _scaled(model: Listing, instrument: Instrument, price: float, worth: float) -> Listing:
    """`model` at another price and on another grid: distances stay the same share of the price,
    sizes the same share of what trades."""
    of_price = price / model.base_price
    ticks = of_price * float(model.instrument.price_tick / instrument.price_tick)
    steps = float(model.instrument.size_step / instrument.size_step) * model.base_price / worth
    return replace(
        model,
        instrument=instrument,
        day="crypto",
        base_price=price,
        half_spread=max(0.6, model.half_spread * ticks),
        level_gap=max(1.0, model.level_gap * ticks),
        mean_size=max(1.0, model.mean_size * steps),
        depth_size=max(2.0, model.depth_size * steps),
    )
