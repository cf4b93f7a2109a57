"""What each chart of the grid is shown, made anew only where something in it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tui.paint import format as text_of
from tui.paint.levels import Level
from tui.paint.scene import FillMark, Overlay
from tui.state import DeckState, MarketView

if TYPE_CHECKING:
    from tui.charts.panes import Overlaid
    from tui.markets import Markets
    from tui.orders.lines import Line
    from tui.widgets.chart import Chart


class Orders(NamedTuple):
    """What order mode draws on charts."""

    lines: Callable[[str], list[Line]]
    """Of a market."""
    revision: Callable[[], int]
    """Goes up with what is staged and picked."""
    staged_in: Callable[[], str]
    """The market in which something is staged; empty without that."""


class PaneScenes:
    """Gives the charts what they show."""

    def __init__(self, state: DeckState, markets: Markets, now_of: Callable[[str], int]) -> None:
        """
        Args:
            state: what the deck knows.
            markets: what the charts show of it.
            now_of: the time of a market, nanoseconds: the tape's in a playback.
        """
        self._state = state
        self._markets = markets
        self._now_of = now_of
        self.orders: Orders | None = None
        """None until there is an order mode."""
        self._shown: dict[int, tuple[object, ...]] = {}
        self._lines: dict[str, tuple[tuple[object, ...], tuple[Level, ...]]] = {}
        self._fills: dict[str, tuple[FillMark, ...]] = {}
        self._fills_read = 0

    def show(self, pane: int, chart: Chart, *, place: str = "") -> bool:
        """Have a chart show its pane. False if nothing in it changed since the last time.

        `place` is written before the title: `3/6` where not all charts have room.
        """
        key = self._key(pane, chart, place)
        if self._shown.get(pane) == key:
            return False
        self._shown[pane] = key
        fqme, period_s = self._markets.shown_in(pane), self._markets.panes.period_of(pane)
        market = self._state.markets.get(fqme)
        chart.show(
            title=f"{place} {self.title(fqme)}".lstrip(),
            instrument=market.instrument if market else None,
            series=market.series.get(period_s) if market else None,
            quote=market.quote if market else None,
            levels=self._levels(fqme),
            stale=market.is_stale if market else False,
            ended=_has_ended(market),
            now_ns=self._now_of(fqme) if market and market.is_stale else None,
            overlays=[self._overlay(one, period_s) for one in self._overlaid(pane, fqme)],
            fills=self._fills_of(fqme),
        )
        return True

    def forget(self) -> None:
        """Show everything again, changed or not."""
        self._shown.clear()

    def title(self, fqme: str) -> str:
        """What is written above a chart of `fqme`."""
        if not fqme:
            return "no market: / finds one"
        why = self._state.refused_markets.get(fqme)
        if why:
            return f"{fqme}  {why}"
        market = self._state.markets.get(fqme)
        if market is None:
            return f"{fqme}  opening"
        is_doubted = market.feed is not None and market.feed.book == "unverified"
        title = f"{fqme}  preview" if fqme == self._markets.preview else fqme
        return f"{title}  book unverified" if is_doubted else title

    # -- inside ---------------------------------------------------------------------------------

    def _key(self, pane: int, chart: Chart, place: str) -> tuple[object, ...]:
        """What a chart depends on: two that are the same need not be shown twice."""
        fqme, period_s = self._markets.shown_in(pane), self._markets.panes.period_of(pane)
        overlaid = self._overlaid(pane, fqme)
        revision = self.orders.revision() if self.orders else -1
        return (
            id(chart), place, self.title(fqme), self._state.book_version, revision,
            self._state_of(fqme, period_s),
            *((one, self._state_of(one.fqme, period_s)) for one in overlaid),
        )  # fmt: skip

    def _state_of(self, fqme: str, period_s: int) -> tuple[object, ...]:
        market = self._state.markets.get(fqme)
        if market is None:
            return (self._state.refused_markets.get(fqme),)
        series = market.series.get(period_s)
        age = self._now_of(fqme) // 1_000_000_000 if market.is_stale else 0
        return (id(market), market.version, age, id(series), series.version if series else -1)

    def _overlaid(self, pane: int, fqme: str) -> list[Overlaid]:
        """What lies over a chart; a market does not lie over itself."""
        return [one for one in self._markets.panes.specs[pane].overlays if one.fqme != fqme]

    def _overlay(self, overlaid: Overlaid, period_s: int) -> Overlay:
        market = self._state.markets.get(overlaid.fqme)
        return Overlay(
            title=self.title(overlaid.fqme),
            instrument=market.instrument if market else None,
            series=market.series.get(period_s) if market else None,
            quote=market.quote if market else None,
            slot=overlaid.slot,
            is_stale=market.is_stale if market else False,
        )

    def _levels(self, fqme: str) -> tuple[Level, ...]:
        """Orders, position and alerts of a market; what is staged there follows its prices."""
        if self.orders is None:
            return ()
        market = self._state.markets.get(fqme)
        follows = market.version if market and self.orders.staged_in() == fqme else 0
        key = (self._state.book_version, self.orders.revision(), follows, id(market))
        known = self._lines.get(fqme)
        if known is None or known[0] != key:
            levels = tuple(Level(*line) for line in self.orders.lines(fqme))
            known = self._lines[fqme] = (key, levels)
        return known[1]

    def _fills_of(self, fqme: str) -> tuple[FillMark, ...]:
        """Fills of a market, the oldest first; gathered anew when there are more."""
        if self._fills_read != self._state.fill_count:
            self._fills_read = self._state.fill_count
            marks: dict[str, list[FillMark]] = {}
            for fill in self._state.fills:
                mark = FillMark(
                    fill.venue_ns or fill.recv_ns,
                    float(fill.price),
                    fill.side,
                    text_of.plain(fill.size),
                )
                marks.setdefault(fill.fqme, []).append(mark)
            self._fills = {of: tuple(sorted(some)) for of, some in marks.items()}
        return self._fills.get(fqme, ())


def _has_ended(market: MarketView | None) -> bool:
    return bool(market and market.feed and market.feed.state == "ended")
