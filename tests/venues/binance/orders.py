"""Placing, cancelling, replacing, amending and looking up orders.

Read 2026-11: "Trading endpoints" of `rest-api.md` in
https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tests.venues.binance import errors, render
from tests.venues.binance.errors import VenueError
from tests.venues.binance.numbers import told
from tests.venues.binance.order_lists import list_state
from tests.venues.binance.order_terms import (
    check_stop,
    make_order,
    read_leg,
    response_type,
)
from tests.venues.binance.state import Call, new_client_id
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import ENDED, NewSpotOrder, OrderRecord, Refusal

REFUSALS: Final = {
    "balance": "Account has insufficient balance for requested action.",
    "would_take": "Order would immediately match and take.",
    "no_liquidity": "Order book liquidity is less than symbol minimum quantity.",
}


def order_place(call: Call) -> Any:
    market = call.market()
    leg = read_leg(call.params)
    kind = response_type(call.params, leg.type)
    call.params.finish()
    note_submit(call, leg.client_id)
    new = make_order(call, market, leg)
    call.spend_orders()
    return render.placed(submit(call, market, new), kind, call.t)


def order_test(call: Call) -> Any:
    market = call.market()
    leg = read_leg(call.params)
    response_type(call.params, leg.type)
    tells_rates = call.params.flag("computeCommissionRates", False)
    call.params.finish()
    make_order(call, market, leg)
    return commission_rates(market) if tells_rates else {}


def note_submit(call: Call, client_id: str | None) -> None:
    """Count what was sent under a client id, whatever comes of it."""
    if client_id:
        submits = call.account.submits
        submits[client_id] = submits.get(client_id, 0) + 1


def submit(call: Call, market: SpotMarket, new: NewSpotOrder) -> OrderRecord:
    """Raises `VenueError` -2010."""
    account = call.account
    if any(order.client_id == new.client_id for order in account.open_orders()):
        raise errors.order_rejected("Duplicate order sent.")
    check_stop(new, market)
    try:
        record = call.state.exchange.submit(account, new)
    except Refusal as refusal:
        raise rejection(refusal) from None
    fill = call.state.faults.fill
    if fill and record.is_open and not record.waits_for_stop:
        size = record.left if fill == "all" else min(record.left, Decimal(fill))
        call.state.exchange.fill(record, size)
    return record


def rejection(refusal: Refusal) -> VenueError:
    """In the venue's words."""
    if refusal.kind == "off_grid":
        is_price = str(refusal).startswith("price")
        return errors.filter_failure("PRICE_FILTER" if is_price else "LOT_SIZE")
    return errors.order_rejected(REFUSALS.get(refusal.kind, str(refusal)))


def commission_rates(market: SpotMarket) -> dict[str, Any]:
    instrument = market.instrument
    zero = {"maker": "0.00000000", "taker": "0.00000000"}
    rates = {
        "maker": told(instrument.maker_fee),
        "taker": told(instrument.taker_fee),
    }
    return {
        "standardCommissionForOrder": rates,
        "specialCommissionForOrder": zero,
        "taxCommissionForOrder": zero,
        "discount": {
            "enabledForAccount": True,
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    }


# -- looking up --------------------------------------------------------------------------------


def find_order(
    call: Call, market: SpotMarket, id_name: str = "orderId", client_name: str = "origClientOrderId"
) -> OrderRecord | None:
    """The order that is named, of whatever state; both names must mean it.

    Raises `VenueError` -1102 where none is named, -2039 where the names mean two.
    """
    order_id, client_id = call.params.number(id_name), call.params.text(client_name)
    if order_id is None and client_id is None:
        raise errors.missing_either(client_name, id_name)
    account = call.account
    if order_id is None:
        return account.by_client_id(client_id or "", market.symbol)
    found = account.orders.get(order_id)
    if found is None or found.symbol != market.symbol:
        return None
    if client_id not in (None, found.client_id):
        raise VenueError(-2039, "Client order ID is not correct for this order ID.")
    return found


def order_status(call: Call) -> Any:
    market = call.market()
    record = find_order(call, market)
    if record is None or call.state.faults.deny_knowing:
        raise errors.no_such_order()
    return render.order_state(record, call.t)


def open_orders_status(call: Call) -> Any:
    symbol = call.params.symbol()
    if symbol is not None:
        call.state.market(symbol)
    if call.state.faults.deny_knowing:
        return []
    found = call.account.open_orders(symbol)
    return [render.order_state(order, call.t) for order in found if order.status != "pending"]


# -- cancelling --------------------------------------------------------------------------------


def order_cancel(call: Call) -> Any:
    market = call.market()
    record = find_order(call, market)
    request_id = call.params.client_id("newClientOrderId") or new_client_id()
    restriction = cancel_restriction(call)
    call.params.finish()
    return cancel(call, record, request_id, restriction)


def cancel_restriction(call: Call) -> str | None:
    text = "Data sent for parameter 'cancelRestrictions' is not valid."
    bad = VenueError(-1145, text)
    return call.params.choice("cancelRestrictions", ("ONLY_NEW", "ONLY_PARTIALLY_FILLED"), bad)


def cancel(
    call: Call, record: OrderRecord | None, request_id: str, restriction: str | None = None
) -> dict[str, Any]:
    """Raises `VenueError` -2011."""
    if record is None or record.status in ENDED:
        raise errors.cancel_rejected()
    wanted = {"ONLY_NEW": "new", "ONLY_PARTIALLY_FILLED": "partially_filled"}
    if restriction is not None and record.status != wanted[restriction]:
        raise errors.cancel_rejected("Order was not canceled due to cancel restrictions.")
    list_id = record.extra.get("list_id", -1)
    if list_id >= 0:
        return cancel_list(call, list_id, request_id)
    _cancel(call, record, request_id)
    return render.canceled(record, request_id, call.t)


def _cancel(call: Call, record: OrderRecord, request_id: str) -> None:
    exchange = call.state.exchange
    try:
        exchange.cancel(record, request_id)
    except Refusal:
        raise errors.cancel_rejected() from None
    if call.state.faults.fill_after_cancel:
        exchange.forge_fill(record, Decimal(call.state.faults.fill_after_cancel))


def cancel_list(call: Call, list_id: int, request_id: str) -> dict[str, Any]:
    """Cancel every order of a list that is open."""
    one = call.state.lists.by_id[list_id]
    ended = [order for order in one.orders if order.is_open]
    for order in ended:
        if order.is_open:  # cancelling one cancels those that are linked to it
            _cancel(call, order, request_id)
    one.pending.clear()
    call.state.lists.follow(call.state)
    return {
        **list_state(one, call.t),
        "orderReports": [render.canceled(order, request_id, call.t) for order in one.orders],
    }


def open_orders_cancel(call: Call) -> Any:
    market = call.market()
    call.params.finish()
    found = call.account.open_orders(market.symbol)
    if not found:
        raise errors.cancel_rejected()
    answers, seen = [], set()
    for order in found:
        list_id = order.extra.get("list_id", -1)
        if list_id in seen or not order.is_open:
            continue
        if list_id >= 0:
            seen.add(list_id)
        answers.append(cancel(call, order, new_client_id()))
    return answers


# -- cancel-replace, amend ---------------------------------------------------------------------


def order_cancel_replace(call: Call) -> Any:
    """Filters are asked before anything is cancelled, the matching engine after."""
    params, market = call.params, call.market()
    bad_mode = errors.bad_data("cancelReplaceMode")
    mode = params.choice("cancelReplaceMode", ("STOP_ON_FAILURE", "ALLOW_FAILURE"), bad_mode)
    mode = params.need("cancelReplaceMode", mode)
    old = find_order(call, market, "cancelOrderId", "cancelOrigClientOrderId")
    request_id = params.client_id("cancelNewClientOrderId") or new_client_id()
    restriction = cancel_restriction(call)
    bad_limit_mode = errors.bad_data("orderRateLimitExceededMode")
    params.choice("orderRateLimitExceededMode", ("DO_NOTHING", "CANCEL_ONLY"), bad_limit_mode)
    leg = read_leg(params)
    kind = response_type(params, leg.type)
    params.finish()
    note_submit(call, leg.client_id)
    new = make_order(call, market, leg)
    call.spend_orders()
    canceled, cancel_error = None, None
    try:
        canceled = cancel(call, old, request_id, restriction)
    except VenueError as error:
        cancel_error = error
    if cancel_error is not None and mode == "STOP_ON_FAILURE":
        raise _replace_failed(canceled, cancel_error, None, None)
    try:
        placed = render.placed(submit(call, market, new), kind, call.t)
    except VenueError as error:
        raise _replace_failed(canceled, cancel_error, None, error) from None
    if cancel_error is not None:
        raise _replace_failed(None, cancel_error, placed, None)
    return {
        "cancelResult": "SUCCESS",
        "newOrderResult": "SUCCESS",
        "cancelResponse": canceled,
        "newOrderResponse": placed,
    }


def _replace_failed(
    canceled: dict[str, Any] | None,
    cancel_error: VenueError | None,
    placed: dict[str, Any] | None,
    place_error: VenueError | None,
) -> VenueError:
    is_partial = canceled is not None or placed is not None
    new_result = "SUCCESS" if placed else "FAILURE" if place_error else "NOT_ATTEMPTED"
    data = {
        "cancelResult": "FAILURE" if cancel_error else "SUCCESS",
        "newOrderResult": new_result,
        "cancelResponse": cancel_error.body() if cancel_error else canceled,
        "newOrderResponse": place_error.body() if place_error else placed,
    }
    if is_partial:
        return VenueError(-2021, "Order cancel-replace partially failed.", 409, data=data)
    return VenueError(-2022, "Order cancel-replace failed.", 400, data=data)


def order_amend(call: Call) -> Any:
    """Keeps its place in the queue: only a smaller quantity can be had."""
    params, market = call.params, call.market()
    record = find_order(call, market)
    client_id = params.client_id("newClientOrderId") or new_client_id()
    size = params.need("newQty", params.decimal("newQty"))
    params.finish()
    if record is None or not record.is_open or record.status == "pending":
        raise VenueError(-2038, "Unknown order sent.")
    if size >= record.size:
        is_same = size == record.size
        raise VenueError(-2038, _NO_CHANGE if is_same else _NO_INCREASE)
    if len(record.amends) >= call.state.rules[market.symbol].max_amends:
        raise errors.filter_failure("MAX_NUM_ORDER_AMENDS")
    instrument = market.instrument
    if size < instrument.min_size or not instrument.is_on_step(size):
        raise errors.filter_failure("LOT_SIZE")
    try:
        amend = call.state.exchange.amend(record, size=size, client_id=client_id)
    except Refusal as refusal:
        text = _FILLED if refusal.kind == "size_filled" else str(refusal)
        raise VenueError(-2038, text) from None
    answer = {
        "transactTime": call.t(amend.time_ns),
        "executionId": amend.execution_id,
        "amendedOrder": render.amended(record, call.t),
    }
    list_id = record.extra.get("list_id", -1)
    if list_id >= 0:
        answer["listStatus"] = list_state(call.state.lists.by_id[list_id], call.t)
    return answer


_NO_INCREASE: Final = "Order amend (quantity increase) is not supported."
_NO_CHANGE: Final = "The requested action would change no state; rejecting."
_FILLED: Final = "The requested quantity is not above the executed quantity."
