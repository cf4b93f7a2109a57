"""What is said that the venue can do agrees with what is asked of it."""

from __future__ import annotations

from typing import get_args

from brokers.kraken.orders import DEADLINE_NS, VENUE_TYPES
from brokers.kraken.terms import ORDER_TYPES, SETTLE_S, TIMES_IN_FORCE, TRADING
from engine.clock import NANOS
from engine.messages import OrderType
from tests.venues.kraken.terms import ORDER_TYPES as TAKEN_TYPES
from tests.venues.kraken.terms import TIMES_IN_FORCE as TAKEN_TIMES


def test_every_type_is_one_of_ours_and_one_that_the_venue_takes() -> None:
    assert set(get_args(OrderType)) == ORDER_TYPES
    assert set(VENUE_TYPES.values()) <= TAKEN_TYPES


def test_every_term_is_one_that_the_venue_takes() -> None:
    assert {term.upper() for term in TIMES_IN_FORCE} <= TAKEN_TIMES


def test_nothing_is_concluded_before_what_was_sent_is_refused_as_late() -> None:
    assert SETTLE_S * NANOS > 2 * DEADLINE_NS


def test_a_list_that_may_lag_proves_nothing_and_both_lists_together_do() -> None:
    assert not TRADING.list_is_proof
    assert TRADING.can_query
    assert TRADING.query_is_proof
    assert not TRADING.has_positions
