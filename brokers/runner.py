"""The socket loop for any session: connect, pump, keep alive, back off, connect again.

A session is a protocol without I/O. The runner gives it what arrives, sends what it wants sent,
and tells it when a socket opens and when none is left. Between a break and the next socket it
waits, longer each time, with jitter, so that a thousand clients of a venue do not come back at
once; it obeys the venue's budgets and bans, and never gives up.

Venues end connections after a time. Before that a second socket is opened; both feed the one
session, which knows what it has had, until the second one has everything that was asked for.
Then the first one is closed: no message is missed between them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import trio
from websockets.exceptions import ConnectionClosed

from brokers.net.bans import Bans
from brokers.net.failures import refusal_of, why_closed
from brokers.net.session import CountsFaults, Session, SocketRules
from brokers.net.socket import OpenSocket, Socket, open_socket
from engine.clock import NANOS, Clock
from engine.errors import describe
from engine.log import logger
from engine.messages import ConnectionState, ConnectionStatus
from engine.services import HEALTHY_S, backoff, sole_error
from engine.text import safe

_log = logger(__name__)

__all__ = ["Runner", "Session", "SocketRules"]

T = TypeVar("T")

FIRST_DELAY_S, LONGEST_DELAY_S = 0.1, 60.0
"""A broken line is often whole again at once; a venue that is down stays down for minutes."""
OVERLAP_S = 30.0
"""Most that a second socket has to get everything that was asked for."""
LINGER_S = 2.0
"""How long the first one is kept after that: answers to requests may still be on their way."""

SENSE_S, NONSENSE = 5.0, 5
"""A socket that brings so many messages in so long, and none that can be read, is of no use."""


class _Link:
    """One open socket of a runner."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.opened_s = self.heard_s = trio.current_time()
        self.ended = trio.Event()
        self.why = ""
        self.scope = trio.CancelScope()

    def end(self, why: str) -> None:
        """It carries nothing any more."""
        self.why = self.why or why
        self.scope.cancel()


class Runner(Generic[T]):
    """Keeps one session connected for as long as `run` does."""

    def __init__(
        self,
        *,
        broker: str,
        name: str,
        url: str | Callable[[], Awaitable[str]],
        session: Session[T],
        deliver: Callable[[Sequence[T]], None],
        clock: Clock,
        rules: SocketRules,
        bans: Bans | None = None,
        jitter: random.Random | None = None,
        dial: OpenSocket = open_socket,
    ) -> None:
        """
        Args:
            url: where to connect to, or what finds that out for each attempt.
            deliver: takes what the session makes of messages, in order; never waits.
            jitter: makes the delays uneven.
            dial: opens a socket.
        """
        self._broker = broker
        self._name = name
        self._url = url
        self._session = session
        self._deliver = deliver
        self._clock = clock
        self._rules = rules
        self._bans = bans or Bans(None, clock)
        self._jitter = jitter or random.Random()
        self._dial = dial
        self._links: list[_Link] = []
        self._to_send = trio.Event()
        self._moved = trio.Event()
        """Set, and replaced, when the state may have changed."""
        self._renewal = trio.Event()
        self._state: ConnectionState = "closed"
        self._since_ns = clock.now_ns()
        self._until_ns = 0
        self._reason = ""
        self._opened = 0
        self._messages = 0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the session connected until cancelled; `started()` at once."""
        task_status.started()
        delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        try:
            while True:
                began_s = trio.current_time()
                why = await self._live_once()
                if trio.current_time() - began_s >= HEALTHY_S:
                    delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
                if events := self._session.lost(self._clock.now_ns()):
                    self._hand_over(events)
                await self._back_off(next(delays), why)
        finally:
            self._enter("closed")

    def wake(self) -> None:
        """The session has something to send, or became live by other means."""
        self._to_send.set()
        self._look()

    def renew(self) -> None:
        """The venue is about to end this connection: have another one take over now."""
        self._renewal.set()

    def drop(self, why: str) -> None:
        """What came over this connection makes no sense: begin anew."""
        for link in tuple(self._links):
            link.end(why)

    async def wait_live(self) -> None:
        """Until the session has everything that it asked for."""
        while self._state != "live":
            await self._moved.wait()

    @property
    def is_live(self) -> bool:
        return self._state == "live"

    def status(self) -> ConnectionStatus:
        """How the connection is, for the deck."""
        newest = self._links[-1] if self._links else None
        latency_s = newest.socket.latency if newest else 0.0
        sends = self._rules.sends
        is_counting = isinstance(self._session, CountsFaults)
        return ConnectionStatus(
            broker=self._broker,
            name=self._name,
            state=self._state,
            since_ns=self._since_ns,
            until_ns=self._until_ns,
            reason=self._reason,
            reconnects=max(0, self._opened - 1),
            messages=self._messages,
            malformed=self._session.malformed if is_counting else 0,  # type: ignore[attr-defined]
            round_trip_ms=latency_s * 1e3 or None,
            budget_used=None if sends is None else sends.used_share,
        )

    # -- lives of connections -------------------------------------------------------------------

    async def _live_once(self) -> str:
        """From one attempt to connect to when no socket is left; returns why."""
        await self._outlast_ban()
        async with trio.open_nursery() as nursery:
            try:
                link = await self._connect(nursery)
            except Exception as error:
                return self._refused(sole_error(error))
            why = await self._until_none_left(nursery, link)
            nursery.cancel_scope.cancel()
        return why

    async def _outlast_ban(self) -> None:
        """The state tells of it where no socket is left that others may still hear."""
        while until_ns := self._bans.until_ns():
            if not self._links:
                self._enter("banned", until_ns=until_ns, reason=self._bans.reason())
            await self._bans.wait()
        if not self._links:
            self._enter("connecting")

    async def _connect(self, nursery: trio.Nursery) -> _Link:
        if self._rules.connects is not None:
            await self._rules.connects.spend()
        await self._outlast_ban()  # others may have been banned while this waited
        url = self._url if isinstance(self._url, str) else await self._url()
        link: _Link = await nursery.start(self._hold, url)
        return link

    async def _until_none_left(self, nursery: trio.Nursery, link: _Link) -> str:
        """Have other sockets take over in time, until the last one ends."""
        delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        while not await self._ends_before_renewal(link):
            if await self._ends_during_ban(link):
                break
            try:
                successor = await self._connect(nursery)
            except Exception as error:
                why = self._refused(sole_error(error))
                _log.warning("%s %s: no other socket: %s", self._broker, self._name, why)
                with trio.move_on_after(next(delays)):
                    await link.ended.wait()
                self._renewal.set()
                continue
            if await self._takes_over(link, successor):
                link, delays = successor, backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        return link.why

    async def _ends_before_renewal(self, link: _Link) -> bool:
        """Wait until it ends (true), or another one is due to take over (false)."""
        if self._rules.lifetime_s:
            with trio.move_on_at(link.opened_s + self._rules.lifetime_s):
                await self._ended_or_renewal(link)
        else:
            await self._ended_or_renewal(link)
        self._renewal = trio.Event()
        return link.ended.is_set()

    async def _ends_during_ban(self, link: _Link) -> bool:
        """Wait until another socket may be asked for: false, or true where it ends before."""
        while (until_ns := self._bans.until_ns()) and not link.ended.is_set():
            with trio.move_on_after((until_ns - self._clock.now_ns()) / NANOS):
                await link.ended.wait()
        return link.ended.is_set()

    async def _ended_or_renewal(self, link: _Link) -> None:
        async with trio.open_nursery() as nursery:

            async def first(event: trio.Event) -> None:
                await event.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(first, link.ended)
            nursery.start_soon(first, self._renewal)

    async def _takes_over(self, old: _Link, new: _Link) -> bool:
        """Close `old` once `new` has everything. False where `new` ended before that."""
        with trio.move_on_after(OVERLAP_S):
            while not (self._session.is_live or new.ended.is_set()):
                await self._moved.wait()
        if new.ended.is_set():
            self._renewal.set()
            return old.ended.is_set()
        with trio.move_on_after(LINGER_S):
            await old.ended.wait()
        old.end("another socket took over")
        return True

    # -- one socket -----------------------------------------------------------------------------

    async def _hold(self, url: str, *, task_status: trio.TaskStatus[_Link]) -> None:
        """Open a socket and pump until it ends. Raises only what keeps it from opening."""
        is_open = False
        try:
            async with self._dial(
                url,
                connect_timeout_s=self._rules.connect_timeout_s,
                most_bytes=self._rules.most_bytes,
                ping_s=0 if self._rules.app_ping else self._rules.ping_s,
                headers=dict(self._rules.headers),
            ) as socket:
                is_open = True
                await self._use(socket, task_status)
        except Exception as error:
            if not is_open:
                raise
            _log.warning("%s %s: not closed in order: %r", self._broker, self._name, error)

    async def _use(self, socket: Socket, task_status: trio.TaskStatus[_Link]) -> None:
        link = _Link(socket)
        self._links.append(link)
        try:
            self._begin(link)
            task_status.started(link)
            await self._pump(link)
        except Exception as error:  # a bug of ours, or of the session: this socket is done
            _log.exception("%s %s: the connection failed", self._broker, self._name)
            link.why = link.why or describe(sole_error(error))
        finally:
            self._links.remove(link)
            link.ended.set()
            self._look()

    def _begin(self, link: _Link) -> None:
        self._opened += 1
        self._enter("syncing")
        self._session.opened(self._clock.now_ns())
        self._to_send.set()
        link.socket.hear = partial(self._hear, link)
        link.socket.listen(self._receive)

    async def _pump(self, link: _Link) -> None:
        """Send, ping and watch until the socket ends. Reading is done by the socket itself."""
        with link.scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send, link)
                nursery.start_soon(self._watch, link)
                if isinstance(self._session, CountsFaults):
                    nursery.start_soon(self._judge, link, self._session)
                if self._rules.app_ping and self._rules.ping_s:
                    nursery.start_soon(self._ping, link, self._rules.app_ping)
                await link.socket.stream_closed.wait()
                link.end(why_closed(link.socket))

    def _receive(self, message: bytes) -> None:
        """One message, from whichever socket."""
        self._messages += 1
        events = self._session.receive(message, self._clock.now_ns())
        if events:
            self._hand_over(events)
        self._to_send.set()  # the session may have something to answer
        if self._state == "syncing" and self._session.is_live:
            self._look()

    def _hand_over(self, events: Sequence[T]) -> None:
        try:
            self._deliver(events)
        except Exception:
            # A bug of ours; the connection is none the worse for it.
            _log.exception("%s %s: what was received could not be used", self._broker, self._name)

    async def _send(self, link: _Link) -> None:
        """Send what the session wants sent; only over the newest socket."""
        while True:
            await self._to_send.wait()
            if self._links[-1] is not link:  # until that one takes over, or ends
                await self._moved.wait()
                continue
            self._to_send = trio.Event()
            for message in self._session.data_to_send():
                if self._rules.sends is not None:
                    await self._rules.sends.spend()
                if not await self._give(link, message):
                    return
            self._look()

    async def _ping(self, link: _Link, message: bytes) -> None:
        while True:
            await trio.sleep(self._rules.ping_s)
            if self._rules.sends is not None:
                await self._rules.sends.spend()
            if not await self._give(link, message):
                return

    async def _give(self, link: _Link, message: bytes) -> bool:
        try:
            await link.socket.send(message.decode())
        except ConnectionClosed:
            link.end(why_closed(link.socket))
            return False
        return True

    async def _watch(self, link: _Link) -> None:
        """Notice silence: stale after the venue's time, dead after twice that."""
        silence_s = self._rules.silence_s
        while True:
            heard_s = link.heard_s
            await trio.sleep_until(heard_s + silence_s)
            if self._links[-1] is not link:  # until that one takes over, or ends
                await self._moved.wait()
                continue
            if link.heard_s == heard_s:
                self._enter("stale", reason=f"nothing received for {silence_s:.0f} s")
                await trio.sleep_until(heard_s + 2 * silence_s)
                if link.heard_s == heard_s:
                    link.end(f"nothing received for {2 * silence_s:.0f} s")
                    return

    async def _judge(self, link: _Link, session: CountsFaults) -> None:
        """End a socket whose messages cannot be read, however many come: what readers have is
        old, and its silence would have told them."""
        while True:
            messages, malformed = self._messages, session.malformed
            await trio.sleep(SENSE_S)
            received = self._messages - messages
            if received >= NONSENSE and received == session.malformed - malformed:
                link.end(f"none of its last {received} messages makes sense")
                return

    def _hear(self, link: _Link) -> None:
        """Something came by itself over this socket."""
        link.heard_s = trio.current_time()
        if self._state == "stale":
            self._enter("syncing")
            self._look()

    # -- states ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """See whether the session is live, and tell who waits for that."""
        if self._links and self._state in ("syncing", "live"):
            self._enter("live" if self._session.is_live else "syncing")
        self._tell_moved()

    def _tell_moved(self) -> None:
        moved, self._moved = self._moved, trio.Event()
        moved.set()

    async def _back_off(self, delay_s: float, why: str) -> None:
        delay_s *= self._jitter.uniform(0.5, 1.0)
        until_ns = self._clock.now_ns() + round(delay_s * NANOS)
        self._enter("backing_off", until_ns=until_ns, reason=why)
        await trio.sleep(delay_s)

    def _refused(self, error: Exception) -> str:
        """Why a socket did not open; obeys what the venue asks for with it."""
        refusal = refusal_of(error, self._clock.now_ns())
        if refusal.until_ns:
            self._bans.ban("", refusal.until_ns, refusal.why)
        elif refusal.is_bug:
            _log.error("%s %s: %r", self._broker, self._name, error, exc_info=error)
        return refusal.why

    def _enter(self, state: ConnectionState, *, until_ns: int = 0, reason: str = "") -> None:
        if state != self._state:
            self._since_ns = self._clock.now_ns()
            level = "warning" if reason else "info"
            getattr(_log, level)("%s %s: %s %s", self._broker, self._name, state, reason)
        self._state, self._until_ns, self._reason = state, until_ns, safe(reason, 200)
        self._tell_moved()
