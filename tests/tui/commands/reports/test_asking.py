"""Markets asked what they cost: the embedded exchange, which needs no network."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
import trio

from brokers import registry
from engine.broker import BrokerSettings
from engine.clock import NANOS, SystemClock
from tui.commands.reports.asking import Wanted, ask, suited
from tui.commands.reports.prices import Prices

FQME = "btcusdt.spot.sim"
DAY_NS = 86_400 * NANOS


def closes(period_s: int, end_ns: int, limit: int) -> list[float]:
    async def fetch() -> list[float]:
        broker = registry.load("sim")(BrokerSettings(name="sim", clock=SystemClock()))
        page = await broker.history(FQME, period_s, end_ns, limit)
        return [float(close) for close in page.columns.close]

    return trio.run(fetch)


def test_a_price_of_the_past_is_the_close_of_the_bar_that_ends_there() -> None:
    now_ns = time.time_ns()
    midnight = now_ns // DAY_NS * DAY_NS
    prices = Prices(now_ns)
    ask(prices, Wanted({FQME: [midnight - DAY_NS, midnight]}), {})

    expected = closes(86_400, midnight, 2)
    assert prices.notes == []
    assert [float(prices.at(FQME, at) or 0) for at in (midnight - DAY_NS, midnight)] == expected
    assert prices.at(FQME, now_ns) is not None


def test_a_moment_within_a_minute_has_the_close_before_it() -> None:
    now_ns = time.time_ns()
    minute = now_ns // (60 * NANOS) * 60 * NANOS - 3 * DAY_NS
    prices = Prices(now_ns)
    ask(prices, Wanted({FQME: [minute + 30 * NANOS]}), {})

    (expected,) = closes(60, minute, 1)
    assert float(prices.at(FQME, minute + 30 * NANOS) or 0) == expected


def test_many_moments_are_read_in_pages() -> None:
    now_ns = time.time_ns()
    midnight = now_ns // DAY_NS * DAY_NS
    hours = [midnight - n * 3600 * NANOS for n in range(24 * 60)]
    prices = Prices(now_ns)
    ask(prices, Wanted({FQME: hours}), {})

    assert all(prices.at(FQME, hour) is not None for hour in hours)
    assert float(prices.at(FQME, hours[-1]) or 0) == closes(3600, hours[-1], 1)[0]


def test_a_market_that_converts_is_found() -> None:
    prices = Prices(time.time_ns())
    ask(prices, Wanted({FQME: []}, ["eth", "nothing"], "usdt"), {})

    assert list(prices.instruments) == ["ethusdt.spot.sim"]
    worth = prices.markets_at({}, prices.now_ns).worth({"eth": Decimal(1)}, "usdt")
    assert worth.total is not None


@pytest.mark.parametrize(
    ("fqme", "said"),
    [("btcusdt.spot.nowhere", "no broker named 'nowhere'"), ("nothing.spot.sim", "nothing")],
)
def test_what_is_not_to_be_had_is_noted_and_unknown(fqme: str, said: str) -> None:
    prices = Prices(time.time_ns())
    ask(prices, Wanted({fqme: [prices.now_ns - DAY_NS], FQME: []}), {})

    assert prices.at(fqme, prices.now_ns) is None
    assert prices.at(FQME, prices.now_ns) is not None, "the others are asked all the same"
    assert said in " ".join(prices.notes)


def test_wrong_options_cost_the_prices_and_nothing_else() -> None:
    prices = Prices(time.time_ns())
    ask(prices, Wanted({FQME: []}), {"sim": {"sede": 1}})

    assert "broker sim gives no prices" in prices.notes[0]


def test_bars_are_as_long_as_all_moments_allow() -> None:
    periods = (1, 60, 3600, 86_400)

    assert suited(periods, [0, DAY_NS]) == 86_400
    assert suited(periods, [0, 3600 * NANOS]) == 3600
    assert suited(periods, [30 * 60 * NANOS]) == 60
    assert suited(periods, [1]) == 60
    assert suited(periods, [NANOS]) == 60, "bars of a second do not go back far"
    assert suited((300,), [1]) == 300
    assert suited((5,), [1]) == 5
