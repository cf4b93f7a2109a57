"""The stream of one market: begun, and begun anew when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from engine.clock import NANOS
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol
from engine.feed.feed import open_feed
from engine.instruments import Instrument
from engine.messages import Break, Tick, Trade
from engine.services import HEALTHY_S
from tests.support.feeding import breaks_until, markets, open_feeding, status_of
from tests.support.market_truth import FQME, START_NS, TruthBroker


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
        # Once for the market's name, and once for each life of its stream.
        assert [FQME.rpartition(".")[2]] * 3 == feeding.asked_brokers


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_changed_of_a_market_while_its_stream_was_away_counts_from_then_on(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        before = feeding.hub.instrument_of(FQME)
        assert before is not None
        coarser = replace(before, price_tick=before.price_tick * 5)

        async def instrument(fqme: str) -> Instrument:
            if not is_told:
                raise BrokerUnavailable("not now")
            return coarser

        monkeypatch.setattr(feeding.broker, "instrument", instrument)
        feeding.broker.fail_stream()
        assert "gap" in await breaks_until(feed, 10)

        assert feeding.hub.instrument_of(FQME) == (coarser if is_told else before)


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


async def test_a_stream_that_held_for_a_while_is_begun_anew_at_once_when_it_fails(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        begins: list[float] = []
        stream = feeding.broker.stream

        async def noted(*args: Any, **options: Any) -> None:
            begins.append(trio.current_time())
            await stream(*args, **options)

        async def waited_s() -> float:
            """Seconds from a failure to the next begin of the stream."""
            failed_s = trio.current_time()
            feeding.broker.fail_stream()
            await trio.sleep(10.0)
            return round(begins[-1] - failed_s, 3)

        feeding.broker.stream = noted  # type: ignore[method-assign]
        in_a_row = [await waited_s() for _ in range(4)]
        await trio.sleep(HEALTHY_S)

        assert in_a_row == [0.5, 1.0, 2.0, 4.0]
        assert await waited_s() == 0.5


async def test_a_stream_begun_anew_is_that_of_the_broker_that_runs_now(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        old, flume = feeding.broker, feed.flumes[FQME]
        feeding.broker = TruthBroker(
            feeding.clock, {FQME: [Trade(FQME, 7.0, 3.0, "", START_NS - NANOS)]}
        )
        old.fail_stream()
        await trio.sleep(5)

        assert flume.broker is feeding.broker
        assert (flume.quote.last, flume.quote.last_size) == (7.0, 3.0)
        assert (old.streaming, feeding.broker.streaming) == (set(), {FQME})
        assert feed.flumes[FQME] is flume


async def test_what_happened_to_a_stream_is_told_in_the_time_of_its_market(
    autojump_clock: MockClock,
) -> None:
    breaks: list[Break] = []

    def keep(fqme: str, ticks: Sequence[Tick]) -> None:
        breaks.extend(tick for tick in ticks if isinstance(tick, Break))

    async with (
        open_feeding(markets(), start_ns=START_NS) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        feeding.bus.add_tap(keep)
        failed_ns = feeding.clock.now_ns()
        feeding.broker.fail_stream()
        await trio.sleep(5)

    assert [tick.reason for tick in breaks] == ["stale", "gap"]
    assert breaks[0] == Break(FQME, "stale", failed_ns, failed_ns)
    # Half a second until it is tried again, and a tenth until it has begun.
    assert breaks[1].recv_ns == pytest.approx(failed_ns + 0.6 * NANOS, abs=1000)


async def test_an_error_before_the_first_quote_is_raised_and_not_tried_again(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        feeding.broker.unknown.add(FQME)
        with pytest.raises(UnknownSymbol, match="not listed"):
            async with open_feed(feeding.hub, [FQME], throttle_hz=10):
                pass
        await trio.sleep(60)

        assert feeding.broker.opened == {}
        assert feeding.hub.statuses() == ()
