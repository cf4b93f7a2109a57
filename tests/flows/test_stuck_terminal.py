"""Terminals that read slowly, or not at all: the deck goes on, and nothing is done unseen."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.polling import until
from tests.support.terminal import Terminal, is_braille
from tests.support.watched_deck import Note, Notes

DECK = [sys.executable, "-m", "tests.support.watched_deck"]

MOST_WAITING = 200_000
"""Bytes: one picture of 200 x 50 in full colour, and some."""

MOST_AFTER = 400_000
"""Bytes that come once a terminal reads again: what the kernel held, the rest of the picture
under way, and the present."""


class Watched:
    """A deck in a terminal, and what it says of itself."""

    def __init__(self, terminal: Terminal, notes: Notes) -> None:
        self.terminal = terminal
        self._notes = notes

    @property
    def notes(self) -> list[Note]:
        return self._notes.all()

    @property
    def now(self) -> Note:
        return self.notes[-1]

    def until(self, so: Callable[[Note], object], within_s: float = 60.0) -> Note:
        """How the deck is when it is so; the terminal reads nothing meanwhile."""
        until(lambda: self.notes and so(self.now), within_s=within_s)
        return self.now

    def stick(self) -> Note:
        """Let the deck draw until the terminal, which does not read, takes no more."""
        typed = 0

        def is_stuck(note: Note) -> bool:
            nonlocal typed
            last = self.notes[-4:]
            if all(one.is_behind and one.bytes_waiting for one in last) and (
                last[0].bytes_sent == note.bytes_sent and len(last) == 4
            ):
                return True
            if note.number > typed:
                typed = note.number + 2
                self.terminal.type("t")  # another theme draws everything anew
            return False

        return self.until(is_stuck)

    def wait_equal(self) -> None:
        """Read until the terminal shows what the deck, from now on, means it to."""
        first = len(self.notes)

        def is_equal(text: str) -> bool:
            rows = text.split("\n")
            return any(note.rows == rows for note in self.notes[first:])

        self.terminal.wait_for(is_equal)


def watched(place: Path, *, options: str = "", answers: bool = False) -> Iterator[Watched]:
    (place / "config.toml").write_text(f"[deck]\n{options}\n")
    notes = Notes(place / "watch")
    environ = {
        **os.environ,
        "TICKDECK_CONFIG": str(place),
        "TICKDECK_DATA_DIR": str(place),
        "WATCH_FILE": str(place / "watch"),
    }
    with Terminal(
        DECK, columns=200, rows=50, environ=environ, cwd=Path(__file__).parents[2], answers=answers
    ) as terminal:
        terminal.wait_for(is_braille)
        terminal.wait_for(lambda _: notes.all())
        yield Watched(terminal, notes)


@pytest.fixture(params=["cells", "plain"])
def deck(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    yield from watched(tmp_path, options=f'render = "{request.param}"')


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Watched]:
    yield from watched(tmp_path)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Watched]:
    yield from watched(tmp_path, answers=True)


def test_a_terminal_that_stops_reading_stops_nothing_and_then_shows_the_present(
    deck: Watched,
) -> None:
    stuck = deck.stick()

    later = deck.until(
        lambda note: (
            note.reports >= stuck.reports + 2  # the engine's, one a second
            and note.number >= stuck.number + 10  # the deck's own loop
            and note.skipped > stuck.skipped
            and note.blocked_s > stuck.blocked_s + 1.0
        )
    )
    assert max(note.bytes_waiting for note in deck.notes) < MOST_WAITING
    assert later.bytes_sent == stuck.bytes_sent

    deck.terminal.output = b""
    deck.wait_equal()
    deck.terminal.wait_for(lambda _: not deck.now.is_behind)
    assert len(deck.terminal.output) < MOST_AFTER


def test_keys_work_meanwhile_but_nothing_is_sent_that_could_not_be_seen(deck: Watched) -> None:
    deck.stick()
    deck.terminal.type("ofs")
    staged = deck.until(lambda note: note.staged)
    assert staged.is_armed

    deck.terminal.type("\r\r\r")
    passed = deck.until(lambda note: note.number > staged.number + 20)
    deck.terminal.type("\r")
    deck.until(lambda note: note.number > passed.number + 5)
    assert deck.now.orders == 0

    def is_sent(_text: str) -> bool:
        if not deck.now.orders:
            deck.terminal.type("\r")
        return deck.now.orders > 0

    deck.terminal.wait_for(lambda text: "LIVE" in text)
    deck.terminal.wait_for(is_sent)
    assert deck.now.orders == 1


def test_a_size_that_changes_meanwhile_is_the_one_that_is_drawn(deck: Watched) -> None:
    deck.stick()
    deck.terminal.resize(120, 35)
    deck.until(lambda note: len(note.rows) == 35)

    deck.wait_equal()


def test_a_connection_that_drops_meanwhile_ends_it(deck: Watched) -> None:
    deck.stick()
    deck.terminal.hang_up()

    assert deck.terminal.wait_gone() == 128 + signal.SIGHUP


def test_told_to_stop_meanwhile_it_does(deck: Watched) -> None:
    deck.stick()
    os.kill(deck.terminal.pid, signal.SIGTERM)

    assert deck.terminal.wait_gone() == 128 + signal.SIGTERM


def test_told_to_stop_it_puts_a_terminal_in_order_that_reads_again(deck: Watched) -> None:
    deck.stick()
    deck.terminal.type("q")

    assert deck.terminal.wait_exit() == 0
    for undone in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l"):  # screen, cursor, mouse
        assert undone in deck.terminal.output


def test_after_it_was_stopped_and_went_on_everything_is_drawn_anew(deck: Watched) -> None:
    terminal = deck.terminal
    os.kill(terminal.pid, signal.SIGTSTP)
    terminal.wait_for(lambda _: b"\x1b[?1049l" in terminal.output)
    _, status = os.waitpid(terminal.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)

    terminal.screen.reset()  # the shell wrote there meanwhile
    os.kill(terminal.pid, signal.SIGCONT)
    deck.wait_equal()


def test_a_terminal_that_reads_little_is_sent_less(answering: Watched) -> None:
    terminal = answering.terminal

    typed = 0

    def is_slow() -> bool:
        nonlocal typed
        if answering.now.number > typed:
            typed = answering.now.number + 2
            terminal.type("t")
        terminal.read(100)
        return answering.now.tier != "full"

    until(is_slow, within_s=60.0)
    assert answering.now.why in ("writes blocked", "slow answers", "no answer")
    waiting = [note.bytes_waiting for note in answering.notes]
    assert max(waiting) < MOST_WAITING

    answering.wait_equal()


def test_a_terminal_that_answers_no_more_is_not_sent_a_backlog(answering: Watched) -> None:
    """As over a secure shell whose line hangs: everything is taken, and nothing arrives."""
    terminal = answering.terminal
    terminal.wait_for(lambda _: answering.terminal.output.count(b"$p") > 3)
    terminal.answers = False
    terminal.wait_for(lambda _: answering.now.why == "no answer")
    held = answering.now
    later = terminal.output

    terminal.wait_for(lambda _: answering.now.number > held.number + 40)
    drawn = answering.now.frames_sent - held.frames_sent
    assert drawn <= 3
    assert len(terminal.output) - len(later) < MOST_WAITING

    terminal.answers = True
    terminal.wait_for(lambda _: answering.now.frames_sent > held.frames_sent + drawn)


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8])
def test_answers_in_parts_are_no_keys(silent: Watched, cut: int) -> None:
    terminal = silent.terminal
    terminal.type("o")
    terminal.wait_for(lambda text: "ARMED" in text)
    terminal.type("fs")
    terminal.wait_for(lambda _: silent.now.staged)
    staged = silent.now
    for answer in ("\x1b[?7;2$y", "\x1b[?62;1;5c", "\x1b[<35;80;20M"):
        start = silent.now.number
        terminal.type(answer[:cut])
        # Longer than a parser waits for the rest of a sequence.
        terminal.wait_for(lambda _, start=start: silent.now.number > start + 8)
        terminal.type(answer[cut:])
        terminal.wait_for(lambda _, start=start: silent.now.number > start + 12)

    assert silent.now.orders == 0
    if cut > 1:  # a lone escape is the key of that name, and drops what is staged
        assert silent.now.staged == staged.staged
