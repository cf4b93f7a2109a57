"""ccxt against the venue on a real port, unmodified but for its base URL.

It blocks, or runs on asyncio: it is given a thread of its own while the venue runs on trio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.pro
import pytest
import trio

from tests.venues.kraken.keys import DEMO_KEY, ApiKey
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.server import Running, open_kraken

PAIRS = tuple(LISTED.by_symbol[name] for name in ("BTC/USD", "ETH/BTC"))
MIDDLE = Decimal("50000.0")
PAIR = "BTC/USD"
PATIENCE_S = 60


@contextmanager
def blocking_client(running: Running, key: ApiKey = DEMO_KEY) -> Iterator[Any]:
    client = ccxt.kraken({"apiKey": key.key, "secret": key.secret, "enableRateLimit": False})
    client.urls["api"] |= {"public": running.rest_url, "private": running.rest_url}
    try:
        yield client
    finally:
        client.session.close()


async def talk(
    work: Callable[[Any], None], key: ApiKey = DEMO_KEY, *, is_quiet: bool = True, **options: Any
) -> None:
    """Let `work` use the client while the venue runs."""
    given = {"pairs": PAIRS, "patience": 100.0, "is_quiet": is_quiet, **options}
    async with open_kraken(**given) as running:
        market = running.venue.exchange.markets[PAIR]
        if is_quiet:
            market.print_trade(MIDDLE, Decimal("0.2"))
            market.fill_ladder(MIDDLE, Decimal("0.5"), rungs=30, apart=10)

        def run() -> None:
            with blocking_client(running, key) as client:
                work(client)

        with trio.fail_after(PATIENCE_S):
            await trio.to_thread.run_sync(run)


async def talk_live(work: Callable[[Any, Running], Awaitable[None]]) -> None:
    """The same with the client that has WebSockets, in a market that lives."""
    async with open_kraken(pairs=PAIRS[:1], patience=100.0) as running:

        async def run() -> None:
            client = ccxt.pro.kraken(
                {"apiKey": DEMO_KEY.key, "secret": DEMO_KEY.secret, "enableRateLimit": False}
            )
            client.urls["api"] |= {"public": running.rest_url, "private": running.rest_url}
            sockets = client.urls["api"]["ws"]
            client.urls["api"]["ws"] = dict.fromkeys(sockets, running.ws_url)
            try:
                await asyncio.wait_for(work(client, running), PATIENCE_S)
            finally:
                await client.close()

        await trio.to_thread.run_sync(partial(asyncio.run, run()))


async def until(is_so: Callable[[], object]) -> None:
    """Wait for the venue, which is in another thread and has no event for it."""
    while True:
        if is_so():
            return
        await asyncio.sleep(0.01)


async def test_it_loads_the_markets() -> None:
    def work(client: Any) -> None:
        markets = client.load_markets()
        assert set(markets) == {"BTC/USD", "ETH/BTC"}
        bitcoin = markets["BTC/USD"]
        assert (bitcoin["id"], bitcoin["altname"]) == ("XXBTZUSD", "XBTUSD")
        assert bitcoin["precision"] == {"price": 0.1, "amount": 1e-8}
        assert bitcoin["limits"]["amount"]["min"] == 0.00005
        assert (bitcoin["taker"], bitcoin["maker"]) == (0.004, 0.0025)
        assert client.fetch_status()["status"] == "ok"
        assert client.fetch_time() > 1_700_000_000_000

    await talk(work)


async def test_it_reads_book_trades_bars_and_ticker() -> None:
    def work(client: Any) -> None:
        book = client.fetch_order_book(PAIR, 3)
        assert [level[:2] for level in book["bids"]] == [
            [49999.0, 0.5],
            [49998.0, 0.5],
            [49997.0, 0.5],
        ]
        assert book["asks"][0][:2] == [50001.0, 0.5]
        trades = client.fetch_trades(PAIR, limit=5)
        assert (trades[-1]["price"], trades[-1]["amount"]) == (50000.0, 0.2)
        assert [int(trade["id"]) for trade in trades] == list(
            range(int(trades[0]["id"]), int(trades[0]["id"]) + 5)
        )
        bars = client.fetch_ohlcv(PAIR, "1m")
        assert len(bars) == 720
        assert {later[0] - bar[0] for bar, later in pairwise(bars)} == {60_000}
        assert bars[-1][4] == 50000.0
        ticker = client.fetch_ticker(PAIR)
        assert (ticker["bid"], ticker["ask"], ticker["last"]) == (49999.0, 50001.0, 50000.0)

    await talk(work)


async def test_it_pages_trades_from_a_time_on_without_gap_or_overlap() -> None:
    def work(client: Any) -> None:
        client.load_markets()
        since = client.milliseconds() - 3_600_000
        first = client.publicGetTrades({"pair": "XBTUSD", "since": since // 1000, "count": 50})
        later = client.publicGetTrades(
            {"pair": "XBTUSD", "since": first["result"]["last"], "count": 50}
        )
        ids = [int(one[6]) for part in (first, later) for one in part["result"]["XXBTZUSD"]]
        assert ids == list(range(ids[0], ids[0] + 100))

    await talk(work)


async def test_it_places_amends_and_cancels_a_limit_order() -> None:
    def work(client: Any) -> None:
        order = client.create_order(PAIR, "limit", "buy", 0.01, 49000)
        assert (order["side"], order["price"], order["amount"]) == ("buy", 49000, 0.01)
        (resting,) = client.fetch_open_orders()
        assert (resting["id"], resting["status"], resting["filled"]) == (order["id"], "open", 0)
        balance = client.fetch_balance()
        assert balance["USD"]["used"] == pytest.approx(490 * 1.004)
        assert balance["USD"]["total"] == 100_000

        client.edit_order(order["id"], PAIR, "limit", "buy", 0.02, 49100)
        amended = client.fetch_order(order["id"])
        assert (amended["price"], amended["amount"], amended["status"]) == (49100, 0.02, "open")

        client.cancel_order(order["id"], PAIR)
        assert client.fetch_open_orders() == []
        assert client.fetch_order(order["id"])["status"] == "canceled"
        assert client.fetch_balance()["USD"]["used"] == 0
        assert [one["id"] for one in client.fetch_closed_orders()] == [order["id"]]

    await talk(work)


async def test_it_trades_at_market_and_sees_fill_fee_and_balances() -> None:
    def work(client: Any) -> None:
        order = client.create_order(PAIR, "market", "buy", 0.6)
        done = client.fetch_order(order["id"])
        assert (done["status"], done["filled"]) == ("closed", 0.6)
        assert done["average"] == pytest.approx((0.5 * 50001 + 0.1 * 50002) / 0.6)
        trades = sorted(client.fetch_my_trades(PAIR), key=lambda one: one["price"])
        assert [(one["price"], one["amount"]) for one in trades] == [(50001, 0.5), (50002, 0.1)]
        assert {one["takerOrMaker"] for one in trades} == {"taker"}
        fees = sum(one["fee"]["cost"] for one in trades)
        assert fees == pytest.approx(0.004 * sum(one["cost"] for one in trades))
        of_order = client.fetch_order_trades(order["id"], params=done)
        assert {one["id"] for one in of_order} == {one["id"] for one in trades}
        balance = client.fetch_balance()
        assert balance["BTC"]["total"] == 2.6
        spent = sum(one["cost"] for one in trades) + fees
        assert balance["USD"]["total"] == pytest.approx(100_000 - spent, abs=1e-3)
        entries = client.fetch_ledger()
        assert {entry["referenceId"] for entry in entries} == {one["id"] for one in trades}

    await talk(work)


async def test_it_places_stops_trails_and_takes_a_batch() -> None:
    def work(client: Any) -> None:
        client.load_markets()
        stop = client.create_order(PAIR, "market", "sell", 0.01, None, {"stopLossPrice": 48000})
        limited = client.create_order(PAIR, "limit", "sell", 0.01, 47000, {"stopLossPrice": 48000})
        taking = client.create_order(PAIR, "market", "sell", 0.01, None, {"takeProfitPrice": 53000})
        trailing = client.create_order(PAIR, "market", "sell", 0.01, None, {"trailingPercent": "2"})
        told = {one["id"]: one for one in client.fetch_open_orders()}
        assert set(told) == {one["id"] for one in (stop, limited, taking, trailing)}
        assert told[stop["id"]]["stopLossPrice"] == 48000
        assert (told[limited["id"]]["price"], told[limited["id"]]["stopLossPrice"]) == (
            47000,
            48000,
        )
        assert told[taking["id"]]["takeProfitPrice"] == 53000
        assert told[trailing["id"]]["info"]["stopprice"] == "49000.00000"

        client.edit_order(stop["id"], PAIR, "market", "sell", None, None, {"stopLossPrice": 48500})
        assert client.fetch_order(stop["id"])["stopLossPrice"] == 48500

        ask = {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 0.001}
        batch = client.create_orders([{**ask, "price": 45000}, {**ask, "price": 45001}])
        assert len(client.fetch_open_orders()) == 6
        client.cancel_orders([one["id"] for one in batch])
        assert set(told) == {one["id"] for one in client.fetch_open_orders()}
        client.cancel_all_orders()
        assert client.fetch_open_orders() == []

    await talk(work)


async def test_it_meets_the_venues_refusals() -> None:
    def work(client: Any) -> None:
        client.load_markets()
        with pytest.raises(ccxt.InsufficientFunds, match="EOrder:Insufficient funds"):
            client.create_order(PAIR, "limit", "buy", 50, 49000)
        with pytest.raises(ccxt.InvalidOrder, match="volume minimum not met"):
            client.create_order(PAIR, "limit", "buy", 0.00001, 49000)
        with pytest.raises(ccxt.ExchangeError, match="EOrder:Post only order"):
            client.create_order(PAIR, "limit", "buy", 0.01, 51000, {"postOnly": True})
        with pytest.raises(ccxt.InvalidOrder, match="EOrder:Unknown order"):
            client.cancel_order("OAAAAA-BBBBB-CCCCCC", PAIR)

    await talk(work)


async def test_it_meets_a_rate_limit() -> None:
    def work(client: Any) -> None:
        client.load_markets()

        def hurry() -> None:
            for _ in range(200):
                client.fetch_balance()

        with pytest.raises(ccxt.DDoSProtection, match="EAPI:Rate limit exceeded"):
            hurry()

    await talk(work, patience=1.0)


async def test_a_wrong_secret_and_an_unknown_key_are_refused() -> None:
    def work(client: Any) -> None:
        with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
            client.fetch_balance()
        client.apiKey = "nobody"
        with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
            client.fetch_balance()

    await talk(work, ApiKey(key=DEMO_KEY.key, secret="d3Jvbmc=", account="x"))


async def test_it_follows_a_market_live() -> None:
    async def work(client: Any, running: Running) -> None:
        book = await client.watch_order_book(PAIR, 25)
        for _ in range(3):
            book = await client.watch_order_book(PAIR, 25)
        assert book["bids"][0][0] < book["asks"][0][0]
        ticker = await client.watch_ticker(PAIR)
        assert ticker["bid"] < ticker["ask"]
        trades = await client.watch_trades(PAIR)
        assert trades[-1]["price"] > 0
        assert (await client.watch_ohlcv(PAIR, "1m"))[-1][5] > 0

    await talk_live(work)


async def test_it_trades_over_the_websocket_and_follows_its_orders() -> None:
    async def work(client: Any, running: Running) -> None:
        await client.load_markets()
        last = float(running.venue.exchange.markets[PAIR].last_price)
        await client.watch_balance()
        orders = asyncio.create_task(client.watch_orders())
        fills = asyncio.create_task(client.watch_my_trades())
        await until(lambda: running.venue.subscriptions.keys("executions", "demo"))
        placed = await client.create_order_ws(PAIR, "limit", "buy", 0.01, round(last * 0.9, 1))
        assert [one["id"] for one in await orders] == [placed["id"]]
        edited = await client.edit_order_ws(
            placed["id"], PAIR, "limit", "buy", 0.02, round(last * 0.91, 1)
        )
        assert edited["id"] == placed["id"]
        bought = await client.create_order_ws(PAIR, "market", "buy", 0.01)
        assert {one["order"] for one in await fills} == {bought["id"]}
        await client.cancel_order_ws(placed["id"])
        record = running.venue.records.order("demo", placed["id"])
        assert record is not None
        assert (record.status, record.volume) == ("canceled", Decimal("0.02"))

    await talk_live(work)
