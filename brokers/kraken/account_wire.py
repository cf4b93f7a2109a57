"""Kraken spot, private side: messages of WebSocket v2 and answers of REST, and their units.

WebSocket: https://docs.kraken.com/api/docs/websocket-v2/executions, .../balances, .../add_order,
.../amend_order, .../cancel_order, .../cancel_after. REST:
https://docs.kraken.com/api/docs/rest-api/ (`OpenOrders`, `ClosedOrders`, `TradesHistory`,
`BalanceEx`, `GetWebSocketsToken`, `GetApiKeyInfo`). Read 2026-11.

Amounts of the socket are JSON numbers, those of REST are text; both are read as Decimal from the
text itself. Fields that an entry does not need are left out by the venue.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.clock import NANOS

# -- websocket ------------------------------------------------------------------------------------


class Envelope(msgspec.Struct):
    """Any message: enough of it to tell what it is."""

    channel: str = ""
    type: str = ""
    """`snapshot` or `update`."""
    sequence: int = 0
    """Counts up by one in each subscription."""
    data: msgspec.Raw = msgspec.Raw(b"")
    method: str = ""
    """Of an answer to a request."""
    req_id: int = 0
    success: bool = False
    error: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"")
    time_in: str = ""
    """When the venue read the request."""


class Fee(msgspec.Struct):
    asset: str
    qty: Decimal


class Triggers(msgspec.Struct):
    """What a stop waits for."""

    price: Decimal | None = None
    price_type: str = "static"
    reference: str = "last"
    status: str = ""


class Execution(msgspec.Struct):
    """One entry of the `executions` channel."""

    exec_type: str
    """`pending_new`, `new`, `trade`, `filled`, `canceled`, `expired`, `amended` (by its owner),
    `restated` (by the venue), `status`, `iceberg_refill`."""
    order_id: str
    cl_ord_id: str | None = None
    symbol: str = ""
    side: str = ""
    order_type: str = ""
    order_status: str = ""
    order_qty: Decimal | None = None
    cum_qty: Decimal | None = None
    limit_price: Decimal | None = None
    limit_price_type: str = "static"
    triggers: Triggers | None = None
    post_only: bool = False
    time_in_force: str = ""
    exec_id: str | None = None
    """Of a trade; the id that it has in `TradesHistory` too."""
    last_qty: Decimal | None = None
    last_price: Decimal | None = None
    liquidity_ind: str = ""
    """`m` maker, `t` taker."""
    fees: list[Fee] = []
    reason: str | None = None
    cancel_reason: str | None = None
    """The same, of old."""
    timestamp: str = ""


class Balance(msgspec.Struct):
    """One entry of the `balances` channel, of a snapshot or after a change."""

    asset: str
    balance: Decimal
    """All that is held, over all wallets."""


class Subscribed(msgspec.Struct):
    """Result of `subscribe`."""

    channel: str = ""
    maxratecount: float = 0.0
    """Where the counter of a pair is full: tells the tier of the account."""


class Placed(msgspec.Struct):
    """Result of `add_order`."""

    order_id: str = ""


class Armed(msgspec.Struct, rename="camel"):
    """Result of `cancel_all_orders_after`."""

    current_time: str = ""
    trigger_time: str = ""
    """When the venue cancels everything; `0` or nothing where it was switched off."""


# -- REST -----------------------------------------------------------------------------------------


class Answer(msgspec.Struct):
    """Any answer."""

    error: list[str] = []
    result: msgspec.Raw = msgspec.Raw(b"null")


class Description(msgspec.Struct):
    """What an order is, in words."""

    pair: str
    """Without a slash: `XBTUSD`."""
    type: str
    ordertype: str
    price: str = "0"
    """Limit price of limit orders; of others what triggers them, `+5.0000%` of trailing ones."""
    price2: str = "0"
    """Limit price of those that wait for a trigger."""


class VenueOrder(msgspec.Struct):
    """An order in `OpenOrders` or `ClosedOrders`, by its id."""

    status: str
    """`pending`, `open`, `closed` (filled), `canceled`, `expired`."""
    descr: Description
    vol: Decimal
    vol_exec: Decimal
    opentm: Decimal = Decimal(0)
    expiretm: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    """Average of its trades."""
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    oflags: str = ""
    reason: str | None = None
    cl_ord_id: str | None = None


class OpenOrders(msgspec.Struct):
    open: dict[str, VenueOrder] = {}


class ClosedOrders(msgspec.Struct):
    closed: dict[str, VenueOrder] = {}


class VenueTrade(msgspec.Struct):
    """A trade in `TradesHistory`, by its id."""

    ordertxid: str
    pair: str
    """`XXBTZUSD`, or `XBTUSD` where there is no long form."""
    time: Decimal
    type: str
    price: Decimal
    vol: Decimal
    fee: Decimal
    """In quote."""
    maker: bool | None = None


class TradesHistory(msgspec.Struct):
    """A page of 50, newest first."""

    trades: dict[str, VenueTrade] = {}
    count: int = 0
    """Of all pages."""


class ExtendedBalance(msgspec.Struct):
    """An asset in `BalanceEx`."""

    balance: Decimal
    hold_trade: Decimal = Decimal(0)


class Token(msgspec.Struct):
    """Of `GetWebSocketsToken`: lets a socket in for 15 minutes, and then as long as it is open."""

    token: str
    expires: int = 900

    def __repr__(self) -> str:
        return "Token(***)"


class KeyInfo(msgspec.Struct):
    """Of `GetApiKeyInfo`; other fields are written in two ways by the venue's pages."""

    permissions: list[str] = []


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_executions = msgspec.json.Decoder(list[Execution]).decode
decode_balances = msgspec.json.Decoder(list[Balance]).decode
decode_subscribed = msgspec.json.Decoder(Subscribed).decode
decode_placed = msgspec.json.Decoder(Placed).decode
decode_armed = msgspec.json.Decoder(Armed).decode
decode_answer = msgspec.json.Decoder(Answer).decode


decode_open_orders = msgspec.json.Decoder(OpenOrders).decode
decode_queried_orders = msgspec.json.Decoder(dict[str, VenueOrder]).decode
decode_closed_orders = msgspec.json.Decoder(ClosedOrders).decode
decode_trades = msgspec.json.Decoder(TradesHistory).decode
decode_extended_balances = msgspec.json.Decoder(dict[str, ExtendedBalance]).decode
decode_token = msgspec.json.Decoder(Token).decode
decode_key_info = msgspec.json.Decoder(KeyInfo).decode

LATEST_S = Decimal(4_102_444_800)
"""2100: no time of an order or a trade is later."""


def seconds_ns(seconds: Decimal) -> int:
    """A time of REST, seconds with decimals, in nanoseconds.

    Raises:
        ValueError: it is none.
    """
    if not seconds.is_finite() or not 0 <= seconds <= LATEST_S:
        raise ValueError("a time is out of range")
    return int(seconds * NANOS)
