"""What the venue's errors say of a request."""

from __future__ import annotations

import pytest

from brokers.kraken.errors import Verdict, failures, order_error, query_error, verdict
from engine.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown


@pytest.mark.parametrize(
    "error",
    [
        "EOrder:Insufficient funds",
        "EOrder:Order minimum not met",
        "EOrder:Cost minimum not met",
        "EOrder:Tick size check failed",
        "EOrder:Invalid price",
        "EOrder:Unknown order",
        "EOrder:Orders limit exceeded",
        "EGeneral:Invalid arguments:volume",
        "EAPI:Invalid token",
        "EQuery:Unknown asset pair",
        "EService:Market in cancel_only mode",
        "EService:Deadline elapsed",
        "Limit_price field must be a number_float",
        "Token(s) not found",
    ],
)
def test_what_the_venue_refuses_is_a_rejection_in_its_own_words(error: str) -> None:
    assert verdict(error) is Verdict.REFUSED
    raised = order_error("order o1", error)

    assert isinstance(raised, OrderRejected)
    assert str(raised) == error


@pytest.mark.parametrize(
    "error",
    [
        "EService:Unavailable",
        "EService:Timeout",
        "EService:Busy",
        "EService:what comes next year",
        "EGeneral:Internal error",
    ],
)
def test_a_failure_of_the_venue_is_never_a_rejection(error: str) -> None:
    raised = order_error("order o1", error)

    assert isinstance(raised, OutcomeUnknown)
    assert error in str(raised)


@pytest.mark.parametrize(
    "error",
    [
        "EOrder:Rate limit exceeded",
        "EOrder:Domain rate limit exceeded",
        "EAPI:Rate limit exceeded",
        "EService:Throttled: 1716203339",
    ],
)
def test_what_is_throttled_was_not_taken(error: str) -> None:
    assert verdict(error) is Verdict.THROTTLED
    assert isinstance(order_error("order o1", error), OrderRejected)


def test_a_question_that_fails_says_why_and_what_to_do() -> None:
    nonce = query_error("open orders of main", ["EAPI:Invalid nonce"])
    keys = query_error("open orders of main", ["EAPI:Invalid key"])

    assert isinstance(nonce, BrokerUnavailable)
    assert "EAPI:Invalid nonce" in str(nonce)
    assert "key of its own" in nonce.hint
    assert "keys set" in keys.hint


def test_what_controls_a_terminal_is_not_repeated() -> None:
    assert "\x1b" not in str(order_error("order o1", "EOrder:\x1b[2J"))


def test_warnings_are_no_failures() -> None:
    assert failures(["WDatabase:slow", "EOrder:Invalid order"]) == ["EOrder:Invalid order"]
