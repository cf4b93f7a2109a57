"""The error tree is what its module draws, and exits tell scripts apart."""

import inspect

import pytest

import engine.errors
from engine.errors import (
    BrokerError,
    DataError,
    OrderDenied,
    OutcomeUnknown,
    TickdeckError,
    describe,
)

FAMILY = [
    kind
    for _, kind in inspect.getmembers(engine.errors, inspect.isclass)
    if issubclass(kind, TickdeckError)
]


def test_every_error_is_in_the_drawing() -> None:
    drawn = engine.errors.__doc__ or ""

    assert all(kind.__name__ in drawn for kind in FAMILY)


def test_every_error_ends_a_command_with_a_code_of_failure() -> None:
    assert all(0 < kind.exit_code < 126 for kind in FAMILY)


def test_no_answer_is_not_a_rejection() -> None:
    assert issubclass(OutcomeUnknown, BrokerError)
    assert not issubclass(OutcomeUnknown, engine.errors.OrderRejected)


def test_a_denial_says_check_limit_and_value() -> None:
    denial = OrderDenied("max_order_size", "too large", limit="5", value="6")

    assert (denial.check, denial.limit, denial.value) == ("max_order_size", "5", "6")
    assert str(denial) == "too large"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("no trades in it"), "no trades in it"),
        (ValueError(), "ValueError"),
        (ValueError("x\x1b[2J"), "ValueError: x\ufffd[2J"),
        (
            ExceptionGroup("g", [ValueError("a"), ExceptionGroup("h", [KeyError("b")])]),
            "ValueError: a; KeyError: 'b'",
        ),
        (ExceptionGroup("g", [ValueError("a"), ValueError("a")]), "ValueError: a"),
    ],
)
def test_an_end_is_described_in_one_line(error: BaseException, told: str) -> None:
    assert told == describe(error)
