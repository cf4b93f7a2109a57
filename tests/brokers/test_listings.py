"""What a venue lists: by every name, most traded first, from the first key on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from brokers.listings import RETRY_S, Listed, Listings
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, UnknownSymbol
from engine.instruments import Instrument

START_NS = 1_795_226_417_250_000_000
HOUR_S = 3600.0


def listed(symbol: str, *names: str, volume: float = 0.0, name: str = "") -> Listed:
    base, _, quote = symbol.partition("/")
    instrument = Instrument(
        fqme=f"{(base + quote).lower()}.spot.kraken",
        symbol=symbol,
        name=name,
        base=base,
        quote=quote,
        price_tick=Decimal("0.1"),
        size_step=Decimal("0.00000001"),
    )
    return Listed(instrument=instrument, names=names, volume=volume)


MARKETS = (
    listed("ETH/USD", "XETHZUSD", "ETHUSD", volume=5e7, name="Ether / US Dollar"),
    listed("BTC/USD", "XXBTZUSD", "XBT/USD", "XBTUSD", volume=9e7, name="Bitcoin / US Dollar"),
    listed("BTC/EUR", "XXBTZEUR", "XBT/EUR", volume=2e7, name="Bitcoin / Euro"),
    listed("DOGE/USD", "XDGUSD", "XDG/USD", volume=1e7, name="Dogecoin / US Dollar"),
    listed("PEPE/USD", volume=1e5),
)


class Venue:
    def __init__(self, markets: Sequence[Listed] = MARKETS) -> None:
        self.markets = markets
        self.asked = 0
        self.fails = False
        self.delay_s = 0.0

    async def load(self) -> Sequence[Listed]:
        self.asked += 1
        await trio.sleep(self.delay_s)
        if self.fails:
            raise BrokerUnavailable("kraken: cannot be reached")
        return self.markets


def listings(venue: Venue, cache: Path | None = None, clock: TrioClock | None = None) -> Listings:
    return Listings("kraken", venue.load, clock=clock or TrioClock(START_NS), cache=cache)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("xbt", "btcusd"),
        ("XXBTZUSD", "btcusd"),
        ("BTC/USD", "btcusd"),
        ("btc usd", "btcusd"),
        ("xbt/eur", "btceur"),
        ("bitcoin", "btcusd"),
        ("bitcoin eur", "btceur"),
        ("bitcion", "btcusd"),
        ("doge", "dogeusd"),
        ("xdg", "dogeusd"),
        ("btcusd.spot.kraken", "btcusd"),
        ("ether", "ethusd"),
    ],
)
async def test_finds_markets_by_every_name(autojump_clock: object, text: str, wanted: str) -> None:
    found = await listings(Venue()).search(text, 5)
    assert found[0].fqme == f"{wanted}.spot.kraken"
    assert found[0].broker == "kraken"


async def test_lists_the_most_traded_first(autojump_clock: object) -> None:
    book = listings(Venue())
    assert [match.fqme for match in await book.search("", 3)] == [
        "btcusd.spot.kraken",
        "ethusd.spot.kraken",
        "btceur.spot.kraken",
    ]
    assert [match.fqme for match in await book.search("usd", 2)] == [
        "btcusd.spot.kraken",
        "ethusd.spot.kraken",
    ]
    assert not await book.search("zzzzqqqq", 5)
    assert not await book.search("btc", 0)


@pytest.mark.parametrize("text", ["\x1b[2J", "a" * 5000, "*?[](", "\u202e", "///"])
async def test_takes_whatever_is_typed(autojump_clock: object, text: str) -> None:
    assert len(await listings(Venue()).search(text, 5)) <= 5


async def test_says_what_else_a_market_is_called_and_how_old_the_list_is(
    autojump_clock: object,
) -> None:
    match = (await listings(Venue()).search("xbt/usd", 1))[0]
    assert match.name == "Bitcoin / US Dollar"
    assert "XXBTZUSD" in match.aka
    assert match.listed_ns == START_NS


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("xbtusd.spot.kraken", "btcusd.spot.kraken"),
        ("XXBTZUSD.spot.kraken", "btcusd.spot.kraken"),
        ("btcusd.spot.kraken", "btcusd.spot.kraken"),
        ("xdgusd.spot.kraken", "dogeusd.spot.kraken"),
        ("xbtusd.futures.kraken", "xbtusd.futures.kraken"),
        ("nothing.spot.kraken", "nothing.spot.kraken"),
    ],
)
async def test_knows_the_one_name_of_a_market(
    autojump_clock: object, asked: str, wanted: str
) -> None:
    assert await listings(Venue()).canonical(asked) == wanted


async def test_gives_details_by_any_name_or_says_that_there_are_none(
    autojump_clock: object,
) -> None:
    book = listings(Venue())
    assert (await book.get("xbtusd.spot.kraken")).symbol == "BTC/USD"
    with pytest.raises(UnknownSymbol, match=r"nothing\.spot\.kraken"):
        await book.get("nothing.spot.kraken")


async def test_many_who_ask_at_once_ask_the_venue_once(autojump_clock: object) -> None:
    venue = Venue()
    venue.delay_s = 1.0
    book = listings(venue)
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(book.get, "btcusd.spot.kraken")
    assert venue.asked == 1


async def test_a_list_on_disk_serves_searches_at_once_and_is_renewed(
    autojump_clock: object, tmp_path: Path
) -> None:
    cache = tmp_path / "kraken" / "listings.json"
    venue, clock = Venue(), TrioClock(START_NS)
    await listings(venue, cache, clock).instruments()
    await trio.sleep(12 * HOUR_S)
    venue.delay_s, venue.markets = 10.0, (*MARKETS, listed("NEW/USD"))
    book = listings(venue, cache, clock)
    async with trio.open_nursery() as nursery:
        match = (await book.search("btc", 1))[0]
        assert (venue.asked, match.listed_ns) == (1, START_NS), "it waited for a new list"
        nursery.start_soon(book.keep_fresh)
        await trio.sleep(11)
        assert venue.asked == 2
        assert (await book.search("new", 1))[0].fqme == "newusd.spot.kraken"
        nursery.cancel_scope.cancel()


async def test_details_are_not_taken_from_an_old_list_if_a_new_one_can_be_had(
    autojump_clock: object,
) -> None:
    venue, clock = Venue(), TrioClock(START_NS)
    book = listings(venue, clock=clock)
    await book.get("btcusd.spot.kraken")
    await book.get("btcusd.spot.kraken")
    assert venue.asked == 1
    await trio.sleep(7 * HOUR_S)
    await book.get("btcusd.spot.kraken")
    assert venue.asked == 2
    await trio.sleep(7 * HOUR_S)
    venue.fails = True
    assert (await book.get("btcusd.spot.kraken")).symbol == "BTC/USD"


async def test_without_any_list_it_says_so_and_does_not_hammer(autojump_clock: object) -> None:
    venue = Venue()
    venue.fails = True
    book = listings(venue)
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            await book.get("btcusd.spot.kraken")
    assert venue.asked == 1
    assert await book.canonical("xbtusd.spot.kraken") == "xbtusd.spot.kraken"
    await trio.sleep(RETRY_S)
    venue.fails = False
    assert (await book.get("btcusd.spot.kraken")).symbol == "BTC/USD"


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"format":1,"listed_ns":0,"markets":[{}]}', b'{"format":99}']
)
async def test_a_damaged_file_is_no_list(
    autojump_clock: object, tmp_path: Path, content: bytes
) -> None:
    cache = tmp_path / "listings.json"
    cache.write_bytes(content)
    venue = Venue()
    assert (await listings(venue, cache).get("btcusd.spot.kraken")).symbol == "BTC/USD"
    assert venue.asked == 1


async def test_a_list_from_the_future_is_asked_for_again(
    autojump_clock: object, tmp_path: Path
) -> None:
    cache, venue = tmp_path / "listings.json", Venue()
    await listings(venue, cache, TrioClock(START_NS + 30 * 86_400 * NANOS)).instruments()
    await listings(venue, cache, TrioClock(START_NS)).instruments()
    assert venue.asked == 2


@given(st.text(max_size=200), st.integers(0, 10))
def test_never_fails_and_never_repeats(text: str, limit: int) -> None:
    async def run() -> None:
        found = await listings(Venue()).search(text, limit)
        assert len(found) <= limit
        assert len({match.fqme for match in found}) == len(found)

    trio.run(run)
