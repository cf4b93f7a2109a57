"""What may pass to a venue: the risk checks, with everything that they are asked about.

Reads the blotter, the markets and the accounts as they are now; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import structs

from engine.broker import Capabilities
from engine.ems import risk
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.filters import by_rule, check_room
from engine.ems.guards import Guards
from engine.ems.hours import Hours, parse_hours
from engine.ems.limits import RiskLimits, matching, missing_live_limits
from engine.ems.shape import check_shape, denied, text
from engine.ems.usage import Usage, amount_text
from engine.instruments import Instrument, Rounding
from engine.messages import Amend, Denied, Order, OrderState, Quote
from engine.text import safe

ZERO = Decimal(0)


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
        all_limits: Mapping[str, RiskLimits],
        blotter: Blotter,
        markets: Markets,
        guards: Guards,
        usage: Usage,
        capabilities_of: Callable[[str], Capabilities | None],
        is_stale: Callable[[str], bool],
        now_ns: Callable[[str], int],
    ) -> None:
        """
        Args:
            all_limits: by mode, of all accounts of that mode together.
        """
        self._accounts = accounts
        self._all_limits = all_limits
        self._blotter = blotter
        self._markets = markets
        self._guards = guards
        self._usage = usage
        self._capabilities_of = capabilities_of
        self._is_stale = is_stale
        self._now_ns = now_ns

    def refuse_account(self, order: Order, *, is_reducing: bool = True) -> Denied | None:
        """Why the order's account cannot trade its market at all, logged in or not.

        Args:
            is_reducing: it may be an order that only makes a position smaller.
        """
        account = self._accounts.get(order.account)
        if account is None:
            known, name = ", ".join(sorted(self._accounts)), safe(order.account, 80)
            return denied(order, "account", f"there is no account {name!r}", known, name)
        if not order.size.is_finite():
            # Not even for as long as its account is logged in: other orders are added to it.
            return denied(order, "size", "the size is not a positive number", "0", order.size)
        broker = safe(order.fqme.rpartition(".")[2], 80)
        if account.serves and broker not in account.serves:
            reason = f"account {account.name} does not trade markets of {broker}"
            return denied(order, "account", reason, ", ".join(account.serves), broker)
        if account.mode == "live":
            missing = missing_live_limits(account.risk_limits)
            if missing:
                reason = f"live account {account.name} lacks limits, and trades nothing"
                return denied(order, "limits", reason, ", ".join(missing), "not stated")
        return self._guards.refuse(order, is_reducing=is_reducing)

    def refuse(
        self, order: Order, *, is_exit: bool = False, is_alone: bool = False
    ) -> Denied | None:
        """Why the order, from an account that is logged in, does not pass as things stand.

        Args:
            is_exit: it was sized here, and closes what is held.
            is_alone: whatever else of the account works in the market is canceled first.
        """
        instrument = self._markets.instrument_of(order.fqme)
        if instrument is None:
            name = safe(order.fqme, 80)
            return denied(order, "market", f"market {name} is not open", "open", name)
        account = self._accounts[order.account]
        limits, capabilities = account.risk_limits, self._capabilities_of(order.account)
        if limits is None or capabilities is None:
            return _not_logged_in(order)
        quote, hours = self._markets.quote_of(order.fqme), _hours(limits, instrument)
        terms = risk.Terms(
            limits=limits,
            instrument=instrument,
            capabilities=capabilities,
            quote=quote,
            now_ns=self._now_ns(order.fqme),
            position=self._blotter.position(order.account, order.fqme),
            working=self._others(order, (order.account,), is_alone=is_alone),
            is_stale=self._is_stale(order.fqme),
            is_exit=is_exit,
            is_held_here=not capabilities.can_reduce_only,
            confirms_stale=limits.on_stale == "confirm",
            hours=hours,
        )
        if refusal := check_shape(order, instrument, capabilities):
            return by_rule(refusal, instrument)  # first of all: its numbers may be none
        is_reducing = is_exit or risk.reduces(order, terms.position, terms.working)
        return (
            self._guards.refuse(order, is_reducing=is_reducing)
            or by_rule(risk.check(order, terms) or _check_room(order, terms), instrument)
            or self._refuse_of_markets(order, limits, terms)
            or self._refuse_over_time(order, limits, terms, (order.account,), is_reducing)
            or self._refuse_of_all(order, account, terms, is_reducing, is_alone)
        )

    def _others(
        self, order: Order, accounts: Collection[str], *, is_alone: bool
    ) -> tuple[Order, ...]:
        """Everything else of these accounts that can still trade; `is_alone`: but for what its own
        account has in its market."""
        place = (order.account, order.fqme)
        account = order.account if len(accounts) == 1 else ""
        return tuple(
            other
            for other in self._blotter.working(account=account)
            if other.account in accounts
            and other.order_id != order.order_id
            and not (is_alone and (other.account, other.fqme) == place)
        )

    def _refuse_of_markets(
        self, order: Order, limits: RiskLimits, terms: risk.Terms
    ) -> Denied | None:
        """By the limits of each pattern that the order's market matches."""
        for pattern, of_market in matching(limits, order.fqme):
            working = terms.working
            if of_market.max_open_orders is not None:
                working = tuple(o for o in working if fnmatchcase(o.fqme, pattern.lower()))
            hours = parse_hours(of_market.hours) if of_market.hours else None
            whose = f"{terms.whose} in {pattern}"
            refusal = risk.check_limits(
                order,
                structs.replace(terms, limits=of_market, working=working, hours=hours, whose=whose),
            )
            if refusal is not None:
                return refusal
        return None

    def _refuse_of_all(
        self,
        order: Order,
        account: Account,
        terms: risk.Terms,
        is_reducing: bool,
        is_alone: bool,
    ) -> Denied | None:
        """By the limits of all accounts of this kind together."""
        limits = self._all_limits.get(account.mode)
        if limits is None:
            return None
        names = {name for name, other in self._accounts.items() if other.mode == account.mode}
        held = sum((self._blotter.position(name, order.fqme).size for name in names), ZERO)
        of_all = structs.replace(
            terms,
            limits=limits,
            position=structs.replace(terms.position, size=held),
            working=self._others(order, names, is_alone=is_alone),
            confirms_stale=limits.on_stale == "confirm"
            or (limits.stale_quote_s is None and terms.confirms_stale),
            hours=parse_hours(limits.hours) if limits.hours else None,
            whose=f"all {account.mode} accounts",
        )
        return (
            risk.check_limits(order, of_all)
            or self._refuse_of_markets(order, limits, of_all)
            or self._refuse_over_time(order, limits, of_all, names, is_reducing)
        )

    def _refuse_over_time(
        self,
        order: Order,
        limits: RiskLimits,
        terms: risk.Terms,
        accounts: Collection[str],
        is_reducing: bool,
    ) -> Denied | None:
        """By what was sent lately, and what the day came to; exits always pass."""
        if is_reducing:
            return None
        whose, usage = terms.whose, self._usage
        is_new, leaves = order.state is OrderState.PENDING, order.state is not OrderState.DARK
        most = limits.max_orders_per_second
        if most is not None and leaves and not (is_new and order.route == "dark"):
            count = usage.in_last_second(accounts)
            if count >= most:
                reason = f"{count} orders of {whose} were sent within the last second"
                return denied(order, "max_orders_per_second", reason, most, count)
        most = limits.max_orders_per_day
        if most is not None and is_new:
            # This one is among them already.
            count = usage.orders_of_day(accounts, terms.now_ns) - 1
            if count >= most:
                reason = f"{count} orders of {whose} were made today"
                return denied(order, "max_orders_per_day", reason, most, count)
        if limits.max_day_loss is None:
            return None
        loss = usage.loss_of_day(accounts, limits.loss_currency)
        return refuse_loss(order, limits, loss, whose)

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
        instrument = self._markets.instrument_of(order.fqme)
        if instrument is not None and _only_shrinks(order, wanted):
            return (
                by_rule(check_shape(wanted, instrument, capabilities), instrument)
                or self._guards.refuse(wanted, is_reducing=True)
                or _refuse_size(order, wanted)
            )
        # What was confirmed in a stale market was the order, not what it is to become.
        return self.refuse(structs.replace(wanted, accepts_stale=False)) or _refuse_size(
            order, wanted
        )

    def size_to_close(self, order: Order) -> Decimal:
        """The size of an exit that was set before as it is to be sent: no more than is left to
        close. Unchanged where nothing is: it is refused as it is."""
        capabilities = self._capabilities_of(order.account)
        room = risk.free_to_close(
            order,
            self._blotter.position(order.account, order.fqme),
            self._others(order, (order.account,), is_alone=False),
            is_held_here=capabilities is None or not capabilities.can_reduce_only,
        )
        room = self._blotter.instrument(order.fqme).round_size(room)
        return room if 0 < room < order.size else order.size

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


def refuse_loss(
    order: Order, limits: RiskLimits, loss: Decimal | None, whose: str
) -> Denied | None:
    """Why the order adds no risk to what the day has cost; a cost that is not known counts as too
    high."""
    most, currency = limits.max_day_loss, limits.loss_currency
    if most is None or (loss is not None and loss < most):
        return None
    if loss is None:
        reason = f"what the day has cost {whose} is not known: a price is missing"
        return denied(order, "max_day_loss", reason, f"{text(most)} {currency}", "unknown")
    reason = f"the day has cost {whose} {amount_text(loss)} {currency}: only what reduces passes"
    return denied(order, "max_day_loss", reason, f"{text(most)} {currency}", amount_text(loss))


def _check_room(order: Order, terms: risk.Terms) -> Denied | None:
    """What works already is there; what is held here asks for no room yet."""
    is_held = order.state is OrderState.DARK or order.route == "dark"
    is_sent = order.state in (OrderState.PENDING, OrderState.TRIGGERED)
    if not is_sent or (is_held and order.state is OrderState.PENDING):
        return None
    return check_room(order, terms.instrument, terms.working)


def _hours(limits: RiskLimits, instrument: Instrument) -> Hours | None:
    """When a market is traded: as stated, or as it says of itself where that is understood."""
    return parse_hours(limits.hours or instrument.session)


def amended(order: Order, amend: Amend) -> dict[str, Decimal]:
    """The fields that `amend` changes. For a dark order the price is its trigger."""
    name = "trigger_price" if order.state is OrderState.DARK else "price"
    wanted = {name: amend.price, "size": amend.size}
    return {field: value for field, value in wanted.items() if value is not None}


def _not_logged_in(order: Order) -> Denied:
    reason = f"account {order.account} is not logged in"
    return denied(order, "account", reason, "logged in", order.account)


def _only_shrinks(order: Order, wanted: Order) -> bool:
    """The amend takes away size, and nothing else: less risk, whatever the limits say."""
    is_same = (wanted.price, wanted.trigger_price) == (order.price, order.trigger_price)
    return is_same and wanted.size.is_finite() and wanted.size < order.size


def _refuse_size(order: Order, wanted: Order) -> Denied | None:
    if wanted.size > order.filled:
        return None
    return denied(order, "size", "that much is filled already", order.filled, wanted.size)
