"""How paper orders meet the ticks of a market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.paper.market import PaperMarket
from brokers.paper.models import QUEUES, PaperOptions, Slippage
from brokers.paper.orders import Working
from engine.messages import Ask, Bid, Book, Break, Side, Tick, Trade
from tests.support.venue import FQME, INSTRUMENT


class Pit:
    """A market, and what became of the orders in it."""

    def __init__(self, **options: Any) -> None:
        settings = PaperOptions(**options)
        self.fills: list[tuple[str, str, str, str]] = []
        self.ended: list[str] = []
        self.market = PaperMarket(
            INSTRUMENT,
            queue=QUEUES[settings.queue],
            slippage=Slippage(settings),
            on_fill=self._on_fill,
            on_end=lambda order, reason: self.ended.append(order.order_id),
        )

    def _on_fill(self, order: Working, price: Decimal, size: Decimal, is_maker: bool) -> None:
        who = "maker" if is_maker else "taker"
        self.fills.append((order.order_id, f"{price.normalize():f}", f"{size.normalize():f}", who))

    def order(
        self, side: Side, size: str, price: str | None = None, order_id: str = "o", **fields: Any
    ) -> Working:
        order = Working(
            order_id=order_id,
            side=side,
            left=Decimal(size),
            price=None if price is None else Decimal(price),
            **fields,
        )
        self.market.add(order)
        return order

    def tell(self, *ticks: Tick) -> None:
        for tick in ticks:
            self.market.on_tick(tick)

    def quotes(self, bid: float, bid_size: float, ask: float, ask_size: float) -> None:
        self.tell(Bid(FQME, bid, bid_size), Ask(FQME, ask, ask_size))

    def trade(self, price: float, size: float) -> None:
        self.tell(Trade(FQME, price, size))


def pit(**options: Any) -> Pit:
    """A pit at 99 x 5 / 101 x 2."""
    made = Pit(**options)
    made.quotes(99.0, 5.0, 101.0, 2.0)
    made.trade(100.0, 1.0)
    return made


# -- taking -------------------------------------------------------------------------------------


def test_a_market_order_takes_what_is_shown_and_slips_for_the_rest() -> None:
    made = pit()
    made.order("buy", "3")

    assert made.fills == [("o", "101", "2", "taker"), ("o", "101.01", "1", "taker")]


def test_a_limit_order_takes_what_is_shown_and_rests_with_the_rest() -> None:
    made = pit()
    order = made.order("buy", "3", "101.5")
    made.trade(101.4, 0.1)

    assert made.fills == [("o", "101", "2", "taker"), ("o", "101.5", "1", "maker")]
    assert order.left == 0


def test_depth_is_walked_level_by_level() -> None:
    made = pit()
    made.tell(Book(FQME, (), ((101.0, 2.0), (101.5, 3.0), (103.0, 9.0)), is_snapshot=True))
    made.order("buy", "6", "102")

    assert made.fills == [("o", "101", "2", "taker"), ("o", "101.5", "3", "taker")]


def test_depth_better_than_the_best_price_is_out_of_date() -> None:
    made = pit()
    made.tell(Book(FQME, (), ((100.5, 9.0), (101.0, 2.0)), is_snapshot=True))
    made.order("buy", "1")

    assert made.fills == [("o", "101", "1", "taker")]


def test_what_one_order_took_the_next_one_does_not_find_until_it_is_told_anew() -> None:
    made = pit()
    made.order("buy", "2", "101", "first")
    made.order("buy", "2", "101", "second", time_in_force="ioc")
    made.quotes(99.0, 5.0, 101.0, 2.0)
    made.order("buy", "2", "101", "third", time_in_force="ioc")

    assert [fill[0] for fill in made.fills] == ["first", "third"]
    assert made.ended == ["second"]


@pytest.mark.parametrize(
    ("options", "fills"),
    [
        ({"slippage": "none"}, [("o", "101", "3", "taker")]),
        ({"slippage": "ticks", "slippage_ticks": 7}, [("o", "101.07", "3", "taker")]),
        ({"slippage_ticks": 0}, [("o", "101", "2", "taker"), ("o", "101", "1", "taker")]),
    ],
)
def test_slippage_is_chosen_by_configuration(options: dict[str, Any], fills: list[Any]) -> None:
    made = pit(**options)
    made.order("buy", "3")

    assert made.fills == fills


def test_slippage_never_goes_beyond_a_limit() -> None:
    made = pit(slippage="ticks", slippage_ticks=500)
    made.order("sell", "1", "98.5")

    assert made.fills == [("o", "98.5", "1", "taker")]


def test_without_quotes_the_last_price_is_what_can_be_taken() -> None:
    made = Pit()
    made.trade(100.0, 1.0)
    made.order("buy", "3", "100.5")
    made.order("sell", "3", order_id="s")

    assert made.fills == [("o", "100.01", "3", "taker"), ("s", "99.99", "3", "taker")]


def test_a_side_that_is_known_to_be_empty_gives_nothing() -> None:
    made = pit()
    made.tell(Ask(FQME, 0.0, 0.0))
    made.order("buy", "1", "105")
    made.order("buy", "1", order_id="m")
    before = list(made.fills)
    made.tell(Ask(FQME, 104.0, 5.0))

    assert before == []
    assert made.fills == [("m", "104", "1", "taker"), ("o", "105", "1", "maker")]


def test_ioc_ends_with_what_is_left_and_fok_takes_all_or_nothing() -> None:
    made = pit()
    made.order("buy", "3", "101", "fok", time_in_force="fok")
    made.order("buy", "3", "101", "ioc", time_in_force="ioc")
    made.quotes(99.0, 5.0, 101.0, 3.0)
    made.order("buy", "3", "101", "all", time_in_force="fok")

    assert made.fills == [("ioc", "101", "2", "taker"), ("all", "101", "3", "taker")]
    assert made.ended == ["fok", "ioc"]


def test_a_market_order_that_nothing_is_known_for_waits_for_the_first_price() -> None:
    made = Pit()
    made.order("sell", "1")
    made.tell(Bid(FQME, 99.0, 5.0))

    assert made.fills == [("o", "99", "1", "taker")]


# -- resting ------------------------------------------------------------------------------------


def test_a_trade_through_the_price_fills_all_of_it_whatever_is_ahead() -> None:
    made = pit()
    made.order("buy", "50", "99")
    made.trade(98.99, 0.001)

    assert made.fills == [("o", "99", "50", "maker")]


def test_a_trade_at_the_price_fills_only_after_what_stood_ahead() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.trade(99.0, 3.0)
    made.trade(99.0, 2.0)
    before = list(made.fills)
    made.trade(99.0, 0.5)
    made.trade(99.0, 10.0)

    assert before == []
    assert made.fills == [("o", "99", "0.5", "maker"), ("o", "99", "1.5", "maker")]


def test_a_trade_that_reaches_beyond_what_is_ahead_fills_the_difference() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.trade(99.0, 6.0)

    assert made.fills == [("o", "99", "1", "maker")]


def test_own_orders_at_one_price_share_a_trade_in_their_order() -> None:
    made = pit()
    made.order("buy", "2", "99", "first")
    made.order("buy", "2", "99", "second")
    made.trade(99.0, 8.0)

    assert made.fills == [("first", "99", "2", "maker"), ("second", "99", "1", "maker")]


def test_a_trade_and_the_quote_that_tells_of_it_count_once() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.trade(99.0, 3.0)
    made.tell(Bid(FQME, 99.0, 2.0))
    made.trade(99.0, 2.0)
    before = list(made.fills)
    made.trade(99.0, 1.0)

    assert before == []
    assert made.fills == [("o", "99", "1", "maker")]


def test_more_cannot_be_ahead_than_is_shown() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.tell(Bid(FQME, 99.0, 1.0))
    made.trade(99.0, 2.0)

    assert made.fills == [("o", "99", "1", "maker")]


def test_who_comes_later_stands_behind() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.tell(Bid(FQME, 99.0, 500.0))
    made.trade(99.0, 6.0)

    assert made.fills == [("o", "99", "1", "maker")]


def test_a_better_price_has_nobody_ahead() -> None:
    made = pit()
    made.order("buy", "2", "99.5")
    made.trade(99.5, 1.0)

    assert made.fills == [("o", "99.5", "1", "maker")]


def test_a_level_behind_the_best_is_seen_when_the_market_gets_there() -> None:
    made = pit()
    made.order("buy", "2", "98")
    made.tell(Bid(FQME, 98.0, 4.0))
    made.trade(98.0, 4.0)
    before = list(made.fills)
    made.trade(98.0, 1.0)

    assert before == []
    assert made.fills == [("o", "98", "1", "maker")]


def test_depth_tells_what_is_ahead_behind_the_best() -> None:
    made = pit()
    made.tell(Book(FQME, ((99.0, 5.0), (98.0, 3.0)), (), is_snapshot=True))
    made.order("buy", "2", "98")
    made.tell(Book(FQME, ((98.0, 1.0),), ()))
    made.trade(98.0, 2.0)

    assert made.fills == [("o", "98", "1", "maker")]


def test_with_the_proportional_queue_some_of_who_cancels_stood_ahead() -> None:
    made = pit(queue="proportional")
    made.order("buy", "2", "99")
    made.tell(Bid(FQME, 99.0, 10.0))  # five came behind
    made.tell(Bid(FQME, 99.0, 6.0))  # four of ten went, so two of the five ahead
    made.trade(99.0, 4.0)

    assert made.fills == [("o", "99", "1", "maker")]


def test_at_the_front_the_first_trade_at_the_price_fills() -> None:
    made = pit(queue="front")
    made.order("buy", "2", "99")
    made.trade(99.0, 0.5)

    assert made.fills == [("o", "99", "0.5", "maker")]


def test_a_quote_of_the_other_side_at_the_price_fills_what_it_shows() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.tell(Ask(FQME, 99.0, 0.5))
    made.tell(Ask(FQME, 98.0, 0.5))

    assert made.fills == [("o", "99", "0.5", "maker"), ("o", "99", "0.5", "maker")]


def test_what_the_stream_lost_does_not_move_the_queue() -> None:
    made = pit()
    made.order("buy", "2", "99")
    made.tell(Break(FQME, "gap"))
    made.trade(99.0, 4.0)
    made.tell(Bid(FQME, 99.0, 50.0))
    made.trade(99.0, 1.0)
    before = list(made.fills)
    made.trade(99.0, 1.0)

    assert before == []
    assert made.fills == [("o", "99", "1", "maker")]


@pytest.mark.parametrize("anew", ["resync", "stale"])
def test_an_unverified_depth_is_traded_against_only_once_it_was_built_anew(anew: str) -> None:
    made = pit()
    whole = Book(FQME, ((98.0, 1.0),), ((101.0, 1.0), (102.0, 9.0)), is_snapshot=True)
    made.tell(Break(FQME, "unverified"), whole, Ask(FQME, 101.0, 1.0))
    made.order("buy", "3", "102", "doubted", time_in_force="ioc")
    made.tell(Break(FQME, anew), whole, Ask(FQME, 101.0, 1.0))  # type: ignore[arg-type]
    made.order("buy", "3", "102", "proven", time_in_force="ioc")

    # The best price is told by itself, and is good; what lies behind it is not known.
    assert [("doubted", "101", "1"), ("proven", "101", "1"), ("proven", "102", "2")] == [
        fill[:3] for fill in made.fills
    ]


@pytest.mark.parametrize("reason", ["gap", "halt", "resume", "overrun"])
def test_an_unverified_depth_stays_so_after_any_other_break(reason: str) -> None:
    made = pit()
    whole = Book(FQME, ((98.0, 1.0),), ((101.0, 1.0), (102.0, 9.0)), is_snapshot=True)
    made.tell(Break(FQME, "unverified"), Break(FQME, reason), whole)  # type: ignore[arg-type]
    made.order("buy", "3", "102", time_in_force="ioc")

    assert not made.fills


# -- stops --------------------------------------------------------------------------------------


def test_a_stop_sleeps_until_a_trade_touches_it() -> None:
    made = pit()
    made.order("sell", "1", stop_price=Decimal(98))
    made.trade(98.01, 1.0)
    before = list(made.fills)
    made.trade(98.0, 1.0)

    assert before == []
    assert made.fills == [("o", "99", "1", "taker")]


def test_a_stop_limit_rests_where_its_limit_is() -> None:
    made = pit()
    made.order("buy", "1", "100.5", stop_price=Decimal("100.25"))
    made.trade(100.3, 1.0)
    made.trade(100.4, 1.0)

    assert made.fills == [("o", "100.5", "1", "maker")]


def test_a_stop_that_the_market_has_passed_works_at_once() -> None:
    made = pit()
    made.order("buy", "1", stop_price=Decimal("99.5"))

    assert made.fills == [("o", "101", "1", "taker")]


# -- amending -----------------------------------------------------------------------------------


def test_a_smaller_size_keeps_the_place_in_the_queue() -> None:
    made = pit()
    order = made.order("buy", "2", "99")
    made.trade(99.0, 5.0)
    made.market.amend(order, Decimal(99), Decimal(1))
    made.trade(99.0, 3.0)

    assert made.fills == [("o", "99", "1", "maker")]


@pytest.mark.parametrize(("price", "left"), [("99", "3"), ("98.99", "2")])
def test_another_price_or_a_larger_size_goes_to_the_back(price: str, left: str) -> None:
    made = pit()
    made.tell(Book(FQME, ((99.0, 5.0), (98.99, 4.0)), (), is_snapshot=True))
    order = made.order("buy", "2", "99")
    made.order("buy", "1", price, "other")
    made.trade(99.0, 5.0)
    made.market.amend(order, Decimal(price), Decimal(left))
    made.trade(float(price), 5.5)

    assert made.fills[0][0] == "other"


def test_an_amend_to_a_price_that_takes_takes() -> None:
    made = pit()
    order = made.order("buy", "1", "99")
    made.market.amend(order, Decimal(101), Decimal(1))

    assert made.fills == [("o", "101", "1", "taker")]


# -- always -------------------------------------------------------------------------------------

TICKS = st.one_of(
    st.builds(lambda at, size: Trade(FQME, at / 4, size), st.integers(390, 410), st.floats(0.1, 9)),
    st.builds(lambda at, size: Bid(FQME, at / 4, size), st.integers(390, 400), st.floats(0, 9)),
    st.builds(lambda at, size: Ask(FQME, at / 4, size), st.integers(400, 410), st.floats(0, 9)),
    st.just(Break(FQME, "gap")),
)
ORDERS = st.builds(
    lambda side, at, size: (side, str(at / 4), str(size)),
    st.sampled_from(["buy", "sell"]),
    st.integers(390, 410),
    st.integers(1, 9),
)


@given(
    st.lists(st.one_of(TICKS, ORDERS), max_size=60),
    st.sampled_from(["behind", "proportional", "front"]),
)
def test_limits_hold_sizes_add_up_and_what_was_traded_through_is_filled(
    steps: list[Any], queue: str
) -> None:
    made = Pit(queue=queue)
    orders: dict[str, tuple[Working, Decimal]] = {}
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            order = made.order(step[0], step[2], step[1], str(number))
            orders[str(number)] = (order, Decimal(step[2]))
        else:
            made.tell(step)
        if isinstance(step, Trade):
            for order, _ in orders.values():
                assert order.price is not None
                sign = 1 if order.side == "buy" else -1
                through = (order.price - Decimal(step.price)) * sign > 0
                assert not (through and order.left > 0)

    for order_id, (order, size) in orders.items():
        fills = [fill for fill in made.fills if fill[0] == order_id]
        assert size - order.left == sum(Decimal(fill[2]) for fill in fills)
        assert order.left >= 0
        for _, price, filled, _ in fills:
            assert Decimal(filled) > 0
            assert order.price is not None
            assert (order.price - Decimal(price)) * (1 if order.side == "buy" else -1) >= 0
