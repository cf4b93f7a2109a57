"""What waits to leave: in order, bounded, one control sequence of each kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.backlog import MOST_WAITING, Backlog, Piece


def frame(data: bytes) -> Piece:
    return Piece(data, is_frame=True, given_at=0.0)


def control(data: bytes) -> Piece:
    return Piece(data, is_frame=False, given_at=0.0)


def drained(backlog: Backlog, chunk: int = 1 << 20) -> bytes:
    """All that waits, as a terminal that takes `chunk` bytes at a time gets it."""
    taken = b""
    while piece := backlog.first():
        part = piece.data[piece.sent : piece.sent + chunk]
        taken += part
        backlog.sent(piece, len(part))
    return taken


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=20), st.integers(1, 30))
def test_pictures_leave_whole_and_in_order(pictures: list[bytes], chunk: int) -> None:
    backlog = Backlog()
    for picture in pictures:
        backlog.give(frame(picture))

    assert backlog.size == len(b"".join(pictures))
    assert drained(backlog, chunk) == b"".join(pictures)
    assert (backlog.size, backlog.frames_sent) == (0, len(pictures))


def test_only_what_was_given_to_an_empty_backlog_needs_to_wake_anybody() -> None:
    backlog = Backlog()

    assert backlog.give(control(b"a"))
    assert not backlog.give(control(b"b"))


@given(st.lists(st.sampled_from([b"\x07", b"\x1b[?1000h", b"\x1b[?1000l"]), min_size=1))
def test_of_equal_control_sequences_the_newest_waits(given_ones: list[bytes]) -> None:
    backlog = Backlog()
    for data in given_ones:
        backlog.give(control(data))
    on_its_way, *rest = [piece.data for piece in backlog._pieces]

    assert on_its_way == given_ones[0]
    assert len(set(rest)) == len(rest) <= 3
    newest_first = list(dict.fromkeys(reversed(given_ones[1:])))
    assert rest == newest_first[::-1]


def test_what_a_full_backlog_cannot_hold_is_dropped_and_counted() -> None:
    backlog = Backlog()
    backlog.give(frame(bytes(MOST_WAITING - 1)))
    backlog.give(frame(b"ab"))
    backlog.give(control(b"ab"))
    backlog.give(control(b"c"))

    assert backlog.size == MOST_WAITING
    assert (backlog.dropped, backlog.dropped_frames) == (2, 1)


def test_a_picture_under_way_is_ended_such_that_nothing_of_it_stays() -> None:
    backlog = Backlog()
    picture = frame(b"\x1b[?2026h\x1b[38;2;1;2;3mabc")
    backlog.give(picture)
    backlog.give(control(b"\x1b[?1049l"))
    backlog.sent(picture, 14)

    backlog.cut_frame()

    assert drained(backlog) == b"\x18\x1b[?2026l\x1b[0m\x1b[?1049l"


def test_a_picture_that_has_not_begun_leaves_no_trace() -> None:
    backlog = Backlog()
    backlog.give(frame(b"abc"))
    backlog.give(control(b"\x1b[?1049l"))

    backlog.cut_frame()

    assert drained(backlog) == b"\x1b[?1049l"
    assert backlog.dropped_frames == 1
