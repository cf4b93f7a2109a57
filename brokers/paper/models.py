"""What paper assumes of a venue: delay, fees, place in the queue, slippage.

Each model is small, deterministic and chosen by a key of `[brokers.paper]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Annotated, Final, Literal, Protocol

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from engine.accounting.fees import fee_of
from engine.instruments import Instrument
from engine.messages import Side

NANOS_PER_MS: Final = 1_000_000
ZERO: Final = Decimal(0)

Milliseconds = Annotated[float, Meta(ge=0, le=60_000)]
"""A minute on the way is no model of a venue: it is a slip of the keyboard."""


class PaperOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[brokers.paper]` of `brokers.toml`."""

    delay_ms: Milliseconds = 20.0
    """Milliseconds of market time until a request is at the venue."""
    jitter_ms: Milliseconds = 0.0
    """At most this much is added to it, drawn evenly, the same draws for the same seed."""
    report_delay_ms: Milliseconds = 0.0
    """Milliseconds of market time until what the venue says is here."""
    maker_fee: Decimal | None = None
    """Share of the notional; None takes the instrument's."""
    taker_fee: Decimal | None = None
    slippage: Literal["book", "ticks", "none"] = "book"
    """What taking costs: `book` walks the sizes that are shown, and what a market order wants
    beyond them costs `slippage_ticks` more; `ticks` fills everything that many ticks behind the
    best price; `none` fills everything at the best price."""
    slippage_ticks: Annotated[int, Meta(ge=0)] = 1
    queue: Literal["behind", "proportional", "front"] = "behind"
    """Where a resting order stands: `behind` all that was shown, and only trades move it up;
    `proportional` also counts its share of what others cancel; `front` has nobody ahead."""
    balances: Mapping[str, Decimal] = {}
    """What each account begins with, by asset."""
    seed: int = 0

    def __post_init__(self) -> None:
        for key in ("maker_fee", "taker_fee"):
            fee = getattr(self, key)
            if fee is not None and not (fee.is_finite() and -1 < fee < 1):
                raise ValueError(f"{key}: {fee} is no share of the notional (0.001 is 0.1 %)")


class Delay:
    """Time on the way, in nanoseconds."""

    def __init__(self, options: PaperOptions) -> None:
        self._request_ns = round(options.delay_ms * NANOS_PER_MS)
        self._jitter_ns = round(options.jitter_ms * NANOS_PER_MS)
        self.report_ns = round(options.report_delay_ms * NANOS_PER_MS)
        """From the venue to us."""
        self._random = Random(options.seed)

    def request_ns(self) -> int:
        """From us to the venue, for the next request."""
        return self._request_ns + self._random.randint(0, self._jitter_ns)


class Fees:
    """A share of what is traded, in the asset that the market settles in."""

    def __init__(self, options: PaperOptions) -> None:
        self._maker = options.maker_fee
        self._taker = options.taker_fee

    def fee(self, instrument: Instrument, price: Decimal, size: Decimal, *, maker: bool) -> Decimal:
        """What a fill costs; negative is a rebate."""
        rates: dict[str, Decimal] = {}
        if self._maker is not None:
            rates["maker_fee"] = self._maker
        if self._taker is not None:
            rates["taker_fee"] = self._taker
        charged = replace(instrument, **rates) if rates else instrument
        return fee_of(size, price, charged, "maker" if maker else "taker")


class Queue(Protocol):
    """How much of a level trades before us. Sizes in base units."""

    def at_entry(self, shown: Decimal) -> Decimal:
        """Ahead of an order that comes to a level where this much is shown."""
        ...

    def after_change(
        self, ahead: Decimal, before: Decimal, shown: Decimal, traded: Decimal
    ) -> Decimal:
        """Ahead after a level went from `before` to `shown`, of which `traded` was trades.

        Trades have been taken off `ahead` already.
        """
        ...


class Behind:
    """Everything shown is ahead, and whoever cancels stood behind us."""

    def at_entry(self, shown: Decimal) -> Decimal:
        return shown

    def after_change(
        self, ahead: Decimal, before: Decimal, shown: Decimal, traded: Decimal
    ) -> Decimal:
        # More cannot be ahead than is there.
        return min(ahead, shown)


class Proportional(Behind):
    """Of what is canceled, the share is ahead of us that stood ahead of us."""

    def after_change(
        self, ahead: Decimal, before: Decimal, shown: Decimal, traded: Decimal
    ) -> Decimal:
        left = before - traded
        canceled = left - shown
        if canceled > 0 and left > 0:
            ahead -= ahead * canceled / left
        return min(max(ahead, ZERO), shown)


class Front(Behind):
    """Nobody is ahead."""

    def at_entry(self, shown: Decimal) -> Decimal:
        return ZERO


QUEUES: Final[Mapping[str, Queue]] = {
    "behind": Behind(),
    "proportional": Proportional(),
    "front": Front(),
}


class Slippage:
    """At which prices, and how much of, what is shown can be taken."""

    def __init__(self, options: PaperOptions) -> None:
        self._model = options.slippage
        self._ticks = options.slippage_ticks

    def take(
        self,
        side: Side,
        size: Decimal,
        limit: Decimal | None,
        levels: list[tuple[Decimal, Decimal | None]],
        instrument: Instrument,
    ) -> list[tuple[Decimal, Decimal]]:
        """Price and size of each fill of an order that takes `size` up to `limit`.

        `levels` are price and size, best first; a size of None is not known, and taken to
        suffice. Without a limit all of `size` is taken if there is any level.
        """
        sign = 1 if side == "buy" else -1
        slip = sign * self._ticks * instrument.price_tick
        reachable = [level for level in levels if limit is None or (limit - level[0]) * sign >= 0]
        if not reachable:
            return []
        best, shown = reachable[0]
        if self._model == "none":
            return [(best, size)]
        if self._model == "ticks" or shown is None:
            return [(_not_beyond(best + slip, limit, sign, instrument), size)]
        taken, left = _walk(reachable, size)
        if left > 0 and limit is None:
            worst = _not_beyond(reachable[-1][0] + slip, None, sign, instrument)
            taken.append((worst, left))
        return taken


def _walk(
    levels: list[tuple[Decimal, Decimal | None]], size: Decimal
) -> tuple[list[tuple[Decimal, Decimal]], Decimal]:
    """What is taken level by level, and what is left when none remains."""
    taken: list[tuple[Decimal, Decimal]] = []
    left = size
    for price, shown in levels:
        part = left if shown is None else min(left, shown)
        if part > 0:
            taken.append((price, part))
            left -= part
        if not left:
            break
    return taken, left


def _not_beyond(
    price: Decimal, limit: Decimal | None, sign: int, instrument: Instrument
) -> Decimal:
    if limit is not None and (price - limit) * sign > 0:
        return limit
    if price <= 0 and not instrument.allows_negative_price:
        return instrument.price_tick
    return price
