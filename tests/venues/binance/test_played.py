"""Recordings of Binance, played to those who listen."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio
from websockets.trio.client import connect

from engine.clock import SystemClock
from engine.errors import DataError
from tests.support.recordings import recording
from tests.venues.binance.played import scan
from tests.venues.binance.venue import BinanceVenue, open_playback

T0 = 1_723_161_255_000


def depth(first: int, last: int, bids: list[Any], asks: list[Any], at: int = 0) -> Any:
    data = {"e": "depthUpdate", "E": T0 + at, "s": "BTCUSDT", "U": first, "u": last}
    return {"stream": "btcusdt@depth@100ms", "data": {**data, "b": bids, "a": asks}}


def trade(number: int, price: str, at: int = 0, size: str = "0.5") -> Any:
    data = {"e": "trade", "E": T0 + at, "s": "BTCUSDT", "t": number, "p": price, "q": size}
    return {"stream": "btcusdt@trade", "data": {**data, "T": T0 + at, "m": False, "M": True}}


SNAPSHOT = {"lastUpdateId": 105, "bids": [["99.50", "1.0"]], "asks": [["100.50", "2.0"]]}
RECORDED = [
    depth(101, 104, [["99.00", "3.0"]], []),
    trade(7, "100.50"),
    trade(8, "100.50"),
    SNAPSHOT,
    depth(105, 107, [["99.50", "0.0"], ["99.25", "4.0"]], [], 100),
    trade(9, "100.75", 60_000),
]


def write(path: Path, messages: list[Any]) -> Path:
    lines = (
        f"{(T0 + 10 * nth) * 1_000_000} {json.dumps(message)}"
        for nth, message in enumerate(messages)
    )
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


async def play(path: Path, streams: str, count: int) -> tuple[list[Any], BinanceVenue, Any]:
    """The first so many messages of these streams, and what REST says when all was played."""
    venue = open_playback(SystemClock(), path, 0)
    (symbol, *_) = venue.state.exchange.markets
    asked = {
        "depth": f"depth?symbol={symbol}",
        "trades": f"trades?symbol={symbol}",
        "aggTrades": f"aggTrades?symbol={symbol}",
        "klines": f"klines?symbol={symbol}&interval=1m",
    }
    async with trio.open_nursery() as nursery:
        port = await nursery.start(venue.serve)
        async with connect(f"ws://127.0.0.1:{port}/stream?streams={streams}") as client:
            heard = [json.loads(await client.recv()) for _ in range(count)]
            base = f"http://127.0.0.1:{port}/api/v3"
            async with httpx2.AsyncClient() as http:
                told = {
                    name: (await http.get(f"{base}/{path}")).json() for name, path in asked.items()
                }
        nursery.cancel_scope.cancel()
    return heard, venue, told


async def test_what_was_recorded_is_told_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "some.gz", RECORDED)
    heard, _, told = await play(path, "btcusdt@depth@100ms/btcusdt@trade", 5)
    assert heard == [one for one in RECORDED if one is not SNAPSHOT]
    assert told["depth"]["lastUpdateId"] == 107
    assert told["depth"]["bids"] == [["99.25000000", "4.00000000"]]
    assert [one["id"] for one in told["trades"]] == [7, 8, 9]
    assert [(bar[4], bar[5], bar[8]) for bar in told["klines"]] == [
        ("100.50000000", "1.00000000", 2),
        ("100.75000000", "0.50000000", 1),
    ]


async def test_aggregates_are_made_of_trades_where_none_were_recorded(tmp_path: Path) -> None:
    path = write(tmp_path / "some.gz", RECORDED)
    heard, _, told = await play(path, "btcusdt@aggTrade", 2)
    first, second = (one["data"] for one in heard)
    assert (first["q"], first["f"], first["l"]) == ("1.00000000", 7, 8)
    assert (second["p"], second["a"]) == ("100.75000000", first["a"] + 1)
    assert [one["a"] for one in told["aggTrades"]] == [first["a"], second["a"]]


async def test_a_stream_at_another_pace_is_told_what_was_recorded(tmp_path: Path) -> None:
    path = write(tmp_path / "some.gz", RECORDED)
    heard, _, _ = await play(path, "btcusdt@depth", 2)
    assert [one["data"]["u"] for one in heard] == [104, 107]


async def test_nothing_is_played_before_somebody_listens(tmp_path: Path) -> None:
    venue = open_playback(SystemClock(), write(tmp_path / "some.gz", RECORDED), 0)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(venue.serve)
        async with httpx2.AsyncClient() as http:
            told = await http.get(f"http://127.0.0.1:{port}/api/v3/depth?symbol=BTCUSDT")
        assert told.json()["lastUpdateId"] == 105
        assert venue.playback is not None
        assert venue.playback.played == 0
        nursery.cancel_scope.cancel()


def test_markets_are_found_with_the_steps_that_their_numbers_show(tmp_path: Path) -> None:
    bare = {"u": 5, "s": "ETHBTC", "b": "0.0508", "B": "1.25", "a": "0.05081", "A": "3"}
    contents = scan(write(tmp_path / "two.gz", [*RECORDED, bare]))
    found = {one.instrument.symbol: one.instrument for one in contents.listings()}
    assert set(found) == {"BTCUSDT", "ETHBTC"}
    assert (str(found["BTCUSDT"].price_tick), str(found["BTCUSDT"].size_step)) == ("0.01", "0.1")
    assert (found["ETHBTC"].base, found["ETHBTC"].quote) == ("ETH", "BTC")
    assert str(found["ETHBTC"].price_tick) == "0.00001"
    assert "ethbtc@bookTicker" in contents.streams


def test_a_file_without_markets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no messages"):
        scan(write(tmp_path / "none.gz", [{"hello": 1}, [1, 2]]))


@pytest.mark.slow
async def test_a_real_recording_gives_a_book_without_gap() -> None:
    path = recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz")
    heard, venue, told = await play(path, "btcusdt@depth@100ms", 3_451)
    ids = [(one["data"]["U"], one["data"]["u"]) for one in heard]
    assert all(first == last + 1 for (_, last), (first, _) in pairwise(ids))
    assert told["depth"]["lastUpdateId"] == ids[-1][1]
    assert float(told["depth"]["bids"][0][0]) < float(told["depth"]["asks"][0][0])
    assert venue.playback is not None
    assert len(told["klines"]) == 7
    assert len(told["trades"]) == 500
