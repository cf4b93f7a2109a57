"""The switches of a test venue and its truth, over the wire and in process.

`POST /__control__` on the venue's port takes one JSON object with `do`, and answers
`{"answer": ...}`, or status 400 with `{"error": "..."}`:

================  ==============================================================================
do                fields, and what it does
================  ==============================================================================
switch            `switches`: fields of `faults.Faults`
clear             turns every switch off
truth             answers accounts with balances, orders, executions and submits by client id
place             `symbol`, `side`, `price`, `size`: an order of nobody's account; its number
drop              `symbol`, `number`: cancels such an order
take              `symbol`, `side`, `price`, `size`: somebody takes, at `price` or better
print             `symbol`, `side`, `price`, `size`: a trade at that price
ladder            `symbol`, `middle`, `size`, `rungs`, `apart`: orders on both sides
fill              `account`, `client_id`, `size`: somebody trades with that order
forge_fill        the same for an order that is done: a lie
submit            `account` and the fields of `orders.NewSpotOrder`: an order from elsewhere
cancel            `account`, `client_id`
deposit           `account`, `asset`, `amount`
================  ==============================================================================

A venue adds words of its own. Numbers that are money are text. `Control` is the other end, for
tests that are not on trio; in process, call `Controller.do`.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.faults import Faults
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import NewSpotOrder, OrderRecord, Refusal
from tests.venues.exchange.venue import SpotExchange
from tests.venues.wire.messages import Request, Response

PATH: Final = "/__control__"
_HANG_S: Final = 120.0

Asked = Mapping[str, Any]
Word = Callable[[Asked], Any]


class Controller:
    """Does what is asked. `words` are those of the venue itself."""

    def __init__(
        self, exchange: SpotExchange, faults: Faults, words: Mapping[str, Word] | None = None
    ) -> None:
        self._exchange = exchange
        self._faults = faults
        self._words: dict[str, Word] = {
            "switch": lambda asked: faults.set(dict(asked["switches"])),
            "clear": lambda asked: faults.clear(),
            "truth": lambda asked: truth(exchange, faults),
            "place": self._place,
            "drop": lambda asked: self._market(asked).drop(asked["number"]),
            "take": self._take,
            "print": self._print,
            "ladder": self._ladder,
            "fill": self._fill,
            "forge_fill": self._forge_fill,
            "submit": self._submit,
            "cancel": lambda asked: exchange.cancel(self._order(asked)),
            "deposit": self._deposit,
            **(words or {}),
        }

    def do(self, what: str, **asked: Any) -> Any:
        """Raises `ValueError`, `KeyError`, `Refusal` for what cannot be done."""
        self._exchange.advance()
        if what not in self._words:
            raise ValueError(f"{what!r} is no word of the control")
        return self._words[what](asked)

    def answer(self, request: Request) -> Response:
        """One request to `PATH`."""
        try:
            asked = json.loads(request.body)
            answer = self.do(asked.pop("do"), **asked)
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, Refusal) as bad:
            body = json.dumps({"error": f"{type(bad).__name__}: {bad}"}).encode()
            return Response(status=400, headers=_JSON, body=body)
        body = msgspec.json.encode({"answer": answer})
        return Response(headers=_JSON, body=body)

    # -- words -------------------------------------------------------------------------------

    def _market(self, asked: Asked) -> SpotMarket:
        return self._exchange.markets[asked["symbol"]]

    def _account(self, asked: Asked) -> SpotAccount:
        return self._exchange.accounts[asked["account"]]

    def _order(self, asked: Asked) -> OrderRecord:
        record = self._account(asked).by_client_id(asked["client_id"])
        if record is None:
            raise ValueError("no order of that client id")
        return record

    def _place(self, asked: Asked) -> int:
        return self._market(asked).place(asked["side"], *_price_and_size(asked))

    def _take(self, asked: Asked) -> None:
        self._market(asked).take(asked["side"], *_price_and_size(asked))

    def _print(self, asked: Asked) -> None:
        self._market(asked).print_trade(*_price_and_size(asked), asked.get("side", "buy"))

    def _ladder(self, asked: Asked) -> None:
        self._market(asked).fill_ladder(
            Decimal(asked["middle"]),
            Decimal(asked["size"]),
            asked.get("rungs", 20),
            asked.get("apart", 1),
        )

    def _fill(self, asked: Asked) -> None:
        record = self._order(asked)
        size = record.left if asked["size"] == "all" else Decimal(asked["size"])
        self._exchange.fill(record, size)

    def _forge_fill(self, asked: Asked) -> None:
        self._exchange.forge_fill(self._order(asked), Decimal(asked["size"]))

    def _submit(self, asked: Asked) -> int:
        fields = {name: value for name, value in asked.items() if name != "account"}
        new = msgspec.convert(fields, NewSpotOrder)
        return self._exchange.submit(self._account(asked), new).order_id

    def _deposit(self, asked: Asked) -> None:
        amount = Decimal(asked["amount"])
        self._exchange.deposit(self._account(asked), asked["asset"], amount)


_JSON: Final = {"Content-Type": "application/json"}


def _price_and_size(asked: Asked) -> tuple[Decimal, Decimal]:
    return Decimal(asked["price"]), Decimal(asked["size"])


def truth(exchange: SpotExchange, faults: Faults) -> dict[str, Any]:
    """Everything about the accounts, whatever the venue says of it."""
    return {
        "now_ns": exchange.clock.now_ns(),
        "faults": asdict(faults),
        "accounts": {name: _account(account) for name, account in exchange.accounts.items()},
    }


def _account(account: SpotAccount) -> dict[str, Any]:
    return {
        "balances": {
            asset: {"free": str(balance.free), "locked": str(balance.locked)}
            for asset, balance in account.balances.items()
        },
        "submits": account.submits,
        "orders": [_order(order) for order in account.orders.values()],
        "executions": [
            {**msgspec.to_builtins(execution), "commission": str(execution.commission)}
            for execution in account.executions
        ],
    }


def _order(order: OrderRecord) -> dict[str, Any]:
    told = ("order_id", "client_id", "symbol", "side", "kind", "status", "reason", "link")
    money = ("size", "price", "stop_price", "filled", "cost", "prevented")
    return {
        **{name: getattr(order, name) for name in told},
        **{
            name: None if getattr(order, name) is None else str(getattr(order, name))
            for name in money
        },
        "created_ns": order.created_ns,
    }


class Control:
    """The other end of the control, for code that may block."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self._connection = http.client.HTTPConnection(host, port, timeout=_HANG_S)

    def do(self, what: str, **fields: Any) -> Any:
        """Raises `ValueError` with the venue's words for what cannot be done."""
        body = json.dumps({"do": what, **fields})
        self._connection.request("POST", PATH, body, dict(_JSON))
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["answer"]

    def switch(self, **switches: Any) -> None:
        self.do("switch", switches=switches)

    def truth(self) -> Any:
        return self.do("truth")

    def close(self) -> None:
        self._connection.close()
