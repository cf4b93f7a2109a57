"""Requests to a Binance without its wire, signed as a client signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.venues.binance import demo, rest
from tests.venues.binance.signatures import socket_payload
from tests.venues.binance.state import BinanceState
from tests.venues.binance.ws_api import Session
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.stage import D, HandClock
from tests.venues.wire.messages import Request, Response

CLIENT = "127.0.0.1"
SYMBOL = "BTCUSDT"


def sign(payload: str, kind: str = "hmac") -> str:
    if kind == "hmac":
        return hmac.new(demo.HMAC_SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    private = load_pem_private_key(demo.ED25519_PEM.encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    return base64.b64encode(private.sign(payload.encode())).decode()


class Desk:
    """A quiet Binance with the demo account, and ten orders of 1 BTC on either side of 60,000, a
    dollar apart."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.state = BinanceState(self.clock, **{"is_quiet": True, **options})
        self.account: SpotAccount = self.state.open_account(
            demo.ACCOUNT, demo.BALANCES, demo.demo_keys()
        )
        self.market: SpotMarket = self.state.exchange.markets[SYMBOL]
        self.market.print_trade(D(60_000), D("0.001"))
        self.market.fill_ladder(D(60_000), D(1), rungs=10, apart=100)

    @property
    def now_ms(self) -> int:
        return self.clock.now_ns() // 1_000_000

    # -- REST --------------------------------------------------------------------------------

    def send(self, method: str, path: str, **params: Any) -> Response:
        """An unsigned request to `/api/v3`."""
        return self.request(method, path, urlencode(params))

    def request(
        self, method: str, path: str, query: str = "", body: str = "", key: str = demo.HMAC_KEY
    ) -> Response:
        request = Request(
            method=method,
            path=path if path.startswith("/") else f"/api/v3/{path}",
            query=query,
            body=body.encode(),
            headers={"x-mbx-apikey": key} if key else {},
            client=CLIENT,
        )
        answer = rest.answer(self.state, request).answer
        assert isinstance(answer, Response)
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """The answer of a request that must succeed."""
        return self.good(self.send("GET", path, **params))

    def signed(self, method: str, path: str, **params: Any) -> Any:
        """The answer of a signed request that must succeed."""
        return self.good(self.try_signed(method, path, **params))

    def try_signed(self, method: str, path: str, **params: Any) -> Response:
        query = urlencode({"timestamp": self.now_ms, **params})
        return self.request(method, path, f"{query}&signature={sign(query)}")

    def error(self, method: str, path: str, **params: Any) -> tuple[int, str]:
        """Code and text of a signed request that must fail."""
        answer = self.try_signed(method, path, **params)
        assert answer.status >= 400, answer.body
        told = json.loads(answer.body)
        return told["code"], told["msg"]

    @staticmethod
    def good(answer: Response) -> Any:
        """What an answer says that must be no error."""
        told = json.loads(answer.body)
        assert answer.status == 200, told
        return told

    def place(self, **params: Any) -> Any:
        """A limit order to buy, where nothing else is said."""
        return self.signed("POST", "order", **limit_order(**params))

    def place_error(self, **params: Any) -> tuple[int, str]:
        return self.error("POST", "order", **limit_order(**params))

    # -- WebSocket API -------------------------------------------------------------------------

    def session(self, query: str = "") -> Session:
        return Session(
            self.state, Request(method="GET", path="/ws-api/v3", query=query, client=CLIENT)
        )

    def ask(self, session: Session, method: str, **params: Any) -> Any:
        """What is answered to a request as it stands."""
        text = json.dumps({"id": 1, "method": method, "params": params})
        return session.answer(text).answer

    def ask_signed(self, session: Session, method: str, kind: str = "hmac", **params: Any) -> Any:
        """What is answered to a request with key and signature of its own."""
        key = demo.HMAC_KEY if kind == "hmac" else demo.ED25519_KEY
        sent = {**params, "apiKey": key, "timestamp": self.now_ms}
        return self.ask(session, method, **sent, signature=sign(socket_payload(sent), kind))


def limit_order(**params: Any) -> dict[str, Any]:
    """None leaves a parameter out."""
    usual = {
        "symbol": SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.5",
        "price": "59000",
    }
    return {name: value for name, value in {**usual, **params}.items() if value is not None}
