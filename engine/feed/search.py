"""Search for instruments over several brokers at once, ranked as one list.

A person types faster than a venue answers. So each broker is asked one thing at a time, one behind
a network only once the typing rests, and always for the newest text; what is under way there is
let finish, since it may be the list itself that comes. Whatever a broker answers is told at once,
merged with what the others have answered to the same text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from engine.broker import Broker, Networked
from engine.errors import BrokerUnavailable, describe
from engine.feed.worth import worth
from engine.log import logger
from engine.messages import Match, Search, Searched, SearchResults

_log = logger(__name__)

ANSWER_S = 30.0
"""Seconds that each broker has to answer: a venue may first have to send its list."""

REST_S = 0.12
"""Seconds for which nothing more is typed before a broker behind a network is asked."""

LEAST_SCORE = 55.0
"""Of 100, below which a hit does not fit."""

GetBroker = Callable[[str], Awaitable[Broker]]
Put = Callable[[SearchResults], None]


class _Found:
    """One search, and what it found so far."""

    def __init__(self, command: Search, brokers: Sequence[str]) -> None:
        self.command = command
        self._matches: list[Match] = []
        self._searched = {name: Searched(broker=name, state="asked") for name in brokers}

    def awaits(self, broker: str) -> bool:
        """This broker has not answered yet."""
        return broker in self._searched and self._searched[broker].state == "asked"

    def take(self, broker: str, matches: Sequence[Match]) -> None:
        """A broker answered."""
        listed = [match.listed_ns for match in matches if match.listed_ns]
        self._matches += matches
        self._searched[broker] = Searched(
            broker=broker, state="answered", listed_ns=min(listed, default=0)
        )

    def fail(self, broker: str, reason: str) -> None:
        """A broker cannot answer."""
        self._searched[broker] = Searched(broker=broker, state="failed", reason=reason)

    def results(self) -> SearchResults:
        """All hits so far, as one list."""
        searched = tuple(self._searched.values())
        return SearchResults(
            request_id=self.command.request_id,
            matches=tuple(rank(self._matches, self.command.text, self.command.limit)),
            is_complete=all(one.state != "asked" for one in searched),
            brokers=searched,
        )


class _Lane:
    """Searches of which only the newest counts."""

    def __init__(self, get_broker: GetBroker, put: Put) -> None:
        self._get_broker = get_broker
        self._put = put
        self._newest: _Found | None = None
        self._busy: set[str] = set()

    def ask(self, command: Search, brokers: Sequence[Broker], nursery: trio.Nursery) -> None:
        found = self._newest = _Found(command, [broker.name for broker in brokers])
        for broker in brokers:
            if broker.name not in self._busy:
                self._busy.add(broker.name)
                nursery.start_soon(self._serve, broker.name, isinstance(broker, Networked))
        if not brokers:
            self._put(found.results())

    async def _serve(self, name: str, is_remote: bool) -> None:
        """Ask a broker for the newest text, until it has answered that."""
        try:
            while (found := self._newest) is not None and found.awaits(name):
                if is_remote and found.command.text.strip():
                    await trio.sleep(REST_S)
                    if found is not self._newest:
                        continue
                await self._ask(name, found)
                if found is self._newest:
                    self._put(found.results())
        finally:
            self._busy.discard(name)

    async def _ask(self, name: str, found: _Found) -> None:
        """One question to one broker; whatever goes wrong is its answer."""
        try:
            with trio.move_on_after(ANSWER_S):
                broker = await self._get_broker(name)
                matches = await broker.search(found.command.text, found.command.limit)
                found.take(name, matches)
                return
            raise BrokerUnavailable(f"no answer within {ANSWER_S:g} s")
        except Exception as error:
            _log.warning("search at %s failed: %s", name, error)
            found.fail(name, describe(error))


class Searches:
    """The searches of one deck. A newer one takes the place of an older one; only the list of all
    there is (an empty text) does not hang on what is typed meanwhile."""

    def __init__(
        self, *, brokers: Callable[[], Sequence[Broker]], get_broker: GetBroker, put: Put
    ) -> None:
        """
        Args:
            brokers: those that are asked; they need not be up yet.
            get_broker: waits until one is up.
            put: takes what was found, each time that it is more.
        """
        self._brokers = brokers
        self._lists = _Lane(get_broker, put)
        self._typed = _Lane(get_broker, put)

    def ask(self, command: Search, nursery: trio.Nursery) -> None:
        """Begin a search, in tasks of `nursery`; never waits."""
        lane = self._typed if command.text.strip() else self._lists
        brokers = [broker for broker in self._brokers() if broker.capabilities.can_search]
        lane.ask(command, brokers, nursery)


# -- rank -----------------------------------------------------------------------------------------


def rank(matches: Sequence[Match], text: str, limit: int) -> list[Match]:
    """The best `limit` of `matches` for `text`: by likeness, then by what is traded, roughly in
    one currency, then by name."""
    wanted = text.strip().lower()
    scored = [(_score(match, wanted), match) for match in dict.fromkeys(matches)]
    fitting = [(score, match) for score, match in scored if score >= LEAST_SCORE]
    fitting.sort(key=lambda hit: (-hit[0], -_traded(hit[1]), -hit[1].volume, hit[1].fqme))
    return [match for _, match in fitting[: max(0, limit)]]


def _traded(match: Match) -> float:
    """Roughly in dollars; what no asset is named of counts as such."""
    return worth(match.volume, match.quote) if match.quote else match.volume


def _score(match: Match, wanted: str) -> float:
    """Likeness from 0 to 100, that of the word of `wanted` that fits least."""
    return min((_word_score(match, word) for word in wanted.split()), default=100.0)


def _word_score(match: Match, word: str) -> float:
    from rapidfuzz import fuzz  # here: only who searches waits for it to load

    fqme, name, aka = match.fqme.lower(), match.name.lower(), match.aka.lower()
    symbol = fqme.partition(".")[0]
    others = aka.split()
    bare, bare_others = _bare(word), [_bare(other) for other in others]
    if symbol == bare or bare in bare_others:
        return 100.0 if symbol == bare else 99.0
    if symbol.startswith(bare):
        return 97.0
    if any(other.startswith(bare) for other in bare_others):
        return 95.0
    if word in fqme or word in name or word in aka:
        return 92.0
    likest = max(
        fuzz.ratio(word, symbol),
        fuzz.partial_ratio(word, fqme),
        fuzz.partial_ratio(word, name),
        *(fuzz.ratio(bare, other) for other in bare_others),
    )
    # A typing error is still a hit, but never before one without.
    return min(90.0, likest)


def _bare(word: str) -> str:
    """A symbol without the marks that venues put between its parts: of `btc/usd`, `btcusd`."""
    return word.translate(_MARKS) or word


_MARKS = str.maketrans("", "", "/-_:")
