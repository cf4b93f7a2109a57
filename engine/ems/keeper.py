"""The journal as the router writes it: what it cannot take now is kept, and written when it can.

A record that is kept in memory only would be lost by a crash. So while there are any, nothing
that adds risk may be sent; cancels may, and what venues say is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import trio

from engine.ems.journal import Journal, Record
from engine.errors import JournalFull
from engine.log import logger
from engine.messages import JournalUpdate

_log = logger(__name__)

RETRY_S: Final = 1.0
"""How often a journal without room is tried again."""


class Keeper:
    """Appends in order. One writer: the router."""

    def __init__(self, journal: Journal, tell: Callable[[JournalUpdate], None]) -> None:
        self._journal = journal
        self._tell = tell
        self._waiting: list[Record] = []
        self._lock = trio.Lock()
        self.reason = ""
        """Why nothing can be written; empty while it can."""

    async def append(self, records: Sequence[Record]) -> bool:
        """Write them, or keep them; true if they, and all before them, are on the disk.

        Raises:
            Exception: what the journal raises, but for `JournalFull`.
        """
        try:
            # A lock that is free is taken without letting others run first: an order waits.
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()
        try:
            if self._waiting:
                self._waiting += records
                self._say()
                return False
            return await self._write(list(records))
        finally:
            self._lock.release()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Service: write what is kept as soon as there is room."""
        task_status.started()
        while True:
            await trio.sleep(RETRY_S)
            async with self._lock:
                if self._waiting:
                    await self._write(self._waiting)

    async def _write(self, records: list[Record]) -> bool:
        try:
            await self._journal.append(records)
        except JournalFull as error:
            is_news = not self.reason
            self._waiting, self.reason = records, str(error)
            if is_news:
                _log.error("%s: nothing new is sent until there is", error)
                self._say()
            return False
        if self.reason:
            _log.warning("%d records that waited for room are written", len(records))
            self._waiting, self.reason = [], ""
            self._say()
        return True

    def _say(self) -> None:
        self._tell(
            JournalUpdate(
                is_written=not self.reason, waiting=len(self._waiting), reason=self.reason
            )
        )
