"""The notes name tests that show what they say: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTES = ROOT / "brokers" / "NOTES.md"


def test_every_test_that_the_fault_matrix_names_exists() -> None:
    named = 0
    for line in NOTES.read_text().splitlines():
        path = ""
        for word in re.findall(r"`([^`]+)`", line):
            if word.endswith(".py"):
                path = word
                assert (ROOT / "tests" / path).is_file() or (ROOT / path).is_file(), path
            elif word.startswith("test_"):
                text = (ROOT / "tests" / path).read_text()
                assert re.search(rf"^(async )?def {word}\(", text, re.MULTILINE), (path, word)
                named += 1
    assert named > 50


def test_every_fault_has_a_test() -> None:
    rows = [line for line in NOTES.read_text().splitlines() if line.startswith("| ")]
    faults = [line for line in rows if not line.startswith("| fault")]
    assert len(faults) > 30
    for line in faults:
        assert ".py" in line.split("|")[3], line
