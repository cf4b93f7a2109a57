"""What a recording holds, found out by the code that live data goes through.

A tape gives what its session makes of the recorded bytes; the bus passes it on; one tap counts,
and the sampler makes bars.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from brokers.replay.protocol import Tape, TapeStatistics
from brokers.statistics import BookStatistics, TradeStatistics
from engine.clock import NANOS
from engine.errors import DataError
from engine.feed.bars import Series
from engine.feed.bus import Bus
from engine.feed.sampler import Sampler
from engine.instruments import Instrument
from engine.messages import TICK_TYPE, Ask, Bid, Tick, Trade
from engine.text import safe

MOST_BARS = 5_000_000
"""Bars of one market that are made: some 300 MB of them."""


ROWS = ("quote bar", "bar", "trade")
"""What a row of a table is; a tape's kind has the word for it."""


class BookReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the copy of a market's order book was kept. See `BookStatistics`."""

    snapshots: int
    updates: int
    skipped: int
    gaps: int
    checked: int
    failed: int
    is_synced: bool


class MarketReport(msgspec.Struct, frozen=True, kw_only=True):
    """One market of a recording."""

    fqme: str
    symbol: str
    price_tick: str
    size_step: str
    trades: int
    """Trades, as the venue counts them."""
    trade_messages: int
    """Messages or rows that they came in: fewer where the venue aggregates."""
    volume: float
    """In base units."""
    trades_repeated: int
    """Messages left out since their trade was there before."""
    trade_gaps: int
    """Times that the venue's trade ids jumped."""
    quotes: int
    """Changes of the best bid or ask."""
    crossed: int
    """Moments at which the best bid came to stand at or above the best ask."""
    breaks: int
    """Times that the stream was not continuous."""
    book: BookReport | None
    """None where the recording has no order book of this market."""


class InspectReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `tickdeck inspect` says of a file."""

    file: str
    format: str
    size_bytes: int
    start_ns: int
    """Nanoseconds UTC."""
    end_ns: int
    bar_period_s: int | None
    """Period of the bars in the file; None where it holds trades or messages."""
    lines: int
    malformed: int
    first_malformed: str
    too_long: int
    is_truncated: bool
    notes: list[str]
    messages: dict[str, int]
    """By type, as the venue names them; rows of a CSV file are `trade` or `bar`."""
    proof: str
    """What `BookReport.checked` counts; empty where there is nothing to prove."""
    markets: list[MarketReport]


class _Tally:
    """Counts of one market. A tap."""

    def __init__(self) -> None:
        self.ticks: Counter[str] = Counter()
        self.trades = 0
        self.volume = 0.0
        self.crossed = 0
        self._bid: float | None = None
        self._ask: float | None = None
        self._is_crossed = False

    def take(self, ticks: Sequence[Tick]) -> None:
        """Ticks of one message: between them nothing is compared."""
        for tick in ticks:
            self.ticks[TICK_TYPE[type(tick)]] += 1
            if isinstance(tick, Trade):
                self.trades += tick.count
                self.volume += tick.size
            elif isinstance(tick, Bid):
                self._bid = tick.price if tick.size else None
            elif isinstance(tick, Ask):
                self._ask = tick.price if tick.size else None
        was_crossed = self._is_crossed
        bid, ask = self._bid, self._ask
        self._is_crossed = bid is not None and ask is not None and bid >= ask
        self.crossed += self._is_crossed and not was_crossed


def inspect_tape(tape: Tape) -> InspectReport:
    """Play the whole tape, and say what is on it.

    Raises:
        DataError: it can be read no further.
    """
    bus = Bus()
    tallies = defaultdict(_Tally, {market.fqme: _Tally() for market in tape.markets})
    bus.add_tap(lambda fqme, ticks: tallies[fqme].take(ticks))
    for _, fqme, ticks in tape.play():
        bus.publish(fqme, ticks)
    return _report(tape, tallies)


def bars_of(tape: Tape, period_s: int) -> dict[str, Series]:
    """The bars that the sampler makes of a tape's trades, by fqme; no market without trades.

    Bars between trades repeat the close with volume 0, as venues' klines do. The first and the
    last bar hold what the recording has of them.

    Raises:
        DataError: the tape can be read no further, has no trades, is made of bars that this
            period cannot be made of, or the bars would be more than can be held.
    """
    _check_period(tape, period_s)
    time = _TapeTime()
    sampler = Sampler(kept_bars=2 * MOST_BARS)  # all that can be had: more is refused
    bus = Bus()
    bus.add_tap(sampler.on_ticks)
    series: dict[str, Series] = {}
    step_ns = 0
    for tape_ns, fqme, ticks in tape.play():
        time.now_ns = tape_ns
        if tape_ns >= step_ns:
            sampler.step()
            step_ns = tape_ns - tape_ns % NANOS + NANOS
        if fqme not in series and any(isinstance(tick, Trade) for tick in ticks):
            series[fqme] = sampler.register(fqme, period_s, time.read)
        bus.publish(fqme, ticks)
        if fqme in series:
            _check_count(len(series[fqme]))
    sampler.step()
    if not series:
        raise DataError(f"{safe(tape.path.name, 80)} has no trades to make bars of")
    return series


class _TapeTime:
    """The market's time while a tape plays."""

    now_ns = 0

    def read(self) -> int:
        return self.now_ns


def _check_period(tape: Tape, period_s: int) -> None:
    own_s = tape.bar_period_s
    if own_s is not None and period_s % own_s:
        raise DataError(f"bars of {period_s} s cannot be made of the bars of {own_s} s in it")
    _check_count((tape.end_ns - tape.start_ns) // (period_s * NANOS))


def _check_count(bars: int) -> None:
    if bars > MOST_BARS:
        raise DataError(f"that would be {bars:,} bars", hint="ask for a longer period")


def _report(tape: Tape, tallies: dict[str, _Tally]) -> InspectReport:
    read = tape.statistics()
    session = read.session
    if session is not None:
        messages = session.messages
    else:
        name = next((noun for noun in ROWS if noun in tape.kind), ROWS[-1])
        messages = {name: read.rows}
    return InspectReport(
        file=safe(tape.path.name, 200),
        format=tape.kind,
        size_bytes=read.size_bytes,
        start_ns=tape.start_ns,
        end_ns=tape.end_ns,
        bar_period_s=tape.bar_period_s,
        lines=read.lines,
        malformed=read.malformed,
        first_malformed=read.first_malformed,
        too_long=read.too_long,
        is_truncated=read.is_truncated,
        notes=read.notes,
        messages=dict(sorted(messages.items(), key=lambda one: (-one[1], one[0]))),
        proof=session.proof if session is not None and session.books else "",
        markets=[_market_report(market, tallies[market.fqme], read) for market in tape.markets],
    )


def _market_report(market: Instrument, tally: _Tally, read: TapeStatistics) -> MarketReport:
    session = read.session
    trades = session.trades.get(market.fqme, TradeStatistics()) if session else TradeStatistics()
    book = session.books.get(market.fqme) if session else None
    return MarketReport(
        fqme=market.fqme,
        symbol=safe(market.symbol, 40),
        price_tick=f"{market.price_tick.normalize():f}",
        size_step=f"{market.size_step.normalize():f}",
        trades=tally.trades,
        trade_messages=tally.ticks["trade"],
        # A sum of steps has no more decimals than a step: what is beyond them is float noise.
        volume=round(tally.volume, max(8, market.size_decimals)),
        trades_repeated=trades.repeated,
        trade_gaps=trades.gaps,
        quotes=tally.ticks["bid"] + tally.ticks["ask"],
        crossed=tally.crossed,
        breaks=tally.ticks["break"],
        book=_book_report(book) if book is not None else None,
    )


def _book_report(book: BookStatistics) -> BookReport:
    return BookReport(**msgspec.structs.asdict(book))
