"""Until when a venue wants to hear nothing: kept on disk, for it holds across restarts too.

Asking during a ban makes it longer (Binance: "IP bans are tracked and scale in duration for repeat
offenders, from 2 minutes to 3 days"), so nothing is sent before its end.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import trio

from engine.clock import NANOS, Clock
from engine.log import logger
from engine.text import safe

_log = logger(__name__)

LONGEST_NS = 7 * 86_400 * 1_000_000_000
"""No venue bans for longer; a file that says so is damaged, or the clock is wrong."""


class Ban(msgspec.Struct, frozen=True):
    until_ns: int
    reason: str = ""


class Bans:
    """Of one broker, by scope: an address, an account, whatever its venue bans."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        """
        Args:
            path: where they are kept; None keeps them in memory.
        """
        self._path = path
        self._clock = clock
        self._bans = self._read()
        self._ends_s: dict[str, float] = {}
        """When they end by trio's clock: in this process that one counts, for wall clocks are
        set. Of those that were read it is known once somebody asks."""

    def until_ns(self, scope: str = "") -> int:
        """When the ban of `scope` ends; 0 where there is none now."""
        ban, left_s = self._bans.get(scope), self._left_s(scope)
        if ban is None or left_s <= 0:
            return 0
        until_ns = self._clock.now_ns() + round(left_s * NANOS)
        return ban.until_ns if abs(until_ns - ban.until_ns) < NANOS else until_ns

    def _left_s(self, scope: str) -> float:
        ban = self._bans.get(scope)
        if ban is None:
            return 0.0
        now_s = trio.current_time()
        if scope not in self._ends_s:
            self._ends_s[scope] = now_s + (ban.until_ns - self._clock.now_ns()) / NANOS
        return self._ends_s[scope] - now_s

    def reason(self, scope: str = "") -> str:
        """What the venue said of it."""
        ban = self._bans.get(scope)
        return ban.reason if ban else ""

    def ban(self, scope: str, until_ns: int, reason: str) -> None:
        """Send nothing before `until_ns`. A ban is never made shorter."""
        until_ns = min(until_ns, self._clock.now_ns() + LONGEST_NS)
        if until_ns <= self.until_ns(scope):
            return
        _log.warning("banned until %d ns: %s", until_ns, safe(reason, 200))
        self._bans[scope] = Ban(until_ns, safe(reason, 200))
        self._ends_s.pop(scope, None)
        self._write()

    async def wait(self, scope: str = "") -> None:
        """Until there is no ban."""
        while (left_s := self._left_s(scope)) > 0:  # noqa: ASYNC110 - it may be made longer
            await trio.sleep(left_s)

    def _read(self) -> dict[str, Ban]:
        if self._path is None:
            return {}
        try:
            bans = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Ban])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("bans in %s cannot be read: %s", safe(self._path), safe(error, 200))
            return {}
        latest_ns = self._clock.now_ns() + LONGEST_NS
        return {scope: ban for scope, ban in bans.items() if ban.until_ns <= latest_ns}

    def _write(self) -> None:
        if self._path is None:
            return
        now_ns = self._clock.now_ns()
        kept = {scope: ban for scope, ban in self._bans.items() if ban.until_ns > now_ns}
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(kept))
            os.replace(fresh, self._path)
        except OSError as error:
            _log.error("bans cannot be kept in %s: %s", safe(self._path), safe(error, 200))
