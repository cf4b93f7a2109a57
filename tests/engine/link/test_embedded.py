"""The engine beside the deck: commands reach it in order, its end is told with the reason."""

import threading
from collections.abc import Callable

import pytest
import trio

from engine.errors import LinkClosed
from engine.link.embedded import Deliver, EmbeddedLink, Serve
from engine.messages import (
    Cancel,
    Command,
    EngineFailed,
    EngineReady,
    EngineStatus,
    Event,
    Shutdown,
)

WAIT_S = 60.0
"""Longest wait for another thread; none is slept through."""


def until(happened: threading.Event) -> None:
    assert happened.wait(WAIT_S)


class Recorder:
    """An engine that writes down its commands until it is shut down."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.open = threading.Event()
        self.may_open = threading.Event()
        self.may_open.set()
        self.put: Callable[[Event], None] = lambda event: None

    async def serve(
        self, put: Callable[[Event], None], open_for_commands: Callable[[Deliver], None]
    ) -> None:
        await trio.to_thread.run_sync(self.may_open.wait)
        self.put = put
        done = trio.Event()

        def deliver(command: Command) -> None:
            self.commands.append(command)
            if isinstance(command, Shutdown):
                done.set()

        put(EngineReady(brokers=(), accounts=()))
        open_for_commands(deliver)
        self.open.set()
        await done.wait()


def cancel(number: int) -> Cancel:
    return Cancel(order_id=str(number))


def failing(error: BaseException) -> Serve:
    async def serve(
        put: Callable[[Event], None], open_for_commands: Callable[[Deliver], None]
    ) -> None:
        raise error

    return serve


def wait_failed(link: EmbeddedLink) -> EngineFailed:
    woken = threading.Event()
    link.start(woken.set)
    until(woken)
    (failed,) = link.take()
    assert isinstance(failed, EngineFailed)
    return failed


def test_the_first_event_says_that_the_engine_is_ready() -> None:
    engine = Recorder()
    link = EmbeddedLink(engine.serve)
    link.start(lambda: None)
    until(engine.open)

    assert [EngineReady(brokers=(), accounts=())] == link.take()
    assert link.close(WAIT_S)


def test_commands_sent_before_the_engine_is_up_arrive_first_and_in_order() -> None:
    engine = Recorder()
    engine.may_open.clear()
    link = EmbeddedLink(engine.serve)
    link.start(lambda: None)
    for number in range(5):
        link.send(cancel(number))
    engine.may_open.set()
    until(engine.open)
    for number in range(5, 10):
        link.send(cancel(number))

    assert link.close(WAIT_S)
    assert [*map(cancel, range(10)), Shutdown()] == engine.commands


def test_a_closed_link_refuses_commands() -> None:
    engine = Recorder()
    link = EmbeddedLink(engine.serve)
    link.start(lambda: None)
    assert link.close(WAIT_S)

    with pytest.raises(LinkClosed):
        link.send(cancel(1))


def test_closing_twice_is_fine() -> None:
    engine = Recorder()
    link = EmbeddedLink(engine.serve)
    link.start(lambda: None)

    assert link.close(WAIT_S)
    assert link.close(WAIT_S)


def test_a_crash_is_told_with_its_reason() -> None:
    failed = wait_failed(EmbeddedLink(failing(ZeroDivisionError("division by zero"))))

    assert "ZeroDivisionError: division by zero" == failed.reason


def test_commands_after_a_crash_are_refused_and_not_swallowed() -> None:
    link = EmbeddedLink(failing(RuntimeError("gone")))
    wait_failed(link)
    assert link.close(WAIT_S)

    with pytest.raises(LinkClosed):
        link.send(cancel(1))


def test_what_came_before_the_crash_is_still_delivered() -> None:
    async def serve(
        put: Callable[[Event], None], open_for_commands: Callable[[Deliver], None]
    ) -> None:
        put(EngineReady(brokers=(), accounts=()))
        raise RuntimeError("later")

    woken = threading.Event()
    link = EmbeddedLink(serve)
    link.start(woken.set)
    until(woken)

    assert [EngineReady, EngineFailed] == [type(event) for event in link.take()]


def test_a_frozen_deck_does_not_hold_up_the_engine() -> None:
    engine = Recorder()
    link = EmbeddedLink(engine.serve)
    link.start(lambda: None)
    until(engine.open)

    for now_ns in range(100_000):  # nobody takes anything meanwhile
        engine.put(EngineStatus(now_ns=now_ns))

    assert EngineStatus(now_ns=99_999) == link.take()[-1]
    assert link.close(WAIT_S)


def test_an_engine_that_hangs_is_reported_and_not_waited_for() -> None:
    stuck = threading.Event()

    async def serve(
        put: Callable[[Event], None], open_for_commands: Callable[[Deliver], None]
    ) -> None:
        stuck.wait(WAIT_S)

    link = EmbeddedLink(serve)
    link.start(lambda: None)

    assert not link.close(timeout_s=0)
    stuck.set()
