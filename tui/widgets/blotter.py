"""The blotter: orders, fills, positions, algos, alerts, accounts, venues and the log, a tab at a
time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from textual import events
from textual.message import Message

from tui.paint.cells import Glyphs
from tui.part import BOOK, Part
from tui.state import DeckState
from tui.widgets.blotter_rows import TABS, counts
from tui.widgets.inks import Numbers
from tui.widgets.lines import Line, Lines, Span, clip
from tui.widgets.table import Row, layout

NAMES = tuple(TABS)


class Blotter(Lines):
    """Tabs of tables. The row under its cursor is marked while it has the keyboard."""

    DEFAULT_CSS = "Blotter { height: 1fr; }"

    class RowOpened(Message):
        """The market of a row is wanted on the chart."""

        def __init__(self, fqme: str) -> None:
            super().__init__()
            self.fqme = fqme

    class CancelWanted(Message):
        """The working order, the algo or the armed alert of a row is to be canceled."""

        def __init__(self, tab: str, key: str, at: float) -> None:
            super().__init__()
            self.tab = tab
            self.key = key
            self.at = at
            """When the key was pressed, seconds of the monotonic clock."""

    class PauseWanted(Message):
        """The algo of a row is to be paused, or to go on."""

        def __init__(self, algo_id: str, at: float) -> None:
            super().__init__()
            self.algo_id = algo_id
            self.at = at
            """When the key was pressed, seconds of the monotonic clock."""

    class Clicked(Message):
        """The mouse gave it the keyboard."""

    def __init__(
        self,
        state: DeckState,
        *,
        zone: Callable[[], tzinfo | None],
        glyphs: Callable[[], Glyphs],
        number_of: Numbers,
    ) -> None:
        super().__init__(id="blotter")
        self._state = state
        self._zone = zone
        self._glyphs = glyphs
        self._number_of = number_of
        self.tab = NAMES[0]
        self.has_keyboard = False
        self._cursor: dict[str, str | int] = {}
        """By tab: the key of the row under the cursor, or its number where rows have no key."""
        self._rows: list[Row] = []
        self._first = 0
        self._tab_ends: list[int] = []

    # -- what keys do ---------------------------------------------------------------------------

    def show_tab(self, name: str) -> None:
        """Show one tab. Raises `KeyError` for a name that is none."""
        TABS[name]
        self.tab = name
        self.redraw()

    def step_tab(self, step: int) -> None:
        """Show the tab that is `step` further, around the end."""
        self.show_tab(NAMES[(NAMES.index(self.tab) + step) % len(NAMES)])

    def move_row(self, step: int) -> None:
        """Move the cursor by `step` rows; it stops at both ends."""
        if self._rows:
            at = min(max(0, self._at() + step), len(self._rows) - 1)
            self._cursor[self.tab] = self._rows[at].key if self._has_keys() else at
        self.redraw()

    def open_row(self) -> None:
        """Ask for the market of the row under the cursor."""
        if (row := self._row()) is None:
            return
        if fqme := self._fqme_of(row.thing):
            self.post_message(self.RowOpened(fqme))

    def _fqme_of(self, key: str) -> str:
        """The market that a row of this tab is about; empty for none."""
        state = self._state
        if self.tab in ("orders", "algos", "alerts"):
            thing = state.orders.get(key) or state.algos.get(key) or state.alerts.get(key)
            return thing.fqme if thing is not None else ""
        return key

    def cancel_row(self, *, at: float) -> None:
        """Ask to cancel the order, algo or alert under the cursor."""
        if self._has_keys() and (row := self._row()) is not None:
            self.post_message(self.CancelWanted(self.tab, row.thing, at))

    def pause_row(self, *, at: float) -> None:
        """Ask to pause the algo under the cursor, or the one that made the order there; or to go
        on with it."""
        if (row := self._row()) is None or not self._has_keys():
            return
        order = self._state.orders.get(row.thing)
        algo_id = order.parent_id if order is not None else row.thing
        if algo_id in self._state.algos:
            self.post_message(self.PauseWanted(algo_id, at))

    @property
    def idle(self) -> set[str]:
        """Actions of the blotter that would do nothing in the tab that is shown."""
        idle = set() if self._has_keys() else {"row_cancel"}
        if self.tab in ("venues", "log"):
            idle.add("row_open")  # no row of these is about one market
        return idle if self.tab == "algos" else idle | {"row_pause"}

    def concerns(self, touched: Part) -> bool:
        """Whether what was touched is in the tab that is shown, or counted beside a name."""
        parts = BOOK | Part.FAILURE
        if self.tab in ("positions", "alerts"):
            parts |= Part.MARKET
        elif self.tab == "log":
            parts |= Part.NOTICES
        if self._state.connections:
            parts |= Part.ENGINE
        return bool(touched & parts)

    # -- painting -------------------------------------------------------------------------------

    def paint(self, width: int, height: int) -> list[Line]:
        columns, rows_of, nothing = TABS[self.tab]
        self._rows = rows_of(self._state, self._zone(), self._number_of)
        if not self._rows:
            return [self._tabs(width), Line((Span(f" {nothing}", "muted"),))]
        at = self._at() if self.has_keyboard else None
        if at is not None and self._has_keys():
            # A key means the row that was seen, and not what has taken its place since.
            self._cursor[self.tab] = self._rows[at].key
        fits = max(1, height - 2)
        self._first = self._window(at or 0, fits)
        lines = [self._tabs(width)]
        shown = self._rows[self._first : self._first + fits]
        mark = ">" if self._glyphs() == "ascii" else "▌"
        selected = None if at is None else at - self._first
        return lines + layout(columns, shown, width, selected=selected, mark=mark)

    def _tabs(self, width: int) -> Line:
        numbers = counts(self._state)
        texts = [f"{name} {numbers[name]}" if numbers[name] else name for name in NAMES]
        gap = next((gap for gap in (3, 2) if _joined(texts, gap) <= width), 1)
        spans = [Span(" ")]
        self._tab_ends = []
        used = 1
        for name in NAMES:
            is_shown = name == self.tab
            ink = "accent bold underline" if is_shown and self.has_keyboard else "accent bold"
            count = f" {numbers[name]}" if numbers[name] else ""
            spans += [Span(name, ink if is_shown else "muted"), Span(count, _count_ink(name))]
            spans.append(Span(" " * gap))
            used += len(name) + len(count) + gap
            self._tab_ends.append(used)
        below = len(self._rows) - self._first
        kept, taken = clip(spans, width)
        more = f"{len(self._rows)} rows " if below > self.size.height - 2 > 0 else ""
        if more and taken + len(more) < width:
            kept += [Span(" " * (width - taken - len(more))), Span(more, "muted")]
        return Line(tuple(kept))

    def _window(self, at: int, fits: int) -> int:
        """Index of the first row shown: as before, but for the cursor to be in sight."""
        last = max(0, len(self._rows) - fits)
        first = min(self._first, last) if self.has_keyboard else 0
        return min(max(first, at - fits + 1), at, last) if self.has_keyboard else first

    def _at(self) -> int:
        """Number of the row under the cursor; a row that is gone leaves it on the first."""
        wanted = self._cursor.get(self.tab, 0)
        if isinstance(wanted, int):
            return min(wanted, max(0, len(self._rows) - 1))
        return next((n for n, row in enumerate(self._rows) if row.key == wanted), 0)

    def _row(self) -> Row | None:
        return self._rows[self._at()] if self._rows else None

    def _has_keys(self) -> bool:
        """Rows of this tab can be told apart by their key: the cursor stays on its order while
        others come and go."""
        return self.tab in ("orders", "algos", "alerts")

    # -- mouse ----------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked())
        if event.y == 0:
            for name, end in zip(NAMES, self._tab_ends, strict=False):
                if event.x < end:
                    self.show_tab(name)
                    return
        elif event.y > 1 and (number := self._first + event.y - 2) < len(self._rows):
            self._cursor[self.tab] = self._rows[number].key if self._has_keys() else number
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move_row(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move_row(-1)


def _joined(texts: list[str], gap: int) -> int:
    """Cells that the names of the tabs take with so many between them."""
    return 1 + sum(map(len, texts)) + gap * (len(texts) - 1)


def _count_ink(name: str) -> str:
    """What is counted of accounts and venues is what is not as it should be."""
    return "warning bold" if name in ("accounts", "venues") else "text"
