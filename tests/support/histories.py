"""Histories for property tests."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


def histories(steps: st.SearchStrategy[T], most: int) -> st.SearchStrategy[list[T]]:
    """Lists of up to `most` steps, of each length as often as of any other.

    A list strategy that is only bounded makes five of them on average, whatever its bound: what
    takes a few steps to come about is then hardly ever seen.
    """
    return st.integers(0, most).flatmap(
        lambda count: st.lists(steps, min_size=count, max_size=count)
    )
