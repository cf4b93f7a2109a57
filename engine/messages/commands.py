"""Commands: from the deck to the engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.messages.algos import AlgoTerms
from engine.messages.base import (
    AlertReference,
    Message,
    OrderType,
    Reference,
    Route,
    Side,
    TimeInForce,
    TradingState,
    TrailUnit,
)


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
    shown: Decimal | None = None
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


class AmendAlgo(Message, frozen=True):
    """Go on with other terms of the same kind: other prices and times, never another side or size.
    What works already is amended, or replaced where its venue cannot amend."""

    algo_id: str
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
    | AmendAlgo
    | PauseAlgo
    | ResumeAlgo
    | CancelAlgo
    | Playback
    | Shutdown
)
