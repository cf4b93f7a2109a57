"""New orders on their way in: put on record, held up until their account is there, checked, and
then held here or sent."""

from __future__ import annotations

from collections.abc import Callable

from engine.broker import Capabilities
from engine.ems.agreements import Agreements
from engine.ems.blotter import Blotter
from engine.ems.changes import Changes
from engine.ems.dark import Touch
from engine.ems.gate import Gate
from engine.ems.held import HeldOrders
from engine.ems.journal import Intent
from engine.ems.lanes import Request
from engine.ems.orders import as_dark, new_order
from engine.ems.outcome import Decisions
from engine.ems.shape import denied, held_as
from engine.messages import Denied, Order, OrderState, OrderUpdate, Submit


class Arrivals:
    """Takes orders in, and knows which of them wait for their account."""

    def __init__(
        self,
        *,
        decided: Decisions,
        changes: Changes,
        blotter: Blotter,
        gate: Gate,
        held: HeldOrders,
        agreements: Agreements,
        capabilities_of: Callable[[str], Capabilities | None],
        refuse: Callable[[Order], Denied | None],
        on_new: Callable[[Order], None],
    ) -> None:
        """
        Args:
            refuse: why an order of an account that is there does not pass as things stand.
            on_new: called with each order that is new.
        """
        self._decided = decided
        self._apply = changes.apply
        self._blotter = blotter
        self._gate = gate
        self._held = held
        self._agreements = agreements
        self._capabilities_of = capabilities_of
        self._refuse = refuse
        self._on_new = on_new
        self._waiting: dict[str, list[Order]] = {}
        """Orders whose account is being logged in, in the order in which they came."""
        self._touched: dict[str, Touch] = {}
        """What touched orders whose account is being logged in."""

    @property
    def is_waiting(self) -> bool:
        """Orders wait for their account."""
        return bool(self._waiting)

    def has(self, order: Order) -> bool:
        """The order waits for its account."""
        waiting = self._waiting.get(order.account, ())
        return any(other.order_id == order.order_id for other in waiting)

    def submit(self, submit: Submit) -> None:
        """Take in an order. One intent is one order, however often it is asked for."""
        known = self._blotter.orders.get(submit.order_id)
        if known is not None:
            self._decided.tell(OrderUpdate(order=known))
            return
        if self._blotter.is_known(submit.order_id):
            reason = "an order of this id was made long ago"
            self._decided.refuse("submit", "order", reason, limit="a new id", value=submit.order_id)
            return
        order = new_order(submit, self._decided.now_ns(submit.fqme))
        self._decided.record(Intent(order=order), order.created_ns)
        self._decided.tell(self._blotter.add(order))
        self._on_new(order)
        refusal = self._gate.refuse_account(order)
        if refusal is not None:
            self._apply(refusal)
        elif order.account not in self._waiting and self._agreements.is_agreed(order.account):
            self._route(order)
        else:
            self._wait(order)

    def touch(self, order: Order, touch: Touch) -> None:
        """Send an order that was touched. Its venue is asked first, where it was not; until then
        it is held on record, but touched no more."""
        if self._agreements.is_agreed(order.account):
            self._held.send(order.order_id, touch)
            return
        self._touched[order.order_id] = touch
        self._wait(order)

    def log_in(self, account: str) -> None:
        """Have the account logged in, and its venue asked."""
        if account not in self._waiting:
            self._waiting[account] = []
            self._decided.outcome.log_ins.append(account)

    def on_log_in(self, name: str, reason: str) -> None:
        """The account was logged in and asked, or cannot be, for that reason."""
        for order in self._waiting.pop(name, ()):
            touch = self._touched.pop(order.order_id, None)
            if touch is not None:
                self._held.send(order.order_id, touch)
            elif not reason:
                self._route(order)
            elif self._blotter.orders[order.order_id].state is OrderState.PENDING:
                self._apply(denied(order, "account", reason, "logged in", name))

    def _wait(self, order: Order) -> None:
        """Go on with the order once its account is logged in, and its venue was asked."""
        self.log_in(order.account)
        self._waiting[order.account].append(order)

    def _route(self, order: Order) -> None:
        """Check an order whose account is there; hold it, or have it sent."""
        order = self._blotter.orders[order.order_id]
        if order.state is not OrderState.PENDING:
            return  # canceled while its account logged in
        capabilities = self._capabilities_of(order.account)
        as_type = None if capabilities is None else held_as(order, capabilities)
        wanted = order if as_type is None else as_dark(order, as_type)
        refusal = self._refuse(wanted)
        if refusal is not None:
            self._apply(refusal)
        elif wanted.route == "dark":
            self._held.begin(order, as_type)
        else:
            self._decided.ask(Request(kind="submit", order_id=order.order_id))
