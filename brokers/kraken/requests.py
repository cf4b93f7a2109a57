"""Requests over an account's socket, and whoever waits for their answers.

Whoever waits may give up: the router does after a while, and takes the outcome for unknown. What
the venue says after that is evidence, and is told all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from brokers.kraken.account_session import AccountSession, Answer
from brokers.kraken.errors import Verdict, order_error, verdict
from brokers.kraken.orders import Params
from engine.errors import OrderRejected, OutcomeUnknown
from engine.text import safe

Taken = Callable[[bytes], None]
"""Takes the result of a request that the venue carried out, whenever that is told."""

Refused = Callable[[str], None]
"""Takes the venue's reason where it refused what nobody waits for any more."""


class Requests:
    """One connection's."""

    def __init__(self, session: AccountSession, wake: Callable[[], None]) -> None:
        self._session = session
        self._wake = wake

    async def ask(
        self,
        method: str,
        params: Params,
        *,
        what: str,
        taken: Taken = lambda result: None,
        refused: Refused = lambda reason: None,
    ) -> None:
        """Ask, and wait for the answer.

        Raises:
            OrderRejected: the venue said no, or nothing was sent.
            OutcomeUnknown: no answer: it may have been carried out, or not.
        """
        waiting = _Waiting(taken, refused)
        if not self._session.is_live:
            raise OrderRejected(f"{what} was not sent: the account is not connected")
        self._session.ask(method, params, waiting.take)
        self._wake()
        try:
            answer = await waiting.answer()
        finally:
            waiting.is_left = True
        if not answer.is_sent:
            raise OrderRejected(f"{what} was not sent: the connection broke")
        if not answer.is_answered:
            raise OutcomeUnknown(f"{what}: the connection broke before Kraken answered")
        if answer.error:
            raise order_error(what, answer.error)


class _Waiting:
    """One request."""

    def __init__(self, taken: Taken, refused: Refused) -> None:
        self.is_left = False
        """Nobody waits for it any more."""
        self._taken: Final = taken
        self._refused: Final = refused
        self._answer: Answer | None = None
        self._arrived = trio.Event()

    def take(self, answer: Answer) -> None:
        self._answer = answer
        self._arrived.set()
        if not answer.is_answered:
            return
        if not answer.error:
            self._taken(answer.result)
        elif self.is_left and verdict(answer.error) is not Verdict.UNKNOWN:
            self._refused(safe(answer.error, 300))

    async def answer(self) -> Answer:
        await self._arrived.wait()
        assert self._answer is not None
        return self._answer
