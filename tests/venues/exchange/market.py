"""One spot market of a test exchange: the sim's market, told in Decimals and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec

from brokers.sim.book import BookSide
from brokers.sim.events import Elected, Entered, Event, Executed
from brokers.sim.flow import Flow
from brokers.sim.history import History
from brokers.sim.instruments import Listing
from brokers.sim.market import Market
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import NANOS
from tests.venues.exchange.bars import DAY_S, Bar, Period
from tests.venues.exchange.crowd import Nobody
from tests.venues.exchange.tape import PublicTrade, Tape

Level = tuple[Decimal, Decimal]
"""Price and size; size 0 removes it."""

_STRIDE_NS: Final = 10 * NANOS
"""The sim skips over longer absences; here everything happens."""
_FIRST_UPDATE: Final = 1_000_000
_MINUTE: Final = Period(60)


class BookChange(msgspec.Struct, frozen=True, gc=False):
    """What one action did to the book."""

    update_id: int
    """One more than that of the change before."""
    time_ns: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Best(msgspec.Struct, frozen=True, gc=False):
    """The best prices; None and 0 where a side is empty."""

    update_id: int
    bid: Decimal | None
    bid_size: Decimal
    ask: Decimal | None
    ask_size: Decimal


class DayStats(msgspec.Struct, frozen=True, kw_only=True):
    """What traded in a span of time that ends now."""

    start_ns: int
    end_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    last_size: Decimal
    before: Decimal
    """Last price before the span."""
    volume: Decimal
    quote_volume: Decimal
    first_id: int
    last_id: int
    trades: int

    @property
    def change(self) -> Decimal:
        return self.last - self.open

    @property
    def change_percent(self) -> Decimal:
        return self.change / self.open * 100 if self.open else Decimal(0)

    @property
    def average(self) -> Decimal:
        return self.quote_volume / self.volume if self.volume else self.last


OnEvents = Callable[["SpotMarket", list[Event]], None]


class SpotMarket:
    """Its `listeners` are called as things happen, in order; they must not wait."""

    def __init__(
        self, listing: Listing, seed: int, now_ns: int, *, is_quiet: bool, on_events: OnEvents
    ) -> None:
        self.instrument = listing.instrument
        self.symbol = self.instrument.symbol
        self.update_id = _FIRST_UPDATE
        self.on_change: list[Callable[[SpotMarket, BookChange], None]] = []
        self.on_trade: list[Callable[[SpotMarket, PublicTrade], None]] = []
        self.takes_any_price: Callable[[SpotMarket, int], bool] = lambda market, number: False
        """Whether the stop order of that number has no limit."""
        self._on_events = on_events
        self._tick, self._step = self.instrument.price_tick, self.instrument.size_step
        history = History(listing, seed)
        start_ns = now_ns - now_ns % NANOS
        self.tape = Tape(history, start_ns)
        self._time_ns = start_ns
        self._last_run = (0, 0)
        self.sim = Market(
            history,
            seed,
            start_ns,
            on_events=self._take,
            on_book=self._tell_book,
            open_crowd=Nobody if is_quiet else Flow,
        )
        self.advance(now_ns)

    # -- time --------------------------------------------------------------------------------

    @property
    def next_ns(self) -> int:
        """When something happens here next, if nobody asks for it."""
        return self.sim.next_ns

    @property
    def time_ns(self) -> int:
        return self._time_ns

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due."""
        while self._time_ns < now_ns:
            self._time_ns = min(now_ns, self._time_ns + _STRIDE_NS)
            self.sim.advance(self._time_ns)

    # -- book --------------------------------------------------------------------------------

    def bids(self, limit: int = 5000) -> list[Level]:
        """Best first."""
        return list(islice(self._levels(self.sim.engine.bids), limit))

    def asks(self, limit: int = 5000) -> list[Level]:
        return list(islice(self._levels(self.sim.engine.asks), limit))

    def best(self) -> Best:
        bid, ask = self.sim.engine.bids.best, self.sim.engine.asks.best
        return Best(
            self.update_id,
            None if bid is None else bid.price * self._tick,
            Decimal(0) if bid is None else bid.size * self._step,
            None if ask is None else ask.price * self._tick,
            Decimal(0) if ask is None else ask.size * self._step,
        )

    def walk(self, side: int) -> Iterator[Level]:
        """What a taker of `side` meets, best first; what icebergs hide is not seen."""
        return self._levels(self.sim.engine.side(-side))

    def _levels(self, side: BookSide) -> Iterator[Level]:
        for level in side:
            yield level.price * self._tick, level.size * self._step

    # -- prices ------------------------------------------------------------------------------

    def latest_ns(self, now_ns: int) -> int:
        """The market's own time when it is `now_ns` everywhere else."""
        return now_ns

    @property
    def last_price(self) -> Decimal:
        last = self.sim.engine.last_price
        assert last is not None  # the sim's markets open with one
        return last * self._tick

    def average_price(self) -> Decimal:
        """Of the last minutes' trades, by size; see `Instrument.average_minutes`."""
        return self.sim.average_price()

    def stats(self, now_ns: int, span_s: int = DAY_S) -> DayStats:
        """What traded in the last `span_s`, whole minutes, and in the present one."""
        start_ns = (now_ns // (60 * NANOS) * 60 - span_s) * NANOS
        bars = self.tape.bars(_MINUTE, start_ns, now_ns + 1, now_ns)
        first_id = self.tape.between(start_ns, now_ns + 1, 1)
        last = self.tape.last(1)
        return DayStats(
            start_ns=start_ns,
            end_ns=now_ns,
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            last=bars[-1].close,
            last_size=last[0].size if last else Decimal(0),
            before=bars[0].open,
            volume=sum((bar.volume for bar in bars), Decimal(0)),
            quote_volume=sum((bar.quote_volume for bar in bars), Decimal(0)),
            first_id=first_id[0].trade_id if first_id else -1,
            last_id=last[0].trade_id if first_id and last else -1,
            trades=sum(bar.trades for bar in bars),
        )

    def bars(self, period: Period, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """See `Tape.bars`."""
        return self.tape.bars(period, start_ns, end_ns, now_ns)

    def trade_ids(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Numbers of the first and last trade of [start, end); -1 where there are none."""
        return self.tape.ids_between(start_ns, end_ns)

    # -- others' orders ------------------------------------------------------------------------

    def place(self, side: str, price: Decimal, size: Decimal, *, is_ioc: bool = False) -> int:
        """An order of nobody's account, for tests; its number, to cancel it by."""
        new = NewOrder(
            "",
            BUY if side == "buy" else SELL,
            int(size / self._step),
            "limit",
            int(price / self._tick),
            time_in_force="ioc" if is_ioc else "gtc",
        )
        return self.sim.submit(new, self._time_ns)[0].order_id  # type: ignore[union-attr]

    def take(self, side: str, price: Decimal, size: Decimal) -> None:
        """Somebody takes up to `size`, at `price` or better."""
        self.place(side, price, size, is_ioc=True)

    def drop(self, number: int) -> None:
        """Cancel what `place` placed."""
        self.sim.cancel(number, self._time_ns)

    def print_trade(self, price: Decimal, size: Decimal, side: str = "buy") -> None:
        """Let a trade happen at `price`; the spread must have room for it."""
        self.place("sell" if side == "buy" else "buy", price, size)
        self.take(side, price, size)

    def fill_ladder(self, middle: Decimal, size: Decimal, rungs: int = 20, apart: int = 1) -> None:
        """Orders of `size` on both sides of `middle`, `apart` ticks from each other."""
        for rung in range(1, rungs + 1):
            away = rung * apart * self._tick
            self.place("buy", middle - away, size)
            self.place("sell", middle + away, size)

    # -- what happened -----------------------------------------------------------------------

    def _tell_book(self, sim: Market, time_ns: int) -> None:
        self.update_id += 1
        if not self.on_change:
            return
        bids, asks = (
            tuple((at * self._tick, side.size_at(at) * self._step) for at in side.changed)
            for side in (sim.engine.bids, sim.engine.asks)
        )
        change = BookChange(self.update_id, time_ns, bids, asks)
        for tell in tuple(self.on_change):
            tell(self, change)

    def _take(self, sim: Market, events: list[Event]) -> None:
        any_price = set()
        for event in events:
            match event:
                case Entered() if event.order.kind == "market":
                    any_price.add(event.order_id)
                case Elected() if self.takes_any_price(self, event.order_id):
                    any_price.add(event.order_id)
                case Executed():
                    self._record(event, event.taker_id in any_price)
        self._on_events(self, events)

    def _record(self, event: Executed, is_market: bool) -> None:
        run = (event.taker_id, event.price)
        next_id = self.tape.next_aggregate_id()
        trade = PublicTrade(
            self.trade_id(event),
            event.price * self._tick,
            event.size * self._step,
            event.time_ns,
            event.taker_side == SELL,
            next_id - 1 if run == self._last_run else next_id,
            is_market,
        )
        self._last_run = run
        self.tape.add(trade, event.price, event.size)
        for tell in tuple(self.on_trade):
            tell(self, trade)

    def trade_id(self, event: Executed) -> int:
        """Counted on from what traded before the market opened."""
        return self.tape.past_count + event.number
