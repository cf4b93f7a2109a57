"""The terms of what is staged, by keys: type, time in force, post-only, reduce-only, trail.

Every order begins as a limit order, good till canceled: terms are of one order, and none of them
waits to surprise the next.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.clock import NANOS
from engine.messages import OrderType, TimeInForce, TrailUnit
from tui.orders import staging, terms
from tui.orders.staging import Staged
from tui.orders.ticket import Ticket
from tui.state import MarketView

LASTING_S: Final = (900, 3_600, 14_400, 86_400, 604_800)
"""How long a `gtd` order can be made to last by a key, in seconds."""

_FIRST_LASTING_S: Final = 3_600
_TERMS: Final[tuple[TimeInForce, ...]] = ("gtc", "gtd", "ioc", "fok")
_TERMS_OF_STOPS: Final[tuple[TimeInForce, ...]] = ("gtc", "gtd")
_MINUTE_NS: Final = 60 * NANOS


class TermKeys(Ticket):
    """A ticket of which every term has a key."""

    def step_type(self, step: int) -> None:
        """Make it an order of the next type."""
        if (found := self._with_terms()) is None:
            return
        staged, _ = found
        types = terms.BY_KEYS
        at = types.index(staged.order_type) if staged.order_type in types else 0
        self.set_type(types[(at + step) % len(types)])

    def set_type(self, order_type: OrderType) -> None:
        """Make it an order of this type, with its line where the type can have it."""
        if (found := self._with_terms()) is None:
            return
        staged, market = found
        shaped = staging.as_type(staged, order_type, market.instrument, market.quote)
        if order_type == "market":
            # It has nothing to wait for.
            shaped = replace(shaped, route="live", time_in_force="gtc", expires_ns=0)
        elif staged.order_type == "market":
            shaped = replace(shaped, route=self.route)
        self._restage(shaped, market)

    def step_term(self, step: int = 1) -> None:
        """Good till canceled, till a time, immediate or cancel, fill or kill."""
        if (found := self._with_terms()) is None:
            return
        staged, _ = found
        if staged.order_type == "market":
            self._notify("a market order does not wait", "info")
            return
        known = _TERMS_OF_STOPS if staging.waits(staged) else _TERMS
        at = known.index(staged.time_in_force) if staged.time_in_force in known else 0
        self._set_term(staged, known[(at + step) % len(known)])

    def step_lasting(self) -> None:
        """Let it end after a quarter of an hour, an hour, four, a day, a week."""
        if (found := self._with_terms()) is None:
            return
        staged, _ = found
        if staged.order_type == "market":
            self._notify("a market order does not wait", "info")
            return
        now_ns = self._market_now_ns(staged.fqme)
        left_s = (staged.expires_ns - now_ns) / NANOS if staged.time_in_force == "gtd" else 0
        longer = [lasting for lasting in LASTING_S if lasting > left_s + 60]
        self._set_term(staged, "gtd", longer[0] if longer else LASTING_S[0])

    def _set_term(
        self, staged: Staged, term: TimeInForce, lasting_s: int = _FIRST_LASTING_S
    ) -> None:
        expires_ns = 0
        if term == "gtd":
            # On a whole minute, as it is shown: what is seen is what is sent.
            ends_ns = self._market_now_ns(staged.fqme) + lasting_s * NANOS
            expires_ns = -(-ends_ns // _MINUTE_NS) * _MINUTE_NS
        is_resting = term in ("gtc", "gtd")
        self._stage(
            replace(
                staged,
                time_in_force=term,
                expires_ns=expires_ns,
                post_only=staged.post_only and is_resting,
            )
        )

    def toggle_post_only(self) -> None:
        """Let it only rest at the venue, never take."""
        if (found := self._with_terms()) is None:
            return
        staged, _ = found
        if staged.order_type != "limit":
            self._notify(f"a {terms.WORDS[staged.order_type]} order cannot be post-only", "info")
            return
        term = staged.time_in_force if staged.time_in_force in ("gtc", "gtd") else "gtc"
        self._stage(replace(staged, post_only=not staged.post_only, time_in_force=term))

    def toggle_reduce_only(self) -> None:
        """Let it only take from what is held, or let it open the other side too."""
        if (found := self._with_terms()) is None:
            return
        staged, market = found
        reduced = replace(staged, reduce_only=not staged.reduce_only)
        self._stage(self._sized(reduced, market))

    def step_distance(self, step: int) -> None:
        """Widen or narrow the trail, or the distance of the limit from the stop."""
        if (found := self._with_terms()) is None:
            return
        staged, market = found
        changed = staging.wider(staged, step, market.instrument)
        if changed is staged:
            word = terms.WORDS[staged.order_type]
            self._notify(f"a {word} order has no distance to change", "info")
        else:
            self._restage(changed, market)

    def toggle_trail_unit(self) -> None:
        """Trail by a difference of prices, or by a percentage."""
        if (found := self._with_terms()) is None:
            return
        staged, market = found
        if staged.trail is None:
            self._notify("only a trailing stop trails: t makes it one", "info")
            return
        unit: TrailUnit = "price" if staged.trail_unit == "percent" else "percent"
        self._stage(staging.in_trail_unit(staged, unit, market.instrument, market.quote))

    def _with_terms(self) -> tuple[Staged, MarketView] | None:
        """What is staged as an order, with its market; says why there is none."""
        market, staged = self._state.market, self.staged
        if market is not None and staged is not None and staged.kind == "order":
            return staged, market
        if staged is None and self.picked is None:
            text = "nothing is staged: f buys, d sells"
        elif staged is not None and staged.kind == "alert":
            text = "an alert has no terms"
        else:
            text = "a working order keeps its terms: c cancels it, then stage another"
        self._notify(text, "info")
        return None
