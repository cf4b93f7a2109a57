"""A broker that fails while it runs: its markets, its accounts and the person at the deck learn
of it, and what can go on does."""

from __future__ import annotations

from decimal import Decimal

import pytest
from trio.testing import MockClock

from brokers.paper.broker import PaperBroker
from brokers.sim.broker import SimBroker
from engine.messages import (
    EngineStatus,
    FeedStatus,
    Flatten,
    Frame,
    Notice,
    OrderState,
    ServiceStatus,
)
from tests.support.engine_rig import Rig, open_rig
from tests.support.tapes import MemoryTape, at, prices

SIM = "btcusdt.spot.sim"
VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"


def sim_of(rig: Rig) -> SimBroker:
    (sim,) = (broker for broker in rig.engine.venues.running() if isinstance(broker, SimBroker))
    return sim


def fail(*args: object) -> None:
    raise RuntimeError("it broke")


def breaks(rig: Rig) -> list[str]:
    ticks = [tick for frame in rig.told(Frame) for tick in frame.ticks.get("break", ())]
    return [tick.reason for tick in ticks]  # type: ignore[union-attr]


def newest_status(rig: Rig) -> EngineStatus:
    return rig.told(EngineStatus)[-1]


def service(rig: Rig, name: str) -> ServiceStatus:
    return next(one for one in newest_status(rig).services if one.name == name)


def feed(rig: Rig, fqme: str) -> FeedStatus:
    return next(one for one in newest_status(rig).feeds if one.fqme == fqme)


async def test_streams_of_a_venue_that_fails_say_so_and_begin_anew(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        await rig.advance(3.0)
        lost = sim_of(rig)
        monkeypatch.setattr(lost.exchange, "advance", fail)
        await rig.until("stale break", lambda: breaks(rig) == ["stale"], within_s=1.0)
        await rig.advance(5.0)

        assert breaks(rig) == ["stale", "gap"]
        assert sim_of(rig) is not lost
        again = service(rig, "broker sim")
        assert (again.state, again.restarts) == ("running", 1)
        assert again.last_error == "RuntimeError: it broke"
        assert feed(rig, SIM).state == "live"
        (notice,) = rig.told(Notice)
        assert notice.level == "error"
        assert notice.text == "broker sim failed: RuntimeError: it broke"


async def test_orders_at_a_venue_that_fails_are_unknown_and_new_ones_reach_the_next(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        far = str(rig.instrument().round_price(rig.quote().last * 0.98))
        resting = await rig.submit("buy", "0.01", price=far, account="sim")
        dark = await rig.submit("buy", "0.01", trigger_price=far, account="sim", route="dark")
        await rig.advance(1.0)
        bought = [await rig.submit("buy", "0.01", account="sim") for _ in range(3)]
        await rig.advance(1.0)
        assert rig.order(resting).state is OrderState.OPEN

        monkeypatch.setattr(sim_of(rig).exchange, "advance", fail)
        await rig.advance(5.0)

        # The next exchange has no such order, and says so.
        assert rig.states[resting] == ["pending", "open", "unknown", "canceled"]
        assert "no longer at the venue" in rig.order(resting).reason
        assert rig.order(dark).state is OrderState.DARK
        bought += [await rig.submit("buy", "0.01", account="sim") for _ in range(3)]
        await rig.advance(1.0)
        assert all(rig.order(order).state is OrderState.FILLED for order in bought)
        assert rig.position("sim").size == Decimal("0.06")


async def test_a_playback_that_fails_ends_its_markets_and_does_not_start_over(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = MemoryTape(prices(VENUE, *((n, 100 + n) for n in range(60))))
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        await rig.advance(10.0)
        (playback,) = (one for one in rig.engine.venues.running() if one.name == "replay")
        monkeypatch.setattr(playback, "_turn", fail)
        await rig.advance(5.0)
        last, plays = rig.quote().last, tape.plays

        await rig.advance(60.0)

        assert breaks(rig) == ["stale", "end"]
        assert feed(rig, BTC).state == "failed"
        assert service(rig, "broker replay").state == "failed"
        assert "it broke" in service(rig, "broker replay").last_error
        assert (rig.quote().last, tape.plays) == (last, plays)
        assert ["broker replay failed: RuntimeError: it broke"] == [
            notice.text for notice in rig.told(Notice)
        ]


async def test_paper_that_fails_is_fed_again_once_an_account_needs_it(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = MemoryTape(prices(VENUE, *((n, 100) for n in range(600))), end_ns=at(600))
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        await rig.advance(1.0)
        resting = await rig.submit("buy", "1", price="90")
        await rig.advance(1.0)
        (paper,) = (one for one in rig.engine.venues.running() if isinstance(one, PaperBroker))
        monkeypatch.setattr(paper.venue, "waiting", fail)
        await rig.cancel(resting)  # it looks at what waits
        await rig.advance(15.0)

        assert rig.states[resting] == ["pending", "open", "unknown", "canceled"]
        order_id = await rig.submit("buy", "1")
        await rig.advance(1.0)
        assert rig.order(order_id).state is OrderState.FILLED
        assert breaks(rig) == []


async def test_what_was_held_at_a_venue_that_fails_can_be_left_at_the_next(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins with nothing, and would refuse what only reduces."""
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        await rig.submit("buy", "0.01", account="sim")
        await rig.until("fill", lambda: rig.position("sim", SIM).size > 0)
        monkeypatch.setattr(sim_of(rig).exchange, "advance", fail)
        await rig.advance(10.0)
        rig.send(Flatten(order_id="x", account="sim", fqme=SIM))
        await rig.until("end", lambda: "x" in rig.orders and not rig.order("x").is_working)

        assert (rig.order("x").state, rig.order("x").reason) == (OrderState.FILLED, "")
        assert rig.position("sim", SIM).size == 0
