"""The blotter: its tabs, its cursor, and what is asked for the row under it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from decimal import Decimal

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.messages import Alert, AlertUpdate, AlgoUpdate, Notice, OrderState, OrderUpdate
from tests.support.scenes import BTC, ETH, bracket, busy, order
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.paint.cells import Glyphs
from tui.state import DeckState, Part
from tui.themes import DEFAULT_THEME, load_themes, textual_theme, theme_variables
from tui.widgets.blotter import NAMES, Blotter

SIZE = (100, 12)


class _Host(App[None]):
    """A blotter and nothing else; it keeps what the blotter asks for."""

    def __init__(self, state: DeckState, glyphs: Glyphs) -> None:
        self.deck_theme = load_themes()[0][DEFAULT_THEME]
        super().__init__()
        self.register_theme(textual_theme(self.deck_theme))
        self.theme = DEFAULT_THEME
        self.said: list[object] = []
        self.state = state
        self.blotter = Blotter(
            state,
            zone=lambda: UTC,
            glyphs=lambda: glyphs,
            number_of=lambda order_id: int(order_id.split("-")[1]),
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self.deck_theme)

    def compose(self) -> ComposeResult:
        yield self.blotter

    def on_blotter_row_opened(self, event: Blotter.RowOpened) -> None:
        self.said.append(event.fqme)

    def on_blotter_cancel_wanted(self, event: Blotter.CancelWanted) -> None:
        self.said.append((event.tab, event.key, event.at))

    def on_blotter_pause_wanted(self, event: Blotter.PauseWanted) -> None:
        self.said.append(("pause", event.algo_id, event.at))

    def on_blotter_clicked(self, event: Blotter.Clicked) -> None:
        self.said.append("clicked")

    def rows(self) -> list[str]:
        height = self.blotter.size.height
        return [self.blotter.render_line(y).text.rstrip() for y in range(height)]

    def marked(self) -> list[str]:
        """First words of the rows under the cursor."""
        return [row[1:].split()[0] for row in self.rows() if row[:1] in (">", "▌") and row[1:]]


Script = Callable[[_Host, Pilot[None]], Awaitable[None]]


def _state(*, is_busy: bool = True) -> DeckState:
    state = DeckState([BTC, ETH])
    for fqme in (BTC, ETH):
        state.fold(ScriptedLink()._opened(fqme))
    if is_busy:
        state.fold_all(busy())
    return state


def _play(
    script: Script,
    state: DeckState | None = None,
    *,
    size: tuple[int, int] = SIZE,
    glyphs: Glyphs = "braille",
    has_keyboard: bool = True,
) -> list[object]:
    """Run `script` on a blotter; what it asked for."""

    async def main() -> list[object]:
        host = _Host(state or _state(), glyphs)
        host.blotter.has_keyboard = has_keyboard
        async with host.run_test(size=size) as pilot:
            await pilot.pause()
            await script(host, pilot)
            await pilot.pause()
        return host.said

    return asyncio.run(main())


# -- tabs -----------------------------------------------------------------------------------------


def test_the_tabs_stand_on_top_with_what_is_in_them() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert host.rows()[0] == (
            " orders 5   fills 1   positions 2   algos   alerts 1   accounts   venues   log"
        )

    _play(script)


def test_tabs_are_stepped_through_around_the_end() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        seen = []
        for _ in NAMES:
            seen.append(host.blotter.tab)
            host.blotter.step_tab(1)
        assert tuple(seen) == NAMES
        assert host.blotter.tab == NAMES[0]
        host.blotter.step_tab(-1)
        assert host.blotter.tab == NAMES[-1]

    _play(script)


def test_a_tab_that_is_none_is_refused_and_the_one_shown_stays() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab("fills")
        with pytest.raises(KeyError):
            host.blotter.show_tab("filz")
        assert host.blotter.tab == "fills"

    _play(script)


@pytest.mark.parametrize("tab", NAMES)
def test_an_empty_tab_says_so_and_no_key_breaks_it(tab: str) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab(tab)
        assert host.rows()[1].startswith(" no")
        assert host.rows()[2:] == [""] * (SIZE[1] - 2)
        host.blotter.move_row(1)
        host.blotter.open_row()
        host.blotter.cancel_row(at=1.0)
        await pilot.click(host.blotter, offset=(5, 3))

    assert _play(script, _state(is_busy=False)) == ["clicked"]


# -- the cursor -----------------------------------------------------------------------------------


def test_the_cursor_stops_at_both_ends() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert host.marked() == ["1"]
        host.blotter.move_row(2)
        assert host.marked() == ["3"]
        host.blotter.move_row(-10)
        assert host.marked() == ["1"]
        host.blotter.move_row(99)
        assert host.marked() == ["7"]

    _play(script)


def test_without_the_keyboard_no_row_is_marked() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert host.marked() == []

    _play(script, has_keyboard=False)


def test_the_mark_is_ascii_where_all_is() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert [row[:2] for row in host.rows()].count(">1") == 1
        assert "▌" not in "".join(host.rows())

    _play(script, glyphs="ascii")


def test_the_cursor_stays_on_its_order_while_others_come_and_go() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.move_row(2)
        host.state.fold(OrderUpdate(order=order(0, OrderState.OPEN)))
        host.blotter.redraw()
        assert host.marked() == ["3"]

        host.state.orders.pop("order-3")
        host.blotter.redraw()
        assert host.marked() == ["0"]

    _play(script)


def test_the_cursor_stays_on_its_alert_too() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab("alerts")
        for name in ("alert-2", "alert-3"):
            alert = Alert(alert_id=name, fqme=ETH, price=Decimal(3200), direction="up")
            host.state.fold(AlertUpdate(alert=alert))
            host.blotter.redraw()
        host.blotter.cancel_row(at=1.0)

    assert _play(script) == [("alerts", "alert-1", 1.0)]


def test_the_name_of_the_tab_is_underlined_while_it_has_the_keyboard() -> None:
    for has_keyboard in (True, False):
        inks: list[str] = []

        async def script(host: _Host, pilot: Pilot[None], inks: list[str] = inks) -> None:
            inks += [span.ink for span in host.blotter._lines[0].spans if span.text in NAMES]

        _play(script, has_keyboard=has_keyboard)
        shown = "accent bold underline" if has_keyboard else "accent bold"
        assert inks == [shown, *["muted"] * 7]


def test_each_tab_has_a_cursor_of_its_own() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.move_row(3)
        host.blotter.show_tab("positions")
        host.blotter.move_row(1)
        host.blotter.show_tab("orders")
        assert host.marked() == ["4"]
        host.blotter.show_tab("positions")
        assert host.marked() == [ETH]

    _play(script)


def test_the_row_under_the_cursor_is_in_sight_however_few_rows_there_are() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        blotter = host.blotter
        for wanted in (1, 2, 3, 4, 5, 6, 7):
            assert host.marked() == [str(wanted)]
            blotter.move_row(1)
        for wanted in (7, 6, 5, 4, 3, 2, 1):
            assert host.marked() == [str(wanted)]
            blotter.move_row(-1)

    _play(script, size=(100, 5))
    _play(script, size=(100, 3))


def test_rows_move_only_when_the_cursor_would_leave() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        def firsts() -> list[str]:
            return [row[1:].split()[0] for row in host.rows()[2:]]

        host.blotter.move_row(3)
        assert firsts() == ["2", "3", "4"]
        host.blotter.move_row(-1)
        assert firsts() == ["2", "3", "4"]
        host.blotter.move_row(-2)
        assert firsts() == ["1", "2", "3"]

    _play(script, size=(100, 5))


def test_rows_out_of_sight_are_counted_at_the_right() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert host.rows()[0].endswith("7 rows")
        host.blotter.move_row(99)
        assert "rows" not in host.rows()[0]

    _play(script, size=(100, 5))


def test_where_all_rows_are_in_sight_they_are_not_counted() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert "rows" not in host.rows()[0]

    _play(script)


# -- what is asked for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tab", "step", "fqme"),
    [("orders", 1, BTC), ("positions", 1, ETH), ("alerts", 0, BTC), ("fills", 0, BTC)],
)
def test_the_market_of_a_row_is_asked_for(tab: str, step: int, fqme: str) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab(tab)
        host.blotter.move_row(step)
        host.blotter.open_row()

    assert _play(script) == [fqme]


def test_a_line_of_the_log_has_no_market() -> None:
    state = _state()
    state.fold(Notice(level="info", text="hello", now_ns=NOW_NS))

    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab("log")
        host.blotter.open_row()
        host.blotter.cancel_row(at=1.0)

    assert _play(script, state) == []


def test_the_order_or_alert_under_the_cursor_is_canceled_with_the_time_of_the_key() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.move_row(1)
        host.blotter.cancel_row(at=5.5)
        host.blotter.show_tab("alerts")
        host.blotter.cancel_row(at=6.5)
        for tab in ("fills", "positions"):
            host.blotter.show_tab(tab)
            host.blotter.cancel_row(at=7.5)

    assert _play(script) == [("orders", "order-2", 5.5), ("alerts", "alert-1", 6.5)]


def _with_algo() -> DeckState:
    state = _state()
    state.fold(AlgoUpdate(algo=bracket()))
    child = order(9, OrderState.OPEN, order_id="a.entry-1", parent_id="a")
    state.fold(OrderUpdate(order=child))
    return state


def test_an_algo_is_paused_and_canceled_from_any_of_its_rows() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.show_tab("algos")
        for _ in range(4):  # the algo, its terms, its stop, its target
            host.blotter.pause_row(at=1.0)
            host.blotter.cancel_row(at=2.0)
            host.blotter.move_row(1)
        host.blotter.pause_row(at=1.0)
        host.blotter.cancel_row(at=2.0)
        host.blotter.open_row()

    whole = [("pause", "a", 1.0), ("algos", "a", 2.0)]
    child = [("pause", "a", 1.0), ("algos", "a.entry-1", 2.0)]
    assert _play(script, _with_algo()) == [*whole * 4, *child, BTC]


def test_an_order_of_an_algo_says_whose_it_is_and_pauses_it() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        assert "entry of A1 bracket" in "".join(host.rows())
        host.blotter.pause_row(at=1.0)
        host.blotter.move_row(5)
        host.blotter.pause_row(at=2.0)

    assert _play(script, _with_algo(), size=(160, 14)) == [("pause", "a", 2.0)]


def test_keys_that_would_do_nothing_in_a_tab_are_idle() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        idle = {}
        for name in NAMES:
            host.blotter.show_tab(name)
            idle[name] = host.blotter.idle
        assert idle["orders"] == idle["alerts"] == {"row_pause"}
        assert idle["algos"] == set()
        assert idle["accounts"] == {"row_pause", "row_cancel"}
        assert idle["log"] == idle["venues"] == {"row_pause", "row_cancel", "row_open"}

    _play(script)


# -- mouse ----------------------------------------------------------------------------------------


def test_a_click_on_the_name_of_a_tab_shows_it() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        row = host.rows()[0]
        for name in NAMES:
            await pilot.click(host.blotter, offset=(row.index(name) + 1, 0))
            assert host.blotter.tab == name
        await pilot.click(host.blotter, offset=(95, 0))
        assert host.blotter.tab == NAMES[-1]

    assert _play(script) == ["clicked"] * (len(NAMES) + 1)


def test_a_click_puts_the_cursor_on_the_row_that_was_clicked() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.blotter.move_row(4)
        (row,) = [y for y, text in enumerate(host.rows()) if text[1:].split()[:1] == ["4"]]
        await pilot.click(host.blotter, offset=(20, row))
        assert host.marked() == ["4"]
        await pilot.click(host.blotter, offset=(20, 1))
        assert host.marked() == ["4"]

    assert _play(script, size=(100, 6)) == ["clicked"] * 2


def test_a_click_below_the_last_row_chooses_none() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        rows = host.rows()
        last = max(y for y, text in enumerate(rows) if text)
        for row in (last + 1, last + 2):
            await pilot.click(host.blotter, offset=(20, row))
        assert host.marked() == ["1"]

    assert _play(script) == ["clicked"] * 2


def test_the_wheel_moves_the_cursor() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        for _ in range(3):
            await pilot._post_mouse_events([events.MouseScrollDown], host.blotter, offset=(5, 4))
        assert host.marked() == ["4"]
        await pilot._post_mouse_events([events.MouseScrollUp], host.blotter, offset=(5, 4))
        assert host.marked() == ["3"]

    _play(script)


# -- repainting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "tabs"),
    [
        (Part.ORDERS, set(NAMES)),
        (Part.FILLS, set(NAMES)),
        (Part.ALERTS, set(NAMES)),
        (Part.ALGOS, set(NAMES)),
        (Part.GUARDS, set(NAMES)),
        (Part.FAILURE, set(NAMES)),
        (Part.MARKET, {"positions", "alerts"}),
        (Part.NOTICES, {"log"}),
        (Part.BARS, set()),
        (Part.NOTHING, set()),
    ],
)
def test_it_is_repainted_for_what_is_in_it_and_beside_its_names(part: Part, tabs: set[str]) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        concerned = set()
        for name in NAMES:
            host.blotter.show_tab(name)
            if host.blotter.concerns(part):
                concerned.add(name)
        assert concerned == tabs

    _play(script)


def test_a_new_alert_is_counted_beside_its_name() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        alert = Alert(alert_id="alert-2", fqme=ETH, price=Decimal(3200), direction="up")
        host.state.fold(AlertUpdate(alert=alert))
        host.blotter.redraw()
        assert "alerts 2" in host.rows()[0]

    _play(script)


@pytest.mark.parametrize("size", [(1, 1), (10, 2), (30, 3)])
def test_little_room_is_no_error(size: tuple[int, int]) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        for _ in NAMES:
            host.blotter.step_tab(1)
            host.blotter.move_row(1)
            assert all(len(row) <= size[0] for row in host.rows())

    _play(script, size=size)
