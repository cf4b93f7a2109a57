"""`tickdeck doctor --venues`: whether venues can be reached from here, and how their clocks stand.

Each is asked for what it lists, and for the most traded market's stream, as the deck would. No key
is used, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import trio

from brokers import registry
from engine.broker import Broker, BrokerSettings, Networked
from engine.clock import SystemClock
from engine.config import load_config
from engine.errors import BrokerUnavailable, TickdeckError, describe
from engine.locations import Locations
from engine.log import log_nowhere
from engine.messages import ConnectionStatus, Quote, Tick
from engine.services import sole_error
from engine.settings import load_brokers
from engine.text import safe
from tui.commands.doctor import Finding

ANSWER_S = 30.0
"""Seconds that each venue has for all of it."""

LIVE_S = 10.0
"""Of them, for all connections to be live after a first quote."""

LATE_MS = 1_000.0
"""A clock that is further off makes signed requests fail at some venues."""

_THERE = ("live", "closed")

_REMEDY = "look at network, firewall and proxy of this machine, and at the venue's status page"


def reach_venues(locations: Locations) -> list[Finding]:
    """One for each broker behind a network that is set up; for all there are where none is.

    Raises:
        ConfigError: a configuration file is wrong.
    """
    log_nowhere()  # what went wrong is said here
    brokers = load_brokers(locations.brokers_file)
    home = load_config(locations.config_file).engine.broker
    named = (home, *(account.broker for account in brokers.accounts), *brokers.options)
    remote = _remote(named, brokers.options) or _remote(registry.names(), brokers.options)
    return trio.run(_ask_all, remote)


def _remote(names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> list[Broker]:
    """Those of these brokers that are at the other end of a network; others are left out, also
    those that do not load, which is told elsewhere."""
    found: list[Broker] = []
    for name in dict.fromkeys(names):
        settings = BrokerSettings(name=name, clock=SystemClock(), options=options.get(name, {}))
        try:
            broker = registry.load(name)(settings)
        except TickdeckError:
            continue
        if isinstance(broker, Networked):
            found.append(broker)
    return found


async def _ask_all(brokers: Sequence[Broker]) -> list[Finding]:
    findings: dict[str, Finding] = {}

    async def ask(broker: Broker) -> None:
        findings[broker.name] = await _ask(broker)

    async with trio.open_nursery() as nursery:
        for broker in brokers:
            nursery.start_soon(ask, broker)
    return [findings[broker.name] for broker in brokers]


async def _ask(broker: Broker) -> Finding:
    try:
        with trio.fail_after(ANSWER_S):
            quote, told = await _look_around(broker)
    except trio.TooSlowError:
        return Finding("venue", "fault", f"{broker.name}: no answer within {ANSWER_S:g} s", _REMEDY)
    except Exception as error:
        why = describe(sole_error(error)).removeprefix(f"{broker.name}: ")
        return Finding("venue", "fault", safe(f"{broker.name}: {why}", 300), _REMEDY)
    return finding_of(broker.name, quote, told)


async def _look_around(broker: Broker) -> tuple[Quote, list[ConnectionStatus]]:
    """A first quote of the venue's most traded market, and how all connections are then."""
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        matches = await broker.search("", 1)
        if not matches:
            raise BrokerUnavailable("it lists nothing")
        quote: Quote = await nursery.start(broker.stream, matches[0].fqme, _leave)
        told = await _when_live(broker)
        nursery.cancel_scope.cancel()
    return quote, told


async def _when_live(broker: Broker) -> list[ConnectionStatus]:
    assert isinstance(broker, Networked)
    told = list(broker.connections())
    with trio.move_on_after(LIVE_S):
        while not _is_settled(told):
            await trio.sleep(0.05)
            told = list(broker.connections())
    return told


def _is_settled(told: Sequence[ConnectionStatus]) -> bool:
    """All of them are there, and the venue's clock is known."""
    return all(one.state in _THERE for one in told) and _clock_of(told) is not None


def _leave(fqme: str, ticks: Sequence[Tick]) -> None:
    """What the stream says is not looked at."""


def finding_of(name: str, quote: Quote, told: Sequence[ConnectionStatus]) -> Finding:
    """What is said of a venue that answered."""
    words = [f"{name}: {quote.fqme} {quote.last:g}"]
    trips = [one.round_trip_ms for one in told if one.round_trip_ms is not None]
    if trips:
        words.append(f"there and back {min(trips):.0f} ms")
    offset_ms = _clock_of(told)
    if offset_ms is not None:
        words.append(f"its clock {offset_ms:+.0f} ms")
    waiting = [one for one in told if one.state not in _THERE]
    for one in waiting:
        state = one.state.replace("_", " ")
        words.append(f"{one.name} {state}" + (f" ({one.reason})" if one.reason else ""))
    detail = safe(", ".join(words), 300)
    if waiting:
        return Finding("venue", "fault", detail, _REMEDY)
    if offset_ms is not None and abs(offset_ms) >= LATE_MS:
        remedy = "set this machine's clock, or have it set (NTP): signed requests may be refused"
        return Finding("venue", "note", detail, remedy)
    return Finding("venue", "ok", detail)


def _clock_of(told: Sequence[ConnectionStatus]) -> float | None:
    known = [one.clock_offset_ms for one in told if one.clock_offset_ms is not None]
    return known[0] if known else None
