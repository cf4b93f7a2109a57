"""What the venue says of orders, told once, as the engine's events."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from brokers.binance.account_wire import (
    ExecutionReport,
    OrderReply,
    decode_execution,
    decode_order,
)
from brokers.binance.order_table import ELSEWHERE, KEPT, NOT_REPLACED, OrderTable
from brokers.binance.orders import REPLACES
from engine.ems.orders import fold
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Fill,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
)

D = Decimal
MS = 1_660_801_715_639
NS = MS * 10**6


def order(name: str = "o1", **fields: Any) -> Order:
    terms: dict[str, Any] = {
        "order_id": name,
        "account": "main",
        "fqme": "btcusdt.spot.binance",
        "side": "buy",
        "order_type": "limit",
        "size": D(10),
        "price": D(100),
        **fields,
    }
    return Order(**terms)


def report(execution: str, status: str = "", **fields: Any) -> ExecutionReport:
    said: dict[str, Any] = {
        "s": "BTCUSDT",
        "c": "o1",
        "i": 1,
        "x": execution,
        "X": status or execution,
        "q": "10",
        "p": "100",
        "T": MS,
        **fields,
    }
    return decode_execution(json.dumps(said).encode())


def trade(trade_id: int, size: str, executed: str, **fields: Any) -> ExecutionReport:
    status = "FILLED" if executed == fields.get("q", "10") else "PARTIALLY_FILLED"
    said = {"t": trade_id, "l": size, "L": "99.5", "z": executed, "n": "0.01", "N": "BNB"}
    return report("TRADE", status, **{**said, **fields})


def canceled(mark: str = "c", **fields: Any) -> ExecutionReport:
    client = f"o1_{mark}" if mark else "web_1"
    return report("CANCELED", **{"c": client, "C": "o1", **fields})


def reply(**fields: Any) -> OrderReply:
    said: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "clientOrderId": "o1",
        "price": "100",
        "origQty": "10",
        "executedQty": "0",
        "status": "NEW",
        "transactTime": MS,
        **fields,
    }
    return decode_order(json.dumps(said).encode())


def fill(trade_id: int, size: str) -> dict[str, Any]:
    paid = {"commission": "0.01", "commissionAsset": "BNB"}
    return {"price": "99.5", "qty": size, "tradeId": trade_id, **paid}


def sent(name: str = "o1", **fields: Any) -> OrderTable:
    table = OrderTable()
    table.send(order(name, **fields), "BTCUSDT")
    return table


ACCEPTED = Accepted(order_id="o1", venue_order_id="1", venue_ns=NS)


def filled(trade_id: int, size: str, liquidity: Any = "taker") -> Filled:
    return Filled(
        order_id="o1",
        trade_id=str(trade_id),
        price=D("99.5"),
        size=D(size),
        fee=D("0.01"),
        fee_asset="BNB",
        liquidity=liquidity,
        venue_ns=NS,
    )


# -- a new order -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer_first", [True, False])
def test_an_order_is_acknowledged_once_by_answer_and_event(answer_first: bool) -> None:
    table = sent()
    events = [table.placed("o1", reply())] if answer_first else []
    events.append(table.take(report("NEW")))
    events += [table.placed("o1", reply()), table.take(report("NEW"))]

    assert list(itertools.chain(*events)) == [ACCEPTED]


def test_a_trade_is_told_once_with_what_it_cost_and_who_made_it() -> None:
    table = sent()
    events = table.take(report("NEW")) + table.take(trade(7, "4", "4", m=True))
    events += table.take(trade(7, "4", "4", m=True))

    assert events == [ACCEPTED, filled(7, "4", "maker")]


def test_trades_in_an_answer_and_as_events_are_the_same() -> None:
    table = sent()
    answer = reply(executedQty="10", status="FILLED", fills=[fill(7, "4"), fill(8, "6")])
    events = table.placed("o1", answer)
    events += table.take(report("NEW")) + table.take(trade(7, "4", "4"))
    events += table.take(trade(8, "6", "10"))

    assert events == [ACCEPTED, filled(7, "4"), filled(8, "6")]
    assert list(table.working()) == []


def test_a_trade_before_its_acknowledgement_is_told_at_once() -> None:
    table = sent()

    assert table.take(trade(7, "4", "4")) == [filled(7, "4")]
    assert table.take(report("NEW", z="4")) == [ACCEPTED]


def test_an_order_that_ends_by_its_own_terms_has_expired() -> None:
    table = sent()
    answer = reply(status="EXPIRED", executedQty="4", fills=[fill(7, "4")])
    events = table.placed("o1", answer) + table.take(report("EXPIRED"))

    assert [type(event) for event in events] == [Accepted, Filled, Expired]


def test_an_order_that_is_refused_works_no_longer() -> None:
    table = sent()
    table.refused("o1")

    assert list(table.working()) == []


def test_a_trade_without_a_fee_names_no_asset_of_one() -> None:
    (event,) = sent().take(trade(7, "4", "4", n="0", N=None))

    assert isinstance(event, Filled)
    assert (event.fee, event.fee_asset) == (0, "")


# -- ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_cancel_is_told_once_by_answer_and_event(answer_first: bool) -> None:
    table = sent()
    table.placed("o1", reply())
    answer = reply(clientOrderId="o1_c", origClientOrderId="o1", status="CANCELED")
    calls = [lambda: table.canceled(answer), lambda: table.take(canceled())]
    events = [call() for call in (calls if answer_first else calls[::-1])]

    assert list(itertools.chain(*events)) == [Canceled(order_id="o1", venue_ns=NS)]


def test_a_cancel_from_elsewhere_says_so() -> None:
    table = sent()
    table.placed("o1", reply())

    assert table.take(canceled("")) == [Canceled(order_id="o1", reason=ELSEWHERE, venue_ns=NS)]


def test_a_cancel_of_what_this_client_never_saw_is_of_the_order_it_names() -> None:
    (event,) = OrderTable().take(canceled(i=77))

    assert event.order_id == "o1"


def test_a_fill_that_is_told_after_the_cancel_counts() -> None:
    table = sent()
    table.placed("o1", reply())
    table.take(canceled())

    assert table.take(trade(7, "4", "4")) == [filled(7, "4")]


def test_self_trade_prevention_ends_an_order_or_makes_it_smaller() -> None:
    table = sent()
    table.placed("o1", reply())
    smaller = table.take(report("TRADE_PREVENTION", "NEW", A="4", B="4"))
    ended = table.take(report("TRADE_PREVENTION", "EXPIRED_IN_MATCH", A="10"))

    assert smaller == [Amended(order_id="o1", price=D(100), size=D(6), venue_ns=NS)]
    assert isinstance(ended[0], Expired)
    assert "self-trade" in ended[0].reason


# -- amends ----------------------------------------------------------------------------------------


def test_size_that_is_taken_away_in_place_is_told_once() -> None:
    table = sent()
    table.placed("o1", reply())
    answer = decode_order(
        json.dumps(
            {"symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "o1", "price": "100", "qty": "6"}
        ).encode()
    )
    events = table.amended(answer, MS) + table.take(report("REPLACED", "NEW", q="6"))

    assert events == [Amended(order_id="o1", price=D(100), size=D(6), venue_ns=NS)]


REPLACED = Amended(order_id="o1", price=D(101), size=D(10), venue_ns=NS)


def replacement(**fields: Any) -> dict[str, Any]:
    return {"orderId": 2, "price": "101", **fields}


@pytest.mark.parametrize("steps", list(itertools.permutations(range(4))))
def test_an_order_that_replaces_another_is_an_amend_however_that_is_told(
    steps: tuple[int, ...],
) -> None:
    table = sent()
    table.placed("o1", reply())
    ended = reply(clientOrderId="o1_r", origClientOrderId="o1", status="CANCELED")
    calls = [
        lambda: table.canceled(ended),
        lambda: table.placed("o1", reply(**replacement())),
        lambda: table.take(canceled("r")),
        lambda: table.take(report("NEW", i=2, p="101")),
    ]
    events = list(itertools.chain(*(calls[step]() for step in steps)))

    assert events == [REPLACED]
    tracked = table.get("o1")
    assert tracked is not None
    assert (tracked.current, tracked.is_done) == (2, False)


def test_the_size_of_a_rest_that_is_placed_anew_includes_what_was_traded() -> None:
    table = sent()
    table.placed("o1", reply())
    events = table.take(trade(7, "3", "3"))
    events += table.canceled(
        reply(clientOrderId="o1_r", origClientOrderId="o1", status="CANCELED", executedQty="4")
    )
    events += table.placed("o1", reply(**replacement(origQty="6")))
    events += table.take(trade(8, "1", "4"))  # told late, of the part that is over
    events += table.take(trade(9, "6", "6", i=2, q="6"))

    assert events == [filled(7, "3"), REPLACED, filled(8, "1"), filled(9, "6")]
    tracked = table.get("o1")
    assert tracked is not None
    assert (tracked.executed, tracked.is_done) == (10, True)


def test_an_order_whose_replacement_is_refused_has_ended() -> None:
    for by_event in (True, False):
        table = sent()
        table.placed("o1", reply())
        events = table.take(canceled("r"))
        if by_event:
            events += table.take(report("REJECTED", i=2, r="INSUFFICIENT_BALANCES"))
        events += table.not_replaced("o1", "INSUFFICIENT_BALANCES")

        (event,) = events
        assert isinstance(event, Canceled)
        assert event.reason == f"{NOT_REPLACED}: INSUFFICIENT_BALANCES"


def test_an_order_that_filled_before_it_was_replaced_is_as_large_as_it_traded() -> None:
    table = sent()
    table.placed("o1", reply())
    table.take(canceled("r", z="10"))

    (event,) = table.filled_before_replaced("o1", D(101))
    assert (event.size, event.price) == (10, 101)  # type: ignore[union-attr]


def test_a_rest_of_which_the_beginning_is_not_known_is_not_told_for_a_new_size() -> None:
    table = OrderTable()
    rest = {"i": 2, "q": "6", "j": 1, "J": REPLACES}

    assert table.take(report("NEW", **rest)) == []
    assert table.take(trade(9, "6", "6", **rest)) == [filled(9, "6")]


def test_a_rejection_of_what_never_worked_is_one() -> None:
    (event,) = sent().take(report("REJECTED", r="x\x1b"))

    assert isinstance(event, Rejected)
    assert event.reason == "x\ufffd"


def test_an_end_that_is_told_before_its_beginning_stays_one() -> None:
    table = sent()
    table.placed("o1", reply())
    table.take(canceled("r"))
    events = table.take(canceled(i=2)) + table.take(report("NEW", i=2, p="101"))

    assert [type(event) for event in events] == [Canceled]


# -- what was made elsewhere, or at another time ---------------------------------------------------


def test_an_order_from_elsewhere_is_told_by_the_name_that_it_has_there() -> None:
    table = OrderTable()
    events = table.take(report("NEW", c="web_1", i=5))
    events += table.take(trade(7, "4", "4", c="web_1", i=5))
    events += table.take(canceled(c="web_2", C="web_1", i=5))

    assert [event.order_id for event in events] == [":web_1"] * 3


def test_an_order_of_another_time_is_known_by_the_venues_id() -> None:
    table = OrderTable()
    table.note("o1", "BTCUSDT", 5)
    (event,) = table.take(trade(7, "4", "4", c="renamed-by-somebody", i=5))

    assert event.order_id == "o1"
    assert table.order_id("BTCUSDT", 5) == "o1"
    assert table.order_id("ETHUSDT", 5) == ""


def test_what_was_listed_is_not_told_again() -> None:
    table = OrderTable()
    listed = order(size=D(10), filled=D(4))
    table.listed(reply(orderId=2, executedQty="1"), listed, {1: D(3), 2: D(1)}, is_done=False)
    events = table.take(report("NEW", i=2)) + table.take(canceled("r", i=1, z="3"))

    assert events == []
    assert table.symbols() == {"BTCUSDT"}
    tracked = table.get("o1")
    assert tracked is not None
    assert (tracked.before, tracked.with_fills) == (3, 2)


def test_fills_that_were_asked_for_are_told_once() -> None:
    table = sent()
    listed = Fill(
        order_id="o1",
        account="main",
        fqme="btcusdt.spot.binance",
        trade_id="7",
        side="buy",
        price=D("99.5"),
        size=D(4),
        fee=D("0.01"),
        fee_asset="BNB",
        liquidity="maker",
        venue_ns=NS,
    )
    events = table.filled("o1", "BTCUSDT", [listed, listed]) + table.take(trade(7, "4", "4"))

    assert events == [filled(7, "4", "maker")]


def test_orders_that_are_done_are_forgotten_in_the_end() -> None:
    table = sent("working")
    for number in range(KEPT + 1):
        name = f"o{number}"
        table.send(order(name), "BTCUSDT")
        table.placed(name, reply(orderId=number + 10, clientOrderId=name, status="EXPIRED"))

    assert table.get("working") is not None
    assert table.get("o0") is None
    assert table.get(f"o{KEPT}") is not None
    assert table.order_id("BTCUSDT", 10) == ""


def test_the_engine_can_fold_whatever_the_table_tells() -> None:
    """An order that is filled in part, replaced, and filled, with everything said twice and in
    whatever order the answers come."""
    ended = reply(clientOrderId="o1_r", origClientOrderId="o1", status="CANCELED", executedQty="4")
    said = [
        lambda table: table.placed("o1", reply()),
        lambda table: table.take(trade(7, "4", "4")),
        lambda table: table.canceled(ended),
        lambda table: table.placed("o1", reply(**replacement(origQty="6"))),
        lambda table: table.take(trade(9, "6", "6", i=2, q="6")),
    ]
    for repeats in itertools.product((1, 2), repeat=len(said)):
        table, ours, trades = sent(), order(state=OrderState.PENDING), set[str]()
        for call, times in zip(said, repeats, strict=True):
            for _ in range(times):
                events: list[OrderEvent] = call(table)
                for event in events:
                    if isinstance(event, Filled):
                        assert event.trade_id not in trades
                        trades.add(event.trade_id)
                    ours = fold(ours, event, NS)

        assert (ours.state, ours.filled, ours.price) == (OrderState.FILLED, 10, 101)
