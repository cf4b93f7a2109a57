"""The present on the terminal, never the backlog; and when what is drawn has left for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

from tui.outlet import Outlet


class PresentDisplay(App[int], inherit_bindings=False):
    """An app that draws nothing while its terminal still has to take what was drawn before.

    What it did not draw it draws as soon as the terminal took the rest: all of it, as it is
    then. Stands before other mix-ins that override how an update is written.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.is_behind = False
        """Something was not drawn, so that the terminal does not show the present."""
        self.pictures_skipped = 0
        self._out: dict[Callable[..., object], tuple[object, ...]] = {}
        """What is to be called when the present has left, and with what."""

    @property
    def outlet(self) -> Outlet | None:
        """Where the bytes leave; None without a terminal."""
        return getattr(self._driver, "outlet", None)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        outlet = self.outlet
        if outlet is None or renderable is None or self._batch_count:
            super()._display(screen, renderable)
        elif outlet.is_clear:
            if isinstance(renderable, LayoutUpdate):  # one of all, not of parts
                self.is_behind = False
            with outlet.frame():
                super()._display(screen, renderable)
            if self._out:
                outlet.when_clear(self._tell_out)
        else:
            self.pictures_skipped += 1
            if not self.is_behind:
                self.is_behind = True
                outlet.when_clear(self._draw_present)
            self.post_display_hook()

    def _draw_present(self) -> None:
        if self.is_behind and self.is_running:
            self.screen.refresh()

    def when_out(self, callback: Callable[..., object], *args: object) -> None:
        """Call, once, when what is drawn now has left for the terminal; called again before
        that, with the last arguments only. At once where there is no terminal."""
        outlet = self.outlet
        if outlet is None:
            callback(*args)
            return
        self._out[callback] = args
        outlet.when_clear(self._tell_out)

    def _tell_out(self) -> None:
        outlet = self.outlet
        if self.is_behind or outlet is None:
            return  # the next picture asks again
        if not outlet.is_clear:
            outlet.when_clear(self._tell_out)
            return
        out, self._out = self._out, {}
        for callback, args in out.items():
            callback(*args)


def after_display(node: DOMNode, callback: Callable[..., object], *args: object) -> None:
    """Call when what `node` shows now was drawn, and has left for the terminal."""
    app = node.app
    if isinstance(app, PresentDisplay):
        node.call_after_refresh(app.when_out, callback, *args)
    else:
        node.call_after_refresh(callback, *args)
