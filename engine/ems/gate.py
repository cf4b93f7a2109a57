"""What may pass to a venue: the risk checks, with everything that they are asked about.

Reads the blotter, the markets and the accounts as they are now; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

from engine.broker import Capabilities
from engine.ems import risk
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.shape import denied
from engine.instruments import Instrument, Rounding
from engine.messages import Amend, Denied, Order, OrderState, Quote
from engine.text import safe


class Markets(Protocol):
    """What is asked of the feed: only what is known now, None where nothing is."""

    def quote_of(self, fqme: str) -> Quote | None: ...

    def instrument_of(self, fqme: str) -> Instrument | None: ...

    def now_ns_of(self, fqme: str) -> int | None: ...


class Gate:
    """Says why an order does not pass, or nothing."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, Account],
        blotter: Blotter,
        markets: Markets,
        capabilities_of: Callable[[str], Capabilities | None],
        is_stale: Callable[[str], bool],
        now_ns: Callable[[str], int],
    ) -> None:
        self._accounts = accounts
        self._blotter = blotter
        self._markets = markets
        self._capabilities_of = capabilities_of
        self._is_stale = is_stale
        self._now_ns = now_ns

    def refuse_account(self, order: Order) -> Denied | None:
        """Why the order's account cannot trade its market at all, logged in or not."""
        account = self._accounts.get(order.account)
        if account is None:
            known, name = ", ".join(sorted(self._accounts)), safe(order.account, 80)
            return denied(order, "account", f"there is no account {name!r}", known, name)
        broker = safe(order.fqme.rpartition(".")[2], 80)
        if account.serves and broker not in account.serves:
            reason = f"account {account.name} does not trade markets of {broker}"
            return denied(order, "account", reason, ", ".join(account.serves), broker)
        if account.mode == "live":
            missing = risk.missing_live_limits(account.risk_limits)
            if missing:
                reason = f"live account {account.name} lacks limits, and trades nothing"
                return denied(order, "limits", reason, ", ".join(missing), "not stated")
        return None

    def refuse(self, order: Order, *, is_exit: bool = False) -> Denied | None:
        """Why the order, from an account that is logged in, does not pass as things stand."""
        instrument = self._markets.instrument_of(order.fqme)
        if instrument is None:
            name = safe(order.fqme, 80)
            return denied(order, "market", f"market {name} is not open", "open", name)
        limits = self._accounts[order.account].risk_limits
        capabilities = self._capabilities_of(order.account)
        if limits is None or capabilities is None:
            return _not_logged_in(order)
        others = self._blotter.working(account=order.account)
        terms = risk.Terms(
            limits=limits,
            instrument=instrument,
            capabilities=capabilities,
            quote=self._markets.quote_of(order.fqme),
            now_ns=self._now_ns(order.fqme),
            position=self._blotter.position(order.account, order.fqme),
            working=tuple(other for other in others if other.order_id != order.order_id),
            is_stale=self._is_stale(order.fqme),
            is_exit=is_exit,
        )
        return risk.check(order, terms)

    def refuse_amend(self, order: Order, wanted: Order, amend: Amend) -> Denied | None:
        """Why the working `order` cannot become `wanted`."""
        capabilities = self._capabilities_of(order.account)
        is_dark = order.state is OrderState.DARK
        if order.state is OrderState.UNKNOWN:
            reason = "the venue did not answer: what would be amended is not known"
            return denied(order, "state", reason, "known", order.state)
        if order.awaiting == "cancel":
            return denied(order, "state", "the order is being canceled", "working", "canceling")
        if amend.price is not None and not is_dark and order.price is None:
            reason = f"a {order.order_type} order has no limit price to amend"
            return denied(order, "shape", reason, "none", amend.price)
        if capabilities is None:
            return _not_logged_in(order)
        if not is_dark and not capabilities.can_amend:
            return denied(order, "capability", "the venue cannot amend orders", "cancel", "amend")
        return self.refuse(wanted) or _refuse_size(order, wanted)

    def price_through(self, order: Order, touched: float, through_ticks: int) -> Decimal | None:
        """The limit that a touched dark order is sent with: its own, one that is its limit
        offset beyond its trigger, or one that goes through the market by some price ticks, so
        that it fills at once but not at any price.

        None for a market order.
        """
        if order.order_type == "market" or order.price is not None:
            return order.price
        instrument = self._blotter.instrument(order.fqme)
        if order.limit_offset is not None and order.trigger_price is not None:
            beyond = order.limit_offset if order.side == "buy" else -order.limit_offset
            rounding: Rounding = "up" if order.side == "buy" else "down"
            return instrument.round_price(order.trigger_price + beyond, rounding)
        quote = self._markets.quote_of(order.fqme)
        through = through_ticks * instrument.price_tick
        if order.side == "buy":
            ask = touched if quote is None or quote.ask is None else quote.ask
            price = instrument.round_price(ask, "up") + through
            return price if instrument.max_price is None else min(price, instrument.max_price)
        bid = touched if quote is None or quote.bid is None else quote.bid
        lowest = instrument.min_price
        if lowest is None and not instrument.allows_negative_price:
            lowest = instrument.price_tick
        price = instrument.round_price(bid, "down") - through
        return price if lowest is None else max(price, lowest)


def amended(order: Order, amend: Amend) -> dict[str, Decimal]:
    """The fields that `amend` changes. For a dark order the price is its trigger."""
    name = "trigger_price" if order.state is OrderState.DARK else "price"
    wanted = {name: amend.price, "size": amend.size}
    return {field: value for field, value in wanted.items() if value is not None}


def _not_logged_in(order: Order) -> Denied:
    reason = f"account {order.account} is not logged in"
    return denied(order, "account", reason, "logged in", order.account)


def _refuse_size(order: Order, wanted: Order) -> Denied | None:
    if wanted.size > order.filled:
        return None
    return denied(order, "size", "that much is filled already", order.filled, wanted.size)
