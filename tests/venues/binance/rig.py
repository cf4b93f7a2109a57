"""Binances for tests: in the test's own process, or in one of their own.

A quiet one has a ladder of orders around a price that the test chose, and nobody who trades: what
happens there is what the test makes happen.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import trio

from engine.clock import Clock, SystemClock
from tests.venues.binance import demo
from tests.venues.binance.venue import BinanceVenue
from tests.venues.exchange.control import Control

ROOT = Path(__file__).parents[3]
MIDDLES: Mapping[str, str] = {"BTCUSDT": "60000", "ETHUSDT": "3000"}


def make_venue(
    clock: Clock | None = None, *, middles: Mapping[str, str] = MIDDLES, **options: Any
) -> BinanceVenue:
    """A quiet Binance with the demo account; `options` are those of `BinanceVenue`.

    Each market of `middles` last traded there, and has twenty orders of 1 on either side, a
    hundred ticks apart.
    """
    venue = BinanceVenue(clock or SystemClock(), **{"is_quiet": True, **options})
    venue.state.open_account(demo.ACCOUNT, demo.BALANCES, demo.demo_keys())
    for symbol, middle in middles.items():
        market = venue.state.exchange.markets[symbol]
        market.print_trade(Decimal(middle), market.instrument.size_step)
        market.fill_ladder(Decimal(middle), Decimal(1), apart=100)
    return venue


@asynccontextmanager
async def open_venue(
    clock: Clock | None = None, *, middles: Mapping[str, str] = MIDDLES, **options: Any
) -> AsyncIterator[BinanceVenue]:
    """`make_venue`, listening at `venue.port` while the block lasts."""
    venue = make_venue(clock, middles=middles, **options)
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.serve)
        yield venue
        nursery.cancel_scope.cancel()


@contextmanager
def open_venue_process(*arguments: str) -> Iterator[Control]:
    """One in another process, as started by hand on any port; `control.port` is where."""
    command = [sys.executable, "-m", "tests.venues.binance", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        control = Control(int(process.stdout.readline().rsplit(maxsplit=1)[1]))
        try:
            yield control
        finally:
            control.close()
            process.kill()
