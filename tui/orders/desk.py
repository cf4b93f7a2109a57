"""Order mode: what is armed, staged and picked, and the only way from a key to an order.

What must stay true:

* The deck starts disarmed, and nothing can be staged until `o` armed it.
* **What you send is what you have seen.** The deck calls `painted` once a repaint has shown
  the present `revision`. A key that sends acts only if it was pressed later than that, by
  `tui.orders.question.SEEN_AFTER_S`. So text that was pasted, keys typed ahead during a stall and
  the key that brings a window back never trade.
* An intent gets its id when it is staged, and an id is sent once: a second Enter finds
  nothing staged.
* Arrows on a working order stage an amend; it is sent with Enter.
* A typed market order, a typed order that there is a warning about (it takes at once, the
  market is stale, ...) and `:flatten` are asked about unless a `!` was typed. While disarmed
  every typed order is asked about, and on a live account every order and amend, even with `!`.
* An order in a stale market is asked about where its account takes such orders at all.
* A live account takes orders that add risk only once it was armed, after a question, for as long
  as the engine runs. Until then what is staged says why it cannot go.
* What takes from a position is reduce-only and no larger than what is held and not in working
  orders already: pressed twice it cannot flip. A stop counts against stops alone, so that a
  target can stand beside it. Reversing is another key than flattening.
* Cancels are never asked about, but for those of more than one order.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from engine.errors import LinkClosed, UsageError
from engine.messages import (
    AccountInfo,
    Alert,
    Cancel,
    CancelAlert,
    CancelAll,
    Command,
    Order,
    OrderState,
    Resolve,
    SetAlert,
    Submit,
)
from tui.orders import lines as order_lines
from tui.orders import staging
from tui.orders.arming import Arming
from tui.orders.exits import Exits, orders_in_words
from tui.orders.guarded import closed_to, is_armed
from tui.orders.lines import Line, Summary
from tui.orders.question import Question
from tui.orders.staging import OrderRequest, Staged
from tui.orders.term_keys import TermKeys
from tui.paint import format as text_of
from tui.state import DeckState, MarketView

Outcome = Literal["open", "canceled", "rejected"]
"""What a person can say of an order of which nobody knows."""

Ask = Callable[[Question], None]
"""Puts a question on the screen."""


class OrderDesk(TermKeys):
    """A ticket that can send: one method per order action; see the module for the rules."""

    def __init__(
        self, state: DeckState, send: Callable[[Command], None], *, ask: Ask, **ticket: Any
    ) -> None:
        """
        Args:
            state: what the deck knows; only read.
            send: hands a command to the engine; raises `LinkClosed`.
            ask: puts a question on the screen.
            ticket: what `Slate` takes.
        """
        super().__init__(state, **ticket)
        self._send = send
        self._ask = ask
        self._alerts_sent: set[str] = set()
        self._numbers: dict[str, int] = {}
        parts: dict[str, Any] = {"send": self._try_send, "ask": ask, "notify": self._notify}
        self._arming = Arming(state, **parts)
        self._exits = Exits(state, new_id=self._new_id, **parts)

    def number_of(self, order_id: str) -> int:
        """The number that the user calls this order by; the first order seen is 1."""
        if order_id not in self._numbers:
            for known in (*self._state.orders, order_id):
                self._numbers.setdefault(known, len(self._numbers) + 1)
        return self._numbers[order_id]

    def lines(self, fqme: str) -> list[Line]:
        """Lines for the chart of `fqme`: what is staged, orders, alerts, the position."""
        self._follow_market()
        return order_lines.lines(self, self._state, fqme)

    def summary(self) -> Summary:
        """Everything that the order pane and the status line say of order mode."""
        return order_lines.summary(self, self._state)

    # -- sending ----------------------------------------------------------------------------------

    def submit(self, *, at: float | None = None) -> None:
        """Send what is staged, once, if it was on the screen when the key was pressed."""
        staged = self.staged
        if staged is None:
            self._notify("nothing is staged", "info")
        elif self._may_act(at) and not self._is_refused(staged):
            self._ask_then_send(staged)

    def place(self, request: OrderRequest, *, at: float | None = None) -> None:
        """Send an order that was typed. The command line has shown it before it comes here.

        Raises:
            UsageError: it cannot be sent as it is.
        """
        market = self._open_market(request.fqme)
        account = self._trading(request.fqme, request.account)
        staged = staging.staged_request(request, self._new_id(), account.name, self.route)
        self._place(staged, market, account, is_sure=request.is_sure)

    def close(
        self, fqme: str, part: Decimal, is_sure: bool = False, *, at: float | None = None
    ) -> None:
        """Close `part`, 0 to 1, of what is held in a market, at the market.

        Raises:
            UsageError: nothing is held, or it cannot be sent as it is.
        """
        market = self._open_market(fqme)
        account = self._trading(fqme)
        if not self._state.position(account.name, fqme).size:
            raise UsageError(f"{account.name} holds nothing in {fqme}")
        self._place(self.closing(market, account, part), market, account, is_sure=is_sure)

    def _place(
        self, staged: Staged, market: MarketView, account: AccountInfo, *, is_sure: bool
    ) -> None:
        preview = self._preview_of(staged, market)
        if preview.faults:
            raise UsageError(preview.faults[0])
        is_doubtful = staged.order_type == "market" or bool(preview.warnings)
        wants_stale = _wants_stale(staged, market, account)
        is_asked = wants_stale or not self.is_armed or account.mode == "live"
        if (is_doubtful and not is_sure) or is_asked:
            self._ask_first(staged, market, lambda: self._send_staged(staged, wants_stale))
        else:
            self._send_staged(staged)

    # -- canceling --------------------------------------------------------------------------------

    def cancel(self, *, at: float | None = None) -> None:
        """Cancel what is picked, if it was on the screen when the key was pressed."""
        if (picked := self.picked) is None:
            self._notify("no order is picked: tab picks one", "info")
        elif self._may_act(at):
            self._cancel(picked)

    def cancel_order(self, order_id: str, *, at: float | None = None) -> None:
        """Cancel one working order, or alert, by its id; its caller knows that it was seen.

        Raises:
            UsageError: there is no such thing, or it does not work any more.
        """
        item = self._state.orders.get(order_id) or self._state.alerts.get(order_id)
        if item is None or not _is_working(item):
            raise UsageError("that order does not work any more")
        self._cancel(item)

    def resolve_number(self, number: int, outcome: Outcome, note: str = "") -> None:
        """Say what became of the unknown order that the user calls by `number`: as they saw it at
        the venue. It is on record that a person said so.

        Raises:
            UsageError: there is no such order, or what became of it is known.
        """
        for order in self._state.working():
            if self.number_of(order.order_id) == number:
                if order.state is not OrderState.UNKNOWN:
                    raise UsageError(f"order {number} is {order.state}, not unknown")
                self._try_send(Resolve(order_id=order.order_id, outcome=outcome, note=note))
                return
        raise UsageError(f"there is no working order {number}")

    def cancel_number(self, number: int, *, at: float | None = None) -> None:
        """Cancel the working order that the user calls by `number`.

        Raises:
            UsageError: no working order has this number.
        """
        for order in self._state.working():
            if self.number_of(order.order_id) == number:
                self._cancel(order)
                return
        raise UsageError(f"no working order has number {number}")

    def cancel_all(self, *, at: float | None = None) -> None:
        """Cancel every working order of the selected market, after a question."""
        self.cancel_market(self._state.selected)

    def cancel_market(self, fqme: str, is_sure: bool = False, *, at: float | None = None) -> None:
        """Cancel every working order of a market, or of all of them for ``; asks unless sure."""
        count = len(self._state.working(fqme))
        where = f"of {fqme}" if fqme else "of ALL markets"
        if not count:
            self._notify(f"no working orders {where}", "info")
            return
        command = CancelAll(fqme=fqme)
        if is_sure:
            self._try_send(command)
        else:
            text = f"Cancel {orders_in_words(count)} {where}?"
            self._ask(Question(text, lambda: self._try_send(command)))

    # -- closing ----------------------------------------------------------------------------------

    def flatten(self, fqme: str = "", is_sure: bool = False, *, at: float | None = None) -> None:
        """Cancel what works in a market, the selected one if none is named, then close its
        position at the market.

        Raises:
            UsageError: the market is not open, or no account trades it.
        """
        market = self._open_market(fqme or self._state.selected)
        self._exits.flatten(self._trading(market.fqme), market.fqme, is_sure)

    def reverse(self, fqme: str = "", is_sure: bool = False, *, at: float | None = None) -> None:
        """Cancel what works in a market, the selected one if none is named, then trade its
        position to the same size on the other side.

        Raises:
            UsageError: nothing is held, the market is not open, or no account trades it.
        """
        market = self._open_market(fqme or self._state.selected)
        account = self._trading(market.fqme)
        for fault in closed_to(self._state.guards, account, reduces=False):
            raise UsageError(fault)
        self._exits.reverse(account, market.fqme, is_sure)

    # -- real money -------------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """The next order would move real money, and may."""
        account = self.account
        is_real = account is not None and account.mode == "live"
        return account is not None and is_real and is_armed(self._state.guards, account)

    def toggle_account_armed(self, *, at: float | None = None) -> None:
        """Arm the live account of the next order, after a question; or disarm it, at once."""
        if (account := self.account) is None:
            self._notify(f"no account trades {self._state.selected}", "warning")
        else:
            self._arming.toggle(account.name)

    def arm_account(self, name: str) -> None:
        """Let a live account take orders that add risk until the engine stops, after a question.

        Raises:
            UsageError: there is no such account, or it may not be armed.
        """
        self._arming.arm(name)

    def disarm_account(self, name: str) -> None:
        """Let a live account take no order any more that adds risk.

        Raises:
            UsageError: there is no such account.
        """
        self._arming.disarm(name)

    # -- alerts -----------------------------------------------------------------------------------

    def set_alert(self, fqme: str, price: Decimal, note: str = "") -> None:
        """Set an alert that was typed.

        Raises:
            UsageError: the market is not open.
        """
        self._open_market(fqme)
        self._try_send(SetAlert(alert_id=self._new_id(), fqme=fqme, price=price, note=note))

    # -- inside -----------------------------------------------------------------------------------

    def _open_market(self, fqme: str) -> MarketView:
        if self._state.failure:
            raise UsageError(f"the engine is gone: {self._state.failure}")
        if (market := self._state.markets.get(fqme)) is None:
            raise UsageError(f"{fqme} is not open", hint=f":watch {fqme}")
        return market

    def _trading(self, fqme: str, name: str = "") -> AccountInfo:
        """The account of this name, or the one that the next order of `fqme` names.

        Raises:
            UsageError: there is none.
        """
        account = self._accounts.named(name, fqme) if name else self._accounts.of(fqme)
        if account is None:
            raise UsageError(f"no account trades {fqme}")
        return account

    def _is_refused(self, staged: Staged) -> bool:
        """Whether `staged` cannot be sent as it is; says why."""
        if not self._is_engine_there():
            return True
        market = self._state.market
        faults = self._preview_of(staged, market).faults if market else ("no market",)
        reason = faults[0] if faults else self._why_not_amend(staged)
        if reason:
            self._notify(f"not sent: {reason}", "warning")
        return bool(reason)

    def _why_not_amend(self, staged: Staged) -> str:
        if staged.amended is None:
            return ""
        order = self._state.orders.get(staged.intent_id)
        if order is None or not order.is_working:
            return "the order does not work any more"
        if order.awaiting:
            return f"its {order.awaiting} is not answered yet"
        is_other = order.size != staged.amended.size or (
            staging.working_price(order) != staging.working_price(staged.amended)
        )
        if is_other or (order.state == "dark") != (staged.amended.state == "dark"):
            return "the order changed meanwhile; esc, then move it again"
        return "" if order.state == "dark" or self._can_amend(order) else "its venue cannot amend"

    def _can_amend(self, order: Order) -> bool:
        broker = self.broker_of(self._state.accounts.get(order.account))
        return broker is None or broker.can_amend

    def _ask_then_send(self, staged: Staged) -> None:
        """Send at once, or after a question where real money is at stake, or the market is not
        what it was."""
        account, market = self._state.accounts.get(staged.account), self._state.market
        if account is None or market is None or staged.kind == "alert":
            self._send_staged(staged)
            return
        wants_stale = _wants_stale(staged, market, account)
        if account.mode != "live" and not wants_stale:
            self._send_staged(staged)
            return

        def yes() -> None:
            if self.staged is not staged:
                self._notify("not sent: it changed while it was asked about", "warning")
            elif not self._is_refused(staged):
                self._send_staged(staged, wants_stale)

        self._ask_first(staged, market, yes)

    def _ask_first(self, staged: Staged, market: MarketView, yes: Callable[[], None]) -> None:
        account = self._state.accounts[staged.account]
        text = f"Send {order_lines.describe(staged, market.instrument, zone=self.zone)}?"
        if account.mode == "live":
            text = f"REAL MONEY on {account.name}. {text}"
        preview = self._preview_of(staged, market)
        value = text_of.notional(preview.notional, market.instrument.quote)
        detail = [f"{staged.fqme} on {account.name}", value]
        detail += [f"! {warning}" for warning in preview.warnings]
        if market.is_stale and market.age_s is not None:
            detail.append(f"last data {text_of.duration(market.age_s)} ago")
        self._ask(Question(text, yes, detail=" · ".join(detail)))

    def _send_staged(self, staged: Staged, accepts_stale: bool = False) -> None:
        """Send it, once; `accepts_stale` where a person was told that the market is stale."""
        is_sent = staged.intent_id in self._sent or staged.intent_id in self._alerts_sent
        if is_sent and staged.kind != "amend":
            return
        command = staging.command_of(replace(staged, accepts_stale=accepts_stale))
        if isinstance(command, Submit):
            self._sent[command.order_id] = command
        elif isinstance(command, SetAlert):
            self._alerts_sent.add(command.alert_id)
        if self._staged is staged:
            self._drop()
        self._try_send(command)

    def _cancel(self, item: Order | Alert) -> None:
        if self._staged is not None and self._staged.kind == "amend":
            self._drop()
        if isinstance(item, Alert):
            self._try_send(CancelAlert(alert_id=item.alert_id))
        elif item.awaiting == "cancel":
            self._notify("its cancel is on its way", "info")
        else:
            self._try_send(Cancel(order_id=item.order_id))

    def _try_send(self, command: Command) -> None:
        try:
            self._send(command)
        except LinkClosed as error:
            self._notify(f"not sent: {error}", "error")


def _wants_stale(staged: Staged, market: MarketView, account: AccountInfo) -> bool:
    """Whether its account takes it in a stale market, if a person says so."""
    return staged.kind == "order" and market.is_stale and account.confirms_stale


def _is_working(item: Order | Alert) -> bool:
    return item.is_working if isinstance(item, Order) else item.state == "armed"
