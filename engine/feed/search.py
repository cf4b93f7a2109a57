"""Search for instruments over several brokers at once, ranked as one list."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from engine.broker import Broker
from engine.log import logger
from engine.messages import Match

_log = logger(__name__)

ANSWER_S = 5.0
"""Seconds that each broker has to answer; the others' hits do not wait longer."""

LEAST_SCORE = 55.0
"""Of 100, below which a hit does not fit."""


async def search_brokers(brokers: Sequence[Broker], text: str, limit: int) -> list[Match]:
    """Instruments that fit `text`, best first; the most traded ones for an empty text.

    A broker that cannot search, fails or does not answer in time adds nothing.
    """
    found: list[Match] = []
    async with trio.open_nursery() as nursery:
        for broker in brokers:
            if broker.capabilities.can_search:
                nursery.start_soon(_search_one, broker, text, limit, found)
    return rank(found, text, limit)


async def _search_one(broker: Broker, text: str, limit: int, found: list[Match]) -> None:
    with trio.move_on_after(ANSWER_S):
        try:
            found += await broker.search(text, limit)
        except Exception as error:
            _log.warning("search at %s failed: %s", broker.name, error)


def rank(matches: Sequence[Match], text: str, limit: int) -> list[Match]:
    """The best `limit` of `matches` for `text`: by likeness, then by volume, then by name."""
    wanted = text.strip().lower()
    scored = [(_score(match, wanted), match) for match in dict.fromkeys(matches)]
    fitting = [(score, match) for score, match in scored if score >= LEAST_SCORE]
    fitting.sort(key=lambda hit: (-hit[0], -hit[1].volume, hit[1].fqme))
    return [match for _, match in fitting[: max(0, limit)]]


def _score(match: Match, wanted: str) -> float:
    """Likeness from 0 to 100, that of the word of `wanted` that fits least."""
    return min((_word_score(match, word) for word in wanted.split()), default=100.0)


def _word_score(match: Match, word: str) -> float:
    from rapidfuzz import fuzz  # here: only who searches waits for it to load

    fqme = match.fqme.lower()
    symbol = fqme.partition(".")[0]
    if symbol == word:
        return 100.0
    if symbol.startswith(word):
        return 97.0
    if word in fqme or word in match.name.lower():
        return 92.0
    likest = max(
        fuzz.ratio(word, symbol),
        fuzz.partial_ratio(word, fqme),
        fuzz.partial_ratio(word, match.name.lower()),
    )
    # A typing error is still a hit, but never before one without.
    return min(90.0, likest)
