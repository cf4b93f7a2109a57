"""What the embedded exchange lists: each market's instrument, and its character.

The characters differ on purpose: a chart, a ladder and an order that work for one tick size,
one spread and one pace tend to fail on another. Levels and volatilities are those of the kind
of market at the time of writing; nothing here follows a real one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from engine.instruments import Instrument, PriceRange

Day = Literal["crypto", "forex", "stock", "future"]
"""How a day goes, see `history`."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A market of the exchange."""

    instrument: Instrument
    day: Day
    base_price: float
    """What the price returns to over months, in quote units."""
    daily_volatility: float
    """Standard deviation of a usual day's return."""
    burstiness: float
    """Standard deviation of the log of volatility: how much calm and wild times differ."""
    trades_per_minute: float
    """Long-run mean."""
    mean_size: float
    """Of a trade, in steps."""
    half_spread: float
    """Usual distance of the best quotes from fair value, in ticks."""
    level_gap: float
    """Usual distance between makers' quotes, in ticks."""
    depth_size: float
    """Mean size of a maker's quote near the touch, in steps."""
    makers: int = 2
    self_excitement: float = 0.6
    """Share of trades that other trades set off: 0 is a Poisson process, 1 an explosion."""

    @property
    def fqme(self) -> str:
        return self.instrument.fqme

    @property
    def is_delivered(self) -> bool:
        """A trade exchanges base for quote; else it is settled in quote by its profit."""
        return self.day != "future"

    @property
    def daily_turnover(self) -> float:
        """What usually trades in 24 h, in quote units."""
        steps = self.trades_per_minute * 1440 * self.mean_size
        size = steps * float(self.instrument.size_step * self.instrument.multiplier)
        return size * self.base_price


def _instrument(
    fqme: str,
    symbol: str,
    name: str,
    *,
    assets: tuple[str, str],
    tick: str,
    step: str,
    max_size: str,
    fees: tuple[str, str],
    min_notional: str = "0",
    multiplier: str = "1",
    market_max_size: str | None = None,
) -> Instrument:
    """`assets` are base and quote, `fees` the shares that maker and taker pay.

    What states a size that market orders may have at most also keeps limit prices within a range
    of the average price, as spot markets of crypto exchanges do.
    """
    return Instrument(
        fqme=fqme,
        symbol=symbol,
        name=name,
        base=assets[0],
        quote=assets[1],
        price_tick=Decimal(tick),
        size_step=Decimal(step),
        min_size=Decimal(step),
        max_size=Decimal(max_size),
        min_price=Decimal(tick),
        min_notional=Decimal(min_notional),
        multiplier=Decimal(multiplier),
        maker_fee=Decimal(fees[0]),
        taker_fee=Decimal(fees[1]),
        market_max_size=None if market_max_size is None else Decimal(market_max_size),
        price_range=None if market_max_size is None else _FIVE_TIMES,
        average_minutes=5,
    )


_FIVE_TIMES = PriceRange(
    buy_low=Decimal("0.2"), buy_high=Decimal(5), sell_low=Decimal("0.2"), sell_high=Decimal(5)
)


LISTINGS: tuple[Listing, ...] = (
    Listing(
        instrument=_instrument(
            "btcusdt.spot.sim",
            "BTCUSDT",
            "Bitcoin / Tether",
            assets=("BTC", "USDT"),
            tick="0.1",
            step="0.00001",
            min_notional="5",
            max_size="500",
            market_max_size="120",
            fees=("0.0002", "0.0005"),
        ),
        day="crypto",
        base_price=64_000.0,
        daily_volatility=0.024,
        burstiness=0.55,
        trades_per_minute=48.0,
        mean_size=4_200.0,
        half_spread=6.0,
        level_gap=7.0,
        depth_size=38_000.0,
        makers=3,
        self_excitement=0.7,
    ),
    Listing(
        instrument=_instrument(
            "ethusdt.spot.sim",
            "ETHUSDT",
            "Ether / Tether",
            assets=("ETH", "USDT"),
            tick="0.01",
            step="0.0001",
            min_notional="5",
            max_size="5000",
            market_max_size="2400",
            fees=("0.0002", "0.0005"),
        ),
        day="crypto",
        base_price=3_250.0,
        daily_volatility=0.031,
        burstiness=0.55,
        trades_per_minute=34.0,
        mean_size=6_500.0,
        half_spread=7.0,
        level_gap=8.0,
        depth_size=52_000.0,
        self_excitement=0.65,
    ),
    Listing(
        instrument=_instrument(
            "dogeusdt.spot.sim",
            "DOGEUSDT",
            "Dogecoin / Tether",
            assets=("DOGE", "USDT"),
            tick="0.00001",
            step="1",
            min_notional="1",
            max_size="20000000",
            market_max_size="9000000",
            fees=("0.0002", "0.0005"),
        ),
        day="crypto",
        base_price=0.128,
        daily_volatility=0.045,
        burstiness=0.7,
        trades_per_minute=22.0,
        mean_size=5_200.0,
        half_spread=1.0,
        level_gap=1.2,
        depth_size=90_000.0,
        self_excitement=0.75,
    ),
    Listing(
        instrument=_instrument(
            "eurusd.fx.sim",
            "EUR/USD",
            "Euro / US dollar",
            assets=("EUR", "USD"),
            tick="0.00001",
            step="1000",
            max_size="100000000",
            fees=("0.00001", "0.00003"),
        ),
        day="forex",
        base_price=1.085,
        daily_volatility=0.0046,
        burstiness=0.4,
        trades_per_minute=30.0,
        mean_size=160.0,
        half_spread=2.5,
        level_gap=2.5,
        depth_size=1_400.0,
        makers=3,
        self_excitement=0.5,
    ),
    Listing(
        instrument=_instrument(
            "acme.stock.sim",
            "ACME",
            "Acme Corporation",
            assets=("ACME", "USD"),
            tick="0.01",
            step="1",
            max_size="1000000",
            fees=("0", "0.0001"),
        ),
        day="stock",
        base_price=187.0,
        daily_volatility=0.017,
        burstiness=0.5,
        trades_per_minute=26.0,
        mean_size=110.0,
        half_spread=1.0,
        level_gap=1.2,
        depth_size=420.0,
        self_excitement=0.6,
    ),
    Listing(
        instrument=_instrument(
            "bolt.stock.sim",
            "BOLT",
            "Bolt & Nut Works (thinly traded)",
            assets=("BOLT", "USD"),
            tick="0.01",
            step="1",
            max_size="200000",
            fees=("0", "0.0001"),
        ),
        day="stock",
        base_price=21.4,
        daily_volatility=0.026,
        burstiness=0.75,
        trades_per_minute=8.0,
        mean_size=180.0,
        half_spread=2.2,
        level_gap=2.4,
        depth_size=360.0,
        self_excitement=0.55,
    ),
    Listing(
        instrument=_instrument(
            "es.cme.202612.sim",
            "ESZ6",
            "E-mini S&P 500, December 2026",
            assets=("ES", "USD"),
            tick="0.25",
            step="1",
            multiplier="50",
            max_size="2000",
            fees=("0.000004", "0.000008"),
        ),
        day="future",
        base_price=6_850.0,
        daily_volatility=0.0095,
        burstiness=0.5,
        trades_per_minute=40.0,
        mean_size=3.2,
        half_spread=0.5,
        level_gap=1.0,
        depth_size=34.0,
        makers=3,
        self_excitement=0.6,
    ),
)
"""Every market, the most looked at first."""
