"""The execution management system: the way of an order.

==========  ==================================================================
`orders`    the state table, and the fold of events into an order
`blotter`   what is known: orders, fills, positions
`shape`     what an order must look like to be one
`filters`   what a venue asks of an order by where its market is
`limits`    what a person states as limits; `hours` of trading among them
`risk`      the checks: pure, each with reason, limit and value
`days`      what accounts did since their day began; `usage` of limits over time
`guards`    states of trading, kill switch, arming; `guard_desk` sees that they hold
`gate`      asks the checks, with all that they need to know
`kept`      terms that a venue does not take, kept for it
`dark`      held orders, alerts and stops of algos, by price; `ladder` sorts them
`alerts`    prices at which to call the user; `alert_command` runs a program then
`algos`     orders that make orders: bracket, OCO, OTO, iceberg, scale, TWAP, chase
`timer`     calls the desk while something waits for a time
`desk`      decides what becomes of commands, answers and touches: `arrivals` of new orders,
            `changes` of orders, those `held` here, those `working`, `exits`, `algo_desk`
`outcome`   what is to be done of what was decided
`lanes`     the calls to venues: one at a time for each order
`accounts`  who trades where; `logins` opens them when they are needed
`journal`   what is on record; on a disk (`disk_journal`) in a file (`journal_file`) with
            tables (`journal_schema`) and a log (`wal`); `keeper` holds what finds no room
`replay`    the record read back; `agreements` with venues by what `reconcile` says of
            their answers, which `tending` asks for
`shown`     what has been told, for a deck that attaches
`router`    the only one that calls the desk: records, tells, sends
==========  ==================================================================
"""
