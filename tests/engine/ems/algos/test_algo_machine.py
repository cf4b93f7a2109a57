"""Every algo under any order of events: duplicate, late and lost answers, fills in parts, ticks,
pauses, restarts. No order of it outlives it, and nothing is sent twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from engine.broker import Capabilities
from engine.errors import BadTransition
from engine.messages import (
    Accepted,
    Algo,
    AlgoTerms,
    Amended,
    BracketTerms,
    Canceled,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OrderEvent,
    OrderState,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)
from tests.support.algos import SIMPLE, Bench, lost, refusal, rejected

D = Decimal

TERMS: list[AlgoTerms] = [
    BracketTerms(
        side="buy",
        size=D(4),
        price=D(100),
        stop_price=D(95),
        targets=((D(105), D(1)), (D(110), D(3))),
    ),
    BracketTerms(side="sell", size=D(2), stop_price=D(105), targets=((D(95), D(2)),)),
    OcoTerms(side="sell", size=D(3), price=D(105), stop_price=D(95)),
    OtoTerms(side="buy", size=D(3), price=D(99), then_side="sell", then_price=D(104)),
    IcebergTerms(side="buy", size=D(5), price=D(99), shown=D(2)),
    ScaleTerms(side="sell", size=D(6), count=3, first_price=D(101), last_price=D(105)),
    TwapTerms(side="buy", size=D(5), count=3, interval_s=2.0, price=D(101)),
    ChaseTerms(side="buy", size=D(3), limit_price=D(103), every_s=0.5, most_moves=5),
]

ENTRIES = ("entry-", "part-", "order-", "first-", "1-", "2-", "3-", "limit-", "stop-", "out-")
EXITS = ("target", "stop1-", "stop2-", "out-")


class AlgoMachine(RuleBasedStateMachine):
    """A venue that tells the truth, in parts, twice, late or never."""

    capabilities: ClassVar[Capabilities] = SIMPLE

    def __init__(self) -> None:
        super().__init__()
        self.bench: Bench

    @initialize(terms=st.sampled_from(TERMS), finishes=st.booleans(), depth=st.integers(0, 3))
    def begin(self, terms: AlgoTerms, finishes: bool, depth: int) -> None:
        self.finishes = finishes
        if isinstance(terms, ChaseTerms) and not self.capabilities.can_amend:
            terms = TERMS[0]  # a chase is refused there
        # Without links: with them the venue would have to keep to its own.
        self.bench = Bench(terms, self.capabilities)
        self.terms = terms
        self.said: list[OrderEvent] = []
        self.go_to(depth)

    def go_to(self, depth: int) -> None:
        """Begin with an algo that works, has entered, or is at its stop: chance alone hardly ever
        comes there."""
        if depth:
            self.settle()
        if depth > 1 and isinstance(self.terms, BracketTerms | OtoTerms):
            self.bench.fill(next(iter(self.bench.orders)))
            self.settle()
        if depth > 2:
            is_short = isinstance(self.terms, BracketTerms) and self.terms.side == "sell"
            self.bench.tick(106 if is_short else 94)

    def names(self, *states: OrderState) -> list[str]:
        return [i for i, order in self.bench.orders.items() if not states or order.state in states]

    @precondition(lambda self: self.bench.answers)
    @rule()
    def answer_one(self) -> None:
        self.say(self.bench.answers.pop(0))

    @precondition(lambda self: self.bench.answers)
    @rule()
    def answer_all(self) -> None:
        while self.bench.answers:
            self.say(self.bench.answers.pop(0))

    @precondition(lambda self: self.bench.answers)
    @rule()
    def lose_one(self) -> None:
        if self.bench.answers:
            event = self.bench.answers.pop(0)
            order = self.bench.orders[event.order_id]
            if order.is_working:
                self.say(lost(event.order_id))
                # The venue did what it was asked for: it is found out later.
                self.bench.answers.append(event)

    @precondition(lambda self: self.bench.answers)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        asked = [e for e in self.bench.answers if isinstance(e, Canceled | Amended)]
        if asked:
            event = data.draw(st.sampled_from(asked))
            if self.bench.orders[event.order_id].is_working:
                self.bench.answers.remove(event)
                request: Literal["amend", "cancel"] = (
                    "cancel" if isinstance(event, Canceled) else "amend"
                )
                self.say(refusal(event.order_id, request))

    @rule(by=st.integers(-2, 2))
    def amend(self, by: int) -> None:
        moved = moved_by(self.terms, D(by))
        if moved is not None:
            self.bench.amend(**moved)

    @precondition(lambda self: self.bench.answers)
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        new = [e for e in self.bench.answers if isinstance(e, Accepted)]
        states = (OrderState.PENDING, OrderState.UNKNOWN)
        new = [e for e in new if self.bench.orders[e.order_id].state in states]
        if (
            new
            and data.draw(st.integers(0, 2)) == 0
            and not any(self.bench.orders[e.order_id].filled for e in new)
        ):
            event = data.draw(st.sampled_from(new))
            kept = [e for e in self.bench.answers if e.order_id != event.order_id]
            self.bench.answers[:] = kept
            self.say(rejected(event.order_id))

    @precondition(lambda self: self.bench.working())
    @rule(data=st.data(), share=st.sampled_from(["0.3", "0.5", "1"]))
    def fill(self, data: st.DataObject, share: str) -> None:
        working = [i for i, order in self.bench.orders.items() if order.is_working]
        if working:
            order = self.bench.orders[data.draw(st.sampled_from(working))]
            size = (order.remaining * D(share)).quantize(D("0.001"))
            if size > 0:
                self.bench.fill(order.order_id, str(size))

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.say(data.draw(st.sampled_from(self.said)), is_repeat=True)

    @rule(price=st.sampled_from([94, 100, 106]))
    def tick(self, price: int) -> None:
        self.bench.tick(price)

    @rule(seconds=st.sampled_from([0.1, 0.6, 2.5]))
    def wait(self, seconds: float) -> None:
        self.bench.wait(seconds)

    @precondition(lambda self: self.bench.algo.status == "running")
    @rule()
    def pause(self) -> None:
        self.bench.pause()

    @precondition(lambda self: self.bench.algo.status == "paused")
    @rule()
    def resume(self) -> None:
        self.bench.resume()

    @rule()
    def restart(self) -> None:
        before = len(self.bench.did)
        self.bench.restart()
        new = self.bench.did[before:]
        assert not [a for a in new if type(a).__name__ == "Submit"], "a restart sent an order"

    @rule()
    def look_again(self) -> None:
        before = len(self.bench.did)
        self.bench.runner.on_log_in("main")
        self.bench.run()
        assert self.bench.did[before:] == [], "a second look asked for more"

    @precondition(lambda self: len(self.bench.did) > 6 and not self.bench.algo.is_ended)
    @rule()
    def cancel(self) -> None:
        self.bench.cancel()

    def say(self, event: OrderEvent, *, is_repeat: bool = False) -> None:
        """Tell it, unless it contradicts what was told: the desk ignores that."""
        order = self.bench.orders[event.order_id]
        if is_repeat and order.state is OrderState.UNKNOWN:
            return  # an old answer is no evidence, and no venue gives it
        try:
            self.bench.say(event)
        except BadTransition:
            return
        if not is_repeat:
            self.said.append(event)

    @invariant()
    def nothing_outlives_it(self) -> None:
        algo: Algo = self.bench.algo
        if algo.is_ended:
            stray = [order for order in self.bench.orders.values() if order.is_working]
            assert all(order.awaiting == "cancel" or self.asked_again(order) for order in stray)
            assert len(self.bench.dark) == 0

    def asked_again(self, order: object) -> bool:
        """A late answer brought it back; its cancel is asked for, and again after a while."""
        return self.bench.runner.needs_time

    @invariant()
    def no_more_is_sent_than_was_wanted(self) -> None:
        def could(begins: tuple[str, ...]) -> Decimal:
            return sum(
                (
                    order.filled + (order.remaining if order.is_working else 0)
                    for order_id, order in self.bench.orders.items()
                    if order_id.removeprefix("A.").startswith(begins)
                ),
                D(0),
            )

        terms = self.terms
        if isinstance(terms, BracketTerms):
            assert could(("entry-",)) <= terms.size
            entered = sum(
                (o.filled for i, o in self.bench.orders.items() if i.startswith("A.entry-")), D(0)
            )
            assert could(EXITS) <= entered, "more leaves than was entered"
        elif isinstance(terms, OtoTerms):
            assert could(("first-",)) <= terms.size
            assert could(("then-",)) <= terms.size
        else:
            assert could(ENTRIES) <= terms.size

    def teardown(self) -> None:
        """Once it is canceled and the venue answers, all of it is over; or once it goes on, and
        the market trades with it, it has traded all that it was set to."""
        if not hasattr(self, "bench"):
            return
        if self.finishes:
            self.finish()
        elif not self.bench.algo.is_ended:
            self.bench.cancel()
        for _ in range(20):
            self.settle()
            self.bench.wait(60)
        assert self.bench.algo.is_ended
        assert self.bench.working() == []

    def settle(self) -> None:
        """The venue answers everything, and says what it has of what nobody knows."""
        self.bench.answers = [
            e for e in self.bench.answers if self.bench.orders[e.order_id].is_working
        ]
        while self.bench.answers:
            self.say(self.bench.answers.pop(0))
        for order in list(self.bench.orders.values()):
            if order.state is OrderState.UNKNOWN:
                self.say(Accepted(order_id=order.order_id))

    def finish(self) -> None:
        self.bench.resume()
        self.bench.tick(100)
        self.trade_all()
        terms = self.bench.algo.terms
        if isinstance(terms, BracketTerms) and not self.bench.algo.is_ended:
            # A target was refused: what it would have left is left at the stop.
            self.bench.tick(float(terms.stop_price))
            self.trade_all()
        algo = self.bench.algo
        if algo.status == "done" and isinstance(self.terms, WHOLE):
            assert algo.filled == self.terms.size

    def trade_all(self) -> None:
        for _ in range(30):
            self.settle()
            for order in list(self.bench.orders.values()):
                if self.bench.orders[order.order_id].is_working:
                    self.bench.fill(order.order_id)
            self.bench.wait(1)


WHOLE = (OcoTerms, OtoTerms, IcebergTerms, ScaleTerms, ChaseTerms)
"""Those that trade all of their size or fail; a bracket may be stopped, a TWAP run out of time."""


class PlainAlgoMachine(AlgoMachine):
    """The same at a venue that amends nothing: what is to be elsewhere is replaced."""

    capabilities: ClassVar[Capabilities] = replace(SIMPLE, can_amend=False)


def moved_by(terms: AlgoTerms, by: Decimal) -> dict[str, Any] | None:
    """The prices of these terms, moved together; None where they stay."""
    match terms:
        case BracketTerms(targets=targets):
            moved = {"targets": tuple((price + by, size) for price, size in targets)}
            return {**moved, "stop_price": terms.stop_price + by}
        case OcoTerms():
            return {"price": terms.price + by, "stop_price": terms.stop_price + by}
        case OtoTerms():
            return {"price": terms.price + by, "then_price": terms.then_price + by}
        case IcebergTerms() | TwapTerms():
            return {"price": None if terms.price is None else terms.price + by}
        case ChaseTerms():
            return {"limit_price": terms.limit_price + by}
    return None


for machine in (AlgoMachine, PlainAlgoMachine):
    machine.TestCase.settings = settings(
        max_examples=200, stateful_step_count=50, deadline=None, derandomize=True
    )
TestAmending = AlgoMachine.TestCase
TestReplacing = PlainAlgoMachine.TestCase
