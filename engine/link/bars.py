"""Which bars of a series a deck has already been sent."""

from __future__ import annotations

from engine.feed.bars import Series
from engine.messages import BarsUpdate


class BarsCursor:
    """Follows one series for one deck, and tells what to send next."""

    def __init__(self, series: Series, count: int) -> None:
        self._series = series
        self.count = count
        """How many of the newest bars the deck asked for when it opened the series."""
        self._start_ns: int | None = None
        """First bar of what the deck shows; later bars are added to it, none taken away."""
        self._version = -1
        self._sent_ns = 0
        self._sent_last: tuple[float, ...] = ()
        self._was_complete = False

    @property
    def is_first(self) -> bool:
        """Nothing was sent yet."""
        return self._version == -1

    def take(self, fqme: str, *, is_complete: bool) -> BarsUpdate | None:
        """What changed since the last call; None if nothing did."""
        series = self._series
        if not len(series) and self._version in (-1, series.history_version):
            return None
        last = self._last()
        is_new_history = series.history_version != self._version
        is_changed = last != self._sent_last or is_complete != self._was_complete
        if not is_new_history and not is_changed:
            return None
        start = self._first_index() if is_new_history else series.index_at(self._sent_ns)
        update = BarsUpdate(
            fqme=fqme,
            period_s=series.period_s,
            columns=series.columns(start),
            reset=is_new_history,
            is_complete=is_complete,
        )
        self._version = series.history_version
        self._sent_last, self._was_complete = last, is_complete
        self._sent_ns = int(last[0]) if last else 0
        return update

    def _last(self) -> tuple[float, ...]:
        series = self._series
        if not len(series):
            return ()
        return (
            int(series.time_ns[-1]),
            float(series.high[-1]),
            float(series.low[-1]),
            float(series.close[-1]),
            float(series.volume[-1]),
            float(series.trades[-1]),
        )

    def _first_index(self) -> int:
        """Where the newest `count` bars begin; further back if the deck was sent more."""
        wanted = max(0, len(self._series) - self.count)
        if self._start_ns is not None:
            wanted = min(wanted, self._series.index_at(self._start_ns))
        if wanted < len(self._series):
            self._start_ns = int(self._series.time_ns[wanted])
        return wanted
