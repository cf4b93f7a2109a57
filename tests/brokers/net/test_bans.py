"""Bans are obeyed to their end, across restarts too."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from brokers.net.bans import LONGEST_NS, Bans
from engine.clock import NANOS, TrioClock
from tests.support.stepped_clock import SteppedClock

START_NS = 1_795_226_417_250_000_000


async def test_waits_until_a_ban_ends(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    assert bans.until_ns() == 0
    bans.ban("", clock.now_ns() + 120 * NANOS, "too many requests")
    assert bans.reason() == "too many requests"
    began = trio.current_time()
    await bans.wait()
    assert trio.current_time() - began >= 120
    assert bans.until_ns() == 0


async def test_a_ban_outlives_the_process(autojump_clock: object, tmp_path: Path) -> None:
    clock = TrioClock(START_NS)
    path = tmp_path / "brokers" / "binance" / "bans.json"
    until_ns = clock.now_ns() + 3600 * NANOS
    Bans(path, clock).ban("", until_ns, "418")
    again = Bans(path, clock)
    assert again.until_ns() == until_ns
    assert again.reason() == "418"
    await trio.sleep(3601)
    assert Bans(path, clock).until_ns() == 0


async def test_a_ban_is_never_made_shorter(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    until_ns = clock.now_ns() + 100 * NANOS
    bans.ban("", until_ns, "long")
    bans.ban("", until_ns - 1, "short")
    assert (bans.until_ns(), bans.reason()) == (until_ns, "long")


async def test_scopes_do_not_touch_each_other(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    bans.ban("account main", clock.now_ns() + NANOS, "its own")
    assert bans.until_ns() == 0
    assert bans.until_ns("account main") > 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"": {"until_ns": "soon"}}', b"\xff\xfe"])
async def test_a_damaged_file_bans_nobody(
    autojump_clock: object, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bans.json"
    path.write_bytes(content)
    bans = Bans(path, TrioClock(START_NS))
    assert bans.until_ns() == 0
    bans.ban("", START_NS + 10 * NANOS, "new")
    assert Bans(path, TrioClock(START_NS)).until_ns() == START_NS + 10 * NANOS


async def test_no_ban_is_longer_than_a_venue_makes_them(
    autojump_clock: object, tmp_path: Path
) -> None:
    clock, path = TrioClock(START_NS), tmp_path / "bans.json"
    bans = Bans(path, clock)
    bans.ban("", clock.now_ns() + 100 * LONGEST_NS, "for ever")
    assert bans.until_ns() <= clock.now_ns() + LONGEST_NS
    path.write_text('{"": {"until_ns": 9000000000000000000, "reason": "damage"}}')
    assert Bans(path, clock).until_ns() == 0


async def test_where_nothing_can_be_kept_it_holds_in_memory(
    autojump_clock: object, tmp_path: Path
) -> None:
    clock = TrioClock(START_NS)
    (tmp_path / "file").write_text("in the way")
    bans = Bans(tmp_path / "file" / "bans.json", clock)
    bans.ban("", clock.now_ns() + NANOS, "x")
    assert bans.until_ns() > 0


async def test_what_the_venue_says_is_made_safe(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    bans.ban("", clock.now_ns() + NANOS, "\x1b[2J" + "x" * 1000)
    assert "\x1b" not in bans.reason()
    assert len(bans.reason()) <= 200


@pytest.mark.parametrize("step_s", [-7200.0, 7200.0])
async def test_a_ban_lasts_as_long_as_it_is_though_the_wall_clock_is_set(
    autojump_clock: object, tmp_path: Path, step_s: float
) -> None:
    clock = SteppedClock(START_NS)
    Bans(tmp_path / "bans.json", clock).ban("", clock.now_ns() + 600 * NANOS, "418")
    bans = Bans(tmp_path / "bans.json", clock)
    assert bans.until_ns() == START_NS + 600 * NANOS
    clock.step_s = step_s
    assert bans.until_ns() == START_NS + round((600 + step_s) * NANOS)
    began = trio.current_time()
    await bans.wait()
    assert trio.current_time() - began == pytest.approx(600)
    assert bans.until_ns() == 0
