"""REST requests to one venue: within its budgets, never during a ban, and honest about outcomes.

* A connection that could not be opened: nothing was sent, `BrokerUnavailable`.
* A request that may have arrived, without an answer, or with one of 5xx: `OutcomeUnknown` where it
  would change something, else `BrokerUnavailable`.
* 429 and 418: obeyed to the end. Who can wait, waits; everyone else gets `Throttled`.
* Anything else is an answer, and the venue's package reads it.

No error and no log line has a query, a body or a header in it: keys and signatures are there.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from email.utils import parsedate_to_datetime
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import NamedTuple
from urllib.request import Request

import httpx2
import trio

from brokers.net.bans import Bans
from brokers.net.budgets import Allowance
from engine.clock import NANOS, Clock
from engine.errors import BrokerError, BrokerUnavailable, DataError, OutcomeUnknown
from engine.log import logger
from engine.messages import ConnectionState, ConnectionStatus
from engine.services import backoff
from engine.text import safe

_log = logger(__name__)

MOST_BYTES = 64 * 1024 * 1024
"""More than any venue's list of instruments has."""

KEEP_ALIVE_S = 15.0
"""A connection that was idle for longer is not used again: the venue may be closing it right now,
and then a request on it would be in doubt."""

FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 60.0
"""Pauses after throttling answers that name no time, each twice the one before."""
LONGEST_RETRY_S = 7 * 86_400.0
"""No venue wants to hear nothing for longer; an answer that says so is damaged."""

THROTTLED = 429
BANNED = 418

Cost = tuple[Allowance, float]

for _name in ("httpx2", "httpcore2"):
    # Their lines have whole addresses in them, queries and signatures included.
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class Throttled(BrokerUnavailable):
    """The venue wants to hear nothing for a while; this request was not carried out."""

    def __init__(self, message: str, *, until_ns: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.until_ns = until_ns


class Reply(NamedTuple):
    """An answer of the venue."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    sent_ns: int
    recv_ns: int


class Rest:
    """The REST side of one venue. Use it inside `opened`."""

    def __init__(
        self,
        *,
        broker: str,
        base_url: str,
        clock: Clock,
        bans: Bans,
        timeout_s: float = 10.0,
        most_bytes: int = MOST_BYTES,
        on_reply: Callable[[Reply], None] = lambda reply: None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """
        Args:
            on_reply: sees every answer first; reads the venue's counters from its headers.
            transport: what carries the requests; the network if left out.
        """
        self._broker = broker
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._bans = bans
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes
        self._on_reply = on_reply
        self._transport = transport
        self._client: httpx2.AsyncClient | None = None
        self._throttled_until_ns = 0
        self._throttled_until_s = 0.0
        """The same by trio's clock, which nobody sets."""
        self._delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        self._state: ConnectionState = "closed"
        self._since_ns = clock.now_ns()
        self._reason = ""
        self._replies = 0
        self._round_trip_ms: float | None = None
        self._costs: Allowance | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Rest]:
        """Ready for requests while the block is open; connections are made as they are needed."""
        limits = httpx2.Limits(
            max_connections=20, max_keepalive_connections=10, keepalive_expiry=KEEP_ALIVE_S
        )
        async with httpx2.AsyncClient(
            limits=limits,
            # Shorter to connect: what was never sent is to be told from what has no answer.
            timeout=httpx2.Timeout(self._timeout_s, connect=self._timeout_s / 2),
            follow_redirects=False,
            cookies=CookieJar(_NoCookies()),
            transport=self._transport,
        ) as client:
            self._client = client
            try:
                yield self
            finally:
                self._client = None
                self._enter("closed", "")

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        budgets: Sequence[Cost] = (),
        is_urgent: bool = False,
        mutates: bool = False,
        waits: bool = False,
        sign: Callable[[], tuple[str, bytes, Mapping[str, str]]] | None = None,
    ) -> Reply:
        """Ask the venue.

        Args:
            query, body: as they go over the wire, encoded (and signed) by the caller.
            budgets: what this costs, of which budgets; waited for before anything is sent.
            is_urgent: it may use what the budgets keep back.
            mutates: without an answer, nobody knows whether something changed.
            waits: throttling is waited out, and then it is asked again; never with `mutates`.
            sign: makes query, body and headers right before they are sent, each time anew: what
                is signed has the time in it.

        Raises:
            Throttled: nothing was carried out, and not before `until_ns` will it be.
            BrokerUnavailable: nothing was carried out, or nothing that matters.
            OutcomeUnknown: it may have been carried out.
        """
        assert not (mutates and waits), "what changes something is never sent twice"
        while True:
            await self._may_send(waits=waits)
            for budget, cost in budgets:
                await budget.spend(cost, is_urgent=is_urgent)
                self._costs = budget
            await self._may_send(waits=waits)  # while this waited, others may have been throttled
            if sign is not None:
                query, body, headers = sign()
            reply = await self._send(method, path, query, body, headers, mutates=mutates)
            if reply.status not in (THROTTLED, BANNED):
                return self._answered(reply, method, path, mutates=mutates)
            self._on_throttled(reply)
            if not waits:
                await self._may_send(waits=False)

    def throttle(self, seconds: float | None, reason: str) -> int:
        """The venue said in words of its own that it wants to hear nothing; for its package.
        Without `seconds`, or with none that are left by our clock, the pause doubles each time.
        Returns when it ends."""
        pause_s = seconds or next(self._delays)
        until_s = trio.current_time() + pause_s
        if until_s > self._throttled_until_s:
            self._throttled_until_s = until_s
            self._throttled_until_ns = self._clock.now_ns() + round(pause_s * NANOS)
        self._enter("backing_off", reason)
        return self._throttled_until_ns

    def status(self) -> ConnectionStatus:
        """How it is, for the deck."""
        banned_ns = self._bans.until_ns()
        state, until_ns, reason = self._state, 0, self._reason
        if banned_ns:
            state, until_ns, reason = "banned", banned_ns, self._bans.reason()
        elif state == "backing_off":
            if self._paused_s() > 0:
                until_ns = self._throttled_until_ns
            else:
                state = "connecting"
        return ConnectionStatus(
            broker=self._broker,
            name="rest",
            state=state,
            since_ns=self._since_ns,
            until_ns=until_ns,
            reason=reason,
            messages=self._replies,
            round_trip_ms=self._round_trip_ms,
            budget_used=None if self._costs is None else self._costs.used_share,
        )

    # -- one request --------------------------------------------------------------------------

    async def _send(
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        mutates: bool,
    ) -> Reply:
        assert self._client is not None, "used outside of `opened`"
        url = self._base_url + path + (f"?{query}" if query else "")
        sent_ns = self._clock.now_ns()
        try:
            with trio.fail_after(self._timeout_s):
                request = self._client.build_request(
                    method, url, content=body or None, headers=dict(headers)
                )
                response = await self._client.send(request, stream=True)
                try:
                    content = await self._read(response)
                finally:
                    await response.aclose()
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            self._enter("backing_off", "its address is none")
            raise BrokerUnavailable(
                f"{self._broker}: {safe(self._base_url, 80)!r} is no address",
                hint="set it in brokers.toml as https://host",
            ) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            why = "it cannot be reached"
            self._enter("backing_off", why)
            raise BrokerUnavailable(
                f"{self._broker}: {method} {path}: {why} ({_kind(error)})"
            ) from None
        except (httpx2.HTTPError, trio.TooSlowError, DataError) as error:
            raise self._failed(method, path, _kind(error), mutates=mutates) from None
        except Exception as error:  # an answer, or an address, that the library trips over
            _log.error("%s rest: %s %s: %s", self._broker, method, path, type(error).__name__)
            raise self._failed(method, path, _kind(error), mutates=mutates) from None
        reply = Reply(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            content,
            sent_ns,
            self._clock.now_ns(),
        )
        self._replies += 1
        self._round_trip_ms = (reply.recv_ns - reply.sent_ns) / 1e6
        self._on_reply(reply)
        return reply

    async def _read(self, response: httpx2.Response) -> bytes:
        """The body, which is given up as soon as it is larger than any answer can be."""
        parts, size = [], 0
        async with aclosing(response.aiter_bytes()) as received:
            async for part in received:
                size += len(part)
                if size > self._most_bytes:
                    raise DataError("an answer without end")
                parts.append(part)
        return b"".join(parts)

    def _answered(self, reply: Reply, method: str, path: str, *, mutates: bool) -> Reply:
        if reply.status >= 500:
            raise self._failed(method, path, f"HTTP {reply.status}", mutates=mutates)
        self._delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        self._enter("live", "")
        return reply

    def _failed(self, method: str, path: str, why: str, *, mutates: bool) -> BrokerError:
        """What is raised where no answer came that means anything."""
        self._enter("stale", f"{method} {path}: {why}")
        text = f"{self._broker}: {method} {path}: {why}"
        if mutates:
            return OutcomeUnknown(f"{text}: it may have been carried out, or not")
        return BrokerUnavailable(text)

    # -- throttling ---------------------------------------------------------------------------

    async def _may_send(self, *, waits: bool) -> None:
        """Wait for, or raise for, the end of a ban or a pause."""
        while (until_ns := self._bans.until_ns()) or self._paused_s() > 0:
            if not waits:
                word = "banned" if until_ns else "throttled"
                until_ns = max(until_ns, self._clock.now_ns() + round(self._paused_s() * NANOS))
                left_s = (until_ns - self._clock.now_ns()) / NANOS
                raise Throttled(
                    f"{self._broker}: {word} by the venue for {left_s:.0f} s more",
                    until_ns=until_ns,
                )
            await self._bans.wait()
            await trio.sleep(self._paused_s())

    def _paused_s(self) -> float:
        """What is left of a pause."""
        return max(0.0, self._throttled_until_s - trio.current_time())

    def _on_throttled(self, reply: Reply) -> None:
        seconds = retry_after_s(reply.headers.get("retry-after", ""), self._clock.now_ns())
        if reply.status == BANNED:
            until_ns = self._clock.now_ns() + round((seconds or LONGEST_DELAY_S) * NANOS)
            self._bans.ban("", until_ns, "HTTP 418: too many requests, and too many after that")
            self._enter("banned", "HTTP 418")
        else:
            self.throttle(seconds, "HTTP 429: too many requests")

    def _enter(self, state: ConnectionState, reason: str) -> None:
        if (state, reason) != (self._state, self._reason):
            if state != self._state:
                self._since_ns = self._clock.now_ns()
            if reason:
                _log.warning("%s rest: %s: %s", self._broker, state, safe(reason, 200))
            self._state, self._reason = state, safe(reason, 200)


def retry_after_s(text: str, now_ns: int) -> float | None:
    """Seconds of a `Retry-After` header, which is a number or a date (RFC 9110, 10.2.3); None
    where it is neither."""
    try:
        seconds = float(int(text))
    except OverflowError:
        return LONGEST_RETRY_S
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now_ns / NANOS
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(0.0, seconds), LONGEST_RETRY_S)


class _NoCookies(DefaultCookiePolicy):
    """No venue needs them, and one that cannot be sent back must not stop requests."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        return False


def _kind(error: Exception) -> str:
    """What went wrong, without anything of what was sent."""
    if isinstance(error, httpx2.TimeoutException | trio.TooSlowError):
        return "no answer in time"
    if isinstance(error, DataError):
        return str(error)
    names = {
        "ConnectError": "no connection",
        "ReadError": "the connection broke",
        "WriteError": "the connection broke",
        "CloseError": "the connection broke",
        "RemoteProtocolError": "the connection was closed without an answer",
    }
    return names.get(type(error).__name__, type(error).__name__)
