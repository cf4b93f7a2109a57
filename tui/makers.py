"""Widgets that the main screen makes late: charts, the strip of all history, the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tui.widgets.chart import Chart

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from engine.config import DeckConfig
    from tui.actions import Call
    from tui.charts.panes import PaneSpec
    from tui.colours import Colours
    from tui.deck_actions import DeckActions
    from tui.orders.desk import OrderDesk
    from tui.paint.cells import Glyphs
    from tui.state import DeckState
    from tui.terminal.tier_control import TierControl
    from tui.widgets.command_bar import CommandBar
    from tui.widgets.history_strip import HistoryStrip


class Maker(Protocol):
    """What widgets are made of."""

    config: DeckConfig
    state: DeckState
    actions: DeckActions
    colours: Colours
    tiers: TierControl
    glyphs: Glyphs
    zone: tzinfo | None
    history_file: Path | None

    @property
    def desk(self) -> OrderDesk: ...
    def market_now_ns(self, fqme: str) -> int: ...


class Makers:
    """Makes widgets as the deck is configured, and as it is now."""

    def __init__(self, app: Maker) -> None:
        self._app = app

    def chart(self, spec: PaneSpec, pane: int) -> Chart:
        """The chart of a pane."""
        app = self._app
        chart = Chart(
            theme=app.colours.theme,
            glyphs=app.glyphs,
            style=spec.style,
            zone=app.zone,
            price_scale=spec.price_scale,
            closed_hours=app.config.closed_hours,
            id="chart" if pane == 0 else f"chart{pane + 1}",
        )
        chart.set_overlay_percent(spec.is_percent)
        chart.set_detail(app.tiers.tier.detail)
        return chart

    def strip(self) -> HistoryStrip:
        """The strip of all history."""
        from tui.widgets.history_strip import HistoryStrip

        app = self._app
        return HistoryStrip(theme=app.colours.theme, glyphs=app.glyphs, zone=app.zone, id="history")

    def command_bar(self, run: Callable[[Call, float], object]) -> CommandBar:
        """The command line, over what the deck knows when something is typed."""
        from tui.language import commands as language
        from tui.language.history import CommandHistory
        from tui.widgets.command_bar import CommandBar

        app = self._app

        def context() -> language.Context:
            return language.context_of(
                app.state,
                app.desk,
                app.colours.names,
                layouts=app.actions.layouts.names,
                now_ns=app.market_now_ns(app.state.selected),
                zone=app.zone,
            )

        return CommandBar(
            parse=lambda text: language.parse(text, context()),
            run=run,
            complete=lambda text: language.complete(text, context()),
            usage=language.usage,
            history=CommandHistory(app.history_file),
            id="command",
        )
