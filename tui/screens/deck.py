"""The main screen: its parts, where they stand, and which of them an event repaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult

from engine.errors import TickdeckError
from tui.actions import in_order, perform
from tui.charts.pane_scenes import Orders
from tui.paint import format as text_of
from tui.screens.host import Deck
from tui.screens.panelled import PanelledScreen
from tui.state import Part
from tui.widgets.chart import Chart
from tui.widgets.watchlist import Watchlist

if TYPE_CHECKING:
    from textual.message import Message

    from tui.actions import Call
    from tui.orders.lines import Summary
    from tui.widgets.blotter import Blotter
    from tui.widgets.command_bar import CommandBar
    from tui.widgets.history_strip import HistoryStrip


class DeckScreen(PanelledScreen, inherit_bindings=False):
    """Status line, watchlist, chart, order pane, blotter and keys.

    No widget here takes the focus: keys come to the screen, which asks the keymap what they
    mean in the contexts that hold.
    """

    DEFAULT_CSS = """
    DeckScreen { background: $background; layout: vertical; overflow: hidden; }
    DeckScreen > * { position: absolute; }
    DeckScreen > #watchlist, DeckScreen > #order { border-right: solid $border; }
    DeckScreen.-order-right > #order { border-right: none; border-left: solid $border; }
    DeckScreen.-order-below > #order { border-top: solid $border; }
    DeckScreen > #order.-live { border-right: solid $live; }
    DeckScreen.-order-right > #order.-live { border-right: none; border-left: solid $live; }
    DeckScreen.-order-below > #order.-live { border-top: solid $live; }
    DeckScreen > #blotter { border-top: solid $border; }
    DeckScreen > #command { dock: none; }
    """
    AUTO_FOCUS = None

    def __init__(self, deck: Deck) -> None:
        super().__init__(deck)
        self.command: CommandBar | None = None
        """Made when it is first opened."""
        self._pressed: Chart | None = None
        """The chart that the last press of the mouse turned to."""
        self._pane_state: tuple[object, ...] = ()
        """What order pane and strip were painted of."""
        self._footer_state: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield from self._parts().values()

    def complete(self) -> None:
        """Add what the first chart did not wait for: order pane, blotter, banner."""
        if self.is_complete:
            return
        from tui.algos.lines import algo_lines
        from tui.widgets.banner import Banner
        from tui.widgets.blotter import Blotter
        from tui.widgets.order_pane import OrderPane, StagedStrip

        deck = self._deck
        self.banner = Banner(deck.state, zone=lambda: deck.zone, number_of=self._number_of)
        self.order_pane = OrderPane(deck.state, self._summary)
        self.strip = StagedStrip(self._summary)
        self.blotter = Blotter(
            deck.state,
            zone=lambda: deck.zone,
            glyphs=lambda: deck.glyphs,
            number_of=self._number_of,
        )
        self.is_complete = True
        desk = deck.desk
        self.charts.scenes.orders = Orders(
            lambda fqme: [*algo_lines(deck.state, fqme), *desk.lines(fqme)],
            lambda: desk.revision,
            lambda: desk.staged.fqme if desk.staged is not None else "",
        )
        self.mount(self.banner, self.order_pane, self.strip, self.blotter)
        self._places = {}
        self.show()

    def on_mount(self) -> None:
        self.place()

    def on_resize(self) -> None:
        self._place_command()
        self._after_panels()

    def activate(self, pane: int) -> None:
        """Have keys act on a chart, whose market is selected. What is staged in another market
        is dropped, and what is staged in the same one must be seen again before it is sent."""
        before = self.chart
        if self._deck.markets.activate(pane):
            before.set_cursor(None)
            if self.is_complete:
                self._deck.desk.unsee()

    # -- showing --------------------------------------------------------------------------------

    def show(self, touched: Part = ~Part.NOTHING) -> None:
        """Repaint what `touched` concerns, and tell the desk once that is on the screen."""
        self.place()
        if touched & (Part.MARKET | Part.BARS | Part.ENGINE | Part.FAILURE):
            self.watchlist.redraw()
        if touched & ~(Part.NOTICES | Part.SEARCH):
            self.charts.show()
        if self.is_complete:
            self._show_the_rest(touched)
        self.status.show(self._deck.status_view())
        if self.is_complete:
            self._show_keys()
            self._deck.shown()

    def redraw(self) -> None:
        """Show everything, changed or not: what it is drawn with is another."""
        self.charts.scenes.forget()
        self._pane_state = ()
        self.show()

    def tell_history_ends(self, fqme: str, period_s: int) -> None:
        """There are no older bars of a market: say so to who waits for some."""
        if not self.charts.give_up((fqme, period_s)):
            return
        market = self._deck.state.markets.get(fqme)
        series = market.series.get(period_s) if market else None
        since = ""
        if series is not None and len(series):
            first_ns = int(series.time_ns[0])
            since = text_of.stamp(first_ns, self._deck.zone, period_s=period_s, with_year=True)
        period = text_of.period(period_s)
        self._deck.tell(f"{fqme}: no bars of {period} before {since or 'now'}", "warning")

    def _show_keys(self) -> None:
        """Show the keys that do something now; those of what covers the deck are its own."""
        idle = self._deck.desk.idle | self._idle
        state = (self.covered, self.contexts(), frozenset(idle))
        if state == self._footer_state:
            return
        self._footer_state = state
        entries = [] if self.covered else self._deck.keymap.footer(self.contexts())
        self.keys.show([entry for entry in entries if entry.action.name not in idle])

    @property
    def _idle(self) -> set[str]:
        """Actions of the deck that would do nothing now."""
        idle = self.blotter.idle if self.is_shown("blotter") else {"blotter_next"}
        return idle if len(self._deck.markets.panes) > 1 else idle | {"chart_next"}

    def _show_the_rest(self, touched: Part) -> None:
        if touched & ~(Part.NOTICES | Part.SEARCH):
            self._show_order()
        if self.blotter.concerns(touched):
            self.blotter.redraw()
        if touched & (Part.FAILURE | Part.ORDERS | Part.GUARDS):
            self.banner.redraw()

    def _show_order(self) -> None:
        """Repaint what order mode says, if anything of it changed."""
        state, market = self._deck.state, self._deck.state.market
        market_state = None if market is None else (market.fqme, market.version)
        pane_state = (market_state, state.book_version, state.failure, self._deck.desk.revision)
        if pane_state != self._pane_state:
            self._pane_state = pane_state
            self.order_pane.set_class(self._deck.desk.is_live, "-live")
            self.order_pane.redraw()
            self.strip.redraw()

    def _number_of(self, order_id: str) -> int:
        return self._deck.desk.number_of(order_id)

    def _summary(self) -> Summary:
        return self._deck.desk.summary()

    # -- keys -----------------------------------------------------------------------------------

    def contexts(self) -> tuple[str, ...]:
        """Contexts of the keymap that hold now, the nearest first."""
        held = {"chart", "deck", *self._deck.desk.contexts, *self._deck.playback.contexts}
        if self.focused_panel == "blotter":
            held.add("blotter")
        if self.chart.cursor_price is not None:
            held.add("cursor")
        return in_order(held)

    def on_key(self, event: events.Key) -> None:
        if self.command is not None and self.command.is_open:
            self.command.on_key(event)  # typed behind `:`, before that had the focus
            return
        if self.focused is not None:
            return  # what the command line does not want is not for the deck either
        self.complete()
        action = self._deck.keymap.resolve(self.contexts(), event.key)
        if action is None:
            if event.key == "ctrl+c":
                self._deck.tell("q leaves the deck")
            return
        event.stop()
        event.prevent_default()
        self.act(lambda: perform(action, self.targets(), event.time))

    def targets(self) -> dict[str, Any]:
        """The objects that actions are performed on."""
        return {
            "deck": self._deck.actions,
            "chart": self.chart,
            "blotter": self.blotter,
            "desk": self._deck.desk,
            "algos": self._deck.algos,
            "guards": self._deck.guards,
            "playback": self._deck.playback,
        }

    def act(self, deed: Callable[[], object]) -> None:
        """Do what the user asked for; an error is told, and what changed is shown."""
        try:
            deed()
        except TickdeckError as error:
            self._deck.tell(f"{error}{' - ' + error.hint if error.hint else ''}", "warning")
        if self.is_attached:
            self.show()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is no keys."""
        event.stop()
        self._deck.tell("pasted text is ignored; press : for the command line", "warning")

    # -- the command line -----------------------------------------------------------------------

    def open_command(self, text: str = "") -> None:
        """Give the keys to the command line, which covers the footer."""
        self.complete()
        if self.command is None:
            self.command = self._deck.makers.command_bar(self._run)
            self.mount(self.command)
        self._place_command()
        self.command.open(text)

    def _place_command(self) -> None:
        if self.command is not None:
            width, height = self.app.size
            self.command.styles.offset = (0, height - 2)
            self.command.styles.width, self.command.styles.height = width, 2

    def _run(self, call: Call, at: float) -> None:
        """Do what was typed. Raises `TickdeckError`, which the command line tells."""
        perform(call, self.targets(), at)

    def on_command_bar_closed(self, event: Message) -> None:
        self.set_focus(None)
        self.show()

    # -- mouse ----------------------------------------------------------------------------------

    def on_watchlist_selected(self, event: Watchlist.Selected) -> None:
        self.act(lambda: self._deck.markets.select(event.fqme))

    def on_blotter_clicked(self, event: Blotter.Clicked) -> None:
        self.focus_panel("blotter")

    def on_blotter_row_opened(self, event: Blotter.RowOpened) -> None:
        self.act(lambda: self._deck.markets.select(event.fqme))

    def on_blotter_cancel_wanted(self, event: Blotter.CancelWanted) -> None:
        self.act(lambda: self._deck.cancel_row(event.tab, event.key, event.at))

    def on_blotter_pause_wanted(self, event: Blotter.PauseWanted) -> None:
        self.act(lambda: self._deck.pause_row(event.algo_id, event.at))

    def on_chart_pressed(self, event: Chart.Pressed) -> None:
        chart = event.chart
        self._pressed = None if chart is self.chart else chart
        if self._pressed is not None:
            self.act(lambda: self.activate(self.charts.all().index(chart)))

    def on_chart_level_clicked(self, event: Chart.LevelClicked) -> None:
        # The press that turned to another chart was about that, not about a price.
        if event.chart is self.chart and event.chart is not self._pressed:
            self.act(lambda: self._deck.desk.to_price(event.price))

    def on_chart_cursor_moved(self, event: Chart.CursorMoved) -> None:
        self.charts.link_cursor(event.chart, event.cursor)

    def on_chart_history_wanted(self, event: Chart.HistoryWanted) -> None:
        markets, charts = self._deck.markets, self.charts.all()
        pane = charts.index(event.chart)
        if pane < len(markets.panes):
            markets.reach(markets.shown_in(pane), markets.panes.period_of(pane), event.time_ns)

    def on_history_strip_moved(self, event: HistoryStrip.Moved) -> None:
        self.act(lambda: self.chart.jump(event.time_ns))

    def on_history_strip_zoomed(self, event: HistoryStrip.Zoomed) -> None:
        self.act(lambda: self.chart.zoom(event.steps))
