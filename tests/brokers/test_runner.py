"""The socket loop, against venue ends in memory and a clock that jumps."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import trio
import trio.testing

from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.runner import Runner, SocketRules
from engine.clock import NANOS, TrioClock
from tests.support.venue_socket import Dialer, Refusal, VenueEnd, until

START_NS = 1_795_226_417_250_000_000


class EchoSession:
    """Asks for `streams`, is live once `ok` came for the newest socket, and passes on the rest."""

    def __init__(self) -> None:
        self.openings = 0
        self.is_live = False
        self.malformed = 0
        self._outgoing: list[bytes] = []

    def opened(self, now_ns: int) -> None:
        self.openings += 1
        self.is_live = False
        self.ask(f"subscribe {self.openings}")

    def ask(self, text: str) -> None:
        self._outgoing.append(text.encode())

    def receive(self, data: bytes, recv_ns: int) -> list[str]:
        text = data.decode()
        if text == "ok":
            self.is_live = True
            return []
        if text == "nonsense":
            self.malformed += 1
            return []
        if text == "ask back":
            self.ask("answer")
            return []
        return [text]

    def data_to_send(self) -> list[bytes]:
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def lost(self, now_ns: int) -> list[str]:
        self.is_live = False
        return ["lost"]


class Rig:
    def __init__(self, clock: TrioClock, bans: Bans | None, **rules: Any) -> None:
        self.session = EchoSession()
        self.dialer = Dialer()
        self.got: list[str] = []
        self.bans = bans or Bans(None, clock)
        self.runner = Runner(
            broker="echo",
            name="market data 1",
            url="ws://echo.test/ws",
            session=self.session,
            deliver=self.got.extend,
            clock=clock,
            rules=SocketRules(**{"silence_s": 1e6, "ping_s": 0.0, **rules}),
            bans=self.bans,
            jitter=random.Random(7),
            dial=self.dialer,
        )

    @property
    def state(self) -> str:
        return self.runner.status().state

    async def end(self, number: int) -> VenueEnd:
        """The venue's end of a connection, counted from 0, once what is asked for arrived."""
        await until(lambda: len(self.dialer.ends) > number and self.dialer.ends[number].heard)
        return self.dialer.ends[number]

    async def live(self, number: int = 0) -> VenueEnd:
        end = await self.end(number)
        await end.say("ok")
        await until(lambda: self.state == "live")
        return end


@asynccontextmanager
async def running(
    bans: Bans | None = None,
    refusals: Sequence[Refusal] = (),
    retry_after: str = "",
    **rules: Any,
) -> AsyncIterator[Rig]:
    rig = Rig(TrioClock(START_NS), bans, **rules)
    rig.dialer.refusals = list(refusals)
    rig.dialer.refusal_headers = {"Retry-After": retry_after} if retry_after else {}
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.runner.run)
        yield rig
        nursery.cancel_scope.cancel()


async def test_subscribes_is_live_and_passes_messages_on(autojump_clock: object) -> None:
    async with running() as rig:
        end = await rig.end(0)
        assert end.heard == ["subscribe 1"]
        assert rig.state == "syncing"
        await end.say("ok", "a", "b")
        await until(lambda: rig.got == ["a", "b"])
        await rig.runner.wait_live()
        status = rig.runner.status()
        assert (status.broker, status.name, status.state) == ("echo", "market data 1", "live")
        assert (status.messages, status.reconnects) == (3, 0)
    assert rig.state == "closed"


async def test_sends_what_the_session_answers_and_what_it_is_woken_for(
    autojump_clock: object,
) -> None:
    async with running() as rig:
        end = await rig.live()
        await end.say("ask back")
        await until(lambda: "answer" in end.heard)
        rig.session.ask("more")
        rig.runner.wake()
        await until(lambda: "more" in end.heard)


async def test_joins_the_parts_of_a_message(autojump_clock: object) -> None:
    async with running() as rig:
        end = await rig.live()
        await end.say_in_parts("one ", "mess", "age")
        await end.say("next")
        await until(lambda: rig.got == ["one message", "next"])


async def test_connects_again_after_a_cut_and_tells_readers(autojump_clock: object) -> None:
    async with running() as rig:
        await (await rig.live()).cut()
        await until(lambda: rig.got == ["lost"])
        assert rig.state == "backing_off"
        status = rig.runner.status()
        assert "broke" in status.reason
        assert status.until_ns > status.since_ns
        again = await rig.live(1)
        assert again.heard == ["subscribe 2"]
        await again.say("c")
        await until(lambda: rig.got == ["lost", "c"])
        assert rig.runner.status().reconnects == 1


async def test_says_how_the_venue_closed_it(autojump_clock: object) -> None:
    async with running() as rig:
        end = await rig.live()
        await end.close(1008, "\x1b[2Jtoo many")
        await until(lambda: rig.state == "backing_off")
        reason = rig.runner.status().reason
        assert "1008" in reason
        assert "too many" in reason
        assert "\x1b" not in reason


async def test_waits_longer_each_time_and_never_gives_up(autojump_clock: object) -> None:
    async with running(refusals=[OSError(111, "Connection refused")] * 14) as rig:
        await rig.live()
    waits = [after - before for before, after in pairwise(rig.dialer.dialled_s)]
    assert len(waits) == 14
    assert 0.05 <= waits[0] <= 0.1
    assert max(waits) <= 60.0
    assert waits[-1] >= 30.0
    assert len(set(waits)) == len(waits), "no jitter"


async def test_says_why_it_cannot_connect(autojump_clock: object) -> None:
    async with running(refusals=[OSError(111, "Connection refused"), 503]) as rig:
        await until(lambda: rig.state == "backing_off")
        assert "Connection refused" in rig.runner.status().reason
        await until(lambda: "HTTP 503" in rig.runner.status().reason)


async def test_a_ban_at_the_door_is_obeyed_to_its_end(autojump_clock: object) -> None:
    async with running(refusals=[418], retry_after="300") as rig:
        await until(lambda: rig.state == "banned")
        assert rig.runner.status().until_ns == pytest.approx(
            START_NS + round(rig.dialer.dialled_s[0] * NANOS) + 300 * NANOS, abs=2 * NANOS
        )
        await rig.live()
        first, second = rig.dialer.dialled_s
        assert second - first >= 300


async def test_a_ban_of_before_keeps_it_from_connecting(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    bans.ban("", clock.now_ns() + 60 * NANOS, "too much")
    async with running(bans) as rig:
        await rig.live()
        assert rig.dialer.dialled_s[0] >= 60


async def test_keeps_to_the_venues_count_of_connections(autojump_clock: object) -> None:
    async with running(connects=Budget(2, 300)) as rig:
        await (await rig.live(0)).cut()
        await (await rig.live(1)).cut()
        await rig.live(2)
        assert rig.dialer.dialled_s[2] >= 300


async def test_keeps_to_the_venues_count_of_messages(autojump_clock: object) -> None:
    async with running(sends=Budget(5, 1.0)) as rig:
        end = await rig.live()
        began = trio.current_time()
        for number in range(12):
            rig.session.ask(str(number))
        rig.runner.wake()
        await until(lambda: end.heard[-1] == "11")
        assert end.heard[1:] == [str(number) for number in range(12)]
        assert trio.current_time() - began >= 2.0


async def test_another_socket_takes_over_before_the_venue_ends_it(autojump_clock: object) -> None:
    async with running(lifetime_s=100.0) as rig:
        old = await rig.live()
        new = await rig.end(1)
        assert 100 <= trio.current_time() < 101
        await old.say("still here")
        await until(lambda: "still here" in rig.got)
        assert not old.is_over
        await new.say("ok", "from the new one")
        await old.say("last words")
        await until(lambda: old.is_over)
        assert sorted(rig.got) == ["from the new one", "last words", "still here"]
        assert rig.state == "live"
        await new.say("goes on")
        await until(lambda: rig.got[-1] == "goes on")


async def test_renews_when_the_venue_says_that_it_will_end(autojump_clock: object) -> None:
    async with running() as rig:
        old = await rig.live()
        rig.runner.renew()
        new = await rig.end(1)
        assert not old.is_over
        await new.say("ok")
        await until(lambda: old.is_over)
        assert "lost" not in rig.got


async def test_keeps_the_old_socket_while_no_other_can_be_had(autojump_clock: object) -> None:
    async with running(lifetime_s=100.0) as rig:
        old = await rig.live()
        rig.dialer.refusals = [OSError(101, "Network is unreachable")] * 3
        await until(lambda: not rig.dialer.refusals)
        await old.say("here")
        await until(lambda: rig.got == ["here"])
        new = await rig.end(1)
        await new.say("ok")
        await until(lambda: old.is_over)
        assert rig.got == ["here"]


async def test_keeps_the_old_socket_when_the_new_one_dies_at_once(autojump_clock: object) -> None:
    async with running(lifetime_s=100.0) as rig:
        old = await rig.live()
        await (await rig.end(1)).cut()
        third = await rig.end(2)
        await old.say("here")
        await third.say("ok")
        await until(lambda: old.is_over)
        assert rig.got == ["here"]


async def test_no_other_socket_is_asked_for_during_a_ban(autojump_clock: object) -> None:
    async with running(lifetime_s=100.0) as rig:
        await rig.live()
        rig.dialer.refusals = [418]
        rig.dialer.refusal_headers = {"Retry-After": "300"}
        await rig.live(1)
        _, banned, after = rig.dialer.dialled_s
        assert after - banned >= 300
    async with running(lifetime_s=100.0) as rig:
        old = await rig.live()
        rig.bans.ban("", START_NS + 500 * NANOS, "by REST")
        await trio.sleep(200)
        await old.cut()
        await until(lambda: rig.state == "banned")
        await rig.live(1)
        first, second = rig.dialer.dialled_s
        assert second - first >= 500


async def test_an_old_socket_goes_on_being_used_when_no_other_lives(
    autojump_clock: object,
) -> None:
    async with running(lifetime_s=100.0, silence_s=500.0) as rig:
        old = await rig.live()
        new = await rig.end(1)
        rig.dialer.refusals = [OSError(101, "Network is unreachable")] * 1000
        await new.cut()
        await until(lambda: len(rig.dialer.dialled_s) > 3)
        rig.session.ask("more")
        rig.runner.wake()
        await until(lambda: "more" in old.heard)
        await until(lambda: rig.state == "backing_off")  # silent for too long


async def test_a_socket_that_cannot_be_closed_ends_nothing_else(autojump_clock: object) -> None:
    async with running(lifetime_s=100.0) as rig:
        old = await rig.live()
        rig.dialer.closing_fails = True
        new = await rig.live(1)
        await until(lambda: old.is_over)
        rig.dialer.closing_fails = False
        await new.say("here")
        await until(lambda: rig.got == ["here"])


async def test_silence_is_stale_and_then_dead(autojump_clock: object) -> None:
    async with running(silence_s=10.0) as rig:
        await rig.live()
        began = trio.current_time()
        await until(lambda: rig.state == "stale")
        assert 9.9 <= trio.current_time() - began < 11
        assert "nothing received" in rig.runner.status().reason
        await until(lambda: rig.state == "backing_off")
        assert 19.9 <= trio.current_time() - began < 22
        await rig.end(1)


async def test_a_stale_socket_that_speaks_again_is_live(autojump_clock: object) -> None:
    async with running(silence_s=10.0) as rig:
        end = await rig.live()
        await until(lambda: rig.state == "stale")
        await end.say("still alive")
        await until(lambda: rig.state == "live")
        assert len(rig.dialer.ends) == 1


async def test_pings_of_the_venue_are_answered_and_break_the_silence(
    autojump_clock: object,
) -> None:
    async with running(silence_s=30.0) as rig:
        end = await rig.live()
        for _ in range(10):
            await trio.sleep(20)
            await end.ping()
        assert rig.state == "live"
        assert len(rig.dialer.ends) == 1


async def test_answers_to_our_own_pings_do_not_break_it(autojump_clock: object) -> None:
    async with running(silence_s=30.0, ping_s=5.0) as rig:
        end = await rig.live()
        await until(lambda: rig.state == "stale")
        assert end.pings > 3


async def test_sends_the_venues_own_ping(autojump_clock: object) -> None:
    async with running(ping_s=30.0, app_ping=b'{"method":"ping"}') as rig:
        end = await rig.live()
        await trio.sleep(100)
        assert end.heard.count('{"method":"ping"}') == 3
        assert end.pings == 0


async def test_a_socket_that_brings_nothing_but_nonsense_is_made_anew(
    autojump_clock: object,
) -> None:
    async with running() as rig:
        end = await rig.live()
        for _ in range(20):
            await end.say("nonsense", "nonsense", "here")
            await trio.sleep(1)
        assert rig.state == "live", "it still brings something"
        await end.say(*["nonsense"] * 20)
        await until(lambda: "makes sense" in rig.runner.status().reason)
        await rig.live(1)
        assert rig.got[-1] == "lost"


async def test_little_nonsense_is_only_counted(autojump_clock: object) -> None:
    async with running() as rig:
        end = await rig.live()
        await end.say("nonsense", "nonsense")
        await trio.sleep(60)
        assert rig.state == "live"
        assert rig.runner.status().malformed == 2


async def test_a_message_without_end_ends_the_connection(autojump_clock: object) -> None:
    async with running(most_bytes=1000) as rig:
        end = await rig.live()
        await end.say("x" * 1001)
        await until(lambda: rig.state == "backing_off")
        assert rig.got == ["lost"]


async def test_a_reader_that_fails_ends_nothing(autojump_clock: object) -> None:
    rig = Rig(TrioClock(START_NS), None)
    heard: list[str] = []

    def deliver(events: Sequence[str]) -> None:
        heard.extend(events)
        raise RuntimeError("a bug of ours")

    rig.runner._deliver = deliver
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.runner.run)
        end = await rig.live()
        await end.say("a", "b")
        await until(lambda: heard == ["a", "b"])
        assert rig.state == "live"
        nursery.cancel_scope.cancel()


async def test_dropping_a_connection_begins_another(autojump_clock: object) -> None:
    async with running() as rig:
        await rig.live()
        rig.runner.drop("its books make no sense")
        await until(lambda: rig.state == "backing_off")
        assert "make no sense" in rig.runner.status().reason
        await rig.live(1)


async def test_asks_where_to_connect_each_time(autojump_clock: object) -> None:
    rig, asked = Rig(TrioClock(START_NS), None), []

    async def find() -> str:
        asked.append(len(asked))
        await trio.lowlevel.checkpoint()
        return f"ws://echo.test/{len(asked)}"

    rig.runner._url = find
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.runner.run)
        await (await rig.live()).cut()
        await rig.live(1)
        assert rig.dialer.urls == ["ws://echo.test/1", "ws://echo.test/2"]
        nursery.cancel_scope.cancel()
