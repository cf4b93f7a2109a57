"""What every venue at the other end of a network needs: budgets, bans, REST, its clock.

Nothing here knows a venue. What a venue allows is told by its package, with the source.
"""
