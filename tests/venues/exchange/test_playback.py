"""Recordings, read and played at a pace."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import trio

from engine.clock import NANOS
from engine.errors import DataError
from tests.venues.exchange.playback import Played, play, read_recording

SECOND_NS = 1_723_161_253_000_000_000


def write(path: Path, *lines: str) -> Path:
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_every_way_to_write_a_time_down_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mixed.gz",
        '1723161253000000000 {"a":1}',
        '1723161254.5: {"a":2}',
        "wss://example.org <-> 1723161254.6",
        'https://example.org/depth?symbol=X -> 1723161255.0: {"a":3}',
        '{"a":4}',
    )
    found = list(read_recording(path))
    assert [message.body for message in found] == [b'{"a":%d}' % nth for nth in (1, 2, 3, 4)]
    passed = [(message.time_ns - SECOND_NS) / NANOS for message in found]
    assert passed == [0, 1.5, 2, 2]
    assert found[2].url == "https://example.org/depth?symbol=X"


def test_the_messages_own_time_counts_where_there_is_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "bare.gz", '{"t":5}', '{"t":3}', '{"t":9}')
    found = read_recording(path, lambda body: int(body[5:6]) * NANOS)
    assert [message.time_ns // NANOS for message in found] == [5, 5, 9]


@pytest.mark.parametrize(("speed", "lasts_s"), [(1, 10), (5, 2), (0, 0)])
async def test_messages_are_told_at_the_pace_asked_for(
    tmp_path: Path, autojump_clock: object, speed: float, lasts_s: float
) -> None:
    times = (0, 2, 2, 10)
    path = write(tmp_path / "paced.gz", *(f'{SECOND_NS + at * NANOS} {{"n":{at}}}' for at in times))
    began, told = trio.current_time(), []

    def tell(message: Played) -> None:
        told.append(trio.current_time() - began)

    await play(path, speed, tell)
    assert len(told) == 4
    assert told[-1] == pytest.approx(lasts_s)
    assert told[1] == pytest.approx(lasts_s / 5)


async def test_listeners_are_waited_for_where_there_is_no_pace(tmp_path: Path) -> None:
    path = write(tmp_path / "many.gz", *(f'{SECOND_NS} {{"n":{nth}}}' for nth in range(1000)))
    told, drains = [], []

    async def drain() -> None:
        drains.append(len(told))

    await play(path, 0, told.append, drain=drain)
    assert len(told) == 1000
    assert drains == [0, 200, 400, 600, 800]


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        list(read_recording(tmp_path / "none.gz"))
