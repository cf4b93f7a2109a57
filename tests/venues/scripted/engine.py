"""An engine as a process: commands as JSON lines on stdin, events as JSON lines on stdout.

`python -m tests.venues.scripted.engine DATA_DIR PORT [CAPABILITIES]`, or forked by the rig. A line
`{"kind": "failpoint", "setting": NAME:n}` arms a failpoint from there on.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
import trio

from engine import failpoints
from engine.broker import OpenBroker
from engine.clock import SystemClock
from engine.config import EngineConfig
from engine.ems import tending
from engine.ems.accounts import Account
from engine.link.session import DeckSession
from engine.messages import Command, EngineStatus, Event
from engine.run import open_engine
from engine.settings import EngineSettings
from tests.venues.scripted.broker import open_broker

ANSWER_TIMEOUT_S = 1.0
FIRST_S = 0.1
"""A doubt is asked about again this soon: a venue on this machine needs no more."""

Options = dict[str, Any]


def _load(name: str) -> OpenBroker:
    return open_broker


def _put(event: Event) -> None:
    if not isinstance(event, EngineStatus):
        sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stdout.buffer.flush()


async def main(data_dir: Path, options: Options) -> None:
    settings = EngineSettings(
        config=EngineConfig(broker="scripted", answer_timeout_s=ANSWER_TIMEOUT_S),
        accounts=(Account(name="main", broker="scripted"),),
        broker_options={"scripted": options},
        load_broker=_load,
        clock=SystemClock(),
        data_dir=data_dir,
        journal=data_dir / "journal.db",
    )
    decoder = msgspec.json.Decoder(Command)
    async with open_engine(settings) as engine:
        session = DeckSession(engine, put=_put, shut_down=lambda _cancels: None)
        await engine.services.start("deck", session.run, critical=True)
        stdin = trio.lowlevel.FdStream(os.dup(0))
        pending = b""
        async for chunk in stdin:
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if said["kind"] == "failpoint":
                    failpoints.arm(said["setting"])
                else:
                    session.handle(decoder.decode(line))


def run_forked(line: socket.socket, data_dir: str, options: Options, failpoint: str) -> None:
    """As a child of a process that has imported everything already."""
    os.dup2(line.fileno(), 0)
    os.dup2(line.fileno(), 1)
    line.close()
    failpoints.arm(failpoint)
    run(Path(data_dir), options)


def run(data_dir: Path, options: Options) -> None:
    vars(tending)["FIRST_S"] = FIRST_S
    trio.run(main, data_dir, options)


if __name__ == "__main__":
    run(Path(sys.argv[1]), {"port": sys.argv[2], **json.loads(sys.argv[3])})
