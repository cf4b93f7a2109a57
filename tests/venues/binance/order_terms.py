"""A new order as the venue's parameters say it, checked, and as the exchange takes it.

Read 2026-11: "New order" of `rest-api.md` in https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

from brokers.sim.orders import BUY, SELL, Kind, SelfTrade, TimeInForce
from tests.venues.binance import errors
from tests.venues.binance.errors import VenueError
from tests.venues.binance.filters import check_order, check_price
from tests.venues.binance.listings import ORDER_TYPES, SELF_TRADE_MODES
from tests.venues.binance.params import Params
from tests.venues.binance.state import BinanceState, Call, new_client_id
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import NewSpotOrder

ResponseType = Literal["ACK", "RESULT", "FULL"]

_KINDS: Final[dict[str, Kind]] = {
    "LIMIT": "limit",
    "LIMIT_MAKER": "limit",
    "MARKET": "market",
    "STOP_LOSS": "stop",
    "STOP_LOSS_LIMIT": "stop_limit",
    "TAKE_PROFIT": "take_profit",
    "TAKE_PROFIT_LIMIT": "take_profit_limit",
}
_HAVE_PRICE: Final = frozenset({"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
_HAVE_TIF: Final = _HAVE_PRICE - {"LIMIT_MAKER"}
_HAVE_STOP: Final = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
_TIFS: Final = ("GTC", "IOC", "FOK")
_PRECISION: Final = 8


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """What one order of a request says, whatever its parameters were called."""

    type: str
    side: str
    size: Decimal | None = None
    quote_size: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_delta: int | None = None
    tif: str | None = None
    shown: Decimal | None = None
    client_id: str | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    self_trade: str | None = None


class Names(msgspec.Struct, frozen=True):
    """What the parameters of one order are called in a request."""

    type: str = "type"
    side: str = "side"
    size: str = "quantity"
    quote_size: str = "quoteOrderQty"
    price: str = "price"
    stop_price: str = "stopPrice"
    trailing_delta: str = "trailingDelta"
    tif: str = "timeInForce"
    shown: str = "icebergQty"
    client_id: str = "newClientOrderId"
    strategy_id: str = "strategyId"
    strategy_type: str = "strategyType"


PLAIN: Final = Names()


def read_leg(params: Params, names: Names = PLAIN, *, fixed_type: str = "") -> Leg:
    """Raises `VenueError` for what is missing or malformed."""
    side = params.choice(names.side, ("BUY", "SELL"), VenueError(-1117, "Invalid side."))
    kind = fixed_type or params.choice(
        names.type, ORDER_TYPES, VenueError(-1116, "Invalid orderType.")
    )
    strategy_type = params.number(names.strategy_type)
    if strategy_type is not None and strategy_type < 1_000_000:
        raise VenueError(-1134, "'strategyType' must be at least 1000000.")
    bad_mode = errors.bad_data("selfTradePreventionMode")
    leg = Leg(
        type=params.need(names.type, kind),
        side=params.need(names.side, side),
        size=params.decimal(names.size),
        quote_size=params.decimal(names.quote_size) if names.quote_size else None,
        price=params.decimal(names.price),
        stop_price=params.decimal(names.stop_price) if names.stop_price else None,
        trailing_delta=params.number(names.trailing_delta) if names.trailing_delta else None,
        tif=params.choice(names.tif, _TIFS, VenueError(-1115, "Invalid timeInForce.")),
        shown=params.decimal(names.shown),
        client_id=params.client_id(names.client_id),
        strategy_id=params.number(names.strategy_id),
        strategy_type=strategy_type,
        self_trade=params.choice("selfTradePreventionMode", ("NONE", *SELF_TRADE_MODES), bad_mode),
    )
    _check_terms(leg, names)
    return leg


def _check_terms(leg: Leg, names: Names) -> None:
    """That everything is there which the type needs, and nothing else."""
    needed = [names.size] if leg.type != "MARKET" else []
    there = {
        names.size: leg.size,
        names.quote_size: leg.quote_size,
        names.price: leg.price,
        names.tif: leg.tif,
        names.stop_price: leg.stop_price,
        names.trailing_delta: leg.trailing_delta,
        names.shown: leg.shown,
    }
    if leg.type in _HAVE_TIF:
        needed.insert(0, names.tif)
    if leg.type in _HAVE_PRICE:
        needed.append(names.price)
    for name in needed:
        if there[name] is None:
            raise errors.missing(name)
    has_stop = leg.stop_price is not None or leg.trailing_delta is not None
    if leg.type in _HAVE_STOP and not has_stop:
        raise errors.missing_either(names.stop_price, names.trailing_delta)
    if leg.type == "MARKET" and (leg.size is None) == (leg.quote_size is None):
        if leg.size is None:
            raise errors.missing(names.size)
        raise errors.bad_combination()
    allowed = {*needed, *((names.stop_price, names.trailing_delta) if has_stop else ())}
    if leg.type not in _HAVE_STOP:
        allowed -= {names.stop_price, names.trailing_delta}
    if leg.type == "MARKET":
        allowed |= {names.size, names.quote_size}
    if leg.type in _HAVE_PRICE:
        allowed.add(names.shown)
    for name, value in there.items():
        if value is not None and name not in allowed:
            raise errors.not_required(name)
    if leg.shown and leg.tif not in (None, "GTC"):
        raise errors.order_rejected("Unsupported order combination")
    _check_precision(leg, names)


def _check_precision(leg: Leg, names: Names) -> None:
    amounts = (
        (names.size, leg.size),
        (names.quote_size, leg.quote_size),
        (names.price, leg.price),
        (names.stop_price, leg.stop_price),
        (names.shown, leg.shown),
    )
    for name, amount in amounts:
        if amount is not None and -int(amount.normalize().as_tuple().exponent) > _PRECISION:
            raise errors.too_precise(name)


def response_type(params: Params, kind: str) -> ResponseType:
    """What the answer is to tell; by the type of order where nothing is said.

    `kind` is `LIST` for the orders of a list, which the venue's examples tell as results.
    """
    bad = errors.bad_data("newOrderRespType")
    found = params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), bad)
    if found is None:
        found = "FULL" if kind in ("MARKET", "LIMIT") else "RESULT" if kind == "LIST" else "ACK"
    return found  # type: ignore[return-value]


def make_order(
    call: Call, market: SpotMarket, leg: Leg, *, link: str = "", list_id: int = -1
) -> NewSpotOrder:
    """The order, after all checks that need no matching engine.

    Raises:
        VenueError: -1013, -2010 for its stop.
    """
    state: BinanceState = call.state
    rules = state.rules[market.symbol]
    if rules.status != "TRADING":
        raise VenueError(-1013, "Market is closed.")
    size = leg.size
    if leg.quote_size is not None:
        size = size_for_quote(market, leg, leg.quote_size)
    assert size is not None  # the terms were checked
    mode = leg.self_trade or rules.default_self_trade
    trails = leg.trailing_delta is not None
    kind = _KINDS[leg.type]
    if trails:
        kind = _trailing(leg)
    tif = leg.tif or "GTC"
    extra = {
        "type": leg.type,
        "tif": tif,
        **({"list_id": list_id} if list_id >= 0 else {}),
        **({"quote_size": leg.quote_size} if leg.quote_size is not None else {}),
        **({"strategyId": leg.strategy_id} if leg.strategy_id is not None else {}),
        **({"strategyType": leg.strategy_type} if leg.strategy_type is not None else {}),
        **({"trailingDelta": leg.trailing_delta} if trails else {}),
    }
    new = NewSpotOrder(
        symbol=market.symbol,
        side="buy" if leg.side == "BUY" else "sell",
        kind=kind,
        size=size,
        price=leg.price,
        stop_price=leg.stop_price,
        time_in_force=_tif(tif),
        client_id=leg.client_id or new_client_id(),
        post_only=leg.type == "LIMIT_MAKER",
        self_trade=_self_trade(mode),
        trail_ppm=(leg.trailing_delta or 0) * 100,
        shown=leg.shown or None,
        link=link,
        extra=extra,
    )
    if new.shown is not None and new.shown >= new.size:
        new = msgspec.structs.replace(new, shown=None)
    check_order(new, market, rules, call.account)
    return new


def _trailing(leg: Leg) -> Kind:
    """Raises for the trailing orders that the matching engine behind this venue does not have."""
    if leg.type != "STOP_LOSS" or leg.stop_price is not None:
        raise errors.order_rejected("Trailing stop orders are not supported for this symbol.")
    return "trailing_stop"


def _tif(tif: str) -> TimeInForce:
    found: TimeInForce = "ioc" if tif == "IOC" else "fok" if tif == "FOK" else "gtc"
    return found


def _self_trade(mode: str) -> SelfTrade:
    return mode.lower()  # type: ignore[return-value]


def check_stop(new: NewSpotOrder, market: SpotMarket) -> None:
    """Raises `VenueError` -2010 for a stop that the last price has reached."""
    if new.stop_price is None or new.trail_ppm:
        return
    check_price(new.stop_price, market.instrument)
    rises = (new.side == "buy") != new.kind.startswith("take_profit")
    last = market.last_price
    if (rises and last >= new.stop_price) or (not rises and last <= new.stop_price):
        raise errors.order_rejected("Order would trigger immediately.")


def size_for_quote(market: SpotMarket, leg: Leg, quote: Decimal) -> Decimal:
    """As much as `quote` buys or brings, on the step grid.

    Raises `VenueError` -1013 where the book is empty, -2010 where it comes to nothing.
    """
    instrument, spent, size = market.instrument, Decimal(0), Decimal(0)
    for price, there in market.walk(BUY if leg.side == "BUY" else SELL):
        part = instrument.round_size(min(there, (quote - spent) / price))
        size, spent = size + part, spent + part * price
        if part < there:
            break
    if not spent:
        text = "Order book liquidity is less than symbol minimum quantity."
        raise errors.order_rejected(text)
    if size < instrument.min_size:
        raise errors.filter_failure("LOT_SIZE")
    return size
