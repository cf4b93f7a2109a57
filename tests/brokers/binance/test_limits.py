from __future__ import annotations

import gzip

import pytest

from brokers.binance import wire
from brokers.binance.limits import Limits, depth_weight, levels_for
from brokers.net.rest import Reply
from tests.support.recordings import recording


def reply(**headers: str) -> Reply:
    return Reply(200, {name.replace("_", "-"): value for name, value in headers.items()}, b"", 0, 0)


async def test_the_venues_own_limits_go_before_ours(autojump_clock: object) -> None:
    limits = Limits(history_share=0.5)
    path = recording("binance/gct_exchangeInfo_20250807_25sym.json.gz")
    info = wire.decode_exchange_info(gzip.decompress(path.read_bytes()))
    limits.take_over(info.rate_limits)
    assert (limits.weight.limit, limits.raw.limit, limits.history.limit) == (6000, 61000, 3000)

    limits.take_over([wire.RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1200)])
    assert (limits.weight.limit, limits.weight.kept_back, limits.history.limit) == (1200, 120, 600)


@pytest.mark.parametrize(
    "limit",
    [
        wire.RateLimit("REQUEST_WEIGHT", "DAY", 1, 100_000),
        wire.RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 0),
        wire.RateLimit("ORDERS", "MINUTE", 1, 10),
        wire.RateLimit("REQUEST_WEIGHT", "CENTURY", 1, 10),
    ],
)
async def test_limits_of_other_things_change_nothing(limit: wire.RateLimit) -> None:
    limits = Limits()
    limits.take_over([limit])

    assert limits.weight.limit == 6000


async def test_what_the_venue_has_counted_is_noted(autojump_clock: object) -> None:
    limits = Limits()
    limits.on_reply(reply(x_mbx_used_weight_1m="5399"))
    assert limits.weight.used == 5399

    assert limits.weight.try_spend(2) > 0, "what is left is for cancels"
    assert limits.weight.try_spend(2, is_urgent=True) == 0


@pytest.mark.parametrize("text", ["", "-5", "many", "1e9", "９", "9" * 400])
async def test_a_count_that_is_none_is_ignored(text: str) -> None:
    limits = Limits()
    limits.on_reply(reply(x_mbx_used_weight_1m=text))

    assert limits.weight.used == 0


def test_a_book_costs_by_its_levels() -> None:
    assert [depth_weight(levels) for levels in (5, 100, 500, 1000, 5000)] == [5, 5, 25, 50, 250]


def test_many_books_that_wait_are_asked_for_with_fewer_levels() -> None:
    waits = [1, 4, 5, 40, 41, 1000]

    assert [levels_for(waiting) for waiting in waits] == [5000, 5000, 1000, 1000, 500, 500]
    assert all(depth_weight(levels_for(n)) * n <= 5400 * 5 for n in waits), "within five minutes"
