"""The dead-man's switch: renewed in time, and what is said of it."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing

from brokers.kraken.dead_man import DeadMan
from engine.errors import OrderRejected, OutcomeUnknown


class VenueTimer:
    """The venue's timer: what it was set to, and when."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, int]] = []
        self.answers: list[Exception | None] = []
        self.fires_s = 0.0

    async def arm(self, timeout_s: int) -> None:
        self.calls.append((trio.current_time(), timeout_s))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        assert not self.fires_s or trio.current_time() < self.fires_s, "it fired meanwhile"
        self.fires_s = trio.current_time() + timeout_s


@pytest.mark.parametrize(("timeout_s", "pause_s"), [(60, 20), (30, 10), (3600, 20)])
async def test_it_is_renewed_long_before_it_fires(
    timeout_s: int, pause_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    timer = VenueTimer()
    dead_man = DeadMan(timeout_s, timer.arm, "main")

    with trio.move_on_after(10 * pause_s + 1):
        await dead_man.run()

    times = [when_s - timer.calls[0][0] for when_s, _ in timer.calls]
    assert times == pytest.approx([number * pause_s for number in range(11)])
    assert {set_to for _, set_to in timer.calls} == {timeout_s}


async def test_what_it_does_to_the_whole_account_is_said(
    autojump_clock: trio.testing.MockClock,
) -> None:
    dead_man = DeadMan(60, VenueTimer().arm, "main")
    assert "not set yet" in dead_man.note

    with trio.move_on_after(1):
        await dead_man.run()

    assert dead_man.note == (
        "cancels ALL orders of the account in 60 s without us, also those made elsewhere"
    )


async def test_a_failure_to_renew_is_shown_with_what_is_left_and_tried_again_soon(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    timer = VenueTimer()
    timer.answers = [None, OutcomeUnknown("no answer"), OutcomeUnknown("no answer"), None]
    dead_man = DeadMan(60, timer.arm, "main")

    with caplog.at_level(logging.ERROR), trio.move_on_after(26):
        await dead_man.run()
    assert "FAILS to renew" in dead_man.note
    assert "34 s to go" in dead_man.note
    assert "also those made elsewhere" in dead_man.note
    with trio.move_on_after(6):
        await dead_man.run()

    assert "FAILS" not in dead_man.note
    assert [when_s for when_s, _ in timer.calls] == pytest.approx([0, 20, 25, 26], abs=0.01)
    assert len(caplog.records) == 1


async def test_a_venue_that_does_not_answer_is_a_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def never(timeout_s: int) -> None:
        await trio.sleep_forever()

    dead_man = DeadMan(60, never, "main")
    with trio.move_on_after(30):
        await dead_man.run()

    assert "not set yet: no answer" in dead_man.note


async def test_a_switch_that_the_venue_refuses_is_shown(
    autojump_clock: trio.testing.MockClock,
) -> None:
    timer = VenueTimer()
    timer.answers = [OrderRejected("EGeneral:Permission denied")] * 9
    dead_man = DeadMan(60, timer.arm, "main")

    with trio.move_on_after(12):
        await dead_man.run()

    assert "EGeneral:Permission denied" in dead_man.note
