"""Requests about an account: balances, trades, history, commission, and its listen keys.

Read 2026-11: "Account endpoints" of `rest-api.md` in
https://github.com/binance/binance-spot-api-docs, and the wallet pages of
https://developers.binance.com/docs/wallet.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from engine.clock import NANOS
from tests.venues.binance import errors, render
from tests.venues.binance.errors import VenueError
from tests.venues.binance.numbers import MILLISECOND, told
from tests.venues.binance.state import Call
from tests.venues.exchange.orders import Execution, OrderRecord

_DAY_NS: Final = 86_400 * NANOS
_ZERO: Final = "0.00000000"


def account_status(call: Call) -> Any:
    omits_zeros = call.params.flag("omitZeroBalances", False)
    account, key = call.account, call.key
    assert key is not None  # it is signed
    balances = [
        {"asset": asset, "free": told(held.free), "locked": told(held.locked)}
        for asset, held in sorted(account.balances.items())
        if held.total or not omits_zeros
    ]
    newest = max((order.updated_ns for order in account.orders.values()), default=call.now_ns)
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00100000",
            "taker": "0.00100000",
            "buyer": _ZERO,
            "seller": _ZERO,
        },
        "canTrade": key.can_trade,
        "canWithdraw": key.can_withdraw,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": call.t(newest),
        "accountType": "SPOT",
        "balances": balances,
        "permissions": ["SPOT"],
        "uid": 354_937_868 + sorted(call.state.exchange.accounts).index(account.name),
    }


def my_trades(call: Call) -> Any:
    market, params = call.market(), call.params
    order_id, from_id = params.number("orderId"), params.number("fromId")
    start_ns, end_ns = _span(call)
    limit = params.limit(500, 1000)
    if from_id is not None and (start_ns is not None or end_ns is not None):
        raise errors.bad_combination()
    if call.state.faults.deny_knowing:
        return []
    found = [
        one
        for one in call.account.executions
        if one.symbol == market.symbol
        and order_id in (None, one.order_id)
        and (from_id is None or one.trade_id >= from_id)
        and (start_ns is None or one.time_ns >= start_ns)
        and (end_ns is None or one.time_ns < end_ns + MILLISECOND)
    ]
    from_start = from_id is not None or start_ns is not None
    page = found[:limit] if from_start else found[-limit:]
    return [render.own_trade(one, _list_of(call, one), call.t) for one in page]


def _list_of(call: Call, execution: Execution) -> int:
    return int(call.account.orders[execution.order_id].extra.get("list_id", -1))


def _span(call: Call) -> tuple[int | None, int | None]:
    """Raises `VenueError` -1127 for more than a day."""
    start_ns, end_ns = call.time_param("startTime"), call.time_param("endTime")
    if start_ns is not None and end_ns is not None:
        if end_ns - start_ns > _DAY_NS:
            raise VenueError(-1127, "More than 24 hours between startTime and endTime.")
        if end_ns < start_ns:
            raise errors.bad_combination()
    return start_ns, end_ns


def all_orders(call: Call) -> Any:
    market = call.market()
    order_id = call.params.number("orderId")
    start_ns, end_ns = _span(call)
    limit = call.params.limit(500, 1000)
    if call.state.faults.deny_knowing:
        return []
    found = [
        order
        for order in call.account.orders.values()
        if order.symbol == market.symbol
        and (order_id is None or order.order_id >= order_id)
        and (start_ns is None or order.created_ns >= start_ns)
        and (end_ns is None or order.created_ns < end_ns + MILLISECOND)
    ]
    from_start = order_id is not None or start_ns is not None
    page: list[OrderRecord] = found[:limit] if from_start else found[-limit:]
    return [render.order_state(order, call.t) for order in page]


def order_counts(call: Call) -> Any:
    return call.state.limits.order_rows(call.account.name, call.now_ns)


def amendments(call: Call) -> Any:
    market = call.market()
    order_id = call.params.need("orderId", call.params.number("orderId"))
    from_id, limit = call.params.number("fromExecutionId"), call.params.limit(500, 1000)
    order = call.account.orders.get(order_id)
    if order is None or order.symbol != market.symbol:
        return []
    return [
        {
            "symbol": order.symbol,
            "orderId": order.order_id,
            "executionId": one.execution_id,
            "origClientOrderId": one.old_client_id,
            "newClientOrderId": one.new_client_id,
            "origQty": told(one.old_size),
            "newQty": told(one.new_size),
            "time": call.t(one.time_ns),
        }
        for one in order.amends
        if from_id is None or one.execution_id >= from_id
    ][:limit]


def commission(call: Call) -> Any:
    market = call.market()
    zero = {"maker": _ZERO, "taker": _ZERO, "buyer": _ZERO, "seller": _ZERO}
    instrument = market.instrument
    standard = {"maker": told(instrument.maker_fee), "taker": told(instrument.taker_fee)}
    return {
        "symbol": market.symbol,
        "standardCommission": {**zero, **standard},
        "specialCommission": zero,
        "taxCommission": zero,
        "discount": {
            "enabledForAccount": bool(call.account.settings.get("bnb_fees")),
            "enabledForSymbol": True,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    }


# -- listen keys -----------------------------------------------------------------------------------


def listen_key_start(call: Call) -> Any:
    account = call.account.name
    for listen_key, owner in call.state.listen_keys.items():
        if owner == account:
            return {"listenKey": listen_key}
    listen_key = secrets.token_hex(30)
    call.state.listen_keys[listen_key] = account
    return {"listenKey": listen_key}


def listen_key_ping(call: Call) -> Any:
    _listen_key(call)
    return {}


def listen_key_stop(call: Call) -> Any:
    del call.state.listen_keys[_listen_key(call)]
    return {}


def _listen_key(call: Call) -> str:
    """Raises `VenueError` -1125."""
    found = call.params.mandatory("listenKey")
    if call.state.listen_keys.get(found) != call.account.name:
        raise VenueError(-1125, "This listenKey does not exist.")
    return found


# -- wallet ----------------------------------------------------------------------------------------


def all_coins(call: Call) -> Any:
    """`/sapi/v1/capital/config/getall`: each asset with one network."""
    markets = call.state.exchange.markets.values()
    assets = {market.instrument.base for market in markets}
    assets |= {market.instrument.quote for market in markets}
    return [_coin(call, asset) for asset in sorted(assets | set(call.account.balances))]


def _coin(call: Call, asset: str) -> dict[str, Any]:
    held = call.account.balance(asset)
    network = {
        "network": asset,
        "coin": asset,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "depositDesc": "",
        "withdrawDesc": "",
        "name": asset,
        "resetAddressStatus": False,
        "withdrawFee": "0.0001",
        "withdrawMin": "0.001",
        "withdrawMax": "9999999",
        "minConfirm": 1,
        "unLockConfirm": 2,
        "sameAddress": False,
        "busy": False,
    }
    return {
        "coin": asset,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "name": asset,
        "free": told(held.free),
        "locked": told(held.locked),
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [network],
    }


def key_restrictions(call: Call) -> Any:
    """`/sapi/v1/account/apiRestrictions`: what the key may do."""
    key = call.key
    assert key is not None  # it is signed
    return {
        "ipRestrict": key.restricts_ip,
        "createTime": call.t(call.now_ns - _DAY_NS),
        "enableReading": key.can_read,
        "enableWithdrawals": key.can_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": key.can_trade,
        "enablePortfolioMarginTrading": False,
    }


def trade_fee(call: Call) -> Any:
    """`/sapi/v1/asset/tradeFee`."""
    one = call.params.symbol()
    markets = call.state.exchange.markets if one is None else {one: call.state.market(one)}
    return [
        {
            "symbol": symbol,
            "makerCommission": str(market.instrument.maker_fee),
            "takerCommission": str(market.instrument.taker_fee),
        }
        for symbol, market in markets.items()
    ]


def wallet_account(call: Call) -> Any:
    """`/sapi/v1/account/status`."""
    return {"data": "Normal"}


def system_status(call: Call) -> Any:
    return {"status": 0, "msg": "normal"}


def no_symbols(call: Call) -> Any:
    """The derivatives' `exchangeInfo`: clients that load every market ask for it."""
    return {
        "timezone": "UTC",
        "serverTime": call.t(call.now_ns),
        "rateLimits": call.state.limits.rules.listed(),
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
        "optionContracts": [],
        "optionAssets": [],
        "optionSymbols": [],
    }


def nothing(call: Call) -> Any:
    """An empty list, for what this venue has none of."""
    for name in ("timestamp", "recvWindow"):
        call.params.raw(name)
    return []
