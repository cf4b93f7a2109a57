"""Another's client, unmodified but for its base URL, does with this venue what it does with
Binance: https://github.com/ccxt/ccxt.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.pro
import pytest
import trio

from tests.venues.binance import demo
from tests.venues.binance.rig import open_venue, open_venue_process
from tests.venues.binance.venue import BinanceVenue

KEYS = {
    "HMAC": (demo.HMAC_KEY, demo.HMAC_SECRET),
    "Ed25519": (demo.ED25519_KEY, demo.ED25519_PEM),
}
PAIR = "BTC/USDT"
HANG_S = 60


def point(urls: Any, port: int) -> Any:
    """Every address of a client, at this machine."""
    if isinstance(urls, dict):
        return {name: point(url, port) for name, url in urls.items()}
    if isinstance(urls, list):
        return [point(url, port) for url in urls]
    return re.sub(r"^(http|ws)s?://[^/]+", rf"\1://127.0.0.1:{port}", urls)


@contextmanager
def client_of(port: int, kind: str = "HMAC") -> Iterator[Any]:
    key, secret = KEYS[kind]
    client = ccxt.binance({"apiKey": key, "secret": secret, "enableRateLimit": False})
    client.urls["api"] = point(client.urls["api"], port)
    try:
        yield client
    finally:
        client.session.close()


async def ask(venue: BinanceVenue, work: Callable[[Any], None], kind: str = "HMAC") -> None:
    """Let a client work while the venue serves."""

    def run() -> None:
        with client_of(venue.port, kind) as client:
            work(client)

    await trio.to_thread.run_sync(run)


async def test_markets_book_trades_bars_and_tickers_are_read() -> None:
    def read(client: Any) -> None:
        market = client.load_markets()[PAIR]
        assert (market["base"], market["quote"], market["type"]) == ("BTC", "USDT", "spot")
        assert market["precision"]["price"] == 0.01
        assert market["precision"]["amount"] == 0.00001
        assert market["limits"]["cost"]["min"] == 5
        book = client.fetch_order_book(PAIR, 5)
        assert book["bids"][:2] == [[59_999, 1], [59_998, 1]]
        assert book["asks"][0] == [60_001, 1]
        (trade,) = client.fetch_trades(PAIR, limit=1)
        assert (trade["price"], trade["amount"], trade["side"]) == (60_000, 0.00001, "buy")
        bars = client.fetch_ohlcv(PAIR, "1m", limit=100)
        assert len(bars) == 100
        assert all(later[0] - bar[0] == 60_000 for bar, later in pairwise(bars))
        assert bars[-1][4] == 60_000
        assert all(bar[3] <= min(bar[1], bar[4]) <= max(bar[1], bar[4]) <= bar[2] for bar in bars)
        assert len(client.fetch_ohlcv(PAIR, "1d", limit=30)) == 30
        ticker = client.fetch_ticker(PAIR)
        assert (ticker["last"], ticker["bid"], ticker["ask"]) == (60_000, 59_999, 60_001)
        assert set(client.fetch_tickers()) == set(client.markets)
        assert client.fetch_bids_asks([PAIR])[PAIR]["bid"] == 59_999

    async with open_venue() as venue:
        await ask(venue, read)


@pytest.mark.parametrize("kind", KEYS)
async def test_orders_are_placed_edited_cancelled_and_followed(kind: str) -> None:
    def trade(client: Any) -> None:
        client.load_markets()
        assert client.fetch_balance()["free"]["USDT"] == 100_000
        resting = client.create_order(PAIR, "limit", "buy", 0.5, 58_000)
        assert (resting["status"], resting["filled"]) == ("open", 0)
        held = client.fetch_balance()
        assert (held["free"]["USDT"], held["used"]["USDT"]) == (71_000, 29_000)
        edited = client.edit_order(resting["id"], PAIR, "limit", "buy", 0.25, 57_000)
        assert client.fetch_order(resting["id"], PAIR)["status"] == "canceled"
        assert [one["id"] for one in client.fetch_open_orders(PAIR)] == [edited["id"]]
        taken = client.create_order(PAIR, "market", "buy", 1.25)
        assert (taken["status"], taken["filled"]) == ("closed", 1.25)
        assert taken["cost"] == 60_001 + 0.25 * 60_002
        assert [fee["currency"] for fee in taken["fees"]] == ["BTC"]
        stop = client.create_order(PAIR, "limit", "sell", 1, 54_000, {"stopPrice": 55_000})
        assert (stop["stopPrice"], stop["status"]) == (55_000, "open")
        profit = client.create_order(PAIR, "market", "sell", 1, None, {"takeProfitPrice": 65_000})
        assert len(client.fetch_open_orders(PAIR)) == 3
        assert client.cancel_order(profit["id"], PAIR)["status"] == "canceled"
        assert len(client.cancel_all_orders(PAIR)) == 2
        assert client.fetch_open_orders(PAIR) == []
        assert [one["id"] for one in client.fetch_closed_orders(PAIR)] == [taken["id"]]
        trades = client.fetch_my_trades(PAIR)
        assert [(one["price"], one["amount"]) for one in trades] == [(60_001, 1), (60_002, 0.25)]
        assert {one["takerOrMaker"] for one in trades} == {"taker"}
        assert client.fetch_balance()["used"]["USDT"] == 0

    async with open_venue() as venue:
        await ask(venue, trade, kind)


async def test_refusals_mean_to_the_client_what_they_mean_at_the_venue() -> None:
    def provoke(client: Any) -> None:
        client.load_markets()
        with pytest.raises(ccxt.InsufficientFunds):
            client.create_order(PAIR, "limit", "buy", 10, 59_000)
        with pytest.raises(ccxt.OrderNotFound):
            client.cancel_order("1", PAIR)
        with pytest.raises(ccxt.OrderNotFound):
            client.fetch_order("1", PAIR)
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            client.create_order(PAIR, "limit", "buy", 0.1, 61_000, {"postOnly": True})
        with pytest.raises(ccxt.BadRequest, match="Filter failure: NOTIONAL"):
            client.create_order(PAIR, "limit", "buy", 0.00001, 59_000)
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            client.create_order(PAIR, "limit", "sell", 1, 60_000, {"stopPrice": 60_500})
        client.secret = "wrong"
        with pytest.raises(ccxt.AuthenticationError):
            client.fetch_balance()

    async with open_venue() as venue:
        await ask(venue, provoke)


async def test_a_throttled_and_a_banned_client_hear_of_it() -> None:
    def press(client: Any) -> None:
        client.load_markets()
        with pytest.raises(ccxt.DDoSProtection, match="429"):
            ask_too_much(client)
        assert 1 <= int(client.last_response_headers["Retry-After"]) <= 60

    def find_banned(client: Any) -> None:
        with pytest.raises(ccxt.DDoSProtection, match="418"):
            client.fetch_time()

    async with open_venue() as venue:
        await ask(venue, press)
        venue.control.do("ban", seconds=100)
        await ask(venue, find_banned)
        venue.control.do("pardon")
        await ask(venue, lambda client: client.fetch_time())


def ask_too_much(client: Any) -> None:
    for _ in range(60):  # twice what a minute allows, and more, whenever it began
        client.fetch_order_book(PAIR, 5000)


# -- its WebSocket side --------------------------------------------------------------------------


async def watch(port: int, kind: str, work: Callable[[Any], Awaitable[None]]) -> None:
    """Let the client's asyncio side work, in a thread of its own."""

    async def run() -> None:
        key, secret = KEYS[kind]
        client = ccxt.pro.binance({"apiKey": key, "secret": secret})
        client.urls["api"] = point(client.urls["api"], port)
        try:
            await asyncio.wait_for(work(client), HANG_S)
        finally:
            await client.close()

    await trio.to_thread.run_sync(lambda: asyncio.run(run()))


@pytest.mark.parametrize("kind", KEYS)
async def test_account_streams_and_the_websocket_api_are_followed(kind: str) -> None:
    async def trade(client: Any) -> None:
        await client.load_markets()
        await client.authenticate()
        watched = asyncio.create_task(client.watch_orders(PAIR))
        order = await client.create_order_ws(PAIR, "limit", "buy", 0.5, 58_000)
        (seen,) = await watched
        assert (seen["id"], seen["status"]) == (order["id"], "open")
        assert (await client.fetch_order_ws(order["id"], PAIR))["status"] == "open"
        edited = await client.edit_order_ws(order["id"], PAIR, "limit", "buy", 0.25, 57_000)
        found = await client.fetch_open_orders_ws(PAIR)
        assert [one["id"] for one in found] == [edited["id"]]
        canceled = await client.cancel_order_ws(edited["id"], PAIR)
        assert canceled["status"] == "canceled"
        told = (await client.fetch_balance_ws())["info"]["balances"]
        free = {one["asset"]: one["free"] for one in told}
        assert free["USDT"] == "100000.00000000"

    async with open_venue() as venue:
        await watch(venue.port, kind, trade)


def test_a_live_market_is_watched_in_another_process() -> None:
    async def look(client: Any) -> None:
        await client.load_markets()
        book = await client.watch_order_book(PAIR)
        for _ in range(3):
            book = await client.watch_order_book(PAIR)
            assert book["bids"][0][0] < book["asks"][0][0]
        best = (await client.watch_bids_asks([PAIR]))[PAIR]
        assert best["bid"] < best["ask"]
        ticker = await client.watch_ticker(PAIR)
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        (trade, *_) = await client.watch_trades(PAIR)
        assert trade["price"] > 0
        (bar, *_) = await client.watch_ohlcv(PAIR, "1m")
        assert bar[3] <= bar[4] <= bar[2]

    with open_venue_process("--seed", "3") as control:
        trio.run(watch, control.port, "HMAC", look)
