"""A Binance over real sockets: streams, the WebSocket API, and what may go wrong."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
import trio
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.trio.client import ClientConnection, connect

from engine.clock import wall_ns
from tests.venues.binance import demo
from tests.venues.binance.asking import SYMBOL, limit_order, sign
from tests.venues.binance.rig import open_venue
from tests.venues.binance.signatures import socket_payload
from tests.venues.binance.venue import BinanceVenue
from tests.venues.exchange.stage import D


def address(venue: BinanceVenue, path: str) -> str:
    return f"ws://127.0.0.1:{venue.port}{path}"


async def hear(client: ClientConnection) -> Any:
    return json.loads(await client.recv())


async def ask(client: ClientConnection, method: str, **params: Any) -> Any:
    await client.send(json.dumps({"id": 1, "method": method, "params": params}))
    return await hear(client)


def signed(**params: Any) -> dict[str, Any]:
    sent = {**params, "apiKey": demo.HMAC_KEY, "timestamp": wall_ns() // 1_000_000}
    return {**sent, "signature": sign(socket_payload(sent))}


async def subscribe(client: ClientConnection, *names: str) -> None:
    await client.send(json.dumps({"id": 1, "method": "SUBSCRIBE", "params": names}))
    assert await hear(client) == {"result": None, "id": 1}


def buy(venue: BinanceVenue, size: str = "0.1") -> None:
    """Somebody buys at the best price."""
    venue.control.do("take", symbol=SYMBOL, side="buy", price="60001", size=size)


# -- market streams --------------------------------------------------------------------------------


async def test_streams_are_named_in_the_address_or_subscribed_to() -> None:
    async with (
        open_venue() as venue,
        connect(address(venue, "/ws/btcusdt@trade")) as raw,
        connect(address(venue, "/stream?streams=btcusdt@trade/btcusdt@bookTicker")) as combined,
        connect(address(venue, "/ws")) as bare,
    ):
        await subscribe(bare, "btcusdt@aggTrade", "nosuch@trade")
        assert await ask_names(raw) == ["btcusdt@trade"]
        await ask_names(combined)
        buy(venue)
        venue.hub.flush()
        assert (await hear(raw))["e"] == "trade"
        assert (await hear(bare))["e"] == "aggTrade"
        assert {(await hear(combined))["stream"], (await hear(combined))["stream"]} == {
            "btcusdt@trade",
            "btcusdt@bookTicker",
        }


async def ask_names(client: ClientConnection) -> Any:
    """What it is subscribed to; and so it is known that it is."""
    await client.send(json.dumps({"id": 9, "method": "LIST_SUBSCRIPTIONS"}))
    return (await hear(client))["result"]


async def test_a_stream_may_be_left_and_a_property_set() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws/btcusdt@trade")) as client:
        await client.send('{"id": 1, "method": "SET_PROPERTY", "params": ["combined", true]}')
        assert await hear(client) == {"result": None, "id": 1}
        await client.send('{"id": 2, "method": "GET_PROPERTY", "params": ["combined"]}')
        assert await hear(client) == {"result": True, "id": 2}
        buy(venue)
        assert (await hear(client))["stream"] == "btcusdt@trade"
        await client.send('{"id": 3, "method": "UNSUBSCRIBE", "params": ["btcusdt@trade"]}')
        assert await hear(client) == {"result": None, "id": 3}
        assert not venue.hub.has("btcusdt@trade")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3),
        ("[]", 2),
        ('{"id": 1.5, "method": "SUBSCRIBE", "params": []}', 2),
        ('{"id": 1}', 2),
        ('{"id": 1, "method": "LISTEN"}', 2),
        ('{"id": 1, "method": "SUBSCRIBE", "params": "x"}', 2),
        ('{"id": 1, "method": "SUBSCRIBE", "params": [], "more": 1}', 2),
        ('{"id": 1, "method": "SET_PROPERTY", "params": ["combined", 1]}', 1),
        ('{"id": 1, "method": "SET_PROPERTY", "params": ["colour", true]}', 0),
    ],
)
async def test_a_malformed_message_is_answered_with_an_error(text: str, code: int) -> None:
    async with open_venue() as venue, connect(address(venue, "/ws")) as client:
        await client.send(text)
        told = await hear(client)
        assert told.get("error", told)["code"] == code


async def test_a_connection_has_1024_streams_at_most() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws")) as client:
        await subscribe(client, *(f"s{nth}@trade" for nth in range(1024)))
        await client.send('{"id": 2, "method": "SUBSCRIBE", "params": ["one@trade"]}')
        assert (await hear(client))["error"]["code"] == 2
        assert len(await ask_names(client)) == 1024


async def test_who_says_too_much_in_a_second_is_cut_off() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws")) as client:
        with pytest.raises(ConnectionClosed):
            await talk(client)
        assert (client.close_code, client.close_reason) == (1008, "Too many requests")


async def talk(client: ClientConnection) -> None:
    while True:
        await client.send('{"id": 1, "method": "LIST_SUBSCRIPTIONS"}')


async def test_a_socket_ends_with_its_lifetime_and_says_so() -> None:
    async with open_venue(lifetime_s=0.05) as venue:
        async with connect(address(venue, "/ws")) as client:
            assert (await hear(client))["e"] == "serverShutdown"
            await client.wait_closed()
        async with connect(address(venue, "/ws-api/v3")) as client:
            assert (await hear(client))["event"]["e"] == "serverShutdown"


async def test_sockets_are_cut_shut_down_or_refused_by_switch() -> None:
    async with open_venue() as venue:
        async with connect(address(venue, "/ws")) as client:
            await ask_names(client)
            assert venue.control.do("cut", which="streams") == 1
            await client.wait_closed()
            assert client.close_code == 1006
        async with connect(address(venue, "/ws")) as client:
            await ask_names(client)
            venue.control.do("shutdown", after_s=0.01)
            assert (await hear(client))["e"] == "serverShutdown"
            await client.wait_closed()
            assert client.close_code == 1001
        venue.control.do("switch", switches={"refuse_sockets": 503})
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address(venue, "/ws")):
                pass
        assert refused.value.response.status_code == 503


async def test_an_address_that_is_banned_opens_no_socket() -> None:
    async with open_venue() as venue:
        venue.control.do("ban", seconds=60)
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address(venue, "/ws-api/v3")):
                pass
        assert refused.value.response.status_code == 418


# -- accounts --------------------------------------------------------------------------------------


async def test_orders_of_rest_are_told_to_those_who_subscribed() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws-api/v3")) as client:
        answer = await ask(client, "userDataStream.subscribe.signature", **signed())
        assert answer["result"] == {"subscriptionId": 0}
        async with httpx2.AsyncClient() as http:
            query = str(httpx2.QueryParams({**limit_order(), "timestamp": wall_ns() // 1_000_000}))
            placed = await http.post(
                f"http://127.0.0.1:{venue.port}/api/v3/order?{query}&signature={sign(query)}",
                headers={"X-MBX-APIKEY": demo.HMAC_KEY},
            )
        order_id = placed.json()["orderId"]
        report, position = await hear(client), await hear(client)
        assert (report["subscriptionId"], report["event"]["i"]) == (0, order_id)
        assert position["event"]["e"] == "outboundAccountPosition"
        venue.control.do(
            "fill", account="demo", client_id=placed.json()["clientOrderId"], size="all"
        )
        venue.control.do("clear")
        assert (await hear(client))["event"]["x"] == "TRADE"


async def test_an_answer_comes_before_its_events_unless_that_is_turned_round() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws-api/v3")) as client:
        await ask(client, "userDataStream.subscribe.signature", **signed())
        venue.control.do("switch", switches={"fill": "0.2"})
        kinds = []
        for turned, price in ((False, "59000"), (True, "59100")):
            venue.control.do("switch", switches={"events_before_ack": turned, "reorder": turned})
            params = signed(**limit_order(price=price))
            await client.send(json.dumps({"id": 7, "method": "order.place", "params": params}))
            heard = [await hear(client) for _ in range(5)]
            kinds.append([one.get("id", one.get("event", {}).get("x")) for one in heard])
        assert kinds[0] == [7, "NEW", None, "TRADE", None]
        assert kinds[1] == ["TRADE", None, "NEW", None, 7]


async def test_events_may_be_told_twice_or_not_at_all() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws-api/v3")) as client:
        await ask(client, "userDataStream.subscribe.signature", **signed())
        venue.control.do("switch", switches={"duplicate": True})
        await client.send(
            json.dumps({"id": 1, "method": "order.place", "params": signed(**limit_order())})
        )
        heard = [await hear(client) for _ in range(5)]
        assert [one["event"]["e"] for one in heard[1:]] == [
            "executionReport",
            "outboundAccountPosition",
        ] * 2
        venue.control.do("switch", switches={"duplicate": False, "mute_events": True})
        answer = await ask(client, "order.place", **signed(**limit_order(quantity="0.1")))
        assert answer["status"] == 200
        venue.control.do("switch", switches={"mute_events": False})
        venue.control.do("deposit", account="demo", asset="ETH", amount="1")
        buy(venue)
        assert (await hear(client))["event"]["e"] == "balanceUpdate"


async def test_a_listen_key_hears_of_its_account() -> None:
    async with open_venue() as venue, httpx2.AsyncClient() as http:
        key = {"X-MBX-APIKEY": demo.HMAC_KEY}
        url = f"http://127.0.0.1:{venue.port}/api/v3/userDataStream"
        listen_key = (await http.post(url, headers=key)).json()["listenKey"]
        async with connect(address(venue, f"/ws/{listen_key}")) as client:
            assert await ask_names(client) == [listen_key]
            venue.control.do("deposit", account="demo", asset="ETH", amount="1")
            assert (await hear(client))["e"] == "balanceUpdate"


async def test_a_dropped_connection_may_have_taken_the_order_or_not() -> None:
    async with open_venue() as venue:
        for switch, count in (("drop_before_ack", 0), ("drop_after_ack", 1)):
            venue.control.do("clear")
            venue.control.do("switch", switches={switch: True})
            async with connect(address(venue, "/ws-api/v3")) as client:
                params = signed(**limit_order(quantity="0.1"))
                with pytest.raises(ConnectionClosed):
                    await ask(client, "order.place", **params)
            assert len(venue.state.exchange.accounts["demo"].orders) == count


async def test_a_late_answer_is_late_and_its_events_too() -> None:
    async with open_venue() as venue, connect(address(venue, "/ws-api/v3")) as client:
        await ask(client, "userDataStream.subscribe.signature", **signed())
        venue.control.do("switch", switches={"delay_s": 0.05})
        began = trio.current_time()
        heard = [await ask(client, "order.place", **signed(**limit_order())), await hear(client)]
        assert heard[0]["status"] == 200
        assert heard[1]["event"]["x"] == "NEW"
        assert trio.current_time() - began >= 0.1


async def test_a_crowd_trades_and_its_trades_are_streamed() -> None:
    async with (
        open_venue(is_quiet=False, middles={}, seed=9) as venue,
        connect(address(venue, "/stream?streams=btcusdt@depth@100ms/btcusdt@trade")) as client,
    ):
        seen: set[str] = set()
        while seen != {"btcusdt@depth@100ms", "btcusdt@trade"}:
            seen.add((await hear(client))["stream"])


async def test_the_control_is_on_the_same_port() -> None:
    async with open_venue() as venue, httpx2.AsyncClient() as http:
        url = f"http://127.0.0.1:{venue.port}/__control__"
        await http.post(url, json={"do": "listing", "symbol": SYMBOL, "status": "HALT"})
        assert venue.state.rules[SYMBOL].status == "HALT"
        told = (await http.post(url, json={"do": "truth"})).json()["answer"]
        assert told["accounts"]["demo"]["balances"]["BTC"] == {"free": "2", "locked": "0"}
        assert D(told["accounts"]["demo"]["balances"]["USDT"]["free"]) == 100_000
