"""Who reads the markets that one connection carries, and what each of them is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Generic, TypeVar

import trio

from engine.broker import TickSink
from engine.messages import Tick


class Watch:
    """One reader of one market."""

    def __init__(self, fqme: str, sink: TickSink | None = None) -> None:
        """
        Args:
            sink: None for a reader that takes no ticks until `begin`.
        """
        self.fqme = fqme
        self._sink = sink
        self._failure: Exception | None = None
        self._failed = trio.Event()

    @property
    def has_begun(self) -> bool:
        """It takes ticks."""
        return self._sink is not None

    def begin(self, sink: TickSink) -> None:
        """Give ticks to `sink` from now on."""
        self._sink = sink

    def give(self, ticks: Sequence[Tick]) -> None:
        """Hand ticks over. A reader that fails is given no more, and no other one is harmed."""
        if self._sink is None or self._failure is not None:
            return
        try:
            self._sink(self.fqme, ticks)
        except Exception as error:  # whoever reads it fails, and nobody else
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """It ends with this error, unless it has failed before."""
        self._failure = self._failure or error
        self._failed.set()

    def check(self) -> None:
        """Raise what it failed with, if it did."""
        if self._failure is not None:
            raise self._failure

    async def wait_failed(self) -> None:
        """Until it failed; raises what it failed with."""
        await self._failed.wait()
        self.check()


W = TypeVar("W", bound=Watch)


class Watches(Generic[W]):
    """All readers of one connection."""

    def __init__(self) -> None:
        self._by_fqme: dict[str, tuple[W, ...]] = {}

    def __len__(self) -> int:
        """Markets that somebody reads."""
        return len(self._by_fqme)

    def __contains__(self, fqme: str) -> bool:
        return fqme in self._by_fqme

    def __iter__(self) -> Iterator[str]:
        """The fqmes of the markets that somebody reads."""
        return iter(tuple(self._by_fqme))

    def of(self, fqme: str) -> tuple[W, ...]:
        """Who reads that market."""
        return self._by_fqme.get(fqme, ())

    def add(self, watch: W) -> bool:
        """One more reader. True where it is the first one of its market."""
        others = self.of(watch.fqme)
        self._by_fqme[watch.fqme] = (*others, watch)
        return not others

    def remove(self, watch: W) -> bool:
        """One reader less. True where nobody is left who reads its market."""
        others = tuple(one for one in self._by_fqme[watch.fqme] if one is not watch)
        if others:
            self._by_fqme[watch.fqme] = others
        else:
            del self._by_fqme[watch.fqme]
        return not others

    def give(self, ticks: Sequence[Tick]) -> None:
        """Ticks of any markets, at least one, to those who read them; those of one market that are
        next to each other go together."""
        fqme = ticks[0].fqme
        for tick in ticks:
            if tick.fqme != fqme:
                break
        else:  # nearly always
            for watch in self._by_fqme.get(fqme, ()):
                watch.give(ticks)
            return
        for of_one, group in groupby(ticks, key=attrgetter("fqme")):
            found = list(group)
            for watch in self._by_fqme.get(of_one, ()):
                watch.give(found)
