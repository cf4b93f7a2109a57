"""Bars of a playback, through the whole engine: whatever is done to it, they are the tape's."""

from __future__ import annotations

import numpy as np
import pytest
from trio.testing import MockClock

from brokers.replay.protocol import Tape
from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.feed.bars import Series, resample
from engine.feed.sampler import Sampler
from engine.messages import COLUMN_NAMES, Columns, Trade
from tests.support.engine_rig import Rig, open_rig
from tests.support.recordings import recording
from tests.support.tapes import MemoryTape, at, trade

VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"
MINUTE_NS = 60 * NANOS


def bars_of(tape: Tape, period_s: int) -> Columns:
    """What the sampler makes of all trades of a tape."""
    sampler = Sampler()
    (market,) = tape.markets
    series = sampler.register(market.fqme, period_s, lambda: tape.end_ns)
    for _, fqme, ticks in tape.play():
        sampler.on_ticks(fqme, [tick for tick in ticks if isinstance(tick, Trade)])
    sampler.step()
    return series.columns()


def wandering(seconds: int = 900) -> MemoryTape:
    """Three trades a second, at prices and in sizes that no two seconds share."""
    numbers = np.random.default_rng(7)
    steps = np.arange(seconds * 3) / 3
    levels = 100 + np.cumsum(numbers.normal(0, 0.2, len(steps)))
    sizes = numbers.integers(1, 1000, len(steps)) / 1000
    return MemoryTape(
        [
            trade(VENUE, float(second), round(float(price), 2), float(size))
            for second, price, size in zip(steps, levels, sizes, strict=True)
        ],
        end_ns=at(seconds + 20),
    )


async def open_bars(rig: Rig, period_s: int) -> Series:
    flume = await rig.engine.hub.acquire(rig.fqme)
    return await flume.open_series(period_s, 5000)


def assert_same(series: Series, wanted: Columns, *, up_to_ns: int) -> None:
    """Every closed bar before `up_to_ns` is that of the tape."""
    count = int(np.searchsorted(wanted.time_ns, up_to_ns))
    shown = series.columns(0, series.index_at(up_to_ns))
    assert count > 0
    assert shown.time_ns.tolist() == wanted.time_ns[:count].tolist()
    for name in COLUMN_NAMES:
        np.testing.assert_allclose(
            getattr(shown, name), getattr(wanted, name)[:count], rtol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("speed", [1, 60, 1000, 0])
@pytest.mark.parametrize("period_s", [1, 15, 60, 300])
async def test_bars_of_a_playback_are_those_of_the_tape(
    mock_clock: MockClock, speed: float, period_s: int
) -> None:
    tape = wandering(330)
    options = {"replay": {"speed": speed, "start_s": 100.5}}
    async with open_rig(mock_clock, tape, options=options) as rig:
        await rig.watch(BTC)
        series = await open_bars(rig, period_s)
        await rig.until("end", lambda: rig.engine.venues.playbacks()[0].is_ended, within_s=400)
        await rig.advance(10.0)

        assert_same(series, bars_of(tape, period_s), up_to_ns=at(330) // MINUTE_NS * MINUTE_NS)


@pytest.mark.parametrize("period_s", [1, 5, 60])
@pytest.mark.parametrize(
    "moves",
    [
        [(200.3, -100.0)],
        [(100.0, 300.0)],
        [(70.0, -30.5), (40.0, 200.0), (10.0, -5.0)],
        [(5.0, 1.0), (0.5, 1.0), (0.5, 1.0), (0.5, -2.0)],
        [(130.0, -1000.0)],
    ],
)
async def test_bars_after_seeks_are_those_of_the_tape(
    mock_clock: MockClock, moves: list[tuple[float, float]], period_s: int
) -> None:
    tape = wandering()
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        series = await open_bars(rig, period_s)
        for wait_s, seconds in moves:
            await rig.advance(wait_s)
            rig.play("seek", seconds)
        await rig.advance(200.0)

        now_ns = rig.engine.venues.playbacks()[0].position_ns
        assert_same(series, bars_of(tape, period_s), up_to_ns=(now_ns // MINUTE_NS) * MINUTE_NS)


async def test_a_loop_shows_the_bars_of_its_present_lap(mock_clock: MockClock) -> None:
    tape = wandering(100)
    async with open_rig(mock_clock, tape, options={"replay": {"loop": True}}) as rig:
        await rig.watch(BTC)
        series = await open_bars(rig, 1)
        await rig.advance(120.0 + 50.5)

        assert_same(series, bars_of(tape, 1), up_to_ns=at(45))
        assert series.time_ns[-1] <= at(52)


async def test_bars_of_a_real_recording_are_those_of_its_trades(mock_clock: MockClock) -> None:
    tape = open_tape(recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz"))
    async with open_rig(mock_clock, tape, options={"replay": {"speed": 100}}) as rig:
        await rig.watch(BTC)
        seconds, minutes = await open_bars(rig, 1), await open_bars(rig, 60)
        await rig.until("end", lambda: rig.engine.venues.playbacks()[0].is_ended, within_s=30)
        await rig.advance(5.0)

        wanted = bars_of(tape, 1)
        assert_same(seconds, wanted, up_to_ns=int(wanted.time_ns[-10]))
        assert_same(minutes, resample(wanted, 60), up_to_ns=tape.end_ns // MINUTE_NS * MINUTE_NS)
