"""Algos that go on with other terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.ems.algos.amends import amend_fault, kind_of, terms_by
from engine.ems.reconcile import NEVER_THERE
from engine.messages import (
    Algo,
    AlgoTerms,
    BracketTerms,
    Canceled,
    ChaseTerms,
    Expired,
    IcebergTerms,
    OcoTerms,
    Order,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)
from tests.support.algos import SIMPLE, A, Bench, refusal
from tests.support.venue import EVERYTHING, FQME

D = Decimal
BRACKET = BracketTerms(
    side="buy",
    size=D(3),
    price=D(100),
    stop_price=D(95),
    targets=((D(105), D(1)), (D(110), D(2))),
)
OCO = OcoTerms(side="sell", size=D(2), price=D(105), stop_price=D(95))
OTO = OtoTerms(side="buy", size=D(3), price=D(99), then_side="sell", then_price=D(104))
ICEBERG = IcebergTerms(side="buy", size=D(5), price=D(99), shown=D(2))
SCALE = ScaleTerms(side="sell", size=D(6), count=3, first_price=D(101), last_price=D(105))
TWAP = TwapTerms(side="buy", size=D(5), count=3, interval_s=2.0, price=D(101))
CHASE = ChaseTerms(side="buy", size=D(3), limit_price=D(103))

CANNOT_AMEND = replace(SIMPLE, can_amend=False)
LINKS_ONLY = replace(EVERYTHING, can_amend=False)
FIXED_LINKS = replace(EVERYTHING, can_amend_linked=False)


def entered(**fields: Any) -> Bench:
    bench = Bench(replace(BRACKET, **fields))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    return bench


# -- where the stop is held here -----------------------------------------------------------------


def test_a_stop_that_is_held_here_moves_and_may_pass_the_price_of_entry() -> None:
    bench = entered()
    assert bench.amend(stop_price=D(101)) is None
    bench.tick(102)
    assert not bench.algo.touched
    bench.tick(101)

    assert bench.algo.touched


def test_targets_are_amended_where_they_work() -> None:
    bench = entered()
    assert bench.amend(targets=((D(106), D(1)), (D(110), D(2)))) is None
    bench.answer()

    assert bench.working() == [("target1-1", 106, 1), ("target2-1", 110, 2)]
    assert len(bench.dark) == 1


def test_where_the_venue_amends_nothing_a_target_is_replaced_for_what_is_left() -> None:
    bench = Bench(BRACKET, CANNOT_AMEND)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.fill("A.target2-1", "0.5")
    bench.amend(targets=((D(105), D(1)), (D(120), D(2))))
    leaving = bench.working()
    bench.answer()

    assert leaving == [("target1-1", 105, 1), ("target2-1", 110, D("1.5"))]
    assert bench.working() == [("target1-1", 105, 1), ("target2-2", 120, D("1.5"))]


def test_an_entry_that_works_is_amended_and_its_fills_are_left_at_the_targets() -> None:
    bench = Bench(BRACKET)
    bench.answer()
    bench.fill("A.entry-1", "1")
    bench.amend(price=D(101))
    bench.answer()

    assert bench.working() == [("entry-1", 101, 2), ("target1-1", 105, 1)]


def test_an_amend_that_the_venue_refuses_is_asked_again_but_not_at_once() -> None:
    bench = entered(targets=((D(105), D(3)),))
    bench.amend(targets=((D(106), D(3)),))
    bench.answers.clear()
    bench.say(refusal("A.target1-1", "amend"))
    at_once = len(bench.answers)
    bench.wait(1)

    assert at_once == 0
    bench.answer()
    assert bench.working() == [("target1-1", 106, 3)]
    assert not bench.runner.needs_time


def test_new_terms_outlive_a_restart_that_comes_before_the_amend_left() -> None:
    bench = entered(targets=((D(105), D(3)),))
    wanted = replace(bench.algo, terms=replace(BRACKET, targets=((D(106), D(3)),)))
    bench.runner.restore([wanted])
    bench.restart()
    bench.answer()

    assert bench.working() == [("target1-1", 106, 3)]


# -- where the venue links ------------------------------------------------------------------------


def native() -> Bench:
    bench = Bench(OCO, EVERYTHING)
    bench.answer()
    return bench


def test_the_limit_of_a_linked_pair_is_amended_in_place() -> None:
    bench = native()
    bench.amend(price=D(106))
    bench.answer()

    assert bench.working() == [("stop-1", 95, 2), ("limit-1", 106, 2)]


def test_a_pair_that_its_venue_links_for_good_is_replaced_for_another_limit() -> None:
    bench = Bench(OCO, FIXED_LINKS)
    bench.answer()
    bench.amend(price=D(106))
    bench.answer()

    assert bench.working() == [("stop-2", 95, 2), ("limit-2", 106, 2)]
    assert {bench.child(name).link_group for name in ("stop-2", "limit-2")} == {"A.1"}


def test_what_a_fixed_link_left_over_is_amended_in_place() -> None:
    bench = Bench(OCO, FIXED_LINKS)
    bench.answer()
    bench.fill("A.limit-1", "0.5")
    bench.say(Expired(order_id="A.stop-1"))
    bench.amend(price=D(106))
    bench.answer()

    assert bench.working() == [("limit-1", 106, D("1.5"))]


def test_a_linked_pair_is_replaced_for_another_stop_which_is_held_here_meanwhile() -> None:
    bench = native()
    bench.amend(stop_price=D(97))
    assert len(bench.dark) == 1
    bench.answer()

    assert bench.working() == [("stop-2", 97, 2), ("limit-2", 105, 2)]
    groups = {bench.child(name).link_group for name in ("stop-2", "limit-2")}
    assert groups == {"A.1"}
    assert len(bench.dark) == 0


def test_nothing_takes_the_place_of_a_pair_before_both_of_it_are_gone() -> None:
    bench = native()
    bench.amend(stop_price=D(97))
    bench.answers.clear()
    bench.say(Canceled(order_id="A.stop-1"))
    half = bench.working()
    bench.fill("A.limit-1", "0.5")
    bench.say(Canceled(order_id="A.limit-1"))
    bench.answer()

    assert half == [("limit-1", 105, 2)]
    assert bench.working() == [("stop-2", 97, D("1.5")), ("limit-2", 105, D("1.5"))]


def test_a_stop_that_is_reached_while_its_pair_is_replaced_leaves_with_what_is_left() -> None:
    bench = native()
    bench.amend(stop_price=D(97))
    bench.fill("A.limit-1", "0.5")
    bench.tick(97)
    assert [name for name, _, _ in bench.working()] == ["stop-1", "limit-1"]
    bench.answer()
    assert bench.working() == [("out-1", None, D("1.5"))]
    bench.fill("A.out-1")

    assert (bench.algo.status, bench.algo.filled) == ("done", 2)


def test_a_pair_that_traded_all_while_it_was_replaced_is_over() -> None:
    bench = native()
    bench.amend(stop_price=D(97))
    bench.answers.clear()
    bench.fill("A.limit-1")
    bench.say(Canceled(order_id="A.stop-1"))

    assert (bench.algo.status, bench.algo.reason) == ("done", "")
    assert bench.working() == []


def test_each_pair_of_a_linked_bracket_gets_the_new_stop() -> None:
    bench = Bench(BRACKET, EVERYTHING)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.amend(stop_price=D(98))
    bench.answer()

    assert bench.working() == [
        ("stop1-2", 98, 1),
        ("target1-2", 105, 1),
        ("stop2-2", 98, 2),
        ("target2-2", 110, 2),
    ]


def test_a_cancel_of_a_pair_that_is_refused_is_asked_again() -> None:
    bench = native()
    bench.amend(stop_price=D(97))
    bench.answers.clear()
    bench.say(refusal("A.stop-1", "cancel"))
    bench.say(refusal("A.limit-1", "cancel"))
    bench.wait(1)
    bench.answer()

    assert bench.working() == [("stop-2", 97, 2), ("limit-2", 105, 2)]


def test_a_linked_pair_at_a_venue_that_amends_nothing_is_replaced_for_another_limit() -> None:
    bench = Bench(OCO, LINKS_ONLY)
    bench.answer()
    bench.amend(price=D(106))
    bench.answer()

    assert bench.working() == [("stop-2", 95, 2), ("limit-2", 106, 2)]


# -- the others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "change", "working"),
    [
        (OTO, {"price": D(98)}, [("first-1", 98, 3)]),
        (ICEBERG, {"price": D(98)}, [("part-1", 98, 2)]),
        (OCO, {"price": D(106)}, [("limit-1", 106, 2)]),
        (CHASE, {"limit_price": D(98)}, [("order-1", 98, 3)]),
    ],
)
def test_what_works_gets_the_new_price(
    terms: AlgoTerms, change: dict[str, Any], working: list[Any]
) -> None:
    bench = Bench(terms)
    bench.tick(100)
    bench.answer()
    assert bench.amend(**change) is None
    bench.wait(1)
    bench.answer()

    assert bench.working() == working


def test_a_part_of_a_twap_is_amended_and_the_next_one_comes_by_the_new_interval() -> None:
    bench = Bench(TWAP)
    bench.answer()
    bench.amend(price=D(102), interval_s=1.0)
    bench.answer()
    assert [price for _, price, _ in bench.working()] == [102]
    bench.fill("A.part-1")
    bench.wait(1)
    bench.answer()

    assert [name for name, _, _ in bench.working()] == ["part-2"]


def test_an_iceberg_shows_as_much_as_it_is_told_from_its_next_part_on() -> None:
    bench = Bench(ICEBERG)
    bench.answer()
    bench.amend(shown=D(1))
    bench.fill("A.part-1")
    bench.answer()

    assert bench.working() == [("part-2", 99, 1)]


# -- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "change", "check", "value"),
    [
        (BRACKET, {"size": D(4)}, "terms", "size"),
        (BRACKET, {"side": "sell"}, "terms", "side"),
        (BRACKET, {"targets": ((D(105), D(2)), (D(110), D(1)))}, "terms", "targets"),
        (BRACKET, {"price": None}, "terms", "price"),
        (BRACKET, {"stop_price": D(107)}, "stop", "107"),
        (OCO, {"stop_price": D("95.001")}, "price_tick", "95.001"),
        (SCALE, {"first_price": D(102)}, "terms", "first_price"),
        (TWAP, {"count": 4}, "terms", "count"),
        (TWAP, {"interval_s": 0.0}, "interval", "0 s"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_changes_nothing(
    terms: AlgoTerms, change: dict[str, Any], check: str, value: str
) -> None:
    bench = Bench(terms)
    bench.answer()
    before, did = bench.algo, len(bench.did)
    refused = bench.amend(**change)

    assert refused is not None
    assert (refused.command, refused.check, refused.value) == ("amendalgo", check, value)
    assert refused.reason
    assert refused.limit
    assert (bench.algo, len(bench.did)) == (before, did)


def test_an_algo_that_is_leaving_or_has_ended_keeps_its_terms() -> None:
    bench = entered()
    bench.tick(95)
    leaving = bench.amend(stop_price=D(90))
    bench.cancel()
    bench.answer()
    ended = bench.amend(stop_price=D(90))

    assert leaving is not None
    assert ended is not None
    assert (leaving.value, ended.value) == ("touched", "canceled")


def test_an_algo_stays_of_its_kind() -> None:
    fault = amend_fault(Algo(algo_id=A, account="main", fqme=FQME, terms=OCO), ICEBERG)

    assert fault is not None
    assert (fault.limit, fault.value) == ("oco", "iceberg")
    assert kind_of(BRACKET) == "bracket"


# -- by one of its orders -------------------------------------------------------------------------


def child(name: str, side: Any = "sell") -> Order:
    return Order(
        order_id=f"{A}.{name}",
        account="main",
        fqme=FQME,
        side=side,
        order_type="limit",
        size=D(1),
        parent_id=A,
    )


@pytest.mark.parametrize(
    ("terms", "name", "wanted"),
    [
        (BRACKET, "entry-1", {"price": D(103)}),
        (BRACKET, "target2-3", {"targets": ((D(105), D(1)), (D(103), D(2)))}),
        (BRACKET, "stop1-1", None),
        (BRACKET, "out-1", None),
        (OCO, "limit-1", {"price": D(103)}),
        (OCO, "stop-1", None),
        (OTO, "first-2", {"price": D(103)}),
        (OTO, "then-1", {"then_price": D(103)}),
        (ICEBERG, "part-4", {"price": D(103)}),
        (TWAP, "part-1", {"price": D(103)}),
        (SCALE, "2-1", None),
        (CHASE, "order-1", None),
    ],
)
def test_a_price_for_one_of_its_orders_is_a_price_of_its_terms(
    terms: AlgoTerms, name: str, wanted: dict[str, Any] | None
) -> None:
    algo = Algo(algo_id=A, account="main", fqme=FQME, terms=terms)
    expected = None if wanted is None else replace(terms, **wanted)

    assert terms_by(algo, child(name), D(103)) == expected


def test_a_stop_that_never_got_there_is_linked_to_the_limit_that_did() -> None:
    bench = Bench(OCO, EVERYTHING)
    bench.answers = bench.answers[1:]
    bench.answer()
    bench.say(Canceled(order_id="A.stop-1", reason=NEVER_THERE))
    bench.answer()

    assert bench.working() == [("limit-1", 105, 2), ("stop-2", 95, 2)]
    groups = {bench.child(name).link_group for name in ("limit-1", "stop-2")}
    assert len(groups) == 1
