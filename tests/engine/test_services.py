from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from engine.clock import NANOS, TrioClock
from engine.errors import ServiceFailed
from engine.services import HEALTHY_S, backoff, current_services, open_services, sole_error

START_NS = 1_700_000_000 * NANOS


class Part:
    """A service with switches, which notes its lives."""

    def __init__(self, name: str = "part", log: list[str] | None = None) -> None:
        self.name = name
        self.log = [] if log is None else log
        self.starts = 0
        self.start_s = 1.0
        self.live_s = float("inf")
        self.stop_s = 0.0
        self.fails_before_ready = False
        self.error: Callable[[], Exception] | None = None

    async def run(self, *args: object, task_status: trio.TaskStatus[object]) -> None:
        self.starts += 1
        self.log.append(f"{self.name} starts")
        await trio.sleep(self.start_s)
        if self.fails_before_ready and self.error:
            raise self.error()
        task_status.started((self.name, *args))
        try:
            await trio.sleep(self.live_s)
            if self.error:
                raise self.error()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(self.stop_s)
            self.log.append(f"{self.name} ends")


async def test_a_service_is_started_once_however_many_ask_at_the_same_time(
    autojump_clock: MockClock,
) -> None:
    part, values = Part(), list[object]()

    async def ask() -> None:
        values.append(await services.start("part", part.run, 7))

    async with open_services(TrioClock(START_NS)) as services:
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        values.append(await services.start("part", part.run, 7))

    assert 1 == part.starts
    assert [("part", 7)] * 6 == values


async def test_services_stop_in_reverse_and_each_is_waited_for(autojump_clock: MockClock) -> None:
    log: list[str] = []
    async with open_services(TrioClock(START_NS)) as services:
        for name in ("journal", "router", "link"):
            part = Part(name, log)
            part.stop_s = 2.0
            await services.start(name, part.run)
        del log[:]

    assert ["link ends", "router ends", "journal ends"] == log
    assert {"stopped"} == {status.state for status in services.statuses()}


async def test_the_order_holds_when_the_block_is_cancelled_or_fails(
    autojump_clock: MockClock,
) -> None:
    log: list[str] = []

    async def run_block(error: Exception | None) -> None:
        async with open_services(TrioClock(START_NS)) as services:
            for name in ("first", "second"):
                part = Part(name, log)
                part.stop_s = 1.0
                await services.start(name, part.run)
            if error is not None:
                raise error
            await trio.sleep_forever()

    with trio.move_on_after(10):
        await run_block(None)
    with pytest.raises(KeyError, match="of the block"):
        await run_block(KeyError("of the block"))

    ends = [line for line in log if line.endswith("ends")]
    assert ["second ends", "first ends"] * 2 == ends


async def test_there_is_one_manager_in_a_process(autojump_clock: MockClock) -> None:
    with pytest.raises(RuntimeError, match="no service manager"):
        current_services()
    async with open_services(TrioClock(START_NS)) as services:
        assert current_services() is services
        with pytest.raises(RuntimeError, match="already"):
            async with open_services(TrioClock(START_NS)):
                pass
        assert current_services() is services
    async with open_services(TrioClock(START_NS)):
        pass


async def test_an_error_before_it_is_ready_goes_to_all_who_asked_and_is_not_retried(
    autojump_clock: MockClock,
) -> None:
    part, errors = Part(), list[str]()
    part.fails_before_ready, part.error = True, lambda: LookupError("no such market")

    async def ask() -> None:
        with pytest.raises(LookupError) as caught:
            await services.start("part", part.run, restarts=5, critical=True)
        errors.append(str(caught.value))

    async with open_services(TrioClock(START_NS)) as services:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            nursery.start_soon(ask)
        status = services.status("part")
        assert status is not None
        assert ("failed", "LookupError: no such market") == (status.state, status.last_error)

        part.fails_before_ready = part.error = None
        assert ("part",) == await services.start("part", part.run)

    assert ["no such market"] * 2 == errors
    assert 2 == part.starts


async def test_a_failing_service_is_restarted_with_back_off_then_failed(
    autojump_clock: MockClock,
) -> None:
    part = Part()
    part.start_s, part.live_s, part.error = 0.0, 1.0, lambda: OSError("line dead")
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run, restarts=3)
        await trio.sleep(60)
        status = services.status("part")

    assert status is not None
    assert ("failed", 3, "OSError: line dead") == (
        status.state,
        status.restarts,
        status.last_error,
    )
    assert 4 == part.starts
    # Four lives of 1 s, and delays of 0.5, 1 and 2 s between them.
    assert 7.5 == (status.since_ns - START_NS) / NANOS


async def test_a_service_that_ran_well_has_its_restarts_back(autojump_clock: MockClock) -> None:
    part = Part()
    part.start_s, part.live_s, part.error = 0.0, HEALTHY_S + 1, lambda: OSError("once a minute")
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run, restarts=1)
        await trio.sleep(20 * HEALTHY_S)
        status = services.status("part")

    assert status is not None
    assert "failed" != status.state
    assert status.restarts > 10


async def test_who_asks_during_a_restart_gets_the_new_value(autojump_clock: MockClock) -> None:
    part = Part()
    part.live_s, part.error = 1.0, lambda: OSError("line dead")
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run, restarts=2)
        await trio.sleep(1.2)
        status = services.status("part")
        assert status is not None
        assert "starting" == status.state
        began_s = trio.current_time()

        assert ("part",) == await services.start("part", part.run)
        assert trio.current_time() > began_s
        assert 2 == part.starts


async def test_a_critical_failure_ends_the_block_and_keeps_its_cause(
    autojump_clock: MockClock,
) -> None:
    log: list[str] = []
    part, other = Part("router", log), Part("link", log)
    part.live_s, part.error = 5.0, lambda: OSError("disk full")

    async def run_block() -> None:
        async with open_services(TrioClock(START_NS)) as services:
            await services.start("router", part.run, critical=True)
            await services.start("link", other.run)
            await trio.sleep_forever()

    with pytest.raises(ServiceFailed, match="router failed: OSError: disk full") as caught:
        await run_block()

    assert isinstance(caught.value.__cause__, OSError)
    assert ["router ends", "link ends"] == [line for line in log if line.endswith("ends")]


async def test_a_failure_that_is_not_critical_ends_nothing_else(autojump_clock: MockClock) -> None:
    part, other = Part(), Part()
    part.live_s, part.error = 1.0, lambda: OSError("line dead")
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run)
        await services.start("other", other.run)
        await trio.sleep(100)
        states = {status.name: status.state for status in services.statuses()}

    assert {"part": "failed", "other": "running"} == states


async def test_an_error_of_the_block_and_a_critical_one_are_both_told(
    autojump_clock: MockClock,
) -> None:
    part = Part()
    part.live_s, part.error = 1.0, lambda: OSError("disk full")

    async def run_block() -> None:
        async with open_services(TrioClock(START_NS)) as services:
            await services.start("part", part.run, critical=True)
            try:
                await trio.sleep_forever()
            finally:
                raise KeyError("of the block")

    with pytest.raises(ExceptionGroup) as caught:
        await run_block()

    assert {ServiceFailed, KeyError} == {type(error) for error in caught.value.exceptions}


async def test_an_error_inside_a_nursery_of_the_service_comes_without_its_groups(
    autojump_clock: MockClock,
) -> None:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery(), trio.open_nursery():
            raise LookupError("deep")

    async with open_services(TrioClock(START_NS)) as services:
        with pytest.raises(LookupError, match="deep"):
            await services.start("part", run)


async def test_a_stopped_service_can_be_started_again(autojump_clock: MockClock) -> None:
    part = Part()
    part.stop_s = 3.0
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(services.stop, "part")
            nursery.start_soon(services.stop, "part")
            await trio.testing.wait_all_tasks_blocked()
            # It still winds down: a start waits for that, and begins a new life.
            assert ("part",) == await services.start("part", part.run)
        status = services.status("part")
        assert status is not None
        assert "running" == status.state

    assert 2 == part.starts


async def test_stopping_what_does_not_run_does_nothing(autojump_clock: MockClock) -> None:
    async with open_services(TrioClock(START_NS)) as services:
        await services.stop("never started")

    assert () == services.statuses()


async def test_a_start_that_nobody_waits_for_any_more_is_undone(autojump_clock: MockClock) -> None:
    part = Part()
    part.start_s = 10.0
    async with open_services(TrioClock(START_NS)) as services:
        with trio.move_on_after(1):
            await services.start("part", part.run)
        await trio.testing.wait_all_tasks_blocked()
        status = services.status("part")
        assert status is not None
        assert "stopped" == status.state
        assert ("part",) == await services.start("part", part.run)


async def test_one_impatient_caller_does_not_undo_the_start_for_the_others(
    autojump_clock: MockClock,
) -> None:
    part, values = Part(), list[object]()
    part.start_s = 10.0

    async def impatient() -> None:
        with trio.move_on_after(1):
            await services.start("part", part.run)

    async with open_services(TrioClock(START_NS)) as services, trio.open_nursery() as nursery:
        nursery.start_soon(impatient)
        values.append(await services.start("part", part.run))

    assert [("part",)] == values
    assert 1 == part.starts


async def test_a_service_that_ends_by_itself_is_stopped_not_failed(
    autojump_clock: MockClock,
) -> None:
    part = Part()
    part.live_s = 1.0
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run, restarts=3, critical=True)
        await trio.sleep(10)
        status = services.status("part")

    assert status is not None
    assert ("stopped", 0, "") == (status.state, status.restarts, status.last_error)


async def test_ending_without_being_ready_is_told_to_who_asked(autojump_clock: MockClock) -> None:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(1)

    async with open_services(TrioClock(START_NS)) as services:
        with pytest.raises(ServiceFailed, match="part ended before it was ready"):
            await services.start("part", run)


async def test_nothing_starts_while_the_manager_closes(autojump_clock: MockClock) -> None:
    refused: list[str] = []

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True), pytest.raises(ServiceFailed) as caught:
                await services.start("late", Part().run)
            refused.append(str(caught.value))

    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", run)

    assert ["late cannot be started: the engine is stopping"] == refused


async def test_what_a_service_started_for_itself_outlives_it(autojump_clock: MockClock) -> None:
    log: list[str] = []
    inner, slow = Part("inner", log), Part("slow", log)
    slow.start_s = 1000.0

    async def run(*, task_status: trio.TaskStatus[object]) -> None:
        task_status.started(await services.start("inner", inner.run))
        try:
            await trio.sleep_forever()
        finally:
            log.append("outer ends")

    async with open_services(TrioClock(START_NS)) as services, trio.open_nursery() as nursery:
        assert ("inner",) == await services.start("outer", run)
        assert ["inner", "outer"] == [status.name for status in services.statuses()]
        nursery.start_soon(services.start, "slow", slow.run)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert ["outer ends", "inner ends"] == [line for line in log if line.endswith("ends")]


async def test_hostile_text_of_an_error_is_made_safe(autojump_clock: MockClock) -> None:
    part = Part()
    part.live_s, part.error = 1.0, lambda: OSError("\x1b]0;owned\x07")
    async with open_services(TrioClock(START_NS)) as services:
        await services.start("part", part.run)
        await trio.sleep(5)
        status = services.status("part")

    assert status is not None
    assert "\x1b" not in status.last_error


def test_delays_double_up_to_a_bound() -> None:
    assert [0.5, 1.0, 2.0, 4.0, 4.0, 4.0] == list(islice(backoff(0.5, 4.0), 6))


def test_the_one_error_in_nested_groups_is_found() -> None:
    inner = ValueError("inner")
    several = ExceptionGroup("several", [inner, KeyError("other")])

    assert sole_error(ExceptionGroup("a", [ExceptionGroup("b", [inner])])) is inner
    assert sole_error(several) is several
    assert sole_error(inner) is inner


async def test_an_error_that_comes_with_the_stop_fails_its_service_and_nothing_else(
    autojump_clock: MockClock,
) -> None:
    async def fails_while_it_is_stopped(*, task_status: trio.TaskStatus[None]) -> None:
        async def child() -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise RuntimeError("broke on the way out")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            nursery.start_soon(trio.sleep_forever)
            task_status.started()

    async with open_services(TrioClock(0)) as services:
        await services.start("part", fails_while_it_is_stopped)
        await services.stop("part")
        status = services.status("part")

    assert status is not None
    assert ("failed", "RuntimeError: broke on the way out") == (status.state, status.last_error)


async def test_a_service_that_is_asked_for_again_tells_how_it_failed_before(
    autojump_clock: MockClock,
) -> None:
    async def fails_later(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep(1)
        raise LookupError("lost")

    async with open_services(TrioClock(0)) as services:
        await services.start("part", fails_later)
        await trio.sleep(2)
        await services.start("part", fails_later)
        status = services.status("part")

    assert status is not None
    assert ("running", 1, "LookupError: lost") == (
        status.state,
        status.restarts,
        status.last_error,
    )
