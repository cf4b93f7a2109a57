"""The driver, and what it takes for granted of the inside of Textual's.

When a digest differs, Textual was changed where `tui/terminal/driver.py` or
`tui/terminal/present.py` reaches into it: read what is named, compare it with what is said beside
it, adapt ours, and only then write the new value here.
"""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from textual._compositor import Compositor
from textual._parser import Parser
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.driver import ANSWER_S, OWN_MODES, OutletDriver, outlet_driver
from tui.terminal.intake import Intake
from tui.terminal.plain import ascii_driver


class SoonCalled:
    """A loop that calls at once what it is given."""

    def call_soon_threadsafe(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)


READ = {
    LinuxDriver.write: (
        "4a377e7dab65",
        "the only way to the writer thread, which ours leaves idle",
    ),
    LinuxDriver.close: ("e53d5bcd4921", "stops that thread after ours has ended"),
    LinuxDriver.run_input_thread: ("03c4634c663e", "ours does the same, with an `Intake` between"),
    LinuxDriver.disable_input: (
        "d19b820bfe91",
        "waits for the input thread, which ends on `exit_event`",
    ),
    LinuxDriver.start_application_mode: ("a6a78976dcf6", "asks and sets modes by `write`"),
    LinuxDriver.stop_application_mode: ("8fb0dc87358d", "leaves them by `write`"),
    Driver.suspend_application_mode: (
        "9a8ae20cee08",
        "stops, then closes: the outlet ends twice over",
    ),
    Parser.feed: ("73c101c78046", "ends the parser for good if it is fed nothing"),
    Parser.tick: ("ca5178b1f48d", "gives up an escape after a while"),
    XTermParser.parse: ("218709843b76", "takes a report on a private mode for no key"),
    Compositor.render_update: (
        "f2bd27da1b79",
        "is a `LayoutUpdate` where all of the screen is drawn",
    ),
}
"""Digests of what was read, and what of it ours depends on."""


def digest(function: Callable[..., Any]) -> str:
    """Of the source, so that any change of it is seen."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    return hashlib.sha256(source.encode()).hexdigest()[:12]


@pytest.mark.parametrize("function", READ, ids=lambda function: function.__qualname__)
def test_what_was_read_of_textual_is_as_it_was(function: Callable[..., Any]) -> None:
    known, why = READ[function]

    assert digest(function) == known, why


def test_it_takes_the_place_of_the_driver_for_terminals_only() -> None:
    assert outlet_driver(LinuxDriver) is OutletDriver
    assert outlet_driver(HeadlessDriver) is HeadlessDriver


def test_in_ascii_it_still_writes_through_the_outlet() -> None:
    """Pictures and control sequences alike: both come by `write`."""
    written: list[str] = []

    class Outlet:
        def write(self, text: str) -> None:
            written.append(text)

    plain = ascii_driver(outlet_driver(LinuxDriver))
    driver = object.__new__(plain)
    driver.outlet = Outlet()
    driver.write("│▌\x1b[?25l")

    assert issubclass(plain, OutletDriver)
    assert written == ["||\x1b[?25l"]


def test_a_question_is_one_that_textual_takes_for_no_key_either() -> None:
    for mode in OWN_MODES:
        assert list(XTermParser().feed(f"\x1b[?{mode};2$y")) == []


def test_while_an_answer_is_awaited_the_intake_knows_it() -> None:
    written: list[str] = []
    driver = object.__new__(OutletDriver)
    driver.intake = Intake(*OWN_MODES)
    driver.write = written.append  # type: ignore[method-assign]
    driver._outlet_loop = SoonCalled()  # type: ignore[assignment]
    driver._on_report, driver._early = None, []
    driver.ask(7)
    assert driver.intake.is_asked
    assert written == ["\x1b[?7$p"]

    driver.intake.feed("\x1b[?7;2$y", 0.0)
    driver._pass_on(XTermParser(), "")
    assert not driver.intake.is_asked


def test_answers_that_come_before_anyone_listens_are_told_to_who_comes() -> None:
    driver = object.__new__(OutletDriver)
    driver.intake = Intake(*OWN_MODES)
    driver._outlet_loop = SoonCalled()  # type: ignore[assignment]
    driver._on_report, driver._early = None, []
    told: list[int] = []
    driver.intake.feed("\x1b[?2026;2$y", 0.0)
    driver._pass_on(XTermParser(), "")

    driver.on_report = lambda report, at_s: told.append(report.mode)
    assert told == [2026]
    driver.intake.feed("\x1b[?7;2$y", 0.0)
    driver._pass_on(XTermParser(), "")
    assert told == [2026, 7]


def test_a_question_without_answer_makes_no_escape_wait_for_long() -> None:
    driver = object.__new__(OutletDriver)
    driver.intake = Intake(*OWN_MODES)
    driver.write = lambda data: None  # type: ignore[method-assign]
    driver.ask(7)
    asked_s = driver._asked_until - ANSWER_S

    driver._expect_no_longer(asked_s + ANSWER_S)
    assert driver.intake.feed("\x1b", asked_s) == ""
    driver.intake.tick(asked_s + 1.0)

    driver._expect_no_longer(asked_s + ANSWER_S + 0.1)
    assert driver.intake.feed("\x1b", asked_s + 2.0) == "\x1b"
