"""Profit and loss of what is held, at the prices that the deck shows."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from engine.messages import Position
from tui.state import DeckState, MarketView


class Profit(NamedTuple):
    """Profit in one asset."""

    realised: Decimal = Decimal(0)
    """Of closed parts, before fees."""
    unrealised: Decimal = Decimal(0)
    """Of what is held, at the last price."""
    fees: Decimal = Decimal(0)
    is_stale: bool = False
    """A price in it is not of now, or not known at all."""

    @property
    def net(self) -> Decimal:
        return self.realised + self.unrealised - self.fees

    def __add__(self, other: object) -> Profit:
        if not isinstance(other, Profit):
            return NotImplemented
        return Profit(
            self.realised + other.realised,
            self.unrealised + other.unrealised,
            self.fees + other.fees,
            self.is_stale or other.is_stale,
        )


def profit_of(position: Position, market: MarketView | None) -> Profit:
    """Profit of one position; without a market what is held counts as nothing, and as stale."""
    held = Decimal(0)
    is_stale = bool(position.size) and (market is None or market.is_stale)
    if position.size and market is not None:
        # Only here: a deck that holds nothing starts without it.
        from engine.accounting.positions import unrealised

        last = Decimal(repr(float(market.quote.last)))
        held = unrealised(position, last, market.instrument)
    return Profit(position.realised, held, position.fees, is_stale)


def profit_by_asset(state: DeckState) -> dict[str, Profit]:
    """Profit of all positions of the session by the asset that it is paid in, which is the base
    asset of an inverse contract; assets are never added up."""
    by_asset: dict[str, Profit] = {}
    for position in state.positions.values():
        market = state.markets.get(position.fqme)
        asset = market.instrument.settle if market else "?"
        by_asset[asset] = profit_of(position, market) + by_asset.get(asset, Profit())
    return by_asset
