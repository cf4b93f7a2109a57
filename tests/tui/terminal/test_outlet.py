"""Where bytes leave: never waited for, whatever the terminal does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.polling import until
from tests.support.tty import Tty
from tui.terminal.outlet import Outlet

PICTURE = "x" * 100_000
"""More than a pty holds that nobody reads."""


@contextmanager
def opened(fileno: int) -> Iterator[Outlet]:
    outlet = Outlet(fileno)
    loop = asyncio.new_event_loop()
    outlet.start(loop)
    try:
        yield outlet
    finally:
        outlet.stop(quiet_s=0.0)
        loop.close()


def draw(outlet: Outlet, text: str) -> None:
    with outlet.frame():
        outlet.write(text)


def test_what_is_written_leaves_in_order_and_is_counted() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        outlet.write("\x1b[?25l")
        with outlet.frame():
            outlet.write("a")
            outlet.write("ö")
        until(lambda: outlet.is_clear)

        assert tty.read() == "\x1b[?25laö".encode()
        counted = outlet.statistics()
        assert (counted.bytes_sent, counted.frames_sent, counted.writes) == (9, 1, 2)
        assert (counted.bytes_waiting, counted.waiting_s, counted.dropped) == (0, 0.0, 0)


def test_a_terminal_that_does_not_read_delays_nobody_and_gets_the_rest_later() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, PICTURE)
        until(lambda: outlet.blocked_s > 0)

        assert not outlet.is_clear
        assert 0 < outlet.bytes_waiting < len(PICTURE)
        assert outlet.waiting_s > 0

        until(lambda: tty.read() is not None and outlet.is_clear)
        tty.read()
        assert tty.received == PICTURE.encode()
        assert outlet.waiting_s == 0.0


def test_control_sequences_for_a_terminal_that_does_not_read_stay_few() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, PICTURE)
        until(lambda: outlet.blocked_s > 0)
        before = outlet.bytes_waiting
        for _ in range(10_000):
            outlet.write("\a")
            outlet.write("\x1b]22;pointer\a")

        assert outlet.bytes_waiting <= before + len("\a\x1b]22;pointer\a")


def test_it_says_when_it_is_clear_once_and_from_the_loop() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        clear = asyncio.Event()

        def tell() -> None:
            asyncio.get_running_loop()
            told.append("clear")
            clear.set()

        with Tty() as tty:
            outlet = Outlet(tty.slave)
            outlet.start(asyncio.get_running_loop())
            draw(outlet, PICTURE)
            outlet.when_clear(tell)
            await asyncio.sleep(0)
            assert not told
            async with asyncio.timeout(60):
                while not clear.is_set():
                    tty.read()
                    await asyncio.sleep(0)
            draw(outlet, "more")
            await asyncio.to_thread(until, lambda: outlet.is_clear)
            outlet.stop()
        return told

    assert asyncio.run(main()) == ["clear"]


def test_who_asks_while_it_is_clear_is_told_soon() -> None:
    async def main() -> None:
        with Tty() as tty:
            outlet = Outlet(tty.slave)
            outlet.start(asyncio.get_running_loop())
            clear = asyncio.Event()
            outlet.when_clear(clear.set)
            async with asyncio.timeout(60):
                await clear.wait()
            outlet.stop()

    asyncio.run(main())


def test_while_it_is_held_it_is_not_clear() -> None:
    async def main() -> None:
        with Tty() as tty:
            outlet = Outlet(tty.slave)
            outlet.start(asyncio.get_running_loop())
            outlet.hold(True)
            clear = asyncio.Event()
            outlet.when_clear(clear.set)
            await asyncio.sleep(0)
            assert not outlet.is_clear
            assert not clear.is_set()

            outlet.hold(False)
            async with asyncio.timeout(60):
                await clear.wait()
            outlet.stop()

    asyncio.run(main())


def test_the_end_leaves_the_terminal_in_order_without_the_picture_under_way() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, PICTURE)
        until(lambda: outlet.blocked_s > 0)
        outlet.write("\x1b[?1049l")
        before = outlet.generation
        outlet._is_ending = True
        outlet._wake()
        until(lambda: tty.read() is not None and not outlet.bytes_waiting)

        assert outlet.stop()
        tty.read()
        assert tty.received.endswith(b"x\x18\x1b[?2026l\x1b[0m\x1b[?1049l")
        assert len(tty.received) < len(PICTURE)
        assert outlet.generation > before


def test_a_terminal_that_reads_nothing_is_given_up() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, PICTURE)
        until(lambda: outlet.blocked_s > 0)
        outlet.write(f"\x1b]52;c;{PICTURE}\a")

        assert not outlet.stop(quiet_s=0.0)
        assert outlet.bytes_waiting == 0
        until(lambda: outlet._thread is None or not outlet._thread.is_alive())


def test_it_can_be_started_again_and_says_that_the_screen_is_another() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, "before")
        until(lambda: outlet.is_clear)
        before = outlet.generation
        assert outlet.stop()
        loop = asyncio.new_event_loop()
        outlet.start(loop)
        draw(outlet, "after")
        until(lambda: outlet.is_clear)
        loop.close()

        assert tty.read() == b"beforeafter"
        assert outlet.generation == before + 1


def test_a_terminal_that_is_gone_ends_it() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        tty.hang_up()
        draw(outlet, "x")
        until(lambda: outlet.is_gone)
        draw(outlet, PICTURE)

        assert not outlet.is_clear
        assert outlet.bytes_waiting == 0
        assert not outlet.stop()


def test_what_was_given_stays_as_it_was_for_other_programs() -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        draw(outlet, "x")
        until(lambda: outlet.is_clear)

        assert os.get_blocking(tty.slave)


def test_another_thread_does_not_write_into_a_picture(
    run_in_thread: Callable[[Callable[[], object]], None],
) -> None:
    with Tty() as tty, opened(tty.slave) as outlet:
        with outlet.frame():
            outlet.write("a")
            run_in_thread(lambda: outlet.write("\x1b[?2048h"))
            outlet.write("b")
        until(lambda: outlet.is_clear)

        assert tty.read() == b"\x1b[?2048hab"


@pytest.fixture
def run_in_thread() -> Callable[[Callable[[], object]], None]:
    import threading

    def run(deed: Callable[[], object]) -> None:
        thread = threading.Thread(target=deed)
        thread.start()
        thread.join()

    return run


def test_where_there_is_no_terminal_it_writes_all_the_same() -> None:
    read, write = os.pipe()
    try:
        with opened(write) as outlet:
            draw(outlet, PICTURE)
            until(lambda: outlet.blocked_s > 0)
            taken = b""
            while len(taken) < len(PICTURE):
                taken += os.read(read, 1 << 16)
            until(lambda: outlet.is_clear)

        assert taken == PICTURE.encode()
    finally:
        os.close(read)
        os.close(write)


def test_characters_that_the_encoding_has_not_become_question_marks() -> None:
    with Tty() as tty:
        outlet = Outlet(tty.slave, encoding="ascii")
        loop = asyncio.new_event_loop()
        outlet.start(loop)
        outlet.write("a\u2800\ud800b")
        assert outlet.stop()
        loop.close()

        assert tty.read() == b"a??b"


def test_who_waits_for_what_was_given_does_not_wait_for_what_came_after() -> None:
    async def main() -> list[str]:
        with Tty() as tty:
            outlet = Outlet(tty.slave)
            outlet.start(asyncio.get_running_loop())
            told: list[str] = []
            is_told = asyncio.Event()
            draw(outlet, "first")
            outlet.when_sent(lambda: told.append("first"))
            outlet.when_sent(is_told.set)
            draw(outlet, PICTURE)
            outlet.when_sent(lambda: told.append("second"))
            outlet.when_clear(lambda: told.append("clear"))
            async with asyncio.timeout(60):
                await is_told.wait()
            assert not outlet.is_clear
            told_by_then = list(told)
            outlet.stop(quiet_s=0.0)
        return told_by_then

    assert asyncio.run(main()) == ["first"]
