"""The ticket: what is armed, staged and picked, and how the next order is sized and routed.

A ticket only prepares. `tui.orders.desk.OrderDesk` is a ticket that can send.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from engine.clock import monotonic_s
from engine.messages import AccountInfo, Alert, Order, Position, Route, Side
from tui.orders import staging
from tui.orders.accounts import AccountChoice
from tui.orders.question import was_seen
from tui.orders.staging import Preview, SizeUnit, Sizing, Staged
from tui.state import DeckState, MarketView

Notify = Callable[[str, Literal["info", "warning", "error"]], None]
"""Tells the user something, in one line."""


def new_order_id() -> str:
    """An id that no other order has, short enough for every venue's client order id."""
    return f"td{secrets.token_hex(9)}"


class Ticket:
    """What the next order would be."""

    def __init__(
        self,
        state: DeckState,
        *,
        notify: Notify,
        now: Callable[[], float] = monotonic_s,
        new_id: Callable[[], str] = new_order_id,
        cursor_price: Callable[[], Decimal | None] = lambda: None,
        route: Route = "dark",
        size_unit: SizeUnit = "slots",
    ) -> None:
        """
        Args:
            state: what the deck knows; only read.
            notify: tells the user something.
            now: seconds of the monotonic clock that keys are stamped with.
            new_id: makes ids of orders and alerts.
            cursor_price: price at the crosshair; None while it is off.
            route: how a staged order is routed at first.
            size_unit: what sizes are counted in at first.
        """
        self._state = state
        self._notify = notify
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
        self._accounts = AccountChoice(state)
        self._staged: Staged | None = None
        self._picked_id = ""
        self._market = state.selected
        """The market that staged, picked and sizing belong to."""

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
    def sizing(self) -> Sizing:
        """How the size of the next order is set."""
        return self._sizing

    def preview(self) -> Preview | None:
        """What would come of what is staged; None without that."""
        market, staged = self._state.market, self.staged
        if market is None or staged is None:
            return None
        return self._preview_of(staged, market)

    # -- seen -------------------------------------------------------------------------------------

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

    def _may_act(self, at: float | None) -> bool:
        """Whether the key pressed at `at` can have been about what is on the screen."""
        if was_seen(self._painted_at, self._now() if at is None else at):
            return True
        self._notify(
            "nothing done: it was not on the screen yet; look, then press again", "warning"
        )
        return False

    @property
    def idle(self) -> frozenset[str]:
        """Actions of order mode that would do nothing now: the footer leaves them out."""
        names = set()
        if self.staged is None:
            names.add("send")
        if self.picked is None:
            names.add("cancel")
        elif self.staged is None and not isinstance(self.picked, Order):
            names |= {"price_up", "price_down", "price_to_bid", "price_to_ask"}
        if not self._pickable():
            names.add("pick_next")
        return frozenset(names)

    # -- arming -----------------------------------------------------------------------------------

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

    def disarm(self) -> None:
        """Drop what is staged and leave order mode."""
        if self.is_armed:
            self._drop()
            self._picked_id = ""
            self.is_armed = False

    # -- staging ----------------------------------------------------------------------------------

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

    # -- walking working orders -------------------------------------------------------------------

    def pick(self, step: int) -> None:
        """Pick the next working order or alert of the market; drops what is staged."""
        self._follow_market()
        items = self._pickable()
        if not items:
            self._notify("no working orders in this market", "info")
            return
        ids = [_id_of(item) for item in items]
        outside = -1 if step > 0 else 0  # before the first, or behind the last
        at = ids.index(self._picked_id) if self._picked_id in ids else outside
        self._picked_id = ids[(at + step) % len(ids)]
        if self._staged is not None and self._staged.kind != "amend":
            self._notify("dropped what was staged; nothing was sent", "info")
        self._staged = None
        self._sizing = staging.untyped(self._sizing)
        self.unsee()

    # -- size and route ---------------------------------------------------------------------------

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

    def set_size(self, size: Decimal, unit: SizeUnit | None = None) -> None:
        """Set the size, in `unit` or in the one that is set."""
        unit = unit or self._sizing.unit
        if unit == "slots":
            self._set_sizing(replace(self._sizing, unit=unit, slots=size, typed=""))
        else:
            self._set_sizing(replace(self._sizing, unit=unit, units=size, typed=""))

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

    # -- accounts ---------------------------------------------------------------------------------

    @property
    def account(self) -> AccountInfo | None:
        """The account that the next order of the selected market names."""
        return self.account_for(self._state.selected)

    def account_for(self, fqme: str) -> AccountInfo | None:
        """The account that the next order of `fqme` names."""
        return self._accounts.of(fqme)

    def step_account(self, step: int) -> None:
        """Use the next account that trades the selected market."""
        account = self._accounts.beside(self._state.selected, step)
        if account is None:
            self._notify(f"no account trades {self._state.selected}", "warning")
        else:
            self.set_account(account.name)

    def set_account(self, name: str) -> None:
        """Name `name` in the next orders of the selected market.

        Raises:
            UsageError: there is no such account, or it does not trade this market.
        """
        account = self._accounts.choose(name, self._state.selected)
        if self._staged is not None and self._staged.kind == "order":
            self._staged = replace(self._staged, account=name)
            self._resize_staged()
        self.unsee()
        if account.mode == "live":
            self._notify(f"account {name}: REAL MONEY", "warning")
        else:
            self._notify(f"account {name}", "info")

    # -- inside -----------------------------------------------------------------------------------

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
            account = self._state.accounts.get(amend.account)
            size = staging.size_of(sizing, market.instrument, price, account)
            self._sizing = replace(self._sizing, typed=sizing.typed)
            self._stage(replace(amend, size=size))
            return
        self._sizing = sizing
        self._resize_staged()
        self.unsee()

    def _step_amend(self, amend: Staged, count: int, market: MarketView, price: Decimal) -> None:
        instrument, account = market.instrument, self._state.accounts.get(amend.account)
        if self._sizing.unit == "slots":
            step = staging.slots_to_size(Decimal(1), instrument, price, account)
        else:
            step = staging.unit_step(instrument, price, account)
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


def _id_of(item: Order | Alert) -> str:
    return item.order_id if isinstance(item, Order) else item.alert_id
