"""The market channels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zlib import crc32

import msgspec
import pytest

from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.rig import Client, Rig

SIZE = Decimal("0.3")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def last_of(client: Client, channel: str) -> dict[str, object]:
    return [one for one in client.take() if one["channel"] == channel][-1]


class Reader:
    """A book that is kept and summed by the digits of the wire alone."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.sides: dict[str, dict[str, str]] = {}

    def take(self, message: Any) -> None:
        (data,) = message["data"]
        for side in ("asks", "bids"):
            kept = {} if message["type"] == "snapshot" else self.sides[side]
            kept |= {level["price"]: level["qty"] for level in data[side]}
            best = sorted(kept, key=Decimal, reverse=side == "bids")
            held = [price for price in best if Decimal(kept[price])][: self.depth]
            self.sides[side] = {price: kept[price] for price in held}

    def checksum(self) -> int:
        levels = [list(self.sides[side].items())[:10] for side in ("asks", "bids")]
        digits = [
            number.replace(".", "").lstrip("0")
            for side in levels
            for level in side
            for number in level
        ]
        return crc32("".join(digits).encode())


@pytest.mark.parametrize("depth", [10, 25, 100])
def test_books_sum_up_after_every_change_of_a_market_that_lives(depth: int) -> None:
    rig = Rig(is_quiet=False)
    client, book = rig.client(), Reader(depth)
    decode = msgspec.json.Decoder(float_hook=str).decode
    params = {"channel": "book", "symbol": ["BTC/USD"], "depth": depth}
    body = msgspec.json.encode({"method": "subscribe", "params": params})
    client.connection.receive(body, rig.clock.now_ns())
    told = 0
    for _ in range(60):
        for message in map(decode, client.connection.outgoing):
            if message.get("channel") == "book":
                book.take(message)
                assert book.checksum() == message["data"][0]["checksum"]
                told += 1
        client.connection.outgoing.clear()
        rig.pass_s(5)
    assert told > 20


def test_trades_are_told_with_numbers_that_count_on(rig: Rig) -> None:
    client = rig.client()
    _, snapshot = client.ask("subscribe", channel="trade", symbol=["BTC/USD"])
    assert len(snapshot["data"]) == 50
    rig.market.take("buy", Decimal(50001), SIZE)
    (update,) = client.take()
    (trade,) = update["data"]
    assert trade["trade_id"] == snapshot["data"][-1]["trade_id"] + 1
    assert (trade["side"], trade["price"], trade["qty"]) == ("buy", 50001.0, 0.3)


def test_who_took_at_market_is_told(rig: Rig) -> None:
    client = rig.client()
    client.ask("subscribe", channel="trade", symbol=["BTC/USD"], snapshot=False)
    rig.add("sell", "", ordertype="market")
    assert client.take()[0]["data"][0]["ord_type"] == "market"


def test_bars_grow_by_trades(rig: Rig) -> None:
    client = rig.client()
    _, snapshot = client.ask("subscribe", channel="ohlc", symbol=["BTC/USD"])
    before = snapshot["data"][-1]
    rig.market.take("buy", Decimal(50001), SIZE)
    (bar,) = last_of(client, "ohlc")["data"]  # type: ignore[misc]
    assert bar["interval_begin"] == before["interval_begin"]
    assert bar["trades"] == before["trades"] + 1
    assert bar["volume"] == pytest.approx(before["volume"] + 0.3)
    assert (bar["close"], bar["high"]) == (50001.0, max(before["high"], 50001.0))


def test_tickers_follow_trades_or_best_prices(rig: Rig) -> None:
    by_trade, by_best = rig.client(), rig.client()
    by_trade.ask("subscribe", channel="ticker", symbol=["BTC/USD"])
    by_best.ask("subscribe", channel="ticker", symbol=["BTC/USD"], event_trigger="bbo")
    rig.market.place("buy", Decimal(50000), SIZE)
    assert by_trade.take() == []
    (ticker,) = last_of(by_best, "ticker")["data"]  # type: ignore[misc]
    assert (ticker["bid"], ticker["bid_qty"]) == (50000.0, 0.3)
    rig.market.take("buy", Decimal(50001), SIZE)
    (ticker,) = last_of(by_trade, "ticker")["data"]  # type: ignore[misc]
    assert ticker["last"] == 50001.0


def test_instruments_are_told_and_told_again_when_they_change(rig: Rig) -> None:
    client = rig.client()
    _, snapshot = client.ask("subscribe", channel="instrument")
    (pair,) = snapshot["data"]["pairs"]
    assert (pair["symbol"], pair["price_increment"], pair["qty_min"]) == ("BTC/USD", 0.1, 0.00005)
    assert {"BTC", "USD"} <= {asset["id"] for asset in snapshot["data"]["assets"]}
    rig.venue.set_mode("cancel_only", "BTC/USD")
    (update,) = client.take()
    assert [one["status"] for one in update["data"]["pairs"]] == ["cancel_only"]


def test_a_reader_that_comes_back_gets_the_book_as_it_is(rig: Rig) -> None:
    client, other = rig.client(), rig.client()
    other.ask("subscribe", channel="book", symbol=["BTC/USD"], depth=100)
    client.ask("subscribe", channel="book", symbol=["BTC/USD"])
    client.ask("unsubscribe", channel="book", symbol=["BTC/USD"])
    rig.market.place("buy", Decimal(50000), SIZE)
    _, snapshot = client.ask("subscribe", channel="book", symbol=["BTC/USD"])
    assert snapshot["data"][0]["bids"][0] == {"price": 50000.0, "qty": 0.3}


@pytest.mark.parametrize(("switch", "left"), [("skip_updates", 0), ("silent_streams", 0)])
def test_switches_keep_updates_back(rig: Rig, switch: str, left: int) -> None:
    client = rig.client()
    client.ask("subscribe", channel="book", symbol=["BTC/USD"])
    rig.venue.faults.set({switch: True if switch == "silent_streams" else 1})
    rig.market.place("buy", Decimal(50000), SIZE)
    assert len(client.take()) == left
    rig.venue.faults.clear()
    rig.market.place("buy", Decimal("49999.5"), SIZE)
    assert len(client.take()) == 1


def test_every_listed_pair_has_a_start_price_and_opens() -> None:
    rig = Rig(pairs=LISTED.pairs)
    for pair in LISTED.pairs:
        assert len(rig.see("OHLC", pair=pair.altname)[pair.key]) == 720
