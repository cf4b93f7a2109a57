"""A whole engine with one deck, in one trio loop, on a clock that is moved by hand.

    async def test_something(mock_clock):
        async with open_rig(mock_clock, tape) as rig:
            await rig.watch("btcusdt.spot.replay")
            order = await rig.submit("buy", "1", price="99", account="paper")
            await rig.advance(2.0)
            assert rig.order(order).state == "filled"

Nothing in it is a stand-in: services, bus, sampler, feed, router, paper, sim and replay are put
together as the program does it (`engine.run`), and the deck's end is a `DeckSession`. Time moves
only in `advance`, from one deadline to the next, and at each of them everything that can run
has run before the clock goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from brokers import registry
from brokers.replay import broker as replay
from brokers.replay.tape import Tape
from engine.broker import OpenBroker
from engine.clock import NANOS, TrioClock
from engine.config import EngineConfig
from engine.credentials import GetCredentials, no_credentials
from engine.ems.accounts import Account, built_in_accounts
from engine.ems.journal import Agreed, Entry, InstrumentKept, Journal, LimitsChanged
from engine.instruments import Instrument
from engine.link.session import DeckSession
from engine.messages import (
    Alert,
    AlertUpdate,
    Amend,
    Cancel,
    Command,
    Event,
    Fill,
    FillReport,
    FlumeFailed,
    FlumeOpened,
    Order,
    OrderUpdate,
    Playback,
    Position,
    PositionUpdate,
    Quote,
    SetAlert,
    Side,
    Submit,
    Watch,
)
from engine.run import Engine, open_engine
from engine.settings import EngineSettings
from tests.support.tapes import loader

WALL_NS = 1_767_603_600 * NANOS
"""Wall time at which a rig starts: 2026-01-05T09:00:00Z."""

_OF_ACCOUNTS_AND_MARKETS = (Agreed, InstrumentKept, LimitsChanged)

E = TypeVar("E")


class Rig:
    """What a deck has in its hands, and what it was told."""

    def __init__(self, engine: Engine, session: DeckSession, clock: MockClock) -> None:
        self.engine = engine
        self.events: list[Event] = []
        """Everything that the deck was told, in order."""
        self.orders: dict[str, Order] = {}
        self.states: dict[str, list[str]] = {}
        """The states that the deck saw each order in, without repeats."""
        self.fills: list[Fill] = []
        self.positions: dict[tuple[str, str], Position] = {}
        self.alerts: dict[str, Alert] = {}
        self.fqme = ""
        """The market that is meant where none is named: the first one watched."""
        self._session = session
        self._clock = clock
        self._made = 0

    # -- time ---------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything happen that can happen at this moment."""
        await wait_all_tasks_blocked()

    async def advance(self, seconds: float) -> None:
        """Let time pass, from one deadline to the next."""
        end_s = trio.current_time() + seconds
        while True:
            await self.settle()
            left_s = end_s - trio.current_time()
            if left_s <= 0:
                return
            next_s = trio.lowlevel.current_statistics().seconds_to_next_deadline
            self._clock.jump(min(left_s, max(next_s, 0.0)))

    async def until(self, what: str, is_so: Callable[[], Any], within_s: float = 30.0) -> None:
        """Let time pass until that is so; fails if it does not become so in time."""
        waited_s = 0.0
        await self.settle()
        while not is_so():
            assert waited_s < within_s, f"no {what} within {within_s} s"
            await self.advance(0.05)
            waited_s += 0.05

    # -- what a deck does ---------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Give the engine a command, as the deck's link does."""
        self._session.handle(command)

    async def watch(self, *fqmes: str, throttle_hz: float = 15.0) -> None:
        """Open markets, and wait until they are."""
        self.fqme = self.fqme or fqmes[0]
        self.send(Watch(fqmes=fqmes, throttle_hz=throttle_hz))
        await self.until(f"answer for {fqmes}", lambda: self._is_answered(set(fqmes)))

    async def submit(
        self, side: Side, size: str | Decimal, *, account: str = "paper", **terms: Any
    ) -> str:
        """Send an order of the watched market; the id that it has. Prices may be text.

        A limit order if it has a price or a trigger, else a market order.
        """
        self._made += 1
        order_id = terms.pop("order_id", f"o{self._made}")
        prices = {
            name: Decimal(terms.pop(name))
            for name in ("price", "stop_price", "trigger_price")
            if terms.get(name) is not None
        }
        has_limit = "price" in prices or "trigger_price" in prices
        self.send(
            Submit(
                order_id=order_id,
                account=account,
                fqme=terms.pop("fqme", self.fqme),
                side=side,
                order_type=terms.pop("order_type", "limit" if has_limit else "market"),
                size=Decimal(size),
                **prices,
                **terms,
            )
        )
        await self.settle()
        return order_id

    async def amend(
        self, order_id: str, *, price: str | None = None, size: str | None = None
    ) -> None:
        self.send(
            Amend(
                order_id=order_id,
                price=None if price is None else Decimal(price),
                size=None if size is None else Decimal(size),
            )
        )
        await self.settle()

    async def cancel(self, order_id: str) -> None:
        self.send(Cancel(order_id=order_id))
        await self.settle()

    async def set_alert(self, price: str, *, fqme: str = "", note: str = "") -> str:
        """Set an alert in the watched market; the id that it has."""
        self._made += 1
        alert_id = f"a{self._made}"
        self.send(
            SetAlert(alert_id=alert_id, fqme=fqme or self.fqme, price=Decimal(price), note=note)
        )
        await self.settle()
        return alert_id

    def play(self, action: Any, value: float = 0.0, *, broker: str = "replay") -> None:
        """Move the playback."""
        self.send(Playback(broker=broker, action=action, value=value))

    # -- what a deck knows --------------------------------------------------------------------

    def order(self, order_id: str) -> Order:
        """An order as the deck was last told of it."""
        return self.orders[order_id]

    def position(self, account: str = "paper", fqme: str = "") -> Position:
        """A position as the deck was last told of it; flat, if it never was."""
        key = (account, fqme or self.fqme)
        return self.positions.get(key, Position(account=key[0], fqme=key[1]))

    def fills_of(self, order_id: str) -> list[Fill]:
        return [fill for fill in self.fills if fill.order_id == order_id]

    def told(self, kind: type[E]) -> list[E]:
        """Every event of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def happened(self, order_id: str) -> list[str]:
        """Names of the events that moved an order, in order."""
        return [
            type(update.event).__name__
            for update in self.told(OrderUpdate)
            if update.order.order_id == order_id and update.event is not None
        ]

    def quote(self, fqme: str = "") -> Quote:
        """The present of an open market."""
        quote = self.engine.hub.quote_of(fqme or self.fqme)
        assert quote is not None
        return quote

    def instrument(self, fqme: str = "") -> Instrument:
        """The details of an open market."""
        instrument = self.engine.hub.instrument_of(fqme or self.fqme)
        assert instrument is not None
        return instrument

    def entries(self) -> list[Entry]:
        """What is on record of orders, fills and alerts, in order."""
        records = [record.entry for _, record in self.engine.journal.read()]
        return [one for one in records if not isinstance(one, _OF_ACCOUNTS_AND_MARKETS)]

    def take(self, event: Event) -> None:
        """Where the session puts its events."""
        self.events.append(event)
        match event:
            case OrderUpdate(order=order):
                self.orders[order.order_id] = order
                states = self.states.setdefault(order.order_id, [])
                if not states or states[-1] != order.state:
                    states.append(str(order.state))
            case FillReport(fill=fill):
                self.fills.append(fill)
            case PositionUpdate(position=position):
                self.positions[position.account, position.fqme] = position
            case AlertUpdate(alert=alert):
                self.alerts[alert.alert_id] = alert

    def _is_answered(self, fqmes: set[str]) -> bool:
        opened = {event.instrument.fqme for event in self.told(FlumeOpened)}
        failed = {event.fqme: event.reason for event in self.told(FlumeFailed)}
        assert not failed.keys() & fqmes, failed
        return fqmes <= opened


def settings_for(
    *tapes: Tape,
    accounts: Sequence[Account] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    config: EngineConfig | None = None,
) -> EngineSettings:
    """What `open_rig` starts its engine with, for those who run one in another way."""
    broker_options = {name: dict(table) for name, table in (options or {}).items()}
    if tapes:
        replayed = {"files": [str(tape.path) for tape in tapes]}
        broker_options["replay"] = replayed | broker_options.get("replay", {})
    return EngineSettings(
        config=config or EngineConfig(broker="replay" if tapes else "sim"),
        accounts=tuple(built_in_accounts() if accounts is None else accounts),
        broker_options=broker_options,
        load_broker=partial(_load, tapes),
        clock=TrioClock(WALL_NS),
    )


@asynccontextmanager
async def open_rig(
    clock: MockClock,
    *tapes: Tape,
    accounts: Sequence[Account] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    config: EngineConfig | None = None,
    journal: Path | Journal | None = None,
    credentials: GetCredentials = no_credentials,
) -> AsyncIterator[Rig]:
    """An engine that plays `tapes`, or without any serves the embedded exchange.

    Args:
        clock: the clock that trio runs on, standing still.
        accounts: those of `brokers.toml`; the built-in ones unless given.
        options: of brokers, by name; those of `replay` are merged with its tapes.
        journal: the record, where it is to outlive the rig.
        credentials: what brokers ask for the keys of accounts.
    """
    settings = settings_for(*tapes, accounts=accounts, options=options, config=config)
    settings = msgspec.structs.replace(settings, journal=journal, credentials=credentials)
    async with open_engine(settings) as engine:
        told: list[Callable[[Event], None]] = []
        session = DeckSession(engine, put=lambda event: told[0](event), shut_down=_ignore)
        rig = Rig(engine, session, clock)
        told.append(rig.take)
        await engine.services.start("deck", session.run, critical=True)
        yield rig


def _load(tapes: Sequence[Tape], name: str) -> OpenBroker:
    """Brokers as the program finds them; the playback reads from memory."""
    if name == "replay" and tapes:
        return partial(replay.open_broker, load=loader(*tapes))
    return registry.load(name)


def _ignore(cancels_working: bool) -> None:
    """A rig is shut down by leaving its block."""
