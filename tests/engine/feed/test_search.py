"""Hits of several brokers as one list, as they come, of the newest text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from engine.broker import Broker, Capabilities
from engine.errors import BrokerUnavailable
from engine.feed.search import ANSWER_S, REST_S, Searches, rank
from engine.messages import ConnectionStatus, Match, Search, Searched, SearchResults


def match(
    fqme: str, name: str = "", volume: float = 0.0, *, quote: str = "", aka: str = ""
) -> Match:
    broker = fqme.rpartition(".")[2]
    return Match(fqme=fqme, name=name, broker=broker, volume=volume, quote=quote, aka=aka)


MATCHES = [
    match("btcusdt.spot.sim", "Bitcoin / Tether", 5e6),
    match("btceur.spot.sim", "Bitcoin / Euro", 1e6),
    match("wbtcbtc.spot.sim", "Wrapped bitcoin", 9e6),
    match("ethusdt.spot.sim", "Ether / Tether", 3e6),
    match("acme.stock.sim", "Acme Corporation"),
    match("btcusdt.spot.replay", "BTCUSDT"),
]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("btcusdt", "btcusdt.spot.sim"),
        ("BTCUSDT  ", "btcusdt.spot.sim"),
        ("btc", "btcusdt.spot.sim"),
        ("eth", "ethusdt.spot.sim"),
        ("btc replay", "btcusdt.spot.replay"),
        ("corporation", "acme.stock.sim"),
        ("ethsudt", "ethusdt.spot.sim"),
        ("acme.stock.sim", "acme.stock.sim"),
    ],
)
def test_what_a_person_means_comes_first(text: str, first: str) -> None:
    assert first == rank(MATCHES, text, 10)[0].fqme


def test_a_symbol_that_begins_so_goes_before_one_that_only_contains_it() -> None:
    found = [hit.fqme for hit in rank(MATCHES, "btc", 10)]

    assert found.index("btceur.spot.sim") < found.index("wbtcbtc.spot.sim")


def test_equal_hits_are_ranked_by_volume_and_then_by_name() -> None:
    equal = [match("abc.b.x", "", 1.0), match("abc.a.x", "", 1.0), match("abc.c.x", "", 2.0)]

    assert ["abc.c.x", "abc.a.x", "abc.b.x"] == [hit.fqme for hit in rank(equal, "abc", 10)]


def test_what_does_not_fit_is_left_out() -> None:
    assert [] == rank(MATCHES, "zzzqqq", 10)
    assert [] == rank(MATCHES, "btc zzzqqq", 10)


def test_nothing_typed_lists_all_with_the_most_traded_first() -> None:
    found = rank(MATCHES, "", 10)

    assert len(MATCHES) == len(found)
    assert "wbtcbtc.spot.sim" == found[0].fqme


def test_a_hit_found_twice_is_shown_once_and_the_limit_holds() -> None:
    assert 1 == len(rank([MATCHES[0], MATCHES[0]], "btc", 10))
    assert 2 == len(rank(MATCHES, "", 2))
    assert [] == rank(MATCHES, "", 0)


KRAKEN = match("btcusd.spot.kraken", "BTC/USD", 9.0, aka="XBT/USD XXBTZUSD Bitcoin")


@pytest.mark.parametrize(
    "text",
    ["xbt", "XBT/USD", "xbtusd", "xxbtzusd", "bitcoin", "btc/usd", "btc-usd", "xbt usd", "btcuds"],
)
def test_a_market_is_found_by_every_name_of_its_venue(text: str) -> None:
    assert KRAKEN == rank([match("adaeth.spot.kraken"), KRAKEN], text, 10)[0]


def test_a_name_here_goes_before_another_name_of_the_same_likeness() -> None:
    own = match("xbtusd.perp.other", "", 1.0)

    assert [own, KRAKEN] == rank([KRAKEN, own], "xbtusd", 10)
    assert [own, KRAKEN] == rank([KRAKEN, own], "xbt", 10)


def test_what_is_traded_is_compared_in_one_currency_however_it_is_quoted() -> None:
    yen = match("btcjpy.spot.kraken", "", 3e8, quote="JPY")  # 2 million dollars
    dollar = match("btcusd.spot.kraken", "", 1e8, quote="USD")
    coin = match("btceth.spot.kraken", "", 1e4, quote="ETH")  # 30 million
    nobody = match("btcxyz.spot.kraken", "", 1e12, quote="XYZ")
    unsaid = match("btcusd.spot.sim", "", 5e7)

    found = rank([yen, nobody, unsaid, coin, dollar], "btc", 10)

    assert [dollar, unsaid, coin, yen, nobody] == found


# -- brokers that are asked -----------------------------------------------------------------------


class Lister(Broker):
    """A broker that finds `found` after `answer_s`."""

    def __init__(self, name: str, *, answer_s: float = 0.0, found: Sequence[Match] = ()) -> None:
        self.name = name
        self.capabilities = Capabilities(can_search=True)
        self.answer_s = answer_s
        self.found = list(found) or [match(f"btc{name}.spot.{name}")]
        self.asked: list[str] = []
        self.answered: list[str] = []

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        self.asked.append(text)
        await trio.sleep(self.answer_s)
        self.answered.append(text)
        return self.found


class Remote(Lister):
    """One behind a network."""

    def connections(self) -> Sequence[ConnectionStatus]:
        return ()


class Desk:
    """A person who searches, and what they are shown."""

    def __init__(self, nursery: trio.Nursery, brokers: Sequence[Lister]) -> None:
        self._nursery = nursery
        self.brokers = {broker.name: broker for broker in brokers}
        self.told: list[SearchResults] = []
        self.searches = Searches(
            brokers=lambda: tuple(self.brokers.values()), get_broker=self.get, put=self.told.append
        )
        self.up_s = 0.0

    async def get(self, name: str) -> Broker:
        await trio.sleep(self.up_s)
        return self.brokers[name]

    def type(self, request_id: int, text: str) -> None:
        self.searches.ask(Search(request_id=request_id, text=text), self._nursery)

    @property
    def newest(self) -> list[str]:
        return [one.fqme for one in self.told[-1].matches]


@asynccontextmanager
async def open_desk(*brokers: Lister) -> AsyncIterator[Desk]:
    async with trio.open_nursery() as nursery:
        yield Desk(nursery, brokers)
        nursery.cancel_scope.cancel()


async def test_each_broker_s_hits_are_told_as_they_come_merged_with_the_others(
    autojump_clock: MockClock,
) -> None:
    async with open_desk(Lister("near"), Lister("far", answer_s=7)) as desk:
        desk.type(1, "btc")
        await trio.sleep(1)
        assert ["btcnear.spot.near"] == desk.newest
        assert not desk.told[-1].is_complete
        assert ["answered", "asked"] == [one.state for one in desk.told[-1].brokers]
        await trio.sleep(7)
        assert ["btcfar.spot.far", "btcnear.spot.near"] == desk.newest
        assert desk.told[-1].is_complete
        assert [1, 1] == [one.request_id for one in desk.told]


async def test_a_broker_that_fails_or_hangs_is_said_to_and_takes_nothing_from_the_others(
    autojump_clock: MockClock,
) -> None:
    broken, mute = Lister("broken"), Lister("mute")
    mute.capabilities = Capabilities()

    async def failing(text: str, limit: int) -> Sequence[Match]:
        raise BrokerUnavailable("no route")

    broken.search = failing  # type: ignore[method-assign]
    async with open_desk(broken, mute, Lister("hangs", answer_s=1000), Lister("near")) as desk:
        desk.type(1, "btc")
        await trio.sleep(ANSWER_S + 1)

        assert ["btcnear.spot.near"] == desk.newest
        assert desk.told[-1].is_complete
        assert [
            Searched(broker="broken", state="failed", reason="no route"),
            Searched(broker="hangs", state="failed", reason="no answer within 30 s"),
            Searched(broker="near", state="answered"),
        ] == list(desk.told[-1].brokers)


async def test_where_nobody_can_search_nothing_is_found_at_once(autojump_clock: MockClock) -> None:
    async with open_desk() as desk:
        desk.type(1, "btc")

        assert [SearchResults(request_id=1, matches=())] == desk.told


async def test_only_the_newest_text_is_asked_for_and_told(autojump_clock: MockClock) -> None:
    slow = Lister("slow", answer_s=5)
    async with open_desk(slow) as desk:
        for request_id, text in enumerate(("b", "bt", "btc"), 1):
            desk.type(request_id, text)
            await trio.sleep(1)
        await trio.sleep(20)

        assert ["b", "btc"] == slow.asked
        assert ["b", "btc"] == slow.answered  # what was under way was let finish
        assert [3] == [one.request_id for one in desk.told]


async def test_a_broker_behind_a_network_is_asked_once_the_typing_rests(
    autojump_clock: MockClock,
) -> None:
    near, far = Lister("near"), Remote("far")
    async with open_desk(near, far) as desk:
        for request_id, text in enumerate(("b", "bt", "btc"), 1):
            desk.type(request_id, text)
            await trio.sleep(REST_S / 2)
        assert [] == far.asked
        await trio.sleep(1)

        assert ["b", "bt", "btc"] == near.asked
        assert ["btc"] == far.asked
        assert ["btcfar.spot.far", "btcnear.spot.near"] == desk.newest


async def test_the_list_of_all_there_is_comes_whatever_is_typed_meanwhile(
    autojump_clock: MockClock,
) -> None:
    async with open_desk(Remote("far", answer_s=3)) as desk:
        desk.type(0, "")
        await trio.sleep(1)
        desk.type(1, "btc")
        await trio.sleep(10)

        assert [0, 1] == [one.request_id for one in desk.told]


async def test_a_broker_that_is_still_coming_up_is_waited_for(autojump_clock: MockClock) -> None:
    async with open_desk(Lister("late")) as desk:
        desk.up_s = 4.0
        desk.type(1, "btc")
        await trio.sleep(3)
        assert [] == desk.told
        await trio.sleep(3)
        assert ["btclate.spot.late"] == desk.newest


async def test_the_age_of_a_list_is_told_with_its_hits(autojump_clock: MockClock) -> None:
    hits = [Match(fqme="btcusd.spot.far", listed_ns=7), Match(fqme="btceur.spot.far", listed_ns=5)]
    async with open_desk(Lister("far", found=hits)) as desk:
        desk.type(1, "btc")
        await trio.sleep(1)

        assert [5] == [one.listed_ns for one in desk.told[-1].brokers]
