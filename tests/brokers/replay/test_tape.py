"""Opening a recording: what can be played, and one line for what cannot."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from brokers.replay.protocol import Tape as Protocol
from brokers.replay.tape import Tape, open_tape
from engine.errors import DataError
from tests.support.venue_messages import binance_trade


def test_what_is_no_regular_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(DataError, match="is a directory"):
        open_tape(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        open_tape(tmp_path / "nothing")
    with pytest.raises(DataError, match="not a regular file"):
        open_tape(tmp_path / "fifo")
    with pytest.raises(DataError, match=r"does not exist|cannot be read"):
        open_tape(tmp_path / "loop")
    with pytest.raises(DataError, match=r"does not exist|cannot be read"):
        open_tape(Path("a\0b"))


def test_a_reason_names_the_file_alone_and_only_in_characters_that_can_be_shown(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a\x1b[2Jb\n.gz"
    with pytest.raises(DataError) as missing:
        open_tape(path)
    path.write_bytes(b"")
    with pytest.raises(DataError) as empty:
        open_tape(path)

    for said in (str(missing.value), str(empty.value)):
        assert said.startswith("a\ufffd[2Jb")
        assert str(tmp_path) not in said
        assert said.isprintable()


def test_a_path_without_a_name_is_told_as_what_it_is() -> None:
    with pytest.raises(DataError, match=r"^/ is a directory"):
        open_tape(Path("/"))


def test_a_name_too_long_for_the_system_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        open_tape(tmp_path / ("x" * 5000))

    assert len(str(caught.value)) < 300


def test_a_recording_is_opened_through_a_link_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(gzip.compress(binance_trade(1) + b"\n" + binance_trade(2)))
    (tmp_path / "link.txt").symlink_to("data")
    tape = open_tape(tmp_path / "link.txt")

    assert tape.kind == "binance stream"
    assert tape.path == tmp_path / "link.txt"
    assert len(tape.markets) == 1


def test_a_tape_plays_the_same_each_time_and_within_the_span_that_it_states(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(binance_trade(number) for number in (1, 2, 3)))
    tape = open_tape(path)
    first, second = list(tape.play()), list(tape.play())

    assert first == second
    assert len(first) == 3
    assert (tape.start_ns, tape.end_ns) == (first[0][0], first[-1][0])
    assert {fqme for _, fqme, _ in first} == {market.fqme for market in tape.markets}


def test_two_plays_of_a_tape_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(binance_trade(number) for number in (1, 2, 3)))
    tape = open_tape(path)
    whole = list(tape.play())
    left, right = tape.play(), tape.play()
    together = [(next(left), next(right)) for _ in whole]

    assert together == [(each, each) for each in whole]


def test_a_file_that_goes_away_after_it_was_opened_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(binance_trade(1))
    tape = open_tape(path)
    path.unlink()

    with pytest.raises(DataError):
        list(tape.play())


def test_what_a_tape_is_can_be_had_from_where_it_is_opened() -> None:
    assert Tape is Protocol
