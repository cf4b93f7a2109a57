"""What readers get when sockets break, books fail and the venue throttles: over a real socket."""

from __future__ import annotations

from pathlib import Path

import msgspec
import trio

from brokers.kraken.holes import Missing
from brokers.kraken.live import ClockSample
from brokers.kraken.market import RESYNCS
from engine.feed.book_state import BookState, after_book, after_break
from engine.messages import Bid, Book, Break, Trade
from tests.brokers.kraken.market_rig import FQME, FastClock, Rig, Watched, open_rig, until
from tests.support.venue_messages import kraken_book


def print_many(rig: Rig, count: int) -> None:
    for at in range(count):
        rig.print(f"52000.{at % 10}", "0.001")


async def began(rig: Rig) -> Watched:
    """A stream that is live and has had a trade."""
    rig.ladder()
    watched = await rig.watch()
    await rig.live()
    rig.print("52000.1")
    await until(lambda: watched.of(Trade))
    return watched


async def cut(rig: Rig) -> None:
    """Break the connection, and wait until that is noticed."""
    rig.running.venue.controller.do("disconnect")
    await until(lambda: rig.socket_status().state != "live")


def missed(rig: Rig, watched: Watched) -> list[int]:
    """Trades at the venue since the first one that was received, which were not."""
    first = watched.trade_ids[0]
    there = [trade_id for trade_id in rig.trade_ids() if trade_id >= first]
    assert watched.trade_ids == sorted(set(watched.trade_ids)), "not in order, or twice"
    return [trade_id for trade_id in there if trade_id not in set(watched.trade_ids)]


async def test_trades_missed_in_a_short_cut_come_with_the_snapshot() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        await cut(rig)
        print_many(rig, 20)
        await until(lambda: not missed(rig, watched))

        assert "gap" not in watched.breaks
        asked = [one for one in rig.broker.connections() if one.name == "rest"]
        assert asked[0].messages == 2, "REST was not needed"


async def test_trades_missed_in_a_long_cut_are_had_from_rest_before_newer_ones() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        await cut(rig)
        print_many(rig, 1300)
        await rig.live()
        print_many(rig, 5)
        await until(lambda: not missed(rig, watched))

        assert "gap" not in watched.breaks
        assert len(watched.trade_ids) == 1306


async def test_trades_that_rest_cannot_give_are_a_gap() -> None:
    async with open_rig(options={"public_per_s": 1000}) as rig:
        watched = await began(rig)
        await cut(rig)
        print_many(rig, 100)
        rig.running.venue.faults.set({"hits": "public", "fail_status": 520})
        await until(lambda: "gap" in watched.breaks, within_s=60)

        assert len(watched.trade_ids) == 51
        assert len(missed(rig, watched)) == 50


async def test_after_a_cut_the_book_is_stale_first_then_built_anew() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        await cut(rig)
        await rig.live()
        await until(lambda: "resync" in watched.breaks)

        assert watched.breaks == ["stale", "resync"]
        at = next(
            place
            for place, tick in enumerate(watched.ticks)
            if isinstance(tick, Break) and tick.reason == "resync"
        )
        book, *_ = (tick for tick in watched.ticks[at:] if isinstance(tick, Book))
        assert book.is_snapshot


async def test_a_socket_that_is_cut_in_the_middle_of_a_message_costs_no_trade() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        for _ in range(5):
            connections = rig.proxy.connections
            rig.proxy.faults.cut_after["down"] = 700
            while rig.proxy.connections == connections:
                rig.print("52000.2", "0.001")
                await trio.sleep(0.01)
            await rig.live()
        await until(lambda: not missed(rig, watched))

        assert "gap" not in watched.breaks
        assert rig.socket_status().reconnects == 5


async def test_a_socket_that_falls_silent_is_stale_and_then_made_anew() -> None:
    async with open_rig(options={"silence_s": 2}) as rig:
        watched = await began(rig)
        rig.proxy.faults.stalled.add("down")
        await until(lambda: rig.socket_status().state == "stale")
        print_many(rig, 3)
        await until(lambda: rig.socket_status().state in ("backing_off", "connecting", "syncing"))
        rig.proxy.faults.stalled.clear()
        rig.proxy.faults.go_on()
        await until(lambda: not missed(rig, watched))

        assert watched.breaks[0] == "stale"


async def test_an_update_that_is_missing_is_noticed_and_the_book_built_anew() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        rig.running.venue.faults.set({"skip_updates": 1})
        place = rig.running.venue.controller.do
        place("place", symbol="BTC/USD", side="buy", price="51999.0", size="0.7")
        place("place", symbol="BTC/USD", side="buy", price="51998.0", size="0.7")
        await until(lambda: "resync" in watched.breaks)
        await rig.live()

        assert watched.breaks == ["gap", "resync"]
        assert watched.of(Book)[-1].is_snapshot
        held = dict(watched.of(Book)[-1].bids)
        assert held[51999.0] == 1.2


async def test_a_book_that_never_agrees_is_shown_as_unverified_and_not_as_good(
    tmp_path: Path,
) -> None:
    """A recording whose checksums are wrong, played by the venue."""
    lines = [kraken_book("snapshot", [("52000.0", "1.0")], [("52001.0", "1.0")], 1)]
    lines += [kraken_book("update", [(f"51999.{at}", "2.0")], [], 1) for at in range(10)]
    (tmp_path / "wrong.ndjson").write_bytes(b"\n".join(lines))
    async with open_rig(clock=FastClock(20.0), play=tmp_path / "wrong.ndjson") as rig:
        watched = await rig.watch()
        await until(lambda: "unverified" in watched.breaks)
        await rig.live()

        state: BookState = "syncing"
        for tick in tuple(watched.ticks):
            if isinstance(tick, Break):
                state = after_break(state, tick)
            elif isinstance(tick, Book):
                state = after_book(state, tick)
            assert state != "good"
        assert state == "unverified"
        (socket,) = rig.broker._pool._sockets
        assert socket.session.statistics().books[FQME].gaps == RESYNCS + 1


async def test_nonsense_on_the_socket_is_counted_and_harms_nothing() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        rig.running.venue.faults.set({"corrupt_updates": 2})
        print_many(rig, 60)
        await until(lambda: not missed(rig, watched))

        assert rig.socket_status().malformed == 2
        assert rig.socket_status().reconnects == 0


async def test_a_market_that_is_halted_is_so_from_its_first_tick_and_after_a_cut() -> None:
    async with open_rig() as rig:
        rig.running.venue.controller.do("mode", mode="cancel_only", symbol="BTC/USD")
        rig.ladder()
        watched = await rig.watch()
        await rig.live()
        await until(lambda: watched.breaks == ["halt"])
        await cut(rig)
        await rig.live()
        await until(lambda: watched.breaks.count("halt") == 2)
        rig.running.venue.controller.do("mode", mode="online", symbol="BTC/USD")
        await until(lambda: watched.breaks[-1] == "resume")


async def test_throttling_on_the_first_request_is_waited_out() -> None:
    async with open_rig() as rig:
        rig.running.venue.faults.set({"hits": "public", "throttle_s": 0.5, "times": 2})
        watched = await rig.watch()

        assert watched.quote.last > 0
        page = await rig.broker.history(FQME, 60, rig.broker.now_ns(), 10)
        assert len(page.columns) == 10


async def test_a_venue_that_fails_at_first_is_asked_again() -> None:
    async with open_rig() as rig:
        rig.running.venue.faults.set({"hits": "public", "fail_status": 520, "times": 2})

        assert (await rig.broker.instrument(FQME)).symbol == "BTC/USD"


async def test_live_prices_go_on_while_history_is_throttled() -> None:
    async with open_rig() as rig:
        watched = await began(rig)
        rig.running.venue.faults.set({"hits": "public", "throttle_s": 60.0})
        rig.nursery.start_soon(rig.broker.history, FQME, 60, rig.broker.now_ns(), 1000)
        await until(lambda: rig.running.venue.faults.hit)
        print_many(rig, 10)
        await until(lambda: len(watched.trade_ids) == 11)


async def test_a_market_nobody_reads_is_unsubscribed_and_its_socket_kept_for_a_while() -> None:
    async with open_rig() as rig:
        async with trio.open_nursery() as nursery:
            started = await nursery.start(rig.broker.stream, FQME, lambda fqme, ticks: None)
            assert started.last > 0
            await rig.live()
            nursery.cancel_scope.cancel()
        subscriptions = rig.running.venue.subscriptions
        await until(lambda: not subscriptions.keys("book", "BTC/USD"))

        assert not subscriptions.keys("trade", "BTC/USD")
        assert rig.socket_status().state == "live", "kept for who comes next"


async def test_the_clock_of_the_venue_is_known_from_the_first_answer() -> None:
    async with open_rig() as rig:
        await rig.watch()
        await until(
            lambda: all(one.clock_offset_ms is not None for one in rig.broker.connections()[:1])
        )


def test_what_a_session_asks_for_is_no_tick() -> None:
    """So that it is told apart from ticks wherever events are handed over."""
    for kind in (Missing, ClockSample):
        assert not issubclass(kind, msgspec.Struct)
    assert issubclass(Bid, msgspec.Struct)
