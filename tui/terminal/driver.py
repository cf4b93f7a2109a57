"""The deck's driver of the terminal: Textual's, writing through an outlet that never waits.

Textual's own driver writes through a thread with a queue of 30 writes; a terminal that stops
reading fills it, and then stops the deck's loop.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from itertools import chain
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from engine.clock import monotonic_s
from tui.terminal.intake import Intake, ModeReport
from tui.terminal.outlet import Outlet

ANSWER_S = 1.0
"""How long an escape may be the beginning of an answer."""

OWN_MODES = (7, 25)
"""Private modes that the deck itself asks about (line wrap, cursor): every terminal that answers
such questions at all knows them, and Textual asks about others."""

TICK_S = 0.1
"""How often what was held of the input is looked at."""

LAST_ANSWER_S = 0.5
"""How long the end waits for an answer that is on its way: the shell would take it for keys."""


class OutletDriver(LinuxDriver):
    """`LinuxDriver` with `outlet` in place of its writer thread, which is left without work, and
    with `intake` before its parser."""

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
        self.intake = Intake(*OWN_MODES)
        self._input_ends_at = self._asked_until = 0.0
        self._on_report: Callable[[ModeReport, float], object] | None = None
        self._early: list[tuple[ModeReport, float]] = []
        """Answers that came before anyone listened."""

    @property
    def on_report(self) -> Callable[[ModeReport, float], object] | None:
        """Called from the loop with an answer about a mode, and when that came (monotonic).

        Whoever is set is told of the answers before: the terminal may be quicker than the deck.
        """
        return self._on_report

    @on_report.setter
    def on_report(self, listener: Callable[[ModeReport, float], object] | None) -> None:
        self._on_report = listener
        early, self._early = self._early, []
        for report, at_s in early:
            self._report(report, at_s)

    def _report(self, report: ModeReport, at_s: float) -> None:
        if self._on_report is None:
            self._early.append((report, at_s))
        else:
            self._on_report(report, at_s)

    def write(self, data: str) -> None:
        self.outlet.write(data)

    def ask(self, mode: int) -> None:
        """Ask the terminal about one of `OWN_MODES` (DECRQM); `on_report` gets the answer.

        To be asked only where the terminal answered such a question before: some that know
        none write a part of it on the screen.
        """
        self.intake.is_asked = True
        self._asked_until = monotonic_s() + ANSWER_S
        self.write(f"\x1b[?{mode}$p")

    def start_application_mode(self) -> None:
        self.outlet.start(self._outlet_loop)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        # Pictures leave a pen in hand; the shell's screen shall not be written with it.
        self.write("\x1b[m")
        super().stop_application_mode()

    def close(self) -> None:
        self.outlet.stop()
        super().close()

    def run_input_thread(self) -> None:
        """Read keys, mouse and answers until told to stop, or until the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self._is_input_over():
                self._expect_no_longer(monotonic_s())
                if selector.select(TICK_S):
                    data = _read(self.fileno)
                    if not data:
                        return  # hung up: a signal says so to the deck
                    text = self.intake.feed(decode(data), monotonic_s())
                else:
                    text = self.intake.tick(monotonic_s())
                self._pass_on(parser, text)

    def _expect_no_longer(self, now_s: float) -> None:
        """Take an escape for the key again: a terminal that does not know what it was asked
        would otherwise have each of them held for good."""
        if self.intake.is_asked and now_s > self._asked_until:
            self.intake.is_asked = False

    def _is_input_over(self) -> bool:
        if not self.exit_event.is_set():
            self._input_ends_at = monotonic_s() + LAST_ANSWER_S
            return False
        return not self.intake.is_asked or monotonic_s() > self._input_ends_at

    def _pass_on(self, parser: XTermParser, text: str) -> None:
        reports, self.intake.reports = self.intake.reports, []
        if any(report.mode in OWN_MODES for report in reports):
            self.intake.is_asked = False
        for report in reports:
            self._outlet_loop.call_soon_threadsafe(self._report, report, monotonic_s())
        for message in chain(parser.tick(), parser.feed(text) if text else (), parser.tick()):
            self.process_message(message)


def _read(fileno: int) -> bytes:
    try:
        return os.read(fileno, 4096)
    except OSError:  # the terminal is gone
        return b""


def outlet_driver(driver: type[Driver]) -> type[Driver]:
    """The driver to use where Textual would use `driver`: another kind stays what it is."""
    return OutletDriver if driver is LinuxDriver else driver
