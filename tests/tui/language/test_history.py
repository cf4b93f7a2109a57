"""Lines typed before, in memory and in a file."""

from __future__ import annotations

import stat
from pathlib import Path

from tui.language.history import CommandHistory


def _filled(*lines: str, kept: int = 500) -> CommandHistory:
    history = CommandHistory(kept=kept)
    for line in lines:
        history.add(line)
    return history


def test_a_walk_goes_back_and_returns_to_what_was_being_typed() -> None:
    history = _filled("one", "two")

    assert history.older("half") == "two"
    assert history.older("two") == "one"
    assert history.older("one") is None
    assert history.newer() == "two"
    assert history.newer() == "half"
    assert history.newer() is None


def test_a_new_line_ends_the_walk() -> None:
    history = _filled("one", "two")
    history.older("")
    history.older("")
    history.add("three")

    assert history.older("") == "three"


def test_a_line_is_kept_once_as_the_newest() -> None:
    assert _filled("a", "b", " a ", "", "  ").lines == ("b", "a")


def test_no_more_lines_are_kept_than_allowed() -> None:
    assert _filled(*map(str, range(10)), kept=3).lines == ("7", "8", "9")
    assert _filled("a", "b", kept=1).lines == ("b",)


def test_lines_outlive_the_session_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "state" / "command_history"
    CommandHistory(path).add("period 5m")
    CommandHistory(path).add("theme day")

    assert CommandHistory(path).lines == ("period 5m", "theme day")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["command_history"]


def test_a_file_is_bounded_too(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"line {n}\n" for n in range(50)), encoding="utf-8")
    history = CommandHistory(path, kept=10)
    history.add("new")

    assert len(history) == 10
    assert path.read_text(encoding="utf-8").splitlines()[-2:] == ["line 49", "new"]


def test_what_is_in_the_file_is_made_safe(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"ok\n\x1b[2Jevil\n\xff\xfe\n\n")

    assert CommandHistory(path).lines == ("ok", "\ufffd[2Jevil", "\ufffd\ufffd")


def test_a_file_that_cannot_be_used_costs_only_the_file(tmp_path: Path) -> None:
    history = CommandHistory(tmp_path)
    assert str(tmp_path) in history.problem

    history.add("still here")
    assert history.lines == ("still here",)
    assert history.problem
