"""Recordings, played to whoever subscribes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest
import trio
from websockets.trio.client import connect

from tests.support.recordings import recording
from tests.venues.exchange.playback import Played, read_recording
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.recorded import decode, scan, time_of
from tests.venues.kraken.rig import Rig
from tests.venues.kraken.server import open_kraken
from tests.venues.kraken.test_market_feed import Reader

BOOK = "kraken/krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz"
MIXED = "kraken/kasync_ws2_messages.ndjson.gz"

SNAPSHOT = (
    b'{"channel":"book","type":"snapshot","data":[{"symbol":"ABC/USD","bids":[{"price":1.5,"qty":2.0}],'
    b'"asks":[{"price":1.75,"qty":0.5}],"checksum":%d}]}'
)


def played(body: bytes) -> Played:
    return Played(0, body)


def rig_of(path: Path) -> Rig:
    return Rig(recording=scan(read_recording(path, time_of)))


def test_pairs_of_a_recording_are_found_with_the_decimals_of_its_books() -> None:
    listed = scan(read_recording(recording(BOOK), time_of))
    assert listed["BTC/USD"].pair is LISTED.by_symbol["BTC/USD"]
    assert listed["BTC/USD"].price == 29430.2


def test_a_pair_that_nobody_lists_becomes_one_of_the_venue() -> None:
    total = crc32(b"175" + b"5000" + b"150" + b"20000")
    listed = scan([played(SNAPSHOT % total)])
    pair = listed["ABC/USD"].pair
    assert (pair.price_places, pair.size_places) == (2, 4)
    rig = Rig(recording=listed)
    assert rig.see("AssetPairs", pair="ABCUSD")["ABCUSD"]["wsname"] == "ABC/USD"


def test_a_book_is_told_to_each_depth_and_sums_up_at_every_message() -> None:
    path = recording(BOOK)
    rig = rig_of(path)
    clients, readers = [rig.client(), rig.client()], [Reader(10), Reader(25)]
    for client, depth in zip(clients, (10, 25), strict=True):
        client.ask("subscribe", channel="book", symbol=["BTC/USD"], depth=depth)
    decode_text = msgspec.json.Decoder(float_hook=str).decode
    told = 0
    for message in read_recording(path, time_of):
        rig.venue.recorded.tell(message)
        for client, reader in zip(clients, readers, strict=True):
            for one in map(decode_text, client.connection.outgoing):
                reader.take(one)
                assert reader.checksum() == one["data"][0]["checksum"]
                told += 1
            client.connection.outgoing.clear()
    assert told > 2 * 240


def test_who_comes_later_gets_what_was_played_so_far() -> None:
    rig = rig_of(recording(BOOK))
    client = rig.client()
    assert len(client.ask("subscribe", channel="book", symbol=["BTC/USD"])) == 1
    messages = read_recording(recording(BOOK), time_of)
    for _ in range(100):
        rig.venue.recorded.tell(next(messages))
    late = rig.client()
    _, snapshot = late.ask("subscribe", channel="book", symbol=["BTC/USD"])
    assert snapshot["type"] == "snapshot"
    assert len(snapshot["data"][0]["bids"]) == 10


def test_trades_tickers_and_bars_are_passed_on() -> None:
    rig = rig_of(recording(MIXED))
    client = rig.client()
    client.ask("subscribe", channel="trade", symbol=["BTC/USD"])
    client.ask("subscribe", channel="ticker", symbol=["BTC/USD"])
    client.ask("subscribe", channel="ohlc", symbol=["ETH/USD"], interval=1)
    for message in read_recording(recording(MIXED), time_of):
        rig.venue.recorded.tell(message)
    told = client.take()
    assert {one["channel"] for one in told} == {"trade", "ticker", "ohlc"}
    trades = [one["data"][0]["trade_id"] for one in told if one["channel"] == "trade"]
    assert trades == [70635251, 70635252, 70635299, 70635300]


def test_a_wrong_checksum_is_passed_on_as_it_was() -> None:
    listed = scan([played(SNAPSHOT % 1)])
    rig = Rig(recording=listed)
    client = rig.client()
    client.ask("subscribe", channel="book", symbol=["ABC/USD"])
    rig.venue.recorded.tell(played(SNAPSHOT % 1))
    assert client.take()[0]["data"][0]["checksum"] == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b'{"channel":"book"}',
        b'{"method":"pong"}',
        b'{"channel":"trade","type":"update","data":[{"price":1}]}',
        b'{"channel":"trade","type":"update","data":{"symbol":"BTC/USD"}}',
        b'{"channel":"ticker","type":"update","data":[3]}',
        b'{"channel":"instrument","type":"snapshot","data":[{"symbol":"BTC/USD"}]}',
        b'{"channel":"instrument","type":"snapshot","data":{"pairs":[{}]}}',
    ],
)
def test_what_is_no_market_data_is_passed_over(body: bytes) -> None:
    assert decode(body) == {}
    assert time_of(body) is None


def test_other_pairs_live_on_beside_a_recording() -> None:
    rig = Rig(recording=scan([played(SNAPSHOT % 1)]))
    client = rig.client()
    client.ask("subscribe", channel="trade", symbol=["BTC/USD"], snapshot=False)
    rig.market.take("buy", Decimal(50001), Decimal("0.1"))
    assert client.take()[0]["data"][0]["price"] == 50001.0


@pytest.mark.parametrize("speed", [0, 1e6])
async def test_it_is_played_over_the_wire_from_when_it_is_asked_for(speed: float) -> None:
    path = recording(BOOK)
    *_, last = read_recording(path, time_of)
    end = json.loads(last.body)["data"][0]["timestamp"]
    with trio.fail_after(60):
        async with open_kraken(
            pairs=(LISTED.by_symbol["ETH/USD"],), is_quiet=True, play=path, speed=speed
        ) as running:
            assert running.venue.recorded.played == 0
            async with connect(running.ws_url) as socket:
                params: dict[str, Any] = {"channel": "book", "symbol": ["BTC/USD"]}
                await socket.send(json.dumps({"method": "subscribe", "params": params}))
                told = ""
                while end not in told:
                    told = str(await socket.recv())
                assert running.venue.recorded.played == 251
