"""What Kraken's REST knows of an account: open orders, one order, fills, balances.

A trade of the history names its order by the venue's id alone, and has no client order id. Whose it
is, is known from the engine's record, from what the socket said, or else is asked for
(`QueryOrders`). Questions cost: whatever one answer says of other orders is kept until the list of
open orders is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec.structs import replace

from brokers.kraken import account_wire as wire
from brokers.kraken.errors import QueryFailed
from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names, is_ours, name_of
from brokers.kraken.orders import VENUE_TYPES
from brokers.kraken.private import PrivateRest
from brokers.kraken.reports import Reports, is_post_only_refusal, side_of
from engine.clock import NANOS
from engine.errors import BrokerUnavailable
from engine.messages import Fill, Order, OrderState, OrderType
from engine.text import safe

PAGE: Final = 50
"""Results in an answer of `TradesHistory` and `ClosedOrders`, and ids in a `QueryOrders`."""

_TYPES: Final[dict[str, OrderType]] = {
    **{venue: ours for ours, venue in VENUE_TYPES.items()},
    "iceberg": "limit",
}
_STATES: Final = {
    "pending": OrderState.OPEN,
    "open": OrderState.OPEN,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELED,
    "expired": OrderState.EXPIRED,
}


class Queries:
    """One account's. Every method raises `BrokerUnavailable` where the venue cannot be asked."""

    def __init__(
        self,
        account: str,
        *,
        private: PrivateRest,
        names: Names,
        markets: Markets,
        reports: Reports,
    ) -> None:
        self._account = account
        self._private = private
        self._names = names
        self._markets = markets
        self._reports = reports
        self._ids: dict[str, str] = {}
        """Our ids of orders, by the venue's."""
        self._recorded: dict[str, Order] = {}
        """What the engine has on record of orders that may work, by our id."""
        self._queried: dict[str, wire.VenueOrder] = {}
        """Orders that were asked for by the venue's id since the open ones were."""

    def note(self, orders: Iterable[Order]) -> None:
        """What is on record, before the venue is asked."""
        self._recorded = {}
        for order in orders:
            self._names.recognise([order.order_id])
            if order.venue_order_id:
                self._ids[order.venue_order_id] = order.order_id
            if order.is_working:
                self._recorded[order.order_id] = order

    async def open_orders(self) -> list[Order]:
        """All that works now, whoever made it."""
        self._queried = {}
        answer = await self._private.ask("OpenOrders", {}, wire.decode_open_orders)
        return self._orders(answer.open)

    async def order(self, order_id: str) -> Order | None:
        """The order as the venue has it, working or done; None where it is in none of the lists
        that it would be in."""
        recorded = self._recorded.get(order_id)
        venue_id = recorded.venue_order_id if recorded is not None else ""
        if recorded is not None and recorded.is_external:
            venue_id = venue_id or order_id
        if venue_id and venue_id not in self._queried:
            await self._query([venue_id, *self._others_in_doubt(venue_id)])
        if venue_id in self._queried:
            return self._orders({venue_id: self._queried[venue_id]})[0]
        if recorded is not None and recorded.is_external:
            return None
        return await self._order_by_name(order_id)

    async def fills(self, since_ns: int) -> list[Fill]:
        """Trades at or after `since_ns`, oldest first."""
        trades = await self._trades(since_ns)
        strangers = dict.fromkeys(
            trade.ordertxid for trade in trades.values() if self._id_of(trade.ordertxid) is None
        )
        await self._query(list(strangers))
        # The newest comes first, also of trades of one moment.
        fills = [self._fill(trade_id, trade) for trade_id, trade in reversed(trades.items())]
        return sorted((fill for fill in fills if fill.venue_ns >= since_ns), key=_by_time)

    async def balances(self) -> dict[str, Decimal]:
        """Total by asset, over all wallets."""
        held = await self._private.ask("BalanceEx", {}, wire.decode_extended_balances)
        return self.totals({name: balance.balance for name, balance in held.items()})

    def totals(self, held: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Balances by the venue's names, as totals by asset."""
        totals: dict[str, Decimal] = {}
        for name, amount in held.items():
            asset = self._markets.asset(safe(name, 40))
            totals[asset] = totals.get(asset, Decimal(0)) + amount
        return totals

    # -- orders -----------------------------------------------------------------------------------

    async def _order_by_name(self, order_id: str) -> Order | None:
        """By its client order id: first among those that work, then among those that are done. The
        other way round one that ends in between would be in neither."""
        fields = {"cl_ord_id": name_of(order_id)}
        working = await self._private.ask("OpenOrders", fields, wire.decode_open_orders)
        found = self._orders(working.open)
        if not found:
            done = await self._private.ask(
                "ClosedOrders", {**fields, "without_count": "true"}, wire.decode_closed_orders
            )
            found = self._orders(done.closed)
        return next((order for order in found if order.order_id == order_id), None)

    def _others_in_doubt(self, venue_id: str) -> list[str]:
        """What will be asked for next, most likely: one question does for all of it."""
        return [
            order.venue_order_id
            for order in self._recorded.values()
            if order.state is OrderState.UNKNOWN and order.venue_order_id not in ("", venue_id)
        ]

    async def _query(self, venue_ids: Sequence[str]) -> None:
        """See that these are in `_queried`, as far as the venue has them."""
        missing = [venue_id for venue_id in venue_ids if venue_id not in self._queried]
        for start in range(0, len(missing), PAGE):
            some = missing[start : start + PAGE]
            try:
                found = await self._private.ask(
                    "QueryOrders", {"txid": ",".join(some)}, wire.decode_queried_orders
                )
            except QueryFailed as error:
                if not error.is_about("EOrder:"):
                    raise
                for one in some if len(some) > 1 else ():  # it does not know one of them
                    await self._query([one])
                continue
            for venue_id, order in found.items():
                self._queried[venue_id] = order
                self._learn(venue_id, order.cl_ord_id or "")

    def _learn(self, venue_id: str, name: str) -> str:
        """Our id of an order, whatever is known of it."""
        order_id = self._names.order_id(name) if is_ours(name) else ""
        self._ids[venue_id] = order_id or self._ids.get(venue_id, "") or venue_id
        return self._ids[venue_id]

    def _id_of(self, venue_id: str) -> str | None:
        """Our id of an order; None where it is not known whose it is."""
        known = self._ids.get(venue_id)
        if known is None and (name := self._reports.name_of(venue_id)):
            known = self._learn(venue_id, name)
        return known

    def _orders(self, orders: Mapping[str, wire.VenueOrder]) -> list[Order]:
        try:
            return [self._order(venue_id, order) for venue_id, order in orders.items()]
        except (ValueError, InvalidOperation) as error:
            raise BrokerUnavailable(
                f"orders of account {self._account} cannot be read: {safe(error, 120)}"
            ) from None

    def _order(self, venue_id: str, order: wire.VenueOrder) -> Order:
        descr, size, filled = order.descr, _number(order.vol), _number(order.vol_exec)
        fqme = self._markets.fqme(descr.pair)
        quote = self._markets.quote(fqme)
        kind = _TYPES.get(descr.ordertype)
        expires_ns = wire.seconds_ns(order.expiretm)
        opened_ns = wire.seconds_ns(order.opentm)
        reason = safe(order.reason or "", 200)
        if kind is None:
            reason = f"the venue calls it {safe(descr.ordertype, 40)}; {reason}".rstrip("; ")
        fee = _number(order.fee)
        return Order(
            order_id=self._learn(venue_id, order.cl_ord_id or ""),
            account=self._account,
            fqme=fqme,
            side=side_of(descr.type),
            order_type=kind or "market",
            size=size,
            **_prices(kind, descr),
            time_in_force="gtd" if expires_ns else "gtc",
            expires_ns=expires_ns,
            post_only="post" in order.oflags.split(","),
            state=_state(order, filled),
            filled=filled,
            average_price=_number(order.price) if filled and order.price else None,
            traded=_number(order.cost),
            fees=fee,
            fee_asset=quote if fee else "",
            venue_order_id=venue_id,
            reason=reason,
            created_ns=opened_ns,
            updated_ns=opened_ns,
        )

    # -- fills ------------------------------------------------------------------------------------

    async def _trades(self, since_ns: int) -> dict[str, wire.VenueTrade]:
        """Pages from the newest back. What trades meanwhile moves older ones to later pages: some
        come twice then, and none is passed over."""
        fields = {"consolidate_taker": "false"}  # else their ids are not those of the socket
        if since_ns > 0:
            fields["start"] = str(since_ns // NANOS - 1)  # what is said is left out itself
        trades: dict[str, wire.VenueTrade] = {}
        offset = 0
        while True:
            page = await self._private.ask(
                "TradesHistory", {**fields, "ofs": str(offset)}, wire.decode_trades
            )
            trades |= page.trades
            offset += len(page.trades)
            is_last = offset >= page.count if page.count else len(page.trades) < PAGE
            if not page.trades or is_last:
                return trades

    def _fill(self, trade_id: str, trade: wire.VenueTrade) -> Fill:
        order_id = self._id_of(trade.ordertxid) or trade.ordertxid
        told = self._reports.fill(trade_id)
        if told is not None:
            # As it was told: fees are rounded in another way there than here.
            return _of_order(told, order_id)
        fqme = self._markets.fqme(trade.pair)
        quote = self._markets.quote(fqme)
        try:
            fee = _number(trade.fee)
            return Fill(
                order_id=order_id,
                account=self._account,
                fqme=fqme,
                trade_id=trade_id,
                side=side_of(trade.type),
                price=_number(trade.price),
                size=_number(trade.vol),
                fee=fee,
                fee_asset=quote if fee else "",
                liquidity="" if trade.maker is None else "maker" if trade.maker else "taker",
                venue_ns=wire.seconds_ns(trade.time),
            )
        except (ValueError, InvalidOperation) as error:
            raise BrokerUnavailable(
                f"trades of account {self._account} cannot be read: {safe(error, 120)}"
            ) from None


def _of_order(fill: Fill, order_id: str) -> Fill:
    return fill if fill.order_id == order_id else replace(fill, order_id=order_id)


def _state(order: wire.VenueOrder, filled: Decimal) -> OrderState:
    """Raises `ValueError`."""
    state = _STATES.get(order.status)
    if state is None:
        raise ValueError(f"an order is {safe(order.status, 40)}")
    if state is OrderState.OPEN and filled:
        return OrderState.PARTIAL
    if state is OrderState.CANCELED and not filled and is_post_only_refusal(order.reason or ""):
        return OrderState.REJECTED
    return state


def _prices(kind: OrderType | None, descr: wire.Description) -> dict[str, Any]:
    """Limit, stop and trail of an order: which of the two prices is which goes by its type."""
    first, second = _price(descr.price), _price(descr.price2)
    match kind:
        case "limit":
            return {"price": first}
        case "stop" | "take_profit":
            return {"stop_price": first}
        case "stop_limit" | "take_profit_limit":
            return {"stop_price": first, "price": second}
        case "trailing_stop" | "trailing_stop_limit":
            unit = "percent" if descr.price.endswith("%") else "price"
            offset = None if second is None else abs(second)
            is_limited = kind == "trailing_stop_limit"
            return {
                "trail": None if first is None else abs(first),
                "trail_unit": unit,
                "limit_offset": (offset or Decimal(0)) if is_limited else None,
            }
    return {}


def _price(text: str) -> Decimal | None:
    """`27500.0`, `+5.0000%`, `-20`; None for 0. Raises `InvalidOperation`, `ValueError`."""
    value = _number(Decimal(text.rstrip("%").lstrip("#+") or "0"))
    return value if value else None


def _number(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("not a number")
    return value


def _by_time(fill: Fill) -> int:
    return fill.venue_ns
