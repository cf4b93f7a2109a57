"""Waiting for what another thread or process does, no longer than needed."""

from __future__ import annotations

import select
from collections.abc import Callable


def until(so: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Come back as soon as `so` holds.

    Raises:
        AssertionError: it did not within that time.
    """
    step_s = 0.002
    for _ in range(int(within_s / step_s)):
        if so():
            return
        select.select([], [], [], step_s)
    raise AssertionError("it did not become so")
