"""A router that is killed, disconnected and lied to, held against what its venue knows.

Nothing is lost, nothing is doubled, nothing is guessed: after any faults and any number of kills,
once the venue is well, ours is theirs, down to each order and each fill; nothing was sent twice;
and at no moment could more trade than was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.clock import TrioClock
from engine.ems.blotter import Blotter
from engine.ems.journal import MemoryJournal, Record
from engine.ems.replay import replay
from engine.ems.risk import exposure
from engine.messages import (
    AlgoTerms,
    Amend,
    AmendAlgo,
    Ask,
    Bid,
    BracketTerms,
    Break,
    Cancel,
    CancelAlgo,
    CancelAll,
    ChaseTerms,
    Flatten,
    IcebergTerms,
    OcoTerms,
    Order,
    OrderState,
    OtoTerms,
    PauseAlgo,
    ResumeAlgo,
    ScaleTerms,
    Submit,
    SubmitAlgo,
    Trade,
    Triggered,
    TwapTerms,
)
from tests.support.histories import histories
from tests.support.true_venue import PROVEN, Life, TrueVenue, open_life
from tests.support.venue import FQME, START_NS

D = Decimal
NOUGHT = D(0)

NUMBERS = st.integers(0, 3)
PRICES = st.integers(90, 110).map(D)
SIZES = st.sampled_from([D("0.5"), D(1), D(3)])
SIDES = st.sampled_from(["buy", "sell"])
KINDS = st.sampled_from(["limit", "limit", "market", "dark"])
REQUESTS = st.sampled_from(["submit", "amend", "cancel"])
FAULTS = st.sampled_from(["before", "after", "refuse", "mute", "slow"])


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

SHAPES: dict[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = {
    "submit": (6, (SIDES, SIZES, PRICES, KINDS)),
    "fill": (4, (NUMBERS, st.sampled_from([D("0.25"), D(1)]))),
    "wait": (6, (st.sampled_from([0.0, 0.0, 0.3, 5.0, 100.0]),)),
    "amend": (2, (NUMBERS, st.none() | SIZES, st.none() | PRICES)),
    "cancel": (2, (NUMBERS,)),
    "fault": (3, (REQUESTS, FAULTS)),
    "prompt": (2, (st.booleans(),)),
    "deliver": (2, (NUMBERS, st.integers(1, 2))),
    "trade": (2, (PRICES,)),
    "submit again": (1, (NUMBERS,)),
    "cancel all": (1, ()),
    "flatten": (1, (st.sampled_from(["x1", "x2"]),)),
    "end": (1, (NUMBERS,)),
    "elsewhere": (1, (SIDES,)),
    "again": (1, (NUMBERS,)),
    "algo": (2, (st.sampled_from(TERMS),)),
    "change algo": (2, (st.sampled_from(["pause", "resume", "cancel", "amend"]), NUMBERS)),
    "lie": (1, ()),
    "slow answers": (1, (st.sampled_from([0.0, 0.25]),)),
    "lose": (1, ()),
    "kill": (1, (st.integers(0, 12),)),
}
"""What can happen: how often beside the others, and with what."""

HELD_ONES = {
    **{name: SHAPES[name] for name in ("fill", "fault", "submit again", "slow answers")},
    "lose": (2, ()),
    "submit": (6, (SIDES, SIZES, PRICES, st.just("dark"))),
    "trade": (6, (PRICES,)),
    "quote": (1, (PRICES, st.integers(-1, 1))),
    "break": (1, (st.sampled_from(["gap", "stale", "halt", "resume"]),)),
    "amend": (3, (NUMBERS, st.none() | SIZES, PRICES)),
    "cancel": (2, (NUMBERS,)),
    "wait": (4, (st.sampled_from([0.0, 0.0, 0.3]),)),
    "kill": (2, (st.integers(0, 12),)),
}
"""The same for orders that are held here."""


def steps(
    shapes: dict[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]],
) -> st.SearchStrategy[tuple[Any, ...]]:
    names = [name for name, (weight, _) in shapes.items() for _ in range(weight)]
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), *shapes[name][1]))


class Story:
    """What happens to one account over several lives of its router."""

    def __init__(self, clock: TrioClock, *, links: bool, lags: bool) -> None:
        self.clock = clock
        capabilities = replace(PROVEN, can_link=links, settle_s=1.0 if lags else 0.0)
        self.venue = TrueVenue(clock, capabilities, lag_s=0.9 if lags else 0.0)
        self.records: list[Record] = []
        self.last = 100.0
        self.intents: list[Submit] = []
        self.algos: list[AlgoTerms] = []
        self.foreign = 0
        self.is_lied_to = False

    def newest(self, number: int) -> str:
        """The id of one of the orders that were asked for last."""
        return self.intents[-1 - number % len(self.intents)].order_id

    async def live(self, steps: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """One life, until it is killed; what is left to happen after it."""
        async with open_life(self.venue, self.records, self.clock, self.last) as life:
            await trio.testing.wait_all_tasks_blocked()
            while steps:
                step, *steps = steps
                if step[0] == "kill":
                    for _ in range(step[1]):
                        await trio.lowlevel.checkpoint()
                    break
                await self.take(life, step)
                if step[0] == "wait":
                    await trio.testing.wait_all_tasks_blocked()
                    self.check_now(life)
            # Nothing of it runs any more: what it has written is all that is left.
            self.records = list(life.journal.records())
        return steps

    async def take(self, life: Life, step: tuple[Any, ...]) -> None:
        venue, router = self.venue, life.router
        match step:
            case ("submit", side, size, price, kind):
                self.intents.append(intent(f"o{len(self.intents)}", side, size, price, kind))
                router.handle(self.intents[-1])
            case ("submit again", number) if self.intents:
                router.handle(self.intents[number % len(self.intents)])
            case ("amend", number, size, price) if self.intents:
                order_id = self.newest(number)
                router.handle(Amend(order_id=order_id, size=size, price=price))
            case ("cancel", number) if self.intents:
                router.handle(Cancel(order_id=self.newest(number)))
            case ("cancel all",):
                router.handle(CancelAll())
            case ("flatten", order_id):
                router.handle(Flatten(order_id=order_id, fqme=FQME, account="main"))
            case ("trade", price):
                self.last = float(price)
                life.markets.set_quote(bid=self.last - 1, ask=self.last + 1, last=self.last)
                life.tick(Trade(FQME, self.last, 1.0))
            case ("fill", number, share) if venue.working():
                order = venue.working()[number % len(venue.working())]
                size = (order.remaining * share).quantize(D("0.0001"))
                venue.trade(order.order_id, size or order.remaining)
            case ("end", number) if venue.working():
                venue.end(venue.working()[number % len(venue.working())].order_id)
            case ("elsewhere", side):
                self.foreign += 1
                order = intent(f"theirs{self.foreign}", side, D(1), D(100), "limit")
                fields = {name: getattr(order, name) for name in SHARED}
                now_ns = self.clock.now_ns()
                made = Order(**fields, created_ns=now_ns, updated_ns=now_ns)
                # Nobody asks for it by itself: it is found where something else is in doubt.
                venue.place(made, is_listed=True)
            case ("quote", price, spread):
                bid, ask = float(price), float(price) + spread
                life.tick(Bid(FQME, bid, 1.0), Ask(FQME, ask, 1.0))
            case ("break", reason):
                life.tick(Break(FQME, reason))
            case ("algo", terms):
                self.algos.append(terms)
                algo_id = f"a{len(self.algos)}"
                router.handle(SubmitAlgo(algo_id=algo_id, account="main", fqme=FQME, terms=terms))
            case ("change algo", change, number) if self.algos:
                self.change_algo(life, change, number % len(self.algos))
            case ("fault", request, fault):
                venue.faults[request].append(fault)
            case ("prompt", is_prompt):
                venue.is_prompt = is_prompt
            case ("deliver", number, times) if venue.pending:
                venue.deliver(number, times)
            case ("again", number) if venue.delivered:
                venue.tell(venue.delivered[number % len(venue.delivered)])
            case ("lie",):
                # What it promised is no proof any more: only in the end everything must be right.
                venue.lies = self.is_lied_to = True
            case ("slow answers", seconds):
                venue.answer_s = seconds
            case ("lose",):
                venue.lose()
            case ("wait", seconds):
                await trio.sleep(seconds)

    def change_algo(self, life: Life, change: str, index: int) -> None:
        algo_id, terms = f"a{index + 1}", self.algos[index]
        if change == "amend":
            better = amended(terms)
            life.router.handle(AmendAlgo(algo_id=algo_id, terms=better))
        else:
            command = {"pause": PauseAlgo, "resume": ResumeAlgo, "cancel": CancelAlgo}[change]
            life.router.handle(command(algo_id=algo_id))

    def check_now(self, life: Life) -> None:
        if not self.is_lied_to:
            self.check_exposure(life)
            self.check_algos()

    def check_algos(self) -> None:
        """Whatever trades next, no algo trades more than it was set to, and no exit more than was
        entered: of the venue's orders, where linked ones cannot both trade."""
        for number, terms in enumerate(self.algos, start=1):
            of_it = {
                order_id.removeprefix(f"a{number}."): order
                for order_id, order in self.venue.orders.items()
                if order_id.startswith(f"a{number}.")
            }
            roles = (*FIRST, "out-") if isinstance(terms, OcoTerms) else FIRST
            first = {name: one for name, one in of_it.items() if name.startswith(roles)}
            then = [one for name, one in of_it.items() if name not in first]
            assert could_trade(first.values()) <= terms.size, (terms, of_it)
            entered = sum((one.filled for one in first.values()), NOUGHT)
            assert could_trade(then) <= entered, (terms, of_it)

    async def end_algos(self, life: Life) -> None:
        """Whatever runs is canceled: nothing of it is left anywhere."""
        for algo in life.router._desk.algos.algos():
            if not algo.is_ended:
                life.router.handle(CancelAlgo(algo_id=algo.algo_id))
        await trio.sleep(200)
        await life.router.wait_idle()
        algos = life.router._desk.algos.algos()
        assert {algo.status for algo in algos} <= {"done", "canceled", "failed"}
        assert [order for order in self.venue.working() if order.parent_id] == []

    def check_exposure(self, life: Life) -> None:
        """However wrong things go from here, no more can trade than is counted."""
        blotter, venue = life.router.blotter, self.venue
        held = blotter.position("main", FQME)
        known = {key.trade_id for key in blotter.fills}
        for side, sign in (("buy", 1), ("sell", -1)):
            counted = exposure(held, blotter.working(account="main"), side, fqme=FQME)
            counted += sum(
                (
                    fill.size * sign
                    for fill in venue.made
                    if fill.trade_id not in known
                    and fill.side == side
                    and not is_counted(blotter, fill.order_id)
                ),
                NOUGHT,
            )
            true = venue.position() + sum(
                (
                    order.remaining * sign
                    for order in venue.working()
                    if order.side == side and order.order_id in blotter.orders
                ),
                NOUGHT,
            )
            others = sum(
                (
                    fill.size if fill.side == "buy" else -fill.size
                    for fill in venue.made
                    if fill.trade_id not in known and fill.side != side
                ),
                NOUGHT,
            )
            assert (counted + others) * sign >= true * sign, (side, counted, true)

    def check(self, life: Life) -> None:
        """Ours is theirs."""
        blotter, venue = life.router.blotter, self.venue
        assert all(count == 1 for count in venue.sent.values()), "sent twice"
        assert {key.trade_id for key in blotter.fills} == {fill.trade_id for fill in venue.made}
        assert blotter.position("main", FQME).size == venue.position()
        for order_id, theirs in venue.orders.items():
            mine = blotter.orders.get(order_id)
            if mine is None:
                # Made elsewhere, and ended before anyone asked: there is nothing to know of it.
                assert order_id.startswith("theirs")
                assert (theirs.is_working, theirs.filled) == (False, 0)
                continue
            assert mine.filled == theirs.filled
            assert mine.is_working == theirs.is_working, (mine, theirs)
            if theirs.is_working:
                assert (mine.price, mine.size, mine.awaiting) == (theirs.price, theirs.size, "")
                assert mine.is_external == order_id.startswith("theirs")
        for order_id, mine in blotter.orders.items():
            assert order_id in venue.orders or mine.state in NEVER_THERE, mine
            assert (mine.state is OrderState.DARK) == (order_id in self.held(life))
        triggered = Counter(
            record.entry.order_id for record in self.records if isinstance(record.entry, Triggered)
        )
        assert all(count == 1 for count in triggered.values())

    @staticmethod
    def held(life: Life) -> set[str]:
        dark = life.router._dark
        return {order_id for order_id in life.router.blotter.orders if order_id in dark}


NEVER_THERE = (
    OrderState.DARK,
    OrderState.DENIED,
    OrderState.CANCELED,
    OrderState.REJECTED,
)
SHARED = ("order_id", "account", "fqme", "side", "order_type", "size", "price")


def intent(order_id: str, side: Any, size: Decimal, price: Decimal, kind: str) -> Submit:
    fields: dict[str, Any] = {"order_type": "limit", "price": price}
    if kind == "dark":
        fields = {"order_type": "limit", "route": "dark", "trigger_price": price}
    elif kind == "market":
        fields = {"order_type": "market"}
    return Submit(order_id=order_id, account="main", fqme=FQME, side=side, size=size, **fields)


FIRST = ("entry-", "first-", "part-", "order-", "1-", "2-", "3-", "limit-", "stop-")
"""Orders that trade what an algo was set to; those of other roles leave what these entered. The
market order of an OCO stands for its stop, and counts as one of these."""


def could_trade(orders: Iterable[Order]) -> Decimal:
    """What has traded, and what may: of linked orders only the largest."""
    most: dict[str, Decimal] = {}
    total = NOUGHT
    for order in orders:
        total += order.filled
        if order.is_working and order.link_group:
            most[order.link_group] = max(most.get(order.link_group, NOUGHT), order.remaining)
        elif order.is_working:
            total += order.remaining
    return total + sum(most.values(), NOUGHT)


def amended(terms: AlgoTerms) -> AlgoTerms:
    """The same algo at other prices."""
    match terms:
        case BracketTerms(side="buy"):
            return replace(terms, stop_price=D(96), targets=((D(106), D(1)), (D(111), D(3))))
        case BracketTerms():
            return replace(terms, stop_price=D(104))
        case OcoTerms():
            return replace(terms, stop_price=D(96), price=D(106))
        case OtoTerms() | IcebergTerms() | TwapTerms():
            return replace(terms, price=D(98))
        case ChaseTerms():
            return replace(terms, limit_price=D(102))
    return terms


def is_counted(blotter: Blotter, order_id: str) -> bool:
    """What is still to be heard of the order is counted as what it may trade."""
    order = blotter.orders.get(order_id)
    return order is not None and order.is_working


async def replayed(records: list[Record]) -> Blotter:
    journal, blotter = MemoryJournal(), Blotter()
    await journal.append(records)
    found = await replay(journal, blotter)
    assert found.problems == []
    return blotter


@settings(max_examples=200, deadline=None)
@given(histories(steps(SHAPES), 40), st.booleans(), st.booleans())
def test_ours_is_theirs_after_any_faults_and_kills(
    story_of: list[tuple[Any, ...]], links: bool, lags: bool
) -> None:
    async def run() -> None:
        story = Story(TrioClock(START_NS), links=links, lags=lags)
        left = list(story_of)
        while left:
            left = await story.live(left)
        story.venue.well()
        async with open_life(story.venue, story.records, story.clock, story.last) as life:
            # Longer than any doubt is asked about without an answer.
            await trio.sleep(200)
            await life.router.wait_idle()
            story.check_now(life)
            await story.end_algos(life)
            story.records = list(life.journal.records())
            story.check(life)
            again = await replayed(story.records)
            assert dict(again.orders) == dict(life.router.blotter.orders)
            assert dict(again.fills) == dict(life.router.blotter.fills)
            assert dict(again.positions) == dict(life.router.blotter.positions)

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))


@settings(max_examples=200, deadline=None)
@given(histories(steps(HELD_ONES), 40), st.booleans())
def test_what_is_held_is_sent_once_when_it_is_touched_and_not_before(
    story_of: list[tuple[Any, ...]], lags: bool
) -> None:
    """Also where it is touched, amended and canceled in one moment, or the engine is killed
    between the touch and the call; and what was never touched is still there to be."""

    async def run() -> None:
        story = Story(TrioClock(START_NS), links=False, lags=lags)
        left = list(story_of)
        while left:
            left = await story.live(left)
        story.venue.well()
        async with open_life(story.venue, story.records, story.clock, story.last) as life:
            await trio.sleep(200)
            await life.router.wait_idle()
            held = {i for i, one in life.router.blotter.orders.items() if one.state == "dark"}
            before = set(story.venue.sent)
            for reason in ("stale", "gap"):
                life.tick(Break(FQME, reason))
            for price in (140.0, 60.0):
                life.markets.set_quote(bid=price - 1, ask=price + 1, last=price)
                life.tick(Trade(FQME, price, 1.0))
                await trio.sleep(1)
            await life.router.wait_idle()
            assert set(story.venue.sent) - before == held
            story.records = list(life.journal.records())
            story.check(life)
            triggered = {
                record.entry.order_id
                for record in story.records
                if isinstance(record.entry, Triggered)
            }
            assert set(story.venue.sent) <= triggered

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
