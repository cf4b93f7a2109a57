"""Several tapes as one: merged by time, their markets under the playback's own names."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from brokers.replay.player import Item
from brokers.replay.tape import Tape
from engine.clock import NANOS
from engine.errors import DataError
from engine.instruments import Fqme, Instrument, parse_fqme
from engine.log import logger
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from engine.text import safe

GAP_NS = 60 * NANOS
"""A market that goes on in another file after more than this is told to have a gap."""

_log = logger(__name__)


class Reel:
    """All tapes of a playback.

    A market whose name comes up on several tapes is one market if they follow each other, as
    files of one day each do. `broker` is the last part of all its names.
    """

    def __init__(self, tapes: Sequence[Tape], broker: str) -> None:
        self._tapes = sorted(tapes, key=lambda tape: tape.start_ns)
        self._names = name_markets(self._tapes, broker)
        self.start_ns = min(tape.start_ns for tape in tapes)
        self.end_ns = max(tape.end_ns for tape in tapes)
        self.instruments: dict[str, Instrument] = {}
        """By fqme, in the order of the tapes."""
        self.bar_periods_s: dict[str, int | None] = {}
        """Period of the bars that a market is recorded in; None where it has trades or quotes."""
        self.has_depth = any(tape.kind.endswith("stream") for tape in tapes)
        """Some of it is a venue's raw stream; files of trades or bars have no book."""
        for tape, names in zip(self._tapes, self._names, strict=True):
            for instrument in tape.markets:
                self._add(names[instrument.fqme], instrument, tape.bar_period_s)

    def play(self) -> Iterator[Item]:
        """All items, in the order of their times; at equal times in the order of the tapes.

        A tape is opened when its time comes, and is over where it can be read no further.
        """
        waiting = list(enumerate(self._tapes))
        open_tapes: list[tuple[int, int, Item, Iterator[Item]]] = []
        now_ns = self.start_ns
        while waiting or open_tapes:
            while waiting and (not open_tapes or waiting[0][1].start_ns <= open_tapes[0][0]):
                at, _ = waiting.pop(0)
                _push(open_tapes, at, self._play_one(at))
            if open_tapes:
                tape_ns, at, item, rest = heapq.heappop(open_tapes)
                # A tape that starts before it says must not turn the time back.
                now_ns = max(now_ns, tape_ns)
                yield item if now_ns == tape_ns else item._replace(tape_ns=now_ns)
                _push(open_tapes, at, rest)

    def _play_one(self, at: int) -> Iterator[Item]:
        tape, names = self._tapes[at], self._names[at]
        try:
            for tape_ns, source, ticks in tape.play():
                # A message that changes nothing is no moment to step to.
                if ticks and (name := names.get(source)) is not None:
                    yield Item(tape_ns, name, [renamed(tick, name) for tick in ticks])
        except DataError as error:
            _log.warning("the recording ends early: %s", error)
        statistics = tape.statistics()
        if lost := statistics.malformed + statistics.too_long:
            _log.warning("%s: %d lines could not be read", safe(tape.path), lost)
        yield from self._gaps_after(at)

    def _gaps_after(self, at: int) -> Iterator[Item]:
        """Breaks of the markets that come back on a later tape after a while."""
        end_ns = self._tapes[at].end_ns
        for name in self._names[at].values():
            others = [
                tape
                for tape, names in zip(self._tapes, self._names, strict=True)
                if name in names.values() and tape.end_ns > end_ns
            ]
            if others and min(tape.start_ns for tape in others) - end_ns > GAP_NS:
                yield Item(end_ns, name, [Break(name, "gap", end_ns, end_ns)])

    def _add(self, name: str, instrument: Instrument, bar_period_s: int | None) -> None:
        known = self.instruments.get(name)
        if known is None:
            self.instruments[name] = msgspec.structs.replace(instrument, fqme=name)
            self.bar_periods_s[name] = bar_period_s
            return
        # Steps may be guessed from the decimals on a tape: the finest ones hold for all.
        self.instruments[name] = msgspec.structs.replace(
            known,
            price_tick=min(known.price_tick, instrument.price_tick),
            size_step=min(known.size_step, instrument.size_step),
        )
        if (other := self.bar_periods_s[name]) is not None:
            self.bar_periods_s[name] = bar_period_s and min(bar_period_s, other)


def name_markets(tapes: Sequence[Tape], broker: str) -> list[dict[str, str]]:
    """For each tape, source fqme -> fqme in the playback.

    `btcusdt.spot.binance` becomes `btcusdt.spot.replay`. Where that would name the markets of
    two venues, each keeps its venue in the middle: `btcusdt.spot.binance.replay`. Where one
    market is on two tapes at the same time, the second is `btcusdt-2.spot.replay`. Tapes of one
    market that follow each other give one market.
    """
    sources = {market.fqme for tape in tapes for market in tape.markets}
    wanted = {source: _played_name(source, broker, keep_venue=False) for source in sources}
    claims = Counter(wanted.values())
    for source, name in wanted.items():
        if claims[name] > 1:
            wanted[source] = _played_name(source, broker, keep_venue=True)
    ends: dict[str, list[int]] = {}
    names: list[dict[str, str]] = []
    for tape in tapes:
        names.append({})
        for market in tape.markets:
            nth = _free_reel(ends.setdefault(market.fqme, []), tape)
            names[-1][market.fqme] = _numbered(wanted[market.fqme], nth)
    return names


def renamed(tick: Tick, fqme: str) -> Tick:
    """`tick` under another name; its times stay those of the tape."""
    if isinstance(tick, Bid):
        return Bid(fqme, tick.price, tick.size, tick.venue_ns, tick.recv_ns)
    if isinstance(tick, Ask):
        return Ask(fqme, tick.price, tick.size, tick.venue_ns, tick.recv_ns)
    if isinstance(tick, Book):
        return Book(fqme, tick.bids, tick.asks, tick.venue_ns, tick.recv_ns, tick.is_snapshot)
    if isinstance(tick, Trade):
        return Trade(
            fqme,
            tick.price,
            tick.size,
            tick.side,
            tick.venue_ns,
            tick.recv_ns,
            tick.trade_id,
            tick.count,
        )
    return Break(fqme, tick.reason, tick.venue_ns, tick.recv_ns)


def _push(
    open_tapes: list[tuple[int, int, Item, Iterator[Item]]], at: int, rest: Iterator[Item]
) -> None:
    # No two entries are of one tape, so items are never compared.
    if (item := next(rest, None)) is not None:
        heapq.heappush(open_tapes, (item.tape_ns, at, item, rest))


def _played_name(source: str, broker: str, *, keep_venue: bool) -> str:
    fqme = parse_fqme(source)
    venue = ".".join(part for part in (fqme.venue, fqme.broker) if part)
    return str(Fqme(fqme.symbol, venue if keep_venue else fqme.venue, broker))


def _free_reel(ends: list[int], tape: Tape) -> int:
    """Which of the running markets of one name this tape goes on with, counted from 0."""
    for nth, end_ns in enumerate(ends):
        if end_ns <= tape.start_ns:
            ends[nth] = tape.end_ns
            return nth
    ends.append(tape.end_ns)
    return len(ends) - 1


def _numbered(name: str, nth: int) -> str:
    if nth == 0:
        return name
    symbol, _, rest = name.partition(".")
    return f"{symbol}-{nth + 1}.{rest}"
