"""A screen whose panels have places: which are shown, where, and which has the keyboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from tui.screens.charts import Charts
from tui.screens.host import Deck
from tui.screens.layout import arrange, is_large, is_small
from tui.state import Part
from tui.widgets.chart import Chart
from tui.widgets.footer import KeyFooter
from tui.widgets.status import StatusLine
from tui.widgets.watchlist import Watchlist

if TYPE_CHECKING:
    from tui.widgets.banner import Banner
    from tui.widgets.blotter import Blotter
    from tui.widgets.order_pane import OrderPane, StagedStrip


class PanelledScreen(Screen[None], inherit_bindings=False):
    """Places panels for any size of the terminal."""

    banner: Banner
    order_pane: OrderPane
    strip: StagedStrip
    blotter: Blotter

    def __init__(self, deck: Deck) -> None:
        super().__init__()
        self._deck = deck
        self.status = StatusLine(deck.state)
        self.watchlist = Watchlist(deck.state, lambda: deck.glyphs)
        self.charts = Charts(
            deck.state,
            deck.markets,
            make=deck.makers.chart,
            make_strip=deck.makers.strip,
            now_of=deck.market_now_ns,
        )
        self.keys = KeyFooter()
        self.is_complete = False
        """Order pane, blotter and banner are there; not before the first chart is."""
        self.focused_panel = ""
        """`blotter` while that has the keyboard."""
        self.covered = 0
        """Columns on the left that another screen covers."""
        self.hidden: set[str] = set()
        """Panels that are closed on a screen that has room for them."""
        self.is_full = False
        """The chart has the whole screen but for status line and keys."""
        self.history: bool | None = None
        """Whether the strip of all history is wanted; None where the chart is high enough."""
        self._opened = ""
        self._places: Mapping[str, Region] = {}

    @property
    def chart(self) -> Chart:
        """The chart that keys act on."""
        return self.charts.active

    def show(self, touched: Part = ~Part.NOTHING) -> None:
        """Repaint what `touched` concerns."""
        raise NotImplementedError

    def _parts(self) -> dict[str, Widget]:
        parts: dict[str, Widget] = {
            "status": self.status,
            "watchlist": self.watchlist,
            "chart": self.charts.grid,
            "keys": self.keys,
        }
        if self.is_complete:
            parts["banner"] = self.banner
            parts["order"] = self.order_pane
            parts["strip"] = self.strip
            parts["blotter"] = self.blotter
        if self.charts.strip is not None:
            parts["history"] = self.charts.strip
        return parts

    # -- places ---------------------------------------------------------------------------------

    def place(self) -> None:
        """Put each part where the size of the terminal and the open panels want it."""
        width, height = self.app.size
        is_little, is_much = is_small(width, height), is_large(width, height)
        self.app.set_class(is_little, "-small")
        self.app.set_class(not is_little and not is_much, "-medium")
        deck = self._deck
        has_banner = bool(deck.state.failure) or deck.state.is_killed
        self.app.set_class(has_banner, "-banner")
        places = arrange(
            width,
            height,
            opened=self._opened,
            hidden=self.hidden,
            has_banner=has_banner,
            has_strip=self.is_complete and deck.desk.staged is not None,
            covered=self.covered,
            is_full=self.is_full,
            history=self.history if self.is_complete else False,
            charts=len(deck.markets.panes),
        )
        self._place_charts(places)
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

    def _place_charts(self, places: Mapping[str, Region]) -> None:
        """Share out the charts' cells, and have the strip of all history where it has some."""
        has_history = "history" in places
        if has_history and self.charts.strip is None:
            self.mount(self.charts.strip_widget())
        self._deck.markets.show_history(has_history)
        self.charts.place(places["chart"], is_single=self.is_full or bool(self.covered))

    def is_shown(self, name: str) -> bool:
        """Whether a panel has a place now."""
        return name in self._places

    def toggle_panel(self, name: str) -> None:
        """Show a panel, or hide it; on a small screen one at a time. The chart alone makes room
        for it."""
        if self.is_full:
            self.is_full = False
            self.hidden.discard(name)
            self._opened = name
        elif is_small(*self.app.size):
            self._opened = "" if self._opened == name else name
        else:
            self.hidden ^= {name}
        self._after_panels()

    def toggle_full_screen(self) -> None:
        """Show the chart alone, or everything again."""
        self.is_full = not self.is_full
        self._after_panels()

    def toggle_history(self) -> None:
        """Show the strip of all history under the chart, or hide it."""
        is_shown = self.is_shown("history")
        self.history = not is_shown
        self._after_panels()
        if not is_shown and not self.is_shown("history"):
            self._deck.tell("no room for the strip of all history")

    def arrange_panels(self, hidden: Iterable[str], history: bool | None) -> None:
        """Hide these panels and no others."""
        self.hidden, self.history = set(hidden), history
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
