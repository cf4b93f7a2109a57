"""The venue's counters, kept as the venue keeps them."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from brokers.kraken.rates import KEPT_BACK, Rates, amend_cost, cancel_cost, rest_cost

BTC = "BTC/USD"


@pytest.mark.parametrize(
    ("age_s", "amend", "cancel"),
    [
        (0, 4, 8),
        (4.9, 4, 8),
        (5, 3, 6),
        (10, 2, 5),
        (15, 1, 4),
        (45, 1, 2),
        (90, 1, 1),
        (300, 1, 0),
    ],
)
def test_young_orders_cost_more(age_s: float, amend: float, cancel: float) -> None:
    assert amend_cost(age_s) == amend
    assert cancel_cost(age_s) == cancel


def test_histories_cost_twice() -> None:
    assert rest_cost("TradesHistory") == 2
    assert rest_cost("OpenOrders") == 1


async def test_orders_pass_until_the_counter_is_full_and_again_as_it_falls(
    autojump_clock: trio.testing.MockClock,
) -> None:
    rates = Rates("starter")
    passed = 0
    while not (wait_s := rates.try_add(BTC, f"o{passed}")):
        passed += 1

    assert passed == 60 - KEPT_BACK
    assert wait_s == pytest.approx(1.0)
    await trio.sleep(wait_s)
    assert rates.try_add(BTC, "later") == 0


async def test_pairs_are_counted_apart(autojump_clock: trio.testing.MockClock) -> None:
    rates = Rates("starter")
    while not rates.try_add(BTC, "o"):
        pass

    assert rates.try_add("ETH/USD", "o") == 0
    assert rates.used_share == pytest.approx((60 - KEPT_BACK) / 60)


async def test_cancels_are_always_counted_and_never_held_up() -> None:
    rates = Rates("starter")
    while not rates.try_add(BTC, "o1"):
        pass

    for _ in range(10):
        rates.cancel(BTC, "o1")

    assert rates.used_share > 1


async def test_an_amend_costs_by_the_age_of_what_it_amends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    rates = Rates("starter")
    rates.try_add(BTC, "o1")
    await trio.sleep(12)

    rates.try_amend(BTC, "o1")
    assert rates.used_share == pytest.approx(2 / 60)
    rates.try_amend(BTC, "o1")

    assert rates.used_share == pytest.approx((2 + 4) / 60)


async def test_the_venue_says_how_much_the_account_has(
    autojump_clock: trio.testing.MockClock,
) -> None:
    rates = Rates("starter")
    rates.try_add(BTC, "o1")

    rates.learn(180)

    assert rates.used_share == pytest.approx(1 / 180)


async def test_what_the_venue_refuses_for_its_rate_fills_the_counter() -> None:
    rates = Rates("starter")
    rates.refused(BTC)

    assert rates.try_add(BTC, "o1") > 0
    assert rates.try_add("ETH/USD", "o2") == 0
