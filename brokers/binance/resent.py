"""Trades that were asked for over REST, as the stream would have carried them."""

from __future__ import annotations

from typing import Literal

from brokers.binance import wire
from brokers.binance.trades import Placed
from engine.messages import Side, Trade


def resent_trades(
    kind: Literal["trade", "aggTrade"], fqme: str, body: bytes, recv_ns: int
) -> list[Placed]:
    """The answer of `GET /api/v3/historicalTrades` or `aggTrades`, oldest first.

    Raises:
        FAULTS: it is none.
    """
    if kind == "trade":
        return [_single(fqme, trade, recv_ns) for trade in wire.decode_rest_trades(body)]
    return [_aggregate(fqme, trade, recv_ns) for trade in wire.decode_rest_agg_trades(body)]


def _single(fqme: str, trade: wire.RestTrade, recv_ns: int) -> Placed:
    side: Side = "sell" if trade.buyer_is_maker else "buy"
    trade_id, venue_ns = trade.trade_id, wire.time_ns(trade.time)
    tick = Trade(fqme, trade.price, trade.size, side, venue_ns, recv_ns, str(trade_id))
    return Placed(trade_id, trade_id, trade_id, tick)


def _aggregate(fqme: str, trade: wire.RestAggTrade, recv_ns: int) -> Placed:
    side: Side = "sell" if trade.buyer_is_maker else "buy"
    count = trade.last_id - trade.first_id + 1
    if count < 1:
        raise ValueError(f"trades {trade.first_id} to {trade.last_id} in one")
    trade_id, venue_ns = trade.trade_id, wire.time_ns(trade.time)
    tick = Trade(fqme, trade.price, trade.size, side, venue_ns, recv_ns, str(trade_id), count)
    return Placed(trade_id, trade.first_id, trade.last_id, tick)
