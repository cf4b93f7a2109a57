"""Markets asked what they cost: each broker is opened for that alone, and nothing is traded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import trio

from brokers import registry
from engine.broker import Broker, BrokerSettings
from engine.clock import NANOS, SystemClock
from engine.errors import TickdeckError, describe
from engine.instruments import Instrument, parse_fqme
from engine.text import safe
from tui.commands.reports.counting import plain_market
from tui.commands.reports.prices import Prices

WAIT_S: Final = 15.0
"""How long all markets of a broker together are waited for."""

PAGE_BARS: Final = 1000

CANDIDATES: Final = 20
"""Hits of a search that are looked at for one that converts."""


class Wanted(NamedTuple):
    """What is to be known."""

    times_ns: Mapping[str, Sequence[int]]
    """By fqme, moments of the past at which its price is wanted; the present always is."""
    assets: Sequence[str] = ()
    """Assets that are to be converted."""
    target: str = ""
    """What into; empty for none."""


def ask(prices: Prices, wanted: Wanted, options: Mapping[str, Mapping[str, Any]]) -> None:
    """Put into `prices` what the brokers of the markets say; what they do not is noted there."""
    trio.run(_ask_all, prices, wanted, options)


async def _ask_all(
    prices: Prices, wanted: Wanted, options: Mapping[str, Mapping[str, Any]]
) -> None:
    brokers = dict.fromkeys(parse_fqme(fqme).broker for fqme in wanted.times_ns)
    async with trio.open_nursery() as nursery:
        for name in brokers:
            nursery.start_soon(_ask_broker, name, prices, wanted, options.get(name, {}))


async def _ask_broker(
    name: str, prices: Prices, wanted: Wanted, options: Mapping[str, Any]
) -> None:
    """One broker, as far as it answers in time."""
    fqmes = [fqme for fqme in wanted.times_ns if parse_fqme(fqme).broker == name]
    wait = trio.CancelScope()
    try:
        with wait:
            wait.deadline = trio.current_time() + WAIT_S
            await _ask_opened(name, fqmes, prices, wanted, options)
    except Exception as error:  # a report goes on without a price, whatever a broker does
        prices.notes.append(f"broker {safe(name, 40)} gives no prices: {describe(error)}")
    if wait.cancelled_caught:
        prices.notes.append(f"broker {safe(name, 40)} did not answer within {WAIT_S:.0f} s")


async def _ask_opened(
    name: str,
    fqmes: Iterable[str],
    prices: Prices,
    wanted: Wanted,
    options: Mapping[str, Any],
) -> None:
    broker = registry.load(name)(BrokerSettings(name=name, clock=SystemClock(), options=options))
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        for fqme in fqmes:
            await _ask_market(broker, fqme, prices, wanted.times_ns[fqme])
        await _ask_ways(broker, prices, wanted)
        nursery.cancel_scope.cancel()


async def _ask_market(broker: Broker, fqme: str, prices: Prices, times_ns: Iterable[int]) -> None:
    try:
        instrument = await broker.instrument(fqme)
        prices.add(fqme, prices.now_ns, await _last(broker, instrument))
        await _ask_past(broker, instrument, prices, sorted(set(times_ns)))
    except TickdeckError as error:
        prices.notes.append(f"{safe(fqme, 80)}: {describe(error)}")


async def _last(broker: Broker, instrument: Instrument) -> Decimal:
    """The price of its last trade."""
    async with trio.open_nursery() as nursery:
        quote = await nursery.start(broker.stream, instrument.fqme, lambda *_: None)
        nursery.cancel_scope.cancel()
    return instrument.round_price(quote.last)


async def _ask_past(
    broker: Broker, instrument: Instrument, prices: Prices, times_ns: Sequence[int]
) -> None:
    """Closes of bars that end at `times_ns`, or that are the last to end before."""
    periods = broker.native_periods(instrument.fqme) if broker.capabilities.has_history else ()
    past = [time_ns for time_ns in times_ns if time_ns < prices.now_ns]
    if not past or not periods:
        return
    period_s = suited(periods, past)
    span_s = (past[-1] - past[0]) // NANOS
    if len(past) <= span_s // (period_s * PAGE_BARS) + 1:
        for time_ns in past:
            await _take_page(broker, instrument, prices, period_s, time_ns, 1)
        return
    end_ns, first_ns = past[-1], past[0] - period_s * NANOS
    while end_ns > first_ns:
        oldest_ns = await _take_page(broker, instrument, prices, period_s, end_ns, PAGE_BARS)
        if oldest_ns is None or oldest_ns >= end_ns:
            return
        end_ns = oldest_ns


async def _take_page(
    broker: Broker, instrument: Instrument, prices: Prices, period_s: int, end_ns: int, limit: int
) -> int | None:
    """Closes of up to `limit` bars that end at or before `end_ns`; returns the start of the
    first of them, or None where there are no more."""
    period_ns = period_s * NANOS
    # Asked for are bars that start before: one that starts less than a period before ends after.
    page = await broker.history(instrument.fqme, period_s, end_ns - period_ns + 1, limit)
    for start_ns, close in zip(page.columns.time_ns, page.columns.close, strict=True):
        prices.add(instrument.fqme, int(start_ns) + period_ns, instrument.round_price(float(close)))
    return int(page.columns.time_ns[0]) if len(page.columns) and page.has_more else None


def suited(periods: Sequence[int], times_ns: Sequence[int]) -> int:
    """The longest period of bars, in seconds, that ends at each of these times; where none of a
    minute or more does, the shortest of those: bars of seconds do not go back far."""
    long = [one for one in periods if one >= 60] or [max(periods)]
    fitting = [one for one in long if all(at % (one * NANOS) == 0 for at in times_ns)]
    return max(fitting, default=min(long))


async def _ask_ways(broker: Broker, prices: Prices, wanted: Wanted) -> None:
    """Markets of the broker that trade a wanted asset for the target, and what they cost."""
    if not wanted.target or not broker.capabilities.can_search:
        return
    target = wanted.target.lower()
    moments = sorted({at for times in wanted.times_ns.values() for at in times})
    for asset in {asset.lower() for asset in wanted.assets} - {target}:
        found = await _way(broker, asset, target)
        if found is not None and found.fqme not in wanted.times_ns:
            prices.instruments[found.fqme] = plain_market(found)
            await _ask_market(broker, found.fqme, prices, moments)


async def _way(broker: Broker, asset: str, target: str) -> Instrument | None:
    """A market of one for the other."""
    for text in (f"{asset}{target}", f"{target}{asset}"):
        for match in await broker.search(text, CANDIDATES):
            symbol = parse_fqme(match.fqme).symbol.replace("-", "").replace("_", "")
            if symbol != text:
                continue
            found = await broker.instrument(match.fqme)
            if {found.base.lower(), found.quote.lower()} == {asset, target}:
                return found
    return None
