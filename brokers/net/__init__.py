"""What every venue at the other end of a network needs: addresses, sockets, REST, budgets, bans,
its clock.

Nothing here knows a venue. What a venue allows is told by its package, with the source.
"""
