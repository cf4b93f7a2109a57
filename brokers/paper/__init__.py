"""Paper: a venue that fills orders against the markets of other brokers, live or replayed.

`models` are the assumptions (delay, fees, queue, slippage), `market` matches `orders` of one
market with its ticks, `venue` keeps accounts and the order of requests in time, and `broker`
is the thin shell behind the port. What is assumed, and what that makes of fills: NOTES.md.
"""

from brokers.paper.broker import open_broker

__all__ = ["open_broker"]
