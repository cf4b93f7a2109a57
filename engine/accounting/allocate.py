"""The allocator: how large the next order is, from a position limit that is split in slots.

The limit is in units, in quote currency, or in percent of equity (counted in quote). An entry
takes a slot of what is free, an exit a slot of what is held.

* **Used** is what was paid for what is held (size times average price), not what it is worth
  now: a market that moves neither frees slots nor takes them. Working entries count at the price
  of the order in question.
* **Slots** are equal (``even``), or their sizes fall (``front``: 4, 3, 2, 1 parts of ten) or
  rise (``back``: 1, 2, 3, 4). Which slot is next is what is used, to the nearest slot, so that
  rounding to steps does not make two of one.
* **Exits** are slotted in units: counted in currency, it would take more of them to leave at a
  profit than at a loss. Their whole is the largest of the limit's units at the average price, the
  largest size that the position had (`peak`, if given), and what is held. A rest of less than
  one and a half slots goes at once: no exit leaves a splinter. They need neither equity nor a
  limit that is still kept to: leaving is always possible.
* **Bounds**: on the size step, rounded towards zero; within the instrument's largest size and
  notional. What would be below the least order is raised to it where that much is free (or held),
  else it is nothing, with the reason. An exit that would leave less than the least order takes
  all. No size crosses zero: what works already on the same side is counted as if it were done.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Literal

import msgspec

from engine.accounting.breakeven import Breakeven, breakeven
from engine.accounting.fees import Liquidity, fee_of
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.positions import apply
from engine.errors import UsageError
from engine.instruments import Instrument
from engine.messages import AccountInfo, Fill, Position, Side

Unit = Literal["units", "currency", "percent"]
Loading = Literal["even", "front", "back"]

NO_EQUITY = "the equity is not known: brokers.toml may state it, as equity of the account"
_ONE = Decimal(1)
_HALF = Decimal("0.5")
_WHOLE_BELOW = Decimal("1.5")
"""Slots: an exit from less than this many takes all."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A position limit and its slots."""

    limit: Decimal
    """In `unit`: units of size, quote currency, or percent of equity."""
    unit: Unit = "currency"
    slots: int = 4
    loading: Loading = "even"

    def __post_init__(self) -> None:
        """Refuse what cannot be split.

        Raises:
            UsageError: a limit that is not above zero, or less than one slot.
        """
        if not self.limit.is_finite() or self.limit <= 0:
            raise UsageError(f"a position limit of {self.limit} leaves nothing to trade")
        if self.slots < 1:
            raise UsageError(f"a limit cannot be split in {self.slots} slots")

    @property
    def weights(self) -> tuple[int, ...]:
        """Parts of the limit that each slot is, first slot first."""
        if self.loading == "even":
            return (1,) * self.slots
        rising = tuple(range(1, self.slots + 1))
        return rising if self.loading == "back" else rising[::-1]


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """The next order's size, or why there is none."""

    side: Side
    size: Decimal
    """Zero if there is none."""
    is_exit: bool
    slot: int
    """Which slot it takes (of an exit: gives back), counted from 1."""
    reason: str = ""
    """Why the size is zero."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a position would be after an order filled whole."""

    position: Position
    breakeven: Breakeven
    fee: Decimal
    """What the fill would cost, in the settlement asset."""
    slots_used: Decimal | None
    """None where the limit is not known."""


def plan_of(account: AccountInfo) -> Plan | None:
    """The plan that an account's settings say; None where it has no position limit.

    Raises:
        UsageError: a limit that leaves nothing to trade.
    """
    limit, unit = account.position_limit, account.limit_unit
    if limit is None:
        limit, unit = account.max_position_notional, "currency"
    if limit is None:
        return None
    return Plan(limit=limit, unit=unit, slots=max(1, account.slots), loading=account.loading)


def allocate(
    plan: Plan,
    position: Position,
    side: Side,
    price: Decimal,
    instrument: Instrument,
    *,
    equity: Decimal | None = None,
    reserved: Decimal = ZERO,
    peak: Decimal = ZERO,
) -> Allocation:
    """The size of the next order on `side` at `price`.

    Args:
        plan: the limit. One in another currency than the market's quote is converted before.
        position: what is held.
        side: of the order.
        price: of the order; of a market order what it would take.
        instrument: its market.
        equity: of the account, in quote; for a limit in percent.
        reserved: units in working orders on the same side.
        peak: the largest size that the position had since it was opened.
    """
    with localcontext(EXACT):
        if position.size and (position.size > 0) == (side == "sell"):
            return _exit(plan, position, side, price, instrument, equity, reserved, abs(peak))
        return _entry(plan, position, side, price, instrument, equity, reserved)


def slots_used(
    plan: Plan, position: Position, instrument: Instrument, equity: Decimal | None = None
) -> Decimal | None:
    """How many slots of the limit are taken, in parts of a slot; more than there are where the
    position is above it. None where the limit is not known."""
    with localcontext(EXACT):
        limit = _limit(plan, equity)
        if limit is None:
            return None
        used = _measure(plan, position.size, position.average_price or ZERO, instrument)
        if limit <= 0:
            return ZERO if not used else Decimal(plan.slots)
        parts = used * sum(plan.weights) / limit
        taken = ZERO
        for weight in plan.weights:
            taken += min(_ONE, parts / weight)
            parts = max(ZERO, parts - weight)
        return taken + parts * plan.slots / sum(plan.weights)


def after_order(
    position: Position,
    side: Side,
    size: Decimal,
    price: Decimal,
    instrument: Instrument,
    *,
    plan: Plan | None = None,
    equity: Decimal | None = None,
    liquidity: Liquidity = "taker",
) -> Outcome:
    """What `position` would be after such an order filled whole, its fee counted."""
    fee = fee_of(size, price, instrument, liquidity)
    fill = Fill(
        order_id="",
        account=position.account,
        fqme=position.fqme,
        trade_id="",
        side=side,
        price=price,
        size=size,
        fee=fee,
        fee_asset=instrument.settle,
        venue_ns=position.updated_ns,
    )
    after = apply(position, fill, instrument) if size else position
    return Outcome(
        position=after,
        breakeven=breakeven(after, instrument),
        fee=fee,
        slots_used=None if plan is None else slots_used(plan, after, instrument, equity),
    )


def least_order(price: Decimal, instrument: Instrument) -> Decimal:
    """The smallest size on a step that one order at `price` may have."""
    with localcontext(EXACT):
        worth = abs(instrument.notional(price, _ONE))
        for_notional = instrument.min_notional / worth if worth else ZERO
        wanted = max(instrument.min_size, for_notional, instrument.size_step)
        rounded = instrument.round_size(wanted)
        return rounded if rounded >= wanted else rounded + instrument.size_step


def largest_order(price: Decimal, instrument: Instrument) -> Decimal | None:
    """The largest size on a step that one order at `price` may have; None if there is no end."""
    with localcontext(EXACT):
        bounds = [] if instrument.max_size is None else [instrument.max_size]
        worth = abs(instrument.notional(price, _ONE))
        if instrument.max_notional is not None and worth:
            bounds.append(instrument.max_notional / worth)
        return instrument.round_size(min(bounds)) if bounds else None


def _entry(
    plan: Plan,
    position: Position,
    side: Side,
    price: Decimal,
    instrument: Instrument,
    equity: Decimal | None,
    reserved: Decimal,
) -> Allocation:
    limit = _limit(plan, equity)
    unit = _measure(plan, _ONE, price, instrument)
    if limit is None or not unit:
        why = "there is no price to count at" if limit is not None else NO_EQUITY
        return Allocation(side=side, size=ZERO, is_exit=False, slot=1, reason=why)
    used = _measure(plan, position.size, position.average_price or ZERO, instrument)
    used += abs(reserved) * unit
    free = max(ZERO, limit - used)
    slot = _slot(plan.weights, used, limit)
    wanted = min(limit * plan.weights[slot] / sum(plan.weights), free) / unit
    size, reason = _bounded(wanted, free / unit, price, instrument)
    if reason:
        reason = f"the position limit is used up: {reason}" if free < limit else reason
    return Allocation(side=side, size=size, is_exit=False, slot=slot + 1, reason=reason)


def _exit(
    plan: Plan,
    position: Position,
    side: Side,
    price: Decimal,
    instrument: Instrument,
    equity: Decimal | None,
    reserved: Decimal,
    peak: Decimal,
) -> Allocation:
    held = abs(position.size)
    left = instrument.round_size(max(ZERO, held - abs(reserved)))
    whole = max(held, peak, _limit_in_units(plan, position, instrument, equity))
    slot = _slot(plan.weights, whole - left, whole)
    share = whole * plan.weights[slot] / sum(plan.weights)
    size, reason = ZERO, "all that is held is in working orders"
    if left:
        wanted = left if left < share * _WHOLE_BELOW else share
        size, reason = _bounded(wanted, left, price, instrument)
        if size and ZERO < left - size < least_order(price, instrument):
            size, _ = _bounded(left, left, price, instrument)
    return Allocation(side=side, size=size, is_exit=True, slot=slot + 1, reason=reason)


def _bounded(
    wanted: Decimal, most: Decimal, price: Decimal, instrument: Instrument
) -> tuple[Decimal, str]:
    """`wanted` as an order may be, but no more than `most`; or why it cannot be one."""
    least, largest = least_order(price, instrument), largest_order(price, instrument)
    size = instrument.round_size(wanted)
    if largest is not None:
        size = min(size, largest)
    if size >= least:
        return size, ""
    if least <= most and (largest is None or least <= largest):
        return least, ""
    return (
        ZERO,
        f"the least order is {least:f}, and {max(ZERO, instrument.round_size(most)):f} is left",
    )


def _slot(weights: Sequence[int], used: Decimal, whole: Decimal) -> int:
    """Index of the slot that is next, where `used` of `whole` are gone, to the nearest slot."""
    if whole <= 0:
        return 0
    parts = used * sum(weights) / whole
    starts = (0, *accumulate(weights))
    filled = sum(
        parts >= start + weight * _HALF for start, weight in zip(starts, weights, strict=False)
    )
    return min(filled, len(weights) - 1)


def _limit(plan: Plan, equity: Decimal | None) -> Decimal | None:
    """The limit in units or in quote currency; None where it is not known."""
    if plan.unit != "percent":
        return plan.limit
    return None if equity is None else max(ZERO, equity * plan.limit / 100)


def _limit_in_units(
    plan: Plan, position: Position, instrument: Instrument, equity: Decimal | None
) -> Decimal:
    """What the limit is worth in units at the average price; zero where it is not known."""
    limit = _limit(plan, equity)
    unit = _measure(plan, _ONE, position.average_price or ZERO, instrument)
    return limit / unit if limit and unit else ZERO


def _measure(plan: Plan, size: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """`size` as the limit counts it."""
    return abs(size) if plan.unit == "units" else abs(instrument.notional(price, size))
