"""What the tab of accounts says: what each may do, and how far it can be believed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    Disagreement,
    EngineReady,
    Gauge,
    GuardsUpdate,
    JournalUpdate,
    OrderState,
    OrderUpdate,
)
from tests.support.scenes import BTC, order
from tests.support.scripted_link import ScriptedLink
from tui.state import DeckState
from tui.widgets.account_rows import ACCOUNT_COLUMNS, account_rows, troubles
from tui.widgets.table import Row

D = Decimal
LACKING = (
    "limits | missing | no limit for max_order_size, max_daily_loss: state them in brokers.toml"
)
SIM = AccountInfo(name="sim", broker="sim")
REAL = AccountInfo(name="real", broker="venue", mode="live")


def state_of(*accounts: AccountInfo, **guards: Any) -> DeckState:
    state = DeckState([BTC])
    state.fold(EngineReady(brokers=(), accounts=accounts))
    state.fold(ScriptedLink()._opened(BTC))
    if guards:
        state.fold(GuardsUpdate(**guards))
    return state


def text_of(row: Row) -> str:
    if row.whole is not None:
        return row.whole.text.strip()
    return " | ".join(cell.text for cell in row.cells if cell.text)


def texts(state: DeckState) -> list[str]:
    return [text_of(row) for row in account_rows(state, lambda _: 5)]


def own(**fields: Any) -> AccountGuards:
    return AccountGuards(**({"account": "sim"} | fields))


def test_an_account_of_which_nothing_was_said_is_not_said_to_be_well() -> None:
    assert texts(state_of(SIM)) == ["sim | trading | not told | paper at sim", "venue | not told"]


def test_an_account_in_order_is_said_in_few_muted_words() -> None:
    state = state_of(SIM, accounts=(own(),))
    state.fold(AccountUpdate(account="sim", state="agreed"))
    rows = account_rows(state, lambda _: 1)

    assert [text_of(row) for row in rows] == [
        "sim | trading | active | paper at sim",
        "venue | agreed",
    ]
    assert [row.cells[2].ink for row in rows] == ["muted", "muted"]
    assert troubles(state) == 0


def test_numbers_that_differ_are_both_shown_until_they_agree() -> None:
    state = state_of(SIM)
    apart = Disagreement(what="position", name=BTC, ours=D("0.5"), theirs=D("0.4"))
    state.fold(AccountUpdate(account="sim", state="agreed", disagreements=(apart,)))

    (row,) = [row for row in account_rows(state, lambda _: 1) if row.whole]
    assert text_of(row) == f"? position of {BTC} differs: 0.5000 here, 0.4000 at the venue"
    assert row.thing == BTC
    assert troubles(state) == 1
    state.fold(AccountUpdate(account="sim", state="agreed"))
    assert troubles(state) == 0


def test_orders_of_which_nobody_knows_are_named_with_what_a_person_can_do() -> None:
    state = state_of(SIM)
    state.fold(OrderUpdate(order=order(5, OrderState.UNKNOWN)))
    told = AccountUpdate(
        account="sim", state="in_doubt", reason="closed", unresolved=("order-5", "lost")
    )
    state.fold(told)

    assert texts(state)[1:] == [
        "venue | IN DOUBT | closed",
        f"? order 5, buy 0.25 {BTC}, is unknown; :resolve 5 settles it by hand",
        "? order lost is unknown",
    ]
    assert troubles(state) == 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"is_armed": False}, ["arming | not armed | only reduces: :arm real"]),
        ({"is_armed": True}, ["arming | ARMED | until the engine stops"]),
        (
            {"is_armed": False, "missing_limits": ("max_order_size", "max_daily_loss")},
            [
                LACKING,
                "arming | not armed | only reduces: :arm real",
            ],
        ),
    ],
)
def test_a_live_account_says_whether_it_is_armed_and_what_it_lacks(
    fields: dict[str, Any], said: list[str]
) -> None:
    state = state_of(REAL, accounts=(own(account="real", **fields),))
    rows = account_rows(state, lambda _: 1)

    assert text_of(rows[0]) == "real | trading | active | REAL MONEY at venue"
    assert rows[0].cells[-1].ink == "live"
    assert [text_of(row) for row in rows[1:-1]] == said


@pytest.mark.parametrize(
    ("value", "said", "ink"),
    [
        (D(100), "max daily loss | within | 100 | 1000 | USDT  10% used", "muted"),
        (D(850), "max daily loss | within | 850 | 1000 | USDT  85% used", "warning"),
        (D(1001), "max daily loss | used up | 1001 | 1000 | USDT  100% used", "error bold"),
        (None, "max daily loss | not known | 1000 | USDT", "unknown"),
    ],
)
def test_a_limit_says_how_much_of_it_is_used(value: Decimal | None, said: str, ink: str) -> None:
    gauge = Gauge(check="max_daily_loss", value=value, limit=D(1000), unit="usdt")
    row = account_rows(state_of(SIM, accounts=(own(gauges=(gauge,)),)), lambda _: 1)[-1]

    assert text_of(row) == said
    assert row.cells[2].ink == ink


def test_what_holds_for_all_accounts_stands_above_them() -> None:
    state = state_of(
        SIM,
        is_killed=True,
        kill_reason="by hand",
        unconfirmed=("o1",),
        state="halted",
        reason="lunch",
        accounts=(own(state="halted"),),
    )
    state.fold(JournalUpdate(is_written=False, waiting=4, reason="the disk is full"))

    assert texts(state)[:3] == [
        "all | kill switch | ON | by hand",
        "all | trading | halted | lunch",
        "all | record | NOT WRITTEN | 4 waiting: the disk is full",
    ]
    assert troubles(state) == 4
    state.fold(JournalUpdate(is_written=True))
    assert texts(state)[2] == "all | record | written"


def test_accounts_with_something_amiss_come_first() -> None:
    state = state_of(SIM, REAL, accounts=(own(), own(account="real", state="reducing")))

    assert [row.cells[0].text for row in account_rows(state, lambda _: 1) if row.cells[0].text] == [
        "real",
        "sim",
    ]


def test_every_row_has_a_cell_for_each_column() -> None:
    state = state_of(SIM, REAL, is_killed=True, accounts=(own(), own(account="real")))

    assert all(len(row.cells) == len(ACCOUNT_COLUMNS) for row in account_rows(state, lambda _: 1))
