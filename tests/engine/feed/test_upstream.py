"""The stream of one market: begun, and begun anew when it fails."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from engine.errors import BrokerError, BrokerUnavailable
from engine.feed.feed import open_feed
from tests.support.feeding import breaks_until, markets, open_feeding, status_of
from tests.support.market_truth import FQME


async def test_a_stream_that_fails_is_begun_anew_and_readers_are_told(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await trio.sleep(3)
        feeding.broker.fail_stream()
        await trio.sleep(0.3)
        status = status_of(feeding)
        assert status is not None
        assert "stale" == status.state

        assert ["stale", "gap"] == [
            reason for reason in await breaks_until(feed, 10) if reason in ("stale", "gap")
        ]
        status = status_of(feeding)
        assert status is not None
        assert "live" == status.state
        assert {FQME: 2} == feeding.broker.opened
        assert [FQME.rpartition(".")[2]] * 2 == feeding.asked_brokers


async def test_a_stream_that_ends_by_itself_is_begun_anew_too(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        feeding.broker.end_stream()

        assert "gap" in await breaks_until(feed, 10)
        assert {FQME: 2} == feeding.broker.opened


async def test_failures_in_a_row_are_retried_ever_more_rarely(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        begins: list[float] = []
        stream = feeding.broker.stream

        async def failing(*args: object, **options: object) -> None:
            begins.append(trio.current_time())
            raise BrokerUnavailable("no route")

        feeding.broker.stream = failing  # type: ignore[method-assign,assignment]
        feeding.broker.fail_stream()
        await trio.sleep(20)
        waits = [round(after - before, 3) for before, after in pairwise(begins)]
        assert [1.0, 2.0, 4.0, 8.0] == waits
        feeding.broker.stream = stream  # type: ignore[method-assign]
        await trio.sleep(20)

        assert {FQME} == feeding.broker.streaming


async def test_a_market_that_is_no_longer_listed_fails_for_good(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await trio.sleep(3)
        feeding.broker.unknown.add(FQME)
        feeding.broker.fail_stream()

        assert ["end"] == [one for one in await breaks_until(feed, 60) if one == "end"]
        status = status_of(feeding)
        assert status is not None
        assert "failed" == status.state
        assert 2 == feeding.broker.opened[FQME]
        async with open_feed(feeding.hub, [], throttle_hz=10) as other:
            with pytest.raises(BrokerError, match="not listed"):
                await other.add(FQME)
