"""Requests about order lists: OCO, OTO, OTOCO, and the older OCO.

Read 2026-11: "Order lists" of `rest-api.md` in https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from tests.venues.binance import errors, render
from tests.venues.binance.errors import VenueError
from tests.venues.binance.order_lists import ListChange, OrderList, list_state
from tests.venues.binance.order_terms import (
    Leg,
    Names,
    ResponseType,
    check_stop,
    make_order,
    read_leg,
    response_type,
)
from tests.venues.binance.orders import cancel_list, note_submit, rejection
from tests.venues.binance.state import Call, new_client_id
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import NewSpotOrder, OrderRecord, Refusal

_OCO_TYPES: Final = frozenset(
    {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER"}
)


def _names(prefix: str, *, side: str = "side", size: str = "quantity") -> Names:
    """Parameters that all begin with the name of their leg."""
    return Names(
        type=f"{prefix}Type",
        side=side,
        size=size,
        quote_size="",
        price=f"{prefix}Price",
        stop_price=f"{prefix}StopPrice",
        trailing_delta=f"{prefix}TrailingDelta",
        tif=f"{prefix}TimeInForce",
        shown=f"{prefix}IcebergQty",
        client_id=f"{prefix}ClientOrderId",
        strategy_id=f"{prefix}StrategyId",
        strategy_type=f"{prefix}StrategyType",
    )


_ABOVE, _BELOW = _names("above"), _names("below")
_WORKING = replace(
    _names("working", side="workingSide", size="workingQuantity"),
    stop_price="",
    trailing_delta="",
)
_PENDING = _names("pending", side="pendingSide", size="pendingQuantity")
_PENDING_ABOVE = _names("pendingAbove", side="pendingSide", size="pendingQuantity")
_PENDING_BELOW = _names("pendingBelow", side="pendingSide", size="pendingQuantity")
_OLD_LIMIT = Names(
    type="",
    quote_size="",
    price="price",
    stop_price="",
    trailing_delta="",
    tif="",
    shown="limitIcebergQty",
    client_id="limitClientOrderId",
    strategy_id="limitStrategyId",
    strategy_type="limitStrategyType",
)
_OLD_STOP = Names(
    type="",
    quote_size="",
    price="stopLimitPrice",
    stop_price="stopPrice",
    trailing_delta="trailingDelta",
    tif="stopLimitTimeInForce",
    shown="stopIcebergQty",
    client_id="stopClientOrderId",
    strategy_id="stopStrategyId",
    strategy_type="stopStrategyType",
)


def place_oco(call: Call) -> Any:
    market = call.market()
    list_client_id = call.params.client_id("listClientOrderId") or new_client_id()
    above, below = read_leg(call.params, _ABOVE), read_leg(call.params, _BELOW)
    kind = response_type(call.params, "LIST")
    call.params.finish()
    _check_oco(above, below, market)
    return _place_pair(call, market, list_client_id, above, below, kind)


def place_old_oco(call: Call) -> Any:
    """`price` of a limit maker, `stopPrice` of a stop, with or without a limit."""
    market, params = call.market(), call.params
    list_client_id = params.client_id("listClientOrderId") or new_client_id()
    limit = read_leg(params, _OLD_LIMIT, fixed_type="LIMIT_MAKER")
    has_limit = params.has("stopLimitPrice")
    stop_type = "STOP_LOSS_LIMIT" if has_limit else "STOP_LOSS"
    stop = read_leg(params, _OLD_STOP, fixed_type=stop_type)
    kind = response_type(params, "LIST")
    params.finish()
    above, below = (stop, limit) if limit.side == "BUY" else (limit, stop)
    _check_oco(above, below, market)
    return _place_pair(call, market, list_client_id, above, below, kind)


def _check_oco(above: Leg, below: Leg, market: SpotMarket) -> None:
    """Raises `VenueError` for legs that do not go together."""
    for leg in (above, below):
        if leg.type not in _OCO_TYPES:
            raise VenueError(-1158, "Order type not supported in OCO.")
    if above.type == below.type == "LIMIT_MAKER":
        raise VenueError(-1168, "At least one OCO order must be contingent.")
    is_buy = above.side == "BUY"
    _check_places(above, below, is_buy)
    top, bottom = _mark(above), _mark(below)
    if top is not None and bottom is not None and not bottom < market.last_price < top:
        raise errors.order_rejected("The relationship of the prices for the orders is not correct.")


def _check_places(above: Leg, below: Leg, is_buy: bool) -> None:
    wrong = above if is_buy else below
    if wrong.type == "LIMIT_MAKER":
        if is_buy:
            raise VenueError(-1165, "A limit order in a buy OCO must be below.")
        raise VenueError(-1166, "A limit order in a sell OCO must be above.")
    if wrong.type.startswith("TAKE_PROFIT"):
        if is_buy:
            raise VenueError(-1198, "A take profit order in a buy OCO must be below.")
        raise VenueError(-1199, "A take profit order in a sell OCO must be above.")
    right = below if is_buy else above
    if right.type.startswith("STOP_LOSS"):
        if is_buy:
            raise VenueError(-1196, "A stop loss order in a buy OCO must be above.")
        raise VenueError(-1197, "A stop loss order in a sell OCO must be below.")


def _mark(leg: Leg) -> Any:
    """The price at which a leg begins to act."""
    return leg.price if leg.type == "LIMIT_MAKER" else leg.stop_price


def _place_pair(
    call: Call, market: SpotMarket, client_id: str, above: Leg, below: Leg, kind: ResponseType
) -> dict[str, Any]:
    one = call.state.lists.open(call.account, market.symbol, client_id, "OCO", call.now_ns)
    link = f"list {one.list_id}"
    # The stop goes first: what may trade must not do so before the other is there.
    ordered = sorted((below, above), key=lambda leg: leg.type == "LIMIT_MAKER")
    news = [make_order(call, market, leg, link=link, list_id=one.list_id) for leg in ordered]
    for new in news:
        check_stop(new, market)
    call.spend_orders(2)
    _submit_all(call, one, news)
    one.orders.sort(key=lambda order: order.kind == "limit")
    return _placed(one, one.orders, kind, call)


def _submit_all(call: Call, one: OrderList, news: list[NewSpotOrder]) -> None:
    """Place all of them or none. Raises `VenueError`."""
    open_ids = {order.client_id for order in call.account.open_orders()}
    ids = [new.client_id for new in news]
    if len(set(ids)) < len(ids) or open_ids & set(ids):
        call.state.lists.forget(one)
        raise errors.order_rejected("Duplicate order sent.")
    events, began = call.state.events, len(call.state.events)
    for new in news:
        note_submit(call, new.client_id)
        try:
            one.orders.append(call.state.exchange.submit(call.account, new))
        except Refusal as refusal:
            for order in one.orders:
                if order.is_open:
                    call.state.exchange.cancel(order)
                del call.account.orders[order.order_id]
            # Nobody hears of what was taken back: the venue takes all of them or none.
            del events[began:]
            call.state.lists.forget(one)
            raise rejection(refusal) from None
    events.insert(began, (call.account, ListChange(one, call.now_ns, False)))


# -- one triggers others -------------------------------------------------------------------------


def place_oto(call: Call) -> Any:
    market, client_id, working = _working(call)
    pending = read_leg(call.params, _PENDING)
    return _place_pending(call, market, client_id, working, [pending])


def place_otoco(call: Call) -> Any:
    market, client_id, working = _working(call)
    above, below = read_leg(call.params, _PENDING_ABOVE), read_leg(call.params, _PENDING_BELOW)
    _check_places(above, below, above.side == "BUY")
    return _place_pending(call, market, client_id, working, [below, above])


def _working(call: Call) -> tuple[SpotMarket, str, Leg]:
    market = call.market()
    client_id = call.params.client_id("listClientOrderId") or new_client_id()
    working = read_leg(call.params, _WORKING)
    if working.type not in ("LIMIT", "LIMIT_MAKER"):
        raise errors.bad_data("workingType")
    return market, client_id, working


def _place_pending(
    call: Call, market: SpotMarket, client_id: str, working: Leg, pending: list[Leg]
) -> dict[str, Any]:
    kind = response_type(call.params, "LIST")
    call.params.finish()
    one = call.state.lists.open(call.account, market.symbol, client_id, "OTO", call.now_ns)
    link = f"list {one.list_id}" if len(pending) > 1 else ""
    first = make_order(call, market, working, list_id=one.list_id)
    later = [make_order(call, market, leg, link=link, list_id=one.list_id) for leg in pending]
    call.spend_orders(1 + len(pending))
    _submit_all(call, one, [first])
    for new in later:
        note_submit(call, new.client_id)
        one.pending.append(call.state.exchange.hold(call.account, new))
    one.orders += one.pending
    return _placed(one, one.orders, kind, call)


def _placed(
    one: OrderList, orders: list[OrderRecord], kind: ResponseType, call: Call
) -> dict[str, Any]:
    return {
        **list_state(one, call.t),
        "orderReports": [render.placed(order, kind, call.t) for order in orders],
    }


# -- looking up, cancelling ------------------------------------------------------------------------


def _find(call: Call, client_name: str) -> OrderList | None:
    list_id, client_id = call.params.number("orderListId"), call.params.text(client_name)
    if list_id is None and client_id is None:
        raise errors.missing_either("orderListId", client_name)
    return call.state.lists.find(call.account, list_id, client_id or "")


def list_status(call: Call) -> Any:
    one = _find(call, "origClientOrderId")
    if one is None or call.state.faults.deny_knowing:
        raise VenueError(-2018, "Order list does not exist.")
    return list_state(one, call.t)


def list_cancel(call: Call) -> Any:
    market = call.market()
    one = _find(call, "listClientOrderId")
    request_id = call.params.client_id("newClientOrderId") or new_client_id()
    call.params.finish()
    if one is None or not one.is_open or one.symbol != market.symbol:
        raise errors.cancel_rejected()
    return cancel_list(call, one.list_id, request_id)


def open_lists(call: Call) -> Any:
    if call.state.faults.deny_knowing:
        return []
    return [list_state(one, call.t) for one in call.state.lists.of(call.account) if one.is_open]


def all_lists(call: Call) -> Any:
    from_id, limit = call.params.number("fromId"), call.params.limit(500, 1000)
    start_ns, end_ns = call.time_param("startTime"), call.time_param("endTime")
    found = [
        one
        for one in call.state.lists.of(call.account)
        if (from_id is None or one.list_id >= from_id)
        and (start_ns is None or one.created_ns >= start_ns)
        and (end_ns is None or one.created_ns <= end_ns)
    ]
    return [list_state(one, call.t) for one in found[:limit]]
