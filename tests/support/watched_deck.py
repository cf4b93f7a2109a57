"""The deck as the program runs it, telling what it does: `python -m tests.support.watched_deck`.

To the file named by WATCH_FILE it writes, from its own loop and many times a second, one line
of JSON with the fields of `Note`. A deck whose loop stands still writes none.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.messages import EngineStatus, Event

EVERY_S = 0.05


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """How it is with the deck."""

    number: int
    is_armed: bool
    staged: str
    orders: int
    reports: int
    """Of the engine, which sends one a second."""
    rows: list[str]
    """What the terminal should show."""
    is_behind: bool
    skipped: int
    tier: str
    why: str
    bytes_sent: int
    frames_sent: int
    bytes_waiting: int
    blocked_s: float


class Notes:
    """What is written to `path`, read as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._notes: list[Note] = []

    def all(self) -> list[Note]:
        """All that was written so far."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._at)
                whole, end, _begun = file.read().rpartition(b"\n")
            self._at += len(whole) + len(end)
            new = [msgspec.json.decode(line, type=Note) for line in whole.splitlines()]
            self._notes += new
        return self._notes


def run(path: Path) -> None:
    """Run the program. What is told goes to `path`."""
    import tui.app
    from tui.__main__ import main

    class WatchedDeck(tui.app.DeckApp):
        def on_mount(self) -> None:
            super().on_mount()
            self._file = path.open("ab", buffering=0)
            self._notes = self._reports = 0
            self.set_interval(EVERY_S, self._note)
            self._take, self.link.take = self.link.take, self._count  # type: ignore[method-assign]

        def _count(self) -> Sequence[Event]:
            events = self._take()
            self._reports += sum(isinstance(event, EngineStatus) for event in events)
            return events

        def _note(self) -> None:
            outlet = self.outlet
            if outlet is None or not self.deck.is_complete:
                return
            self._notes += 1
            strips = self.screen._compositor.render_strips(self.size)
            staged = self.desk.staged
            wire = self.tiers.wire
            note = Note(
                number=self._notes,
                is_armed=self.desk.is_armed,
                staged="" if staged is None else str(staged),
                orders=len(self.state.orders),
                reports=self._reports,
                rows=[strip.text.rstrip() for strip in strips],
                is_behind=self.is_behind,
                skipped=self.pictures_skipped,
                tier=wire.tier,
                why=wire.why,
                bytes_sent=outlet.bytes_sent,
                frames_sent=outlet.frames_sent,
                bytes_waiting=outlet.bytes_waiting,
                blocked_s=outlet.blocked_s,
            )
            self._file.write(msgspec.json.encode(note) + b"\n")

    tui.app.DeckApp = WatchedDeck  # type: ignore[misc]
    main()


if __name__ == "__main__":
    run(Path(os.environ["WATCH_FILE"]))
