"""Everything of tickdeck that must go on without a screen.

Who owns what, and who alone may write it:

================  ============================================================
`messages`        every struct that crosses a boundary (frozen, tagged)
`instruments`     what a market is; the only rounding to price tick and size step
`broker`          the port: what a venue promises, and what each outcome means
`services`        the named, supervised singletons that all parts run under
`feed`            ticks in, frames and bars out; the sampler alone writes bars
`ems`             the way of an order; the router alone writes order state
`accounting`      positions, lots, profit and the ledger, as folds over fills
`link`            the one seam between engine and deck
================  ============================================================

Units: money is `Decimal`, pictures are `float64`; times are integer nanoseconds
UTC (`venue_ns` theirs, `recv_ns` ours); periods are whole seconds (`period_s`).
Clocks: only `clock` reads one. Timeouts run on trio's monotonic clock.

The engine runs on trio. It imports neither a screen library nor a broker: brokers
are handed to it, loaded by name, by whoever starts it.
"""
