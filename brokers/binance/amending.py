"""Other terms for orders that work.

The venue takes size away from an order in place (`order.amend.keepPriority`); any other change is
an order that replaces it, under the same client order id.

* One without fills is replaced in one request, which the venue gives up where a fill came first
  (`cancelRestrictions=ONLY_NEW`): the new order has the whole size, and no more than that can
  trade.
* One with fills is canceled first. The answer says what it had traded to the last; the rest, and no
  more, is then placed. In between there is no order. Where the venue refuses the second one, or it
  cannot be sent, the order has ended: as canceled, with the reason.

`order.cancelReplace` of `web-socket-api` and `faqs/order_amend_keep_priority` in
https://github.com/binance/binance-spot-api-docs (read 2026-11). "This cancel-replace operation is
not transactional."
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from brokers.binance import account_wire as wire
from brokers.binance.account_caller import AccountCaller, Refused
from brokers.binance.account_history import AccountHistory
from brokers.binance.account_requests import AMEND, CANCEL, PLACE, REPLACE
from brokers.binance.client_ids import known_client_id, marked
from brokers.binance.errors import AMEND_REJECTED, REPLACED_PARTLY, Refusal, read_refusal
from brokers.binance.order_table import OrderTable, Tracked
from brokers.binance.orders import REPLACES, number, place
from brokers.binance.signing import Value
from engine.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from engine.messages import Amended, Order, OrderEvent

RESTRICTED: Final = "cancel restrictions"
"""In the venue's words for an order that was not canceled because it had traded."""
UNSUPPORTED: Final = "not supported"


class Amending:
    """Of one account."""

    def __init__(
        self,
        caller: AccountCaller,
        table: OrderTable,
        history: AccountHistory,
        say: Callable[[Iterable[OrderEvent]], None],
    ) -> None:
        self._caller = caller
        self._table = table
        self._history = history
        self._say = say

    async def amend(self, order: Order, symbol: str, price: Decimal | None, size: Decimal) -> None:
        """See `engine.broker.TradingClient.amend`."""
        tracked = await self._tracked(order, symbol)
        price = tracked.price if price is None else price
        if (price, size) == (tracked.price, tracked.size):
            self._say([Amended(order_id=order.order_id, price=price, size=size)])
            return
        if price == tracked.price and size < tracked.size and await self._shrink(tracked, size):
            return
        self._check(order, tracked)
        wanted = replace(order, price=price, size=size)
        if tracked.executed == 0 and await self._replace(tracked, wanted):
            return
        await self._cancel_and_place(tracked, wanted)

    async def _tracked(self, order: Order, symbol: str) -> Tracked:
        tracked = self._table.get(order.order_id)
        if tracked is None or not tracked.current:
            venue_id = int(order.venue_order_id) if order.venue_order_id.isdecimal() else 0
            try:
                await self._history.order(order.order_id, symbol, venue_id)
            except BrokerUnavailable as error:
                raise OrderRejected(f"nothing was sent: {error}", hint=error.hint) from None
            tracked = self._table.get(order.order_id)
        if tracked is None or not tracked.current or tracked.is_done:
            raise OrderRejected("nothing was sent: the venue has no such order that works")
        return tracked

    def _check(self, order: Order, tracked: Tracked) -> None:
        """That the order can be replaced by another one."""
        if order.trail is not None:
            raise OrderRejected("nothing was sent: an order that trails would begin anew")
        if tracked.list_id >= 0 and self._has_partner(tracked):
            raise OrderRejected(
                "nothing was sent: the venue cancels all of an order list with one order of it"
            )
        if not marked(order.order_id, "r"):
            raise OrderRejected("nothing was sent: the id of the order leaves no room for its end")

    def _has_partner(self, tracked: Tracked) -> bool:
        return any(
            other is not tracked and other.list_id == tracked.list_id
            for other in self._table.working()
            if other.symbol == tracked.symbol
        )

    # -- in place ----------------------------------------------------------------------------------

    async def _shrink(self, tracked: Tracked, size: Decimal) -> bool:
        """Take size away. False where the venue does not do that for this order."""
        params: dict[str, Value] = {
            "symbol": tracked.symbol,
            "orderId": tracked.current,
            "newClientOrderId": known_client_id(tracked.order_id),
            "newQty": number(size - tracked.before),
        }
        try:
            reply = await self._caller.try_ask(AMEND, params, wire.decode_amend)
        except Refused as refused:
            if _cannot_shrink(refused.refusal):
                return False
            raise refused.refusal.error(mutates=True) from None
        self._say(self._table.amended(reply.amended_order, reply.transact_time))
        return True

    # -- by another order --------------------------------------------------------------------------

    def _params(self, tracked: Tracked, wanted: Order, size: Decimal) -> dict[str, Value]:
        """Parameters of the order that goes on with `tracked`."""
        client = known_client_id(wanted.order_id)
        params = place(wanted, tracked.symbol, client, size)
        if before := tracked.with_fills:
            params |= {"strategyId": before, "strategyType": REPLACES}
        return params

    async def _replace(self, tracked: Tracked, wanted: Order) -> bool:
        """Replace an order that has not traded. False where it has by now."""
        params = self._params(tracked, wanted, wanted.size) | {
            "cancelReplaceMode": "STOP_ON_FAILURE",
            "cancelRestrictions": "ONLY_NEW",
            "cancelOrderId": tracked.current,
            "cancelNewClientOrderId": marked(wanted.order_id, "r"),
        }
        try:
            reply = await self._caller.try_ask(REPLACE, params, wire.decode_replaced)
        except Refused as refused:
            return self._not_replaced(tracked, refused.refusal)
        self._table.canceled(_order(reply.canceled))
        self._say(self._table.placed(wanted.order_id, _order(reply.placed)))
        return True

    def _not_replaced(self, tracked: Tracked, refusal: Refusal) -> bool:
        """What a refusal of `cancelReplace` left."""
        try:
            reply = wire.decode_replaced(refusal.data) if refusal.data else wire.ReplaceReply()
        except msgspec.MsgspecError:
            raise OutcomeUnknown(f"the venue's answer cannot be read: {refusal.reason}") from None
        if refusal.code == REPLACED_PARTLY and reply.cancel_result == "SUCCESS":
            self._table.canceled(_order(reply.canceled))
            why = read_refusal(refusal.status, reply.placed)
            self._say(self._table.not_replaced(tracked.order_id, why.reason))
            return True
        if refusal.code == REPLACED_PARTLY:
            raise OutcomeUnknown(f"the old order may work, and the new one: {refusal.reason}")
        why = read_refusal(refusal.status, reply.canceled) if reply.canceled else refusal
        if RESTRICTED in why.text:
            return False
        raise (why if why.code else refusal).error(mutates=True)

    async def _cancel_and_place(self, tracked: Tracked, wanted: Order) -> None:
        """Replace an order that has traded: its rest is known once it is canceled."""
        params: dict[str, Value] = {
            "symbol": tracked.symbol,
            "orderId": tracked.current,
            "newClientOrderId": marked(wanted.order_id, "r"),
        }
        self._table.canceled(await self._caller.ask(CANCEL, params, wire.decode_order))
        rest = wanted.size - tracked.executed
        if rest <= 0:
            self._say(self._table.filled_before_replaced(wanted.order_id, wanted.price))
            return
        try:
            placing = self._params(tracked, wanted, rest)
            reply = await self._caller.ask(PLACE, placing, wire.decode_order)
        except OrderRejected as error:
            self._say(self._table.not_replaced(wanted.order_id, str(error)))
            return
        self._say(self._table.placed(wanted.order_id, reply))


def _order(part: msgspec.Raw) -> wire.OrderReply:
    try:
        return wire.decode_order(part)
    except msgspec.MsgspecError:
        raise OutcomeUnknown("the venue's answer cannot be read") from None


def _cannot_shrink(refusal: Refusal) -> bool:
    """Nothing was changed, and never would be this way: it may not be amended, or not once more."""
    return refusal.code == AMEND_REJECTED or UNSUPPORTED in refusal.text
