"""The present on the terminal, never the backlog; and when what is drawn has left for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

from tui.terminal.outlet import Outlet


class PresentDisplay(App[int], inherit_bindings=False):
    """An app that draws nothing while its terminal still has to take what was drawn before.

    What it did not draw it draws as soon as the terminal took the rest: all of it, as it is
    then. Stands before other mix-ins that override how an update is written.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.is_behind = False
        """Something was not drawn, so that the terminal does not show the present."""
        self._is_waiting = False
        """`_draw_present` is called when nothing waits to leave any more."""
        self.pictures_skipped = 0
        self._later: dict[Callable[..., object], tuple[object, ...]] = {}
        """What is to be called when the present has left, and with what."""
        self._awaited: set[tuple[Callable[..., object], tuple[object, ...]]] = set()
        """What is to be called when what was drawn has left."""

    @property
    def outlet(self) -> Outlet | None:
        """Where the bytes leave; None without a terminal."""
        return getattr(self._driver, "outlet", None)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        outlet = self.outlet
        if outlet is None or renderable is None or self._batch_count:
            super()._display(screen, renderable)
        elif outlet.is_clear:
            with outlet.frame():
                super()._display(screen, renderable)
            if self.is_behind and isinstance(renderable, LayoutUpdate):  # all, not parts of it
                self._catch_up()
        else:
            self.pictures_skipped += 1
            self.is_behind = True
            if not self._is_waiting:
                self._is_waiting = True
                outlet.when_clear(self._draw_present)
            self.post_display_hook()

    def _catch_up(self) -> None:
        self.is_behind = False
        later, self._later = self._later, {}
        for callback, args in later.items():
            self.when_out(callback, *args)

    def _draw_present(self) -> None:
        # What is drawn for this may itself find something in its way, and wait again.
        self._is_waiting = False
        if self.is_behind and self.is_running:
            self.screen.refresh()

    def when_out(self, callback: Callable[..., object], *args: object) -> None:
        """Call, once, when what is shown now has left for the terminal. At once where there is
        no terminal. What was asked for with other arguments before the present could be drawn
        is not called any more."""
        outlet = self.outlet
        if outlet is None:
            callback(*args)
        elif self.is_behind:
            self._later[callback] = args
        elif (callback, args) not in self._awaited:
            self._awaited.add((callback, args))
            generation = outlet.generation
            outlet.when_sent(lambda: self._tell_out(callback, args, generation))

    def _tell_out(
        self, callback: Callable[..., object], args: tuple[object, ...], generation: int
    ) -> None:
        self._awaited.discard((callback, args))
        if self.outlet is not None and self.outlet.generation == generation:
            callback(*args)


def after_display(node: DOMNode, callback: Callable[..., object], *args: object) -> None:
    """Call when what `node` shows now was drawn, and has left for the terminal."""
    app = node.app
    if isinstance(app, PresentDisplay):
        node.call_after_refresh(app.when_out, callback, *args)
    else:
        node.call_after_refresh(callback, *args)
