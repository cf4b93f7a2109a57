"""Order mode: what is armed, staged and picked, and the only way from a key to an order.

What must stay true:

* The deck starts disarmed, and nothing can be staged until `o` armed it.
* **What you send is what you have seen.** The deck calls `painted` once a repaint has shown
  the present `revision`. A key that sends acts only if it was pressed later than that, by
  `tui.question.SEEN_AFTER_S`. So text that was pasted, keys typed ahead during a stall and
  the key that brings a window back never trade.
* An intent gets its id when it is staged, and an id is sent once: a second Enter finds
  nothing staged.
* Arrows on a working order stage an amend; it is sent with Enter.
* A market order and `:flatten` are asked about unless a `!` was typed; so is every typed order
  while disarmed. On a live account every order and amend is asked about, with or without `!`.
* Cancels are never asked about, but for those of more than one order.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from engine.clock import monotonic_s
from engine.errors import LinkClosed, UsageError
from engine.messages import (
    AccountInfo,
    Alert,
    Cancel,
    CancelAlert,
    CancelAll,
    Command,
    Flatten,
    Order,
    Position,
    Route,
    SetAlert,
    Side,
)
from tui import order_lines, staging
from tui.order_lines import Line, Summary
from tui.paint import format as text_of
from tui.question import Question, was_seen
from tui.staging import OrderRequest, Preview, SizeUnit, Sizing, Staged
from tui.state import DeckState, MarketView

Notify = Callable[[str, Literal["info", "warning", "error"]], None]
"""Tells the user something, in one line."""

Ask = Callable[[Question], None]
"""Puts a question on the screen."""


def new_order_id() -> str:
    """An id that no other order has, short enough for every venue's client order id."""
    return f"td{secrets.token_hex(9)}"


class OrderDesk:
    """One method per order action; see the module for the rules."""

    def __init__(
        self,
        state: DeckState,
        send: Callable[[Command], None],
        *,
        notify: Notify,
        ask: Ask,
        now: Callable[[], float] = monotonic_s,
        new_id: Callable[[], str] = new_order_id,
        cursor_price: Callable[[], Decimal | None] = lambda: None,
        route: Route = "dark",
        size_unit: SizeUnit = "slots",
    ) -> None:
        """
        Args:
            state: what the deck knows; only read.
            send: hands a command to the engine; raises `LinkClosed`.
            notify: tells the user something.
            ask: puts a question on the screen.
            now: seconds of the monotonic clock that keys are stamped with.
            new_id: makes ids of orders and alerts.
            cursor_price: price at the crosshair; None while it is off.
            route: how a staged order is routed at first.
            size_unit: what sizes are counted in at first.
        """
        self._state = state
        self._send = send
        self._notify = notify
        self._ask = ask
        self._now = now
        self._new_id = new_id
        self._cursor_price = cursor_price
        self.is_armed = False
        self.route: Route = route
        self.revision = 0
        """Goes up with everything that a person should see before a key acts on it."""
        self._painted_at: float | None = None
        self._sizing = Sizing(unit=size_unit)
        self._units_of: dict[str, Decimal | None] = {}
        self._account_of: dict[str, str] = {}
        """The account that was chosen, by broker of the market."""
        self._staged: Staged | None = None
        self._picked_id = ""
        self._market = state.selected
        """The market that staged, picked and sizing belong to."""
        self._sent: set[str] = set()
        self._numbers: dict[str, int] = {}

    # -- what others see of it ------------------------------------------------------------------

    @property
    def contexts(self) -> tuple[str, ...]:
        """Contexts of the keymap that hold because of order mode, the nearest first."""
        self._follow_market()
        if not self.is_armed:
            return ()
        return ("staged", "order") if self._staged or self.picked else ("order",)

    @property
    def staged(self) -> Staged | None:
        """What Enter would send."""
        self._follow_market()
        return self._staged

    @property
    def picked(self) -> Order | Alert | None:
        """The working order or armed alert that keys act on."""
        self._follow_market()
        found = [item for item in self._pickable() if _id_of(item) == self._picked_id]
        return found[0] if found else None

    @property
    def account(self) -> AccountInfo | None:
        """The account that the next order of the selected market names."""
        return self.account_for(self._state.selected)

    @property
    def sizing(self) -> Sizing:
        """How the size of the next order is set."""
        return self._sizing

    def account_for(self, fqme: str) -> AccountInfo | None:
        """The account chosen for the broker of `fqme`, or the first that serves it."""
        broker = fqme.rpartition(".")[2]
        serving = self._serving(broker)
        chosen = self._account_of.get(broker, "")
        return next((account for account in serving if account.name == chosen), None) or (
            serving[0] if serving else None
        )

    def number_of(self, order_id: str) -> int:
        """The number that the user calls this order by; the first order seen is 1."""
        for known in (*self._state.orders, order_id):
            self._numbers.setdefault(known, len(self._numbers) + 1)
        return self._numbers[order_id]

    def preview(self) -> Preview | None:
        """What would come of what is staged; None without that."""
        market, staged = self._state.market, self.staged
        if market is None or staged is None:
            return None
        return self._preview_of(staged, market)

    def lines(self, fqme: str) -> list[Line]:
        """Lines for the chart of `fqme`: what is staged, orders, alerts, the position."""
        self._follow_market()
        return order_lines.lines(self, self._state, fqme)

    levels = lines

    def summary(self) -> Summary:
        """Everything that the order pane and the status line say of order mode."""
        return order_lines.summary(self, self._state)

    def painted(self, at: float, revision: int | None = None) -> None:
        """A repaint that showed what is staged and picked has reached the terminal.

        Args:
            at: when, in seconds of the clock that stamps keys.
            revision: the `revision` that was drawn; left out, the present one.
        """
        self._follow_market()
        if self._painted_at is None and revision in (None, self.revision):
            self._painted_at = at

    def unsee(self) -> None:
        """Something hid the screen, or the terminal lost the focus: a key that sends must wait
        for the next `painted`."""
        self.revision += 1
        self._painted_at = None

    # -- arming ---------------------------------------------------------------------------------

    def toggle_armed(self) -> None:
        """Arm order mode, or leave it."""
        if self.is_armed:
            self.disarm()
        else:
            self.arm()

    def arm(self) -> None:
        """Let keys stage orders."""
        if self.is_armed or not self._is_engine_there():
            return
        self.is_armed = True
        self.unsee()
        account = self.account
        if account and account.mode == "live":
            self._notify(f"order mode armed on {account.name}: REAL MONEY", "warning")
        else:
            self._notify("order mode armed", "info")

    def disarm(self) -> None:
        """Drop what is staged and leave order mode."""
        if self.is_armed:
            self._drop()
            self._picked_id = ""
            self.is_armed = False
            self._notify("order mode off", "info")

    # -- staging --------------------------------------------------------------------------------

    def stage(self, side: Side) -> None:
        """Stage an order at the crosshair; without that a buy at the bid, a sell at the ask."""
        if (market := self._ready_market()) is None:
            return
        account = self.account
        if account is None:
            self._notify(f"no account trades {market.fqme}", "warning")
            return
        quote = market.quote
        touch = quote.bid if side == "buy" else quote.ask
        price = self._price_at_cursor(market, quote.last if touch is None else touch)
        self._sizing = staging.untyped(self._sizing)
        self._stage(
            Staged(
                kind="order",
                intent_id=self._new_id(),
                fqme=market.fqme,
                price=price,
                side=side,
                size=staging.size_of(self._sizing, market.instrument, price, account),
                account=account.name,
                route=self.route,
            )
        )

    def stage_alert(self) -> None:
        """Stage an alert at the crosshair; without that at the last price."""
        if (market := self._ready_market()) is None:
            return
        price = self._price_at_cursor(market, market.quote.last)
        self._stage(Staged(kind="alert", intent_id=self._new_id(), fqme=market.fqme, price=price))

    def unstage(self) -> None:
        """Drop what is staged; if nothing is, let go of what is picked."""
        if self.staged is not None:
            self._drop()
        else:
            self._picked_id = ""
            self.unsee()

    def move_price(self, ticks: int) -> None:
        """Move the staged line by ticks; a picked order gets an amend staged."""
        if found := self._movable():
            staged, market = found
            self._restage(staging.moved(staged, ticks, market.instrument), market)

    def to_bid(self) -> None:
        """Move the staged line to the best bid."""
        if found := self._movable():
            self._move_to(found[0], found[1], found[1].quote.bid, "bid")

    def to_ask(self) -> None:
        """Move the staged line to the best ask."""
        if found := self._movable():
            self._move_to(found[0], found[1], found[1].quote.ask, "ask")

    def to_price(self, price: Decimal | float) -> None:
        """Move the staged line to `price`, as a click does; without one do nothing."""
        if (self._staged or self.picked) and (found := self._movable()):
            self._move_to(found[0], found[1], price, "price")

    # -- size, route, account -------------------------------------------------------------------

    def type_digit(self, key: str) -> None:
        """Type a digit of the size, or its decimal point."""
        self._set_sizing(staging.typed(self._sizing, key))

    def erase_digit(self) -> None:
        """Take back the last digit typed."""
        if self._sizing.typed:
            self._set_sizing(staging.erased(self._sizing))

    def step_size(self, count: int) -> None:
        """So many slots or unit steps more."""
        market = self._state.market
        if market is None:
            return
        price = self._reference_price(market)
        if (amend := self._amendable()) is not None:
            self._step_amend(amend, count, market, price)
            return
        self._set_sizing(
            staging.stepped(self._sizing, count, market.instrument, price, self.account)
        )

    def toggle_size_unit(self) -> None:
        """Count sizes in slots, or in units."""
        self.set_size_unit("units" if self._sizing.unit == "slots" else "slots")

    def set_size_unit(self, unit: SizeUnit) -> None:
        """Count sizes in slots or in units; what is staged keeps its size in units."""
        size = self._staged.size if self._staged and self._staged.kind == "order" else None
        self._sizing = staging.in_unit(self._sizing, unit, size)
        self._resize_staged()
        self.unsee()

    def set_size(self, size: Decimal) -> None:
        """Set the size, in the unit that is set."""
        field = "slots" if self._sizing.unit == "slots" else "units"
        self._set_sizing(replace(self._sizing, typed="", **{field: size}))

    def toggle_route(self) -> None:
        """Dark, or live."""
        self.set_route("live" if self.route == "dark" else "dark")

    def set_route(self, route: Route) -> None:
        """Route what is staged, and what will be, this way."""
        self.route = route
        if self.staged is not None and self.staged.kind == "order":
            self._staged = replace(self.staged, route=route)
        elif self.staged is not None and self.staged.kind == "amend":
            self._notify("a working order keeps its route; this is for the next one", "info")
        self.unsee()

    def step_account(self, step: int) -> None:
        """Use the next account that trades the selected market."""
        broker = self._state.selected.rpartition(".")[2]
        serving = [account.name for account in self._serving(broker)]
        present = self.account
        if present is None:
            self._notify(f"no account trades {self._state.selected}", "warning")
            return
        self.set_account(serving[(serving.index(present.name) + step) % len(serving)])

    def set_account(self, name: str) -> None:
        """Name `name` in the next orders of the selected market.

        Raises:
            UsageError: there is no such account, or it does not trade this market.
        """
        account = self._account_named(name, self._state.selected)
        self._account_of[self._state.selected.rpartition(".")[2]] = name
        if self._staged is not None and self._staged.kind == "order":
            self._staged = replace(self._staged, account=name)
            self._resize_staged()
        self.unsee()
        if account.mode == "live":
            self._notify(f"account {name}: REAL MONEY", "warning")
        else:
            self._notify(f"account {name}", "info")

    # -- sending --------------------------------------------------------------------------------

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
        account = (
            self._account_named(request.account, request.fqme)
            if request.account
            else self.account_for(request.fqme)
        )
        if account is None:
            raise UsageError(f"no account trades {request.fqme}")
        staged = _staged_of(request, self._new_id(), account.name, self.route)
        if faults := self._preview_of(staged, market).faults:
            raise UsageError(faults[0])
        is_asked = not self.is_armed or (request.order_type == "market" and not request.is_sure)
        if is_asked or account.mode == "live":
            self._ask_first(staged, account, lambda: self._send_staged(staged))
        else:
            self._send_staged(staged)

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
        orders = "1 working order" if count == 1 else f"{count} working orders"
        command = CancelAll(fqme=fqme)
        if is_sure:
            self._try_send(command)
        else:
            self._ask(Question(f"Cancel {orders} {where}?", lambda: self._send_answer(command)))

    def flatten(self, fqme: str, is_sure: bool = False, *, at: float | None = None) -> None:
        """Cancel what works in a market, then close its position at the market.

        Raises:
            UsageError: the market is not open, or no account trades it.
        """
        self._open_market(fqme)
        if (account := self.account_for(fqme)) is None:
            raise UsageError(f"no account trades {fqme}")
        held = self._state.position(account.name, fqme).size
        count = sum(order.account == account.name for order in self._state.working(fqme))
        if not held and not count:
            self._notify(f"{account.name} is flat in {fqme}", "info")
            return
        command = Flatten(order_id=self._new_id(), fqme=fqme, account=account.name)
        if is_sure and account.mode != "live":
            self._try_send(command)
            return
        text = f"Flatten {fqme} on {account.name}?"
        detail = f"cancels {count} orders, then closes {text_of.plain(held)} at the market"
        self._ask(Question(text, lambda: self._send_answer(command), detail=detail))

    def set_alert(self, fqme: str, price: Decimal, note: str = "") -> None:
        """Set an alert that was typed.

        Raises:
            UsageError: the market is not open.
        """
        self._open_market(fqme)
        self._try_send(SetAlert(alert_id=self._new_id(), fqme=fqme, price=price, note=note))

    # -- walking working orders -----------------------------------------------------------------

    def pick(self, step: int) -> None:
        """Pick the next working order or alert of the market; drops a staged amend."""
        self._follow_market()
        items = self._pickable()
        if not items:
            self._notify("no working orders in this market", "info")
            return
        ids = [_id_of(item) for item in items]
        at = ids.index(self._picked_id) + step if self._picked_id in ids else min(step, 0)
        if self._picked_id not in ids and step < 0:
            at = -1
        self._picked_id = ids[at % len(ids)]
        self._staged = None
        self._sizing = staging.untyped(self._sizing)
        self.unsee()

    # -- inside ---------------------------------------------------------------------------------

    def _follow_market(self) -> None:
        """Another market on the screen: what was staged for the last one is dropped."""
        selected = self._state.selected
        if selected == self._market:
            return
        if self._staged is not None:
            self._notify(f"dropped what was staged for {self._market}; nothing was sent", "info")
        self._units_of[self._market] = self._sizing.units
        self._sizing = replace(self._sizing, units=self._units_of.get(selected), typed="")
        self._market, self._staged, self._picked_id = selected, None, ""
        self.unsee()

    def _is_engine_there(self) -> bool:
        if self._state.failure:
            self._notify(f"the engine is gone: {self._state.failure}", "error")
        return not self._state.failure

    def _ready_market(self) -> MarketView | None:
        """The selected market, if something can be staged in it now; says why not."""
        self._follow_market()
        if not self.is_armed:
            self._notify("order mode is off: o arms it", "warning")
            return None
        if not self._is_engine_there():
            return None
        if self._state.market is None:
            self._notify("this market is not open yet", "warning")
        return self._state.market

    def _open_market(self, fqme: str) -> MarketView:
        if self._state.failure:
            raise UsageError(f"the engine is gone: {self._state.failure}")
        if (market := self._state.markets.get(fqme)) is None:
            raise UsageError(f"{fqme} is not open", hint=f":watch {fqme}")
        return market

    def _serving(self, broker: str) -> list[AccountInfo]:
        accounts = self._state.accounts.values()
        return [account for account in accounts if not account.serves or broker in account.serves]

    def _account_named(self, name: str, fqme: str) -> AccountInfo:
        if (account := self._state.accounts.get(name)) is None:
            known = ", ".join(sorted(self._state.accounts))
            raise UsageError(f"there is no account {name!r}", hint=f"accounts: {known}")
        if account.serves and fqme.rpartition(".")[2] not in account.serves:
            raise UsageError(f"account {name} does not trade {fqme}")
        return account

    def _price_at_cursor(self, market: MarketView, otherwise: float) -> Decimal:
        cursor = self._cursor_price()
        return staging.fit_price(otherwise if cursor is None else cursor, market.instrument)

    def _reference_price(self, market: MarketView) -> Decimal:
        """The price that slots are counted at."""
        if self._staged is not None and self._staged.price is not None:
            return self._staged.price
        return staging.fit_price(market.quote.last, market.instrument)

    def _pickable(self) -> Sequence[Order | Alert]:
        fqme = self._state.selected
        return (*self._state.working(fqme), *self._state.armed_alerts(fqme))

    def _amendable(self) -> Staged | None:
        """The staged amend, or one that changes nothing yet for the picked order."""
        if self._staged is not None:
            return self._staged if self._staged.kind == "amend" else None
        picked = self.picked
        return staging.staged_amend(picked) if isinstance(picked, Order) else None

    def _movable(self) -> tuple[Staged, MarketView] | None:
        """What the arrows move, with its market; says why there is nothing."""
        market = self._state.market
        staged = self.staged or self._amendable()
        if market is None:
            return None
        if staged is None:
            if isinstance(self.picked, Alert):
                self._notify("an alert stays where it is: c cancels it, a stages another", "info")
            return None
        if staged.price is None:
            self._notify(f"a {staged.order_type} order has no price to move", "info")
            return None
        return staged, market

    def _move_to(
        self, staged: Staged, market: MarketView, price: Decimal | float | None, name: str
    ) -> None:
        if price is None:
            self._notify(f"there is no {name}", "warning")
            return
        self._restage(staging.at_price(staged, price, market.instrument), market)

    def _restage(self, staged: Staged, market: MarketView) -> None:
        """`staged` at another price: slots are worth another size there."""
        self._sizing = staging.untyped(self._sizing)
        if staged.kind == "order" and staged.price is not None:
            account = self._state.accounts.get(staged.account)
            size = staging.size_of(self._sizing, market.instrument, staged.price, account)
            staged = replace(staged, size=size)
        self._stage(staged)

    def _stage(self, staged: Staged) -> None:
        if staged.kind != "amend":
            self._picked_id = ""
        self._staged = staged
        self.unsee()

    def _drop(self) -> None:
        self._staged = None
        self._sizing = staging.untyped(self._sizing)
        self.unsee()

    def _set_sizing(self, sizing: Sizing) -> None:
        """Use `sizing`, for the picked order if one is, else for what is staged and the next."""
        market, amend = self._state.market, self._amendable()
        if amend is not None and market is not None:
            price = self._reference_price(market)
            size = staging.size_of(sizing, market.instrument, price, self.account)
            self._sizing = replace(self._sizing, typed=sizing.typed)
            self._stage(replace(amend, size=size))
            return
        self._sizing = sizing
        self._resize_staged()
        self.unsee()

    def _step_amend(self, amend: Staged, count: int, market: MarketView, price: Decimal) -> None:
        instrument = market.instrument
        if self._sizing.unit == "slots":
            step = staging.slots_to_size(Decimal(1), instrument, price, self.account)
        else:
            step = staging.unit_step(instrument, price, self.account)
        size = max(amend.size + count * step, staging.least_size(instrument, price))
        self._sizing = staging.untyped(self._sizing)
        self._stage(replace(amend, size=staging.fit_size(size, instrument)))

    def _resize_staged(self) -> None:
        market, staged = self._state.market, self._staged
        if market is None or staged is None or staged.kind != "order" or staged.price is None:
            return
        account = self._state.accounts.get(staged.account)
        size = staging.size_of(self._sizing, market.instrument, staged.price, account)
        self._staged = replace(staged, size=size)

    def _preview_of(self, staged: Staged, market: MarketView) -> Preview:
        return staging.preview(
            staged,
            market.instrument,
            market.quote,
            position=self._state.positions.get((staged.account, staged.fqme))
            or Position(account=staged.account, fqme=staged.fqme),
            account=self._state.accounts.get(staged.account),
            is_stale=market.is_stale,
        )

    def _may_act(self, at: float | None) -> bool:
        """Whether the key pressed at `at` can have been about what is on the screen."""
        if was_seen(self._painted_at, self._now() if at is None else at):
            return True
        self._notify(
            "nothing done: it was not on the screen yet; look, then press again", "warning"
        )
        return False

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
        account = self._state.accounts.get(order.account)
        broker = self._state.brokers.get(account.broker) if account else None
        return broker is None or broker.can_amend

    def _ask_then_send(self, staged: Staged) -> None:
        """Send at once, or after a question where real money is at stake."""
        account = self._state.accounts.get(staged.account)
        if staged.kind == "alert" or account is None or account.mode != "live":
            self._send_staged(staged)
            return

        def yes() -> None:
            if self.staged is staged:
                self._send_staged(staged)
            else:
                self._notify("not sent: it changed while it was asked about", "warning")

        self._ask_first(staged, account, yes)

    def _ask_first(self, staged: Staged, account: AccountInfo, yes: Callable[[], None]) -> None:
        text = f"Send {order_lines.describe(staged)}?"
        if account.mode == "live":
            text = f"REAL MONEY on {account.name}. {text}"
        detail = f"{staged.fqme}, account {account.name}"
        self._ask(Question(text, yes, detail=detail))

    def _send_staged(self, staged: Staged) -> None:
        if staged.kind != "amend":
            if staged.intent_id in self._sent:
                return
            self._sent.add(staged.intent_id)
        if self._staged is staged:
            self._drop()
        self._try_send(staging.command_of(staged))

    def _cancel(self, item: Order | Alert) -> None:
        if isinstance(item, Alert):
            self._try_send(CancelAlert(alert_id=item.alert_id))
        elif item.awaiting == "cancel":
            self._notify("its cancel is on its way", "info")
        else:
            self._try_send(Cancel(order_id=item.order_id))

    def _send_answer(self, command: Command) -> None:
        self._try_send(command)

    def _try_send(self, command: Command) -> bool:
        try:
            self._send(command)
        except LinkClosed as error:
            self._notify(f"not sent: {error}", "error")
            return False
        return True


def _id_of(item: Order | Alert) -> str:
    return item.order_id if isinstance(item, Order) else item.alert_id


def _is_working(item: Order | Alert) -> bool:
    return item.is_working if isinstance(item, Order) else item.state == "armed"


def _staged_of(request: OrderRequest, order_id: str, account: str, route: Route) -> Staged:
    """A typed order as an intent. Market and stop orders have no price to wait for here, so
    they go live whatever order mode has set."""
    waits_here = request.order_type == "limit"
    return Staged(
        kind="order",
        intent_id=order_id,
        fqme=request.fqme,
        price=request.price,
        side=request.side,
        size=request.size,
        account=account,
        route=request.route or (route if waits_here else "live"),
        order_type=request.order_type,
        stop_price=request.stop_price,
        time_in_force=request.time_in_force,
        post_only=request.post_only,
    )
