"""What the deck tells: the bell, notices over the screen, the desktop where an alert calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from engine.messages import Notice
from tui import toasts
from tui.terminal.desktop import form_for, notification

if TYPE_CHECKING:
    from textual.driver import Driver

    from engine.config import DeckConfig
    from tui.state import DeckState


class Speaker(Protocol):
    """What telling needs of the app."""

    state: DeckState
    config: DeckConfig
    _driver: Driver | None

    @property
    def is_running(self) -> bool: ...
    def bell(self) -> None: ...
    @property
    def notify(self) -> Callable[..., None]: ...


class Teller:
    """Tells each notice once, and each call of an alert."""

    def __init__(self, app: Speaker, wall: Callable[[], int]) -> None:
        """`wall`: the machine's time, nanoseconds UTC."""
        self._app = app
        self._wall = wall
        self._told = self._called = 0

    def tell(self, text: str, level: str = "info") -> None:
        """A notice of the deck's own; `level` is `info`, `warning` or `error`."""
        known: Any = level if level in toasts.SECONDS else "info"
        self._app.state.note(Notice(level=known, text=text, source="deck", now_ns=self._wall()))
        self.tell_new()

    def tell_new(self) -> None:
        """Show notices that came since the last time, and call where an alert does."""
        self._call_new()
        app = self._app
        new = app.state.notice_count - self._told
        self._told = app.state.notice_count
        if not new or not app.is_running:
            return
        shown = toasts.toasts_of(app.state.notices[-new:])
        if any(toast.rings for toast in shown):
            app.bell()
        for toast in shown:
            app.notify(toast.text, severity=toast.severity, timeout=toast.seconds, markup=False)

    def _call_new(self) -> None:
        """Send the desktop what alerts have to say that called since the last time."""
        app = self._app
        new = app.state.call_count - self._called
        self._called = app.state.call_count
        if new and app._driver is not None:
            form = form_for(app.config.notify, os.environ)
            for text in app.state.calls[-new:]:
                app._driver.write(notification(form, text, os.environ))
