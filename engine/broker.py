"""The port: what a broker promises, and what each outcome means.

A broker package exposes one function, `open_broker(settings) -> Broker`, which does no I/O.
The engine then starts `Broker.run` as a service and calls the rest. All of it is on trio.

=======================  =========  ============================================================
method                   needed     flag in `Capabilities`
=======================  =========  ============================================================
`run`, `now_ns`          always
`instrument`, `stream`   to watch   `has_market_data`
`search`                 optional   `can_search`
`history`                optional   `has_history`
`open_client`            to trade   `can_trade`; its `amend`: `can_amend`, its `order`: `can_query`
`play`, `playback`       optional   `can_play`
=======================  =========  ============================================================

A method whose flag is off raises `NotSupported`. Nothing but `BrokerError` and its children
leaves a package.

Outcomes of `submit`, `amend` and `cancel`:

* **returns**: the request was given to the venue. What the venue says of it comes, before or
  after the return, as order events through `report`.
* **raises `OrderRejected`**: the venue said no; nothing changed there.
* **raises anything else**: it may have happened or not. The router makes the order `unknown`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec
import trio

from engine.accounting.imports import Imported
from engine.clock import Clock
from engine.credentials import GetCredentials, no_credentials
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    BrokerInfo,
    Columns,
    ConnectionStatus,
    Fill,
    Match,
    Order,
    OrderEvent,
    OrderType,
    Playback,
    PlaybackStatus,
    Position,
    Quote,
    Tick,
    TimeInForce,
    TrailUnit,
)

TickSink = Callable[[str, Sequence[Tick]], None]
"""Takes the ticks of one fqme, in order; never waits."""

Report = Callable[[OrderEvent], None]
"""Takes what the venue says of an order; never waits."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker can do. The deck greys out the rest."""

    has_market_data: bool = False
    can_search: bool = False
    has_history: bool = False
    has_depth: bool = False
    can_trade: bool = False
    can_amend: bool = False
    can_play: bool = False
    order_types: frozenset[OrderType] = frozenset()
    times_in_force: frozenset[TimeInForce] = frozenset()
    can_post_only: bool = False
    can_reduce_only: bool = False
    can_query: bool = False
    """`order` finds an order by our id."""
    list_is_proof: bool = False
    """By the venue's rules an order that is not in its list of open orders does not work there.
    Where this is off, or the venue is not known for it, only a query or an event ends a doubt."""
    query_is_proof: bool = False
    """By the venue's rules an order that a query does not find never got there."""
    settle_s: float = 0.0
    """How long a request may be under way until lists and queries show it."""
    outlives_engine: bool = True
    """It is still there, with orders, fills and positions, after this process ended. Where not
    (`sim`, `paper`), positions are what the journal says, and are not held against it."""
    can_iceberg: bool = False
    """It takes limit orders of which its book sees only a part (`Order.shown`)."""
    can_link: bool = False
    """It keeps orders of one `link_group` so that one cancels the others."""
    can_amend_linked: bool = True
    """An order of a `link_group` can be given another price, and stays linked."""
    trail_units: frozenset[TrailUnit] = frozenset({"price", "percent"})
    """What its trailing orders may trail by, where it takes those."""
    has_positions: bool = True
    """It says what an account holds by market. A spot venue knows balances by asset only: its
    client's `positions` raises `NotSupported`, and positions are what fills make of them."""

    def info(self, name: str) -> BrokerInfo:
        """These flags as the deck is told them."""
        return BrokerInfo(
            name=name,
            can_search=self.can_search,
            has_history=self.has_history,
            has_depth=self.has_depth,
            can_trade=self.can_trade,
            can_amend=self.can_amend,
            can_play=self.can_play,
            order_types=tuple(sorted(self.order_types)),
            times_in_force=tuple(sorted(self.times_in_force)),
            can_post_only=self.can_post_only,
            can_reduce_only=self.can_reduce_only,
        )


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker is opened with."""

    name: str
    clock: Clock
    options: Mapping[str, Any] = {}
    """Its table in `brokers.toml`; the package converts it to a struct of its own."""
    data_dir: Path | None = None
    """Where it may keep files; None where nothing may be kept."""
    credentials: GetCredentials = no_credentials
    """Finds the keys of an account."""


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One page of bars, all of them before what was asked for."""

    columns: Columns
    has_more: bool
    """Older bars can be had."""


class TradingClient(Protocol):
    """One account at one venue."""

    async def submit(self, order: Order, instrument: Instrument) -> None:
        """Send a new order. See the module for what each outcome means."""
        ...

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        """Give a working order another limit price and total size (filled part included)."""
        ...

    async def cancel(self, order: Order) -> None:
        """Cancel what is left of a working order."""
        ...

    async def order(self, order_id: str) -> Order | None:
        """The order of this id of ours, working or done, as the venue has it; None where it
        knows none. Raises `NotSupported` without `can_query`."""
        ...

    async def open_orders(self) -> Sequence[Order]:
        """All orders that work at the venue now, ours or not."""
        ...

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        """Executions at or after `since_ns`, oldest first."""
        ...

    async def positions(self) -> Sequence[Position]:
        """What the venue says the account holds."""
        ...

    async def balances(self) -> Mapping[str, Decimal]:
        """Total by asset."""
        ...


class Broker(Protocol):
    """One venue, or something that behaves like one."""

    name: str
    capabilities: Capabilities

    def now_ns(self) -> int:
        """The market's time: wall time at a venue, the tape's time in a playback."""
        ...

    async def run(self, *, task_status: trio.TaskStatus[None] = ...) -> None:
        """Its own background work, until cancelled; `started()` when it can be used.

        Where it ends before, the broker is lost: its streams are ended for it and begun anew,
        its accounts are logged in again, and orders that worked there become `unknown`.
        """
        ...

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        """Instruments that fit `text`, best first; all of them, most traded first, for ''."""
        ...

    async def instrument(self, fqme: str) -> Instrument:
        """Details of one market. Raises `UnknownSymbol`."""
        ...

    async def stream(
        self, fqme: str, sink: TickSink, *, task_status: trio.TaskStatus[Quote] = ...
    ) -> None:
        """Give the market's ticks to `sink` until cancelled.

        `started(quote)` comes as soon as a last price is known, before the first tick.
        """
        ...

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        """Up to `limit` closed bars that start before `end_ns`, newest page first.

        Raises `NotSupported` where this period cannot be had; `native_periods` can.
        """
        ...

    def native_periods(self, fqme: str) -> Sequence[int]:
        """Periods in seconds that `history` serves, shortest first; others are resampled."""
        ...

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        """Log in to an account; order events go to `report` while the block is open."""
        ...

    def play(self, command: Playback) -> None:
        """Move the playback."""
        ...

    def playback(self) -> PlaybackStatus | None:
        """Where the playback stands; None for a live market."""
        ...


@runtime_checkable
class MarketTap(Protocol):
    """A broker that is fed with the markets of others: paper."""

    def on_instrument(self, instrument: Instrument, clock_ns: Callable[[], int]) -> None:
        """A market was opened; `clock_ns` reads its broker's time."""
        ...

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Ticks of an open market, before anyone but the dark book has seen them."""
        ...


@runtime_checkable
class Networked(Protocol):
    """A broker at the other end of a network."""

    def connections(self) -> Sequence[ConnectionStatus]:
        """How each of its connections is, those that wait for another attempt included."""
        ...


@runtime_checkable
class AsksByMarket(Protocol):
    """A trading client whose venue is asked for an order, and for fills, market by market."""

    def note(self, orders: Iterable[Order], markets: Iterable[str]) -> None:
        """What is known here of the account, before its venue is asked: `orders` that were sent,
        done or not, and the `markets` (fqmes) in which it holds something. Fills are looked for in
        these, and in those that the venue itself names. Never waits."""
        ...


@runtime_checkable
class Renames(Protocol):
    """A broker whose venue has several names for one market."""

    async def canonical(self, fqme: str) -> str:
        """The one name of the market that is called `fqme` here: of `xbtusd.spot.kraken`,
        `btcusd.spot.kraken`. What is not known is returned as it is."""
        ...


UntilLost = Callable[[Broker], Awaitable[str]]
"""Waits until this broker runs no longer; returns why. Its streams may have fallen silent, and
what it said of orders holds no more."""


async def never_lost(broker: Broker) -> str:
    """For a broker that nobody supervises."""
    await trio.sleep_forever()
    raise AssertionError("unreachable")


OpenBroker = Callable[[BrokerSettings], Broker]
"""What a broker package exposes as `open_broker`."""

ReadExport = Callable[[Iterable[str], str], Imported]
"""What a broker package may have beside it, for `tickdeck ledger import`: takes the lines of a
file that the venue's site gives its users, and the name of the account that it is of; returns
entries of the ledger, and the lines that are none. Raises `DataError` where it is no such file.
Decimals are as they stand there, times are nanoseconds UTC, and a trade has the market and the
trade id by which its fill is known, so that it is not counted twice."""

LoadBroker = Callable[[str], OpenBroker]
"""The registry's way to find a package by name. Raises `BrokerUnavailable`."""
