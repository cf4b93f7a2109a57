"""OCO and bracket: protected all the while, and never left twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.ems.reconcile import GONE, NEVER_THERE
from engine.messages import BracketTerms, Canceled, Denied, Expired, OcoTerms
from tests.support.algos import SIMPLE, Bench, lost, refusal, rejected
from tests.support.venue import EVERYTHING

D = Decimal
IN_MEMORY = msgspec.structs.replace(EVERYTHING, outlives_engine=False)
"""A venue that forgets everything when the engine ends."""


def bracket(**changes: Any) -> BracketTerms:
    fields = {
        "side": "buy",
        "size": D(3),
        "price": D(100),
        "stop_price": D(95),
        "targets": ((D(105), D(1)), (D(110), D(2))),
    }
    return BracketTerms(**{**fields, **changes})


def oco(**changes: Any) -> OcoTerms:
    fields = {"side": "sell", "size": D(2), "price": D(105), "stop_price": D(95)}
    return OcoTerms(**{**fields, **changes})


# -- where the venue links nothing ---------------------------------------------------------------


def test_targets_are_sent_as_the_entry_fills_and_the_stop_is_held_here() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1", "1.5")
    bench.answer()

    assert bench.working() == [
        ("entry-1", 100, D("1.5")),
        ("target1-1", 105, 1),
        ("target2-1", 110, D("0.5")),
    ]
    assert not bench.algo.is_native
    assert len(bench.dark) == 1


def test_an_exit_that_never_reached_the_venue_is_sent_under_another_name() -> None:
    """As after a crash between its record and its sending: the venue says that it is not there."""
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1", "1")
    bench.fold(Canceled(order_id="A.target1-1", reason=NEVER_THERE))
    bench.run()
    bench.answer()

    assert bench.working() == [("entry-1", 100, D(2)), ("target1-2", 105, 1)]


def test_an_entry_that_never_reached_the_venue_is_not_sent_by_itself() -> None:
    bench = Bench(bracket())
    bench.fold(Canceled(order_id="A.entry-1", reason=NEVER_THERE))
    bench.run()

    assert bench.algo.status == "canceled"
    assert NEVER_THERE in bench.algo.reason
    assert bench.working() == []


def test_a_stop_cancels_the_targets_first_and_leaves_with_what_they_left() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.fill("A.target1-1")
    bench.tick(95)
    before = bench.working()
    bench.answer()
    after = bench.working()
    bench.fill("A.out-1")

    assert before == [("target2-1", 110, 2)]
    assert after == [("out-1", None, 2)]
    assert bench.algo.status == "done"


def test_a_target_that_fills_while_it_is_canceled_is_not_left_twice() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(94)
    bench.answers.clear()
    bench.fill("A.target1-1")
    bench.fill("A.target2-1", "1.5")
    bench.say(Canceled(order_id="A.target2-1"))

    assert bench.working() == [("out-1", None, D("0.5"))]


def test_nothing_leaves_while_nobody_knows_what_a_target_does() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(94)
    bench.answers.clear()
    bench.say(lost("A.target1-1"))
    in_doubt = [name for name, *_ in bench.working()]
    bench.say(Canceled(order_id="A.target1-1"))

    assert in_doubt == ["target1-1"]
    assert bench.working() == [("out-1", None, 3)]


def test_an_exit_that_is_refused_is_tried_again_a_second_later_and_then_given_up() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(94)
    bench.say(bench.answers.pop(0))
    for number in range(1, 11):
        assert bench.working() == [(f"out-{number}", None, 3)]
        bench.answers.clear()
        bench.say(rejected(f"A.out-{number}", "closed"))
        assert bench.working() == []
        bench.wait(1)

    assert bench.algo.status == "failed"
    assert bench.algo.reason == "3 could not leave the market: closed"


def test_an_exit_that_we_deny_is_tried_without_end_but_less_and_less_often() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(94)
    bench.say(bench.answers.pop(0))
    waited = []
    for number in range(1, 14):
        bench.say(Denied(order_id=f"A.out-{number}", check="hours", reason="closed"))
        seconds = 0
        while not bench.working():
            bench.wait(1)
            seconds += 1
        waited.append(seconds)
    bench.fill("A.out-14")

    assert waited == [1, 2, 4, 8, 16, 32] + [60] * 7
    assert bench.algo.status == "done"


def test_an_exit_that_finds_nobody_is_sent_again_for_the_rest() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(94)
    bench.answer()
    bench.fill("A.out-1", "1")
    bench.say(Expired(order_id="A.out-1"))
    bench.wait(1)

    assert bench.working() == [("out-2", None, 2)]


def test_a_market_through_the_stop_takes_back_an_entry_that_never_filled() -> None:
    bench = Bench(bracket(price=D(98)))
    bench.answer()
    bench.tick(95)
    bench.answer()

    assert bench.working() == []
    assert bench.algo.status == "done"


def test_a_paused_bracket_keeps_its_position_protected() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1", "1")
    bench.answer()
    bench.pause()
    bench.answer()
    paused = bench.working()
    bench.resume()
    resumed = bench.working()
    bench.pause()
    bench.answer()
    bench.tick(95)
    bench.answer()

    assert paused == [("target1-1", 105, 1)]
    assert resumed == [("target1-1", 105, 1), ("entry-2", 100, 2)]
    assert bench.working() == [("out-1", None, 1)]


def test_a_bracket_goes_on_after_a_restart_where_it_was() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.restart()
    same = len(bench.did)
    bench.tick(95)
    bench.restart()
    bench.answer()

    assert same == 3
    assert bench.working() == [("out-1", None, 3)]


def test_the_stop_of_a_sale_lies_above() -> None:
    bench = Bench(bracket(side="sell", stop_price=D(105), targets=((D(95), D(3)),)))
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.tick(105)
    bench.answer()

    assert bench.child("out-1").side == "buy"


def test_of_an_oco_the_limit_rests_and_the_stop_is_held() -> None:
    bench = Bench(oco())
    bench.answer()
    bench.fill("A.limit-1", "0.5")
    bench.tick(94.5)
    bench.answer()
    bench.fill("A.out-1")

    assert bench.child("out-1").size == D("1.5")
    assert (bench.algo.status, bench.algo.is_native) == ("done", False)


def test_an_oco_that_filled_holds_no_stop_any_more() -> None:
    bench = Bench(oco())
    bench.answer()
    bench.fill("A.limit-1")
    bench.tick(90)

    assert (bench.algo.status, len(bench.dark), bench.working()) == ("done", 0, [])


def test_an_oco_whose_limit_somebody_cancels_is_over() -> None:
    bench = Bench(oco())
    bench.answer()
    bench.say(Canceled(order_id="A.limit-1"))

    assert (bench.algo.status, len(bench.dark)) == ("canceled", 0)


# -- where it does -------------------------------------------------------------------------------


def test_a_venue_that_links_orders_gets_both_sides_of_an_oco() -> None:
    bench = Bench(oco(), EVERYTHING)
    bench.answer()

    assert bench.working() == [("stop-1", 95, 2), ("limit-1", 105, 2)]
    assert {bench.child(name).link_group for name in ("stop-1", "limit-1")} == {"A"}
    assert bench.algo.is_native
    assert len(bench.dark) == 0

    bench.fill("A.limit-1")
    bench.say(Canceled(order_id="A.stop-1"))
    assert bench.algo.status == "done"


def test_a_venue_that_links_orders_gets_a_pair_for_each_target_once_it_is_entered() -> None:
    bench = Bench(bracket(), EVERYTHING)
    bench.answer()
    bench.fill("A.entry-1", "1")
    half = bench.working()
    held = len(bench.dark)
    bench.fill("A.entry-1")
    bench.answer()

    assert half == [("entry-1", 100, 2)]
    assert held == 1
    assert bench.working() == [
        ("stop1-1", 95, 1),
        ("target1-1", 105, 1),
        ("stop2-1", 95, 2),
        ("target2-1", 110, 2),
    ]
    assert len(bench.dark) == 0
    assert bench.algo.is_native


def test_a_pair_that_is_not_whole_is_stopped_from_here() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)), EVERYTHING)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answers = bench.answers[1:]
    bench.say(rejected("A.stop1-1"))
    bench.answer()
    bench.tick(95)
    bench.answer()

    assert bench.working() == [("out-1", None, 3)]


# -- ending -------------------------------------------------------------------------------------


def test_a_cancel_waits_until_the_venue_has_confirmed_every_cancel() -> None:
    bench = Bench(bracket())
    bench.answer()
    bench.fill("A.entry-1", "1")
    bench.answer()
    bench.cancel()
    waiting = bench.algo.status
    bench.answer()

    assert (waiting, bench.algo.status) == ("canceling", "canceled")
    assert bench.working() == []


def test_a_cancel_that_is_refused_is_asked_again_but_not_at_once() -> None:
    bench = Bench(oco())
    bench.answer()
    bench.cancel()
    bench.answers.clear()
    bench.say(refusal("A.limit-1", "cancel"))
    at_once = len(bench.answers)
    bench.wait(1)

    assert at_once == 0
    assert [type(answer) for answer in bench.answers] == [Canceled]


def test_a_pair_that_an_exchange_in_memory_forgot_is_placed_again() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)), IN_MEMORY)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.restart()
    for name in ("A.stop1-1", "A.target1-1"):
        bench.fold(lost(name))
        bench.fold(Canceled(order_id=name, reason=GONE))
    bench.run()
    bench.answer()

    assert bench.algo.status == "running"
    assert bench.working() == [("stop1-2", 95, 3), ("target1-2", 105, 3)]
    assert bench.child("stop1-2").link_group == bench.child("target1-2").link_group


def test_an_oco_that_an_exchange_in_memory_forgot_is_placed_again() -> None:
    bench = Bench(oco(), IN_MEMORY)
    bench.answer()
    for name in ("A.stop-1", "A.limit-1"):
        bench.fold(Canceled(order_id=name, reason=GONE))
    bench.run()
    bench.answer()

    assert bench.algo.status == "running"
    assert bench.working() == [("stop-2", 95, 2), ("limit-2", 105, 2)]


def test_a_bracket_whose_exits_are_gone_from_a_venue_that_lasts_says_that_it_failed() -> None:
    bench = Bench(bracket(targets=((D(105), D(3)),)), EVERYTHING)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    for name in ("A.stop1-1", "A.target1-1"):
        bench.fold(Canceled(order_id=name, reason=GONE))
    bench.run()

    assert bench.algo.status == "failed"
    assert "3 was entered and is not protected" in bench.algo.reason
    assert GONE in bench.algo.reason


def test_what_a_target_leaves_open_is_stopped_from_here_once_its_venue_ended_the_stop() -> None:
    """Of linked orders a part that trades cancels the other."""
    bench = Bench(bracket(targets=((D(105), D(3)),)), EVERYTHING)
    bench.answer()
    bench.fill("A.entry-1")
    bench.answer()
    bench.fill("A.target1-1", "1", "105")
    bench.say(Canceled(order_id="A.stop1-1", reason="the other one traded"))
    bench.tick(94)
    bench.answer()

    assert bench.working() == [("out-1", None, 2)]


def test_what_the_limit_of_a_linked_oco_leaves_open_is_stopped_from_here() -> None:
    bench = Bench(oco(), EVERYTHING)
    bench.answer()
    bench.fill("A.limit-1", "0.5", "105")
    bench.say(Canceled(order_id="A.stop-1", reason="the other one traded"))
    bench.tick(94)
    bench.answer()

    assert bench.working() == [("out-1", None, D("1.5"))]


def test_what_is_entered_stays_protected_when_the_rest_of_the_entry_is_refused() -> None:
    for capabilities in (SIMPLE, EVERYTHING):
        bench = Bench(bracket(targets=((D(105), D(3)),)), capabilities)
        bench.answer()
        bench.fill("A.entry-1", "1")
        bench.pause()
        bench.answer()
        bench.resume()
        bench.answers.clear()
        bench.say(rejected("A.entry-2", "too much"))
        bench.answer()

        assert bench.algo.status == "running"
        assert "too much" in bench.algo.reason
        stops = [("stop1-1", 95, 1)] if capabilities is EVERYTHING else []
        assert bench.working() == [*stops, ("target1-1", 105, 1)]
        assert len(bench.dark) == (0 if stops else 1)
