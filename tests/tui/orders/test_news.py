"""What a person is told, and how loudly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.messages import (
    AccountGuards,
    AccountUpdate,
    CommandRefused,
    Denied,
    Disagreement,
    GuardsUpdate,
    JournalUpdate,
    OrderState,
    OrderUpdate,
    RequestRefused,
)
from tests.support.scenes import bracket, order
from tui.orders.news import (
    algo_told,
    guards_told,
    journal_told,
    refusal_of,
    refused_words,
    standing_of,
    told_of,
    why,
    with_limit,
)

D = Decimal
DENIAL = Denied(
    order_id="order-1", check="max_order_size", reason="too large", limit="1", value="2"
)

# -- orders ---------------------------------------------------------------------------------------


def test_a_denial_says_reason_value_and_limit() -> None:
    denied = order(1, OrderState.DENIED, reason="too large")

    assert told_of(denied, DENIAL) == (
        "error",
        "buy 0.2500 btcusdt.spot.sim denied: too large (is 2, limit 1)",
    )
    assert why(denied, DENIAL) == "too large (is 2, limit 1)"
    assert why(denied) == "too large"


def test_a_denial_of_an_amend_says_nothing_of_an_order_that_works() -> None:
    assert why(order(1, OrderState.OPEN, reason="no answer"), DENIAL) == "no answer"


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [("1", "2", "no (is 2, limit 1)"), ("1", "", "no (limit 1)"), ("", "2", "no (is 2)"),
     ("", "", "no")],
)  # fmt: skip
def test_what_is_not_stated_is_not_said(limit: str, value: str, said: str) -> None:
    assert with_limit("no", limit, value) == said


@pytest.mark.parametrize(
    ("state", "level"),
    [(OrderState.REJECTED, "error"), (OrderState.UNKNOWN, "error"),
     (OrderState.EXPIRED, "warning"), (OrderState.FILLED, "info"), (OrderState.CANCELED, "info")],
)  # fmt: skip
def test_worse_news_are_louder(state: OrderState, level: str) -> None:
    told = told_of(order(1, state))

    assert told is not None
    assert told[0] == level


def test_an_order_that_works_is_no_news() -> None:
    assert told_of(order(1, OrderState.OPEN)) is None


def test_a_refused_amend_is_told_while_the_order_works() -> None:
    event = RequestRefused(order_id="order-1", request="amend", reason="too late")

    for state, told in ((OrderState.OPEN, True), (OrderState.FILLED, False)):
        news = refusal_of(OrderUpdate(order=order(1, state), event=event))
        assert (news is not None) == told


# -- commands -------------------------------------------------------------------------------------


def test_a_refused_command_is_said_in_words_with_its_limit() -> None:
    event = CommandRefused(
        command="submitalgo", reason="too many parts", check="count", limit="200", value="500"
    )

    assert refused_words(event) == "algo not started: too many parts (is 500, limit 200)"
    assert refused_words(CommandRefused(command="watch", reason="no")) == "watch: no"


# -- algos ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, {}, [("info", "bracket buy 0.5 btcusdt.spot.sim runs")]),
        ({}, {"filled": D("0.1")}, []),
        ({}, {"status": "paused"}, [("info", "bracket buy 0.5 btcusdt.spot.sim is paused")]),
        (
            {"status": "paused"}, {}, [("info", "bracket buy 0.5 btcusdt.spot.sim goes on")],
        ),
        (
            {}, {"status": "canceled", "reason": "the entry expired"},
            [("info", "bracket buy 0.5 btcusdt.spot.sim is canceled: the entry expired")],
        ),
        (
            {}, {"status": "failed", "reason": "0.5 could not leave"},
            [("error", "bracket buy 0.5 btcusdt.spot.sim FAILED: 0.5 could not leave")],
        ),
        (
            {}, {"touched": True},
            [("warning",
              "bracket buy 0.5 btcusdt.spot.sim: its stop was touched, leaving the market")],
        ),
    ],
)  # fmt: skip
def test_an_algo_tells_of_its_beginning_its_status_and_its_stop(
    before: dict[str, Any] | None, after: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    known = None if before is None else bracket(**before)

    assert algo_told(bracket(**after), known) == told


# -- accounts -------------------------------------------------------------------------------------

APART = Disagreement(what="position", name="x.sim", ours=D("0.5"), theirs=D("0.4"))


def test_numbers_that_differ_are_told_once_and_both() -> None:
    update = AccountUpdate(account="sim", state="agreed", disagreements=(APART,))

    assert standing_of(update, None) == [
        ("warning", "account sim: position of x.sim is 0.5 here and 0.4 at the venue")
    ]
    assert standing_of(update, update) == []


def test_doubt_is_told_and_so_is_its_end() -> None:
    doubted = AccountUpdate(account="sim", state="in_doubt", reason="the socket is closed")
    agreed = AccountUpdate(account="sim", state="agreed")

    assert standing_of(doubted, agreed) == [("warning", "account sim: the socket is closed")]
    assert standing_of(doubted, doubted) == []
    counting = [
        AccountUpdate(account="sim", state="in_doubt", reason=f"banned for {left_s} s more")
        for left_s in (31, 26)
    ]
    assert standing_of(counting[1], counting[0]) == []
    assert standing_of(agreed, doubted) == [("info", "account sim is agreed with its venue again")]


# -- guards ---------------------------------------------------------------------------------------


def guards(**changes: Any) -> GuardsUpdate:
    accounts = changes.pop("accounts", {})
    own = [AccountGuards(account=name, **fields) for name, fields in accounts.items()]
    return GuardsUpdate(accounts=tuple(own), **changes)


def test_the_kill_switch_is_told_when_it_is_turned_and_when_all_is_confirmed() -> None:
    off = guards()
    on = guards(is_killed=True, kill_reason="by hand", unconfirmed=("o1",))
    confirmed = guards(is_killed=True, kill_reason="by hand")

    assert guards_told(on, off) == [("error", "KILL SWITCH ON: by hand")]
    assert guards_told(on, None) == [("error", "KILL SWITCH ON: by hand")]
    assert guards_told(on, on) == []
    assert guards_told(confirmed, on) == [
        ("info", "all that the kill switch canceled is confirmed")
    ]
    assert guards_told(off, confirmed) == [
        ("warning", "the kill switch is off: orders are taken again")
    ]


def test_a_state_of_all_is_told_once_and_not_for_each_account() -> None:
    active = guards(accounts={"a": {}, "b": {}})
    halted = guards(
        state="halted",
        reason="lunch",
        accounts={"a": {"state": "halted"}, "b": {"state": "halted"}},
    )

    assert guards_told(halted, active) == [("warning", "all accounts are halted: lunch")]
    assert guards_told(active, halted) == [("info", "all accounts are active")]


def test_an_account_that_is_stricter_than_all_is_told_by_its_name() -> None:
    active = guards(accounts={"a": {}, "b": {}})
    loss = {"state": "reducing", "reason": "loss of the day: 1001 of 1000 USDT"}
    one = guards(accounts={"a": loss, "b": {}})
    both = guards(state="halted", accounts={"a": {"state": "halted"}, "b": {"state": "halted"}})

    told = [("warning", "account a is reducing: loss of the day: 1001 of 1000 USDT")]
    assert guards_told(one, active) == told
    assert guards_told(one, both) == [("info", "all accounts are active"), *told]
    assert guards_told(active, one) == [("info", "account a is active")]


def test_of_many_missing_limits_the_first_are_named_and_the_others_counted() -> None:
    one = AccountGuards(account="real", missing_limits=("a", "b", "c", "d"))

    assert guards_told(GuardsUpdate(accounts=(one,)), None) == [
        ("warning", "account real trades nothing: no limit for a, b and 2 more")
    ]


def test_an_end_that_nobody_asked_for_is_told_with_its_reason() -> None:
    gone = order(1, OrderState.CANCELED, reason="no longer at the venue")

    assert told_of(gone) == ("info", "buy 0.2500 btcusdt.spot.sim canceled: no longer at the venue")


def test_arming_and_missing_limits_are_told() -> None:
    locked = guards(accounts={"real": {"is_armed": False}})
    armed = guards(accounts={"real": {"is_armed": True}})
    lacking = guards(accounts={"real": {"is_armed": False, "missing_limits": ("max_order_size",)}})

    assert guards_told(armed, locked) == [
        ("warning", "account real is ARMED: orders of real money pass")
    ]
    assert guards_told(locked, armed) == [("info", "account real is disarmed")]
    assert guards_told(lacking, None) == [
        ("warning", "account real trades nothing: no limit for max_order_size")
    ]
    assert guards_told(lacking, lacking) == []


# -- the record -----------------------------------------------------------------------------------


def test_a_record_that_cannot_be_written_is_told_once_and_so_is_its_end() -> None:
    broken = JournalUpdate(is_written=False, waiting=1, reason="the disk is full")
    worse = JournalUpdate(is_written=False, waiting=9, reason="the disk is full")
    whole = JournalUpdate(is_written=True)

    (told,) = journal_told(broken, None)
    assert told == (
        "error",
        "the disk is full: no new orders; cancels pass, fills are kept in memory",
    )
    assert journal_told(worse, broken) == []
    assert journal_told(whole, worse) == [("info", "everything is on record again")]
    assert journal_told(whole, None) == []
