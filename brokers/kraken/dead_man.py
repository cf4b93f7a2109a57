"""Kraken's dead-man's switch: the venue cancels every order of an account that falls silent.

`cancel_all_orders_after` sets a timer at the venue; each call sets it anew, 0 switches it off. It
is of the whole account: what other programs, and people at the venue's site, have placed is
canceled too. The venue advises a call every 15 to 30 s with 60 s to go
(https://docs.kraken.com/api/docs/websocket-v2/cancel_after, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from engine.errors import BrokerError, describe
from engine.log import logger

_log = logger(__name__)

LONGEST_PAUSE_S: Final = 20.0
"""Between two calls; with less to go, a third of it."""

Arm = Callable[[int], Awaitable[None]]
"""Sets the timer at the venue to so many seconds. Raises `BrokerError`."""


class DeadMan:
    """One account's switch, for as long as `run` does."""

    def __init__(self, timeout_s: int, arm: Arm, account: str) -> None:
        self._timeout_s = timeout_s
        self._arm = arm
        self._account = account
        self._armed_s: float | None = None
        """When it was set last, by trio's clock."""
        self._failure = ""

    @property
    def pause_s(self) -> float:
        """Between two calls."""
        return min(LONGEST_PAUSE_S, self._timeout_s / 3)

    async def run(self) -> None:
        """Set the timer again and again, until cancelled. A call that fails is repeated sooner, and
        said."""
        while True:
            began_s = trio.current_time()
            await self._renew()
            pause_s = self.pause_s / 4 if self._failure else self.pause_s
            await trio.sleep_until(began_s + pause_s)

    @property
    def note(self) -> str:
        """What a person must know."""
        if self._armed_s is None:
            failed = f": {self._failure}" if self._failure else ""
            return f"dead-man's switch is not set yet{failed}"
        said = (
            f"cancels ALL orders of the account in {self._timeout_s} s without us, "
            "also those made elsewhere"
        )
        if not self._failure:
            return said
        left_s = max(0.0, self._armed_s + self._timeout_s - trio.current_time())
        return f"dead-man's switch FAILS to renew, {left_s:.0f} s to go ({self._failure}): {said}"

    async def _renew(self) -> None:
        try:
            with trio.fail_after(self.pause_s):
                began_s = trio.current_time()
                await self._arm(self._timeout_s)
        except (BrokerError, trio.TooSlowError) as error:
            why = describe(error) if isinstance(error, BrokerError) else "no answer"
            if why != self._failure:
                _log.error(
                    "account %s: the dead-man's switch was not renewed: %s", self._account, why
                )
            self._failure = why
            return
        # The venue counts from when it read the call, which was later than this.
        self._armed_s, self._failure = began_s, ""
