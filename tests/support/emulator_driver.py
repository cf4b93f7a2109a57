"""A driver of Textual's whose terminal is an emulator in the same process."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import Any

from textual import events
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

from tests.support.emulator import Emulator, Shown


class EmulatorDriver(Driver):
    """Draws on `emulator`; what was sent since the last `take_sent` is kept."""

    def __init__(self, app: App[Any], **settings: Any) -> None:
        super().__init__(app, **settings)
        self.width, self.height = self._size or (80, 24)
        self.emulator = Emulator(self.width, self.height)
        self.sent: list[str] = []

    def write(self, data: str) -> None:
        self.sent.append(data)
        self.emulator.feed(data)

    def take_sent(self) -> str:
        """What was sent since this was asked the last time."""
        sent, self.sent = "".join(self.sent), []
        return sent

    def start_application_mode(self) -> None:
        self.write("\x1b[?1049h\x1b[?25l\x1b[?7l")
        self._send_size()

    def resize(self, width: int, height: int) -> None:
        """As a person who drags the terminal's corner."""
        self.width, self.height = width, height
        self.emulator.resize(width, height)
        self._send_size()

    def _send_size(self) -> None:
        size = Size(self.width, self.height)
        asyncio.get_running_loop().create_task(self._app._post_message(events.Resize(size, size)))

    def disable_input(self) -> None:
        """There is none."""

    def stop_application_mode(self) -> None:
        """The emulator keeps the last picture."""


def terminal_of(app: App[Any]) -> EmulatorDriver:
    """The emulator that `app` draws on."""
    assert isinstance(app._driver, EmulatorDriver)
    return app._driver


def as_textual_draws(app: App[Any]) -> list[list[Shown]]:
    """What a terminal shows of which all was drawn at once, in Textual's own way."""
    update = app.screen._compositor.render_full_update()
    assert isinstance(update, LayoutUpdate)
    update.strips = [list(line) for line in update.strips]
    for strip in (strip for line in update.strips for strip in line):
        strip._render_cache = None
        for _, style, _ in strip:
            if style is not None:
                # Kept from another app of this process, which had other colours.
                style._ansi = None
    rows = update.render_segments(app.console).split("\n")
    return [_row(_PLACED.sub("", row), app.size.width) for row in rows]


_PLACED = re.compile(r"^\x1b\[\d+;1H")
"""To the beginning of a row, which is all that depends on where it stands."""


@lru_cache(maxsize=1 << 12)
def _row(text: str, width: int) -> list[Shown]:
    """A row of a terminal that was sent `text`."""
    emulator = Emulator(width, 1)
    emulator.feed(f"\x1b[?7l{text}")
    (row,) = emulator.shown()
    return row
