"""The deck's driver of the terminal: Textual's, writing through an outlet that never waits.

Textual's own driver writes through a thread with a queue of 30 writes; a terminal that stops
reading fills it, and then stops the deck's loop.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tui.outlet import Outlet


class OutletDriver(LinuxDriver):
    """`LinuxDriver` with `outlet` in place of its writer thread, which is left without work."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._outlet_loop = asyncio.get_running_loop()
        assert sys.__stderr__ is not None, "a driver is made where there is a terminal"
        self.outlet = Outlet(sys.__stderr__.fileno(), encoding=sys.__stderr__.encoding)

    def write(self, data: str) -> None:
        self.outlet.write(data)

    def start_application_mode(self) -> None:
        self.outlet.start(self._outlet_loop)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self.outlet.stop()
        super().close()


def outlet_driver(driver: type[Driver]) -> type[Driver]:
    """The driver to use where Textual would use `driver`: another kind stays what it is."""
    return OutletDriver if driver is LinuxDriver else driver
