"""How large the next order is: as the user counts it, and as the allocator allows.

**Sizes** are set in one of two units:

* *slots*: parts of the account's position limit, by its plan (`engine.accounting.allocate`). An
  entry takes slots of what is free, an exit gives back slots of what is held. An account
  without a limit has slots of `DEFAULT_SLOT_NOTIONAL` quote units, as many as are wanted. A
  slot that is worth less than the least that can be ordered stands for that least.
* *units*: of the base asset, typed as they are; `+` and `-` step by the largest power of ten
  of size steps that is worth at most a tenth of a slot.

What reduces a position is never larger than what is held and not in working orders already:
stops count against stops, all others against each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Literal

import msgspec

from engine.accounting.allocate import Plan, allocate, plan_of, slots_used
from engine.accounting.payoff import EXACT
from engine.errors import UsageError
from engine.instruments import Instrument
from engine.messages import AccountInfo, Fill, Order, OrderType, Position, Side, Submit
from tui.orders import terms
from tui.paint import format as text_of
from tui.state import DeckState

SizeUnit = Literal["slots", "units"]

DEFAULT_SLOT_NOTIONAL = Decimal(1000)
"""Quote units that a slot is worth where the account has no position limit: small enough to
try things out with, large enough to be above any venue's least order."""

TYPED_DIGITS = 12
"""Most characters of a typed size."""

LARGEST = Decimal(10) ** 12
"""No price or size is larger: beyond it 28 digits do not hold every tick of every market."""

_MOST_SLOTS = 200
"""More than these are not counted one by one."""

_ZERO = Decimal(0)


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """How the user sets the size of the next order."""

    unit: SizeUnit = "slots"
    slots: Decimal = Decimal(1)
    units: Decimal | None = None
    """None until a size in units was set: as many as a slot is worth."""
    typed: str = ""
    """The number being typed, as typed; empty when the next digit begins a new one."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds in a market, and what works there: all that a size depends on."""

    account: AccountInfo | None
    position: Position
    buying: Decimal = _ZERO
    """Units in working buy orders; of orders that the venue links, those of the largest."""
    selling: Decimal = _ZERO
    peak: Decimal = _ZERO
    """The largest size that the position had since it was opened."""

    def reserved(self, side: Side) -> Decimal:
        """Units in working orders on `side`."""
        return self.buying if side == "buy" else self.selling

    def is_exit(self, side: Side) -> bool:
        """An order on `side` takes from what is held."""
        return bool(self.position.size) and (self.position.size > 0) == (side == "sell")

    def left(self, side: Side) -> Decimal:
        """What could still be left with orders on `side`: what is held and does not leave
        already."""
        if not self.is_exit(side):
            return _ZERO
        return max(_ZERO, abs(self.position.size) - self.reserved(side))


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """A size, or why there is none."""

    size: Decimal
    reason: str = ""
    """Why it is less than was asked for; empty where it is not."""


def standing_of(
    state: DeckState,
    account: AccountInfo | None,
    fqme: str,
    *,
    without: str = "",
    sent: Iterable[Submit] = (),
    for_type: OrderType = "limit",
) -> Standing:
    """What `account` holds in `fqme` and has working there, but for the order `without`.

    Args:
        sent: orders that were sent; those of which the engine has not told yet work as well.
        for_type: what it is asked for. A stop may stand beside a target for all that is held,
            where each can only reduce: what the one leaves with the other cannot.
    """
    name = account.name if account else ""
    position = state.position(name, fqme)
    working = [
        order
        for order in state.working(fqme)
        if order.account == name
        and order.order_id != without
        and not _stands_beside(terms.type_of(order), order.reduce_only, for_type)
    ]
    unheard = [
        submit
        for submit in sent
        if (submit.account, submit.fqme) == (name, fqme)
        and submit.order_id not in state.orders
        and not _stands_beside(submit.order_type, submit.reduce_only, for_type)
    ]
    return Standing(
        account=account,
        position=position,
        buying=_reserved(working, "buy") + _sent(unheard, "buy"),
        selling=_reserved(working, "sell") + _sent(unheard, "sell"),
        peak=peak_of(position, state.fills) if position.size else _ZERO,
    )


def peak_of(position: Position, fills: Iterable[Fill]) -> Decimal:
    """The largest size that `position` had since it was opened, as far as `fills`, oldest first,
    go back."""
    held = peak = abs(position.size)
    is_long = position.size > 0
    for fill in reversed([fill for fill in fills if _is_of(fill, position)]):
        held -= fill.size if (fill.side == "buy") == is_long else -fill.size
        if held <= 0:
            break
        peak = max(peak, held)
    return peak


def _is_of(fill: Fill, position: Position) -> bool:
    return fill.account == position.account and fill.fqme == position.fqme


def _reserved(working: Iterable[Order], side: Side) -> Decimal:
    """What works on `side`. Of orders that cancel each other only one can trade."""
    alone, linked = _ZERO, dict[str, Decimal]()
    for order in working:
        if order.side != side:
            continue
        left = max(order.remaining, _ZERO)
        if order.link_group:
            linked[order.link_group] = max(linked.get(order.link_group, _ZERO), left)
        else:
            alone += left
    return sum(linked.values(), alone)


def _stands_beside(order_type: OrderType, reduce_only: bool, for_type: OrderType) -> bool:
    """Whether an exit of one type leaves all that is held to one of another: a stop to what
    takes a profit, and the other way round."""
    return reduce_only and (order_type in terms.FOLLOWS) != (for_type in terms.FOLLOWS)


def _sent(submits: Iterable[Submit], side: Side) -> Decimal:
    return sum((submit.size for submit in submits if submit.side == side), _ZERO)


# -- what a size stands for ---------------------------------------------------------------------


def size_of(
    sizing: Sizing,
    side: Side,
    instrument: Instrument,
    price: Decimal,
    standing: Standing,
    *,
    reduces: bool | None = None,
) -> Sized:
    """The size that `sizing` stands for at `price`.

    Args:
        reduces: it may only take from what is held; left out, it may if it is on that side. If
            False it may go beyond it, and open the other side.
    """
    if reduces is None:
        reduces = standing.is_exit(side)
    if sizing.unit == "units" and sizing.units is not None:
        size = fit_size(sizing.units, instrument)
        return _within(size, side, standing) if reduces else Sized(size=size)
    slots = sizing.slots if sizing.unit == "slots" else Decimal(1)
    if slots <= 0:
        return Sized(size=instrument.round_size(_ZERO))
    if reduces:
        return _exit(slots, side, instrument, price, standing)
    if standing.is_exit(side):
        return Sized(size=slots_to_size(slots, instrument, price, standing.account))
    return _entry(slots, side, instrument, price, standing)


def slots_taken(
    account: AccountInfo | None, position: Position, instrument: Instrument
) -> tuple[Decimal, int] | None:
    """How many slots `position` takes, of how many; None without a known limit."""
    try:
        plan = plan_of(account) if account else None
    except UsageError:
        return None
    if account is None or plan is None:
        return None
    used = slots_used(plan, position, instrument, account.equity)
    return None if used is None else (used, plan.slots)


def slot_notional(account: AccountInfo | None, price: Decimal = Decimal(1)) -> Decimal:
    """What one slot of `account` is worth at `price`, in quote units, were all the same."""
    try:
        plan = plan_of(account) if account else None
    except UsageError:
        return _ZERO
    if plan is None or account is None:
        return DEFAULT_SLOT_NOTIONAL
    if plan.unit == "percent":
        return (account.equity or _ZERO) * plan.limit / 100 / plan.slots
    worth = abs(price) if plan.unit == "units" else Decimal(1)
    return plan.limit * worth / plan.slots


def least_size(instrument: Instrument, price: Decimal) -> Decimal:
    """The smallest size on a step that the instrument lets one order at `price`."""
    worth = abs(instrument.notional(price, Decimal(1)))
    for_notional = instrument.min_notional / worth if worth else _ZERO
    wanted = min(max(instrument.min_size, for_notional, instrument.size_step), LARGEST)
    rounded = instrument.round_size(wanted)
    return rounded if rounded >= wanted else rounded + instrument.size_step


def fit_size(size: Decimal, instrument: Instrument) -> Decimal:
    """`size` on a step, not more than was asked for nor than the instrument lets one order."""
    largest = LARGEST if instrument.max_size is None else instrument.max_size
    return instrument.round_size(min(max(size, _ZERO), largest, LARGEST))


def slots_to_size(
    slots: Decimal, instrument: Instrument, price: Decimal, account: AccountInfo | None
) -> Decimal:
    """Size of so many equal slots at `price`, whatever is held; at least what can be ordered,
    unless it is none."""
    if slots <= 0:
        return instrument.round_size(_ZERO)
    worth = abs(instrument.notional(price, Decimal(1)))
    wanted = slots * slot_notional(account, price) / worth if worth else _ZERO
    return max(fit_size(wanted, instrument), fit_size(least_size(instrument, price), instrument))


def unit_step(instrument: Instrument, price: Decimal, account: AccountInfo | None) -> Decimal:
    """By how much `+` and `-` step a size in units: see the module."""
    step, tenth = instrument.size_step, slot_notional(account, price) / 10
    for _ in range(TYPED_DIGITS):
        if abs(instrument.notional(price, step * 10)) > tenth:
            break
        step *= 10
    return step


def part_of_held(part: Decimal, side: Side, instrument: Instrument, standing: Standing) -> Sized:
    """So much of what is held, on a step, and no more than is not in working orders already."""
    with localcontext(EXACT):
        wanted = fit_size(abs(standing.position.size) * part, instrument)
    if not wanted and standing.left(side):
        step = text_of.plain(instrument.size_step)
        return Sized(
            size=wanted, reason=f"that part of what is held is below the size step, {step}"
        )
    return _within(wanted, side, standing)


def _entry(
    slots: Decimal, side: Side, instrument: Instrument, price: Decimal, standing: Standing
) -> Sized:
    account = standing.account
    try:
        plan = plan_of(account) if account else None
    except UsageError as error:
        return Sized(size=instrument.round_size(_ZERO), reason=str(error))
    if plan is None or account is None:
        return Sized(size=slots_to_size(slots, instrument, price, account))
    return _allocated(plan, slots, side, instrument, price, standing)


def _exit(
    slots: Decimal, side: Side, instrument: Instrument, price: Decimal, standing: Standing
) -> Sized:
    account = standing.account
    if not standing.is_exit(side):
        nothing = instrument.round_size(_ZERO)
        return Sized(size=nothing, reason="nothing is held that it could reduce")
    try:
        plan = plan_of(account) if account else None
    except UsageError:
        plan = None  # a limit of nothing: leaving is possible all the same
    count = max(1, account.slots) if account else 1
    plan = plan or Plan(limit=DEFAULT_SLOT_NOTIONAL * count, slots=count)
    return _allocated(plan, slots, side, instrument, price, standing)


def _allocated(
    plan: Plan,
    slots: Decimal,
    side: Side,
    instrument: Instrument,
    price: Decimal,
    standing: Standing,
) -> Sized:
    """The next so many slots, one after the other; the last may be a part of one."""
    total, left = _ZERO, min(slots, Decimal(_MOST_SLOTS))
    reason = ""
    while left > 0:
        slot = allocate(
            plan,
            standing.position,
            side,
            price,
            instrument,
            equity=standing.account.equity if standing.account else None,
            reserved=standing.reserved(side) + total,
            peak=standing.peak,
        )
        if not slot.size:
            reason = slot.reason
            break
        part = slot.size if left >= 1 else instrument.round_size(slot.size * left)
        total += part if total or part else slot.size
        left -= 1
    size = fit_size(total, instrument)
    return Sized(size=size, reason="" if size else reason)


def _within(size: Decimal, side: Side, standing: Standing) -> Sized:
    """`size`, but no more than is held and does not leave already."""
    left = standing.left(side)
    if size <= left:
        return Sized(size=size)
    if left:
        return Sized(size=left, reason="no more is held than that")
    why = "all that is held is in working orders"
    if not standing.is_exit(side):
        why = "nothing is held that it could reduce"
    return Sized(size=left, reason=why)


# -- setting it ---------------------------------------------------------------------------------


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
    size: Decimal,
    instrument: Instrument,
    price: Decimal,
    account: AccountInfo | None,
) -> Sizing:
    """`sizing`, which stands for `size` now, by `count` slots or unit steps larger; never below
    the least there is."""
    if sizing.unit == "slots":
        return msgspec.structs.replace(
            sizing, slots=max(Decimal(1), sizing.slots.to_integral_value() + count), typed=""
        )
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
