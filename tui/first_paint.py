"""The first second: the screen waits for the first chart, so that it is painted once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from textual.timer import Timer

from tui.state import Part

EVERY_S = 0.01
"""How often the engine is looked at until the first chart is there."""

LONGEST_S = 5.0
"""After this it is no longer waited for in a hurry."""

BLANK_S = 0.25
"""The longest that the screen stays blank for the first chart to come."""

_WORTH_IT = Part.MARKET | Part.BARS | Part.FAILURE | Part.ORDERS
"""Until the first chart is there the rest waits for these."""


class Starting(Protocol):
    """What this needs of the app."""

    def set_interval(self, interval: float, callback: Callable[[], object]) -> Timer: ...
    def set_timer(self, delay: float, callback: Callable[[], object]) -> Timer: ...
    def batch_update(self) -> AbstractContextManager[None]: ...


class FirstPaint:
    """Looks for the first chart more often than frames are drawn later."""

    def __init__(self, app: Starting, done: Callable[[], object]) -> None:
        """`done` is called when the first chart is there, or will not come soon."""
        self._app = app
        self._done = done
        self._unpainted = ExitStack()
        self._is_blank = True
        self._timer: Timer | None = None

    def begin(self, look: Callable[[], object]) -> None:
        """Wait for the first chart, and `look` for it in a hurry."""
        self._timer = self._app.set_interval(EVERY_S, look)
        self._app.set_timer(LONGEST_S, self.end)
        # What is painted before the first chart is painted again with it: once is enough.
        self._unpainted.enter_context(self._app.batch_update())
        self._app.set_timer(BLANK_S, self.unveil)

    @property
    def is_awaited(self) -> bool:
        """The first chart is not there yet."""
        return self._timer is not None

    def wants(self, touched: Part) -> bool:
        """Whether it is worth painting for this: while the screen is blank, what the first chart
        is painted with anyway is not."""
        return not (self.is_awaited and self._is_blank) or bool(touched & _WORTH_IT)

    def unveil(self) -> None:
        """Paint from now on."""
        self._is_blank = False
        self._unpainted.close()

    def end(self) -> None:
        """The first chart is there, or will not come soon: go on at the usual pace."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self.unveil()
            self._done()
