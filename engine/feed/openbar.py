"""The open bar of one series: plain floats on the hot path, written to the columns in batches."""

from __future__ import annotations

from engine.feed.bars import Series, flats
from engine.messages import Columns

MOST_FLATS = 100_000
"""Bars without trades that are made up at once. A longer silence stays a gap."""

KNOWN_EDGES = 64
"""Traded bars back for which the times of first and last trade are known."""


class OpenBar:
    """Folds trades into the bars of one series, by the venue's time.

    The bar covers `start_ns <= time < end_ns`. `write` puts its values into the series; a bar that
    is opened, or mended behind it, is in the series at once.
    """

    __slots__ = (
        "_edges",
        "changed_from_ns",
        "changed_to_ns",
        "close",
        "end_ns",
        "fill_from_ns",
        "first_ns",
        "high",
        "is_dirty",
        "last_ns",
        "low",
        "open",
        "period_ns",
        "sealed_ns",
        "series",
        "start_ns",
        "told_ns",
        "trades",
        "users",
        "volume",
    )

    start_ns: int
    end_ns: int
    """0 while no bar is open."""
    first_ns: int
    last_ns: int
    """Times of its first and last trade; what is known of the last one, if it is not ours."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: float
    is_dirty: bool
    """The series does not have these values yet."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.period_ns = series.period_ns
        self.users = 0
        self.sealed_ns = 0
        """Trades before this are in the bars already: history had them."""
        self.fill_from_ns = 0
        """The stream was broken before this: of bars between nothing is known."""
        self.told_ns = 0
        """Start of the newest bar that listeners know of."""
        self.changed_from_ns = 0
        self.changed_to_ns = 0
        """Range of bars behind the open one that changed and listeners do not know of."""
        self._edges: dict[int, tuple[int, int]] = {}
        self._close_down()

    @property
    def is_open(self) -> bool:
        return self.end_ns > 0

    def add(self, time_ns: int, price: float, size: float, count: int) -> None:
        """Any trade; the sampler itself handles those that only prolong the open bar."""
        if time_ns < self.sealed_ns or not (size or count):
            return  # history has it; or nothing traded: a price restated
        if time_ns >= self.end_ns:
            self.roll(time_ns - time_ns % self.period_ns, price)
        if time_ns >= self.start_ns:
            self._add_inside(time_ns, price, size, count)
        else:
            self._mend(time_ns, price, size, count)

    def roll(self, start_ns: int, price: float) -> None:
        """Close the bar and open the one that starts at `start_ns`, flat at the last close.

        Bars between repeat the close with volume 0, but not those before `fill_from_ns`.
        `price` is used where no bar was open.
        """
        series = self.series
        if self.is_open:
            if self.is_dirty:
                self.write()
            if self.trades or self.volume:
                self._remember_edges()
            price = self.close
            known_ns = self.fill_from_ns - self.fill_from_ns % self.period_ns
            self._fill(max(self.end_ns, known_ns), start_ns)
        self.start_ns, self.end_ns = start_ns, start_ns + self.period_ns
        self.first_ns = self.last_ns = start_ns
        self.open = self.high = self.low = self.close = price
        self.volume = self.trades = 0.0
        self.is_dirty = False
        if len(series) and series.time_ns[-1] >= start_ns:
            self.reload()
        else:
            series.append(start_ns, price, price, price, price)
            # In rare large steps: each is a copy, and has all of it sent to who shows it.
            if len(series) > series.kept_bars + series.kept_bars // 4:
                series.keep_last(series.kept_bars)

    def write(self) -> None:
        """Put the open bar's values into the series."""
        self.is_dirty = False
        self.series.set_last(self.open, self.high, self.low, self.close, self.volume, self.trades)

    def merge(self, columns: Columns, sealed_ns: int) -> None:
        """Put in bars from history; where both have a bar, history's wins.

        Trades before `sealed_ns` are taken as being in them.
        """
        self.series.merge(columns)
        self.sealed_ns = max(self.sealed_ns, sealed_ns)
        if self.is_open:
            self.reload()
            self.last_ns = max(self.last_ns, self.sealed_ns)  # so that `add` sees sealed trades
            if self.sealed_ns > self.start_ns:
                self.first_ns = self.start_ns  # its open is history's

    def cut(self, time_ns: int) -> None:
        """Drop the bar in which `time_ns` lies, and all later ones; none is open then."""
        start_ns = time_ns - time_ns % self.period_ns
        self.series.cut_from(start_ns)
        self._edges = {known: edge for known, edge in self._edges.items() if known < start_ns}
        self.sealed_ns = min(self.sealed_ns, start_ns)
        self._close_down()

    def reload(self) -> None:
        """Take the open bar to be the last one of the series, which was written from outside."""
        series = self.series
        start_ns = int(series.time_ns[-1])
        if start_ns != self.start_ns:
            self.first_ns = self.last_ns = start_ns
        self.start_ns, self.end_ns = start_ns, start_ns + self.period_ns
        self.open, self.high = float(series.open[-1]), float(series.high[-1])
        self.low, self.close = float(series.low[-1]), float(series.close[-1])
        self.volume, self.trades = float(series.volume[-1]), float(series.trades[-1])

    def take_changes(self) -> tuple[int, int] | None:
        """Range of mended bars since the last call: first start, last end."""
        if not self.changed_to_ns:
            return None
        changed = (self.changed_from_ns, self.changed_to_ns)
        self.changed_from_ns = self.changed_to_ns = 0
        return changed

    def _close_down(self) -> None:
        self.start_ns = self.end_ns = self.first_ns = self.last_ns = 0
        self.open = self.high = self.low = self.close = self.volume = self.trades = 0.0
        self.is_dirty = False

    def _add_inside(self, time_ns: int, price: float, size: float, count: int) -> None:
        """A trade of the open bar that is its first, or is not in order."""
        if not self.volume and not self.trades:
            self.open = self.high = self.low = self.close = price
            self.first_ns = self.last_ns = time_ns
        else:
            self.high = max(self.high, price)
            self.low = min(self.low, price)
            if time_ns >= self.last_ns:
                self.close, self.last_ns = price, time_ns
            if time_ns < self.first_ns:
                self.open, self.first_ns = price, time_ns
        self.volume += size
        self.trades += count
        self.is_dirty = True

    def _remember_edges(self) -> None:
        self._edges[self.start_ns] = (self.first_ns, self.last_ns)
        if len(self._edges) > KNOWN_EDGES:
            del self._edges[next(iter(self._edges))]

    def _fill(self, from_ns: int, to_ns: int) -> None:
        """Append bars that repeat the close, one per period of the range."""
        count = (to_ns - from_ns) // self.period_ns
        if 0 < count <= 4:  # the usual case: a quiet second or two
            for start_ns in range(from_ns, to_ns, self.period_ns):
                self.series.append(start_ns, self.close, self.close, self.close, self.close)
        elif 0 < count <= MOST_FLATS:
            self.series.merge(flats(from_ns, to_ns, self.period_ns, self.close))

    def _mend(self, time_ns: int, price: float, size: float, count: int) -> None:
        """A late trade: put it into the bar behind the open one that it belongs to."""
        series = self.series
        if self.is_dirty:
            self.write()
        start_ns = time_ns - time_ns % self.period_ns
        at = series.index_at(start_ns)
        if series.time_ns[at] != start_ns:
            self._insert(start_ns, int(series.time_ns[0]), price)
            at = series.index_at(start_ns)
        self._mend_bar(at, start_ns, time_ns, price, size, count)
        self.changed_from_ns = min(self.changed_from_ns or start_ns, start_ns)
        self.changed_to_ns = max(self.changed_to_ns, start_ns + self.period_ns)
        self.reload()

    def _mend_bar(
        self, at: int, start_ns: int, time_ns: int, price: float, size: float, count: int
    ) -> None:
        """Put a trade into bar `at`, and its close into the bars without trades that follow."""
        series = self.series
        open_, high, low = float(series.open[at]), float(series.high[at]), float(series.low[at])
        was_close = close = float(series.close[at])
        volume, trades = float(series.volume[at]), float(series.trades[at])
        if not volume and not trades:
            open_ = high = low = close = price
            self._edges[start_ns] = (time_ns, time_ns)
        else:
            high, low = max(high, price), min(low, price)
            # Where its first and last trade are not known, open and close stay.
            if (edge := self._edges.get(start_ns)) is not None:
                first_ns, last_ns = edge
                open_ = price if time_ns < first_ns else open_
                close = price if time_ns >= last_ns else close
                self._edges[start_ns] = (min(first_ns, time_ns), max(last_ns, time_ns))
        series.set_bar(at, open_, high, low, close, volume + size, trades + count)
        if close != was_close:
            self._repeat_close(at)

    def _insert(self, start_ns: int, first_ns: int, price: float) -> None:
        """Make the bar where there is none; before the first one, also those up to it."""
        to_ns = first_ns if start_ns < first_ns else start_ns + self.period_ns
        if (to_ns - start_ns) // self.period_ns > MOST_FLATS:
            to_ns = start_ns + self.period_ns
        self.series.merge(flats(start_ns, to_ns, self.period_ns, price))
        self.changed_to_ns = max(self.changed_to_ns, to_ns)

    def _repeat_close(self, at: int) -> None:
        """Bars without trades after this one repeat its new close."""
        series = self.series
        later = at + 1
        while later < len(series) and not series.volume[later] and not series.trades[later]:
            later += 1
        if later > at + 1:
            series.flatten(at + 1, later, float(series.close[at]))
            end_ns = int(series.time_ns[later - 1]) + self.period_ns
            self.changed_to_ns = max(self.changed_to_ns, end_ns)
