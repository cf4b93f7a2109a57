"""A link whose markets move by a seeded script, as fast as it is told."""

from __future__ import annotations

import threading
import time

import numpy as np
from msgspec.structs import replace

from engine.link.protocol import Wake
from engine.messages import BarsUpdate, Columns, Command, Event, Frame, OpenBars, Trade
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, Market, ScriptedLink, quote_of


class MovingMarket:
    """One market, and the bars of it that were asked for."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.quote = quote_of(market)
        self.periods: dict[int, Columns] = {}
        """By period in seconds its last bar."""
        self._rng = np.random.default_rng(market.seed)

    def trade(self, now_ns: int, new_bars: int) -> list[Event]:
        """A trade a few ticks from the last one, and the bars with it, or ones behind those."""
        tick = float(self.market.instrument.price_tick)
        steps = int(self._rng.choice([-2, -1, -1, 0, 0, 1, 1, 2]))
        price = round(self.quote.last / tick + steps) * tick
        size = float(self._rng.integers(1, 40)) * float(self.market.instrument.size_step)
        half = tick * self.market.spread_ticks
        self.quote = replace(
            self.quote,
            last=price,
            last_size=size,
            bid=price if steps < 0 else price - half,
            ask=price + half if steps < 0 else price,
            bid_size=float(self._rng.integers(1, 90)) / 10,
            ask_size=float(self._rng.integers(1, 90)) / 10,
            venue_ns=now_ns,
            recv_ns=now_ns,
        )
        trade = Trade(
            fqme=self.market.fqme, price=price, size=size, venue_ns=now_ns, recv_ns=now_ns
        )
        frame = Frame(fqme=self.market.fqme, ticks={"trade": [trade]}, quote=self.quote)
        return [frame, *self._bars(price, size, new_bars)]

    def _bars(self, price: float, size: float, new_bars: int) -> list[Event]:
        events: list[Event] = []
        for period_s, bar in self.periods.items():
            start = bar.time_ns + new_bars * period_s * NANOS
            fresh = bool(new_bars)
            bar = Columns(
                time_ns=start,
                open=np.array([price]) if fresh else bar.open,
                high=np.array([price]) if fresh else np.maximum(bar.high, price),
                low=np.array([price]) if fresh else np.minimum(bar.low, price),
                close=np.array([price]),
                volume=np.array([size]) if fresh else bar.volume + size,
                trades=np.array([1.0]) if fresh else bar.trades + 1,
            )
            self.periods[period_s] = bar
            events.append(BarsUpdate(fqme=self.market.fqme, period_s=period_s, columns=bar))
        return events


class MovingLink(ScriptedLink):
    """Trades come `hz` times a second in each of the first `moving` markets, from a thread, as
    they do from an engine; `new_bars` is how many bars each of them is later than the last."""

    def __init__(self, *, hz: float, moving: int, new_bars: int = 0) -> None:
        super().__init__()
        self.moving = [MovingMarket(market) for market in MARKETS[:moving]]
        self._hz = hz
        self._new_bars = new_bars
        self._started_s = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def now_ns(self) -> int:
        """The scene's time: it begins with `NOW_NS` and goes on as clocks do."""
        return NOW_NS + int((time.monotonic() - self._started_s) * NANOS)

    def start(self, wake: Wake) -> None:
        super().start(wake)
        threading.Thread(target=self._run, name="markets", daemon=True).start()

    def close(self, timeout_s: float = 5.0) -> bool:
        self._ended.set()
        return super().close(timeout_s)

    def send(self, command: Command) -> None:
        with self._lock:
            super().send(command)
            if isinstance(command, OpenBars):
                self._follow(command)

    def take(self) -> list[Event]:
        with self._lock:
            return list(super().take())

    def _follow(self, command: OpenBars) -> None:
        """Move the bars that were opened."""
        for event in self._waiting:
            if isinstance(event, BarsUpdate) and event.fqme == command.fqme:
                for market in self.moving:
                    if market.market.fqme == event.fqme:
                        market.periods[event.period_s] = _last(event.columns)

    def _run(self) -> None:
        count = 0
        while not self._ended.wait(1 / self._hz if self._hz else 1.0):
            count += 1
            now_ns = self.now_ns()
            events: list[Event] = []
            if self._hz:
                for market in self.moving:
                    events += market.trade(now_ns, self._new_bars)
            if not self._hz or count % max(1, round(self._hz)) == 0:
                events.append(replace(self.status(), now_ns=now_ns))
            with self._lock:
                self._waiting.extend(events)


def _last(columns: Columns) -> Columns:
    return Columns(
        **{name: getattr(columns, name)[-1:].copy() for name in Columns.__struct_fields__}
    )
