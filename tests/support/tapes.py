"""Tapes that are held in memory, for tests of what plays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from brokers.replay.tape import Played, Tape, TapeStatistics
from engine.clock import NANOS
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Tick, Trade

ZERO_NS = 1_700_000_040 * NANOS
"""When tapes of tests begin: 2023-11-14T22:14:00Z, the start of a minute."""


class MemoryTape:
    """A tape whose messages are given. `fails_after` makes reading break after so many."""

    def __init__(
        self,
        messages: Sequence[Played],
        *,
        markets: Sequence[Instrument] = (),
        name: str = "memory.ndjson",
        kind: str = "binance stream",
        end_ns: int | None = None,
        bar_period_s: int | None = None,
        fails_after: int | None = None,
    ) -> None:
        self.path = Path(name)
        self.kind = kind
        self.markets = tuple(markets) or tuple(
            instrument(fqme) for fqme in dict.fromkeys(fqme for _, fqme, _ in messages)
        )
        self.start_ns = messages[0][0] if messages else ZERO_NS
        self.end_ns = end_ns or (messages[-1][0] if messages else ZERO_NS)
        self.bar_period_s = bar_period_s
        self.plays = 0
        """How often it was started."""
        self._messages = messages
        self._fails_after = fails_after

    def play(self) -> Iterator[Played]:
        self.plays += 1
        for count, message in enumerate(self._messages):
            if count == self._fails_after:
                raise DataError(f"{self.path}: broken after {count} messages")
            yield message

    def statistics(self) -> TapeStatistics:
        return TapeStatistics(lines=len(self._messages))


def loader(*tapes: Tape) -> Callable[[Path], Tape]:
    """What opens `tapes` by the names they have."""
    by_name = {str(tape.path): tape for tape in tapes}

    def load(path: Path) -> Tape:
        if str(path) not in by_name:
            raise DataError(f"{path}: no such file")
        return by_name[str(path)]

    return load


def instrument(fqme: str, *, price_tick: str = "0.01", size_step: str = "0.001") -> Instrument:
    """An instrument of that name, quoted in `usdt`."""
    symbol = fqme.partition(".")[0]
    return Instrument(
        fqme=fqme,
        symbol=symbol.upper(),
        base=symbol.removesuffix("usdt"),
        quote="usdt",
        price_tick=Decimal(price_tick),
        size_step=Decimal(size_step),
    )


def at(seconds: float) -> int:
    """Tape time so long after `ZERO_NS`."""
    return ZERO_NS + round(seconds * NANOS)


def trade(fqme: str, seconds: float, price: float, size: float = 1.0) -> Played:
    """A message with one trade."""
    time_ns = at(seconds)
    ticks: list[Tick] = [Trade(fqme, price, size, "buy", time_ns, time_ns)]
    return (time_ns, fqme, ticks)


def quote(fqme: str, seconds: float, bid: float, ask: float, size: float = 1.0) -> Played:
    """A message with both sides."""
    time_ns = at(seconds)
    ticks: list[Tick] = [
        Bid(fqme, bid, size, time_ns, time_ns),
        Ask(fqme, ask, size, time_ns, time_ns),
    ]
    return (time_ns, fqme, ticks)


def book(
    fqme: str,
    seconds: float,
    bids: Sequence[tuple[float, float]],
    asks: Sequence[tuple[float, float]],
    *,
    is_snapshot: bool = False,
) -> Played:
    """A message with a change of the book, or all of it."""
    time_ns = at(seconds)
    ticks: list[Tick] = [Book(fqme, tuple(bids), tuple(asks), time_ns, time_ns, is_snapshot)]
    return (time_ns, fqme, ticks)


def prices(fqme: str, *steps: tuple[float, float], size: float = 5.0) -> list[Played]:
    """A market that goes from price to price, given as (seconds, price): each is quoted, one
    below and one above it in `size`, and traded 10 ms later."""
    messages: list[Played] = []
    for seconds, price in steps:
        messages.append(quote(fqme, seconds, price - 1, price + 1, size))
        messages.append(trade(fqme, seconds + 0.01, price))
    return messages
