"""What the main screen needs of the app that runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.config import DeckConfig
    from tui.actions import Call
    from tui.deck_actions import DeckActions
    from tui.keymap import Keymap
    from tui.markets import Markets
    from tui.order_desk import OrderDesk
    from tui.paint.cells import Glyphs
    from tui.paint.theme import Theme
    from tui.panes import PaneSpec
    from tui.playback import PlaybackControls
    from tui.state import DeckState
    from tui.widgets.chart import Chart
    from tui.widgets.command_bar import CommandBar
    from tui.widgets.history_strip import HistoryStrip
    from tui.widgets.status import StatusView


class Deck(Protocol):
    """The app, as its main screen sees it."""

    state: DeckState
    markets: Markets
    actions: DeckActions
    keymap: Keymap
    config: DeckConfig
    glyphs: Glyphs
    zone: tzinfo | None

    @property
    def deck_theme(self) -> Theme: ...
    @property
    def desk(self) -> OrderDesk: ...
    @property
    def playback(self) -> PlaybackControls: ...
    def status_view(self) -> StatusView: ...
    def market_now_ns(self, fqme: str) -> int: ...
    def new_chart(self, spec: PaneSpec, pane: int) -> Chart: ...
    def new_strip(self) -> HistoryStrip: ...
    def tell(self, text: str, level: str = "info") -> None: ...
    def shown(self) -> None: ...
    def cancel_row(self, tab: str, key: str, at: float) -> None: ...
    def new_command_bar(self, run: Callable[[Call, float], object]) -> CommandBar: ...
