"""What is staged and not yet sent: its price, its size, its preview. Pure values, no screen.

A price is always on a tick and inside the instrument's limits, a size always on a step.

**Sizes** are set in one of two units:

* *slots*: the account's position limit, divided by its number of slots, is what one slot is
  worth. An account without a limit has slots of `DEFAULT_SLOT_NOTIONAL` quote units. A slot
  that is worth less than the least that can be ordered stands for that least.
* *units*: of the base asset, typed as they are; `+` and `-` step by the largest power of ten
  of size steps that is worth at most a tenth of a slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from engine.accounting.positions import after_fill
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    Amend,
    Order,
    OrderType,
    Position,
    Quote,
    Route,
    SetAlert,
    Side,
    Submit,
    TimeInForce,
)
from tui.paint import format as text_of

SizeUnit = Literal["slots", "units"]

DEFAULT_SLOT_NOTIONAL = Decimal(1000)
"""Quote units that a slot is worth where the account has no position limit: small enough to
try things out with, large enough to be above any venue's least order."""

TYPED_DIGITS = 12
"""Most characters of a typed size."""

_LARGEST = Decimal(10) ** 12
"""No price or size is larger: beyond it 28 digits do not hold every tick of every market."""

_ZERO = Decimal(0)


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """An intent: what Enter would send. Nothing has left the deck."""

    kind: Literal["order", "alert", "amend"]
    intent_id: str
    """The order's or alert's id, made when it was staged: one intent, one order. For an
    amend, the id of the working order."""
    fqme: str
    price: Decimal | None
    """None only for a market order, or an amend of an order that has no price to move."""
    side: Side = "buy"
    size: Decimal = _ZERO
    account: str = ""
    route: Route = "dark"
    order_type: OrderType = "limit"
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    note: str = ""
    amended: Order | None = None
    """The working order, as it was when the amend was staged."""

    @property
    def is_changed(self) -> bool:
        """Sending it would change something."""
        order = self.amended
        return order is None or self.price != working_price(order) or self.size != order.size


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was typed. It gets its id when it is placed."""

    side: Side
    size: Decimal
    fqme: str
    order_type: OrderType
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    route: Route | None = None
    """None for the route that order mode has set."""
    account: str = ""
    """Empty for the account that order mode has set."""
    is_sure: bool = False
    """It was typed with `!`: a market order is not asked about."""


def working_price(order: Order) -> Decimal | None:
    """The price that an amend moves: the trigger of what is held dark, else the limit."""
    return order.trigger_price if order.state == "dark" else order.price


def staged_amend(order: Order) -> Staged:
    """An amend that does not change anything yet."""
    return Staged(
        kind="amend",
        intent_id=order.order_id,
        fqme=order.fqme,
        price=working_price(order),
        side=order.side,
        size=order.size,
        account=order.account,
        route=order.route,
        order_type=order.order_type,
        stop_price=order.stop_price,
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        amended=order,
    )


def command_of(staged: Staged) -> Submit | Amend | SetAlert:
    """The command that sends `staged`."""
    if staged.kind == "alert":
        price = staged.price if staged.price is not None else _ZERO
        return SetAlert(alert_id=staged.intent_id, fqme=staged.fqme, price=price, note=staged.note)
    if staged.amended is not None:
        order = staged.amended
        return Amend(
            order_id=staged.intent_id,
            price=None if staged.price == working_price(order) else staged.price,
            size=None if staged.size == order.size else staged.size,
            of_trigger=order.state == "dark",
        )
    is_dark = staged.route == "dark"
    return Submit(
        order_id=staged.intent_id,
        account=staged.account,
        fqme=staged.fqme,
        side=staged.side,
        order_type=staged.order_type,
        size=staged.size,
        # What waits here for its trigger gets its limit then: through the market of that moment.
        price=None if is_dark else staged.price,
        stop_price=staged.stop_price,
        time_in_force=staged.time_in_force,
        post_only=staged.post_only,
        route=staged.route,
        trigger_price=staged.price if is_dark else None,
    )


# -- prices -------------------------------------------------------------------------------------


def price_bounds(instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Lowest and highest price on a tick that an order may have."""
    low = instrument.min_price
    if low is None:
        low = -_LARGEST if instrument.allows_negative_price else instrument.price_tick
    high = instrument.max_price if instrument.max_price is not None else _LARGEST
    return instrument.round_price(low, "up"), instrument.round_price(high, "down")


def fit_price(price: Decimal | float, instrument: Instrument) -> Decimal:
    """`price` on the nearest tick, inside the instrument's limits."""
    low, high = price_bounds(instrument)
    exact = price if isinstance(price, Decimal) else Decimal(repr(float(price)))
    return instrument.round_price(min(max(exact, low), high))


def moved(staged: Staged, ticks: int, instrument: Instrument) -> Staged:
    """`staged` by `ticks` ticks higher; what has no price stays as it is."""
    if staged.price is None:
        return staged
    return at_price(staged, staged.price + ticks * instrument.price_tick, instrument)


def at_price(staged: Staged, price: Decimal | float, instrument: Instrument) -> Staged:
    """`staged` at the tick nearest to `price`; what has no price stays as it is."""
    if staged.price is None:
        return staged
    return msgspec.structs.replace(staged, price=fit_price(price, instrument))


# -- sizes --------------------------------------------------------------------------------------


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """How the user sets the size of the next order."""

    unit: SizeUnit = "slots"
    slots: Decimal = Decimal(1)
    units: Decimal | None = None
    """None until a size in units was set: as many as a slot is worth."""
    typed: str = ""
    """The number being typed, as typed; empty when the next digit begins a new one."""


def slot_notional(account: AccountInfo | None) -> Decimal:
    """What one slot of `account` is worth, in quote units."""
    if account is None or account.max_position_notional is None:
        return DEFAULT_SLOT_NOTIONAL
    return account.max_position_notional / max(1, account.slots)


def least_size(instrument: Instrument, price: Decimal) -> Decimal:
    """The smallest size on a step that the instrument lets one order at `price`."""
    worth = abs(instrument.notional(price, Decimal(1)))
    for_notional = instrument.min_notional / worth if worth else _ZERO
    wanted = min(max(instrument.min_size, for_notional, instrument.size_step), _LARGEST)
    rounded = instrument.round_size(wanted)
    return rounded if rounded >= wanted else rounded + instrument.size_step


def fit_size(size: Decimal, instrument: Instrument) -> Decimal:
    """`size` on a step, not more than was asked for nor than the instrument lets one order."""
    largest = _LARGEST if instrument.max_size is None else instrument.max_size
    return instrument.round_size(min(max(size, _ZERO), largest, _LARGEST))


def slots_to_size(
    slots: Decimal, instrument: Instrument, price: Decimal, account: AccountInfo | None
) -> Decimal:
    """Size of so many slots at `price`; at least what can be ordered, unless it is none."""
    if slots <= 0:
        return instrument.round_size(_ZERO)
    worth = abs(instrument.notional(price, Decimal(1)))
    wanted = slots * slot_notional(account) / worth if worth else _ZERO
    return max(fit_size(wanted, instrument), fit_size(least_size(instrument, price), instrument))


def unit_step(instrument: Instrument, price: Decimal, account: AccountInfo | None) -> Decimal:
    """By how much `+` and `-` step a size in units: see the module."""
    step, tenth = instrument.size_step, slot_notional(account) / 10
    for _ in range(TYPED_DIGITS):
        if abs(instrument.notional(price, step * 10)) > tenth:
            break
        step *= 10
    return step


def size_of(
    sizing: Sizing, instrument: Instrument, price: Decimal, account: AccountInfo | None
) -> Decimal:
    """The size that `sizing` stands for at `price`."""
    if sizing.unit == "slots":
        return slots_to_size(sizing.slots, instrument, price, account)
    if sizing.units is None:
        return slots_to_size(Decimal(1), instrument, price, account)
    return fit_size(sizing.units, instrument)


def typed(sizing: Sizing, key: str) -> Sizing:
    """`sizing` after a digit, or the decimal point, was typed."""
    text = sizing.typed + key
    if len(text) > TYPED_DIGITS or text.count(".") > 1:
        return sizing
    return _with_typed(sizing, text)


def erased(sizing: Sizing) -> Sizing:
    """`sizing` after the last digit typed was taken back."""
    return _with_typed(sizing, sizing.typed[:-1]) if sizing.typed else sizing


def untyped(sizing: Sizing) -> Sizing:
    """The number is done: the next digit begins a new one. No size is one slot again."""
    return msgspec.structs.replace(
        sizing, slots=sizing.slots or Decimal(1), units=sizing.units or None, typed=""
    )


def stepped(
    sizing: Sizing,
    count: int,
    instrument: Instrument,
    price: Decimal,
    account: AccountInfo | None,
) -> Sizing:
    """`sizing` by `count` slots or unit steps larger; never below the least there is."""
    if sizing.unit == "slots":
        return msgspec.structs.replace(
            sizing, slots=max(Decimal(1), sizing.slots.to_integral_value() + count), typed=""
        )
    size = size_of(sizing, instrument, price, account)
    units = size + count * unit_step(instrument, price, account)
    least = least_size(instrument, price)
    return msgspec.structs.replace(sizing, units=fit_size(max(units, least), instrument), typed="")


def in_unit(sizing: Sizing, unit: SizeUnit, size: Decimal | None) -> Sizing:
    """`sizing` counted in `unit`; units begin at `size`, so that the order stays as it is."""
    units = size if unit == "units" and size is not None else sizing.units
    return msgspec.structs.replace(sizing, unit=unit, units=units, typed="")


def _with_typed(sizing: Sizing, text: str) -> Sizing:
    value = Decimal(text) if text.strip(".") else _ZERO
    if sizing.unit == "slots":
        return msgspec.structs.replace(sizing, slots=value, typed=text)
    return msgspec.structs.replace(sizing, units=value, typed=text)


# -- preview ------------------------------------------------------------------------------------


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of `Staged`, for the line on the chart and the order pane."""

    size: Decimal
    """What would be ordered; for an amend, what would be left of it."""
    notional: Decimal
    """Its value at its price, in quote units; of a market order at the price it would take."""
    distance: Decimal | None
    """Price minus the market's: its last for an alert, else the side it would trade with."""
    distance_ticks: int | None
    distance_share: Decimal | None
    """`distance` as a share of the market's price."""
    position: Decimal | None
    """Size of the position once all of it is filled; None for an alert."""
    average_price: Decimal | None
    """And its average price; None when that is flat."""
    faults: tuple[str, ...] = ()
    """Why it cannot be sent as it is."""
    warnings: tuple[str, ...] = ()
    """What a person may have overlooked."""


def market_price(staged: Staged, quote: Quote) -> float:
    """The price that `staged` is compared with: the side it would trade with, else the last."""
    touch = quote.ask if staged.side == "buy" else quote.bid
    return quote.last if staged.kind == "alert" or touch is None else touch


def preview(
    staged: Staged,
    instrument: Instrument,
    quote: Quote,
    *,
    position: Position,
    account: AccountInfo | None,
    is_stale: bool = False,
) -> Preview:
    """What would come of `staged` if it were filled whole at its price."""
    market = fit_price(market_price(staged, quote), instrument)
    price = staged.price if staged.price is not None else market
    left = staged.size - (staged.amended.filled if staged.amended else _ZERO)
    after = None
    if staged.kind != "alert" and left > 0:
        after = after_fill(position, staged.side, left, price, instrument)
    grown = after if after and abs(after.size) > abs(position.size) else None
    distance = price - market
    return Preview(
        size=left,
        notional=abs(instrument.notional(price, left)),
        distance=distance,
        distance_ticks=int(distance / instrument.price_tick),
        distance_share=distance / abs(market) if market else None,
        position=None if staged.kind == "alert" else after.size if after else position.size,
        average_price=after.average_price if after else None,
        faults=tuple(_faults(staged, instrument, price, left)),
        warnings=tuple(_warnings(staged, quote, price, grown, instrument, account, is_stale)),
    )


def _faults(staged: Staged, instrument: Instrument, price: Decimal, left: Decimal) -> Iterator[str]:
    if staged.kind == "alert":
        return
    least = least_size(instrument, price)
    if left <= 0:
        yield "no size" if staged.amended is None else "no size is left"
    elif staged.size < least:
        yield f"below the least size, {text_of.plain(least)}"
    largest = instrument.max_notional
    if largest is not None and abs(instrument.notional(price, left)) > largest:
        yield f"above the largest order, {text_of.notional(largest)}"
    if not staged.is_changed:
        yield "nothing is changed"


def _warnings(
    staged: Staged,
    quote: Quote,
    price: Decimal,
    grown: Position | None,
    instrument: Instrument,
    account: AccountInfo | None,
    is_stale: bool,
) -> Iterator[str]:
    if is_stale:
        yield "the market is stale"
    if staged.kind == "alert":
        return
    if staged.route == "live" and _takes(staged, quote, instrument):
        yield "would be rejected: post-only" if staged.post_only else "takes at once"
    limit = account.max_position_notional if account else None
    held = abs(instrument.notional(price, grown.size)) if grown else _ZERO
    if limit is not None and held > limit:
        yield f"above the position limit, {text_of.notional(limit)}"


def _takes(staged: Staged, quote: Quote, instrument: Instrument) -> bool:
    """Whether it is a limit order whose price reaches the other side of the book."""
    touch = quote.ask if staged.side == "buy" else quote.bid
    if touch is None or staged.price is None or staged.order_type != "limit":
        return False
    other = fit_price(touch, instrument)
    return staged.price >= other if staged.side == "buy" else staged.price <= other
