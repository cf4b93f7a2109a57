"""The renderer: after any update a terminal shows the grid, and it was told so in few bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.emulator import Emulator, drawn
from tui.render import CellGrid, CellRenderer, Clusters, Pen, PenBook

NO_WRAP = "\x1b[?7l"
"""As the deck sets it: the last column of a row is written without going to the next."""

ORANGE = Pen(0, "38;2;230;160;40", "48;2;10;12;16")
GREEN = Pen(1, "38;2;60;200;90", "48;2;10;12;16")
CHIP = Pen(0, "38;2;10;12;16", "48;2;60;200;90")


class Rig:
    """A grid, the renderer and a terminal of one size."""

    def __init__(self, width: int, height: int, *, erases_in_colour: bool = True) -> None:
        self.pens = PenBook()
        self.clusters = Clusters()
        self.renderer = CellRenderer(self.pens, self.clusters, erases_in_colour=erases_in_colour)
        self.grid = CellGrid(width, height, self.pens, self.clusters)
        self.emulator = Emulator(width, height)
        self.emulator.feed(NO_WRAP)

    def write(self, row: int, column: int, text: str, pen: Pen = ORANGE) -> None:
        self.grid.write(row, column, text, self.pens.number(pen))

    def update(self) -> str:
        """Send what changed; returns what was sent."""
        sent = self.renderer.update(self.grid)
        self.emulator.feed(sent)
        return sent

    def resize(self, width: int, height: int) -> None:
        self.grid = CellGrid(width, height, self.pens, self.clusters)
        self.emulator.resize(width, height)
        self.renderer.forget()

    def check(self) -> None:
        assert drawn(self.grid) == self.emulator.shown()


PENS = st.builds(
    Pen,
    st.sampled_from([0, 0, 0, 1, 2, 3, 4, 8, 1 | 8, 64, 256, 1 << 12]),
    st.sampled_from(["", "31", "92", "38;5;100", "38;2;1;2;3", "38;2;230;160;40"]),
    st.sampled_from(["", "", "44", "48;5;17", "48;2;9;9;9"]),
)
TEXTS = st.lists(
    st.sampled_from(
        ["a", "b", " ", "   ", "hello", "64231.05", "⣿", "⡇⠁", "日本", "e\u0301", "│", " " * 12,
         "\t", "x" * 9]
    ),
    min_size=1,
    max_size=6,
).map("".join)  # fmt: skip
PLACES = st.tuples(st.integers(0, 11), st.integers(0, 59))
WRITES = st.tuples(st.just("write"), PLACES, TEXTS, PENS)
FILLS = st.tuples(st.just("fill"), PLACES, st.tuples(st.integers(1, 12), st.integers(1, 60)), PENS)
ROLLS = st.tuples(
    st.just("roll"), PLACES, st.tuples(st.integers(1, 12), st.integers(1, 60)), st.integers(-5, 5)
)
STEPS = st.one_of(
    st.lists(st.one_of(WRITES, WRITES, FILLS, ROLLS), min_size=1, max_size=12),
    st.tuples(st.just("resize"), st.integers(1, 60), st.integers(1, 12)),
    st.just(("garble",)),
    st.just(("rest",)),
)


def apply(rig: Rig, step: object) -> None:
    """Do one step of a random script."""
    match step:
        case ("resize", int(width), int(height)):
            rig.resize(width, height)
        case ("garble",):
            rig.emulator.feed("\x1b[2;5r\x1b[4h\x1b[3;3Hdisconnected\x1b[7;31m日日\x1b[2J\x1b(0lqk")
            rig.emulator.feed(rig.renderer.reset())
        case ("rest",):
            rig.emulator.feed(rig.renderer.rest(rig.grid.height - 1, rig.grid.width // 2))
        case list(changes):
            for change in changes:
                draw(rig.grid, change)


def draw(grid: CellGrid, change: tuple) -> None:
    kind, (row, column), what, how = change
    row, column = row % grid.height, column % grid.width
    if kind == "write":
        grid.write(row, column, what, grid.pens.number(how))
        return
    height, width = what
    for line in range(row, min(row + height, grid.height)):
        if kind == "fill":
            grid.write(line, column, " " * width, grid.pens.number(how))
        else:
            text = grid.cells[line, column : column + width].copy()
            if not (text & np.uint64(0xFFFFFFFF) >= 0x110000).any():
                grid.put(line, column, np.roll(text, how))


@settings(deadline=None, max_examples=150)
@given(
    st.integers(1, 60), st.integers(1, 12), st.booleans(), st.lists(STEPS, min_size=1, max_size=8)
)
def test_a_terminal_shows_the_grid_after_any_updates(width, height, erases, steps):
    rig = Rig(width, height, erases_in_colour=erases)

    for step in steps:
        apply(rig, step)
        rig.update()

        rig.check()


def test_nothing_is_sent_where_nothing_changed():
    rig = Rig(40, 5)
    rig.write(2, 3, "BTCUSDT 64231.05")
    rig.update()

    assert rig.update() == ""
    rig.write(2, 3, "BTCUSDT 64231.05")
    assert rig.update() == ""


def test_one_changed_digit_costs_a_move_and_the_digit():
    rig = Rig(120, 30)
    rig.write(9, 60, "64231.05")
    rig.write(20, 0, "x")
    rig.update()

    rig.write(9, 60, "64231.06")

    assert len(rig.update()) <= len("\x1b[10;68H6")
    rig.check()


def test_a_pen_that_is_in_hand_is_not_taken_again():
    rig = Rig(40, 5)
    rig.update()
    rig.write(0, 0, "up", GREEN)
    rig.update()

    rig.write(3, 0, "up", GREEN)

    assert "38;2" not in rig.update()


def test_blanks_differ_by_nothing_that_nobody_sees():
    rig = Rig(40, 5)
    rig.write(1, 0, "          ", ORANGE)
    rig.update()

    rig.write(1, 0, "          ", GREEN)
    assert rig.update() == ""

    rig.write(1, 0, "          ", Pen(8, "31", ORANGE.background))
    assert rig.update() != ""
    rig.check()


def test_two_pens_cell_by_cell_are_taken_once_each():
    rig = Rig(80, 10)
    rig.update()

    for row in range(10):
        for column in range(0, 60, 2):
            rig.write(row, column, "⣿", ORANGE)
            rig.write(row, column + 1, "⡇", GREEN)
    sent = rig.update()

    assert sent.count("38;2") == 2
    rig.check()


def test_pens_of_few_bytes_are_taken_as_they_come():
    rig = Rig(60, 4)
    rig.update()

    for row in range(4):
        rig.write(row, 0, "symbol", Pen(0, "33"))
        rig.write(row, 6, "price", Pen(0, "32"))
    sent = rig.update()

    assert sent.count("\x1b[33m") >= 1
    assert len(sent) < len("symbolprice") * 4 + 16 * 4
    rig.check()


@pytest.mark.parametrize("by", [-3, -1, 1, 2])
def test_a_block_that_moved_is_moved_and_not_written(by):
    rig = Rig(100, 20)
    rng = np.random.default_rng(4)
    for row in range(2, 18):
        picture = "".join(chr(0x2801 + int(dots)) for dots in rng.integers(0, 255, 90))
        rig.write(row, 0, picture)
        rig.write(row, 90, f"│{row:8}", GREEN)
    whole = rig.update()

    for row in range(2, 18):
        rig.grid.cells[row, :90] = np.roll(rig.grid.cells[row, :90], by)
    moved = rig.update()

    rig.check()
    assert rig.renderer.statistics().shifts == 1
    assert len(moved.encode()) < len(whole.encode()) / 8


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 1000),
    moves=st.lists(
        st.tuples(st.integers(-18, 18), st.integers(0, 30), st.integers(50, 90)),
        min_size=1,
        max_size=5,
    ),
    erases=st.booleans(),
)
def test_a_terminal_shows_blocks_that_moved_again_and_again(seed, moves, erases):
    rig = Rig(90, 12, erases_in_colour=erases)
    rng = np.random.default_rng(seed)
    inks = [rig.pens.number(pen) for pen in (ORANGE, GREEN, CHIP, Pen())]
    for row in range(12):
        for column in range(0, 90, 3):
            dots = "".join(chr(0x2801 + int(code)) for code in rng.integers(0, 255, 3))
            rig.grid.write(row, column, dots, int(rng.choice(inks)))
    rig.update()

    for by, left, right in moves:
        rows = slice(int(rng.integers(0, 4)), int(rng.integers(8, 13)))
        rig.grid.cells[rows, left:right] = np.roll(rig.grid.cells[rows, left:right], by, axis=1)
        rig.write(int(rng.integers(0, 12)), int(rng.integers(0, 80)), "new", CHIP)
        rig.update()

        rig.check()


def test_rows_with_wide_characters_are_not_moved():
    rig = Rig(80, 3)
    rng = np.random.default_rng(4)
    for row in range(3):
        rig.write(row, 0, "".join(chr(0x2801 + int(dots)) for dots in rng.integers(0, 255, 70)))
        rig.write(row, 70, "日本", GREEN)
    rig.update()

    for row in range(3):
        rig.grid.cells[row, :70] = np.roll(rig.grid.cells[row, :70], -1)
    rig.update()

    assert rig.renderer.statistics().shifts == 0
    rig.check()


def test_a_row_is_cleared_in_colour_where_the_terminal_does():
    for erases, longest in ((True, 45), (False, 130)):
        rig = Rig(80, 2, erases_in_colour=erases)
        rig.write(0, 0, "x" * 80)
        rig.write(1, 0, "x" * 80)
        rig.update()

        rig.write(0, 10, " " * 70)
        sent = rig.update()

        rig.check()
        assert ("\x1b[K" in sent) is erases
        assert len(sent) < longest


def test_a_coloured_blank_is_written_where_erasing_is_not_known_to_colour():
    rig = Rig(60, 4, erases_in_colour=False)
    for row in range(4):
        rig.write(row, 0, " " * 60, CHIP)

    sent = rig.update()

    assert "\x1b[K" not in sent
    assert "X" not in sent
    rig.check()


def test_a_garbled_terminal_is_right_after_a_reset():
    rig = Rig(40, 6)
    rig.write(1, 1, "orders", CHIP)
    rig.update()
    rig.emulator.feed("\x1b[3;4r\x1b[4h\x1b[1;1Hbroadcast message\x1b(0\x1b[7m")

    rig.emulator.feed(rig.renderer.reset())
    rig.update()

    rig.check()


def test_the_cursor_rests_where_it_is_told_to():
    rig = Rig(40, 6)
    rig.write(1, 1, "orders")
    rig.update()

    rig.emulator.feed(rig.renderer.rest(4, 12))

    assert (rig.emulator.screen.cursor.y, rig.emulator.screen.cursor.x) == (4, 12)
    assert rig.renderer.rest(4, 12) == ""


def test_after_the_last_column_the_cursor_is_placed_anew():
    rig = Rig(10, 3)
    rig.write(0, 0, "0123456789")
    rig.write(1, 5, "x")

    rig.update()

    rig.check()
