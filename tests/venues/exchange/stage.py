"""A quiet exchange with one market, for tests of what stands on it."""

from __future__ import annotations

from decimal import Decimal

from engine.clock import NANOS
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.listings import spot_listing
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import AccountEvent, NewSpotOrder
from tests.venues.exchange.venue import SpotExchange

START_NS = 1_785_000_000 * NANOS
"""2026-07-25 17:20 UTC: the market is open since then."""
SYMBOL = "BTCUSDT"
LISTING = spot_listing(SYMBOL, "BTC", "USDT", tick="0.01", step="0.00001", price=64_000.0)
D = Decimal


class HandClock:
    """Time that stands still until it is set."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self.ns = now_ns

    def now_ns(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += int(seconds * NANOS)

    async def sleep_until_ns(self, wall_ns: int) -> None:
        raise AssertionError("nobody waits here")


class Stage:
    """One account with 100,000 USDT and 2 BTC; ten orders of 1 BTC on either side of 60,000, a
    dollar apart, where the last trade was."""

    def __init__(self, **options: object) -> None:
        self.clock = HandClock()
        given = {"is_quiet": True, "clock": self.clock, **options}
        self.exchange = SpotExchange([LISTING], **given)  # type: ignore[arg-type]
        self.market: SpotMarket = self.exchange.markets[SYMBOL]
        self.market.print_trade(D(60_000), D("0.001"))
        self.market.fill_ladder(D(60_000), D(1), rungs=10, apart=100)
        self.account: SpotAccount = self.exchange.open_account(
            "me", {"USDT": D(100_000), "BTC": D(2)}
        )
        self.events: list[AccountEvent] = []
        self.account.listeners.append(self.events.append)

    @property
    def happened(self) -> list[str]:
        """What the account was told of its orders, in order."""
        return [getattr(event, "happened", "transfer") for event in self.events]

    def held(self, asset: str) -> tuple[Decimal, Decimal]:
        """Free and locked."""
        balance = self.account.balance(asset)
        return balance.free, balance.locked


def order(
    side: str = "buy", size: str = "0.5", price: str | None = "59000", **terms: object
) -> NewSpotOrder:
    """A limit order where nothing else is said."""
    return NewSpotOrder(
        symbol=SYMBOL,
        side=side,  # type: ignore[arg-type]
        size=D(size),
        price=None if price is None else D(price),
        **terms,  # type: ignore[arg-type]
    )
