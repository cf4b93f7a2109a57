"""What keys and typed commands ask of the deck itself: markets, panels, themes, screens.

The registry of actions and the command language name these methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import ChartStyle
    from tui.app import DeckApp


class DeckActions:
    """The target `deck` of actions and commands."""

    def __init__(self, app: DeckApp) -> None:
        self._app = app

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
        self._app.set_theme(name)

    def step_theme(self, step: int) -> None:
        """Use the next theme."""
        names = self._app.theme_names
        at = names.index(self._app.deck_theme.name)
        self._app.set_theme(names[(at + step) % len(names)])
        self._app.tell(f"theme {self._app.deck_theme.name}")

    def toggle_swap(self) -> None:
        """Exchange the colours of up and down."""
        self._app.use_theme(self._app.deck_theme.swapped())

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
