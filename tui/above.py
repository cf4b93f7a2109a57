"""What opens above the deck: search, help, questions; and since when the deck itself is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from textual import events
from textual.screen import Screen

if TYPE_CHECKING:
    from tui.deck_actions import DeckActions
    from tui.keymap import Keymap
    from tui.markets import Markets
    from tui.orders.desk import OrderDesk
    from tui.orders.question import Question
    from tui.screens.confirm import Prompt
    from tui.screens.deck import DeckScreen
    from tui.screens.search import Chosen
    from tui.state import DeckState


class Ground(Protocol):
    """What screens above the deck need of the app."""

    state: DeckState
    markets: Markets
    deck: DeckScreen
    keymap: Keymap
    actions: DeckActions

    @property
    def desk(self) -> OrderDesk: ...
    @property
    def screen(self) -> Screen[Any]: ...
    def redraw(self) -> None: ...
    def push_screen(self, screen: Screen[Any], callback: Callable[[Any], None]) -> object: ...


class Above:
    """Opens screens above the deck. Whatever hides that, what is staged must be seen again
    before it is sent."""

    def __init__(self, app: Ground) -> None:
        self._app = app
        self.seen_at: float | None = None
        """Since when the deck is seen without a break, seconds of the monotonic clock; None
        while something hides it."""

    def seen(self, at: float) -> None:
        """The deck was painted, and nothing hides it."""
        self.seen_at = self.seen_at or at

    def cover(self) -> None:
        """Something hides the deck."""
        if self._app.deck.is_complete:
            self._app.desk.unsee()
        self.seen_at = None

    def uncover(self) -> None:
        """Nothing hides the deck any more."""
        self.cover()
        self._app.deck.show()

    def takes(self, key: events.Key) -> bool:
        """Whether a key is for the terminal, whatever is open: it is drawn anew. Keys that may
        be typed are left to what is open."""
        app = self._app
        if app.screen is app.deck or key.is_printable:
            return False
        action = app.keymap.resolve(("deck",), key.key)
        if action is None or action.name != "redraw":
            return False
        app.redraw()
        return True

    # -- search ---------------------------------------------------------------------------------

    def open_search(self, text: str) -> None:
        """Find a market, with a preview of it on the active chart."""
        from tui.screens.search import WIDTH, SearchScreen

        app = self._app
        self.cover()
        app.deck.covered = WIDTH
        app.deck.show()
        app.push_screen(SearchScreen(app.markets.recent, text), self._searched)

    def show_found(self) -> None:
        """Show what a search found, if that is still asked for."""
        from tui.screens.search import SearchScreen

        screen, results = self._app.screen, self._app.state.search
        if isinstance(screen, SearchScreen) and results is not None:
            text = self._app.markets.text_of(results)
            if text is not None:
                screen.show(text, results, self._app.state.now_ns)

    def _searched(self, chosen: Chosen | None) -> None:
        app, fqme = self._app, chosen.fqme if chosen else ""
        app.markets.end_preview(keep=fqme)
        app.deck.covered = 0
        if chosen is not None and chosen.is_overlay:
            app.deck.act(lambda: app.actions.overlay(fqme))
        elif fqme:
            app.markets.select(fqme)
        self.uncover()

    # -- help and questions ---------------------------------------------------------------------

    def open_help(self) -> None:
        """Show every key and command."""
        from tui.language.commands import VERBS
        from tui.screens.help import HelpScreen

        commands = [(verb.group, verb.usage, verb.help) for verb in VERBS]
        self.cover()
        screen = HelpScreen(self._app.keymap.help(), commands)
        self._app.push_screen(screen, lambda _: self.uncover())

    def ask(self, question: Question) -> None:
        """Put a question of the desk on the screen; it is done only by a clear yes."""
        from tui.screens.confirm import ConfirmScreen, Reply, yes_or_no

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.value == "yes":
                question.painted(reply.painted_at)
                self._app.deck.act(lambda: question.accept(reply.at))
            else:
                question.decline()
            self.uncover()

        self.cover()
        prompt = yes_or_no(question.text, question.detail)
        self._app.push_screen(ConfirmScreen(prompt), answered)

    def put(self, prompt: Prompt, answered: Callable[[str], None]) -> None:
        """Put a question on the screen, and give its answer, or nothing, to `answered`."""
        from tui.screens.confirm import ConfirmScreen, Reply

        def replied(reply: Reply | None) -> None:
            answered(reply.value if reply else "")
            self.uncover()

        self.cover()
        self._app.push_screen(ConfirmScreen(prompt), replied)
