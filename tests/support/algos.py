"""Algos on a venue of a few lines, for tests: everything is said at once, or as a test wills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.broker import Capabilities
from engine.ems.algos.api import Action, Change, Stop
from engine.ems.algos.runner import Algos
from engine.ems.dark import DarkBook
from engine.ems.orders import fold, new_order
from engine.messages import (
    Accepted,
    Algo,
    AlgoTerms,
    AmendAlgo,
    Amended,
    AmendRequested,
    Canceled,
    CancelRequested,
    CommandRefused,
    Filled,
    Lost,
    Order,
    OrderEvent,
    OrderState,
    PauseAlgo,
    Rejected,
    RequestRefused,
    ResumeAlgo,
    Submit,
    SubmitAlgo,
    Trade,
)
from tests.support.venue import EVERYTHING, FQME, ScriptedMarkets

SIMPLE: Capabilities = msgspec.structs.replace(EVERYTHING, can_link=False)
A = "A"


class Bench:
    """One algo, its orders, and a venue that answers when the test says so."""

    def __init__(self, terms: AlgoTerms, capabilities: Capabilities = SIMPLE) -> None:
        self.capabilities = capabilities
        self.orders: dict[str, Order] = {}
        self.markets = ScriptedMarkets()
        self.dark = DarkBook()
        self.told: list[Algo] = []
        self.did: list[Action] = []
        self.answers: list[OrderEvent] = []
        """What the venue would say next of each request, oldest first."""
        self.trades = 0
        self.wall_ns = 1
        self.answers_at_once = False
        self.runner = self.make_runner()
        submitted = self.runner.submit(
            SubmitAlgo(algo_id=A, account="main", fqme=FQME, terms=terms)
        )
        assert isinstance(submitted, Algo), submitted
        self.run()

    def make_runner(self) -> Algos:
        return Algos(
            dark=self.dark,
            orders=self.orders,
            markets=self.markets,
            capabilities_of=lambda account: self.capabilities,
            now_ns=lambda fqme: self.markets.now,
            wall_ns=lambda: self.wall_ns,
        )

    def restart(self) -> None:
        """All that is left is what a journal has: the algo and its orders."""
        kept = msgspec.json.decode(msgspec.json.encode(self.algo), type=Algo)
        self.dark = DarkBook()
        self.runner = self.make_runner()
        self.runner.restore([kept])
        self.run()

    @property
    def algo(self) -> Algo:
        algo = self.runner.algo(A)
        assert algo is not None
        return algo

    def run(self) -> None:
        self.runner.run(self.do, self.told.append)

    def do(self, action: Action) -> None:
        self.did.append(action)
        if isinstance(action, Submit):
            assert action.order_id not in self.orders, "an order was made twice"
            order = self.orders[action.order_id] = new_order(action, self.markets.now)
            self.runner.on_order(order)
            self.answers.append(Accepted(order_id=order.order_id))
        elif isinstance(action, Change):
            order = self.orders[action.order_id]
            terms = {"price": action.price, "size": order.size}
            self.fold(AmendRequested(order_id=order.order_id, **terms))
            self.answers.append(Amended(order_id=order.order_id, **terms))
        else:
            assert isinstance(action, Stop)
            if self.orders[action.order_id].awaiting != "cancel":
                self.fold(CancelRequested(order_id=action.order_id))
                self.answers.append(Canceled(order_id=action.order_id))

    def fold(self, event: OrderEvent) -> None:
        order = self.orders[event.order_id] = fold(
            self.orders[event.order_id], event, self.markets.now
        )
        self.runner.on_order(order)

    def say(self, event: OrderEvent) -> None:
        """The venue says this."""
        self.fold(event)
        self.run()

    def answer(self) -> None:
        """The venue answers everything that was asked of it, also what follows from that."""
        while self.answers:
            event = self.answers.pop(0)
            state = self.orders[event.order_id].state
            if not (isinstance(event, Amended) and state is OrderState.CANCELED):
                self.say(event)

    def fill(self, order_id: str, size: str | None = None, price: str = "100") -> None:
        order = self.orders[order_id]
        self.trades += 1
        amount = order.remaining if size is None else Decimal(size)
        trade_id = str(self.trades)
        self.say(Filled(order_id=order_id, trade_id=trade_id, price=Decimal(price), size=amount))

    def tick(self, price: float) -> None:
        self.markets.set_quote(FQME, last=price, bid=price - 1, ask=price + 1)
        for touch in self.dark.on_ticks(FQME, [Trade(FQME, price, 1.0)]):
            algo = self.runner.on_touch(touch)
            if algo is not None:
                self.told.append(algo)
        self.run()

    def wait(self, seconds: float) -> None:
        self.markets.now += round(seconds * 1e9)
        self.wall_ns += round(seconds * 1e9)
        self.runner.on_time()
        self.run()

    def pause(self) -> None:
        self.runner.set_status(PauseAlgo(algo_id=A))
        self.run()

    def resume(self) -> None:
        self.runner.set_status(ResumeAlgo(algo_id=A))
        self.run()

    def amend(self, **terms: Any) -> CommandRefused | None:
        """Change some of its terms; why not, if they were refused."""
        wanted = msgspec.structs.replace(self.algo.terms, **terms)
        result = self.runner.amend(AmendAlgo(algo_id=A, terms=wanted))
        self.run()
        return result if isinstance(result, CommandRefused) else None

    def cancel(self) -> None:
        self.runner.cancel(A)
        self.run()

    def child(self, name: str) -> Order:
        return self.orders[f"{A}.{name}"]

    def working(self) -> list[tuple[str, Any, Any]]:
        """(name, price or stop, size left) of what works."""
        return [
            (order.order_id.removeprefix(f"{A}."), order.price or order.stop_price, order.remaining)
            for order in self.orders.values()
            if order.is_working
        ]


def lost(order_id: str) -> Lost:
    return Lost(order_id=order_id, reason="no answer")


def rejected(order_id: str, reason: str = "no") -> Rejected:
    return Rejected(order_id=order_id, reason=reason)


def refusal(order_id: str, request: Literal["amend", "cancel"]) -> RequestRefused:
    return RequestRefused(order_id=order_id, request=request, reason="no")
