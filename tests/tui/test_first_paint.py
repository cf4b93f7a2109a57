"""The first second: nothing is painted before the first chart, and never for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import cast

import pytest
from textual.timer import Timer

from tui.first_paint import BLANK_S, LONGEST_S, FirstPaint
from tui.state import Part


class _Timer:
    def __init__(self) -> None:
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


class _Starting:
    """Keeps what is to be called later, and whether painting is held back."""

    def __init__(self) -> None:
        self.later: dict[float, Callable[[], object]] = {}
        self.interval = _Timer()
        self.is_held = False

    def set_interval(self, interval: float, callback: Callable[[], object]) -> Timer:
        return cast(Timer, self.interval)

    def set_timer(self, delay: float, callback: Callable[[], object]) -> Timer:
        self.later[delay] = callback
        return cast(Timer, _Timer())

    def batch_update(self) -> AbstractContextManager[None]:
        return self._held()

    @contextmanager
    def _held(self) -> Iterator[None]:
        self.is_held = True
        yield
        self.is_held = False


def begun() -> tuple[_Starting, FirstPaint, list[str]]:
    app, done = _Starting(), list[str]()
    first = FirstPaint(app, lambda: done.append("done"))
    first.begin(lambda: None)
    return app, first, done


def test_nothing_is_painted_before_the_first_chart():
    app, first, done = begun()

    assert first.is_awaited
    assert app.is_held
    assert done == []


def test_the_screen_stays_blank_for_a_moment_only():
    app, first, _ = begun()
    app.later[BLANK_S]()

    assert not app.is_held
    assert first.is_awaited


@pytest.mark.parametrize("is_late", [False, True])
def test_the_end_comes_once_with_the_chart_or_without(is_late: bool):
    app, first, done = begun()
    if not is_late:
        first.end()
    app.later[LONGEST_S]()

    assert done == ["done"]
    assert app.interval.is_stopped
    assert not app.is_held
    assert not first.is_awaited


def test_until_then_only_what_charts_and_orders_need_is_painted():
    _, first, _ = begun()

    assert not first.wants(Part.ENGINE)
    assert first.wants(Part.BARS | Part.ENGINE)
    first.end()
    assert first.wants(Part.ENGINE)


def test_once_it_is_not_blank_any_more_everything_is_worth_painting():
    app, first, _ = begun()

    assert not first.wants(Part.ENGINE)
    app.later[BLANK_S]()
    assert first.is_awaited
    assert first.wants(Part.ENGINE)
