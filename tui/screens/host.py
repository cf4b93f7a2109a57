"""What the main screen needs of the app that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import tzinfo

    from engine.config import DeckConfig
    from tui.algos.controls import AlgoControls
    from tui.deck_actions import DeckActions
    from tui.guards import GuardControls
    from tui.keymap import Keymap
    from tui.makers import Makers
    from tui.markets import Markets
    from tui.orders.desk import OrderDesk
    from tui.paint.cells import Glyphs
    from tui.paint.theme import Theme
    from tui.playback import PlaybackControls
    from tui.state import DeckState
    from tui.widgets.status import StatusView


class Deck(Protocol):
    """The app, as its main screen sees it."""

    state: DeckState
    markets: Markets
    makers: Makers
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
    def algos(self) -> AlgoControls: ...
    @property
    def guards(self) -> GuardControls: ...
    @property
    def playback(self) -> PlaybackControls: ...
    def status_view(self) -> StatusView: ...
    def market_now_ns(self, fqme: str) -> int: ...
    def tell(self, text: str, level: str = "info") -> None: ...
    def shown(self) -> None: ...
    def cancel_row(self, tab: str, key: str, at: float) -> None: ...
    def pause_row(self, algo_id: str, at: float) -> None: ...
