"""Ticks in, frames and bars out.

`bus` passes ticks on, `frames` conflates them for a reader's rate, `sampler` makes bars of
them (and alone writes them), `bars` holds bars, `history` brings what is older than the
present, and `feed` ties them together for whoever watches a market.
"""
