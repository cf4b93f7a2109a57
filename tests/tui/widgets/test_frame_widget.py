"""A widget that shows a painted frame as it was painted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from tui.paint.canvas import Palette
from tui.paint.frame import Frame, blank_cells, next_frame
from tui.themes import load_themes
from tui.widgets.frame_widget import FrameWidget

NIGHT = load_themes()[0]["night"]
PALETTE = Palette(NIGHT)


class Letters(FrameWidget):
    """Rows of one letter, the next of the alphabet from row to row."""

    first = "a"

    def __init__(self) -> None:
        super().__init__()
        self._theme = NIGHT
        self.painted: list[tuple[int, int]] = []

    def _paint(self, width: int, height: int) -> Frame:
        self.painted.append((width, height))
        cells = blank_cells(width, height, PALETTE)
        for row in range(height):
            cells.codes[row] = ord(self.first) + row
        return next_frame(cells, PALETTE, self._frame)


class Page(App[None]):
    CSS = "Letters { width: 6; height: 3; }"

    def compose(self) -> ComposeResult:
        yield Letters()

    @property
    def letters(self) -> Letters:
        return self.query_one(Letters)


def play(script: Callable[[Page, Pilot[None]], Awaitable[None]], css: str = "") -> None:
    async def run() -> None:
        page = Page()
        page.CSS = Page.CSS + css
        async with page.run_test(size=(20, 8)) as pilot:
            await pilot.pause()
            await script(page, pilot)

    asyncio.run(run())


def rows(widget: FrameWidget, crop: Region) -> list[str]:
    return [strip.text for strip in widget.render_lines(crop)]


def test_rows_are_shown_as_they_were_painted_in_whole_or_in_part() -> None:
    async def script(page: Page, pilot: Pilot[None]) -> None:
        letters = page.letters
        assert rows(letters, Region(0, 0, 6, 3)) == ["aaaaaa", "bbbbbb", "cccccc"]
        assert rows(letters, Region(2, 1, 3, 2)) == ["bbb", "ccc"]
        cells = letters.cell_rows(Region(2, 1, 3, 2))
        assert cells is not None
        assert [row.strip().text for row in cells] == ["bbb", "ccc"]

    play(script)


def test_it_is_painted_once_for_its_size_and_again_for_another() -> None:
    async def script(page: Page, pilot: Pilot[None]) -> None:
        assert page.letters.painted[-1] == (6, 3)
        page.letters.styles.height = 2
        await pilot.pause()
        assert page.letters.painted[-1] == (6, 2)
        assert rows(page.letters, Region(0, 0, 6, 2)) == ["aaaaaa", "bbbbbb"]

    play(script)


def test_what_changed_while_it_was_hidden_is_painted_when_it_is_shown() -> None:
    async def script(page: Page, pilot: Pilot[None]) -> None:
        letters = page.letters
        letters.display = False
        await pilot.pause()
        count = len(letters.painted)
        letters.first = "k"
        letters.repaint()
        assert len(letters.painted) == count

        letters.display = True
        await pilot.pause()

        assert rows(letters, Region(0, 0, 6, 3)) == ["kkkkkk", "llllll", "mmmmmm"]

    play(script)


@pytest.mark.parametrize("css", ["Letters { border: solid red; }", "Letters { padding: 1; }"])
def test_around_a_border_rows_go_by_strips_only(css: str) -> None:
    async def script(page: Page, pilot: Pilot[None]) -> None:
        letters = page.letters
        await pilot.pause()
        assert letters.cell_rows(Region(0, 0, 6, 3)) is None
        assert len(rows(letters, Region(0, 0, *letters.outer_size))) == letters.outer_size.height

    play(script, css)


def test_without_a_frame_it_is_blank() -> None:
    widget = Letters()

    assert widget.cell_rows(Region(0, 0, 1, 1)) is None
    assert widget.render_line(5).text.strip() == ""
