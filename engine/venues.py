"""Brokers by name: loaded and started when first asked for, each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import trio

from engine.broker import Broker, BrokerSettings, LoadBroker, MarketTap, Networked
from engine.clock import Clock
from engine.credentials import GetCredentials, no_credentials
from engine.errors import TickdeckError, describe
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    BrokerInfo,
    ConnectionState,
    ConnectionStatus,
    PlaybackStatus,
    ServiceStatus,
    Tick,
)
from engine.services import ServiceManager, sole_error

_log = logger(__name__)


class Markets(Protocol):
    """What brokers that are fed with others' markets need to know of these."""

    def instrument_of(self, fqme: str) -> Instrument | None: ...

    def now_ns_of(self, fqme: str) -> int | None:
        """The market's time."""
        ...


class _NoMarkets:
    def instrument_of(self, fqme: str) -> Instrument | None:
        return None

    def now_ns_of(self, fqme: str) -> int | None:
        return None


@dataclass(eq=False)
class _Running:
    """A broker that is up, and what ends that."""

    broker: Broker
    ended: trio.Event = field(default_factory=trio.Event)
    why: str = ""


class Venues:
    """All brokers of this engine. Each runs as service `broker NAME`."""

    def __init__(
        self,
        *,
        load: LoadBroker,
        services: ServiceManager,
        clock: Clock,
        options: Mapping[str, Mapping[str, Any]],
        data_dir: Path | None,
        credentials: GetCredentials = no_credentials,
        report_loss: Callable[[str, str], None] = lambda name, why: None,
        report_info: Callable[[BrokerInfo], None] = lambda info: None,
    ) -> None:
        """
        Args:
            report_loss: takes the name of a broker that failed while it ran, and why.
            report_info: takes what a broker can do, as soon as it is loaded.
        """
        self._load = load
        self._services = services
        self._clock = clock
        self._options = options
        self._data_dir = data_dir
        self._credentials = credentials
        self._report_loss = report_loss
        self._report_info = report_info
        self._prepared: dict[str, Broker] = {}
        self._opened: dict[str, Broker] = {}
        """Those that run, and those that are coming up."""
        self._infos: dict[str, BrokerInfo] = {}
        self._running: dict[str, _Running] = {}
        self._taps: dict[str, tuple[MarketTap, set[str]]] = {}
        self._markets: Markets = _NoMarkets()

    def use_markets(self, markets: Markets) -> None:
        """Where details of open markets are found; the feed, which itself asks for brokers."""
        self._markets = markets

    async def get(self, name: str) -> Broker:
        """The running broker, started first if need be.

        Raises:
            BrokerError: it cannot be loaded or does not come up.
            ConfigError: its options are wrong.
        """
        return cast(Broker, await self._services.start(f"broker {name}", self._run, name))

    def is_remote(self, name: str) -> bool:
        """It is at the other end of a network, and may take any time to come up. False for one
        that cannot be loaded: `get` says why."""
        broker = self._opened.get(name) or self._prepared.get(name)
        if broker is None:
            try:
                broker = self._prepared[name] = self._open(name)
            except TickdeckError:
                return False
        return isinstance(broker, Networked)

    def opened(self) -> tuple[Broker, ...]:
        """The brokers that run now or are coming up, in the order in which they were asked for."""
        return tuple(self._opened.values())

    def infos(self) -> tuple[BrokerInfo, ...]:
        """What each broker that was loaded can do, in the order in which they were asked for."""
        return tuple(self._infos.values())

    def connections(self) -> tuple[ConnectionStatus, ...]:
        """Every connection of every broker; of one that does not come up, or failed, that it is
        so."""
        found: list[ConnectionStatus] = []
        for service in self._services.statuses():
            kind, _, name = service.name.partition(" ")
            if kind == "broker" and service.state != "stopped":
                found += self._told_by(name) or _as_connections(name, service)
        return tuple(found)

    def _told_by(self, name: str) -> list[ConnectionStatus]:
        """What a broker tells of its own connections; nothing, where it has none."""
        broker = self._opened.get(name)
        if not isinstance(broker, Networked):
            return []
        try:
            return list(broker.connections())
        except Exception:
            _log.exception("broker %s cannot tell of its connections", name)
            return []

    def running(self) -> tuple[Broker, ...]:
        """The brokers that run now, in the order they came up."""
        return tuple(running.broker for running in self._running.values())

    async def until_lost(self, broker: Broker) -> str:
        """Wait until `broker` runs no longer; returns why, at once if it does not run. Does not
        return for one that is stopped with the engine.
        """
        running = self._running.get(broker.name)
        if running is None or running.broker is not broker:
            return f"broker {broker.name} does not run"
        await running.ended.wait()
        return running.why

    def playbacks(self) -> tuple[PlaybackStatus, ...]:
        """Where each playback stands."""
        statuses = (broker.playback() for broker in self.running())
        return tuple(status for status in statuses if status is not None)

    def feed_taps(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """A tap of the bus: gives ticks to every broker that is fed with others' markets."""
        for tap, introduced in self._taps.values():
            if fqme in introduced or self._introduce(tap, introduced, fqme):
                tap.on_ticks(fqme, ticks)

    def _introduce(self, tap: MarketTap, introduced: set[str], fqme: str) -> bool:
        """Tell `tap` of a market before its first tick; False if it is not open."""
        instrument = self._markets.instrument_of(fqme)
        if instrument is None:
            return False
        tap.on_instrument(instrument, lambda: self._markets.now_ns_of(fqme) or 0)
        introduced.add(fqme)
        return True

    def _open(self, name: str) -> Broker:
        open_broker = self._load(name)
        keeps = None if self._data_dir is None else self._data_dir / "brokers" / name
        return open_broker(
            BrokerSettings(
                name=name,
                clock=self._clock,
                options=self._options.get(name, {}),
                data_dir=keeps,
                credentials=self._credentials,
            )
        )

    def _tell_info(self, broker: Broker) -> None:
        """Tell what it can do, unless that is known."""
        info = broker.capabilities.info(broker.name)
        if self._infos.get(broker.name) != info:
            self._infos[broker.name] = info
            self._report_info(info)

    async def _run(self, name: str, *, task_status: trio.TaskStatus[Broker]) -> None:
        broker = self._prepared.pop(name, None) or self._open(name)
        running = _Running(broker, why=f"broker {name} ended")
        self._opened[name] = broker
        try:
            self._tell_info(broker)
            async with trio.open_nursery() as nursery:
                await nursery.start(broker.run)
                self._running[name] = running
                self._tell_info(broker)  # some know only now
                if isinstance(broker, MarketTap):
                    self._taps[name] = (broker, set())
                _log.info("broker %s runs", name)
                task_status.started(broker)
            running.ended.set()  # not where it is stopped: that goes on in order
        except Exception as error:
            if name in self._running:
                running.why = f"broker {name} failed: {describe(sole_error(error))}"
                running.ended.set()
                self._report_loss(name, running.why)
            raise
        finally:
            self._opened.pop(name, None)
            self._running.pop(name, None)
            self._taps.pop(name, None)


def _as_connections(name: str, service: ServiceStatus) -> list[ConnectionStatus]:
    """What there is to tell of a broker that tells nothing itself; nothing while it runs."""
    states: dict[str, ConnectionState] = {"starting": "connecting", "failed": "backing_off"}
    if service.state not in states:
        return []
    return [
        ConnectionStatus(
            broker=name,
            name="broker",
            state=states[service.state],
            since_ns=service.since_ns,
            reason=service.last_error,
            reconnects=service.restarts,
        )
    ]
