"""Every term of an order by a key; none of them outlives its order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.messages import EngineStatus, Submit
from tests.support.desk import BTC, Bench
from tui.orders.staging import Staged

D = Decimal
NANOS = 10**9
NOW_NS = 1_790_000_000 * NANOS + 5


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.state.fold(EngineStatus(now_ns=NOW_NS))
    bench.press("o", "s")
    return bench


def staged(bench: Bench) -> Staged:
    assert bench.desk.staged is not None
    return bench.desk.staged


def sent(bench: Bench) -> Submit:
    command = bench.sent[-1]
    assert isinstance(command, Submit)
    return command


def test_t_steps_through_the_types_and_back(bench: Bench) -> None:
    bench.press("d")
    seen = []
    for _ in range(6):
        bench.press("t")
        seen.append(staged(bench).order_type)

    assert seen == ["market", "stop", "stop_limit", "take_profit", "trailing_stop", "limit"]
    bench.press("T")
    assert staged(bench).order_type == "trailing_stop"


def test_a_stop_is_staged_moved_and_sent(bench: Bench) -> None:
    bench.press("d", "t", "t", "down", "enter")
    command = sent(bench)

    assert (command.order_type, command.stop_price) == ("stop", D("63839.99"))
    assert (command.price, command.trigger_price, command.route) == (None, None, "live")


def test_a_trailing_stop_by_percent(bench: Bench) -> None:
    bench.press("d", "T", "percent_sign", "greater_than_sign", "enter")
    command = sent(bench)

    assert (command.order_type, command.trail, command.trail_unit) == (
        "trailing_stop",
        D("0.5"),
        "percent",
    )


def test_a_market_order_goes_at_once_whatever_the_route_and_then_the_route_is_back(
    bench: Bench,
) -> None:
    bench.press("s", "f", "t")
    assert (staged(bench).order_type, staged(bench).route) == ("market", "live")

    bench.press("t")
    assert (staged(bench).order_type, staged(bench).route) == ("stop", "dark")
    bench.press("enter")
    assert (sent(bench).route, sent(bench).order_type) == ("dark", "stop")


def test_g_steps_through_times_in_force_and_stops_only_last(bench: Bench) -> None:
    bench.press("f")
    seen = []
    for _ in range(4):
        bench.press("g")
        seen.append(staged(bench).time_in_force)
    assert seen == ["gtd", "ioc", "fok", "gtc"]

    bench.press("t", "g")
    assert bench.said[-1] == "a market order does not wait"
    bench.press("t", "g", "g")
    assert staged(bench).time_in_force == "gtc"


def test_a_gtd_order_ends_on_a_whole_minute_of_the_markets_time(bench: Bench) -> None:
    bench.press("f", "g")
    first = staged(bench).expires_ns
    assert first % (60 * NANOS) == 0
    assert 0 <= first - NOW_NS - 3600 * NANOS < 60 * NANOS

    bench.press("G")
    assert 0 <= staged(bench).expires_ns - NOW_NS - 14_400 * NANOS < 60 * NANOS
    bench.press("G", "G", "G")
    assert 0 <= staged(bench).expires_ns - NOW_NS - 900 * NANOS < 60 * NANOS
    bench.press("enter")
    assert (sent(bench).time_in_force, sent(bench).expires_ns) == (
        "gtd",
        -(-(NOW_NS + 900 * NANOS) // (60 * NANOS)) * 60 * NANOS,
    )


def test_post_only_and_what_takes_at_once_exclude_each_other(bench: Bench) -> None:
    bench.press("f", "g", "g", "p")
    assert (staged(bench).post_only, staged(bench).time_in_force) == (True, "gtc")

    bench.press("g", "g")
    assert (staged(bench).post_only, staged(bench).time_in_force) == (False, "ioc")
    bench.press("p", "t")
    assert not staged(bench).post_only
    bench.press("p")
    assert bench.said[-1] == "a market order cannot be post-only"


def test_reduce_only_is_on_for_what_leaves_and_off_by_a_key(bench: Bench) -> None:
    bench.hold("0.01", "60000")
    bench.desk.set_size(D("0.05"), "units")
    bench.press("d")
    assert (staged(bench).reduce_only, staged(bench).size) == (True, D("0.01"))

    bench.press("r")
    assert (staged(bench).reduce_only, staged(bench).size) == (False, D("0.05000"))
    assert "to the other side" in " ".join(bench.desk.summary().texts)


def test_no_term_waits_for_the_next_order(bench: Bench) -> None:
    bench.press("f", "t", "t", "g", "r", "escape", "f")
    fresh = staged(bench)

    assert (fresh.order_type, fresh.time_in_force, fresh.reduce_only) == ("limit", "gtc", False)
    assert (fresh.post_only, fresh.expires_ns) == (False, 0)


@pytest.mark.parametrize("key", ["t", "T", "g", "G", "p", "r"])
def test_each_term_must_be_seen_before_it_is_sent(bench: Bench, key: str) -> None:
    bench.press("f")
    bench.look()
    bench.press(key, "enter", look=False)

    assert bench.sent == []


def test_what_has_no_terms_says_so(bench: Bench) -> None:
    bench.desk.step_type(1)
    assert bench.said[-1] == "nothing is staged: f buys, d sells"
    bench.press("a", "t")
    assert bench.said[-1] == "an alert has no terms"
    bench.order("o1")
    bench.press("tab", "t")
    assert bench.said[-1].startswith("a working order keeps its terms")
    bench.press("f", "greater_than_sign")
    assert bench.said[-1] == "a limit order has no distance to change"
    bench.press("percent_sign")
    assert bench.said[-1] == "only a trailing stop trails: t makes it one"


def test_a_stop_that_the_market_passed_meanwhile_is_not_sent(bench: Bench) -> None:
    bench.press("d", "t", "t")
    market = bench.state.markets[BTC.fqme]
    market.quote = type(market.quote)(fqme=BTC.fqme, last=63000.0)
    bench.press("enter")

    assert bench.sent == []
    assert "stands below the market, 63000.00" in bench.said[-1]


def test_half_of_what_is_held_stays_half_in_whatever_type_it_is_sent(bench: Bench) -> None:
    bench.hold("0.3", "60000")
    bench.press("H", "t")
    assert (staged(bench).order_type, staged(bench).size) == ("stop", D("0.15"))

    bench.press("up")
    assert staged(bench).size == D("0.15")
    bench.press("3")
    assert staged(bench).size == D("0.225")


def test_a_market_order_ends_at_no_time(bench: Bench) -> None:
    bench.press("f", "g", "t")

    assert (staged(bench).time_in_force, staged(bench).expires_ns) == ("gtc", 0)
