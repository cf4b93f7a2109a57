"""What was written to a series, so that whoever shows it redoes only what changed."""

from __future__ import annotations

from typing import NamedTuple

MOST_WRITES = 1024
"""Writes that are known one by one."""


class Write(NamedTuple):
    """One write that did more than to change the last bar: bars `start:stop`, by number."""

    version: int
    start: int
    stop: int
    last: int
    """The last bar before it."""


class Writes:
    """The writes to one series. Changes of the last bar, which are nearly all, cost nothing."""

    def __init__(self) -> None:
        self.version = 0
        """Goes up with every write."""
        self.last_written = 0
        """The version that last changed the last bar in place."""
        self.dropped = 0
        """The version that last took bars away: numbers may since stand for other bars."""
        self._log: list[Write] = []
        """Since then; the oldest of many are put together."""

    def note(self, start: int, stop: int, last: int) -> int:
        """Bars `start:stop`, by number, changed or are new; before that, `last` was the last.

        The version since then; so of the others.
        """
        self.version += 1
        self._log.append(Write(self.version, start, stop, last))
        if len(self._log) > MOST_WRITES:
            old = self._log[: MOST_WRITES // 2]
            start = min(write.start for write in old)
            stop = max(write.stop for write in old)
            self._log[: len(old)] = [Write(old[-1].version, start, stop, old[0].last)]
        return self.version

    def note_last(self) -> int:
        """The last bar changed in place."""
        self.version = self.last_written = self.version + 1
        return self.version

    def note_dropped(self) -> int:
        """Bars were taken away."""
        self.version += 1
        self.dropped = self.version
        self._log.clear()
        return self.version

    def since(self, version: int, first: int, stop: int) -> list[tuple[int, int]]:
        """Ranges of the bars `first:stop` in which all lie that changed after `version`: ascending,
        and apart from each other. All of them, where bars were dropped since."""
        if version >= self.version or first == stop:
            return []
        if version < self.dropped:
            return [(first, stop)]
        ranges, last = [], stop - 1
        for write in reversed(self._log):
            if write.version <= version:
                break
            ranges.append((write.start, write.stop))
            last = write.last
        if version < self.last_written:
            # The last bar as it was then; any that was the last one since is in the log.
            ranges.append((last, last + 1))
        return joined(ranges, first, stop)


def joined(ranges: list[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """The same numbers in ranges that do not meet, ascending, between `start` and `stop`."""
    made: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        begin, end = max(begin, start), min(end, stop)
        if begin >= end:
            continue
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((begin, end))
    return made
