"""The parts of the screen that an event can touch."""

from __future__ import annotations

from tui.part import BOOK, Part


def test_parts_are_told_apart_and_nothing_is_none_of_them():
    parts = list(Part)

    assert len({part.value for part in parts}) == len(parts)
    assert all(part.value.bit_count() == 1 for part in parts)
    assert not any(part & Part.NOTHING for part in parts)


def test_the_book_is_all_that_orders_can_change_and_no_market():
    assert Part.ALGOS in BOOK
    assert Part.GUARDS in BOOK
    assert not BOOK & (Part.MARKET | Part.BARS | Part.NOTICES | Part.SEARCH)
