"""Where a test has the process killed, and that nothing else ever is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from engine.failpoints import POINTS, VARIABLE, Failpoint

PASSES = """
from engine.failpoints import arm, reach
{before}
for number in range(1, 6):
    for name in ("1-decided", "4-calling"):
        reach(name)
    print(number, flush=True)
"""


def passed(setting: str | None, before: str = "") -> tuple[int, int]:
    """How often a process came by, and how it ended."""
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if setting is not None:
        environ[VARIABLE] = setting
    done = subprocess.run(
        [sys.executable, "-c", PASSES.format(before=before)],
        env=environ,
        capture_output=True,
        text=True,
    )
    return len(done.stdout.split()), done.returncode


@pytest.mark.parametrize(
    ("setting", "before", "expected"),
    [
        (None, "", (5, 0)),
        ("", "", (5, 0)),
        ("4-calling:3", "", (2, -signal.SIGKILL)),
        ("2-written:1", "", (5, 0)),
        (None, "arm('4-calling')", (0, -signal.SIGKILL)),
        ("4-calling", "arm('')", (5, 0)),
    ],
)
def test_the_process_ends_the_nth_time_that_it_comes_by_and_only_there(
    setting: str | None, before: str, expected: tuple[int, int]
) -> None:
    assert passed(setting, before) == expected


@pytest.mark.parametrize("name", POINTS)
def test_a_point_without_a_number_is_reached_the_first_time_and_once(name: str) -> None:
    point = Failpoint(name)

    assert [point.reach(name) for _ in range(3)] == [True, False, False]


def test_other_points_do_not_count() -> None:
    point = Failpoint("3-told:2")

    assert not any(point.reach(name) for name in POINTS)
    assert point.reach("3-told")


def test_the_points_are_in_the_order_of_their_numbers() -> None:
    numbers = [int(name.partition("-")[0]) for name in POINTS]

    assert numbers == list(range(1, len(POINTS) + 1))


@pytest.mark.parametrize("setting", ["8-nowhere", "decided", "1-decided:x", "1-decided:1:2"])
def test_a_setting_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=r"failpoint|invalid literal"):
        Failpoint(setting)
