"""The ticket: what is staged by keys, how it is moved and sized, and where it is sent.

A ticket only prepares. `tui.orders.desk.OrderDesk` is a ticket that can send.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from engine.messages import AccountInfo, Alert, Order, Route, Side
from tui.orders import sizing as sizes
from tui.orders import staging
from tui.orders.sizing import SizeUnit, Sizing
from tui.orders.slate import Notify, Slate, new_order_id
from tui.orders.staging import Staged
from tui.state import MarketView

__all__ = ["HALF", "Notify", "Ticket", "new_order_id"]

HALF = Decimal("0.5")


class Ticket(Slate):
    """What the next order would be."""

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
        if self.staged is None or self.staged.kind != "order":
            names.add("type_next")
        elif self.staged.order_type == "market":
            names |= {"price_up", "price_down", "price_to_bid", "price_to_ask", "route"}
        if self.account is None or not self._holds_any(self.account):
            names |= {"close_half", "flatten", "reverse"}
        if self.account is None or self.account.mode != "live":
            names.add("arm_account")
        return frozenset(names)

    # -- staging ----------------------------------------------------------------------------------

    def stage(self, side: Side) -> None:
        """Stage an order at the crosshair; without that a buy at the bid, a sell at the ask. One
        that takes from what is held is staged reduce-only, and no larger than that."""
        if (market := self._ready_market()) is None:
            return
        account = self.account
        if account is None:
            self._notify(f"no account trades {market.fqme}", "warning")
            return
        quote = market.quote
        touch = quote.bid if side == "buy" else quote.ask
        price = self._price_at_cursor(market, quote.last if touch is None else touch)
        self._sizing = sizes.untyped(self._sizing)
        is_exit = self._standing(account, market.fqme).is_exit(side)
        staged = Staged(
            kind="order",
            intent_id=self._new_id(),
            fqme=market.fqme,
            price=price,
            side=side,
            account=account.name,
            route=self.route,
            reduce_only=is_exit,
        )
        self._stage(self._sized(staged, market))

    def stage_alert(self) -> None:
        """Stage an alert at the crosshair; without that at the last price."""
        if (market := self._ready_market()) is None:
            return
        price = self._price_at_cursor(market, market.quote.last)
        self._stage(Staged(kind="alert", intent_id=self._new_id(), fqme=market.fqme, price=price))

    def close_half(self) -> None:
        """Stage a market order that closes half of what is held, and can only reduce it."""
        if (market := self._ready_market()) is None:
            return
        account = self.account
        held = self._state.position(account.name, market.fqme) if account else None
        if account is None or held is None or not held.size:
            self._notify(f"nothing is held in {market.fqme}", "info")
            return
        self._sizing = sizes.untyped(self._sizing)
        self._stage(self.closing(market, account, HALF))

    def closing(self, market: MarketView, account: AccountInfo, part: Decimal) -> Staged:
        """A market order that closes `part`, 0 to 1, of what `account` holds."""
        standing = self._standing(account, market.fqme)
        side: Side = "sell" if standing.position.size > 0 else "buy"
        sized = sizes.part_of_held(part, side, market.instrument, standing)
        return Staged(
            kind="order",
            intent_id=self._new_id(),
            fqme=market.fqme,
            price=None,
            side=side,
            size=sized.size,
            size_reason=sized.reason,
            account=account.name,
            route="live",
            order_type="market",
            reduce_only=True,
            keeps_size=True,
        )

    def move_price(self, ticks: int) -> None:
        """Move the staged line by ticks; a picked order gets an amend staged."""
        if found := self._movable():
            staged, market = found
            instrument, quote = market.instrument, market.quote
            self._restage(staging.moved(staged, ticks, instrument, quote), market)

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
        ids = [item.order_id if isinstance(item, Order) else item.alert_id for item in items]
        outside = -1 if step > 0 else 0  # before the first, or behind the last
        at = ids.index(self._picked_id) if self._picked_id in ids else outside
        self._picked_id = ids[(at + step) % len(ids)]
        if self._staged is not None and self._staged.kind != "amend":
            self._notify("dropped what was staged; nothing was sent", "info")
        self._staged = None
        self._sizing = sizes.untyped(self._sizing)
        self.unsee()

    # -- size and route ---------------------------------------------------------------------------

    def type_digit(self, key: str) -> None:
        """Type a digit of the size, or its decimal point."""
        self._set_sizing(sizes.typed(self._sizing, key))

    def erase_digit(self) -> None:
        """Take back the last digit typed."""
        if self._sizing.typed:
            self._set_sizing(sizes.erased(self._sizing))

    def step_size(self, count: int) -> None:
        """So many slots or unit steps more."""
        market = self._state.market
        if market is None:
            return
        price = self._reference_price(market)
        if (amend := self._amendable()) is not None:
            self._step_amend(amend, count, market, price)
            return
        staged = self._staged
        size = staged.size if staged and staged.kind == "order" else self._next_size(market, price)
        self._set_sizing(
            sizes.stepped(self._sizing, count, size, market.instrument, price, self.account)
        )

    def toggle_size_unit(self) -> None:
        """Count sizes in slots, or in units."""
        self.set_size_unit("units" if self._sizing.unit == "slots" else "slots")

    def set_size_unit(self, unit: SizeUnit) -> None:
        """Count sizes in slots or in units; what is staged keeps its size in units."""
        size = self._staged.size if self._staged and self._staged.kind == "order" else None
        self._sizing = sizes.in_unit(self._sizing, unit, size)
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
        staged = self.staged
        if staged is not None and staged.kind == "amend":
            self._notify("a working order keeps its route; this is for the next one", "info")
        elif staged is not None and staged.order_type == "market":
            self._notify("a market order trades at once; this is for the next one", "info")
        elif staged is not None and staged.kind == "order":
            self._staged = replace(staged, route=route)
        self.unsee()

    # -- accounts ---------------------------------------------------------------------------------

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
        staged = self._staged
        if staged is not None and staged.kind == "order":
            is_exit = self._standing(account, staged.fqme).is_exit(staged.side)
            self._staged = replace(staged, account=name, reduce_only=is_exit)
            self._resize_staged()
        self.unsee()
        if account.mode == "live":
            self._notify(f"account {name}: REAL MONEY", "warning")
        else:
            self._notify(f"account {name}", "info")

    # -- inside -----------------------------------------------------------------------------------

    def _holds_any(self, account: AccountInfo) -> bool:
        return bool(self._state.position(account.name, self._state.selected).size)

    def _price_at_cursor(self, market: MarketView, otherwise: float) -> Decimal:
        cursor = self._cursor_price()
        return staging.fit_price(otherwise if cursor is None else cursor, market.instrument)

    def _reference_price(self, market: MarketView) -> Decimal:
        """The price that slots are counted at."""
        staged = self._staged
        line = staging.line_price(staged, market.instrument, market.quote) if staged else None
        if line is not None:
            return line
        return staging.fit_price(market.quote.last, market.instrument)

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
        if staging.line_price(staged, market.instrument, market.quote) is None:
            self._notify(_why_unmoved(staged), "info")
            return None
        return staged, market

    def _move_to(
        self, staged: Staged, market: MarketView, price: Decimal | float | None, name: str
    ) -> None:
        if price is None:
            self._notify(f"there is no {name}", "warning")
            return
        placed = staging.at_price(staged, price, market.instrument, market.quote)
        self._restage(placed, market)

    def _restage(self, staged: Staged, market: MarketView) -> None:
        """`staged` at another price: slots are worth another size there."""
        self._sizing = sizes.untyped(self._sizing)
        self._stage(self._sized(staged, market) if staged.kind == "order" else staged)

    def _sized(self, staged: Staged, market: MarketView) -> Staged:
        """`staged` in the size that is set, at the price where its line is."""
        if staged.keeps_size:
            return staged
        account = self._state.accounts.get(staged.account)
        line = staging.line_price(staged, market.instrument, market.quote)
        price = line if staged.price is None else staged.price
        if price is None:
            price = staging.fit_price(market.quote.last, market.instrument)
        sized = sizes.size_of(
            self._sizing,
            staged.side,
            market.instrument,
            price,
            self._standing(account, staged.fqme, for_type=staged.order_type),
            reduces=staged.reduce_only,
        )
        return replace(staged, size=sized.size, size_reason=sized.reason)

    def _next_size(self, market: MarketView, price: Decimal) -> Decimal:
        """What is set, for an entry that is not staged yet."""
        if self._sizing.unit == "units" and self._sizing.units is not None:
            return sizes.fit_size(self._sizing.units, market.instrument)
        return sizes.slots_to_size(Decimal(1), market.instrument, price, self.account)

    def _set_sizing(self, sizing: Sizing) -> None:
        """Use `sizing`, for the picked order if one is, else for what is staged and the next."""
        market, amend = self._state.market, self._amendable()
        if amend is not None and market is not None:
            self._sizing = replace(self._sizing, typed=sizing.typed)
            self._stage(replace(amend, size=self._amended_size(sizing, amend, market)))
            return
        self._sizing = sizing
        self._resize_staged()
        self.unsee()

    def _amended_size(self, sizing: Sizing, amend: Staged, market: MarketView) -> Decimal:
        if sizing.unit == "units" and sizing.units is not None:
            return sizes.fit_size(sizing.units, market.instrument)
        account = self._state.accounts.get(amend.account)
        price = self._reference_price(market)
        slots = sizing.slots if sizing.unit == "slots" else Decimal(1)
        return sizes.slots_to_size(slots, market.instrument, price, account)

    def _step_amend(self, amend: Staged, count: int, market: MarketView, price: Decimal) -> None:
        instrument, account = market.instrument, self._state.accounts.get(amend.account)
        if self._sizing.unit == "slots":
            step = sizes.slots_to_size(Decimal(1), instrument, price, account)
        else:
            step = sizes.unit_step(instrument, price, account)
        size = max(amend.size + count * step, sizes.least_size(instrument, price))
        self._sizing = sizes.untyped(self._sizing)
        self._stage(replace(amend, size=sizes.fit_size(size, instrument)))

    def _resize_staged(self) -> None:
        market, staged = self._state.market, self._staged
        if market is not None and staged is not None and staged.kind == "order":
            self._staged = self._sized(replace(staged, keeps_size=False), market)


def _why_unmoved(staged: Staged) -> str:
    order = staged.amended
    if order is not None and order.trail is not None:
        return "a trailing stop moves by itself: c cancels it"
    if order is not None and order.stop_price is not None:
        return "a stop at the venue stays where it is: c cancels it, then stage another"
    return f"a {staged.order_type} order has no price to move"
