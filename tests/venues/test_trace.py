"""What the kernel saw: an intent is on the disk before the first byte of its order leaves.

The calls of the engine's own process, traced by strace; skipped where there is none.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.venues.scripted.broker import FQME
from tests.venues.scripted.rig import ROOT, Control, EngineProcess, open_venue
from tests.venues.test_kill import is_agreed, submit

CALLS = "trace=pwrite64,write,fsync,fdatasync,sendto,sendmsg"
TO_LOG = re.compile(r"pwrite64\(\d+<[^>]*journal\.db-wal>")
SYNC = re.compile(r"^(\d+) .*f(?:data)?sync\(\d+<[^>]*journal\.db-wal>")
RESUMED = re.compile(r"^(\d+) .*<\.\.\. f(?:data)?sync resumed>.*= 0")


@contextmanager
def open_traced_engine(data_dir: Path, control: Control, trace: Path) -> Iterator[EngineProcess]:
    ours, theirs = socket.socketpair()
    command = [
        *("strace", "-f", "-y", "-s", "5000", "-e", CALLS, "-o", str(trace)),
        *(sys.executable, "-m", "tests.venues.scripted.engine"),
        *(str(data_dir), str(control.port), json.dumps({})),
    ]
    with ours, subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs) as process:
        theirs.close()
        try:
            yield EngineProcess(ours, process.kill)
        finally:
            ours.shutdown(socket.SHUT_RDWR)  # the engine's input ends, and with it the engine
            try:
                process.wait(30)
            finally:
                process.kill()


def synced_between(calls: list[str], first: int, last: int) -> bool:
    """A sync of the log began after call `first`, and was done before call `last`."""
    under_way: set[str] = set()
    for call in calls[first + 1 : last]:
        if began := SYNC.match(call):
            if call.rstrip().endswith("= 0"):
                return True
            under_way.add(began[1])
        elif (done := RESUMED.match(call)) and done[1] in under_way:
            return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_an_intent_is_synced_before_the_first_byte_of_its_order_leaves(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with open_venue() as control:
        with open_traced_engine(tmp_path / "data", control, trace) as engine:
            engine.send("watch", fqmes=[FQME])
            opened = lambda it: any(one["kind"] == "flumeopened" for one in it.events)  # noqa: E731
            assert engine.until(opened)
            assert engine.until(is_agreed)
            submit(engine, "live-1")
            submit(engine, "dark-1", route="dark", trigger_price="105", price=None)
            assert engine.until(engine.has("live-1", "open"))
            assert engine.until(engine.has("dark-1", "dark"))
            control.ask("tick", price=106.0)
            assert engine.until(engine.has("dark-1", "open"))
            engine.send("amend", order_id="live-1", price="99")
            assert engine.until(lambda it: it.orders["live-1"]["price"] == "99")
            engine.send("cancel", order_id="live-1")
            assert engine.until(engine.has("live-1", "canceled"))
        assert control.ask("truth")["submits"] == {"live-1": 1, "dark-1": 1}
    calls = trace.read_text(errors="replace").splitlines()
    # What must be on record before each request: of a dark order, that it was triggered.
    for do, order_id, kind in (
        ("submit", "live-1", "intent"),
        ("submit", "dark-1", "triggered"),
        ("amend", "live-1", "amendrequested"),
        ("cancel", "live-1", "cancelrequested"),
    ):
        said = rf"sendto\(.*\\\"do\\\": \\\"{do}\\\".*{order_id}"
        (sent, *again) = [n for n, call in enumerate(calls) if re.search(said, call)]
        written = next(
            n
            for n, call in enumerate(calls)
            if TO_LOG.search(call) and kind in call and order_id in call
        )

        assert again == []
        assert written < sent
        assert synced_between(calls, written, sent), (do, order_id)
