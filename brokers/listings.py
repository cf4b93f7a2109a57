"""What a venue lists: found by name, and searched, from a list that is asked for now and then.

The list is kept on disk with its time, so that a search finds something from the first key on,
also before the venue has answered. What is found in an old list is asked for anew meanwhile.
Details that an order is checked by are never taken from a list that is older than `fresh_s`,
unless the venue cannot be had; then the old ones stand, and the log says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import trio

from engine.clock import NANOS, Clock
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol
from engine.feed.worth import worth
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import Match
from engine.text import safe

_log = logger(__name__)

FORMAT: Final = 1
"""Of the file; one of another format is not read."""

LEAST_SCORE: Final = 70.0
"""Of 100, below which a name is not like what was typed."""

LONGEST_TEXT: Final = 80

RETRY_S: Final = 5.0
"""After a list could not be had it is asked for again no sooner."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One market that a venue lists."""

    instrument: Instrument
    names: tuple[str, ...] = ()
    """Other spellings that people know it by: `XBT/USD`, `XXBTZUSD`, `Bitcoin`."""
    volume: float = 0.0
    """Traded in 24 h, in quote units; for ranking."""
    is_halted: bool = False
    """The venue does not match it now."""


class _File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    listed_ns: int
    markets: tuple[Listed, ...]


Load = Callable[[], Awaitable[Sequence[Listed]]]
"""Asks the venue for all that it lists. Raises `BrokerError`."""


class _Index:
    """A list, and what is looked up in it."""

    def __init__(self, markets: Iterable[Listed], listed_ns: int) -> None:
        self.listed_ns = listed_ns
        self.by_fqme: dict[str, Listed] = {}
        self._aliases: dict[str, str] = {}
        for listed in sorted(markets, key=_traded, reverse=True):
            self.by_fqme.setdefault(listed.instrument.fqme, listed)
        for fqme, listed in self.by_fqme.items():
            for name in (listed.instrument.symbol, *listed.names):
                self._aliases.setdefault(squeezed(name), fqme)
        self.words = {
            fqme: tuple(dict.fromkeys(map(squeezed, _names(fqme, listed))))
            for fqme, listed in self.by_fqme.items()
        }
        self.instruments: Mapping[str, Instrument] = {
            fqme: listed.instrument for fqme, listed in self.by_fqme.items()
        }

    def canonical(self, fqme: str) -> str:
        """The market that is called `fqme`, by any of its names; `fqme` itself if it is none."""
        fqme = fqme.lower()
        if fqme in self.by_fqme:
            return fqme
        symbol, _, ending = fqme.partition(".")
        found = self._aliases.get(squeezed(symbol))
        return found if found is not None and found.partition(".")[2] == ending else fqme


class Listings:
    """Of one broker."""

    def __init__(
        self,
        broker: str,
        load: Load,
        *,
        clock: Clock,
        cache: Path | None = None,
        fresh_s: float = 6 * 3600.0,
    ) -> None:
        """
        Args:
            cache: the file that it is kept in; None keeps it in memory.
            fresh_s: how old a list may be before it is asked for again.
        """
        self._broker = broker
        self._load = load
        self._clock = clock
        self._cache = cache
        self._fresh_ns = round(fresh_s * NANOS)
        self._index = self._read()
        self._loading = trio.Lock()
        self._failed_s = -RETRY_S
        self._failure: BrokerError | None = None
        self._is_stale = trio.Event()

    # -- what is listed -------------------------------------------------------------------------

    @property
    def listed_ns(self) -> int:
        """When the venue sent the list; 0 while there is none."""
        return self._index.listed_ns if self._index else 0

    async def instruments(self) -> Mapping[str, Instrument]:
        """All markets by fqme. Raises `BrokerUnavailable` where there is no list to be had."""
        return (await self._fresh()).instruments

    async def get(self, fqme: str) -> Instrument:
        """The details of a market, by any of its names.

        Raises:
            UnknownSymbol: the venue does not list it.
            BrokerUnavailable: there is no list to be had.
        """
        return (await self.listed(fqme)).instrument

    async def listed(self, fqme: str) -> Listed:
        """As `get`, with all that the list says."""
        index = await self._fresh()
        found = index.by_fqme.get(index.canonical(fqme))
        if found is None:
            raise UnknownSymbol(f"{self._broker} does not list {safe(fqme, 80)!r}")
        return found

    async def canonical(self, fqme: str) -> str:
        """The one name here of the market that `fqme` means; `fqme` itself if nobody knows it."""
        try:
            return (await self._fresh()).canonical(fqme)
        except BrokerError:
            return fqme

    def put(self, markets: Sequence[Listed]) -> None:
        """Take over a list that came by other means."""
        self._index = _Index(markets, self._clock.now_ns())
        self._write(tuple(markets))

    # -- search ---------------------------------------------------------------------------------

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        """Markets that `text` may mean, best first; the most traded ones for an empty text.

        Answers from whatever list is there, and has a new one asked for if that is old; waits
        only where there is none at all.
        """
        index = self._index or await self._fresh()
        if self._clock.now_ns() - index.listed_ns > self._fresh_ns:
            self._is_stale.set()
        wanted = [squeezed(word) for word in text.strip()[:LONGEST_TEXT].split()]
        wanted = [word for word in wanted if word]
        if text.strip() and not wanted:
            return []
        if not wanted:
            return [self._match(index, fqme) for fqme in list(index.by_fqme)[: max(0, limit)]]
        found = await trio.to_thread.run_sync(_search, index, wanted, max(0, limit))
        return [self._match(index, fqme) for fqme in found]

    async def keep_fresh(self) -> None:
        """Ask for the list anew when a search met an old one; for the broker's own task."""
        while True:
            await self._is_stale.wait()
            self._is_stale = trio.Event()
            try:
                await self._fresh()
            except BrokerError as error:
                _log.warning("the list of %s is old: %s", self._broker, error)
            await trio.sleep(RETRY_S)

    def _match(self, index: _Index, fqme: str) -> Match:
        listed = index.by_fqme[fqme]
        instrument = listed.instrument
        return Match(
            fqme=fqme,
            name=safe(instrument.name or instrument.symbol, 80),
            broker=self._broker,
            volume=listed.volume,
            quote=instrument.quote,
            aka=safe(" ".join(listed.names), 200),
            listed_ns=index.listed_ns,
        )

    # -- the list -------------------------------------------------------------------------------

    async def _fresh(self) -> _Index:
        async with self._loading:
            now_ns = self._clock.now_ns()
            if self._index and abs(now_ns - self._index.listed_ns) <= self._fresh_ns:
                return self._index
            try:
                return await self._ask()
            except BrokerError as error:
                if self._index is None:
                    raise
                _log.warning("details of %s are of an old list: %s", self._broker, error)
                return self._index

    async def _ask(self) -> _Index:
        """Ask the venue, but not again right after it failed."""
        if self._failure and trio.current_time() < self._failed_s + RETRY_S:
            raise self._failure
        try:
            markets = await self._load()
            if not markets:
                raise BrokerUnavailable(f"{self._broker} lists nothing")
        except BrokerError as error:
            self._failure, self._failed_s = error, trio.current_time()
            raise
        self._failure = None
        self.put(markets)
        assert self._index is not None
        return self._index

    def _read(self) -> _Index | None:
        if self._cache is None:
            return None
        try:
            file = msgspec.json.decode(self._cache.read_bytes(), type=_File)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("the list in %s cannot be read: %s", safe(self._cache), safe(error, 200))
            return None
        if file.format != FORMAT or not file.markets:
            return None
        return _Index(file.markets, file.listed_ns)

    def _write(self, markets: tuple[Listed, ...]) -> None:
        if self._cache is None:
            return
        file = _File(format=FORMAT, listed_ns=self.listed_ns, markets=markets)
        fresh = self._cache.with_suffix(".new")
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(file))
            os.replace(fresh, self._cache)
        except OSError as error:
            _log.warning("the list of %s cannot be kept: %s", self._broker, safe(error, 200))


def _traded(listed: Listed) -> tuple[float, float]:
    """What is traded, roughly in one currency; then as it is counted."""
    return worth(listed.volume, listed.instrument.quote), listed.volume


_APART = re.compile(r"[^0-9a-z]+")


def squeezed(name: str) -> str:
    """A name as it is compared: lower case, letters and digits only."""
    return _APART.sub("", name.lower())


def _names(fqme: str, listed: Listed) -> Sequence[str]:
    """All that a market may be called, what people type most first."""
    instrument = listed.instrument
    parts = [instrument.symbol, fqme.partition(".")[0], *listed.names, instrument.name]
    parts += [word for name in (*listed.names, instrument.name) for word in name.split()]
    return [part for part in (*parts, instrument.base, instrument.quote, fqme) if part]


def _search(index: _Index, wanted: list[str], limit: int) -> list[str]:
    """Markets that have all of the words; then, if those are few, markets with names like them."""
    scored: list[tuple[float, int, str]] = []
    for place, (fqme, names) in enumerate(index.words.items()):
        score = min(_score(word, names) for word in wanted)
        if score:
            scored.append((-score, place, fqme))  # places are by volume
    if len(scored) < limit:
        known = {fqme for _, _, fqme in scored}
        scored += [hit for hit in _alike(index, wanted) if hit[2] not in known]
    scored.sort()
    return [fqme for _, _, fqme in scored[:limit]]


def _score(word: str, names: Sequence[str]) -> float:
    """100 for a name itself, 97 for the beginning of one, 92 for a part; 0 for none of these."""
    best = 0.0
    for name in names:
        if name == word:
            return 100.0
        if name.startswith(word):
            best = max(best, 97.0)
        elif word in name:
            best = max(best, 92.0)
    return best


def _alike(index: _Index, wanted: list[str]) -> list[tuple[float, int, str]]:
    """Markets with a name that is nearly what was typed: typing errors are hits too, after all
    others."""
    from rapidfuzz import fuzz, process  # here: only who searches waits for it to load

    text = "".join(wanted)
    hits: dict[str, float] = {}
    names = {(fqme, name): name for fqme, all_names in index.words.items() for name in all_names}
    found = process.extract(text, names, scorer=fuzz.ratio, limit=None, score_cutoff=LEAST_SCORE)
    for _, score, (fqme, _name) in found:
        hits[fqme] = max(hits.get(fqme, 0.0), float(score))
    places = {fqme: place for place, fqme in enumerate(index.words)}
    return [(-min(90.0, score), places[fqme], fqme) for fqme, score in hits.items()]
