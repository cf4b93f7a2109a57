"""What durability costs: `python tests/bench/ems.py [DIRECTORY]`; lines of `name value unit`.

Ratios are to one bare append of as many bytes with fsync, to a file in the same directory, in the
same run. Ticks against resting triggers are in `tests/bench/dark.py`.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import trio

from engine.broker import Broker
from engine.clock import SystemClock, monotonic_s
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.disk_journal import DiskJournal, open_journal, row_of
from engine.ems.journal import InstrumentKept, Intent, Record
from engine.ems.replay import replay
from engine.ems.risk import RiskLimits
from engine.ems.router import Router
from engine.instruments import Instrument
from engine.messages import Accepted, Event, Filled, Order, Submit
from engine.services import open_services
from tests.support.venue import FQME, INSTRUMENT, ScriptedMarkets, ScriptedVenue

ORDERS = 500
EVENTS = 1_000_000


def say(name: str, value: float, unit: str) -> None:
    print(f"{name} {value:.4g} {unit}", flush=True)


def bare_appends(path: Path, size: int) -> list[float]:
    """Seconds of each append of `size` bytes that is synced."""
    block, taken = os.urandom(size), []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(ORDERS):
        began = monotonic_s()
        os.write(handle, block)
        os.fsync(handle)
        taken.append(monotonic_s() - began)
    os.close(handle)
    return taken


class TimedVenue(ScriptedVenue):
    """Notes when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.called: dict[str, float] = {}

    async def submit(self, order: Order, instrument: Instrument) -> None:
        self.called[order.order_id] = monotonic_s()
        await super().submit(order, instrument)


def intent(number: int) -> Submit:
    return Submit(
        order_id=f"order-{number:08}",
        account="main",
        fqme=FQME,
        side="buy",
        order_type="limit",
        size=Decimal("0.1"),
        price=Decimal("99.5"),
    )


async def with_router(journal: DiskJournal, use: Callable[[Router, TimedVenue], object]) -> None:
    venue, clock = TimedVenue(), SystemClock()
    markets = ScriptedMarkets()
    markets.now = venue.now = clock.now_ns()
    markets.set_quote()

    async def get_broker(name: str) -> Broker:
        return venue

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
        )
        await services.start("router", router.run, critical=True)
        router.handle(intent(0))
        await router.wait_idle()
        await use(router, venue)  # type: ignore[misc]


async def one_by_one(router: Router, venue: TimedVenue) -> None:
    taken = []
    for number in range(1, ORDERS):
        began = monotonic_s()
        router.handle(intent(number))
        await router.wait_idle()
        taken.append(venue.called[f"order-{number:08}"] - began)
    _times["submit to call"] = taken


async def all_at_once(router: Router, venue: TimedVenue) -> None:
    began = monotonic_s()
    for first in range(0, 4 * ORDERS, 20):
        for number in range(first, first + 20):
            router.handle(intent(10_000 + number))
        await trio.lowlevel.checkpoint()
    await router.wait_idle()
    _times["burst"] = [monotonic_s() - began]


_times: dict[str, list[float]] = {}


def million() -> Iterable[Record]:
    """Orders that are acknowledged and filled in two parts."""
    yield Record(0, InstrumentKept(instrument=INSTRUMENT))
    for number in range(EVENTS // 4):
        submit = intent(number)
        order = Order(
            **{
                name: getattr(submit, name)
                for name in ("order_id", "account", "fqme", "side", "order_type", "size", "price")
            }
        )
        side = "buy" if number % 2 else "sell"
        order = Order(
            order_id=order.order_id,
            account="main",
            fqme=FQME,
            side=side,
            order_type="limit",
            size=order.size,
            price=order.price,
            created_ns=number,
        )
        half = order.size / 2
        yield Record(number, Intent(order=order))
        yield Record(number, Accepted(order_id=order.order_id))
        for part in ("a", "b"):
            yield Record(
                number,
                Filled(
                    order_id=order.order_id,
                    trade_id=f"{number}{part}",
                    price=Decimal("99.5"),
                    size=half,
                    fee=Decimal("0.01"),
                    fee_asset="usdt",
                ),
            )


async def write_million(journal: DiskJournal) -> None:
    batch: list[Record] = []
    for record in million():
        batch.append(record)
        if len(batch) == 10_000:
            await journal.append(batch)
            batch = []
    await journal.append(batch)


async def main(directory: Path) -> None:
    size = len(
        row_of(
            Record(
                0,
                Intent(
                    order=Order(
                        order_id="order-00000000",
                        account="main",
                        fqme=FQME,
                        side="buy",
                        order_type="limit",
                        size=Decimal("0.1"),
                    )
                ),
            )
        )[3]
    )
    bare = bare_appends(directory / "bare", size)
    async with open_journal(directory / "orders.db") as journal:
        await with_router(journal, one_by_one)
        commits = journal.commits
        await with_router(journal, all_at_once)
        commits = journal.commits - commits
    bare += bare_appends(directory / "bare", size)
    taken, floor = _times["submit to call"], statistics.median(bare)
    say("fsync_append_median", floor * 1e6, "us")
    say("submit_to_call_median", statistics.median(taken) * 1e6, "us")
    say("submit_to_call_p99", statistics.quantiles(taken, n=100)[98] * 1e6, "us")
    say("submit_to_call_median_over_fsync", statistics.median(taken) / floor, "ratio")
    say("submit_to_call_p99_over_fsync", statistics.quantiles(taken, n=100)[98] / floor, "ratio")
    say("orders_per_second_group_commit", 4 * ORDERS / _times["burst"][0], "1/s")
    say("orders_per_commit", 4 * ORDERS / max(1, commits), "orders")
    async with open_journal(directory / "million.db") as journal:
        await write_million(journal)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = monotonic_s()
        replayed = await replay(journal, Blotter())
        say("replay_events", replayed.records, "events")
        say("replay_seconds", monotonic_s() - began, "s")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        say("replay_memory_added", (after - before) / 1024, "MiB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        trio.run(main, Path(place))
