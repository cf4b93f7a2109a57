"""Log lines are key=value, one line each, and safe to read in a terminal."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.log import ROOTS, log_to, logger


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "deep" / "tickdeck.log"
    log_to(path, "info")
    yield path
    for root in map(logging.getLogger, ROOTS):
        for handler in root.handlers[:]:
            root.removeHandler(handler)
            handler.close()
        root.propagate = True


def test_a_line_has_time_level_logger_and_text(log: Path) -> None:
    logger("engine.ems").info("started with %d orders", 3)

    line = log.read_text().splitlines()[0]
    assert 'level=info logger=engine.ems text="started with 3 orders"' in line
    assert line[10] == "T"
    assert line.split(" ")[0].endswith("Z")


def test_a_bound_logger_says_what_its_lines_are_about(log: Path) -> None:
    logger("brokers.sim", venue="sim", order_id="o-1").warning("slow")

    assert 'venue="sim" order_id="o-1"' in log.read_text()


def test_what_a_venue_says_stays_one_harmless_line(log: Path) -> None:
    logger("brokers.sim").error('bad\x1b[2J\n"quote" \\ end')

    text = log.read_text()
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert r"\n\"quote\" \\ end" in text


def test_a_traceback_is_part_of_its_line(log: Path) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        logger("engine.run").exception("failed")

    assert len(log.read_text().splitlines()) == 1
    assert "ValueError: boom" in log.read_text()


def test_lines_below_the_level_are_left_out(log: Path) -> None:
    logger("tui.app").debug("a tick")

    assert log.read_text() == ""


def test_logging_anew_moves_to_the_new_file(log: Path, tmp_path: Path) -> None:
    log_to(tmp_path / "other.log", "debug")

    logger("tui.app").debug("a tick")

    assert log.read_text() == ""
    assert "a tick" in (tmp_path / "other.log").read_text()
