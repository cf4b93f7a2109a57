"""Ticks of two markets, told apart by their time or price, and readers of either kind."""

from __future__ import annotations

from collections.abc import Sequence

from engine.feed.bus import Bus
from engine.feed.subscription import Subscription
from engine.messages import Bid, Trade

A, B = "aaa.spot.truth", "bbb.spot.truth"


def trade(at_ns: int, fqme: str = A) -> Trade:
    """A trade of one at 1.0, known by its time."""
    return Trade(fqme, 1.0, 1.0, "", at_ns, at_ns)


def bid(price: float, fqme: str = A) -> Bid:
    """A best bid of one, known by its price."""
    return Bid(fqme, price, 1.0)


def subscribe(bus: Bus, kind: str, fqmes: Sequence[str] = (A,)) -> Subscription:
    """A reader of that `kind`, `lossless` or `framed`."""
    if kind == "lossless":
        return bus.subscribe_lossless(fqmes)
    return bus.subscribe_framed(fqmes, throttle_hz=10)
