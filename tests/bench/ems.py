"""What durability costs: `python tests/bench/ems.py [DIRECTORY]`; lines of `name value unit`.

Ratios are to one bare append of as many bytes with fsync, to a file in the same directory, in the
same run: appends and orders take turns, so that what else runs on the machine meets both. The
last lines are those of `tests/bench/dark.py`: ticks against resting triggers.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from pathlib import Path

import trio

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.broker import Broker
from engine.clock import SystemClock, monotonic_s
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.disk_journal import DiskJournal, open_journal, row_of
from engine.ems.journal import InstrumentKept, Intent, Record
from engine.ems.orders import new_order
from engine.ems.replay import replay
from engine.ems.risk import RiskLimits
from engine.ems.router import Router
from engine.instruments import Instrument
from engine.messages import Accepted, Cancel, Event, Filled, Order, Side, Submit
from engine.services import open_services
from tests.bench import dark
from tests.support.venue import FQME, INSTRUMENT, ScriptedMarkets, ScriptedVenue

ROUNDS = 40
ORDERS = 25
"""Orders of a round, after as many bare appends."""

RESTING = 20
"""Orders that work while others are timed."""

BURST, COMMANDS = 2_000, 20
"""Orders that come at once, so many commands at a time."""

EVENTS = 1_000_000

Use = Callable[[Router, "TimedVenue"], Awaitable[None]]


def say(name: str, value: float, unit: str) -> None:
    print(f"{name} {value:.4g} {unit}", flush=True)


class TimedVenue(ScriptedVenue):
    """Notes when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.called: dict[str, float] = {}

    async def submit(self, order: Order, instrument: Instrument) -> None:
        self.called[order.order_id] = monotonic_s()
        await super().submit(order, instrument)


class BareFile:
    """Appends that are synced, and how long each took."""

    def __init__(self, path: Path, size: int) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._block = os.urandom(size)
        self.taken: list[float] = []

    def append(self) -> None:
        began = monotonic_s()
        os.write(self._handle, self._block)
        os.fsync(self._handle)
        self.taken.append(monotonic_s() - began)

    def close(self) -> None:
        os.close(self._handle)


def intent(number: int, side: Side = "buy") -> Submit:
    return Submit(
        order_id=f"order-{number:08}",
        account="main",
        fqme=FQME,
        side=side,
        order_type="limit",
        size=Decimal("0.1"),
        price=Decimal("99.5"),
    )


async def with_router(journal: DiskJournal, use: Use) -> None:
    venue, clock = TimedVenue(), SystemClock()
    markets = ScriptedMarkets()
    markets.now = venue.now = clock.now_ns()
    markets.set_quote()

    async def get_broker(name: str) -> Broker:
        return venue

    async def until_lost(broker: Broker) -> str:
        await trio.sleep_forever()
        return ""

    def publish(event: Event) -> None:
        pass

    async with open_services(clock) as services:
        router = Router(
            journal=journal,
            clock=clock,
            publish=publish,
            markets=markets,
            accounts=[Account(name="main", broker="test", limits=RiskLimits())],
            get_broker=get_broker,
            until_lost=until_lost,
        )
        await services.start("router", router.run, critical=True)
        router.handle(intent(0))
        await router.wait_idle()
        await use(router, venue)


def one_by_one(bare: BareFile, taken: list[float]) -> Use:
    """Orders that nobody hurries: each is called for before the next one comes."""

    async def use(router: Router, venue: TimedVenue) -> None:
        number = 1
        for _ in range(ROUNDS):
            for _ in range(ORDERS):
                bare.append()
            for _ in range(ORDERS):
                began = monotonic_s()
                submit = intent(number)
                router.handle(submit)
                await router.wait_idle()
                taken.append(venue.called[submit.order_id] - began)
                if number > RESTING:
                    router.handle(Cancel(order_id=f"order-{number - RESTING:08}"))
                    await router.wait_idle()
                number += 1

    return use


def all_at_once(taken: list[float]) -> Use:
    async def use(router: Router, venue: TimedVenue) -> None:
        began = monotonic_s()
        for first in range(0, BURST, COMMANDS):
            for number in range(first, first + COMMANDS):
                router.handle(intent(1_000_000 + number))
            await trio.lowlevel.checkpoint()
        await router.wait_idle()
        taken.append(monotonic_s() - began)

    return use


def million() -> Iterable[Record]:
    """Orders that are acknowledged and filled in two parts, with the fees of a venue."""
    yield Record(0, InstrumentKept(instrument=INSTRUMENT))
    for number in range(EVENTS // 4):
        order = new_order(intent(number, "buy" if number % 2 else "sell"), number)
        yield Record(number, Intent(order=order))
        yield Record(number, Accepted(order_id=order.order_id))
        for part in ("a", "b"):
            filled = Filled(
                order_id=order.order_id,
                trade_id=f"{number}{part}",
                price=Decimal("99.5"),
                size=order.size / 2,
                fee=Decimal("0.01"),
                fee_asset="usdt",
            )
            yield Record(number, filled)


async def write_million(journal: DiskJournal) -> None:
    batch: list[Record] = []
    for record in million():
        batch.append(record)
        if len(batch) == 10_000:
            await journal.append(batch)
            batch = []
    await journal.append(batch)


async def time_orders(directory: Path) -> None:
    """From a command to the call of the broker, with the intent on the disk between them."""
    record = Record(0, Intent(order=new_order(intent(0), 0)))
    bare = BareFile(directory / "bare", len(row_of(record)[3]))
    taken: list[float] = []
    burst: list[float] = []
    async with open_journal(directory / "orders.db") as journal:
        await with_router(journal, one_by_one(bare, taken))
    async with open_journal(directory / "burst.db") as journal:
        await with_router(journal, all_at_once(burst))
        commits = journal.commits
    bare.close()
    floor, p99 = statistics.median(bare.taken), statistics.quantiles(taken, n=100)[98]
    say("fsync_append_median", floor * 1e6, "us")
    say("fsync_append_p99", statistics.quantiles(bare.taken, n=100)[98] * 1e6, "us")
    say("submit_to_call_median", statistics.median(taken) * 1e6, "us")
    say("submit_to_call_p99", p99 * 1e6, "us")
    say("submit_to_call_median_over_fsync", statistics.median(taken) / floor, "ratio")
    say("submit_to_call_p99_over_fsync", p99 / floor, "ratio")
    say("orders_per_second_group_commit", BURST / burst[0], "1/s")
    say("orders_per_commit", BURST / commits, "orders")


async def time_replay(directory: Path) -> None:
    path = directory / "million.db"
    async with open_journal(path) as journal:
        await write_million(journal)
    say("journal_of_million_size", path.stat().st_size / 2**20, "MiB")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = monotonic_s()
    async with open_journal(path) as journal:
        say("open_and_check_million", monotonic_s() - began, "s")
        began = monotonic_s()
        replayed = await replay(journal, Blotter())
        say("replay_events", replayed.records, "events")
        say("replay_seconds", monotonic_s() - began, "s")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    say("replay_memory_added", (after - before) / 1024, "MiB")


async def main(directory: Path) -> None:
    await time_orders(directory)
    await time_replay(directory)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        trio.run(main, Path(place))
    dark.main()
