"""Identifiers."""

from __future__ import annotations

import re

from tests.venues.kraken.ids import Ids


def test_they_look_like_the_venues_and_are_all_different() -> None:
    ids = Ids()
    made = [ids.next("O") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"O[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}", one) for one in made)


def test_they_are_the_same_in_each_run_of_a_seed() -> None:
    assert Ids(1).next("T") == Ids(1).next("T")
    assert Ids(1).next("T") != Ids(2).next("T")
