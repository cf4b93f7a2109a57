"""Ticks in, frames and bars out.

=================================  =========================================================
`bus`, `topics`                    pass ticks on, by market, to whoever asked
`subscription`                     a reader: `lossless` (every tick) or `framed` (the newest)
`frames`                           conflate the ticks of one throttle period
`sampler`, `openbar`               make bars of trades; they alone write them
`bars`, `pyramid`, `writes`        bars as columns, coarser levels of them, what changed
`history`                          what is older than the present, joined to it exactly
`feed`, `flume`, `upstream`        open markets, for as long as somebody reads them
`search`                           find instruments over several brokers
=================================  =========================================================
"""
