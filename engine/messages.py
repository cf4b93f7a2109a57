"""Every struct that crosses a boundary: ticks, commands of the deck, events of the engine.

All are frozen, and tagged by `kind`. A family is one union (`Tick`, `Command`, `Event`,
`OrderEvent`); its codec is built once, below. New fields get defaults, and types never
change, so that what was written can still be read.

Units: prices and sizes of ticks and bars are float64, those of orders, fills and positions
Decimal; times are integer nanoseconds UTC; periods are whole seconds.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import msgspec
import numpy as np

from engine.instruments import Instrument

Side = Literal["buy", "sell"]
OrderType = Literal[
    "limit",
    "market",
    "stop",
    "stop_limit",
    "take_profit",
    "take_profit_limit",
    "trailing_stop",
    "trailing_stop_limit",
]
TimeInForce = Literal["gtc", "gtd", "ioc", "fok"]
TradingState = Literal["active", "reducing", "halted"]
"""`reducing` takes only what makes a position smaller; `halted` only cancels."""
TrailUnit = Literal["price", "percent"]
Reference = Literal["last", "touch", "mid"]
"""What is held against a trigger: the last trade; `touch`, the price that the order would meet,
which is the ask for a buy and the bid for a sale; or the middle of bid and ask."""
AlertReference = Literal["last", "bid", "ask", "mid"]
Route = Literal["live", "dark"]
"""`live` goes to the account's venue at once; `dark` is held here until its trigger."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower, gc=False):
    """Base of all messages."""


# -- ticks: the market, from a broker to everyone ---------------------------------------------
#
# Both times are in the market's time (`Broker.now_ns`): wall time at a venue, the tape's time
# in a playback. An age is therefore always `broker.now_ns() - recv_ns`.


class Trade(msgspec.Struct, frozen=True, tag_field="kind", tag="trade", gc=False):
    """Something traded."""

    fqme: str
    price: float
    size: float
    side: Literal["buy", "sell", ""] = ""
    """The side that took liquidity; empty where the venue does not say."""
    venue_ns: int = 0
    recv_ns: int = 0
    trade_id: str = ""
    count: int = 1
    """Trades in it: more than one where the venue aggregates."""


class Bid(msgspec.Struct, frozen=True, tag_field="kind", tag="bid", gc=False):
    """The best bid. A size of 0 says that there is none."""

    fqme: str
    price: float
    size: float
    venue_ns: int = 0
    recv_ns: int = 0


class Ask(msgspec.Struct, frozen=True, tag_field="kind", tag="ask", gc=False):
    """The best ask. A size of 0 says that there is none."""

    fqme: str
    price: float
    size: float
    venue_ns: int = 0
    recv_ns: int = 0


class Book(msgspec.Struct, frozen=True, tag_field="kind", tag="book", gc=False):
    """A change of the L2 book: levels as (price, size), size 0 removes the level."""

    fqme: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    venue_ns: int = 0
    recv_ns: int = 0
    is_snapshot: bool = False
    """The levels are the whole book; what was known before is void."""


class Break(msgspec.Struct, frozen=True, tag_field="kind", tag="break", gc=False):
    """The stream is not continuous here: what lies between is not known."""

    fqme: str
    reason: Literal["stale", "gap", "resync", "seek", "overrun", "end"]
    """`stale`: no data until further ticks; `gap`: something was missed; `resync`: the book
    was built anew; `seek`: a playback moved to `venue_ns`, later bars are void; `overrun`:
    this reader was too slow; `end`: no more data will come."""
    venue_ns: int = 0
    recv_ns: int = 0


Tick = Trade | Bid | Ask | Book | Break
TickType = Literal["trade", "bid", "ask", "book", "break"]
TICK_TYPE: dict[type, TickType] = {
    Trade: "trade",
    Bid: "bid",
    Ask: "ask",
    Book: "book",
    Break: "break",
}
"""The name under which a frame groups a tick."""


class Quote(Message, frozen=True):
    """The present of a market: what is known of it at `venue_ns`. NaN is never used: a value
    that is not known is None."""

    fqme: str
    last: float
    """Price of the last trade."""
    last_size: float = 0.0
    bid: float | None = None
    bid_size: float = 0.0
    ask: float | None = None
    ask_size: float = 0.0
    day_open: float | None = None
    """What change is measured against: price 24 h ago, or the session's open."""
    day_volume: float | None = None
    """Volume since then, in base units."""
    venue_ns: int = 0
    recv_ns: int = 0


class Columns(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bars as columns, one entry per bar, oldest first; all of one length.

    `time_ns` (int64) is the start of the bar's period, nanoseconds UTC; the others are float64.
    """

    time_ns: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    trades: np.ndarray
    """Number of trades; 0 where the source does not say."""

    def __len__(self) -> int:
        return len(self.time_ns)


COLUMN_NAMES = ("time_ns", "open", "high", "low", "close", "volume", "trades")


# -- orders, fills, positions -----------------------------------------------------------------


class OrderState(StrEnum):
    """Where an order is. `staged` exists in the deck only."""

    STAGED = "staged"
    PENDING = "pending"
    """On its way: given to the venue, not yet acknowledged."""
    OPEN = "open"
    PARTIAL = "partial"
    DARK = "dark"
    """Held in the EMS; no venue has seen it."""
    TRIGGERED = "triggered"
    """Its trigger was touched; being sent."""
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    """The venue said no."""
    DENIED = "denied"
    """We said no."""
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """We do not know; its exposure stays reserved until there is evidence."""


WORKING = frozenset(
    {
        OrderState.PENDING,
        OrderState.OPEN,
        OrderState.PARTIAL,
        OrderState.DARK,
        OrderState.TRIGGERED,
        OrderState.UNKNOWN,
    }
)
"""States in which an order can still trade."""

DONE = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.REJECTED,
        OrderState.DENIED,
        OrderState.EXPIRED,
    }
)
"""States from which only a late fill moves an order."""


class Order(Message, frozen=True):
    """An order as the router knows it, after all events so far."""

    order_id: str
    """Ours, made when the order was staged; also the client order id at the venue."""
    account: str
    fqme: str
    side: Side
    order_type: OrderType
    size: Decimal
    price: Decimal | None = None
    """Limit price; None for market and stop orders."""
    stop_price: Decimal | None = None
    """Where a stop or stop-limit order starts to work, at the venue."""
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    route: Route = "live"
    trigger_price: Decimal | None = None
    """Where a dark order is sent."""
    trigger_direction: Literal["up", "down", ""] = ""
    """Of a dark order that is held: from where its trigger is touched."""
    reduce_only: bool = False
    """It only ever makes a position smaller: never larger, never of the other side."""
    expires_ns: int = 0
    """When a `gtd` order ends, in the market's time; 0 for all others."""
    trail: Decimal | None = None
    """How far behind the best price since it began the stop of a trailing order stays."""
    trail_unit: TrailUnit = "price"
    """`trail` is a difference of prices, or a percentage of the best price."""
    limit_offset: Decimal | None = None
    """How far beyond its stop a trailing stop-limit order is willing to trade."""
    reference: Reference = "last"
    """What a trigger that is held here is held against."""
    parent_id: str = ""
    """Of the algo that it is a child of."""
    link_group: str = ""
    """Orders of one group at a venue that links them: the first to trade or to end, other than
    by its own amend, cancels the rest (one cancels the other)."""
    state: OrderState = OrderState.PENDING
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    """Of the fills so far, exact; None without fills."""
    fees: Decimal = Decimal(0)
    """Sum of fees in `fee_asset`; fees in other assets are on the fills."""
    fee_asset: str = ""
    venue_order_id: str = ""
    awaiting: Literal["", "amend", "cancel"] = ""
    """What was asked of the venue and is not yet answered."""
    reason: str = ""
    """Why it was denied, rejected, canceled or is unknown."""
    accepts_stale: bool = False
    """A person wants it though the market is stale."""
    is_external: bool = False
    """Made elsewhere: the venue has it, and nobody here asked for it."""
    created_ns: int = 0
    updated_ns: int = 0

    @property
    def remaining(self) -> Decimal:
        return self.size - self.filled

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def held_at(self) -> Literal["", "engine", "venue"]:
        """Where it waits: here, where it depends on this host and this feed; at the venue, or on
        its way there; or nowhere any more."""
        if not self.is_working:
            return ""
        return "engine" if self.state is OrderState.DARK else "venue"


class Fill(Message, frozen=True):
    """One execution. Unique by (venue, account, instrument, trade id)."""

    order_id: str
    account: str
    fqme: str
    trade_id: str
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str = ""
    liquidity: Literal["maker", "taker", ""] = ""
    venue_ns: int = 0
    recv_ns: int = 0


class Position(Message, frozen=True):
    """What an account holds in a market: a fold over its fills."""

    account: str
    fqme: str
    size: Decimal = Decimal(0)
    """Negative is short."""
    average_price: Decimal | None = None
    """Average cost of what is held; None when flat."""
    realised: Decimal = Decimal(0)
    """Profit of closed parts, in the instrument's settlement asset, before fees."""
    fees: Decimal = Decimal(0)
    """Fees paid in the settlement asset."""
    fees_in_other: dict[str, Decimal] = {}
    """Fees paid in other assets, by asset; never converted silently."""
    entry_fees: dict[str, Decimal] = {}
    """Of all these fees, by asset, those for opening what is still held: the share of a part
    that is closed goes with it. Empty when flat."""
    updated_ns: int = 0


class Alert(Message, frozen=True):
    """A price at which to call the user."""

    alert_id: str
    fqme: str
    price: Decimal
    note: str = ""
    state: Literal["armed", "triggered", "canceled"] = "armed"
    reference: AlertReference = "last"
    """Which price of the market is held against `price`."""
    direction: Literal["up", "down", ""] = ""
    """`up` calls when the market is at or above `price`, `down` at or below. Set by where
    the market stands when the alert is set; empty until it is known."""
    created_ns: int = 0
    triggered_ns: int = 0
    triggered_price: float | None = None


# -- algos: orders that make orders -----------------------------------------------------------


class BracketTerms(Message, frozen=True, tag="bracket"):
    """An entry, and from what it fills a stop and targets, of which one cancels the other."""

    side: Side
    """Of the entry."""
    size: Decimal
    stop_price: Decimal
    """Where the position is given up."""
    targets: tuple[tuple[Decimal, Decimal], ...]
    """(price, size) of each, nearest first; the sizes add up to `size`."""
    price: Decimal | None = None
    """Limit of the entry; None enters at the market."""


class OcoTerms(Message, frozen=True, tag="oco"):
    """A limit order and a stop of one side and size: what the one trades the other does not."""

    side: Side
    size: Decimal
    price: Decimal
    stop_price: Decimal
    reduce_only: bool = False


class OtoTerms(Message, frozen=True, tag="oto"):
    """An order, and another that is sent for what the first one filled, once it is done."""

    side: Side
    size: Decimal
    price: Decimal
    then_side: Side
    then_price: Decimal
    """Limit of the second."""


class IcebergTerms(Message, frozen=True, tag="iceberg"):
    """A limit order of which the book sees only `shown` at a time."""

    side: Side
    size: Decimal
    price: Decimal
    shown: Decimal


class ScaleTerms(Message, frozen=True, tag="scale"):
    """`count` limit orders from `first_price` to `last_price`, both included."""

    side: Side
    size: Decimal
    """Of all together."""
    count: int
    first_price: Decimal
    last_price: Decimal
    shape: Literal["flat", "rising", "falling"] = "flat"
    """How sizes go from the first to the last: all the same, 1 : 2 : ... : n, or the reverse."""
    reduce_only: bool = False


class TwapTerms(Message, frozen=True, tag="twap"):
    """`count` equal parts, one each `interval_s`; what a part did not fill goes to the next."""

    side: Side
    size: Decimal
    count: int
    interval_s: float
    price: Decimal | None = None
    """No part trades beyond it; None sends market orders."""
    reduce_only: bool = False


class ChaseTerms(Message, frozen=True, tag="chase"):
    """A limit order that follows the best price of its own side, never beyond `limit_price`."""

    side: Side
    size: Decimal
    limit_price: Decimal
    """The dearest a buy follows to, the cheapest a sale does."""
    offset_ticks: int = 0
    """How far behind the best price it stays."""
    every_s: float = 0.5
    """Least time between two amends."""
    most_moves: int = 1000
    """Amends after which it stays where it is."""
    post_only: bool = False
    reduce_only: bool = False


AlgoTerms = BracketTerms | OcoTerms | OtoTerms | IcebergTerms | ScaleTerms | TwapTerms | ChaseTerms

AlgoStatus = Literal["running", "paused", "canceling", "done", "canceled", "failed"]


class Algo(Message, frozen=True):
    """An algo as it stands. Together with its orders this is all that it goes on from."""

    algo_id: str
    account: str
    fqme: str
    terms: AlgoTerms
    status: AlgoStatus = "running"
    reason: str = ""
    is_native: bool = False
    """Its orders are linked by the venue; else what links them is held here, and depends on
    this host and this feed."""
    placed: int = 0
    """Orders it has made so far; the next one is named by this number."""
    stopped: tuple[str, ...] = ()
    """Ids of its orders that a pause canceled: what they left open is to be traded still."""
    will_be: Literal["canceled", "failed"] = "canceled"
    """What it becomes once nothing of it works any more, while it is `canceling`."""
    touched: bool = False
    """The stop that is held here was reached: what is left leaves at the market."""
    moves: int = 0
    """Amends it has made."""
    next_ns: int = 0
    """When it acts again by itself, in the market's time; 0 waits for an event."""
    filled: Decimal = Decimal(0)
    """Of what it set out to trade; exits of a bracket are not counted."""
    created_ns: int = 0
    updated_ns: int = 0

    @property
    def is_ended(self) -> bool:
        return self.status in ("done", "canceled", "failed")


# -- order events: what moves an order; from brokers and the EMS to the router ------------------


class Accepted(Message, frozen=True):
    """The venue has the order."""

    order_id: str
    venue_order_id: str = ""
    venue_ns: int = 0


class Rejected(Message, frozen=True):
    """The venue said no: the order does not exist there."""

    order_id: str
    reason: str
    venue_ns: int = 0


class Denied(Message, frozen=True):
    """We said no: nothing left the machine."""

    order_id: str
    check: str
    reason: str
    limit: str = ""
    value: str = ""


class Filled(Message, frozen=True):
    """The venue reports an execution of the order."""

    order_id: str
    trade_id: str
    price: Decimal
    size: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str = ""
    liquidity: Literal["maker", "taker", ""] = ""
    venue_ns: int = 0


class Canceled(Message, frozen=True):
    """The rest of the order will not trade."""

    order_id: str
    reason: str = ""
    venue_ns: int = 0


class Expired(Message, frozen=True):
    """The venue ended the order by its own terms (IOC or FOK rest, end of day)."""

    order_id: str
    reason: str = ""
    venue_ns: int = 0


class AmendRequested(Message, frozen=True):
    """An amend was asked of the venue, or of the dark book."""

    order_id: str
    price: Decimal | None
    size: Decimal


class Amended(Message, frozen=True):
    """The order now has this price and size."""

    order_id: str
    price: Decimal | None
    size: Decimal
    stop_price: Decimal | None = None
    trigger_price: Decimal | None = None
    venue_ns: int = 0


class CancelRequested(Message, frozen=True):
    """A cancel was asked of the venue, or of the dark book."""

    order_id: str


class RequestRefused(Message, frozen=True):
    """An amend or a cancel was refused; the order stands as it did."""

    order_id: str
    request: Literal["amend", "cancel"]
    reason: str
    venue_ns: int = 0
    check: str = ""
    """Of ours, if we refused it; empty when the venue did."""
    limit: str = ""
    value: str = ""


class Held(Message, frozen=True):
    """The dark book holds the order."""

    order_id: str
    as_type: OrderType | None = None
    """What it is sent as once its stop is touched, where its venue does not take its own type:
    it becomes a dark order of this type, and its stop price the trigger."""
    direction: Literal["up", "down", ""] = ""
    """From where its trigger is touched; on record, for the market may have passed it by when
    the engine comes back."""


class Triggered(Message, frozen=True):
    """The trigger of a dark order was touched; it is about to be sent."""

    order_id: str
    touched_price: float
    price: Decimal | None
    """Limit price it is sent with; None for a market order."""
    venue_ns: int = 0


class Lost(Message, frozen=True):
    """No answer to a request that may have reached the venue."""

    order_id: str
    reason: str


class Reopened(Message, frozen=True):
    """The venue has the order among those that work, though it had been taken for done."""

    order_id: str
    reason: str
    venue_ns: int = 0


OrderEvent = (
    Accepted
    | Rejected
    | Denied
    | Filled
    | Canceled
    | Expired
    | AmendRequested
    | Amended
    | CancelRequested
    | RequestRefused
    | Held
    | Triggered
    | Lost
    | Reopened
)


# -- commands: from the deck to the engine ------------------------------------------------------


class Watch(Message, frozen=True):
    """Open these markets, and frame them at most `throttle_hz` times a second."""

    fqmes: tuple[str, ...]
    throttle_hz: float = 15.0


class Unwatch(Message, frozen=True):
    """Close these markets for this deck."""

    fqmes: tuple[str, ...]


class OpenBars(Message, frozen=True):
    """Send the newest `count` bars of a watched market, then keep them up to date."""

    fqme: str
    period_s: int
    count: int = 1000


class CloseBars(Message, frozen=True):
    """Stop sending these bars."""

    fqme: str
    period_s: int


class Search(Message, frozen=True):
    """Find instruments over all loaded brokers; the answer carries `request_id`."""

    request_id: int
    text: str
    limit: int = 50


class Submit(Message, frozen=True):
    """A new order. `order_id` was made when it was staged: one intent, one order."""

    order_id: str
    account: str
    fqme: str
    side: Side
    order_type: OrderType
    size: Decimal
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    route: Route = "live"
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    expires_ns: int = 0
    trail: Decimal | None = None
    trail_unit: TrailUnit = "price"
    limit_offset: Decimal | None = None
    reference: Reference = "last"
    parent_id: str = ""
    link_group: str = ""
    accepts_stale: bool = False
    """A person saw that the market is stale, and wants it all the same; for accounts whose limits
    say that this may be confirmed."""


class Amend(Message, frozen=True):
    """Give a working order another price or size. None leaves it as it is.

    For a dark order `price` is its trigger price.
    """

    order_id: str
    price: Decimal | None = None
    size: Decimal | None = None
    of_trigger: bool = False
    """`price` is meant as a trigger: not for an order that was sent meanwhile."""


class Cancel(Message, frozen=True):
    """Cancel one working order."""

    order_id: str


class CancelAll(Message, frozen=True):
    """Cancel every working order, dark ones included, of a market and an account; an empty
    string means all."""

    fqme: str = ""
    account: str = ""


class Flatten(Message, frozen=True):
    """Cancel what works in the market, then close its position with a market order."""

    order_id: str
    """Of the closing order, if one is needed."""
    fqme: str
    account: str


class Resolve(Message, frozen=True):
    """A person says what became of an order of which nobody knows: by what they saw at the venue,
    not by hope. `canceled` and `rejected`: it does not work there, and traded no more than is
    known; `open`: it works there."""

    order_id: str
    outcome: Literal["open", "canceled", "rejected"]
    note: str = ""


class Reverse(Message, frozen=True):
    """Cancel what works in the market, then trade its position to the same size on the other
    side, with a market order of twice the size. Another key than `Flatten` has."""

    order_id: str
    """Of the order, if there is a position to reverse."""
    fqme: str
    account: str


class SetTradingState(Message, frozen=True):
    """Put an account, or all of them (an empty name), in a state of trading. What counts for an
    account is the stricter of its own and of all."""

    state: TradingState
    account: str = ""
    note: str = ""


class KillSwitch(Message, frozen=True):
    """On: block every new order, cancel everything that works, of all accounts. It stays on, also
    across restarts, until a person turns it off."""

    is_on: bool
    note: str = ""


class ArmAccount(Message, frozen=True):
    """Let a live account take orders that add risk, until the engine stops or it is disarmed.
    Paper accounts need no arming."""

    account: str
    is_armed: bool


class SetAlert(Message, frozen=True):
    """Call when the market's price (`reference`) reaches `price` from where it stands now."""

    alert_id: str
    fqme: str
    price: Decimal
    note: str = ""
    reference: AlertReference = "last"


class CancelAlert(Message, frozen=True):
    alert_id: str


class SubmitAlgo(Message, frozen=True):
    """Run an algo. `algo_id` was made when it was staged: one intent, one algo."""

    algo_id: str
    account: str
    fqme: str
    terms: AlgoTerms


class PauseAlgo(Message, frozen=True):
    """Send nothing new for it, and cancel those of its orders that open a position; what
    protects a position stays."""

    algo_id: str


class ResumeAlgo(Message, frozen=True):
    """Go on with a paused algo."""

    algo_id: str


class CancelAlgo(Message, frozen=True):
    """End it, and cancel all of its orders."""

    algo_id: str


class Playback(Message, frozen=True):
    """Move a playback. `value` is a speed, seconds to seek by, or 1/0 for loop."""

    broker: str
    action: Literal["pause", "resume", "step", "speed", "seek", "loop"]
    value: float = 0.0
    """`speed`: times real time, 0 is as fast as it goes; `step`: number of messages; `seek`:
    seconds from the present position, negative is back; `loop`: 1 on, 0 off."""


class Shutdown(Message, frozen=True):
    """Stop the engine; with `cancel_working`, after everything working was canceled."""

    cancel_working: bool = False


Command = (
    Watch
    | Unwatch
    | OpenBars
    | CloseBars
    | Search
    | Submit
    | Amend
    | Cancel
    | CancelAll
    | Flatten
    | Reverse
    | Resolve
    | SetTradingState
    | KillSwitch
    | ArmAccount
    | SetAlert
    | CancelAlert
    | SubmitAlgo
    | PauseAlgo
    | ResumeAlgo
    | CancelAlgo
    | Playback
    | Shutdown
)


# -- events: from the engine to the deck --------------------------------------------------------


class BrokerInfo(Message, frozen=True):
    """What a loaded broker can do; the deck greys out the rest."""

    name: str
    can_search: bool = False
    has_history: bool = False
    has_depth: bool = False
    can_trade: bool = False
    can_amend: bool = False
    can_play: bool = False
    """It is a playback: pause, speed, seek."""


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


class FlumeFailed(Message, frozen=True):
    """A market could not be opened, or was lost for good."""

    fqme: str
    reason: str


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


class SearchResults(Message, frozen=True):
    request_id: int
    matches: tuple[Match, ...]


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


# -- codecs, built once -------------------------------------------------------------------------


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.tobytes())
    raise NotImplementedError(f"{type(value).__name__} is not part of any message")


def _decode_array(wanted: type, value: Any) -> Any:
    if wanted is np.ndarray:
        dtype, data = value
        return np.frombuffer(data, dtype=np.dtype(dtype))
    raise NotImplementedError(f"{wanted.__name__} is not part of any message")


encoder = msgspec.msgpack.Encoder(enc_hook=_encode_array)
command_decoder = msgspec.msgpack.Decoder(Command, dec_hook=_decode_array)
event_decoder = msgspec.msgpack.Decoder(Event, dec_hook=_decode_array)
