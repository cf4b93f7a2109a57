"""Tapes of recorded venue messages, read by the very sessions that live data goes through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from brokers.binance import session as binance
from brokers.binance import wire as binance_wire
from brokers.binance.symbols import instruments
from brokers.kraken import session as kraken
from brokers.kraken import wire as kraken_wire
from brokers.replay.framing import LATEST_NS, Line, depth_symbol, take_apart
from brokers.replay.lines import LineSource
from brokers.replay.protocol import Played, TapeStatistics
from brokers.replay.steps import Steps
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Tick
from engine.text import safe

LOOKED_AT = 5_000
"""Lines of a file that its markets' steps are learnt from."""

LOOKED_AT_EACH = 300
"""Further lines looked at for a market that comes up later."""

Session = binance.Session | kraken.Session

_SYMBOL = {
    "binance": re.compile(rb'"s" ?: ?"([^"]{1,40})"'),
    "kraken": re.compile(rb'"symbol" ?: ?"([^"]{1,40})"'),
}
_MESSAGE_TIME: dict[str, Callable[[bytes], int | None]] = {
    "binance": binance_wire.message_time_ns,
    "kraken": kraken_wire.message_time_ns,
}
_INSTRUMENTS = re.compile(rb'"channel" ?: ?"instrument"')


class StreamTape:
    """Messages of one venue, one a line."""

    bar_period_s: int | None = None

    def __init__(self, source: LineSource, venue: str) -> None:
        """Look through the whole file once.

        Raises:
            DataError: nothing in it is of a market.
        """
        self.path: Path = source.path
        self.kind = f"{venue} stream"
        self._venue = venue
        self._source = source
        self._answers = _answers_beside(source) if venue == "binance" else []
        self._session: Session = self._new_session()
        self._faults = 0
        self._first_fault = ""
        self.start_ns = self.end_ns = 0
        self.markets: tuple[Instrument, ...] = ()
        self._look_through()

    def play(self) -> Iterator[Played]:
        session = self._session = self._new_session()
        self._faults, self._first_fault = 0, ""
        for recv_ns, line in self._timed():
            ticks = self._read(session, line, recv_ns)
            if not ticks:
                continue
            first = ticks[0].fqme
            if len(ticks) == 1 or all(tick.fqme == first for tick in ticks):
                yield recv_ns, first, ticks
            else:
                for fqme, of_one in groupby(ticks, key=lambda tick: tick.fqme):
                    yield recv_ns, fqme, list(of_one)

    def statistics(self) -> TapeStatistics:
        session = self._session.statistics()
        notes = list(self._source.notes)
        if self._answers:
            notes.append("depth snapshots were taken from the http file beside it")
        return TapeStatistics(
            size_bytes=self._source.size_bytes,
            lines=self._source.lines,
            malformed=self._faults + session.malformed,
            first_malformed=self._first_fault or session.first_malformed,
            too_long=self._source.too_long,
            is_truncated=self._source.is_truncated,
            notes=notes,
            session=session,
        )

    # -- reading -----------------------------------------------------------------------------

    def _new_session(self) -> Session:
        return binance.Session() if self._venue == "binance" else kraken.Session()

    def _timed(self) -> Iterator[tuple[int, Line]]:
        """Each message and its time; times never go down.

        What was written down without a time came when the venue says it sent it.
        """
        message_time_ns = _MESSAGE_TIME[self._venue]
        now_ns = self.start_ns
        answers = list(reversed(self._answers))
        for text in self._source:
            try:
                line = take_apart(text)
            except ValueError as error:
                self._count_fault(error)
                continue
            if not line.body:
                continue
            recv_ns = line.recv_ns
            if recv_ns is None:
                recv_ns = message_time_ns(line.body) or now_ns
            if now_ns < recv_ns < LATEST_NS:
                now_ns = recv_ns
            while answers and (answers[-1].recv_ns or 0) <= now_ns:
                yield now_ns, answers.pop()
            yield now_ns, line

    def _read(self, session: Session, line: Line, recv_ns: int) -> list[Tick]:
        if line.url:
            symbol = depth_symbol(line.url)
            if symbol is None or not isinstance(session, binance.Session):
                return []
            return session.receive_snapshot(symbol, line.body, recv_ns)
        return session.receive(line.body, recv_ns)

    def _count_fault(self, error: Exception) -> None:
        self._faults += 1
        self._first_fault = self._first_fault or safe(error, 200)

    # -- looking through ---------------------------------------------------------------------

    def _look_through(self) -> None:
        """Find the markets, their steps, and the time span, without keeping anything else."""
        session = self._new_session()
        seen: dict[str, Steps] = {}
        symbols: dict[bytes, int] = {}
        find_symbols = _SYMBOL[self._venue].findall
        last_ns = 0
        for count, (recv_ns, line) in enumerate(self._timed()):
            if not self.start_ns:
                self.start_ns = recv_ns
            last_ns = recv_ns
            is_new = False
            if count >= LOOKED_AT and not _INSTRUMENTS.search(line.body, 0, 256):
                for symbol in find_symbols(line.body):
                    symbols[symbol] = symbols.get(symbol, 0) + 1
                    is_new = is_new or symbols[symbol] < LOOKED_AT_EACH
            if count < LOOKED_AT or is_new:
                _see(seen, self._read(session, line, recv_ns))
        self.end_ns = last_ns
        self.markets = tuple(self._instruments(session, seen))
        if not self.markets:
            raise DataError(self._why_no_market(session))

    def _instruments(self, session: Session, seen: dict[str, Steps]) -> Iterable[Instrument]:
        """Details of each market that has ticks, or messages about its book or trades."""
        known = session.instruments() if isinstance(session, kraken.Session) else {}
        known.update(_listed_beside(self._source) if self._venue == "binance" else {})
        statistics = session.statistics()
        names = dict.fromkeys([*seen, *statistics.books, *statistics.trades])
        for fqme in sorted(names):
            if fqme in known:
                yield known[fqme]
            else:
                symbol = session.symbol(fqme)
                yield seen.get(fqme, Steps()).instrument(fqme, symbol)

    def _why_no_market(self, session: Session) -> str:
        statistics = session.statistics()
        venue = self._venue.capitalize()
        understood = sum(statistics.messages.values())
        if isinstance(session, kraken.Session) and (told := len(session.instruments())):
            return f"{self._source.name} lists {told} markets of {venue}, and no trade or quote"
        if understood:
            return f"{self._source.name} has messages of {venue} ({understood:,}), none of a market"
        return f"{self._source.name} has no message that can be read"


def _see(seen: dict[str, Steps], ticks: list[Tick]) -> None:
    for tick in ticks:
        steps = seen.get(tick.fqme)
        if steps is None:
            steps = seen[tick.fqme] = Steps()
        steps.see(tick)


# -- files of the same recording beside it ---------------------------------------------------

MOST_BESIDE = 16
"""Files of one recording that are looked into."""

MOST_BYTES_BESIDE = 64 * 1024 * 1024


def _beside(source: LineSource) -> Iterator[LineSource]:
    """Other files whose name begins as this one's does: `NAME.http.0` beside `NAME.ws.1`."""
    stem = source.path.name.split(".")[0] + "."
    found = 0
    for path in sorted(source.path.parent.glob("*")):
        if path.name.startswith(stem) and path != source.path and path.is_file():
            found += 1
            if found > MOST_BESIDE or path.stat().st_size > MOST_BYTES_BESIDE:
                return
            yield LineSource(path)


def _answers_in(source: LineSource) -> Iterator[Line]:
    """Answers to requests over HTTP, if that is what the file begins with."""
    try:
        head = source.head(4096)
        if not head.startswith((b"http://", b"https://")):
            return
        for text in source:
            line = take_apart(text)
            if line.url:
                yield line
    except (DataError, ValueError):
        return


def _answers_beside(source: LineSource) -> list[Line]:
    """Depth snapshots in the http files of the same recording, by their time."""
    try:
        if source.head(4096).startswith((b"http://", b"https://")):
            return []
    except DataError:
        return []
    answers = [
        line for other in _beside(source) for line in _answers_in(other) if depth_symbol(line.url)
    ]
    return sorted(answers, key=lambda line: line.recv_ns or 0)


def _listed_beside(source: LineSource) -> dict[str, Instrument]:
    """Instruments by fqme, from a list of them in a file of the same recording."""
    for other in _beside(source):
        for line in _answers_in(other):
            if line.url.partition("?")[0].endswith("/exchangeInfo"):
                try:
                    info = binance_wire.decode_exchange_info(line.body)
                    return instruments(info)
                except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
                    continue
    return {}
