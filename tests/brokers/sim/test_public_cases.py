"""Cases that other matching engines are tested with, told anew.

What they agree on is tested with their numbers. Where they differ, `brokers.sim.matching` says
what is done here. Read in 2026-11:

* https://github.com/enewhuis/liquibook, test/unit: ut_order_book, ut_immediate_or_cancel,
  ut_stop_orders. Its market orders may rest; here what they leave expires.
* https://github.com/chronoxor/CppTrader, tests/test_matching_engine.cpp.
* https://github.com/zscott/MultiBitExchange, OrderBook.LimitOrder.Matching.feature.
* https://github.com/ArjunVachhani/order-matcher, MatchingEngineIcebergOrderTests and
  MatchingEngineSelfMatchTests.
* The example of two icebergs in the market model of Xetra, as in IcebergOrderSpec of tinyexch.
"""

from __future__ import annotations

from typing import Any

import pytest

from brokers.sim.events import Elected
from brokers.sim.orders import BUY, SELL
from tests.support.matching import Desk, ends, number_of, trades

Orders = list[tuple[str, int, int]]
"""Side, size and price of limit orders, as they come; numbers count from 1."""


def desk_with(orders: Orders) -> Desk:
    desk = Desk()
    for side, size, price in orders:
        assert trades(desk.send(BUY if side == "buy" else SELL, size, price)) == []
    return desk


# -- price and time ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resting", "taker", "traded", "bids", "asks"),
    [
        pytest.param(
            [("buy", 100, 1250), ("sell", 100, 1251), ("sell", 100, 1252)],
            ("buy", 100, 1251),
            [(1251, 100, 2)],
            [(1250, 1, 100)],
            [(1252, 1, 100)],
            id="a bid takes all of one ask",
        ),
        pytest.param(
            [("buy", 100, 1250), ("sell", 100, 1251)],
            ("sell", 100, 1250),
            [(1250, 100, 1)],
            [],
            [(1251, 1, 100)],
            id="an ask takes all of one bid",
        ),
        pytest.param(
            [("buy", 100, 1250), ("sell", 300, 1251), ("sell", 100, 1252), ("sell", 200, 1251)],
            ("buy", 500, 1251),
            [(1251, 300, 2), (1251, 200, 4)],
            [(1250, 1, 100)],
            [(1252, 1, 100)],
            id="a bid takes a level of two",
        ),
        pytest.param(
            [
                ("buy", 100, 9250),
                ("buy", 500, 9250),
                ("buy", 100, 9248),
                ("sell", 300, 9251),
                ("sell", 100, 9252),
                ("sell", 200, 9251),
            ],
            ("sell", 600, 9250),
            [(9250, 100, 1), (9250, 500, 2)],
            [(9248, 1, 100)],
            [(9251, 2, 500), (9252, 1, 100)],
            id="an ask takes a level of two",
        ),
        pytest.param(
            [("buy", 100, 7250), ("sell", 300, 7253), ("sell", 100, 7252), ("sell", 200, 7251)],
            ("buy", 350, 7251),
            [(7251, 200, 4)],
            [(7251, 1, 150), (7250, 1, 100)],
            [(7252, 1, 100), (7253, 1, 300)],
            id="a bid rests with what it could not take",
        ),
        pytest.param(
            [("buy", 100, 1250), ("sell", 300, 1253), ("buy", 370, 1251), ("buy", 200, 1251)],
            ("sell", 700, 1251),
            [(1251, 370, 3), (1251, 200, 4)],
            [(1250, 1, 100)],
            [(1251, 1, 130), (1253, 1, 300)],
            id="an ask rests with what it could not take",
        ),
        pytest.param(
            [("buy", 100, 104), ("buy", 200, 103), ("sell", 100, 107), ("sell", 200, 108)],
            ("buy", 100, 108),
            [(107, 100, 3)],
            [(104, 1, 100), (103, 1, 200)],
            [(108, 1, 200)],
            id="a trade is at the price of the order that rests",
        ),
        pytest.param(
            [("buy", 100, 104), ("buy", 200, 103), ("sell", 100, 107), ("sell", 200, 108)],
            ("sell", 400, 102),
            [(104, 100, 1), (103, 200, 2)],
            [],
            [(102, 1, 100), (107, 1, 100), (108, 1, 200)],
            id="a sale larger than all bids leaves the rest in the book",
        ),
    ],
)
def test_a_limit_order_takes_what_it_can_reach_and_rests_with_the_rest(
    resting: Orders,
    taker: tuple[str, int, int],
    traded: list[tuple[int, int, int]],
    bids: list[Any],
    asks: list[Any],
) -> None:
    desk = desk_with(resting)
    side, size, price = taker

    events = desk.send(BUY if side == "buy" else SELL, size, price)

    assert trades(events) == traded
    assert (desk.depth(BUY), desk.depth(SELL)) == (bids, asks)


def test_one_large_bid_is_taken_bit_by_bit() -> None:
    desk = desk_with([("buy", 100, 1250), ("buy", 900, 1251)])
    left = []
    for size in (100, 300, 200, 400):
        desk.sell(size, 1251)
        left.append((desk.depth(BUY), desk.depth(SELL)))

    assert left == [
        ([(1251, 1, 800), (1250, 1, 100)], []),
        ([(1251, 1, 500), (1250, 1, 100)], []),
        ([(1251, 1, 300), (1250, 1, 100)], []),
        ([(1250, 1, 100)], [(1251, 1, 100)]),
    ]


def test_a_day_of_adding_changing_and_replacing_leaves_what_it_should() -> None:
    bids = [("buy", size, price) for price in (10, 20, 30) for size in (10, 20, 30)]
    asks = [("sell", size, price) for price in (40, 50, 60) for size in (30, 20, 10)]
    desk = desk_with([*bids, *asks])

    def book() -> tuple[tuple[int, int], tuple[int, int]]:
        """Orders and size of the bids, and of the asks."""
        bids, asks = (
            [order for _, orders in desk.book(side) for order in orders] for side in (BUY, SELL)
        )
        return (len(bids), sum(n for _, n in bids)), (len(asks), sum(n for _, n in asks))

    assert book() == ((9, 180), (9, 180))
    for size in (5, 25, 15, 20):
        desk.sell(size, 30)
    assert book() == ((6, 120), (10, 185))
    desk.buy(105, 60)
    assert book() == ((6, 120), (5, 80))
    desk.amend(15, 20, 20)
    assert book() == ((5, 100), (4, 70))
    desk.cancel(2)
    desk.buy(100, 70)
    assert book() == ((5, 110), (0, 0))
    desk.cancel(1)
    desk.sell(100, 1)
    assert book() == ((0, 0), (0, 0))


# -- at once or not at all --------------------------------------------------------------------

AROUND: Orders = [("sell", 100, 1251), ("sell", 100, 1252), ("buy", 100, 1249), ("buy", 100, 1248)]


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(
    ("best_size", "size", "through", "ioc", "fok"),
    [
        pytest.param(0, 100, 0, [], [], id="nothing to match"),
        pytest.param(100, 300, 0, [100], [], id="a part"),
        pytest.param(400, 300, 0, [300], [300], id="all, of one order"),
        pytest.param(400, 500, 1, [400, 100], [400, 100], id="all, of two levels"),
    ],
)
def test_an_immediate_order_takes_what_is_there_and_a_killed_one_all_or_nothing(
    side: str, best_size: int, size: int, through: int, ioc: list[int], fok: list[int]
) -> None:
    sign = BUY if side == "buy" else SELL
    for term, wanted in (("ioc", ioc), ("fok", fok)):
        desk = desk_with(AROUND)
        if best_size:
            desk.send(-sign, best_size, 1250)
        events = desk.send(sign, size, 1250 + through * sign, time_in_force=term)

        assert [traded for _, traded, _ in trades(events)] == wanted
        left = size - sum(wanted)
        assert [gone for _, _, gone in ends(events)] == ([left] if left else [])


# -- stops ------------------------------------------------------------------------------------


def test_stops_away_from_the_market_wait() -> None:
    desk = desk_with([("buy", 100, 55)])
    desk.sell(100)

    assert trades(desk.buy(100, kind="stop", stop_price=56)) == []
    assert trades(desk.sell(100, kind="stop", stop_price=54)) == []
    assert {order.order_id for order in desk.engine.orders()} == {3, 4}


def test_stops_at_the_market_work_at_once() -> None:
    desk = desk_with([("buy", 100, 55)])
    desk.sell(100)
    desk.sell(100, 57)

    assert trades(desk.buy(100, kind="stop", stop_price=55)) == [(57, 100, 3)]


def test_a_trade_elects_the_stop_that_it_reaches_and_that_trades_with_what_rests() -> None:
    desk = Desk(last_price=55)
    low, high = number_of(desk.buy(100, 53)), number_of(desk.sell(100, 57))
    buy_stop = number_of(desk.buy(100, kind="stop", stop_price=56))
    sell_stop = number_of(desk.sell(100, kind="stop", stop_price=54))

    up = [*desk.buy(1000, 56), *desk.sell(1000, 56)]
    assert [e.order_id for e in up if isinstance(e, Elected)] == [buy_stop]
    assert trades(up)[-1] == (57, 100, high)
    assert desk.engine.last_price == 57

    down = [*desk.buy(1000, 54), *desk.sell(1000, 54)]
    assert [e.order_id for e in down if isinstance(e, Elected)] == [sell_stop]
    assert trades(down)[-1] == (53, 100, low)
    assert desk.engine.last_price == 53


# -- icebergs ---------------------------------------------------------------------------------


def test_two_icebergs_and_a_limit_order_take_turns() -> None:
    desk = Desk()
    desk.sell(500, 203)
    desk.buy(6_000, 202)
    desk.buy(2_000, 201)

    first = desk.sell(50_000, 201, shown=10_000)
    one = number_of(first)
    assert [(price, size) for price, size, _ in trades(first)] == [(202, 6_000), (201, 2_000)]
    # The first part is what it shows less what it took.
    assert desk.depth(SELL) == [(201, 1, 2_000), (203, 1, 500)]

    assert trades(desk.buy(5_000)) == [(201, 2_000, one), (201, 3_000, one)]
    assert desk.depth(SELL) == [(201, 1, 7_000), (203, 1, 500)]

    two = number_of(desk.sell(30_000, 201, shown=5_000))
    assert trades(desk.buy(14_000)) == [(201, 7_000, one), (201, 5_000, two), (201, 2_000, one)]

    limit = number_of(desk.sell(2_000, 201))
    assert trades(desk.buy(23_000)) == [
        (201, 8_000, one),
        (201, 5_000, two),
        (201, 2_000, limit),
        (201, 8_000, one),
    ]
    assert desk.book(SELL)[0] == (201, [(one, 12_000), (two, 20_000)])
    assert desk.depth(SELL)[0] == (201, 2, 5_000 + 2_000)


def test_an_iceberg_shows_part_after_part_until_it_is_done() -> None:
    desk = Desk()
    iceberg = number_of(desk.sell(1_500, 10, shown=500))
    seen = []
    for size in (500, 200, 300, 500):
        desk.buy(size, 10)
        seen.append(desk.depth(SELL))

    assert seen == [[(10, 1, 500)], [(10, 1, 300)], [(10, 1, 500)], []]
    assert desk.engine.order(iceberg) is None


def test_a_canceled_iceberg_gives_back_what_did_not_trade() -> None:
    desk = Desk()
    iceberg = number_of(desk.sell(5_000, 10, shown=500))
    desk.buy(500, 10)
    desk.buy(200, 10)

    assert ends(desk.cancel(iceberg)) == [(iceberg, "canceled", 4_300)]


# -- self-matches -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "size", "bids", "asks"),
    [
        pytest.param("expire_taker", 900, [(10, 1, 1000)], [], id="cancel newest"),
        pytest.param("expire_maker", 900, [], [(10, 1, 900)], id="cancel oldest"),
        pytest.param("decrement", 1100, [], [(10, 1, 100)], id="decrement, incoming is larger"),
        pytest.param("decrement", 900, [(10, 1, 100)], [], id="decrement, incoming is smaller"),
        pytest.param("none", 1000, [], [], id="match"),
    ],
)
def test_a_self_match_leaves_what_its_action_says(
    mode: Any, size: int, bids: list[Any], asks: list[Any]
) -> None:
    desk = Desk()
    desk.buy(1000, 10, "me")

    events = desk.sell(size, 10, "me", self_trade=mode)

    assert bool(trades(events)) == (mode == "none")
    assert (desk.depth(BUY), desk.depth(SELL)) == (bids, asks)


def test_stop_limits_that_are_elected_rest_in_the_order_they_came() -> None:
    desk = Desk(last_price=10)
    terms = {"kind": "stop_limit", "stop_price": 11}
    first, second = (number_of(desk.buy(500, 10, **terms)) for _ in range(2))
    far = number_of(desk.buy(500, 10, kind="stop_limit", stop_price=13))
    desk.sell(500, 12)

    events = desk.buy(500, 12)

    assert [e.order_id for e in events if isinstance(e, Elected)] == [first, second]
    assert desk.book(BUY) == [(10, [(first, 500), (second, 500)])]
    assert [level.price for level in desk.engine.stops(BUY)] == [13]
    assert ends(desk.cancel(second)) == [(second, "canceled", 500)]
    assert ends(desk.cancel(far)) == [(far, "canceled", 500)]
