"""Events: from the engine to the deck."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.instruments import Instrument
from engine.messages.algos import Algo
from engine.messages.base import Message, OrderType, TimeInForce, TradingState
from engine.messages.order_events import OrderEvent
from engine.messages.orders import Alert, Fill, Order, Position
from engine.messages.ticks import Columns, Quote, Tick, TickType


class BrokerInfo(Message, frozen=True):
    """What a loaded broker can do; the deck greys out the rest. As an event: one that was loaded
    after `EngineReady`, or whose capabilities are others now."""

    name: str
    can_search: bool = False
    has_history: bool = False
    has_depth: bool = False
    can_trade: bool = False
    can_amend: bool = False
    can_play: bool = False
    """It is a playback: pause, speed, seek."""
    order_types: tuple[OrderType, ...] = ()
    """What its venue takes by itself; a stop of another type is held by the engine."""
    times_in_force: tuple[TimeInForce, ...] = ()
    can_post_only: bool = False
    can_reduce_only: bool = False


class AccountInfo(Message, frozen=True):
    """An account that orders can name."""

    name: str
    broker: str
    mode: Literal["paper", "live"] = "paper"
    """`live` is real money."""
    serves: tuple[str, ...] = ()
    """Brokers whose markets it trades; empty means any."""
    slots: int = 4
    """Slots that the allocator splits the position limit in."""
    max_position_notional: Decimal | None = None
    """Position limit of a market in quote units; what the slots share unless a plan says
    otherwise."""
    position_limit: Decimal | None = None
    """What the slots share, in `limit_unit`; None: `max_position_notional`, in currency."""
    limit_unit: Literal["units", "currency", "percent"] = "currency"
    """`position_limit` is units of size, quote currency, or percent of equity."""
    loading: Literal["even", "front", "back"] = "even"
    """Whether the first slots are larger, or the last."""
    equity: Decimal | None = None
    """What the account is worth, as its owner states it, for a limit in percent of it; None:
    what the session knows of it."""
    confirms_stale: bool = False
    """Orders in a stale market are asked about; else they are denied."""


class EngineReady(Message, frozen=True):
    """The engine runs and takes commands. First event on every link."""

    brokers: tuple[BrokerInfo, ...]
    accounts: tuple[AccountInfo, ...]
    now_ns: int = 0
    home: str = ""
    """The broker whose markets are shown where none are named."""


class EngineFailed(Message, frozen=True):
    """The engine is gone. No order state is known from here on."""

    reason: str
    hint: str = ""
    """What to do about it."""
    exit_code: int = 70
    """What the program exits with when it is left."""


class FlumeOpened(Message, frozen=True):
    """A market is open: its details, and a first quote with a last price."""

    instrument: Instrument
    quote: Quote
    asked: str = ""
    """The name that it was asked for by, where that is another one of the same market: whoever
    knows it by that name goes on with `instrument.fqme`. Empty where they are the same."""


class FlumeFailed(Message, frozen=True):
    """A market could not be opened, or was lost for good."""

    fqme: str
    """As it was asked for."""
    reason: str
    retry_ns: int = 0
    """When it is tried again, by itself; 0 where it is not."""


class Frame(Message, frozen=True):
    """The ticks of one throttle period by type; the last of each list is the newest."""

    fqme: str
    ticks: dict[TickType, list[Tick]]
    conflated: int = 0
    """Ticks that newer ones replaced within the period."""
    quote: Quote | None = None
    """The market's present at the end of the period, day volume included; set by the link."""


class BarsUpdate(Message, frozen=True):
    """Bars to merge by their time into what is shown: new ones, changed ones, older ones."""

    fqme: str
    period_s: int
    columns: Columns
    reset: bool = False
    """They are all there is: drop what was known."""
    is_complete: bool = True
    """No older bars are still loading."""


class Match(Message, frozen=True):
    """One hit of a search."""

    fqme: str
    name: str = ""
    broker: str = ""
    volume: float = 0.0
    """What the venue trades of it in 24 h, in quote units; ranks equal hits."""
    quote: str = ""
    """The asset that the volume is counted in; empty where that is not said."""
    aka: str = ""
    """Other names that find it, with spaces between: `XBT/USD XXBTZUSD Bitcoin`."""
    listed_ns: int = 0
    """When the venue sent the list that it is from; 0 where that is not kept."""


class Searched(Message, frozen=True):
    """How far a broker has answered a search."""

    broker: str
    state: Literal["asked", "answered", "failed"]
    reason: str = ""
    """Why it failed."""
    listed_ns: int = 0
    """When the venue sent the oldest list that its hits are from; 0 where that is not kept."""


class SearchResults(Message, frozen=True):
    """What a search found so far: the hits of all brokers that have answered, ranked as one list.
    Each of the same request replaces the one before."""

    request_id: int
    matches: tuple[Match, ...]
    is_complete: bool = True
    """No more will come for this request."""
    brokers: tuple[Searched, ...] = ()
    """Who was asked."""


class OrderUpdate(Message, frozen=True):
    """An order after an event. Never merged or dropped."""

    order: Order
    event: OrderEvent | None = None
    """What moved it; None when the order is shown for the first time."""


class FillReport(Message, frozen=True):
    fill: Fill


class PositionUpdate(Message, frozen=True):
    position: Position


class AlertUpdate(Message, frozen=True):
    alert: Alert
    text: str = ""
    """One line for a desktop notification: plain characters only, nothing that could end the
    sequence (OSC 9, OSC 777) that carries it. Empty unless the alert calls."""


class AlgoUpdate(Message, frozen=True):
    """An algo after a change of it. Its orders are told as orders, by their `parent_id`."""

    algo: Algo


class Disagreement(Message, frozen=True):
    """Two numbers that should be the same: ours, and what the venue says."""

    what: Literal["position", "filled"]
    name: str
    """The fqme of the position, or the id of the order."""
    ours: Decimal
    theirs: Decimal


class AccountUpdate(Message, frozen=True):
    """How far an account is agreed with its venue. The newest counts."""

    account: str
    state: Literal["opening", "agreed", "in_doubt"]
    """`in_doubt`: it cannot be reached; its orders are unknown, and it takes none."""
    reason: str = ""
    """Why it is in doubt."""
    unresolved: tuple[str, ...] = ()
    """Ids of orders of which nothing can be concluded yet."""
    disagreements: tuple[Disagreement, ...] = ()


class Gauge(Message, frozen=True):
    """How much of a limit is used."""

    check: str
    """Name of the limit, as in `Denied`."""
    value: Decimal | None
    """None where it is not known."""
    limit: Decimal
    unit: str = ""
    """An asset, or empty for a count."""


class AccountGuards(Message, frozen=True):
    """What an account may do now."""

    account: str
    state: TradingState = "active"
    """Its own, or that of all accounts where that is stricter."""
    reason: str = ""
    """Why it is not active: who or what put it there."""
    is_armed: bool = True
    """A live account takes orders that add risk. Always so for paper."""
    missing_limits: tuple[str, ...] = ()
    """Limits that a live account has to state and does not: it trades nothing."""
    gauges: tuple[Gauge, ...] = ()
    """Of the limits of the whole account: loss of the day, orders of the day, open orders."""


class GuardsUpdate(Message, frozen=True):
    """What may be traded now. The newest counts."""

    is_killed: bool = False
    """The kill switch is on."""
    kill_reason: str = ""
    killed_ns: int = 0
    unconfirmed: tuple[str, ...] = ()
    """Ids of orders that the kill switch canceled and that may work still."""
    state: TradingState = "active"
    """Of all accounts."""
    reason: str = ""
    accounts: tuple[AccountGuards, ...] = ()


class JournalUpdate(Message, frozen=True):
    """Whether the record of orders can be written. The newest counts."""

    is_written: bool
    waiting: int = 0
    """Records that are kept in memory until there is room."""
    reason: str = ""


ServiceState = Literal["starting", "running", "failed", "stopped"]


class ServiceStatus(Message, frozen=True):
    name: str
    state: ServiceState
    since_ns: int = 0
    restarts: int = 0
    last_error: str = ""


class FeedStatus(Message, frozen=True):
    """One market's stream, as the bus counts it."""

    fqme: str
    state: Literal["opening", "live", "stale", "ended", "failed"] = "live"
    age_s: float | None = None
    """Seconds since its last tick, in the market's time; None before the first."""
    received: int = 0
    framed: int = 0
    conflated: int = 0
    overruns: int = 0
    dropped: int = 0
    delay_ms: float | None = None
    """Ours minus the venue's time of the last tick; None where that says nothing."""
    book: Literal["", "syncing", "good", "unverified"] = ""
    """Whether the order book agrees with the venue's own proof: `syncing` until it was built,
    anew or at first; `unverified` where that failed too often. Empty where there is none."""


ConnectionState = Literal[
    "connecting", "syncing", "live", "stale", "backing_off", "banned", "closed"
]


class ConnectionStatus(Message, frozen=True):
    """One connection of a broker to its venue, or its REST side."""

    broker: str
    name: str
    """What it is for: `market data 1`, `account main`, `rest`."""
    state: ConnectionState
    """`syncing`: open, and not all it asked for has come; `stale`: open and silent for longer
    than the venue's rule allows; `backing_off`, `banned`: until `until_ns`; `closed`: not needed
    now."""
    since_ns: int
    until_ns: int = 0
    """When it is tried again, or the venue's ban ends; 0 where that is not known."""
    reason: str = ""
    """Why it is not live."""
    reconnects: int = 0
    messages: int = 0
    malformed: int = 0
    """Messages that were not what the venue documents; each was left out."""
    round_trip_ms: float | None = None
    clock_offset_ms: float | None = None
    """The venue's clock less ours."""
    budget_used: float | None = None
    """Share of the venue's limit that is used now, 0 to 1."""
    note: str = ""
    """What a person must know of it: a dead-man's switch that is on, rights of a key."""


class PlaybackStatus(Message, frozen=True):
    """Where a playback stands."""

    broker: str
    position_ns: int
    start_ns: int
    end_ns: int
    speed: float
    """Times real time; 0 is as fast as it goes."""
    is_paused: bool = False
    is_looping: bool = False
    is_ended: bool = False


class EngineStatus(Message, frozen=True):
    """Once a second: that the engine lives, and how."""

    now_ns: int
    services: tuple[ServiceStatus, ...] = ()
    feeds: tuple[FeedStatus, ...] = ()
    playbacks: tuple[PlaybackStatus, ...] = ()
    connections: tuple[ConnectionStatus, ...] = ()


class Notice(Message, frozen=True):
    """Something a person should read; also in the log."""

    level: Literal["info", "warning", "error"]
    text: str
    source: str = ""
    now_ns: int = 0


class CommandRefused(Message, frozen=True):
    """A command that is not an order could not be done."""

    command: str
    """Its kind."""
    reason: str
    check: str = ""
    """What it did not pass, where there is a name for that; `limit` and `value` as in `Denied`."""
    limit: str = ""
    value: str = ""


Event = (
    EngineReady
    | BrokerInfo
    | EngineFailed
    | FlumeOpened
    | FlumeFailed
    | Frame
    | BarsUpdate
    | SearchResults
    | OrderUpdate
    | FillReport
    | PositionUpdate
    | AlertUpdate
    | AlgoUpdate
    | AccountUpdate
    | GuardsUpdate
    | JournalUpdate
    | EngineStatus
    | Notice
    | CommandRefused
)
