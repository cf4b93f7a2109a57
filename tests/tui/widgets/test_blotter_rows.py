"""Rows of the blotter's tabs."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from engine.messages import (
    Alert,
    AlertUpdate,
    FillReport,
    Notice,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
)
from tests.support.scenes import BTC, busy, fill, order
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.state import DeckState
from tui.widgets.blotter_rows import (
    ORDERS_SHOWN,
    TABS,
    alert_rows,
    counts,
    fill_rows,
    log_rows,
    order_rows,
    position_rows,
)
from tui.widgets.table import Row


def opened() -> DeckState:
    state = DeckState([BTC])
    state.fold(ScriptedLink()._opened(BTC))
    return state


def texts(rows: list[Row]) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in rows]


def numbers(order_id: str) -> int:
    return int(order_id.split("-")[1])


def test_working_orders_come_before_those_that_are_done():
    state = opened()
    state.fold_all(busy())
    rows = order_rows(state, UTC, numbers)

    assert [row.key for row in rows] == [f"order-{n}" for n in range(1, 8)]
    assert rows[0].cells[0].text == "1"


def test_a_dark_order_that_was_canceled_keeps_the_price_it_waited_for():
    state = opened()
    held = order(1, OrderState.CANCELED, price=None, trigger_price=Decimal("63950.00"))
    state.fold(OrderUpdate(order=held))
    (row,) = texts(order_rows(state, UTC, numbers))

    assert "63950.00" in row
    assert "market" not in row


def test_a_dark_order_shows_its_trigger_and_an_asked_cancel_shows_that():
    state = opened()
    state.fold(
        OrderUpdate(order=order(1, OrderState.DARK, price=None, trigger_price=Decimal("63950.00")))
    )
    state.fold(OrderUpdate(order=order(2, OrderState.OPEN, awaiting="cancel")))
    dark, asked = texts(order_rows(state, UTC, numbers))

    assert "63950.00" in dark
    assert "open …cancel" in asked


def test_an_order_without_a_price_says_how_far_it_trails_or_that_it_takes_any():
    state = opened()
    for number, changes in enumerate(
        ({"order_type": "market"}, {"order_type": "trailing_stop", "trail": Decimal("0.5"),
                                    "trail_unit": "percent"}), 1,
    ):  # fmt: skip
        state.fold(OrderUpdate(order=order(number, OrderState.OPEN, price=None, **changes)))
    prices = {row[7] for row in texts(order_rows(state, UTC, numbers))}

    assert prices == {"market", "trail 0.5%"}


def test_working_orders_are_shown_however_many_are_done():
    state = opened()
    state.fold(OrderUpdate(order=order(9999, OrderState.OPEN)))
    for number in range(ORDERS_SHOWN * 2):
        state.fold(OrderUpdate(order=order(number, OrderState.FILLED)))
    rows = order_rows(state, UTC, numbers)

    assert len(rows) == ORDERS_SHOWN
    assert rows[0].key == "order-9999"


def test_fills_are_newest_first():
    state = opened()
    state.fold(FillReport(fill=fill("t1")))
    state.fold(FillReport(fill=fill("t2", side="sell", fee=Decimal(0))))
    rows = texts(fill_rows(state, UTC))

    assert [row[-1] for row in rows] == ["t2", "t1"]
    assert rows[1][5] == "8.01 USDT"


def test_a_position_is_told_with_its_profit():
    state = opened()
    state.fold_all(busy())
    rows = {row.key: [cell.text for cell in row.cells] for row in position_rows(state)}

    assert rows[BTC][2:5] == ["+0.2500", "64102.31", "64231.05"]
    assert rows[BTC][5:] == ["+32.18", "+112.20", "-8.01", "+136.38", "USDT"]


def test_a_flat_position_shows_what_it_made():
    state = opened()
    flat = Position(account="sim", fqme=BTC, realised=Decimal("-3"))
    state.fold(PositionUpdate(position=flat))
    (row,) = texts(position_rows(state))

    assert row[3:7] == ["", "", "", "-3.00"]


def test_armed_alerts_say_how_far_away_they_are():
    state = opened()
    state.fold(
        AlertUpdate(alert=Alert(alert_id="a", fqme=BTC, price=Decimal("64873.36"), direction="up"))
    )
    (row,) = texts(alert_rows(state, UTC))

    assert row[2:6] == ["64873.36", "at or above", "+1.00%", "armed"]


def test_the_log_is_newest_first_in_the_ink_of_its_level():
    state = opened()
    state.fold(Notice(level="info", text="one", now_ns=NOW_NS))
    state.fold(Notice(level="error", text="two", now_ns=NOW_NS))
    rows = log_rows(state, UTC)

    assert [row.cells[-1].text for row in rows] == ["two", "one"]
    assert rows[0].cells[-1].ink == "error"
    assert rows[0].cells[0].text == "14:00:00"


def test_tabs_count_what_works_is_held_and_is_armed():
    state = opened()
    state.fold_all(busy())

    assert counts(state) == {
        "orders": 5,
        "fills": 1,
        "positions": 2,
        "algos": 0,
        "alerts": 1,
        "accounts": 0,
        "venues": 0,
        "log": 0,
    }


def test_each_row_has_a_cell_for_each_column():
    state = opened()
    state.fold_all(busy())
    for tab in TABS.values():
        for row in tab.rows(state, UTC, numbers):
            assert len(row.cells) == len(tab.columns)
