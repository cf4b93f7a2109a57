"""An engine as a process: commands as JSON lines on stdin, events as JSON lines on stdout.

`python -m tests.venues.scripted.engine DATA_DIR PORT [CAPABILITIES]`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import trio

from engine.broker import OpenBroker
from engine.clock import SystemClock
from engine.config import EngineConfig
from engine.ems.accounts import Account
from engine.link.session import DeckSession
from engine.messages import Command, EngineStatus, Event
from engine.run import open_engine
from engine.settings import EngineSettings
from tests.venues.scripted.broker import open_broker

ANSWER_TIMEOUT_S = 1.0


def _load(name: str) -> OpenBroker:
    return open_broker


def _put(event: Event) -> None:
    if not isinstance(event, EngineStatus):
        sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stdout.buffer.flush()


async def main(data_dir: Path, options: dict[str, object]) -> None:
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
        stdin = trio.lowlevel.FdStream(0)
        pending = b""
        async for chunk in stdin:
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                session.handle(decoder.decode(line))


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), {"port": sys.argv[2], **json.loads(sys.argv[3])})
