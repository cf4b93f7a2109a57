"""Requests over the account's socket: who learns what of their outcome, and when."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from brokers.kraken.requests import Requests
from engine.errors import OrderRejected, OutcomeUnknown
from tests.brokers.kraken.test_account_session import Venue


class Asking:
    """A session that is live, and requests over it."""

    def __init__(self) -> None:
        self.venue = Venue()
        self.venue.log_in()
        self.woken = 0
        self.taken: list[bytes] = []
        self.refused: list[str] = []
        self.requests = Requests(self.venue.session, self.wake)

    def wake(self) -> None:
        self.woken += 1

    async def ask(self) -> None:
        await self.requests.ask(
            "add_order",
            {},
            what="order o1",
            taken=self.taken.append,
            refused=self.refused.append,
        )

    async def outcome(self, then: Any) -> Exception | None:
        """What whoever asks is told after `then(request)`."""
        told: list[Exception | None] = []

        async def ask() -> None:
            try:
                await self.ask()
            except Exception as error:
                told.append(error)
            else:
                told.append(None)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            then(self.venue.sent()[0])
        return told[0]


async def test_a_request_is_sent_at_once_and_its_result_is_taken() -> None:
    asking = Asking()

    outcome = await asking.outcome(
        lambda request: asking.venue.answer(request, result={"order_id": "OABC"})
    )

    assert outcome is None
    assert asking.woken == 1
    assert asking.taken == [b'{"order_id":"OABC"}']


async def test_a_refusal_is_raised_in_the_venue_s_words_and_told_to_nobody_else() -> None:
    asking = Asking()

    outcome = await asking.outcome(
        lambda request: asking.venue.answer(
            request, success=False, error="EOrder:Insufficient funds"
        )
    )

    assert isinstance(outcome, OrderRejected)
    assert str(outcome) == "EOrder:Insufficient funds"
    assert asking.refused == []


async def test_a_failure_of_the_venue_is_unknown() -> None:
    asking = Asking()

    outcome = await asking.outcome(
        lambda request: asking.venue.answer(request, success=False, error="EService:Timeout")
    )

    assert isinstance(outcome, OutcomeUnknown)


async def test_a_break_after_sending_is_unknown() -> None:
    asking = Asking()

    outcome = await asking.outcome(lambda request: asking.venue.session.lost(0))

    assert isinstance(outcome, OutcomeUnknown)


async def test_a_break_before_anything_was_sent_is_a_rejection() -> None:
    asking = Asking()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_expect_rejection, asking)
        await trio.testing.wait_all_tasks_blocked()
        asking.venue.session.lost(0)


async def _expect_rejection(asking: Asking) -> None:
    with pytest.raises(OrderRejected, match="was not sent"):
        await asking.ask()


async def test_nothing_is_sent_while_the_account_is_not_connected() -> None:
    asking = Asking()
    asking.venue.session.lost(0)

    with pytest.raises(OrderRejected, match="was not sent"):
        await asking.ask()

    assert asking.venue.sent() == []


async def give_up(asking: Asking) -> Any:
    """Ask, and wait no longer; returns the request."""
    with trio.CancelScope() as scope:
        scope.cancel()
        await asking.ask()
    return asking.venue.sent()[0]


async def test_a_result_that_comes_when_nobody_waits_is_taken_all_the_same() -> None:
    asking = Asking()
    request = await give_up(asking)

    asking.venue.answer(request, result={"order_id": "OABC"})

    assert asking.taken == [b'{"order_id":"OABC"}']


async def test_a_refusal_that_comes_when_nobody_waits_is_told_as_evidence() -> None:
    asking = Asking()
    request = await give_up(asking)

    asking.venue.answer(request, success=False, error="EOrder:Invalid price")

    assert asking.refused == ["EOrder:Invalid price"]


async def test_a_failure_that_comes_when_nobody_waits_is_evidence_of_nothing() -> None:
    asking = Asking()
    request = await give_up(asking)

    asking.venue.answer(request, success=False, error="EService:Busy")

    assert asking.refused == []
    assert asking.taken == []
