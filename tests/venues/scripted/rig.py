"""A scripted venue and engines as processes, for tests that kill one and ask the other.

Waits end with what is waited for, or with the process; the time limit is for a hang only.
"""

from __future__ import annotations

import json
import multiprocessing
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.clock import monotonic_s

HANG_S = 120.0
ROOT = Path(__file__).parents[3]

Message = dict[str, Any]


class Control:
    """Turns the venue's switches, and reads its truth."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=HANG_S)
        self._file = self._socket.makefile("rb")

    def ask(self, do: str, **fields: Any) -> Any:
        self._socket.sendall(json.dumps({"id": 1, "do": do, **fields}).encode() + b"\n")
        return json.loads(self._file.readline())["answer"]

    def switch(self, **switches: Any) -> None:
        self.ask("switch", switches=switches)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


class EngineProcess:
    """An engine, what it was told and what it said."""

    def __init__(self, line: socket.socket, kill: Callable[[], None], pid: int = 0) -> None:
        self._line = line
        self._kill = kill
        self.pid = pid
        self._pending = b""
        self.orders: dict[str, Message] = {}
        self.fills: dict[str, Message] = {}
        self.positions: dict[str, Message] = {}
        self.algos: dict[str, Message] = {}
        self.account: Message = {}
        self.guards: Message = {}
        self.events: list[Message] = []

    def send(self, kind: str, **fields: Any) -> None:
        """Give it a command; nothing happens if it is dead."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    def arm(self, failpoint: str) -> None:
        """Have it killed there, counted from what it is told next."""
        self.send("failpoint", setting=failpoint)

    def until(self, is_so: Callable[[EngineProcess], Any]) -> bool:
        """Read what it says until that is so; false if it ended before."""
        deadline = monotonic_s() + HANG_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ)
            while not is_so(self):
                left = deadline - monotonic_s()
                assert left > 0, f"nothing came of it: {self.events[-5:]}"
                if not selector.select(left):
                    continue
                if not self._read():
                    return False
        return True

    def _read(self) -> bool:
        """Take what it said; false if it will say no more."""
        try:
            chunk = self._line.recv(65536)
        except ConnectionResetError:
            return False
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        for one in lines:
            self._take(json.loads(one))
        return bool(chunk)

    def has(self, order_id: str, *states: str) -> Callable[[EngineProcess], bool]:
        """Whether an order is in one of these states."""
        return lambda self: self.orders.get(order_id, {}).get("state") in states

    def kill(self) -> None:
        self._kill()

    def _take(self, event: Message) -> None:
        self.events.append(event)
        match event["kind"]:
            case "orderupdate":
                self.orders[event["order"]["order_id"]] = event["order"]
            case "fillreport":
                self.fills[event["fill"]["trade_id"]] = event["fill"]
            case "positionupdate":
                self.positions[event["position"]["fqme"]] = event["position"]
            case "accountupdate":
                self.account = event
            case "algoupdate":
                self.algos[event["algo"]["algo_id"]] = event["algo"]
            case "guardsupdate":
                self.guards = event


@contextmanager
def open_venue() -> Iterator[Control]:
    command = [sys.executable, "-m", "tests.venues.scripted.server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        control = Control(int(process.stdout.readline()))
        try:
            yield control
        finally:
            control.close()
            process.kill()


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.venues.scripted.engine"])


@contextmanager
def open_engine_process(
    data_dir: Path, control: Control, *, failpoint: str = "", port: int = 0, **capabilities: Any
) -> Iterator[EngineProcess]:
    """An engine on `data_dir`; killed when the block is left, if it was not before.

    Args:
        port: of what stands between it and the venue; else they speak directly.
    """
    from tests.venues.scripted.engine import run_forked

    ours, theirs = socket.socketpair()
    options = {"port": str(port or control.port), **capabilities}
    process = _forks.Process(target=run_forked, args=(theirs, str(data_dir), options, failpoint))
    with ours:
        with theirs:
            process.start()

        def kill() -> None:
            process.kill()
            process.join()

        try:
            yield EngineProcess(ours, kill, process.pid or 0)
        finally:
            kill()
            process.close()
