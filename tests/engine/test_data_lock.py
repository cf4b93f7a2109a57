"""One engine for one data directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.data_lock import lock_data
from engine.errors import DataInUse

HOLD = """
import sys
from pathlib import Path
from engine.data_lock import lock_data
with lock_data(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_engine_on_the_same_data_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with lock_data(tmp_path), pytest.raises(DataInUse, match=str(os.getpid())), lock_data(tmp_path):
        pass


def test_the_next_one_may_go_on_when_the_first_is_done(tmp_path: Path) -> None:
    for _ in range(2):
        with lock_data(tmp_path / "new" / "deep"):
            pass


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DataInUse, match=str(other.pid)), lock_data(tmp_path):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()

        with lock_data(tmp_path):
            pass
