"""Which bars of a series a deck has already been sent."""

from __future__ import annotations

from engine.feed.bars import Series, concat
from engine.feed.writes import joined
from engine.messages import BarsUpdate, Columns


class BarsCursor:
    """Follows one series for one deck, and tells what to send next.

    Merged by their time into what the deck has, the bars that are sent make it what the series
    is, from the first bar that the deck shows. Only where bars were dropped is all sent anew.
    """

    def __init__(self, series: Series, count: int) -> None:
        self._series = series
        self.count = count
        """How many of the newest bars the deck asked for when it opened the series."""
        self._start_ns: int | None = None
        """First bar of what the deck shows; later bars are added to it, none taken away."""
        self._version = -1
        self._sent_count = count
        self._sent_last: tuple[float, ...] = ()
        self._was_complete = False

    @property
    def is_first(self) -> bool:
        """Nothing was sent yet."""
        return self._version == -1

    def widen(self, count: int) -> None:
        """The deck asks for the newest `count` bars, if these are more than before."""
        self.count = max(self.count, count)

    def take(self, fqme: str, *, is_complete: bool) -> BarsUpdate | None:
        """What changed since the last call; None if nothing did."""
        series = self._series
        if self.is_first and not len(series):
            return None
        sent = (self._version, self._sent_count, self._was_complete)
        if sent == (series.version, self.count, is_complete):
            return None
        is_reset = self.is_first or series.dropped_version > self._version
        start_ns, start = self._start_ns, self._first_index()
        columns = series.columns(start) if is_reset else self._changed(start_ns, start)
        self._version, self._sent_count = series.version, self.count
        if not is_reset and self._is_known(columns) and is_complete == self._was_complete:
            return None
        self._sent_last = _row(columns) if is_reset or len(columns) else self._sent_last
        self._was_complete = is_complete
        return BarsUpdate(
            fqme=fqme,
            period_s=series.period_s,
            columns=columns,
            reset=is_reset,
            is_complete=is_complete,
        )

    def _changed(self, start_ns: int | None, start: int) -> Columns:
        """Bars from index `start` on that the deck does not have as they are; it has had those
        from `start_ns` on."""
        series = self._series
        first = series.first_number
        ranges = series.changes(self._version)
        had = len(series) if start_ns is None else series.index_at(start_ns)
        ranges.append((first + start, first + had))
        parts = joined(ranges, first + start, series.stop_number)
        return concat([series.columns(begin - first, end - first) for begin, end in parts])

    def _is_known(self, columns: Columns) -> bool:
        """They are nothing, or the last bar as it was sent."""
        return not len(columns) or (len(columns) == 1 and _row(columns) == self._sent_last)

    def _first_index(self) -> int:
        """Where the newest `count` bars begin; further back if the deck was sent more."""
        wanted = max(0, len(self._series) - self.count)
        if self._start_ns is not None:
            wanted = min(wanted, self._series.index_at(self._start_ns))
        if wanted < len(self._series):
            self._start_ns = int(self._series.time_ns[wanted])
        return wanted


def _row(columns: Columns) -> tuple[float, ...]:
    """The last bar, with all its values; empty if there is none."""
    if not len(columns):
        return ()
    return (
        int(columns.time_ns[-1]),
        float(columns.open[-1]),
        float(columns.high[-1]),
        float(columns.low[-1]),
        float(columns.close[-1]),
        float(columns.volume[-1]),
        float(columns.trades[-1]),
    )
