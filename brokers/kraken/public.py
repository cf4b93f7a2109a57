"""Public REST of Kraken: asked at the venue's pace, its throttling waited out.

"The Spot public endpoints are rate limited by IP address and currency pair for calls to Trades and
OHLC, and by IP address only for calls to all other public endpoints. Calling the public endpoints
at a frequency of 1 per second (or less) would remain within the rate limits [...] If the rate
limits are reached, additional calls would be restricted for a few seconds (or possibly longer if
calls continue to be made)": https://support.kraken.com/articles/206548367 (read 2026-11).

These limits are not those of accounts: while one of them is waited out, orders go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
import trio

from brokers.kraken import rest_wire
from brokers.kraken.errors import LOCKOUT_S, Verdict, verdict
from brokers.net.budgets import Budget
from brokers.net.rest import Rest, Throttled
from brokers.statistics import FAULTS
from engine.clock import NANOS, Clock
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol
from engine.log import logger
from engine.messages import ConnectionStatus
from engine.services import backoff
from engine.text import safe

_log = logger(__name__)

T = TypeVar("T")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""After a refusal for asking too much; each later one is twice as long."""

ATTEMPTS: Final = 6
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 10.0

BURST: Final = 2
"""Requests that may follow each other at once; as many seconds pass before the next ones."""

PATIENCE_S: Final = 20.0
"""How long somebody who wants to see a market waits for the end of a pause."""

MOST_PAIRS: Final = 1000
"""Pairs of which the pace is kept apart."""


class _Lane:
    """What is limited together: one pair's trades and bars, or everything else."""

    def __init__(self, per_s: float) -> None:
        self.budget = Budget(BURST, BURST / per_s)
        self.open_s = 0.0
        """Nothing is asked before this, by trio's clock."""
        self.pauses: Iterator[float] = backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)


class PublicApi:
    """See the module."""

    def __init__(self, rest: Rest, *, clock: Clock, per_s: float) -> None:
        """
        Args:
            per_s: requests a second.
        """
        self._rest = rest
        self._clock = clock
        self._per_s = per_s
        self._lanes: dict[str, _Lane] = {}
        self._paused_until_ns = 0
        self._paused_since_ns = 0
        self._reason = ""

    async def ask(
        self,
        name: str,
        decode: Callable[[Any], T],
        *,
        pair: str = "",
        is_urgent: bool = False,
        patience_s: float = inf,
        attempts: int = ATTEMPTS,
        **params: str | int,
    ) -> T:
        """`result` of `/0/public/{name}`, read by `decode`.

        Args:
            pair: of what is limited by pair; a parameter of the same name is sent.
            is_urgent: it goes before what waits, as trades do that a stream lacks.
            patience_s: a longer pause than this is not waited out: whoever looks on is told.
            attempts: times that it is asked for while the venue, or the way to it, fails.

        Raises:
            Throttled: the venue wants to hear nothing for longer than that.
            UnknownSymbol: the venue has no such pair.
            BrokerUnavailable: it did not answer, time and again; or not with what it documents.
        """
        if pair:
            params["pair"] = pair
        lane = self._lane(pair)
        delays = backoff(FIRST_DELAY_S, LONGEST_DELAY_S)
        failures = 0
        while True:
            self._must_be_open(lane, name, patience_s)
            await trio.sleep_until(lane.open_s)
            try:
                return await self._ask_once(
                    lane, name, decode, params, is_urgent=is_urgent, waits=patience_s == inf
                )
            except Throttled as error:
                pause_s = (error.until_ns - self._clock.now_ns()) / NANOS
                lane.open_s = trio.current_time() + max(pause_s, 0.0)
                if pause_s > patience_s:
                    raise
            except BrokerUnavailable as error:
                failures += 1
                if failures >= attempts:
                    raise
                _log.info("%s is asked for again: %s", name, error)
                await trio.sleep(next(delays))

    def _must_be_open(self, lane: _Lane, name: str, patience_s: float) -> None:
        left_s = lane.open_s - trio.current_time()
        if left_s > patience_s:
            raise Throttled(
                f"kraken: {name}: throttled by the venue for {left_s:.0f} s more",
                until_ns=self._clock.now_ns() + round(left_s * NANOS),
            )

    def status(self) -> ConnectionStatus:
        """How REST is: backing off while the venue wants to hear nothing of what is public."""
        status = self._rest.status()
        if status.state == "banned" or self._paused_until_ns <= self._clock.now_ns():
            return status
        return msgspec.structs.replace(
            status,
            state="backing_off",
            since_ns=self._paused_since_ns,
            until_ns=self._paused_until_ns,
            reason=self._reason,
        )

    async def _ask_once(
        self,
        lane: _Lane,
        name: str,
        decode: Callable[[Any], T],
        params: dict[str, str | int],
        *,
        is_urgent: bool,
        waits: bool,
    ) -> T:
        reply = await self._rest.call(
            "GET",
            f"/0/public/{name}",
            query=urlencode(params),
            budgets=((lane.budget, 1.0),),
            is_urgent=is_urgent,
            waits=waits,
        )
        try:
            answer = rest_wire.decode_answer(reply.body)
            if not answer.error:
                lane.pauses = backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
                return decode(answer.result)
        except FAULTS as error:
            raise BrokerUnavailable(
                f"kraken: {name}: HTTP {reply.status}, not what is documented: {safe(error, 120)}"
            ) from error
        raise self._error(lane, name, answer.error)

    def _error(self, lane: _Lane, name: str, errors: list[str]) -> BrokerError:
        """What the venue's own words for a failure mean."""
        said = safe("; ".join(errors), 200)
        text = f"kraken: {name}: {said}"
        if any("Unknown asset pair" in error for error in errors):
            return UnknownSymbol(text)
        verdicts = {verdict(error) for error in errors}
        if verdicts & {Verdict.THROTTLED, Verdict.LOCKED_OUT}:
            is_lockout = Verdict.LOCKED_OUT in verdicts
            pause_s = LOCKOUT_S if is_lockout else next(lane.pauses)
            return Throttled(text, until_ns=self._pause(pause_s, said))
        if Verdict.UNKNOWN in verdicts:  # nothing changes here: it is asked for again
            return BrokerUnavailable(text)
        return BrokerError(text)

    def _pause(self, seconds: float, reason: str) -> int:
        now_ns = self._clock.now_ns()
        if self._paused_until_ns <= now_ns:
            self._paused_since_ns = now_ns
        until_ns = now_ns + round(seconds * NANOS)
        self._paused_until_ns = max(self._paused_until_ns, until_ns)
        self._reason = reason
        _log.warning("public REST pauses for %.1f s: %s", seconds, reason)
        return until_ns

    def _lane(self, pair: str) -> _Lane:
        lane = self._lanes.get(pair)
        if lane is None:
            if len(self._lanes) >= MOST_PAIRS:
                del self._lanes[next(iter(self._lanes))]
            lane = self._lanes[pair] = _Lane(self._per_s)
        return lane
