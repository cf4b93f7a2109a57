"""The crowd: who else trades on the embedded exchange, and when.

* **Makers** quote a ladder around the fair value of `path`, each with a width and a view of
  their own, and pull what the market has moved through.
* **Takers** come in clusters: a Hawkes process with an exponential kernel, drawn by thinning
  (Ogata: "On Lewis' simulation method for point processes", 1981). They lean towards the
  fair value, tend to go on with the side that traded last, and move the price a little, which
  then comes back.
* **Patient** traders join the queue at the best price, or better it, and give up again.

Times of actions are drawn ahead, so that it makes no difference in which steps the market is
moved on. Sizes are steps, prices ticks, rates per second.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final, Protocol

from brokers.sim.events import Entered, Event
from brokers.sim.history import MINUTE_NS, History
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import NANOS

_REFRESH_RATE: Final = 0.5
"""How often each maker looks at its quotes."""
_RUNGS: Final = 9
_WIDER: Final = 1.4
"""How much further apart each two quotes of a ladder are than the two before."""
_PATIENT_SHARE: Final = 0.35
"""Patient traders for each taker."""
_MOST_PATIENT: Final = 10
_DECAY: Final = 0.9
"""Of the takers' self-excitement, per second."""
_IMPACT: Final = 0.2
"""What a usual taker moves the price by, in half spreads, and how long that lasts."""
_IMPACT_LASTS_S: Final = 90.0
_LONGEST_DRAW_S: Final = 10.0


class Crowd(Protocol):
    """Who else trades in a market, as the market asks them."""

    @property
    def next_ns(self) -> int:
        """When they act next."""
        ...

    def step(self) -> list[Event]:
        """Do the next action, at `next_ns`."""
        ...

    def seat(self, time_ns: int, last: int) -> None:
        """Let the market stand at `last` now."""
        ...

    def open_book(self, time_ns: int) -> list[Event]:
        """Come with a first book."""
        ...

    def leave(self, time_ns: int) -> list[Event]:
        """Cancel everything."""
        ...

    def restart(self, time_ns: int) -> None:
        """Forget what was to be done before `time_ns`."""
        ...


class Maker:
    """One market maker's character and its quotes."""

    def __init__(self, width: float, size: float) -> None:
        self.width = width
        """Its half spread against the usual one."""
        self.size = size
        self.quotes: dict[int, list[int]] = {BUY: [0] * _RUNGS, SELL: [0] * _RUNGS}
        """Order numbers by side, nearest to the market first; 0 where there is none."""


class Flow:
    """All of the crowd in one market."""

    def __init__(
        self, history: History, engine: MatchingEngine, seed: int, start_ns: int, last: int
    ) -> None:
        listing = history.listing
        self._listing = listing
        self._history = history
        self._engine = engine
        self._random = random.Random(f"{seed}/{listing.fqme}/{start_ns}")
        self._makers = [Maker(1.0 + 0.35 * nth, 1.0 + 0.6 * nth) for nth in range(listing.makers)]
        self._patient: list[int] = []
        self._minute = -1
        self._seconds: list[float] = []
        self._pace = 0.0
        self._half_spread = 1.0
        self._excitement = 0.0
        self._excited_ns = start_ns
        self._intensity = 0.0
        self._side = BUY
        self._due: list[tuple[int, int, Callable[[int], list[Event]]]] = []
        self._drawn = 0
        self._shift = 0.0
        self._shift_ns = start_ns
        self.seat(start_ns, last)
        for maker in self._makers:
            self._draw(start_ns, _REFRESH_RATE, self._maker_action(maker))
        self._draw_taker(start_ns)
        self._draw_patient(start_ns)

    @property
    def next_ns(self) -> int:
        """When the crowd acts next."""
        return self._due[0][0]

    def step(self) -> list[Event]:
        """Do the next action, at `next_ns`."""
        time_ns, _, action = heappop(self._due)
        return action(time_ns)

    def seat(self, time_ns: int, last: int) -> None:
        """Let the market stand at `last` now; it returns to the path from there."""
        self._shift, self._shift_ns = 0.0, time_ns
        self._shift = last - self.fair(time_ns)

    def open_book(self, time_ns: int) -> list[Event]:
        """Every maker quotes at once."""
        events = []
        for maker in self._makers:
            events += self._refresh(maker, time_ns)
        for _ in range(4):
            events += self._join_queue(time_ns)
        return events

    def leave(self, time_ns: int) -> list[Event]:
        """The whole crowd cancels."""
        numbers = [order.order_id for order in self._engine.orders() if not order.owner]
        self._patient.clear()
        return [event for number in numbers for event in self._engine.cancel(number, time_ns)]

    def restart(self, time_ns: int) -> None:
        """Drop what was drawn before `time_ns`, after a time that nobody saw."""
        late, self._due = self._due, []
        for _, nth, action in sorted(late, key=lambda due: due[1]):
            wait_s = self._random.expovariate(_REFRESH_RATE)
            heappush(self._due, (time_ns + int(wait_s * NANOS) + 1, nth, action))
        self._excitement, self._excited_ns = 0.0, time_ns

    def fair(self, time_ns: int) -> float:
        """Fair value in ticks: the path, and what recent trades moved it by."""
        minute, within = divmod(time_ns, MINUTE_NS)
        if minute != self._minute:
            self._look_up(minute)
        second, rest = divmod(within, NANOS)
        low, high = self._seconds[second], self._seconds[second + 1]
        lasted_s = (time_ns - self._shift_ns) / NANOS
        shift = self._shift * math.exp(-lasted_s / _IMPACT_LASTS_S)
        return max(low + (high - low) * rest / NANOS + shift, 2.0 + 2.0 * self._half_spread)

    def _look_up(self, minute: int) -> None:
        part, seconds = self._history.reference(minute)
        self._minute = minute
        self._seconds = seconds.tolist()
        self._pace = float(part.rate[0]) / 60.0
        self._half_spread = float(part.half_spread[0])

    # -- when ------------------------------------------------------------------------------

    def _draw(self, time_ns: int, rate: float, action: Callable[[int], list[Event]]) -> None:
        """Let `action` happen at the next event of a Poisson process."""
        wait_s = min(self._random.expovariate(rate), 60.0)
        self._drawn += 1
        # A nanosecond at least: no two actions of one agent share a time.
        heappush(self._due, (time_ns + int(wait_s * NANOS) + 1, self._drawn, action))

    def _draw_taker(self, time_ns: int) -> None:
        """Draw the next time at which a taker may come, by the present intensity as a bound."""
        self._intensity = self._taker_intensity(time_ns)
        wait_s = self._random.expovariate(self._intensity)
        # The bound is drawn anew after a while, for the pace may have risen meanwhile.
        action = self._may_take if wait_s < _LONGEST_DRAW_S else self._take_none
        wait_s = min(wait_s, _LONGEST_DRAW_S)
        self._drawn += 1
        heappush(self._due, (time_ns + int(wait_s * NANOS) + 1, self._drawn, action))

    def _draw_patient(self, time_ns: int) -> None:
        self._draw(time_ns, max(0.02, self._pace * _PATIENT_SHARE), self._be_patient)

    def _taker_intensity(self, time_ns: int) -> float:
        self.fair(time_ns)  # the pace is that of this minute
        self._excitement *= math.exp(-_DECAY * (time_ns - self._excited_ns) / NANOS)
        self._excited_ns = time_ns
        own = self._pace * (1.0 - self._listing.self_excitement)
        return max(own, 1e-3) + self._excitement

    # -- makers ----------------------------------------------------------------------------

    def _maker_action(self, maker: Maker) -> Callable[[int], list[Event]]:
        def act(time_ns: int) -> list[Event]:
            events = self._refresh(maker, time_ns)
            usual = self._listing.trades_per_minute / 60.0
            haste = min(2.0, max(0.6, math.sqrt(self._pace / usual)))
            self._draw(time_ns, _REFRESH_RATE * haste, act)
            return events

        return act

    def _refresh(self, maker: Maker, time_ns: int) -> list[Event]:
        fair = self.fair(time_ns)
        half = self._half_spread * maker.width
        view = fair + self._random.gauss(0.0, 0.25) * self._half_spread
        events = self._pull_through(fair, time_ns)
        targets = {side: self._ladder(side, view, half) for side in (BUY, SELL)}
        for side in (BUY, SELL):
            events += self._drop_stale(maker, side, targets[side], half, time_ns)
        for side in (BUY, SELL):
            events += self._quote(maker, side, targets[side], time_ns)
        return events

    def _ladder(self, side: int, view: float, half: float) -> list[int]:
        """Prices to quote at, nearest first, each at least a tick from the one before."""
        prices: list[int] = []
        for rung in range(_RUNGS):
            away = half + self._reach(rung)
            price = math.floor(view - away) if side == BUY else math.ceil(view + away)
            if prices and (prices[-1] - price) * side < 1:
                price = prices[-1] - side
            prices.append(price)
        return prices

    def _reach(self, rung: int) -> float:
        """How far behind the nearest quote this one is, in ticks."""
        return self._listing.level_gap * (_WIDER**rung - 1.0) / (_WIDER - 1.0)

    def _pull_through(self, fair: float, time_ns: int) -> list[Event]:
        """Cancel the crowd's quotes that fair value has moved through: all have seen it."""
        events = []
        for side in (BUY, SELL):
            book = self._engine.side(side)
            while (best := book.best) is not None and (best.price - fair) * side > 0:
                ours = [order for order in best.orders.values() if not order.owner]
                has_others = len(ours) < len(best.orders)
                for order in ours:
                    events += self._engine.cancel(order.order_id, time_ns)
                if has_others:
                    break
        return events

    def _drop_stale(
        self, maker: Maker, side: int, targets: list[int], half: float, time_ns: int
    ) -> list[Event]:
        """Cancel the quotes that are too far from where they should be, or almost gone."""
        events, quotes = [], maker.quotes[side]
        for rung, target in enumerate(targets):
            order = self._engine.order(quotes[rung])
            if order is None or order.price is None:
                quotes[rung] = 0
                continue
            slack = 0.4 * half + 0.3 * (self._listing.level_gap + self._reach(rung))
            if abs(order.price - target) > slack or order.left * 3 < order.size:
                events += self._engine.cancel(order.order_id, time_ns)
                quotes[rung] = 0
        return events

    def _quote(self, maker: Maker, side: int, targets: list[int], time_ns: int) -> list[Event]:
        """Place what is missing of the ladder."""
        events, quotes = [], maker.quotes[side]
        for rung, target in enumerate(targets):
            if quotes[rung]:
                continue
            price = self._behind(side, target)
            if price < 1:
                continue
            mean = self._listing.depth_size * maker.size * (1.0 + 0.35 * rung)
            placed = self._engine.submit(
                NewOrder("", side, self._size(mean, 0.5), "limit", price, post_only=True), time_ns
            )
            if isinstance(placed[0], Entered):
                quotes[rung] = placed[0].order_id
            events += placed
        return events

    def _behind(self, side: int, price: int) -> int:
        """`price`, or the nearest one that does not take."""
        opposite = self._engine.side(-side).best
        if opposite is not None and (opposite.price - price) * side <= 0:
            return opposite.price - side
        return price

    # -- takers ----------------------------------------------------------------------------

    def _may_take(self, time_ns: int) -> list[Event]:
        bound = self._intensity
        events = []
        if self._random.random() * bound < self._taker_intensity(time_ns):
            events = self._take(time_ns)
            self._excitement += self._listing.self_excitement * _DECAY
        self._draw_taker(time_ns)
        return events

    def _take_none(self, time_ns: int) -> list[Event]:
        self._draw_taker(time_ns)
        return []

    def _take(self, time_ns: int) -> list[Event]:
        bids, asks = self._engine.bids.best, self._engine.asks.best
        if bids is None or asks is None:
            return []
        fair, half = self.fair(time_ns), self._half_spread
        edge = (fair - (bids.price + asks.price) / 2.0) / half
        # What informed takers would do, and the habit of splitting a large order.
        lean = 1.0 / (1.0 + math.exp(-max(-8.0, min(8.0, 1.1 * edge))))
        buys = 0.7 * lean + (0.3 if self._side == BUY else 0.0)
        side = self._side = BUY if self._random.random() < buys else SELL
        # A quote far from fair value is worth more to whoever takes it.
        eager = min(3.0, max(0.8, 0.25 * edge * side))
        size = self._size(self._listing.mean_size * eager, 1.1)
        best = asks.price if side == BUY else bids.price
        # Nobody pays any price: a thin book must not send one order through all of it.
        limit = best + side * math.ceil(3.0 * half + self._listing.level_gap)
        self._push(side, size, time_ns)
        return self._engine.submit(
            NewOrder("", side, size, "limit", max(1, limit), time_in_force="ioc"), time_ns
        )

    def _push(self, side: int, size: int, time_ns: int) -> None:
        """A trade moves the price by the square root of its size."""
        lasted_s = (time_ns - self._shift_ns) / NANOS
        self._shift *= math.exp(-lasted_s / _IMPACT_LASTS_S)
        self._shift_ns = time_ns
        weight = min(4.0, math.sqrt(size / self._listing.mean_size))
        self._shift += side * _IMPACT * self._half_spread * weight

    # -- patient traders ---------------------------------------------------------------------

    def _be_patient(self, time_ns: int) -> list[Event]:
        self._patient = [nth for nth in self._patient if self._engine.order(nth) is not None]
        if self._patient and self._random.random() < len(self._patient) / _MOST_PATIENT:
            leaving = self._patient.pop(self._random.randrange(len(self._patient)))
            events = self._engine.cancel(leaving, time_ns)
        else:
            events = self._join_queue(time_ns)
        self._draw_patient(time_ns)
        return events

    def _join_queue(self, time_ns: int) -> list[Event]:
        """A limit order at the best price, or a tick better where the spread has room."""
        bids, asks = self._engine.bids.best, self._engine.asks.best
        if bids is None or asks is None:
            return []
        side = BUY if self._random.random() < 0.5 else SELL
        best = bids.price if side == BUY else asks.price
        better = self._random.random() < 0.3
        fair = self.fair(time_ns)
        if better and (fair - best - side) * side > 0.3 * self._half_spread:
            best += side
        size = self._size(self._listing.mean_size * 1.5, 0.8)
        events = self._engine.submit(
            NewOrder("", side, size, "limit", self._behind(side, best), post_only=True), time_ns
        )
        if isinstance(events[0], Entered):
            self._patient.append(events[0].order_id)
        return events

    def _size(self, mean: float, spread: float) -> int:
        """Lognormal around `mean` steps, at least one."""
        return max(1, round(mean * math.exp(self._random.gauss(-0.5 * spread**2, spread))))
