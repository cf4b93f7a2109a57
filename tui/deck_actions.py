"""What keys and typed commands ask of the deck itself: markets, panels, themes, screens.

The registry of actions and the command language name these methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.errors import UsageError
from tui.charts.layouts import Layout, Layouts
from tui.charts.panes import GRIDS, LINKS

if TYPE_CHECKING:
    from engine.config import ChartStyle
    from tui.app import DeckApp
    from tui.charts.panes import Link
    from tui.terminal.tier_control import Wanted


class DeckActions:
    """The target `deck` of actions and commands."""

    def __init__(self, app: DeckApp, layouts: Layouts) -> None:
        self._app = app
        self.layouts = layouts

    # -- markets --------------------------------------------------------------------------------

    def step_market(self, step: int) -> None:
        """Select the market that many rows down the watchlist."""
        self._app.markets.step(step)

    def go_to(self, fqme: str) -> None:
        """Show a market, watching it if need be."""
        self._app.markets.select(fqme)

    def watch(self, *fqmes: str) -> None:
        """Put markets on the watchlist."""
        for fqme in fqmes:
            self._app.markets.watch(fqme)

    def unwatch(self, *fqmes: str) -> None:
        """Take markets off the watchlist, but for those in which orders or alerts wait: what is
        not watched is not streamed, and would never touch them."""
        for fqme in fqmes:
            if self._app.state.working(fqme):
                self._app.tell(f"{fqme} has working orders: it stays on the watchlist", "warning")
            elif self._app.state.armed_alerts(fqme):
                self._app.tell(f"{fqme} has alerts: it stays on the watchlist", "warning")
            else:
                self._app.markets.unwatch(fqme)

    def unwatch_selected(self) -> None:
        """Take the selected market off the watchlist."""
        if self._app.state.selected:
            self.unwatch(self._app.state.selected)

    def set_period(self, seconds: int) -> None:
        """Show bars of another period."""
        self._app.markets.set_period(seconds)

    def step_period(self, step: int) -> None:
        """Show the next longer, or shorter, period."""
        self._app.markets.step_period(step)

    def set_style(self, style: ChartStyle) -> None:
        """Draw bars, candles, a curve ..."""
        self._app.deck.chart.set_style(style)

    def lock_range(self) -> None:
        """Keep the height of the price range, and follow the last price."""
        chart = self._app.deck.chart
        if not chart.view.is_locked:
            chart.toggle_lock()

    # -- the grid -------------------------------------------------------------------------------

    def set_grid(self, count: int) -> None:
        """Show one, two, four or six charts; says so where not all have room."""
        deck = self._app.deck
        self._app.markets.arrange(count)
        deck.place()
        fits = len(deck.charts.shown)
        if fits < count and not deck.is_full:
            self._app.tell(
                f"room for {fits} of {count} charts: going to the next shows others", "warning"
            )

    def step_grid(self, step: int) -> None:
        """Show more charts, and after the most one again."""
        at = GRIDS.index(len(self._app.markets.panes))
        self.set_grid(GRIDS[(at + step) % len(GRIDS)])

    def step_pane(self, step: int) -> None:
        """Have keys act on the next chart, and select its market."""
        panes = self._app.markets.panes
        if len(panes) == 1:
            self._app.tell("there is one chart; :grid 4 shows more")
        else:
            self._app.deck.activate((panes.active + step) % len(panes))

    def link(self, what: Link | str, is_linked: bool) -> None:
        """Let the active chart share its market, period or crosshair with the others, or keep
        its own; `all` is all of them."""
        for one in LINKS:
            if what in (one, "all"):
                self._app.markets.link(one, is_linked)
        shared = "all it can" if what == "all" else f"its {what}"
        verb = "shares" if is_linked else "keeps"
        whom = " with the others" if is_linked else " to itself"
        self._app.tell(f"this chart {verb} {shared}{whom}")

    def overlay(self, *fqmes: str) -> None:
        """Put markets over the active chart."""
        own = self._app.state.selected
        if own in fqmes:
            raise UsageError(f"{own} is what this chart shows")
        self._app.markets.overlay(*fqmes)

    def take_off(self, *fqmes: str) -> None:
        """Take markets off the active chart; all of them if none is named."""
        self._app.markets.take_off(*fqmes)

    # -- layouts --------------------------------------------------------------------------------

    def save_layout(self, name: str) -> None:
        """Keep how the deck is arranged by a name."""
        is_new = self.layouts.save(name, self.layout())
        self._app.tell(f"layout {name} saved" + ("" if is_new else " over the one of that name"))

    def open_layout(self, name: str) -> None:
        """Arrange the deck as it was saved by a name."""
        self.arrange(self.layouts.named(name))
        self._app.tell(f"layout {name}")

    def delete_layout(self, name: str) -> None:
        """Keep a layout no longer."""
        self.layouts.delete(name)
        self._app.tell(f"layout {name} deleted")

    def list_layouts(self) -> None:
        """Tell the names of all layouts."""
        names = ", ".join(self.layouts.names)
        self._app.tell(f"layouts: {names}" if names else "no layouts; :layout save NAME makes one")

    def layout(self) -> Layout:
        """How the deck is arranged now."""
        deck, panes = self._app.deck, self._app.markets.panes
        specs = []
        for pane, spec in enumerate(panes.specs):
            view = deck.charts.of(pane).view
            specs.append(
                replace(
                    spec,
                    style=view.style,
                    price_scale=view.price_scale,
                    is_percent=view.overlay_percent,
                )
            )
        return Layout(
            panes=tuple(specs),
            active=panes.active,
            period_s=panes.period_s,
            hidden=tuple(sorted(deck.hidden)),
            history=deck.history,
        )

    def arrange(self, layout: Layout) -> None:
        """Arrange the deck so. Nothing that is staged stays so where another market is selected
        by it."""
        deck, markets = self._app.deck, self._app.markets
        deck.chart.set_cursor(None)
        markets.panes.restore(layout.panes, layout.active, layout.period_s)
        for pane, spec in enumerate(layout.panes):
            deck.charts.look_as(pane, spec)
        markets.restored()
        deck.arrange_panels(layout.hidden, layout.history)

    # -- panels ---------------------------------------------------------------------------------

    def toggle_panel(self, name: str) -> None:
        """Show or hide a panel."""
        self._app.deck.toggle_panel(name)

    def toggle_full_screen(self) -> None:
        """Show the chart alone, or everything again."""
        self._app.deck.toggle_full_screen()

    def toggle_strip(self) -> None:
        """Show or hide the strip of all history under the chart."""
        self._app.deck.toggle_history()

    def step_focus(self, step: int) -> None:
        """Give the keyboard to the next panel."""
        self._app.deck.step_focus(step)

    def back(self) -> None:
        """Close what is open, go back to the chart."""
        self._app.deck.back()

    # -- themes ---------------------------------------------------------------------------------

    def set_theme(self, name: str) -> None:
        """Show everything in another theme."""
        self._app.colours.choose(name)
        self._app.show_colours()

    def step_theme(self, step: int) -> None:
        """Use the next theme."""
        self._app.colours.step(step)
        self._app.show_colours()
        self._app.tell(f"theme {self._app.deck_theme.name}")

    def toggle_swap(self) -> None:
        """Exchange the colours of up and down."""
        self._app.colours.swap()
        self._app.show_colours()

    def set_tier(self, wanted: Wanted) -> None:
        """Send the terminal so much at most; `auto` leaves it to what the link can take."""
        self._app.tiers.choose(wanted)

    def show_wire(self, is_shown: bool) -> None:
        """Count in the status line what goes to the terminal, in every tier."""
        self._app.shows_wire = is_shown

    def set_zone(self, name: str) -> None:
        """Write times in another zone."""
        self._app.set_zone(name)

    def redraw(self) -> None:
        """Clear a garbled terminal and draw everything anew."""
        self._app.redraw()

    # -- other screens --------------------------------------------------------------------------

    def open_search(self, text: str = "") -> None:
        """Find a market."""
        self._app.open_search(text)

    def open_command(self, text: str = "") -> None:
        """Give the keys to the command line."""
        self._app.open_command(text)

    def open_go(self) -> None:
        """Ask on the command line where to go: a date, or a market."""
        self._app.open_command("go ")

    def open_help(self) -> None:
        """Show every key."""
        self._app.open_help()

    def quit_deck(self) -> None:
        """Leave; asks what to do with working orders."""
        self._app.quit_deck()
