"""The main screen: its parts, where they stand, and which of them an event repaints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from engine.errors import TickdeckError
from tui.actions import in_order, perform
from tui.paint.cells import Glyphs
from tui.screens.layout import arrange, is_small
from tui.state import DeckState, Part
from tui.widgets.chart import Chart, Level
from tui.widgets.footer import KeyFooter
from tui.widgets.status import StatusLine, StatusView
from tui.widgets.watchlist import Watchlist

if TYPE_CHECKING:
    from datetime import tzinfo

    from textual.message import Message

    from engine.config import DeckConfig
    from tui.actions import Call, Entry
    from tui.deck_actions import DeckActions
    from tui.keymap import Keymap
    from tui.markets import Markets
    from tui.order_desk import OrderDesk
    from tui.order_lines import Summary
    from tui.paint.theme import Theme
    from tui.playback import PlaybackControls
    from tui.widgets.banner import Banner
    from tui.widgets.blotter import Blotter
    from tui.widgets.command_bar import CommandBar
    from tui.widgets.order_pane import OrderPane, StagedStrip


class Deck(Protocol):
    """What the main screen needs of the app that runs it."""

    state: DeckState
    markets: Markets
    actions: DeckActions
    keymap: Keymap
    config: DeckConfig
    deck_theme: Theme
    glyphs: Glyphs
    zone: tzinfo | None

    @property
    def desk(self) -> OrderDesk: ...
    @property
    def playback(self) -> PlaybackControls: ...
    def status_view(self) -> StatusView: ...
    def market_now_ns(self) -> int: ...
    def tell(self, text: str, level: str = "info") -> None: ...
    def shown(self) -> None: ...
    def cancel_row(self, tab: str, key: str, at: float) -> None: ...
    def new_command_bar(self, run: Callable[[Call, float], object]) -> CommandBar: ...


class DeckScreen(Screen[None], inherit_bindings=False):
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
    DeckScreen > #blotter { border-top: solid $border; }
    DeckScreen > #command { dock: none; }
    """
    AUTO_FOCUS = None

    banner: Banner
    order_pane: OrderPane
    strip: StagedStrip
    blotter: Blotter

    def __init__(self, deck: Deck) -> None:
        super().__init__()
        self._deck = deck
        state = deck.state
        self.status = StatusLine(state)
        self.watchlist = Watchlist(state, lambda: deck.glyphs)
        self.chart = Chart(
            theme=deck.deck_theme,
            glyphs=deck.glyphs,
            style=deck.config.style,
            zone=deck.zone,
            id="chart",
        )
        self.keys = KeyFooter()
        self.command: CommandBar | None = None
        """Made when it is first opened."""
        self.is_complete = False
        """Order pane, blotter and banner are there; not before the first chart is."""
        self.focused_panel = ""
        """`blotter` while that has the keyboard."""
        self.covered = 0
        """Columns on the left that another screen covers."""
        self._opened = ""
        self._hidden: set[str] = set()
        self.is_full = False
        """The chart has the whole screen but for status line and keys."""
        self.history: bool | None = None
        """Whether the strip of all history is wanted; None where the chart is high enough."""
        self._places: Mapping[str, Any] = {}

    def compose(self) -> ComposeResult:
        yield from self._parts().values()

    def _parts(self) -> dict[str, Widget]:
        parts: dict[str, Widget] = {
            "status": self.status,
            "watchlist": self.watchlist,
            "chart": self.chart,
            "keys": self.keys,
        }
        if self.is_complete:
            parts["banner"] = self.banner
            parts["order"] = self.order_pane
            parts["strip"] = self.strip
            parts["blotter"] = self.blotter
        return parts

    def complete(self) -> None:
        """Add what the first chart did not wait for: order pane, blotter, banner."""
        if self.is_complete:
            return
        from tui.widgets.banner import Banner
        from tui.widgets.blotter import Blotter
        from tui.widgets.order_pane import OrderPane, StagedStrip

        deck = self._deck
        self.banner = Banner(deck.state)
        self.order_pane = OrderPane(deck.state, self._summary)
        self.strip = StagedStrip(self._summary)
        self.blotter = Blotter(
            deck.state,
            zone=lambda: deck.zone,
            glyphs=lambda: deck.glyphs,
            number_of=lambda order_id: deck.desk.number_of(order_id),
        )
        self.is_complete = True
        self.mount(self.banner, self.order_pane, self.strip, self.blotter)
        self._places = {}
        self.show()

    def on_mount(self) -> None:
        self.place()

    def on_resize(self) -> None:
        self._place_command()
        self._after_panels()

    # -- places ---------------------------------------------------------------------------------

    def place(self) -> None:
        """Put each part where the size of the terminal and the open panels want it."""
        width, height = self.app.size
        self.app.set_class(is_small(width, height), "-small")
        places = arrange(
            width,
            height,
            opened=self._opened,
            hidden=self._hidden,
            has_banner=bool(self._deck.state.failure),
            has_strip=self.is_complete and self._deck.desk.staged is not None,
            covered=self.covered,
            is_full=self.is_full,
        )
        if places == self._places:
            return
        self._places = places
        order, chart = places.get("order"), places["chart"]
        self.set_class(order is not None and order.x > chart.x, "-order-right")
        is_below = order is not None and "watchlist" in places and order.x < chart.x
        self.set_class(is_below, "-order-below")
        for name, widget in self._parts().items():
            region = places.get(name)
            widget.display = region is not None
            if region is not None:
                widget.styles.offset = (region.x, region.y)
                widget.styles.width, widget.styles.height = region.width, region.height

    def is_shown(self, name: str) -> bool:
        """Whether a panel has a place now."""
        return name in self._places

    def toggle_panel(self, name: str) -> None:
        """Show a panel, or hide it; on a small screen one at a time."""
        if is_small(*self.app.size):
            self._opened = "" if self._opened == name else name
        else:
            self._hidden ^= {name}
        self._after_panels()

    def toggle_full_screen(self) -> None:
        """Show the chart alone, or everything again."""
        self.is_full = not self.is_full
        self._after_panels()

    def toggle_history(self) -> None:
        """Show the strip of all history under the chart, or hide it."""
        self.history = not self.is_shown("history")
        self._after_panels()

    def open_panel(self, name: str) -> None:
        """Show a panel if it is not."""
        if not self.is_shown(name):
            self.toggle_panel(name)

    def step_focus(self, step: int) -> None:
        """Give the keyboard to the blotter, or back to the chart."""
        if self.focused_panel == "blotter":
            self.focus_panel("")
        else:
            self.open_panel("blotter")
            self.focus_panel("blotter")

    def focus_panel(self, name: str) -> None:
        """Give the keyboard to `blotter`, or with an empty name to the chart."""
        self.focused_panel = name
        self.blotter.has_keyboard = name == "blotter"
        self.blotter.redraw()

    def back(self) -> None:
        """Leave the blotter; hide the crosshair; close the panel of a small screen."""
        if self.focused_panel:
            self.focus_panel("")
        elif self.chart.cursor_price is not None:
            self.chart.set_cursor(None)
        elif self.is_full:
            self.toggle_full_screen()
        elif self._opened and is_small(*self.app.size):
            self._opened = ""
            self._after_panels()

    def _after_panels(self) -> None:
        """Show what has a place now; what has none has no keyboard either."""
        self.place()
        if self.focused_panel and not self.is_shown(self.focused_panel):
            self.focus_panel("")
        self.show()

    # -- showing --------------------------------------------------------------------------------

    def show(self, touched: Part = ~Part.NOTHING) -> None:
        """Repaint what `touched` concerns, and tell the desk once that is on the screen."""
        self.place()
        if touched & (Part.MARKET | Part.BARS | Part.ENGINE | Part.FAILURE):
            self.watchlist.redraw()
        if touched & ~(Part.NOTICES | Part.SEARCH):
            self._show_chart()
        if self.is_complete:
            self._show_the_rest(touched)
        self.status.show(self._deck.status_view())
        if self.is_complete:
            self.keys.show(self._footer())
            self._deck.shown()

    def _footer(self) -> list[Entry]:
        """The keys that do something now; those of what covers the deck are its own."""
        if self.covered:
            return []
        idle = self._deck.desk.idle | (set() if self.is_shown("blotter") else {"blotter_next"})
        entries = self._deck.keymap.footer(self.contexts())
        return [entry for entry in entries if entry.action.name not in idle]

    def _show_the_rest(self, touched: Part) -> None:
        if touched & ~(Part.NOTICES | Part.SEARCH):
            self.order_pane.redraw()
            self.strip.redraw()
        if self.blotter.concerns(touched):
            self.blotter.redraw()
        if touched & (Part.FAILURE | Part.ORDERS):
            self.banner.redraw()

    def _summary(self) -> Summary:
        return self._deck.desk.summary()

    def _show_chart(self) -> None:
        deck = self._deck
        fqme = deck.markets.shown
        market = deck.state.markets.get(fqme)
        self.chart.show(
            title=self._title(fqme),
            instrument=market.instrument if market else None,
            series=market.series.get(deck.markets.period_s) if market else None,
            quote=market.quote if market else None,
            levels=[Level(*line) for line in deck.desk.lines(fqme)] if self.is_complete else (),
            stale=market.is_stale if market else False,
            ended=bool(market and market.feed and market.feed.state == "ended"),
            now_ns=deck.market_now_ns(),
        )

        picture = self.chart.picture
        if picture is not None and len(picture.columns):
            deck.markets.extend(fqme, deck.markets.period_s, int(picture.columns.first[0]))

    def _title(self, fqme: str) -> str:
        if not fqme:
            return "no market: / finds one"
        why = self._deck.state.refused_markets.get(fqme)
        if why:
            return f"{fqme}  {why}"
        if fqme not in self._deck.state.markets:
            return f"{fqme}  opening"
        return f"{fqme}  preview" if self._deck.markets.preview else fqme

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
        if self.command is None:
            self.command = self._deck.new_command_bar(self._run)
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

    def on_chart_level_clicked(self, event: Chart.LevelClicked) -> None:
        self.act(lambda: self._deck.desk.to_price(event.price))
