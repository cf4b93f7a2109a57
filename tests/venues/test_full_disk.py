"""A disk without room, as the kernel says it: the engine's process may write no file any more."""

from __future__ import annotations

import resource
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.venues.scripted.broker import FQME
from tests.venues.scripted.rig import EngineProcess, open_engine_process, open_venue
from tests.venues.test_kill import check_against, is_agreed, submit
from tests.venues.test_kill_steps import held, watch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of another process: Linux only"),
]


def room(engine: EngineProcess, *, is_there: bool) -> None:
    """Let the process write files of any size, or of none (prlimit; writes fail with EFBIG)."""
    most = resource.prlimit(engine.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(engine.pid, resource.RLIMIT_FSIZE, (most if is_there else 0, most))


def journal(engine: EngineProcess) -> list[bool]:
    """What was told of it, in order: whether everything was on record."""
    return [event["is_written"] for event in engine.events if event["kind"] == "journalupdate"]


def test_without_room_nothing_new_is_sent_cancels_are_and_fills_are_kept(tmp_path: Path) -> None:
    with open_venue() as control:
        with open_engine_process(tmp_path, control) as engine:
            assert watch(engine)
            for order_id in ("o1", "o2"):
                submit(engine, order_id)
                assert engine.until(engine.has(order_id, "open"))
            room(engine, is_there=False)
            submit(engine, "o3")
            assert engine.until(engine.has("o3", "denied"))
            engine.send("cancel", order_id="o2")
            assert engine.until(engine.has("o2", "canceled"))
            control.ask("trade", order_id="o1", size="0.25")
            assert engine.until(lambda it: held(it) == Decimal("0.25"))

            assert "no room" in engine.orders["o3"]["reason"]
            assert journal(engine)[-1] is False
            assert control.ask("truth")["submits"] == {"o1": 1, "o2": 1}

            room(engine, is_there=True)
            assert engine.until(lambda it: journal(it)[-1])
            submit(engine, "o4")
            assert engine.until(engine.has("o4", "open"))
            before = dict(engine.orders)
        # What was kept in memory is on record now: a start finds all of it, in the same states.
        with open_engine_process(tmp_path, control) as again:
            assert again.until(is_agreed)
            check_against(control.ask("truth"), again)
            assert {name: order["state"] for name, order in again.orders.items()} == {
                name: order["state"] for name, order in before.items()
            }


def test_killed_without_room_it_learns_from_its_venue_what_it_could_not_write(
    tmp_path: Path,
) -> None:
    with open_venue() as control:
        with open_engine_process(tmp_path, control) as engine:
            assert watch(engine)
            submit(engine, "o1")
            assert engine.until(engine.has("o1", "open"))
            room(engine, is_there=False)
            control.ask("trade", order_id="o1", size="0.25")
            assert engine.until(lambda it: held(it) == Decimal("0.25"))
            assert not journal(engine)[-1]
        with open_engine_process(tmp_path, control) as again:
            assert again.until(lambda it: is_agreed(it) and held(it) == Decimal("0.25"))
            check_against(control.ask("truth"), again)
            assert FQME in again.positions
