from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.errors import BrokerError, UnknownSymbol, UsageError
from engine.feed.feed import GRACE_S, Feed, open_feed
from engine.messages import Frame
from tests.support.feeding import OTHER, Feeding, markets, open_feeding
from tests.support.market_truth import FQME, TruthBroker

# -- opening ----------------------------------------------------------------------------------


async def test_a_feed_is_ready_with_details_and_a_last_price_before_any_history(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        flume = feed.flumes[FQME]

        assert FQME == flume.fqme == flume.instrument.fqme == flume.quote.fqme
        assert flume.quote.last > 0
        assert [] == feeding.broker.asked
        assert flume.quote == feeding.hub.quote_of(FQME)
        assert flume.instrument == feeding.hub.instrument_of(FQME)
        assert feeding.clock.now_ns() == feeding.hub.now_ns_of(FQME)
        assert FQME == (await feed.receive()).fqme


async def test_nothing_is_known_of_markets_that_are_not_open(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding:
        assert feeding.hub.quote_of(FQME) is None
        assert feeding.hub.instrument_of(FQME) is None
        assert feeding.hub.now_ns_of(FQME) is None
        assert () == feeding.hub.statuses()


async def test_opens_at_the_same_time_share_one_stream(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding, trio.open_nursery() as nursery:
        frames: list[Frame] = []

        async def read() -> None:
            async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
                frames.append(await feed.receive())

        for _ in range(5):
            nursery.start_soon(read)
        await trio.sleep(30)

        assert 5 == len(frames)
        assert {FQME: 1} == feeding.broker.opened


async def test_several_markets_open_at_once_and_not_one_after_the_other(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        began_s = trio.current_time()
        async with open_feed(feeding.hub, [FQME, OTHER, FQME], throttle_hz=10) as feed:
            assert {FQME, OTHER} == set(feed.flumes)
            assert 0.2 == pytest.approx(trio.current_time() - began_s)


async def test_an_unknown_symbol_is_refused_and_leaves_nothing_behind(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        with pytest.raises(UnknownSymbol, match="not listed"):
            async with open_feed(feeding.hub, [FQME, "zzz.spot.truth"], throttle_hz=10):
                pass
        await trio.sleep(GRACE_S + 1)

        assert () == feeding.hub.statuses()
        assert () == feeding.bus.statistics().topics
        assert () == feeding.bus.statistics().subscriptions
        assert set() == feeding.broker.streaming


async def test_what_is_no_market_name_is_refused_before_any_broker_is_asked(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
    ):
        with pytest.raises(UsageError, match="not a market name"):
            await feed.add("no spaces.in names")

        assert [] == feeding.asked_brokers
        assert () == feeding.hub.statuses()


async def test_a_bug_of_a_broker_while_opening_is_an_error_of_that_market_only(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:

        async def buggy(fqme: str) -> None:
            raise ZeroDivisionError("oops")

        feeding.broker.instrument = buggy  # type: ignore[assignment,method-assign]
        async with open_feed(feeding.hub, [], throttle_hz=10) as feed:
            with pytest.raises(BrokerError, match=r"aaa\.spot\.truth cannot be opened: oops"):
                await feed.add(FQME)


# -- names ------------------------------------------------------------------------------------

NICKNAME = "nick.spot.truth"


class NamedBroker(TruthBroker):
    """A venue that has another name for a market."""

    names: ClassVar = {NICKNAME: FQME}

    async def canonical(self, fqme: str) -> str:
        await trio.sleep(self.open_delay_s)
        return self.names.get(fqme, fqme)


@asynccontextmanager
async def open_named() -> AsyncIterator[Feeding]:
    async with open_feeding(markets()) as feeding:
        feeding.broker = NamedBroker(feeding.clock, markets())
        yield feeding


async def test_a_market_asked_for_by_another_name_is_the_same_market(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_named() as feeding,
        open_feed(feeding.hub, [NICKNAME, FQME, NICKNAME], throttle_hz=10) as feed,
    ):
        again = await feed.add(NICKNAME)

        assert [FQME] == list(feed.flumes)
        assert again is feed.flumes[FQME]
        assert {FQME: 1} == feeding.broker.opened
        assert [FQME] == [status.fqme for status in feeding.hub.statuses()]
        assert FQME == (await feed.receive()).fqme


async def test_a_market_asked_for_by_another_name_is_closed_with_its_last_reader(
    autojump_clock: MockClock,
) -> None:
    async with open_named() as feeding:
        async with open_feed(feeding.hub, [NICKNAME], throttle_hz=10):
            assert {FQME} == feeding.broker.streaming
        await trio.sleep(GRACE_S + 1)

        assert set() == feeding.broker.streaming
        assert () == feeding.hub.statuses()


async def test_a_name_that_is_none_or_of_another_broker_is_an_error_of_that_market(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {NICKNAME: "no spaces.in names", OTHER: "bbb.spot.elsewhere"}
    monkeypatch.setattr(NamedBroker, "names", names)
    async with open_named() as feeding, open_feed(feeding.hub, [], throttle_hz=10) as feed:
        with pytest.raises(UsageError, match="not a market name"):
            await feed.add(NICKNAME)
        with pytest.raises(BrokerError, match=r"another's, bbb\.spot\.elsewhere"):
            await feed.add(OTHER)
        assert FQME == (await feed.add(FQME)).fqme


# -- readers come and go ----------------------------------------------------------------------


async def test_who_comes_back_within_the_grace_time_finds_the_market_open(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            flume = feed.flumes[FQME]
            series = await flume.open_series(60, 10)
        for _ in range(5):
            await trio.sleep(GRACE_S - 0.1)
            async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
                assert feed.flumes[FQME] is flume
                assert await feed.flumes[FQME].open_series(60, 10) is series

        assert {FQME: 1} == feeding.broker.opened


async def test_a_market_closes_after_the_grace_time_and_opens_anew(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            flume = feed.flumes[FQME]
            await flume.open_series(60, 10)
        await trio.sleep(GRACE_S + 0.1)

        assert set() == feeding.broker.streaming
        assert feeding.sampler.series(FQME, 60) is None
        assert () == feeding.hub.statuses()
        with pytest.raises(BrokerError, match="is closed"):
            await flume.open_series(60, 10)

        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            assert feed.flumes[FQME] is not flume
            assert not feed.flumes[FQME].is_closed
        assert {FQME: 2} == feeding.broker.opened


@pytest.mark.parametrize("offset_s", [-1e-9, 0.0, 1e-9])
async def test_who_comes_just_when_the_grace_time_ends_gets_an_open_market(
    offset_s: float, autojump_clock: MockClock
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10):
            pass
        await trio.sleep(GRACE_S + offset_s)
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            assert not feed.flumes[FQME].is_closed
            await trio.sleep(2 * GRACE_S)
            assert {FQME} == feeding.broker.streaming
            assert FQME == (await feed.receive()).fqme


async def test_one_reader_leaving_takes_nothing_from_the_others(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as stays,
    ):
        async with open_feed(feeding.hub, [FQME], throttle_hz=10):
            pass
        await trio.sleep(3 * GRACE_S)

        assert {FQME: 1} == feeding.broker.opened
        assert FQME == (await stays.receive()).fqme


async def test_markets_are_added_to_and_removed_from_a_feed(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        first = await feed.add(OTHER)
        assert await feed.add(OTHER) is first
        seen = {(await feed.receive()).fqme for _ in range(20)}
        assert {FQME, OTHER} == seen

        await feed.remove(OTHER)
        await feed.remove(OTHER)
        assert {FQME} == {(await feed.receive()).fqme for _ in range(20)}
        await trio.sleep(GRACE_S + 1)
        assert {FQME} == feeding.broker.streaming


async def test_adding_a_market_twice_at_the_same_time_counts_it_once(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(feed.add, FQME)
            nursery.start_soon(feed.add, FQME)
        await feed.remove(FQME)
        await trio.sleep(GRACE_S + 1)

        assert set() == feeding.broker.streaming


async def test_a_market_removed_while_it_opens_does_not_stay_open(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
        trio.open_nursery() as nursery,
    ):
        refused: list[str] = []

        async def add() -> None:
            with pytest.raises(BrokerError) as caught:
                await feed.add(FQME)
            refused.append(str(caught.value))

        nursery.start_soon(add)
        await wait_all_tasks_blocked()
        assert ["opening"] == [one.state for one in feeding.hub.statuses()]
        await feed.remove(FQME)
        await trio.sleep(GRACE_S + 1)

        assert [f"{FQME} was closed while it was being opened"] == refused
        assert set() == feeding.broker.streaming


async def test_an_open_that_is_cancelled_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding:
        feeding.broker.open_delay_s = 100
        with trio.move_on_after(1):
            async with open_feed(feeding.hub, [FQME], throttle_hz=10):
                pass
        await wait_all_tasks_blocked()

        assert () == feeding.hub.statuses()
        status = feeding.services.status(f"feed {FQME}")
        assert status is not None
        assert "stopped" == status.state


async def test_a_paused_feed_is_silent_and_goes_on(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await feed.receive()
        feed.pause()
        with trio.move_on_after(30) as scope:
            await feed.receive()
        assert scope.cancelled_caught
        feed.resume()
        assert FQME == (await feed.receive()).fqme


async def test_closing_a_feed_ends_a_receive_that_waits(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding, trio.open_nursery() as nursery:
        ended: list[str] = []

        async def read(feed: Feed) -> None:
            async for _ in feed:
                pass
            ended.append("yes")

        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            nursery.start_soon(read, feed)
            await trio.sleep(5)
        await wait_all_tasks_blocked()

        assert ["yes"] == ended


# -- taps -------------------------------------------------------------------------------------


async def test_a_tap_that_fails_is_logged_and_costs_the_market_nothing(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):

        def fail(fqme: str, ticks: object) -> None:
            raise ValueError("our bug")

        feeding.bus.add_tap(fail)
        await trio.sleep(20)

        assert {FQME: 1} == feeding.broker.opened
        assert FQME == (await feed.receive()).fqme
        logged = [record for record in caplog.records if record.exc_info]
        assert "our bug" in str(logged[0].exc_info)
        assert 3 <= len(logged) <= 8, "a bug on every tick must not fill the disk"
