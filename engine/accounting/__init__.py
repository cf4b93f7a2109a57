"""What was traded, what it gained and what is there. Pure functions of fills and prices.

`payoff`      linear and inverse contracts, as one rule
`delivery`    what changes hands, and what is settled by its profit
`fees`        what a trade will cost
`positions`   average cost, realised and unrealised profit
`breakeven`   where a position could be closed without a loss
`lots`        which purchase a sale closes: FIFO, LIFO, HIFO, average
`conversion`  what an asset is worth in another, or that it is not known
`periods`     days, weeks, months and sessions of a time zone
`pnl`         profit of periods, and the curve of equity
`ledger`      double entry, balances, and what the venue's differ by
`tables`      the ledger as CSV and JSON lines;  `beancount` as beancount text
`imports`     entries from rows that venues export
`allocate`    the size of the next order, from a limit in slots

All money is Decimal; quotients are rounded at 60 digits (`payoff.EXACT`) and nothing else is,
but what is booked (`ledger.PLACES`) and what is ordered (on the instrument's step). Profit and
fees are in an instrument's settlement asset; what is in another asset is kept apart by asset.
Times are nanoseconds UTC. Nothing here waits, reads a clock or a file.
"""
