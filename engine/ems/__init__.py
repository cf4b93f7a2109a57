"""The execution management system: the way of an order.

`orders` is the state table and the fold, `risk` the checks, `dark` the held orders and
alerts, `journal` what is on record, and `router` the only writer of order state.
"""
