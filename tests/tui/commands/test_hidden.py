"""What is asked for on the terminal is not shown there, nor left over for the shell."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from engine.errors import UsageError
from tests.support.canary import Canary
from tests.support.typist import Typist
from tui.commands import hidden
from tui.commands.hidden import HiddenTerminal


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> object:
    def at(*answers: tuple[str, str]) -> Typist:
        typist = Typist(*answers)
        monkeypatch.setattr(hidden, "TERMINAL", typist.path)
        return typist

    return at


def test_nothing_that_is_typed_is_shown(typed: type[Typist]) -> None:
    canary = Canary()
    keys = canary.credentials("main", "ed25519")
    pem = keys.secret.reveal()
    with (
        typed(
            ("Key: ", f" {keys.api_key.reveal()} \n"), ("Secret: ", pem), ("Sure? (y/N) ", "Yes\n")
        ) as typist,
        HiddenTerminal() as terminal,
    ):
        assert keys.api_key == terminal.ask("Key: ")
        assert pem.rstrip("\n") == terminal.ask_secret("Secret: ").reveal()
        assert terminal.confirm("Sure?")
    canary.see(typist.shown, "the screen")

    assert [] == canary.found()
    assert "Key: \r\nSecret: \r\nSure? (y/N) \r\n" == typist.shown


def test_lines_that_were_pasted_together_answer_one_after_the_other(typed: type[Typist]) -> None:
    with typed(("Key: ", "abc\ndef\n")) as typist, HiddenTerminal() as terminal:
        assert "abc" == terminal.ask("Key: ").reveal()
        assert "def" == terminal.ask_secret("Secret: ").reveal()

    assert "abc" not in typist.shown
    assert "def" not in typist.shown


def test_a_secret_of_one_line_is_one_line(typed: type[Typist]) -> None:
    with typed(("Secret: ", "a secret\n")), HiddenTerminal() as terminal:
        assert "a secret" == terminal.ask_secret("Secret: ").reveal()


def test_a_passphrase_is_taken_as_it_was_typed(typed: type[Typist]) -> None:
    with typed(("Passphrase: ", " päß \udcff \n")), HiddenTerminal() as terminal:
        assert " päß \udcff " == terminal.ask_passphrase("Passphrase: ").reveal()


@pytest.mark.parametrize("answer", ["\n", "n\n", "no\n", "yep\n"])
def test_only_a_yes_is_a_yes(typed: type[Typist], answer: str) -> None:
    with typed(("? (y/N) ", answer)), HiddenTerminal() as terminal:
        assert not terminal.confirm("?")


def ask_and_be_interrupted() -> None:
    with HiddenTerminal() as terminal:
        terminal.ask("Key: ")
        raise KeyboardInterrupt


def test_echo_is_back_whatever_happens_and_the_rest_of_a_paste_is_gone(
    typed: type[Typist],
) -> None:
    with typed(("Key: ", "abc\nrm -r everything\n")) as typist:
        with pytest.raises(KeyboardInterrupt):
            ask_and_be_interrupted()
        handle = os.open(typist.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            assert termios.tcgetattr(handle)[3] & termios.ECHO
            with pytest.raises(BlockingIOError):
                os.read(handle, 100)
        finally:
            os.close(handle)


def test_an_end_of_input_is_no_answer(typed: type[Typist]) -> None:
    with (
        typed(("Key: ", "\x04")),
        HiddenTerminal() as terminal,
        pytest.raises(UsageError, match="nothing was typed"),
    ):
        terminal.ask("Key: ")


def test_without_a_terminal_nobody_is_asked() -> None:
    script = "from tui.commands.hidden import HiddenTerminal\nHiddenTerminal().__enter__()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        start_new_session=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )

    assert 1 == done.returncode
    assert "UsageError: there is no terminal to ask on" in done.stderr
