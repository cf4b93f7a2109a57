"""What only a terminal shows: the program in a pty, on the embedded exchange."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, is_braille

DECK = [sys.executable, "-m", "tui"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def terminal(place: Path) -> Iterator[Terminal]:
    environ = {**os.environ, "TICKDECK_CONFIG": str(place), "TICKDECK_DATA_DIR": str(place)}
    with Terminal(DECK, environ=environ, cwd=Path(__file__).parents[2]) as terminal:
        terminal.wait_for(is_braille)
        yield terminal


def log(place: Path) -> str:
    return (place / "state" / "tickdeck.log").read_text()


def test_it_leaves_the_terminal_as_it_was(terminal: Terminal, place: Path) -> None:
    terminal.type("q")

    assert terminal.wait_exit() == 0
    for undone in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l"):  # screen, cursor, mouse
        assert undone in terminal.output
    assert "level=error" not in log(place)


def test_it_is_drawn_anew_at_another_size(terminal: Terminal) -> None:
    for columns, rows in ((80, 24), (200, 50)):
        terminal.resize(columns, rows)
        terminal.wait_for(
            lambda text, columns=columns: (
                is_braille(text) and len(text.splitlines()[0]) in range(columns - 2, columns + 1)
            )
        )


def test_a_line_typed_in_one_burst_is_a_command_and_not_keys(terminal: Terminal) -> None:
    terminal.type(":period 5m\r")

    text = terminal.wait_for(lambda text: "es.cme.202612.sim 5m" in text)
    assert "disarmed" in text


def test_a_paste_does_nothing_but_say_so(terminal: Terminal) -> None:
    terminal.type("\x1b[200~of\r:flatten!\r\x1b[201~")

    text = terminal.wait_for(lambda text: "paste" in text.lower())
    assert "disarmed" in text


def test_keys_typed_ahead_arm_and_stage_but_never_send(terminal: Terminal) -> None:
    terminal.type("ofs\r")

    terminal.wait_for(
        lambda text: all(word in text for word in ("ARMED", "LIVE", "staged", "no orders yet"))
    )


def test_an_order_goes_from_keys_to_a_fill(terminal: Terminal) -> None:
    terminal.type("o")
    terminal.wait_for(lambda text: "ARMED" in text)
    terminal.type("f]s")
    terminal.wait_for(lambda text: "LIVE" in text)

    def is_filled(text: str) -> bool:
        if "fills 1" not in text and "fills" in text:
            terminal.type("\r")  # refused until what is staged was on the screen for a moment
        return "fills 1" in text or "filled" in text

    terminal.wait_for(is_filled)
    assert "positions 1" in terminal.wait_for(lambda text: "positions 1" in text)


def test_a_dropped_connection_ends_it_in_order(terminal: Terminal, place: Path) -> None:
    terminal.hang_up()

    assert terminal.wait_gone() == 128 + signal.SIGHUP
    assert "ended by SIGHUP" in log(place)


def test_told_to_stop_it_restores_the_terminal(terminal: Terminal, place: Path) -> None:
    os.kill(terminal.pid, signal.SIGTERM)

    assert terminal.wait_exit() == 128 + signal.SIGTERM
    assert b"\x1b[?1049l" in terminal.output
    assert "ended by SIGTERM" in log(place)
