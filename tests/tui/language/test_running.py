"""What is typed of algos that run."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.support.desk import BTC, CONTEXT
from tui.language.commands import complete, parse
from tui.language.words import CommandError

D = Decimal
RUNNING = msgspec.structs.replace(CONTEXT, algos={1: BTC.fqme, 4: "xrp.spot.sim"})


def fault(text: str) -> tuple[str, str]:
    """The words at fault, and what is said of them with the hint."""
    with pytest.raises(CommandError) as caught:
        parse(text, RUNNING)
    error = caught.value
    return text[error.start : error.end], f"{error} {error.hint}"


@pytest.mark.parametrize(
    ("text", "method", "arguments"),
    [
        ("algo pause 1", "pause_number", (1,)),
        ("algo resume a1", "resume_number", (1,)),
        ("algo cancel A4", "cancel_number", (4,)),
        ("algo amend 1 stop 63100", "amend_number", (1, {"stop_price": D(63100)})),
        ("algo amend 1 @ 63900", "amend_number", (1, {"price": D(63900)})),
        ("algo amend 1 target 65000", "amend_number", (1, {"target": (1, D(65000))})),
        ("algo amend 1 target 2 66000", "amend_number", (1, {"target": (2, D(66000))})),
        ("algo amend 1 then @ 66000", "amend_number", (1, {"then_price": D(66000)})),
        (
            "algo amend 1 show 0.25 every 5s",
            "amend_number",
            (1, {"shown": D("0.25"), "interval_s": 5.0}),
        ),
    ],
)
def test_what_is_done_with_an_algo_names_it_by_its_number(
    text: str, method: str, arguments: tuple[Any, ...]
) -> None:
    call = parse(text, RUNNING)

    assert (call.target, call.method, call.arguments) == ("algos", method, arguments)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("algo", "", "pause, resume, cancel or amend is missing"),
        ("algo puase 1", "puase", "did you mean 'pause'?"),
        ("algo pause", "", "the algo's number is missing"),
        ("algo pause 2", "2", "algos: 1, 4"),
        ("algo pause 1 now", "now", "too much"),
        ("algo amend 1", "", "is missing"),
        ("algo amend 1 size 5", "size", "cannot be amended"),
        ("algo amend 4 stop 5", "4", "xrp.spot.sim is not open"),
        ("algo amend 1 stop 63000.001", "63000.001", "not on a tick"),
    ],
)
def test_an_algo_that_is_not_there_or_cannot_be_changed_so(text: str, at: str, said: str) -> None:
    found, told = fault(text)

    assert found == at
    assert said in told


def test_numbers_of_algos_are_offered() -> None:
    assert "algo pause 4" in complete("algo pause ", RUNNING)
