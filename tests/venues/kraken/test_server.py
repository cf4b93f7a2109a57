"""The venue on a port."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import trio
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.trio.client import ClientConnection, connect

from tests.venues.exchange.control import Control
from tests.venues.kraken.keys import DEMO_KEY, api_sign
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.server import Running, open_kraken

BITCOIN = (LISTED.by_symbol["BTC/USD"],)
ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "49000"}


class Caller:
    """Signs and asks."""

    def __init__(self, running: Running, client: httpx2.AsyncClient) -> None:
        self.running = running
        self._client = client
        self._nonces = count(1)

    async def see(self, method: str, **params: str) -> Any:
        url = f"{self.running.rest_url}/0/public/{method}"
        return (await self._client.get(url, params=params)).json()

    async def post(self, method: str, *, is_json: bool = False, **params: Any) -> httpx2.Response:
        nonce, path = str(next(self._nonces)), f"/0/private/{method}"
        given = {"nonce": nonce, **params}
        body = (json.dumps(given) if is_json else urlencode(given)).encode()
        kind = "application/json" if is_json else "application/x-www-form-urlencoded"
        headers = {
            "API-Key": DEMO_KEY.key,
            "API-Sign": api_sign(DEMO_KEY.secret, path, nonce, body),
            "Content-Type": kind,
        }
        return await self._client.post(self.running.rest_url + path, content=body, headers=headers)

    async def ask(self, method: str, **params: Any) -> Any:
        return (await self.post(method, **params)).json()


@asynccontextmanager
async def calling(**options: Any) -> AsyncIterator[Caller]:
    with trio.fail_after(60):
        async with open_kraken(pairs=BITCOIN, is_quiet=True, **options) as running:
            running.venue.exchange.markets["BTC/USD"].fill_ladder(Decimal(50_000), Decimal(1))
            async with httpx2.AsyncClient(timeout=60) as client:
                yield Caller(running, client)


async def hear(socket: ClientConnection, **wanted: Any) -> Any:
    """The next message that has these fields."""
    while True:
        message = json.loads(await socket.recv())
        if all(message.get(name) == value for name, value in wanted.items()):
            return message


async def opened(url: str) -> None:
    async with connect(url):
        pass


async def test_public_and_private_requests_are_answered() -> None:
    async with calling() as caller:
        assert (await caller.see("SystemStatus"))["result"]["status"] == "online"
        answer = await caller.ask("AddOrder", **ORDER)
        assert answer["error"] == []
        batch = {"pair": "XBTUSD", "orders": [{**ORDER}, {**ORDER}]}
        answer = await caller.ask("AddOrderBatch", is_json=True, **batch)
        assert all("txid" in one for one in answer["result"]["orders"])
        assert len((await caller.ask("OpenOrders"))["result"]["open"]) == 3


async def test_what_is_refused_comes_with_200_and_the_venues_words() -> None:
    async with calling() as caller:
        answer = await caller.post("AddOrder", **ORDER | {"volume": "50"})
        assert answer.status_code == 200
        assert answer.json() == {"error": ["EOrder:Insufficient funds"]}
        assert (await caller.ask("Moon")) == {"error": ["EGeneral:Unknown method"]}
        assert (await caller.see("Moon")) == {"error": ["EGeneral:Unknown method"]}
        bad = await caller.ask("AddOrderBatch", is_json=True, pair="XBTUSD", orders=3)
        assert bad == {"error": ["EGeneral:Invalid arguments:orders"]}


async def test_a_private_request_must_be_signed_and_posted() -> None:
    async with calling() as caller, httpx2.AsyncClient() as client:
        url = f"{caller.running.rest_url}/0/private/Balance"
        assert (await client.post(url)).json() == {"error": ["EAPI:Invalid key"]}
        assert (await client.get(url)).json() == {"error": ["EGeneral:Unknown method"]}
        headers = {"API-Key": DEMO_KEY.key, "API-Sign": "x"}
        answer = await client.post(url, content=b"nonce=1", headers=headers)
        assert answer.json() == {"error": ["EAPI:Invalid signature"]}


async def test_orders_are_followed_over_the_websocket() -> None:
    async with calling() as caller, connect(caller.running.ws_auth_url) as socket:
        assert (await hear(socket, channel="status"))["data"][0]["system"] == "online"
        token = (await caller.ask("GetWebSocketsToken"))["result"]["token"]
        params = {"channel": "executions", "token": token}
        await socket.send(json.dumps({"method": "subscribe", "params": params, "req_id": 3}))
        assert (await hear(socket, method="subscribe"))["req_id"] == 3
        await hear(socket, channel="executions", type="snapshot")
        order_id = (await caller.ask("AddOrder", **ORDER))["result"]["txid"][0]
        told = await hear(socket, channel="executions", type="update")
        assert told["data"][0]["order_id"] == order_id
        assert await hear(socket, channel="heartbeat") == {"channel": "heartbeat"}


async def test_switches_break_the_wire() -> None:
    async with calling() as caller:
        faults = caller.running.venue.faults
        faults.set({"drop_after_ack": True})
        with pytest.raises(httpx2.RemoteProtocolError):
            await caller.ask("AddOrder", **ORDER)
        faults.clear()
        assert len((await caller.ask("OpenOrders"))["result"]["open"]) == 1
        faults.set({"fail_status": 502})
        assert (await caller.post("AddOrder", **ORDER)).status_code == 502
        faults.clear()
        faults.set({"fail_after_status": 504, "hits": "cancel"})
        assert (await caller.post("CancelAll")).status_code == 504
        faults.clear()
        assert (await caller.ask("OpenOrders"))["result"]["open"] == {}
        faults.set({"throttle_s": 1.0, "hits": "all"})
        assert (await caller.ask("AddOrder", **ORDER)) == {"error": ["EOrder:Rate limit exceeded"]}
        assert (await caller.see("Time")) == {"error": ["EAPI:Rate limit exceeded"]}


async def test_sockets_may_be_refused_and_cut() -> None:
    async with calling() as caller:
        venue = caller.running.venue
        venue.faults.set({"refuse_sockets": 503})
        with pytest.raises(InvalidStatus, match="503"):
            await opened(caller.running.ws_url)
        venue.faults.clear()
        with pytest.raises(InvalidStatus, match="404"):
            await opened(caller.running.ws_url + "/other")
        async with connect(caller.running.ws_url) as socket:
            await hear(socket, channel="status")
            venue.disconnect()
            with pytest.raises(ConnectionClosed):
                await socket.recv()


async def test_what_is_late_comes_all_the_same_and_in_order() -> None:
    async with calling() as caller:
        caller.running.venue.faults.set({"delay_s": 0.01})
        async with connect(caller.running.ws_url) as socket:
            for nth in range(5):
                await socket.send(json.dumps({"method": "ping", "req_id": nth}))
            assert [(await hear(socket, method="pong"))["req_id"] for _ in range(5)] == [*range(5)]


async def test_the_control_is_on_the_same_port() -> None:
    async with calling() as caller:

        def ask() -> Any:
            control = Control(caller.running.port)
            try:
                control.do("take", symbol="BTC/USD", side="buy", price="50001", size="0.5")
                control.do("mode", mode="cancel_only", symbol="BTC/USD")
                return control.truth()
            finally:
                control.close()

        truth = await trio.to_thread.run_sync(ask)
        assert "demo" in truth["accounts"]
        answer = await caller.ask("AddOrder", **ORDER)
        assert answer == {"error": ["EService:Market in cancel_only mode"]}
