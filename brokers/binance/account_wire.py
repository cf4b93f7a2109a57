"""Binance spot: what the venue says of orders, trades and accounts.

Read 2026-11 from https://github.com/binance/binance-spot-api-docs: `web-socket-api`, whose answers
are those of REST too, without the envelope, and `user-data-stream`, for the events.

Numbers are decimal strings, times are milliseconds UTC. A field that only some messages have is
empty where it is not there.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from brokers.binance.wire import EMPTY

ZERO = Decimal(0)


class RateLimit(msgspec.Struct):
    """How much of a limit is used, in the interval that the request fell into."""

    rate_limit_type: str = msgspec.field(name="rateLimitType")
    interval: str
    interval_num: int = msgspec.field(name="intervalNum")
    limit: int
    count: int = 0


class Envelope(msgspec.Struct):
    """A message of the WebSocket API: the answer to a request, or an event."""

    id: int | str | None = None
    status: int = 0
    result: msgspec.Raw = EMPTY
    error: msgspec.Raw = EMPTY
    rate_limits: list[RateLimit] = msgspec.field(name="rateLimits", default_factory=list)
    subscription_id: int | None = msgspec.field(name="subscriptionId", default=None)
    event: msgspec.Raw = EMPTY


class OrderReply(msgspec.Struct):
    """An order in the answer to a request: placed, canceled, amended, looked up or listed."""

    symbol: str
    order_id: int = msgspec.field(name="orderId")
    client_order_id: str = msgspec.field(name="clientOrderId")
    """Of a canceled order: the one that it has from then on."""
    order_list_id: int = msgspec.field(name="orderListId", default=-1)
    original_client_order_id: str = msgspec.field(name="origClientOrderId", default="")
    """Of a canceled order: the one that it had."""
    price: Decimal = ZERO
    size: Decimal = msgspec.field(name="origQty", default=ZERO)
    amended_size: Decimal = msgspec.field(name="qty", default=ZERO)
    """`origQty` by its name in the answer to an amend."""
    executed: Decimal = msgspec.field(name="executedQty", default=ZERO)
    executed_quote: Decimal = msgspec.field(name="cummulativeQuoteQty", default=ZERO)
    """Below zero where the venue does not know it any more."""
    prevented: Decimal = msgspec.field(name="preventedQuantity", default=ZERO)
    """Taken away by self-trade prevention."""
    status: str = ""
    time_in_force: str = msgspec.field(name="timeInForce", default="")
    type: str = ""
    side: str = ""
    stop_price: Decimal = msgspec.field(name="stopPrice", default=ZERO)
    shown: Decimal = msgspec.field(name="icebergQty", default=ZERO)
    trailing_delta: int = msgspec.field(name="trailingDelta", default=0)
    """Hundredths of a percent."""
    strategy_id: int = msgspec.field(name="strategyId", default=-1)
    strategy_type: int = msgspec.field(name="strategyType", default=-1)
    time: int = 0
    """When it was made."""
    update_time: int = msgspec.field(name="updateTime", default=0)
    transact_time: int = msgspec.field(name="transactTime", default=0)
    fills: list[FillReply] = []

    @property
    def whole_size(self) -> Decimal:
        """What may trade in all, as far as this venue order goes."""
        return (self.size or self.amended_size) - self.prevented


class FillReply(msgspec.Struct):
    """A trade in the answer to a placement (`newOrderRespType=FULL`)."""

    price: Decimal
    size: Decimal = msgspec.field(name="qty")
    fee: Decimal = msgspec.field(name="commission", default=ZERO)
    fee_asset: str = msgspec.field(name="commissionAsset", default="")
    trade_id: int = msgspec.field(name="tradeId", default=-1)


class AmendReply(msgspec.Struct):
    """`order.amend.keepPriority`."""

    transact_time: int = msgspec.field(name="transactTime")
    amended_order: OrderReply = msgspec.field(name="amendedOrder")


class CanceledReply(msgspec.Struct):
    """`order.cancel`: of an order, or of the whole list that it belongs to."""

    order_id: int = msgspec.field(name="orderId", default=-1)
    reports: list[OrderReply] = msgspec.field(name="orderReports", default_factory=list)


class ListReply(msgspec.Struct):
    """`orderList.place.oco`."""

    order_list_id: int = msgspec.field(name="orderListId")
    transaction_time: int = msgspec.field(name="transactionTime", default=0)
    reports: list[OrderReply] = msgspec.field(name="orderReports", default_factory=list)


class ReplaceReply(msgspec.Struct):
    """`order.cancelReplace`, or the `data` of its errors. Each part is an order, an error of the
    venue, or null."""

    cancel_result: str = msgspec.field(name="cancelResult", default="")
    new_result: str = msgspec.field(name="newOrderResult", default="")
    canceled: msgspec.Raw = msgspec.field(name="cancelResponse", default=EMPTY)
    placed: msgspec.Raw = msgspec.field(name="newOrderResponse", default=EMPTY)


class TradeReply(msgspec.Struct):
    """One of `myTrades`."""

    symbol: str
    trade_id: int = msgspec.field(name="id")
    order_id: int = msgspec.field(name="orderId")
    price: Decimal
    size: Decimal = msgspec.field(name="qty")
    fee: Decimal = msgspec.field(name="commission", default=ZERO)
    fee_asset: str = msgspec.field(name="commissionAsset", default="")
    time: int = 0
    is_buyer: bool = msgspec.field(name="isBuyer", default=False)
    is_maker: bool = msgspec.field(name="isMaker", default=False)


class AggregateReply(msgspec.Struct):
    """One of `trades.aggregate`: of it only what tells trade ids by time."""

    first_id: int = msgspec.field(name="f")


class BalanceReply(msgspec.Struct):
    asset: str
    free: Decimal
    locked: Decimal


class AccountReply(msgspec.Struct):
    """`account.status`."""

    balances: list[BalanceReply]
    can_trade: bool = msgspec.field(name="canTrade", default=True)


class KeyRights(msgspec.Struct):
    """`GET /sapi/v1/account/apiRestrictions`, which only the live venue has."""

    can_withdraw: bool = msgspec.field(name="enableWithdrawals", default=False)
    can_trade: bool = msgspec.field(name="enableSpotAndMarginTrading", default=True)
    is_bound_to_addresses: bool = msgspec.field(name="ipRestrict", default=False)


class ServerTime(msgspec.Struct):
    """`time`."""

    server_time: int = msgspec.field(name="serverTime")


class EventName(msgspec.Struct):
    event: str = msgspec.field(name="e", default="")


class ExecutionReport(msgspec.Struct):
    """`executionReport`: something became of an order."""

    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    """Of a canceled order: the one that it has from then on."""
    order_id: int = msgspec.field(name="i")
    execution: str = msgspec.field(name="x")
    """What happened."""
    status: str = msgspec.field(name="X")
    """What the order is after it."""
    side: str = msgspec.field(name="S", default="")
    type: str = msgspec.field(name="o", default="")
    original_client_order_id: str | None = msgspec.field(name="C", default="")
    """Of a canceled order: the one that it had."""
    price: Decimal = msgspec.field(name="p", default=ZERO)
    size: Decimal = msgspec.field(name="q", default=ZERO)
    executed: Decimal = msgspec.field(name="z", default=ZERO)
    """Of this venue order, this execution included."""
    last_price: Decimal = msgspec.field(name="L", default=ZERO)
    last_size: Decimal = msgspec.field(name="l", default=ZERO)
    fee: Decimal | None = msgspec.field(name="n", default=None)
    fee_asset: str | None = msgspec.field(name="N", default=None)
    trade_id: int = msgspec.field(name="t", default=-1)
    is_maker: bool = msgspec.field(name="m", default=False)
    time: int = msgspec.field(name="T", default=0)
    order_list_id: int = msgspec.field(name="g", default=-1)
    reject_reason: str | None = msgspec.field(name="r", default="")
    prevented: Decimal = msgspec.field(name="A", default=ZERO)
    """Taken away by self-trade prevention, in all."""
    strategy_id: int = msgspec.field(name="j", default=-1)
    strategy_type: int = msgspec.field(name="J", default=-1)


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_order = msgspec.json.Decoder(OrderReply).decode
decode_orders = msgspec.json.Decoder(list[OrderReply]).decode
decode_amend = msgspec.json.Decoder(AmendReply).decode
decode_list = msgspec.json.Decoder(ListReply).decode
decode_replaced = msgspec.json.Decoder(ReplaceReply).decode
decode_trades = msgspec.json.Decoder(list[TradeReply]).decode
decode_aggregates = msgspec.json.Decoder(list[AggregateReply]).decode
decode_account = msgspec.json.Decoder(AccountReply).decode
decode_rights = msgspec.json.Decoder(KeyRights).decode
decode_time = msgspec.json.Decoder(ServerTime).decode
decode_event_name = msgspec.json.Decoder(EventName).decode
decode_execution = msgspec.json.Decoder(ExecutionReport).decode

_decode_canceled = msgspec.json.Decoder(CanceledReply).decode


def decode_canceled(body: bytes) -> list[OrderReply]:
    """The answer to a cancel: of one order, or of every order of its list."""
    return _decode_canceled(body).reports or [decode_order(body)]
