"""What order mode has before it: whether it is armed, what is staged and picked, and what of it
has been on the screen."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from engine.clock import monotonic_s
from engine.messages import AccountInfo, Alert, BrokerInfo, Order, OrderType, Route, Submit
from tui.orders import preview as previews
from tui.orders import sizing as sizes
from tui.orders import staging, terms
from tui.orders.accounts import AccountChoice
from tui.orders.preview import Preview, Scene
from tui.orders.question import was_seen
from tui.orders.sizing import SizeUnit, Sizing, Standing
from tui.orders.staging import Staged
from tui.state import DeckState, MarketView

Notify = Callable[[str, Literal["info", "warning", "error"]], None]
"""Tells the user something, in one line."""


def new_order_id() -> str:
    """An id that no other order has, short enough for every venue's client order id."""
    return f"td{secrets.token_hex(9)}"


class Slate:
    """What is staged and picked, and when it was seen."""

    def __init__(
        self,
        state: DeckState,
        *,
        notify: Notify,
        now: Callable[[], float] = monotonic_s,
        new_id: Callable[[], str] = new_order_id,
        cursor_price: Callable[[], Decimal | None] = lambda: None,
        market_now_ns: Callable[[str], int] | None = None,
        zone: Callable[[], tzinfo | None] = lambda: UTC,
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
            market_now_ns: the time of a market, by which orders end; the engine's if left out.
            zone: in which times are written.
            route: how a staged order is routed at first.
            size_unit: what sizes are counted in at first.
        """
        self._state = state
        self._notify = notify
        self._now = now
        self._new_id = new_id
        self._cursor_price = cursor_price
        self._market_now_ns = market_now_ns or (lambda _fqme: state.now_ns)
        self._zone = zone
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
        self._sent: dict[str, Submit] = {}
        """Orders that were sent, by id: no id is sent twice."""
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

    @property
    def zone(self) -> tzinfo | None:
        """In which times are written."""
        return self._zone()

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

    # -- order mode -------------------------------------------------------------------------------

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

    def unstage(self) -> None:
        """Drop what is staged; if nothing is, let go of what is picked."""
        if self.staged is not None:
            self._drop()
        else:
            self._picked_id = ""
            self.unsee()

    # -- accounts ---------------------------------------------------------------------------------

    @property
    def account(self) -> AccountInfo | None:
        """The account that the next order of the selected market names."""
        return self.account_for(self._state.selected)

    def account_for(self, fqme: str) -> AccountInfo | None:
        """The account that the next order of `fqme` names."""
        return self._accounts.of(fqme)

    def broker_of(self, account: AccountInfo | None) -> BrokerInfo | None:
        """What the venue of `account` can do, as far as that is known."""
        return self._state.brokers.get(account.broker) if account else None

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

    def _pickable(self) -> Sequence[Order | Alert]:
        fqme = self._state.selected
        return (*self._state.working(fqme), *self._state.armed_alerts(fqme))

    def _amendable(self) -> Staged | None:
        """The staged amend, or one that changes nothing yet for the picked order."""
        if self._staged is not None:
            return self._staged if self._staged.kind == "amend" else None
        picked = self.picked
        return staging.staged_amend(picked) if isinstance(picked, Order) else None

    def _stage(self, staged: Staged) -> None:
        if staged.kind != "amend":
            self._picked_id = ""
        self._staged = staged
        self.unsee()

    def _drop(self) -> None:
        self._staged = None
        self._sizing = sizes.untyped(self._sizing)
        self.unsee()

    def _standing(
        self,
        account: AccountInfo | None,
        fqme: str,
        without: str = "",
        for_type: OrderType = "limit",
    ) -> Standing:
        return sizes.standing_of(
            self._state,
            account,
            fqme,
            without=without,
            sent=self._sent.values(),
            for_type=for_type,
        )

    def _scene(self, staged: Staged, market: MarketView) -> Scene:
        """All that what is staged depends on, as it is now."""
        account = self._state.accounts.get(staged.account)
        order = staged.amended
        for_type = staged.order_type if order is None else terms.type_of(order)
        return Scene(
            instrument=market.instrument,
            quote=market.quote,
            standing=self._standing(account, staged.fqme, staged.intent_id, for_type),
            broker=self.broker_of(account),
            guards=self._state.guards,
            is_stale=market.is_stale,
            now_ns=self._market_now_ns(staged.fqme),
        )

    def _preview_of(self, staged: Staged, market: MarketView) -> Preview:
        return previews.preview(staged, self._scene(staged, market))


def _id_of(item: Order | Alert) -> str:
    return item.order_id if isinstance(item, Order) else item.alert_id
