"""The parts of the screen that an event can touch."""

from __future__ import annotations

from enum import Flag, auto


class Part(Flag):
    """A part of the screen that an event can touch."""

    NOTHING = 0
    ENGINE = auto()
    """Engine, services, brokers, accounts, playbacks: the status line."""
    MARKET = auto()
    """A quote or the state of a feed."""
    BARS = auto()
    ORDERS = auto()
    FILLS = auto()
    POSITIONS = auto()
    ALERTS = auto()
    ALGOS = auto()
    GUARDS = auto()
    """What may be traded: guards, how far accounts are agreed, whether orders can be recorded."""
    NOTICES = auto()
    SEARCH = auto()
    FAILURE = auto()


BOOK = Part.ORDERS | Part.FILLS | Part.POSITIONS | Part.ALERTS | Part.ALGOS | Part.GUARDS
"""Parts that order pane and charts show, beside markets and bars."""
