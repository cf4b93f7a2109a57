"""Which markets and bars are open, and what is asked of the engine to make it so.

Each watched market has the bars of its sparkline; the one on the chart also has those of the
chart's period. A market that search previews is open only while it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.config import PERIODS
from engine.messages import CloseBars, Command, OpenBars, Search, SearchResults, Unwatch, Watch
from tui.state import DeckState
from tui.widgets.watchlist import SPARK_BARS, SPARK_PERIOD_S

CHART_BARS = 2000
"""Bars that are asked for at first: some screens to pan back through."""

EXTEND_AT = 50
"""Older bars are asked for when the chart comes this near to the oldest one."""

MOST_BARS = 64_000
"""No more are asked for than this."""

FIRST_MARKETS = 8
"""Markets that are watched where the configuration names none."""

FIRST_LISTED = 200

FIRST_SEARCH = 0
"""Request id of the search that finds them; a person's searches count from 1."""


class Markets:
    """The watchlist, the selected market, and the period of its chart."""

    def __init__(
        self,
        state: DeckState,
        send: Callable[[Command], None],
        *,
        period_s: int = 60,
        throttle_hz: float = 15.0,
    ) -> None:
        self._state = state
        self._send = send
        self._throttle_hz = throttle_hz
        self.period_s = period_s
        self.preview = ""
        """The market that the chart shows instead of the selected one; empty for none."""
        self.recent: list[str] = []
        """Markets selected so far, the last one first."""
        self._asked: set[str] = set()
        self._bars: dict[tuple[str, int], int] = {}
        """Bars asked for: their number by market and period."""
        self._searches = FIRST_SEARCH
        self._texts: dict[int, str] = {}

    @property
    def shown(self) -> str:
        """The market on the chart."""
        return self.preview or self._state.selected

    # -- opening --------------------------------------------------------------------------------

    def open_first(self) -> None:
        """Open the watchlist; without one ask for what the brokers list first."""
        if self._state.watch:
            self._watch(self._state.watch)
            self._note_recent(self._state.selected)
        else:
            # More than are watched: other brokers may list busier markets.
            self._send(Search(request_id=FIRST_SEARCH, text="", limit=FIRST_LISTED))

    def follow(self) -> None:
        """Ask for what is missing after events were folded: bars of markets that opened."""
        results = self._state.search
        if results is not None and results.request_id == FIRST_SEARCH and not self._state.watch:
            self._watch_first(results)
        self._asked.difference_update(self._state.refused_markets)  # may be tried again
        for fqme in (*self._state.watch, self.preview):
            if fqme in self._state.markets:
                self._want_bars(fqme)

    def select(self, fqme: str) -> bool:
        """Put a market on the chart, watching it if need be. False if it is there."""
        self.end_preview(keep=fqme)
        self._state.add_watch(fqme)
        self._watch([fqme])
        is_new = self._state.select(fqme)
        self._note_recent(fqme)
        self._show(fqme)
        return is_new

    def step(self, step: int) -> None:
        """Select the market that many rows further down the watchlist; it stops at the ends."""
        watch = self._state.watch
        if watch:
            at = watch.index(self._state.selected) if self._state.selected in watch else 0
            self.select(watch[min(max(0, at + step), len(watch) - 1)])

    def watch(self, fqme: str) -> bool:
        """Put a market on the watchlist. False if it is there."""
        if not self._state.add_watch(fqme):
            return False
        self._watch([fqme])
        if not self._state.selected:
            self.select(fqme)
        return True

    def unwatch(self, fqme: str) -> bool:
        """Take a market off the watchlist. False if it is not on it."""
        if not self._state.remove_watch(fqme):
            return False
        self._close(fqme)
        if self._state.selected:
            self._show(self._state.selected)
        return True

    # -- periods --------------------------------------------------------------------------------

    def set_period(self, period_s: int) -> None:
        """Show bars of another period."""
        before, self.period_s = self.period_s, period_s
        if before != period_s:
            self._drop_bars(self.shown, before)
            self._show(self.shown)

    def step_period(self, step: int) -> None:
        """Show the next longer, or shorter, period; it stops at the ends."""
        periods = list(PERIODS.values())
        at = periods.index(self.period_s) if self.period_s in periods else 0
        self.set_period(periods[min(max(0, at + step), len(periods) - 1)])

    def extend(self, first: int) -> None:
        """Ask for older bars where bar number `first`, the oldest on the chart, is near the
        oldest that is known; twice as many as before, until there are no more."""
        key = (self.shown, self.period_s)
        market = self._state.markets.get(self.shown)
        asked = self._bars.get(key, 0)
        if market is None or first > EXTEND_AT or asked >= MOST_BARS:
            return
        series = market.series.get(self.period_s)
        if series is None or self.period_s in market.loading or len(series) < asked - EXTEND_AT:
            return
        self._bars[key] = min(2 * asked, MOST_BARS)
        self._send(OpenBars(fqme=self.shown, period_s=self.period_s, count=self._bars[key]))

    # -- search ---------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Ask all brokers; the answer is told apart by its request id."""
        self._searches += 1
        self._texts = {self._searches: text}
        self._send(Search(request_id=self._searches, text=text))

    def text_of(self, results: SearchResults) -> str | None:
        """The text that these results answer; None if nobody waits for them."""
        return self._texts.get(results.request_id)

    def show_preview(self, fqme: str) -> None:
        """Show a market on the chart without watching it for longer than that."""
        if fqme == self.shown:
            return
        self.end_preview(keep=fqme)
        self.preview = "" if fqme == self._state.selected else fqme
        self._watch([fqme])
        self._show(fqme)

    def end_preview(self, keep: str = "") -> None:
        """Show the selected market again; what was opened only to be looked at is closed."""
        seen, self.preview = self.preview, ""
        if seen and seen != keep and seen not in self._state.watch:
            self._close(seen)
            self._state.forget(seen)

    # -- inside ---------------------------------------------------------------------------------

    def _watch_first(self, results: SearchResults) -> None:
        home = next(iter(self._state.brokers), "")  # the engine lists its default broker first
        listed = [match.fqme for match in results.matches if match.broker == home]
        fqmes = listed[:FIRST_MARKETS]
        for fqme in fqmes:
            self._state.add_watch(fqme)
        if fqmes:
            self._watch(fqmes)
            self.select(fqmes[0])

    def _watch(self, fqmes: Iterable[str]) -> None:
        if new := tuple(fqme for fqme in fqmes if fqme not in self._asked):
            self._asked.update(new)
            self._send(Watch(fqmes=new, throttle_hz=self._throttle_hz))

    def _close(self, fqme: str) -> None:
        self._bars = {key: count for key, count in self._bars.items() if key[0] != fqme}
        if fqme in self._asked:
            self._asked.discard(fqme)
            self._send(Unwatch(fqmes=(fqme,)))

    def _show(self, fqme: str) -> None:
        """Have the chart's bars of `fqme`, and those of no other market."""
        for other, period_s in list(self._bars):
            if other != fqme and period_s == self.period_s:
                self._drop_bars(other, period_s)
        if fqme in self._state.markets:
            self._want_bars(fqme)

    def _want_bars(self, fqme: str) -> None:
        wanted = {SPARK_PERIOD_S: SPARK_BARS} if fqme in self._state.watch else {}
        if fqme == self.shown:
            wanted[self.period_s] = CHART_BARS
        for period_s, count in wanted.items():
            if self._bars.get((fqme, period_s), 0) < count:
                self._bars[fqme, period_s] = count
                self._send(OpenBars(fqme=fqme, period_s=period_s, count=count))

    def _drop_bars(self, fqme: str, period_s: int) -> None:
        """Close bars that only the chart needed."""
        if (fqme, period_s) not in self._bars or period_s == SPARK_PERIOD_S:
            return
        del self._bars[fqme, period_s]
        self._send(CloseBars(fqme=fqme, period_s=period_s))
        if market := self._state.markets.get(fqme):
            market.series.pop(period_s, None)

    def _note_recent(self, fqme: str) -> None:
        if fqme:
            self.recent = [fqme, *(other for other in self.recent if other != fqme)][:50]
