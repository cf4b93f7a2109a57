"""What a market is, its one name, and the only rounding to price tick and size step."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

import msgspec

from engine.errors import UsageError
from engine.text import safe

Rounding = Literal["nearest", "down", "up"]

_MODES = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}
_PART = re.compile(r"[a-z0-9][a-z0-9_\-]*")


class Fqme(msgspec.Struct, frozen=True):
    """A parsed fully qualified market endpoint: `symbol.venue[.more].broker`."""

    symbol: str
    """What is traded: `btcusdt`, `es`."""
    venue: str
    """Everything between symbol and broker: `spot`, `cme.202612`; may be empty."""
    broker: str
    """The broker that serves it: `binance`, `sim`."""

    def __str__(self) -> str:
        return ".".join(part for part in (self.symbol, self.venue, self.broker) if part)


def parse_fqme(text: str) -> Fqme:
    """The parts of `text`, which is lower-cased first.

    Raises:
        UsageError: fewer than two parts, or a part that is not letters, digits, `_`, `-`.
    """
    parts = text.strip().lower().split(".")
    if len(parts) < 2 or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"{safe(text, 80)!r} is not a market name",
            hint="write symbol.venue.broker, as in btcusdt.spot.sim",
        )
    return Fqme(parts[0], ".".join(parts[1:-1]), parts[-1])


class PriceRange(msgspec.Struct, frozen=True, kw_only=True):
    """How far from the market a limit price may be, as multiples of the average price (of
    `Instrument.average_minutes`). None: no bound. PERCENT_PRICE_BY_SIDE of Binance."""

    buy_low: Decimal | None = None
    buy_high: Decimal | None = None
    sell_low: Decimal | None = None
    sell_high: Decimal | None = None

    def bounds(self, side: Literal["buy", "sell"]) -> tuple[Decimal | None, Decimal | None]:
        """Lowest and highest multiple for an order of `side`."""
        if side == "buy":
            return self.buy_low, self.buy_high
        return self.sell_low, self.sell_high


class TrailRange(msgspec.Struct, frozen=True, kw_only=True):
    """How far behind the price an order may trail, in percent of it. TRAILING_DELTA of Binance."""

    buy_least: Decimal
    buy_most: Decimal
    sell_least: Decimal
    sell_most: Decimal

    def bounds(self, side: Literal["buy", "sell"]) -> tuple[Decimal, Decimal]:
        """Least and most for an order of `side`."""
        if side == "buy":
            return self.buy_least, self.buy_most
        return self.sell_least, self.sell_most


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What an fqme names. Prices are in `quote` per `base` unit, sizes in `base` units."""

    fqme: str
    symbol: str
    """The venue's own spelling: `BTCUSDT`, `BTC/USD`."""
    name: str = ""
    """For people: `Bitcoin / Tether`."""
    base: str
    quote: str
    price_tick: Decimal
    """Smallest step between two prices."""
    size_step: Decimal
    """Smallest step between two sizes."""
    min_size: Decimal = Decimal(0)
    max_size: Decimal | None = None
    market_min_size: Decimal | None = None
    """Least size of a market order, besides `min_size`."""
    market_max_size: Decimal | None = None
    """Largest size of a market order, besides `max_size`."""
    market_size_step: Decimal | None = None
    """Smallest step between two sizes of market orders, besides `size_step`."""
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    min_notional: Decimal = Decimal(0)
    """Least price x size x multiplier of an order, in `quote`."""
    max_notional: Decimal | None = None
    min_notional_of_market: bool = True
    """`min_notional` is asked of market orders too."""
    max_notional_of_market: bool = True
    """`max_notional` is asked of market orders too."""
    price_range: PriceRange | None = None
    average_minutes: int = 0
    """Minutes of trades whose average price, weighted by size, `price_range` is held against, and
    by which a market order is worth something to the venue; 0 takes the last price."""
    trail_range: TrailRange | None = None
    """Of orders that trail at the venue."""
    max_iceberg_parts: int | None = None
    """Parts that an iceberg may be shown in, one after the other."""
    max_open_orders: int | None = None
    """Orders of an account that may work in the market at once."""
    max_open_stops: int | None = None
    """Of those the ones that wait for a stop price."""
    max_open_icebergs: int | None = None
    rules: dict[str, str] = {}
    """What the venue calls the rules that are checked here, by the name of the check: `size_step`
    is `LOT_SIZE`. For people who look them up."""
    multiplier: Decimal = Decimal(1)
    """Units of `base` that one contract stands for; of `quote` if it is inverse."""
    is_inverse: bool = False
    """A contract worth a fixed amount of `quote`, whose profit and fees are paid in `base`."""
    maker_fee: Decimal = Decimal(0)
    """Share of the notional paid by the resting side; negative is a rebate."""
    taker_fee: Decimal = Decimal(0)
    """Share of the notional paid by the side that takes."""
    allows_negative_price: bool = False
    session: str = "24/7"
    """Trading hours, as text for people until calendars are known."""

    @property
    def price_decimals(self) -> int:
        """Decimals that show every tick: 2 for 0.25, 0 for 5."""
        return decimals(self.price_tick)

    @property
    def size_decimals(self) -> int:
        """Decimals that show every step."""
        return decimals(self.size_step)

    def round_price(self, price: Decimal | float, rounding: Rounding = "nearest") -> Decimal:
        """`price` on the tick grid, in exactly `price_decimals` decimals."""
        return _on_grid(price, self.price_tick, _MODES[rounding])

    def round_size(self, size: Decimal | float) -> Decimal:
        """`size` on the step grid, towards zero: never more than was asked for."""
        return _on_grid(size, self.size_step, ROUND_DOWN)

    def nearest_size(self, size: float) -> Decimal:
        """`size`, a float off the wire, as the step it stands for."""
        return _on_grid(size, self.size_step, ROUND_HALF_EVEN)

    def is_on_tick(self, price: Decimal) -> bool:
        return price % self.price_tick == 0

    def is_on_step(self, size: Decimal) -> bool:
        return size % self.size_step == 0

    def notional(self, price: Decimal, size: Decimal) -> Decimal:
        """Value of `size` at `price`, in `quote`; the sign is that of their product.

        That of an inverse contract is the same at every price.
        """
        return size * self.multiplier if self.is_inverse else price * size * self.multiplier

    @property
    def settle(self) -> str:
        """The asset that profit and fees are counted in: `quote`, or `base` if inverse."""
        return self.base if self.is_inverse else self.quote


def decimals(step: Decimal) -> int:
    """Decimals that a multiple of `step` can need."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _on_grid(value: Decimal | float, step: Decimal, mode: str) -> Decimal:
    """`value` to a multiple of `step`. A float is read by its shortest decimal form."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not exact.is_finite():
        raise UsageError(f"{value} is not a number that can be traded")
    steps = (exact / step).to_integral_value(rounding=mode)
    return (steps * step).quantize(Decimal(1).scaleb(-decimals(step)))
