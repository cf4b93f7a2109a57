"""Scale, iceberg, TWAP, chase and OTO: what they send, when, and when they are over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ems.algos.entries import scale_rungs
from engine.messages import Canceled, ChaseTerms, IcebergTerms, OtoTerms, ScaleTerms, TwapTerms
from tests.support.algos import Bench, refusal, rejected
from tests.support.venue import INSTRUMENT

D = Decimal


def scale(**changes: Any) -> ScaleTerms:
    fields = {"side": "buy", "size": D(6), "count": 3, "first_price": D(99), "last_price": D(97)}
    return ScaleTerms(**{**fields, **changes})


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [("flat", [2, 2, 2]), ("rising", [1, 2, 3]), ("falling", [3, 2, 1])],
)
def test_a_scale_spreads_its_size_by_its_shape(shape: str, sizes: list[int]) -> None:
    bench = Bench(scale(shape=shape))

    prices = [99, 98, 97]
    named = ["1-1", "2-1", "3-1"]
    assert bench.working() == list(zip(named, prices, sizes, strict=True))


@given(
    count=st.integers(1, 50),
    steps=st.integers(1, 10**6),
    shape=st.sampled_from(["flat", "rising", "falling"]),
)
def test_the_sizes_of_a_scale_add_up_on_the_grid(count: int, steps: int, shape: Any) -> None:
    size = steps * INSTRUMENT.size_step
    rungs = scale_rungs(scale(size=size, count=count, shape=shape), INSTRUMENT)

    assert sum(size for _, size in rungs) == size
    assert all(INSTRUMENT.is_on_tick(price) for price, _ in rungs)
    assert all(INSTRUMENT.is_on_step(size) and size >= 0 for _, size in rungs)
    assert (rungs[0][0], rungs[-1][0]) == ((99, 97) if count > 1 else (99, 99))


def test_a_scale_is_done_when_nothing_of_it_works() -> None:
    bench = Bench(scale())
    bench.answer()
    for name in ("1-1", "2-1", "3-1"):
        bench.fill(f"A.{name}")

    assert (bench.algo.status, bench.algo.filled) == ("done", 6)


def test_one_that_is_refused_takes_the_others_with_it_and_says_why() -> None:
    bench = Bench(scale())
    bench.answers.clear()
    bench.say(rejected("A.2-1", "too much"))
    bench.answer()

    assert bench.working() == []
    assert (bench.algo.status, bench.algo.reason) == ("failed", "A.2-1: too much")


def test_a_pause_takes_out_what_is_left_and_a_resume_puts_it_back() -> None:
    bench = Bench(scale())
    bench.answer()
    bench.fill("A.1-1", "0.5")
    bench.pause()
    bench.answer()
    paused = bench.working()
    bench.resume()
    bench.answer()

    assert paused == []
    assert bench.working() == [("1-2", 99, D("1.5")), ("2-2", 98, 2), ("3-2", 97, 2)]


def test_what_somebody_cancels_is_not_put_back() -> None:
    bench = Bench(scale(count=1))
    bench.answer()
    bench.say(Canceled(order_id="A.1-1"))

    assert bench.working() == []
    assert bench.algo.status == "done"
    assert bench.algo.reason == "A.1-1 is canceled: as asked"


def test_an_iceberg_shows_one_part_at_a_time() -> None:
    bench = Bench(IcebergTerms(side="buy", size=D(5), price=D(99), shown=D(2)))
    shown = []
    while bench.working():
        bench.answer()
        (part,) = bench.working()
        shown.append(part[2])
        bench.fill(f"A.{part[0]}")

    assert shown == [2, 2, 1]
    assert (bench.algo.status, bench.algo.filled) == ("done", 5)


def test_an_iceberg_waits_for_all_of_a_part() -> None:
    bench = Bench(IcebergTerms(side="sell", size=D(5), price=D(101), shown=D(2)))
    bench.answer()
    bench.fill("A.part-1", "1.5")

    assert bench.working() == [("part-1", 101, D("0.5"))]


def test_a_twap_sends_its_parts_in_time_and_what_was_left_with_the_next() -> None:
    bench = Bench(TwapTerms(side="buy", size=D(9), count=3, interval_s=10, price=D(101)))
    bench.answer()
    first = bench.working()
    bench.fill("A.part-1", "1")
    bench.wait(9)
    same = bench.working()
    bench.wait(1)
    bench.answer()
    bench.wait(0)
    second = bench.working()

    assert first == [("part-1", 101, 3)]
    assert same == [("part-1", 101, 2)]
    assert second == [("part-2", 101, 5)]


def test_a_twap_is_over_an_interval_after_its_last_part() -> None:
    bench = Bench(TwapTerms(side="buy", size=D(2), count=2, interval_s=10, price=D(99)))
    for _ in range(3):
        bench.answer()
        bench.wait(10)
        bench.answer()
        bench.wait(0)

    assert bench.working() == []
    assert (bench.algo.status, bench.algo.reason) == ("done", "2 was not filled in time")


def test_a_paused_twap_sends_nothing_and_does_not_catch_up() -> None:
    bench = Bench(TwapTerms(side="buy", size=D(4), count=4, interval_s=10))
    bench.answer()
    bench.fill("A.part-1")
    bench.pause()
    bench.wait(100)
    while_paused = bench.working()
    bench.resume()
    bench.wait(0)

    assert while_paused == []
    assert bench.working() == [("part-2", None, 1)]


def chase(**changes: Any) -> ChaseTerms:
    fields = {"side": "buy", "size": D(2), "limit_price": D(102), "every_s": 1.0}
    return ChaseTerms(**{**fields, **changes})


def test_a_chase_follows_the_best_price_of_its_side_up_to_its_limit() -> None:
    bench = Bench(chase())
    at = []
    for price in (100, 102, 101, 110):
        bench.markets.set_quote(last=price, bid=price - 1.0, ask=price + 1.0)
        bench.wait(1)
        bench.answer()
        at += [price for _, price, _ in bench.working()]

    assert at == [99, 101, 100, 102]


def test_a_chase_waits_between_two_moves_and_for_the_answer_to_the_last() -> None:
    bench = Bench(chase())
    bench.answer()
    bench.wait(1)
    bench.markets.set_quote(last=101, bid=100.0, ask=102.0)
    bench.wait(0.1)
    bench.markets.set_quote(last=102, bid=101.0, ask=103.0)
    bench.wait(0.1)
    bench.wait(5)  # the first amend is not answered yet

    assert [action for action in bench.did if type(action).__name__ == "Change"] == [
        ("A.order-1", 100)
    ]


def test_a_chase_stops_to_move_after_as_many_as_it_may() -> None:
    bench = Bench(chase(most_moves=1))
    bench.answer()
    for bid in (98.0, 97.0, 96.0):
        bench.markets.set_quote(last=bid, bid=bid, ask=bid + 2)
        bench.wait(1)
        bench.answers = []
        order = bench.child("order-1")
        if order.awaiting == "amend":
            bench.say(refusal("A.order-1", "amend"))

    assert bench.algo.moves == 1


def test_a_chase_stays_some_ticks_behind_and_waits_for_a_market() -> None:
    bench = Bench(chase(side="sell", limit_price=D(50), offset_ticks=3))
    bench.answer()

    assert bench.working() == [("order-1", D("101.03"), 2)]


def test_the_second_of_an_oto_comes_when_the_first_is_over_for_what_it_filled() -> None:
    bench = Bench(OtoTerms(side="buy", size=D(3), price=D(99), then_side="sell", then_price=D(105)))
    bench.answer()
    bench.fill("A.first-1", "1")
    before = bench.working()
    bench.fill("A.first-1")
    bench.answer()
    after = bench.working()
    bench.fill("A.then-1")

    assert before == [("first-1", 99, 2)]
    assert after == [("then-1", 105, 3)]
    assert bench.algo.status == "done"
