"""What the `executions` channel says, as events of our orders.

An entry has only what its kind needs: the first of an order says all that it is, later ones name it
by the venue's id alone. So what was said of each order is kept while the connection lives. The
state of an order here is only as much as that takes; what the events come to is the router's.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from brokers.kraken.account_wire import Execution, Fee
from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names, is_ours, name_of
from brokers.kraken.wire import time_ns
from engine.log import logger
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Fill,
    Filled,
    Lost,
    Order,
    OrderEvent,
    Rejected,
    Side,
)
from engine.text import safe

_log = logger(__name__)

MOST_KEPT: Final = 20_000
"""Orders, and trades, of one connection that are remembered; the oldest are let go."""

_LIQUIDITY: Final[dict[str, Literal["maker", "taker"]]] = {"m": "maker", "t": "taker"}
_LIMITED: Final = ("limit", "iceberg", "stop-loss-limit", "take-profit-limit")
"""Types whose `limit_price` is a price; that of a trailing one follows the market."""


@dataclass
class _Seen:
    """What is known of one order."""

    venue_id: str
    name: str = ""
    """Its client order id."""
    symbol: str = ""
    side: str = ""
    order_type: str = ""
    size: Decimal | None = None
    price: Decimal | None = None
    post_only: bool = False
    is_told: bool = False
    """It was said to be accepted."""
    has_traded: bool = False


class Reports:
    """One connection's executions. No waiting, and nothing is sent."""

    def __init__(self, account: str, names: Names, markets: Markets) -> None:
        self._account = account
        self._names = names
        self._markets = markets
        self._seen: dict[str, _Seen] = {}
        """By the venue's id."""
        self._asked: dict[str, Order] = {}
        """By client order id, orders that were sent and of which the venue has not spoken yet."""
        self._fills: dict[str, Fill] = {}
        """By trade id."""
        self.held_back = 0
        """Entries of orders that are ours by their name, and of which nothing else is known yet."""

    def begin(self) -> None:
        """A new connection: what was said over the one before is told anew."""
        self._seen.clear()

    def expect(self, order: Order) -> None:
        """The order is about to be sent."""
        self._names.recognise([order.order_id])
        self._asked[name_of(order.order_id)] = order

    def forget(self, order: Order) -> None:
        """The venue did not take the order."""
        self._asked.pop(name_of(order.order_id), None)

    def on_placed(self, order: Order, venue_id: str, venue_ns: int) -> list[OrderEvent]:
        """The venue answered that it has the order. One that is not to take may still be refused
        when it comes to the book: that it works is said by the channel only."""
        seen = self._of(venue_id, name_of(order.order_id))
        return [] if order.post_only else self._accept(seen, venue_ns)

    def fill(self, trade_id: str) -> Fill | None:
        """A trade as the channel told it; None where it did not."""
        return self._fills.get(trade_id)

    def name_of(self, venue_id: str) -> str:
        """The client order id of an order; empty where it has none, or was not told."""
        seen = self._seen.get(venue_id)
        return "" if seen is None else seen.name

    def on_snapshot(self, entries: Iterable[Execution]) -> None:
        """What works, and the newest trades. It is kept, and not told: who logs in asks for it.

        Raises:
            ValueError: a number or a time of an entry is none.
        """
        for entry in entries:
            seen = self._take_note(entry)
            seen.is_told = True
            if _is_trade(entry):
                # One that makes no sense is not needed: fills are asked for besides.
                with suppress(ValueError):
                    self._keep(self._fill(seen, entry))

    def on_update(self, entry: Execution) -> list[OrderEvent]:
        """What an entry means for its order.

        Raises:
            ValueError: a number or a time of it is none, or a trade is not told in full.
        """
        before = self._seen.get(entry.order_id)
        size, price = (before.size, before.price) if before else (None, None)
        seen = self._take_note(entry)
        order_id = self._id_of(seen)
        if not order_id:
            self.held_back += 1
            return []
        venue_ns = _time_of(entry)
        if _is_trade(entry):
            return self._trade(seen, order_id, entry, venue_ns)
        match entry.exec_type:
            case "new":
                return self._accept(seen, venue_ns)
            case "amended":
                return [*self._accept(seen, venue_ns), self._amend(seen, order_id, venue_ns)]
            case "restated" if (size, price) != (seen.size, seen.price):
                return [*self._accept(seen, venue_ns), self._amend(seen, order_id, venue_ns)]
            case "canceled" | "expired":
                end = _end(seen, order_id, entry, venue_ns)
                seen.is_told = True  # an answer that comes after its end is no news
                return [end]
            case _:
                return []

    # -- what is known of orders ------------------------------------------------------------------

    def _of(self, venue_id: str, name: str) -> _Seen:
        seen = self._seen.get(venue_id)
        if seen is None:
            seen = self._seen[venue_id] = _Seen(venue_id)
            _trim(self._seen)
        if name and not seen.name:
            seen.name = name
            asked = self._asked.pop(name, None)
            if asked is not None:
                seen.symbol = self._markets.symbol(asked.fqme)
                seen.side, seen.size, seen.price = asked.side, asked.size, asked.price
                seen.post_only = asked.post_only
        return seen

    def _take_note(self, entry: Execution) -> _Seen:
        """Add what an entry says to what is known."""
        seen = self._of(entry.order_id, entry.cl_ord_id or "")
        seen.symbol = entry.symbol or seen.symbol
        seen.side = entry.side or seen.side
        seen.order_type = entry.order_type or seen.order_type
        seen.post_only = entry.post_only or seen.post_only
        if entry.order_qty is not None:
            seen.size = _number(entry.order_qty)
        has_price = entry.limit_price is not None and entry.limit_price_type == "static"
        if has_price and seen.order_type in (*_LIMITED, ""):
            seen.price = _number(entry.limit_price)
        return seen

    def _id_of(self, seen: _Seen) -> str:
        """The order's id here; empty where it is ours and of nothing else known."""
        if is_ours(seen.name):
            return self._names.order_id(seen.name)
        return seen.venue_id

    # -- events -----------------------------------------------------------------------------------

    def _accept(self, seen: _Seen, venue_ns: int) -> list[OrderEvent]:
        """The order works: said once."""
        order_id = self._id_of(seen)
        if seen.is_told or not order_id:
            return []
        seen.is_told = True
        return [Accepted(order_id=order_id, venue_order_id=seen.venue_id, venue_ns=venue_ns)]

    def _trade(
        self, seen: _Seen, order_id: str, entry: Execution, venue_ns: int
    ) -> list[OrderEvent]:
        fill = self._fill(seen, entry)
        if fill.trade_id in self._fills:
            return []
        self._keep(fill)
        seen.has_traded = True
        return [
            *self._accept(seen, venue_ns),
            Filled(
                order_id=order_id,
                trade_id=fill.trade_id,
                price=fill.price,
                size=fill.size,
                fee=fill.fee,
                fee_asset=fill.fee_asset,
                liquidity=fill.liquidity,
                venue_ns=fill.venue_ns,
            ),
        ]

    def _amend(self, seen: _Seen, order_id: str, venue_ns: int) -> OrderEvent:
        if seen.size is None:
            return Lost(order_id=order_id, reason="the venue amended it, and does not say to what")
        return Amended(order_id=order_id, price=seen.price, size=seen.size, venue_ns=venue_ns)

    def _fill(self, seen: _Seen, entry: Execution) -> Fill:
        if not entry.exec_id or entry.last_qty is None or entry.last_price is None:
            raise ValueError("a trade without id, size or price")
        fee, asset = self._fee(entry.fees)
        return Fill(
            order_id=self._id_of(seen) or seen.venue_id,
            account=self._account,
            fqme=self._markets.fqme(seen.symbol),
            trade_id=entry.exec_id,
            side=side_of(seen.side),
            price=_number(entry.last_price),
            size=_number(entry.last_qty),
            fee=fee,
            fee_asset=asset,
            liquidity=_LIQUIDITY.get(entry.liquidity_ind, ""),
            venue_ns=_time_of(entry),
        )

    def _fee(self, fees: Iterable[Fee]) -> tuple[Decimal, str]:
        """What was paid, and in what."""
        paid: dict[str, Decimal] = {}
        for fee in fees:
            asset = self._markets.asset(fee.asset)
            paid[asset] = paid.get(asset, Decimal(0)) + _number(fee.qty)
        named = {asset: amount for asset, amount in paid.items() if amount}
        if len(named) > 1:
            _log.error("fees of one trade in several assets: %s", safe(named, 200))
        asset = next(iter(named), "")
        return named.get(asset, Decimal(0)), asset

    def _keep(self, fill: Fill) -> None:
        self._fills[fill.trade_id] = fill
        _trim(self._fills)


def _is_trade(entry: Execution) -> bool:
    """`filled` follows the trade that filled the order, and has no id of its own."""
    return entry.exec_type == "trade" or (entry.exec_type == "filled" and bool(entry.exec_id))


def _end(seen: _Seen, order_id: str, entry: Execution, venue_ns: int) -> OrderEvent:
    reason = safe(entry.reason or entry.cancel_reason or "", 200)
    if entry.exec_type == "expired":
        return Expired(order_id=order_id, reason=reason, venue_ns=venue_ns)
    if is_post_only_refusal(reason) and not (seen.is_told or seen.has_traded):
        return Rejected(order_id=order_id, reason=reason, venue_ns=venue_ns)
    return Canceled(order_id=order_id, reason=reason, venue_ns=venue_ns)


def is_post_only_refusal(reason: str) -> bool:
    """The venue ended the order because it would have taken."""
    return "post only" in reason.lower().replace("-", " ").replace("_", " ")


def side_of(text: str) -> Side:
    """Raises `ValueError`."""
    if text == "buy":
        return "buy"
    if text == "sell":
        return "sell"
    raise ValueError("neither buy nor sell")


def _number(value: Decimal | None) -> Decimal:
    if value is None or not value.is_finite():
        raise ValueError("not a number")
    return value


def _time_of(entry: Execution) -> int:
    return time_ns(entry.timestamp) if entry.timestamp else 0


def _trim(kept: dict[str, _Seen] | dict[str, Fill]) -> None:
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
