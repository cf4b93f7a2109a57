"""Self-trade prevention, by the scenarios that a venue publishes and where those end.

https://github.com/binance/binance-spot-api-docs/blob/master/faqs/stp_faq.md, scenarios A to H.
Prices of A to F are in tenths, sizes in tenths; those of G whole, of H in tenths.
"""

from __future__ import annotations

from typing import Any

import pytest

from brokers.sim.events import Executed, Prevented
from brokers.sim.orders import BUY, SELL
from tests.support.matching import Desk, ends, number_of, refusal, trades

THREE_BIDS = [(12, 12, "none"), (13, 11, "none"), (81, 10, "none")]


@pytest.mark.parametrize(
    ("makers", "taker", "wanted_trades", "wanted_ends", "wanted_bids", "wanted_asks"),
    [
        pytest.param([(10, 10, "none")], (10, 10, "none"), [(10, 10, 1)], [], [], [], id="A none"),
        pytest.param(
            THREE_BIDS,
            (30, 10, "expire_maker"),
            [],
            [(1, "self_trade", 12), (2, "self_trade", 13), (3, "self_trade", 81)],
            [],
            [(10, [(4, 30)])],
            id="B makers expire, taker rests",
        ),
        pytest.param(
            THREE_BIDS,
            (30, 10, "expire_taker"),
            [],
            [(4, "self_trade", 30)],
            [(12, [(1, 12)]), (11, [(2, 13)]), (10, [(3, 81)])],
            [],
            id="C taker expires",
        ),
        pytest.param(
            [(10, 10, "none")],
            (30, 10, "expire_both"),
            [],
            [(1, "self_trade", 10), (2, "self_trade", 30)],
            [],
            [],
            id="D both expire",
        ),
        pytest.param(
            [(10, 10, "expire_maker")],
            (10, 10, "expire_taker"),
            [],
            [(2, "self_trade", 10)],
            [(10, [(1, 10)])],
            [],
            id="E the taker's mode counts",
        ),
        pytest.param(
            [(10, 10, "none")],
            (10, None, "expire_maker"),
            [],
            [(1, "self_trade", 10), (2, "expired", 10)],
            [],
            [],
            id="F a market order is left without liquidity",
        ),
    ],
)
def test_prevents_self_trades_as_published(
    makers: list[tuple[int, int, Any]],
    taker: tuple[int, int | None, Any],
    wanted_trades: list[Any],
    wanted_ends: list[Any],
    wanted_bids: list[Any],
    wanted_asks: list[Any],
) -> None:
    desk = Desk()
    for size, price, mode in makers:
        desk.buy(size, price, "me", self_trade=mode)

    size, price, mode = taker
    events = desk.sell(size, price, "me", self_trade=mode)

    assert trades(events) == wanted_trades
    assert ends(events) == wanted_ends
    assert desk.book(BUY) == wanted_bids
    assert desk.book(SELL) == wanted_asks


def test_trades_with_others_before_it_meets_itself() -> None:
    desk = Desk()
    other = number_of(desk.buy(3, 100, "other"))
    desk.buy(3, 99, "me")

    events = desk.sell(9, 99, "me", self_trade="expire_taker")

    assert trades(events) == [(100, 3, other)]
    assert ends(events) == [(3, "self_trade", 6)]


@pytest.mark.parametrize("mode", ["expire_taker", "expire_both"])
def test_kills_a_fill_or_kill_order_that_meets_itself_first(mode: Any) -> None:
    desk = Desk()
    own = number_of(desk.buy(3, 100, "me"))
    desk.buy(9, 99, "other")

    events = desk.sell(5, 99, "me", time_in_force="fok", self_trade=mode)

    assert trades(events) == []
    assert ends(events) == [(3, "expired", 5)]
    assert desk.book(BUY)[0] == (100, [(own, 3)])


def test_does_not_count_own_orders_as_liquidity_of_a_fill_or_kill_order() -> None:
    desk = Desk()
    desk.buy(3, 100, "me")
    other = number_of(desk.buy(4, 99, "other"))

    killed = desk.sell(5, 99, "me", time_in_force="fok", self_trade="expire_maker")
    filled = desk.sell(4, 99, "me", time_in_force="fok", self_trade="expire_maker")

    assert trades(killed) == []
    assert trades(filled) == [(99, 4, other)]


def prevented(events: list[Any]) -> list[tuple[str, int, int, int]]:
    """(mode, maker's number, taken off the taker, off the maker) of each prevented match."""
    return [
        (e.mode, e.maker_id, e.taker_prevented, e.maker_prevented)
        for e in events
        if isinstance(e, Prevented)
    ]


def test_g_decrements_both_and_ends_the_smaller() -> None:
    desk = Desk()
    maker = number_of(desk.buy(6, 2, "me"))
    events = desk.sell(2, 2, "me", self_trade="decrement")

    assert trades(events) == []
    assert prevented(events) == [("decrement", maker, 2, 2)]
    assert ends(events) == [(2, "self_trade", 2)]
    assert desk.book(BUY) == [(2, [(maker, 4)])]
    # Original quantity less executed less prevented is what is left.
    assert desk.prevented(maker) == 2


def test_h_transfers_between_two_accounts_of_one_trade_group() -> None:
    desk = Desk(last_price=3)
    terms = {"self_trade": "transfer", "group": "1"}
    maker = number_of(desk.buy(6, 2, "maker", **terms))
    events = desk.sell(2, 2, "taker", **terms)

    assert trades(events) == []
    assert prevented(events) == [("transfer", maker, 2, 2)]
    assert ends(events) == [(2, "self_trade", 0)]
    assert desk.book(BUY) == [(2, [(maker, 4)])]
    assert desk.prevented(maker) == 2
    assert (desk.engine.position("maker"), desk.engine.position("taker")) == (2, -2)
    assert desk.engine.last_price == 3, "no trade: no price is told, no stop touched"


@pytest.mark.parametrize(
    ("maker_mode", "taker_mode", "owners", "groups", "done"),
    [
        ("transfer", "transfer", ("a", "b"), ("g", "g"), "transfer"),
        ("transfer", "transfer", ("a", "a"), ("g", "g"), "decrement"),
        ("none", "transfer", ("a", "b"), ("g", "g"), "decrement"),
        ("decrement", "transfer", ("a", "b"), ("g", "g"), "decrement"),
        ("expire_both", "transfer", ("a", "b"), ("g", "g"), "decrement"),
        ("transfer", "decrement", ("a", "b"), ("g", "g"), "decrement"),
        ("transfer", "expire_maker", ("a", "b"), ("g", "g"), "expire_maker"),
        ("transfer", "expire_taker", ("a", "b"), ("g", "g"), "expire_taker"),
        ("transfer", "expire_both", ("a", "b"), ("g", "g"), "expire_both"),
        ("expire_both", "none", ("a", "a"), ("g", "g"), ""),
        ("transfer", "transfer", ("a", "b"), ("g", "h"), ""),
        ("transfer", "transfer", ("a", "b"), ("", ""), ""),
        ("transfer", "transfer", ("", ""), ("", ""), ""),
    ],
)
def test_the_effective_mode_is_that_of_the_published_table(
    maker_mode: Any, taker_mode: Any, owners: tuple[str, str], groups: tuple[str, str], done: str
) -> None:
    desk = Desk()
    desk.buy(2, 100, owners[0], group=groups[0], self_trade=maker_mode)
    events = desk.sell(2, 100, owners[1], group=groups[1], self_trade=taker_mode)

    assert [mode for mode, *_ in prevented(events)] == ([done] if done else [])
    assert bool(trades(events)) == (not done)


@pytest.mark.parametrize(
    ("mode", "off_taker", "off_maker"),
    [("expire_taker", 3, 0), ("expire_maker", 0, 5), ("expire_both", 3, 5), ("decrement", 3, 3)],
)
def test_a_prevented_match_says_how_much_each_order_lost(
    mode: Any, off_taker: int, off_maker: int
) -> None:
    desk = Desk()
    maker = number_of(desk.buy(5, 100, "me"))

    events = desk.sell(3, 100, "me", self_trade=mode)

    assert prevented(events) == [(mode, maker, off_taker, off_maker)]


@pytest.mark.parametrize(("size", "bids", "asks"), [(6, [], [1]), (5, [], []), (4, [1], [])])
def test_a_decrement_leaves_what_the_larger_order_has_over(
    size: int, bids: list[int], asks: list[int]
) -> None:
    desk = Desk()
    desk.buy(5, 100, "me")
    desk.sell(size, 100, "me", self_trade="decrement")

    assert [size for _, orders in desk.book(BUY) for _, size in orders] == bids
    assert [size for _, orders in desk.book(SELL) for _, size in orders] == asks


def test_a_decremented_taker_goes_on_to_trade_with_others() -> None:
    desk = Desk()
    desk.buy(2, 100, "me")
    other = number_of(desk.buy(9, 99, "other"))

    events = desk.sell(5, 99, "me", self_trade="decrement")

    assert trades(events) == [(99, 3, other)]
    assert [type(e) for e in events if isinstance(e, Executed | Prevented)] == [Prevented, Executed]


def test_a_decremented_order_keeps_its_place_and_may_be_amended() -> None:
    desk = Desk()
    mine, other = number_of(desk.buy(6, 100, "me")), number_of(desk.buy(5, 100, "other"))
    desk.sell(2, 100, "me", self_trade="decrement")
    assert desk.book(BUY) == [(100, [(mine, 4), (other, 5)])]
    desk.sell(1, 100, "third")

    assert refusal(desk.amend(mine, None, 1)) == "size is not above what is filled"
    desk.amend(mine, None, 2)

    assert desk.book(BUY) == [(100, [(mine, 1), (other, 5)])]


def test_a_decrement_takes_of_an_iceberg_what_it_shows_at_a_time() -> None:
    desk = Desk()
    iceberg = number_of(desk.buy(10, 100, "me", shown=3))
    other = number_of(desk.buy(2, 100, "other"))

    events = desk.sell(7, 100, "me", self_trade="decrement")

    assert [taken for _, _, taken, _ in prevented(events)] == [3, 2]
    assert trades(events) == [(100, 2, other)]
    assert desk.book(BUY) == [(100, [(iceberg, 5)])]
    assert desk.depth(BUY) == [(100, 1, 1)]


@pytest.mark.parametrize("mode", ["decrement", "transfer"])
def test_kills_a_fill_or_kill_order_that_would_be_decremented(mode: Any) -> None:
    desk = Desk()
    desk.buy(3, 100, "me", self_trade=mode)
    desk.buy(9, 99, "other")

    events = desk.sell(5, 99, "me", time_in_force="fok", self_trade=mode)

    assert ends(events) == [(3, "expired", 5)]
    assert prevented(events) == []


def test_a_transfer_ends_what_has_nothing_left_to_reduce() -> None:
    desk = Desk()
    terms = {"self_trade": "transfer", "group": "g"}
    desk.buy(4, 100, "one", **terms)
    desk.sell(4, 100, "third")
    resting = number_of(desk.sell(4, 105, "one", reduce_only=True, **terms))

    desk.buy(4, 90, "two", **terms)
    events = desk.sell(6, 90, "one", reduce_only=True, **terms)

    assert [(mode, size) for mode, _, size, _ in prevented(events)] == [("transfer", 4)]
    assert {(number, cause) for number, cause, _ in ends(events)} == {
        (4, "self_trade"),
        (resting, "expired"),
        (5, "expired"),
    }
    assert (desk.engine.position("one"), desk.engine.position("two")) == (0, 4)


def test_a_transfer_ends_the_group_that_an_order_is_linked_to() -> None:
    desk = Desk()
    terms = {"self_trade": "transfer", "group": "g"}
    desk.buy(4, 100, "one", link="x", **terms)
    linked = number_of(desk.buy(4, 90, "one", link="x", **terms))

    events = desk.sell(1, 100, "two", **terms)

    assert (linked, "canceled", 4) in ends(events)


@pytest.mark.parametrize("mode", ["expire_maker", "decrement"])
def test_of_two_linked_orders_that_meet_the_end_of_one_cancels_the_other(mode: Any) -> None:
    desk = Desk()
    first = number_of(desk.buy(2, 100, "me", link="x"))

    events = desk.sell(5, 100, "me", self_trade=mode, link="x")

    assert [(number, cause) for number, cause, _ in ends(events)] == [
        (first, "self_trade"),
        (2, "canceled"),
    ]
    assert desk.depth(SELL) == []
