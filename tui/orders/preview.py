"""What would come of what is staged: its value, the position after it, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.accounting.allocate import Outcome, after_order
from engine.instruments import Instrument
from engine.messages import BrokerInfo, GuardsUpdate, OrderState, Position, Quote
from tui.orders import staging, terms
from tui.orders.guarded import closed_to
from tui.orders.sizing import Standing, least_size, slots_taken
from tui.orders.staging import Staged
from tui.paint import format as text_of

_ZERO = Decimal(0)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of `Staged`, for the line on the chart and the order pane."""

    size: Decimal
    """What would be ordered; for an amend, what would be left of it."""
    line: Decimal | None
    """Where its line stands; None for a market order."""
    notional: Decimal
    """Its value at its price, in quote units; of a market order at the price it would take."""
    distance: Decimal | None
    """Of its line from the market: the last price for what waits for it, else the side that it
    would trade with."""
    distance_ticks: int | None
    distance_share: Decimal | None
    """`distance` as a share of the market's price."""
    position: Decimal | None
    """Size of the position once all of it is filled; None for an alert."""
    average_price: Decimal | None
    """And its average price; None when that is flat."""
    breakeven: Decimal | None = None
    """And where leaving it would lose nothing, all costs counted; None where there is no such
    price, or where it is not known."""
    fee: Decimal | None = None
    """What the fill would cost, in the settlement asset."""
    slots: tuple[Decimal, int] | None = None
    """Slots used once all of it is filled, of how many; None without a known limit."""
    is_held_here: bool | None = None
    """The engine would hold it; None where the venue's types are not known."""
    faults: tuple[str, ...] = ()
    """Why it cannot be sent as it is."""
    warnings: tuple[str, ...] = ()
    """What a person may have overlooked."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """All that a preview depends on beside what is staged."""

    instrument: Instrument
    quote: Quote
    standing: Standing
    broker: BrokerInfo | None = None
    """Of the account; None where nothing is known of it."""
    guards: GuardsUpdate | None = None
    is_stale: bool = False
    now_ns: int = 0
    """The market's time."""


def market_price(staged: Staged, quote: Quote) -> float:
    """The price that `staged` is compared with: the last for what waits for that, else the side
    that it would trade with."""
    touch = quote.ask if staged.side == "buy" else quote.bid
    is_by_last = staged.kind == "alert" or (staged.kind == "order" and staging.waits(staged))
    return quote.last if is_by_last or touch is None else touch


def preview(staged: Staged, scene: Scene) -> Preview:
    """What would come of `staged` if it were filled whole at its price."""
    instrument, quote = scene.instrument, scene.quote
    market = staging.fit_price(market_price(staged, quote), instrument)
    line = staging.line_price(staged, instrument, quote)
    at = market if line is None else line
    price = at if staged.price is None else staged.price
    left = staged.size - (staged.amended.filled if staged.amended else _ZERO)
    held = scene.standing.position
    after = _after(staged, left, price, scene)
    position = after.position if after else held
    distance = at - market
    is_alert = staged.kind == "alert"
    taken = slots_taken(scene.standing.account, position, instrument)
    return Preview(
        size=left,
        line=line,
        notional=abs(instrument.notional(price, left)),
        distance=distance,
        distance_ticks=int(distance / instrument.price_tick),
        distance_share=distance / abs(market) if market else None,
        position=None if is_alert else position.size,
        average_price=None if is_alert else position.average_price,
        breakeven=after.breakeven.on_tick(position, instrument) if after else None,
        fee=after.fee if after else None,
        slots=None if is_alert else taken,
        is_held_here=_is_held_here(staged, scene),
        faults=tuple(_faults(staged, scene, price, left)),
        warnings=tuple(_warnings(staged, scene, price, left, position)),
    )


def reduces(staged: Staged, left: Decimal, standing: Standing) -> bool:
    """Whether it can only make what is held smaller, whatever else fills."""
    return staged.reduce_only or (
        standing.is_exit(staged.side) and left <= standing.left(staged.side)
    )


def _after(staged: Staged, left: Decimal, price: Decimal, scene: Scene) -> Outcome | None:
    """The position after it; of what only reduces, no more than is held is traded."""
    standing = scene.standing
    if staged.reduce_only:
        left = min(left, abs(standing.position.size) if standing.is_exit(staged.side) else _ZERO)
    if staged.kind == "alert" or left <= 0 or (scene.instrument.is_inverse and price <= 0):
        return None
    return after_order(
        standing.position,
        staged.side,
        left,
        price,
        scene.instrument,
        liquidity="maker" if staged.post_only else "taker",
    )


def _is_held_here(staged: Staged, scene: Scene) -> bool | None:
    if staged.amended is not None:
        return staged.amended.state is OrderState.DARK
    if staged.kind == "alert":
        return True
    return terms.is_held_here(staged.route, staged.order_type, scene.broker)


# -- what speaks against it ---------------------------------------------------------------------


def _faults(staged: Staged, scene: Scene, price: Decimal, left: Decimal) -> Iterator[str]:
    if staged.kind == "alert":
        return
    yield from _size_faults(staged, scene, price, left)
    if not staged.is_changed:
        yield "nothing is changed"
    yield from _side_faults(staged, scene)
    if staged.kind == "order":
        yield from _term_faults(staged, scene)
        only_less = reduces(staged, left, scene.standing)
        yield from closed_to(scene.guards, scene.standing.account, reduces=only_less)


def _size_faults(staged: Staged, scene: Scene, price: Decimal, left: Decimal) -> Iterator[str]:
    instrument = scene.instrument
    least = least_size(instrument, price)
    if left <= 0:
        none = "no size" if staged.amended is None else "no size is left"
        yield f"{none}: {staged.size_reason}" if staged.size_reason else none
    elif staged.size < least:
        yield f"below the least size, {text_of.plain(least)}"
    largest = instrument.max_notional
    if largest is not None and abs(instrument.notional(price, left)) > largest:
        yield f"above the largest order, {text_of.notional(largest)}"
    if staged.reduce_only and staged.kind == "order" and not scene.standing.is_exit(staged.side):
        yield f"reduce-only, and nothing is held that a {staged.side} could reduce"


def _side_faults(staged: Staged, scene: Scene) -> Iterator[str]:
    """A stop that the market has passed would trade at once: that is not what a stop is for."""
    order_type, stop, order = staged.order_type, staged.stop_price, staged.amended
    if order is not None:
        order_type, stop = terms.type_of(order), staged.price
        # One that waits for a price with no limit of its own may wait on either side.
        is_free = order.order_type == "limit" and order.price is None
        if order.state is not OrderState.DARK or stop == order.trigger_price or is_free:
            return
    last = staging.fit_price(scene.quote.last, scene.instrument)
    if order_type not in terms.HAS_STOP or stop is None:
        return
    if not staging.is_on_its_side(order_type, staged.side, stop, last):
        side = "above" if staging.waits_above(order_type, staged.side) else "below"
        word, shown = f"{staged.side}s", text_of.price(last, scene.instrument)
        yield f"a {terms.WORDS[order_type]} that {word} stands {side} the market, {shown}"


def _term_faults(staged: Staged, scene: Scene) -> Iterator[str]:
    broker = scene.broker
    if staged.post_only and staged.route == "dark":
        yield "post-only rests at the venue: s sends it there"
    if staged.time_in_force == "gtd" and staged.expires_ns <= scene.now_ns:
        yield "the time it should end at is past"
    if broker is None or not broker.order_types or staged.order_type == "market":
        return
    is_kept_here = staged.time_in_force in ("gtc", "gtd")
    if not is_kept_here and staged.time_in_force not in broker.times_in_force:
        yield f"{broker.name} takes no {staged.time_in_force} orders"
    if staged.post_only and not broker.can_post_only:
        yield f"{broker.name} takes no post-only orders"


def _warnings(
    staged: Staged, scene: Scene, price: Decimal, left: Decimal, position: Position
) -> Iterator[str]:
    if scene.is_stale:
        yield "the market is stale"
    if staged.kind == "alert":
        return
    standing, instrument = scene.standing, scene.instrument
    if staged.size_reason and left > 0:
        yield staged.size_reason
    if staged.route == "live" and _takes(staged, scene.quote, instrument):
        yield "would be rejected: post-only" if staged.post_only else "takes at once"
    if _is_limit_short(staged):
        yield "its limit is short of its stop: the market may pass it by"
    account, held = standing.account, standing.position
    if _flips(position.size, held.size):
        yield f"goes beyond what is held, {text_of.plain(abs(held.size))}, to the other side"
    if staged.reduce_only and left > standing.left(staged.side) > 0:
        yield f"more than is left to leave with, {text_of.plain(standing.left(staged.side))}"
    limit = account.max_position_notional if account else None
    grows = abs(position.size) > abs(held.size)
    worth = abs(instrument.notional(price, position.size)) if grows else _ZERO
    if limit is not None and worth > limit:
        yield f"above the position limit, {text_of.notional(limit)}"


def _flips(after: Decimal, before: Decimal) -> bool:
    return after * before < 0


def _is_limit_short(staged: Staged) -> bool:
    """Whether the limit of a stop order is on the near side of its stop."""
    if staged.kind != "order" or staged.stop_price is None or staged.price is None:
        return False
    if staged.order_type != "stop_limit":
        return False
    is_buy = staged.side == "buy"
    return staged.price < staged.stop_price if is_buy else staged.price > staged.stop_price


def _takes(staged: Staged, quote: Quote, instrument: Instrument) -> bool:
    """Whether it is a limit order whose price reaches the other side of the book."""
    touch = quote.ask if staged.side == "buy" else quote.bid
    if touch is None or staged.price is None or staged.order_type != "limit":
        return False
    other = staging.fit_price(touch, instrument)
    return staged.price >= other if staged.side == "buy" else staged.price <= other
