"""Algos: orders that make orders.

==========  =======================================================================
`api`       what an algo sees, and what it may ask for
`entries`   scale, iceberg, TWAP, chase, OTO: ways to trade a size
`exits`     OCO and bracket: a stop and targets, of which one cancels the other
`terms`     what the terms of an algo must look like
`rules`     `advance`: the one function that decides, for any algo and any moment
`runner`    runs them: asks `advance` after whatever happened, does what it says
==========  =======================================================================

An algo decides by what is so, not by what just happened: `advance(algo, view)` is given the algo
and its orders as they stand, and says what has to be done for them to be as they should. So an
event that comes twice, late or never changes nothing but the moment, a restart goes on from the
journal as if nothing had been, and a second look at the same state asks for nothing.
"""
