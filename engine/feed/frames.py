"""Frames: the ticks of one throttle period, grouped by type and conflated where nothing is lost.

Bids and asks conflate to the newest. Changes of the book fold into one change that has the same
effect. Trades are all kept, up to a bound that only a reader that has stalled can reach.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.messages import Ask, Bid, Book, Break, Frame, Tick, TickType, Trade

MOST_TRADES = 4096
"""Trades that one frame holds. Above it the older half is dropped, and the frame says so."""

MOST_BOOKS = 64
"""Book changes that wait to be folded into one."""

MOST_BREAKS = 32
"""Breaks that one frame holds; the oldest go first."""


class FrameBuilder:
    """The frame of one market that is being filled, for one reader."""

    __slots__ = (
        "_ask",
        "_bid",
        "_books",
        "_breaks",
        "_trades",
        "conflated",
        "dropped",
        "fqme",
        "is_empty",
        "is_urgent",
    )

    def __init__(self, fqme: str) -> None:
        self.fqme = fqme
        self.reset()

    def reset(self) -> None:
        """Forget everything that waits."""
        self._bid: Bid | None = None
        self._ask: Ask | None = None
        self._trades: list[Tick] = []
        self._books: list[Book] = []
        self._breaks: list[Break] = []
        self.conflated = 0
        """Quotes that newer ones replaced."""
        self.dropped = 0
        """Trades that were too many."""
        self.is_empty = True
        self.is_urgent = False
        """There is something in it that people look for: a trade, or a break."""

    def add(self, ticks: Sequence[Tick]) -> None:
        """Add ticks, in order. Runs for every tick and every framed reader."""
        self.is_empty = False
        for tick in ticks:
            kind = type(tick)
            if kind is Bid:
                if self._bid is not None:
                    self.conflated += 1
                self._bid = tick  # type: ignore[assignment]  # as `kind` says
            elif kind is Ask:
                if self._ask is not None:
                    self.conflated += 1
                self._ask = tick  # type: ignore[assignment]
            elif kind is Trade:
                self._trades.append(tick)
                self.is_urgent = True
            elif kind is Book:
                self._add_book(tick)  # type: ignore[arg-type]
            else:
                self._add_break(tick)  # type: ignore[arg-type]
        if len(self._trades) > MOST_TRADES:
            self._drop_trades()
        if self._breaks and type(ticks[-1]) is not Break:
            self._breaks = [known for known in self._breaks if known.reason != "stale"]

    def take(self) -> Frame | None:
        """The frame so far, and begin the next; None if nothing is in it."""
        if self.is_empty:
            return None
        ticks: dict[TickType, list[Tick]] = {}
        if self._trades:
            ticks["trade"] = self._trades
        if self._bid is not None:
            ticks["bid"] = [self._bid]
        if self._ask is not None:
            ticks["ask"] = [self._ask]
        if self._books:
            ticks["book"] = [merge_books(self._books)]
        if self._breaks:
            ticks["break"] = list(self._breaks)
        frame = Frame(fqme=self.fqme, ticks=ticks, conflated=self.conflated)
        self.reset()
        return frame if ticks else None

    def _add_book(self, book: Book) -> None:
        if book.is_snapshot:
            self._books.clear()
        self._books.append(book)
        if len(self._books) >= MOST_BOOKS:
            self._books = [merge_books(self._books)]

    def _add_break(self, tick: Break) -> None:
        if tick.reason == "seek":
            self.reset()  # what came before is of another time
            self.is_empty = False
        self._breaks.append(tick)
        del self._breaks[:-MOST_BREAKS]
        self.is_urgent = True

    def _drop_trades(self) -> None:
        """Drop the older half, and say where."""
        count = len(self._trades) // 2
        last = self._trades[count - 1]
        del self._trades[:count]
        self.dropped += count
        self._breaks = [known for known in self._breaks if known.reason != "overrun"]
        self._breaks.append(Break(self.fqme, "overrun", last.venue_ns, last.recv_ns))


def merge_books(books: Sequence[Book]) -> Book:
    """One change of a book with the effect of all of `books`, in order.

    What precedes a snapshot among them has no part in it.
    """
    if len(books) == 1:
        return books[0]
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    is_snapshot = False
    for book in books:
        if book.is_snapshot:
            bids.clear()
            asks.clear()
            is_snapshot = True
        bids.update(book.bids)
        asks.update(book.asks)
    last = books[-1]
    return Book(
        last.fqme,
        _levels(bids, is_snapshot),
        _levels(asks, is_snapshot),
        last.venue_ns,
        last.recv_ns,
        is_snapshot,
    )


def _levels(side: dict[float, float], is_snapshot: bool) -> tuple[tuple[float, float], ...]:
    """Levels of one side; a snapshot has no levels to remove."""
    if is_snapshot:
        return tuple((price, size) for price, size in side.items() if size)
    return tuple(side.items())
