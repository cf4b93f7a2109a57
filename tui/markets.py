"""Which markets and bars are open, and what is asked of the engine to make it so.

Bars are open while anything on the screen wants them: the sparklines of the watchlist, the
charts of the grid, what lies over them, the strip of all history. Whatever wants the same bars
shares them. A market that is not on the watchlist, previewed by search or laid over a chart, is
open only while it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.clock import NANOS
from engine.config import PERIODS
from engine.messages import Command, Search, SearchResults, Unwatch, Watch
from tui.charts.asked_bars import AskedBars, Key
from tui.charts.panes import Link, Panes
from tui.state import LIST_REQUEST, DeckState
from tui.widgets.watchlist import SPARK_BARS, SPARK_PERIOD_S

CHART_BARS = 2000
"""Bars that are asked for at first: some screens to pan back through."""

LIVE_PERIOD_S, HISTORY_PERIOD_S = 1, 60
"""Under a chart of the shorter one the strip shows the longer one: of the other there is little."""

FIRST_MARKETS = 8
"""Markets that are watched where the configuration names none."""

FIRST_LISTED = 200

FIRST_AGAIN_S = 2
"""Seconds until they are asked for again, where their broker had none to list yet."""


class Markets:
    """The watchlist, the selected market, and what the charts show."""

    def __init__(
        self,
        state: DeckState,
        send: Callable[[Command], None],
        *,
        period_s: int = 60,
        throttle_hz: float = 15.0,
        panes: Panes | None = None,
    ) -> None:
        """
        Args:
            state: what the deck knows; watchlist and selection are changed here.
            send: hands a command to the engine.
            period_s: of all linked charts at first, unless `panes` is given.
            throttle_hz: most frames a second of a market.
            panes: the charts of the grid; one if left out.
        """
        self._state = state
        self._send = send
        self._throttle_hz = throttle_hz
        self.panes = panes or Panes(period_s=period_s)
        self.preview = ""
        """The market that the active chart shows instead of the selected one; empty for none."""
        self.has_history = False
        """The strip of all history is shown."""
        self.recent: list[str] = []
        """Markets selected so far, the last one first."""
        self._awaits_first = False
        """The watchlist is what the brokers list first, once they have told."""
        self._first_asked_ns = 0
        """When they were last asked, by the engine's clock."""
        self._asked: set[str] = set()
        self._renamed: dict[str, str] = {}
        """Names of markets that are followed here already."""
        self._bars = AskedBars(state, send)
        self._searches = LIST_REQUEST
        self._texts: dict[int, str] = {}

    @property
    def shown(self) -> str:
        """The market on the active chart."""
        return self.preview or self._state.selected

    @property
    def period_s(self) -> int:
        """The period of the active chart."""
        return self.panes.period_of(self.panes.active)

    def shown_in(self, pane: int) -> str:
        """The market on a chart of the grid."""
        if pane == self.panes.active:
            return self.shown
        return self.panes.market_of(pane, self._state.selected)

    def history_of(self, pane: int) -> Key:
        """The bars that the strip under a chart shows."""
        period_s = self.panes.period_of(pane)
        longer = HISTORY_PERIOD_S if period_s == LIVE_PERIOD_S else period_s
        return self.shown_in(pane), longer

    # -- opening --------------------------------------------------------------------------------

    def open_first(self) -> None:
        """Open the watchlist and what the charts show; without a list ask for what the brokers
        list first."""
        is_listed = bool(self._state.watch)
        if active := self.panes.spec.fqme:
            self._state.add_watch(active)
            self._state.select(active)
        selected = self._state.selected
        wanted = (selected, *self._state.watch, *self._on_panes())
        self._watch(fqme for fqme in wanted if fqme)  # the selected one first
        self._note_recent(selected)
        if not is_listed:
            # More than are watched: other brokers may list busier markets.
            self._awaits_first = True
            self._ask_first()

    def follow(self) -> list[Key]:
        """Ask for what is missing after events were folded: bars of markets that opened, and
        older ones that a chart waits for. Returns of which bars there are no older ones."""
        self._follow_names()
        self._follow_first()
        refused = self._state.refused_markets.keys() - self._state.retries.keys()
        self._asked.difference_update(refused)  # may be asked for again
        self._settle_bars()
        return self._bars.follow()

    def select(self, fqme: str) -> bool:
        """Put a market on the active chart, watching it if need be. False if it is there."""
        fqme = self._state.canonical(fqme)
        self.preview = ""
        self._state.add_watch(fqme)
        self._watch([fqme])
        is_new = self._state.select(fqme)
        self.panes.show_market(fqme)
        self._note_recent(fqme)
        self._settle()
        return is_new

    def step(self, step: int) -> None:
        """Select the market that many rows further down the watchlist; it stops at the ends."""
        watch = self._state.watch
        if watch:
            at = watch.index(self._state.selected) if self._state.selected in watch else 0
            self.select(watch[min(max(0, at + step), len(watch) - 1)])

    def watch(self, fqme: str) -> bool:
        """Put a market on the watchlist. False if it is there."""
        fqme = self._state.canonical(fqme)
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
        self.panes.forget(fqme, self._state.selected)
        self._settle()
        return True

    # -- charts ---------------------------------------------------------------------------------

    def arrange(self, count: int) -> None:
        """Show so many charts. Raises `UsageError` where there is no such grid."""
        self.panes.arrange(count, selected=self._state.selected, watched=self._state.watch)
        self._open_panes()

    def activate(self, pane: int) -> bool:
        """Have keys act on a chart, and select its market. False if they do."""
        self.preview = ""
        if not self.panes.activate(pane):
            return False
        self._open_panes()
        return True

    def restored(self) -> None:
        """The charts are others now: open what they show."""
        for asked, fqme in self._state.names.items():
            self.panes.rename(asked, fqme)
        self.preview = ""
        self._open_panes()

    def set_period(self, period_s: int) -> None:
        """Show bars of another period."""
        self.panes.set_period(period_s)
        self._settle()

    def step_period(self, step: int) -> None:
        """Show the next longer, or shorter, period; it stops at the ends."""
        periods = list(PERIODS.values())
        at = periods.index(self.period_s) if self.period_s in periods else 0
        self.set_period(periods[min(max(0, at + step), len(periods) - 1)])

    def overlay(self, *fqmes: str) -> None:
        """Put markets over the active chart. Raises `UsageError` where they are too many."""
        fqmes = tuple(map(self._state.canonical, fqmes))
        self.panes.overlay(*fqmes)
        self._watch(fqmes)
        self._settle()

    def take_off(self, *fqmes: str) -> None:
        """Take markets off the active chart; all of them if none is named."""
        self.panes.take_off(*fqmes)
        self._settle()

    def link(self, what: Link, is_linked: bool) -> None:
        """Let the active chart share its market, period or crosshair with the others, or not."""
        if is_linked:
            self.panes.link(what)
        else:
            self.panes.free(what, self._state.selected)
        self._settle()

    def show_history(self, is_shown: bool) -> None:
        """The strip of all history is shown, or is not any more."""
        if is_shown != self.has_history:
            self.has_history = is_shown
            self._settle_bars()

    # -- older bars -----------------------------------------------------------------------------

    def extend(self, fqme: str, period_s: int, first: int) -> None:
        """Ask for older bars where bar number `first`, the oldest on a chart, is near the
        oldest that is known; twice as many as before, until there are no more."""
        self._bars.extend((fqme, period_s), first)

    def reach(self, fqme: str, period_s: int, time_ns: int) -> None:
        """Ask for older bars until there is one of that time, or there are no more; `follow`
        tells of the latter."""
        self._bars.reach((fqme, period_s), time_ns)

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
        """Show a market on the active chart without watching it for longer than that."""
        fqme = self._state.canonical(fqme)
        if fqme == self.shown:
            return
        self.preview = "" if fqme == self._state.selected else fqme
        self._watch([fqme])
        self._settle()

    def end_preview(self, keep: str = "") -> None:
        """Show the selected market again; what was opened only to be looked at is closed, but
        for `keep`, which something will show next."""
        if self.preview:
            kept = self.preview == keep
            self.preview = ""
            if not kept:
                self._settle()

    # -- inside ---------------------------------------------------------------------------------

    def _ask_first(self) -> None:
        self._first_asked_ns = self._state.now_ns
        self._send(Search(request_id=LIST_REQUEST, text="", limit=FIRST_LISTED))

    def _follow_first(self) -> None:
        """Watch what the default broker lists first, as soon as it has told; a venue that cannot
        be reached yet is asked again."""
        results = self._state.listed
        if not self._awaits_first or results is None:
            return
        home = self._state.home
        listed = [match.fqme for match in results.matches if match.broker == home]
        if fqmes := listed[:FIRST_MARKETS]:
            self._awaits_first = False
            for fqme in fqmes:
                self._state.add_watch(fqme)
            self._watch(fqmes)
            if not self._state.selected:
                self.select(fqmes[0])
        elif results.is_complete and self._may_list_more(home):
            self._ask_first()

    def _may_list_more(self, broker: str) -> bool:
        """It is at the other end of a network, and was not asked just now."""
        is_remote = any(one.broker == broker for one in self._state.connections.values())
        since_ns = self._state.now_ns - self._first_asked_ns
        return is_remote and since_ns >= FIRST_AGAIN_S * NANOS

    def _follow_names(self) -> None:
        """Go on with the one name of markets that were asked for by another."""
        for asked, fqme in self._state.names.items():
            if self._renamed.get(asked) == fqme:
                continue
            self._renamed[asked] = fqme
            if asked in self._asked:
                self._asked.discard(asked)
                self._asked.add(fqme)
            self._bars.forget(asked)
            self.preview = fqme if self.preview == asked else self.preview
            self.panes.rename(asked, fqme)
            renamed = [fqme if one == asked else one for one in self.recent]
            self.recent = list(dict.fromkeys(renamed))
            self._settle()

    def _open_panes(self) -> None:
        """Open the markets of all charts, and select that of the active one."""
        self._watch(self._on_panes())
        active = self.panes.spec.fqme
        if active and active != self._state.selected:
            self.select(active)
        else:
            self._settle()

    def _on_panes(self) -> list[str]:
        """Markets of their own that charts show, or have over them."""
        own = [spec.fqme for spec in self.panes.specs if spec.fqme]
        return own + [one.fqme for spec in self.panes.specs for one in spec.overlays]

    def _watch(self, fqmes: Iterable[str]) -> None:
        if new := tuple(dict.fromkeys(fqme for fqme in fqmes if fqme not in self._asked)):
            self._asked.update(new)
            self._send(Watch(fqmes=new, throttle_hz=self._throttle_hz))

    def _settle(self) -> None:
        """Have open what is wanted now, and nothing else."""
        wanted = {*self._state.watch, self.preview}
        for spec in self.panes.specs:
            wanted |= {spec.fqme, *(overlaid.fqme for overlaid in spec.overlays)}
        for fqme in sorted(self._asked - wanted):
            if self._state.working(fqme) or self._state.armed_alerts(fqme):
                # What is not streamed would never touch them.
                self._state.add_watch(fqme)
            else:
                self._close(fqme)
        self._settle_bars()

    def _close(self, fqme: str) -> None:
        self._bars.forget(fqme)
        self._asked.discard(fqme)
        self._state.forget(fqme)
        self._send(Unwatch(fqmes=(fqme,)))

    def _settle_bars(self) -> None:
        """Open the bars that are wanted of open markets, and close all others."""
        self._bars.settle(self._wanted_bars())

    def _wanted_bars(self) -> dict[Key, int]:
        """How many bars are wanted at least, by market and period."""
        wanted = {(fqme, SPARK_PERIOD_S): SPARK_BARS for fqme in self._state.watch}
        selected = self._state.selected
        for pane, spec in enumerate(self.panes.specs):
            period_s = self.panes.period_of(pane)
            # What a preview hides is wanted again when that ends.
            wanted[self.panes.market_of(pane, selected), period_s] = CHART_BARS
            wanted[self.shown_in(pane), period_s] = CHART_BARS
            for overlaid in spec.overlays:
                wanted[overlaid.fqme, period_s] = CHART_BARS
        if self.has_history:
            wanted[self.history_of(self.panes.active)] = CHART_BARS
        return wanted

    def _note_recent(self, fqme: str) -> None:
        if fqme:
            self.recent = [fqme, *(other for other in self.recent if other != fqme)][:50]
