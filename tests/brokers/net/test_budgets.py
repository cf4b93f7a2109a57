"""What may be asked in a time: never more than the venue allows, and cancels first."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from brokers.net.budgets import Budget, DecayingBudget


async def test_lets_through_what_there_is_room_for_and_then_waits(autojump_clock: object) -> None:
    budget = Budget(3, 10.0)
    began = trio.current_time()
    for _ in range(3):
        await budget.spend()
    assert trio.current_time() == began
    assert budget.used_share == 1.0
    await budget.spend()
    assert trio.current_time() - began == pytest.approx(10.0)


async def test_keeps_a_part_back_for_cancels(autojump_clock: object) -> None:
    budget = Budget(10, 60.0, kept_back=2)
    assert budget.try_spend(8) == 0.0
    assert budget.try_spend(1) > 0
    assert budget.try_spend(2, is_urgent=True) == 0.0
    assert budget.try_spend(1, is_urgent=True) > 0


async def test_a_cancel_does_not_wait_behind_others(autojump_clock: object) -> None:
    budget = Budget(10, 60.0, kept_back=2)
    order: list[str] = []

    async def ask(name: str, *, is_urgent: bool) -> None:
        await budget.spend(1, is_urgent=is_urgent)
        order.append(name)

    budget.try_spend(8)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: ask("history", is_urgent=False))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(lambda: ask("cancel", is_urgent=True))
    assert order == ["cancel", "history"]


async def test_who_came_first_goes_first(autojump_clock: object) -> None:
    budget = Budget(10, 10.0)
    budget.try_spend(10)
    order: list[int] = []

    async def ask(number: int, cost: float) -> None:
        await budget.spend(cost)
        order.append(number)

    async with trio.open_nursery() as nursery:
        for number, cost in enumerate([9.0, 1.0, 2.0, 1.0]):
            nursery.start_soon(ask, number, cost)
            await trio.testing.wait_all_tasks_blocked()
    assert order == [0, 1, 2, 3]


async def test_believes_the_venue_when_it_counts_more(autojump_clock: object) -> None:
    budget = Budget(100, 60.0)
    budget.try_spend(10)
    budget.note_used(95)
    assert budget.used == 95
    budget.note_used(20)
    assert budget.used == 95
    assert budget.try_spend(6) > 0
    await trio.sleep(60)
    assert budget.used == 0


async def test_what_costs_more_than_all_goes_alone(autojump_clock: object) -> None:
    budget = Budget(5, 1.0)
    await budget.spend(50)
    assert budget.try_spend(1) > 0
    await trio.sleep(1)
    assert budget.try_spend(1) == 0.0


async def test_a_decaying_counter_falls_with_time(autojump_clock: object) -> None:
    budget = DecayingBudget(15, 0.33)
    for _ in range(15):
        assert budget.try_spend() == 0.0
    assert budget.try_spend() > 0
    began = trio.current_time()
    await budget.spend()
    assert trio.current_time() - began == pytest.approx(1 / 0.33, rel=0.01)
    budget.note_used(30)
    assert budget.used == pytest.approx(30)
    assert budget.used_share == pytest.approx(2)


async def test_a_decaying_counter_keeps_a_part_back(autojump_clock: object) -> None:
    budget = DecayingBudget(10, 1.0, kept_back=4)
    assert budget.try_spend(6) == 0.0
    assert budget.try_spend() > 0
    assert budget.try_spend(4, is_urgent=True) == 0.0


@pytest.mark.parametrize(("limit", "per_s", "kept"), [(0, 1, 0), (1, 0, 0), (5, 1, 5)])
def test_refuses_budgets_that_let_nothing_through(limit: float, per_s: float, kept: float) -> None:
    with pytest.raises(ValueError, match="no budget"):
        Budget(limit, per_s, kept_back=kept)
    with pytest.raises(ValueError, match="no budget"):
        DecayingBudget(limit, per_s, kept_back=kept)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 4)), min_size=1, max_size=60))
def test_no_window_ever_has_more_than_the_limit(steps: list[tuple[float, int]]) -> None:
    limit, per_s = 10, 5.0
    passed: list[tuple[float, int]] = []

    async def run() -> None:
        budget = Budget(limit, per_s)
        for pause_s, cost in steps:
            await trio.sleep(pause_s)
            await budget.spend(cost)
            passed.append((trio.current_time(), cost))

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
    for start_s, _ in passed:
        inside = [cost for at_s, cost in passed if start_s <= at_s < start_s + per_s]
        assert sum(inside) <= limit
    assert all(before <= after for (before, _), (after, _) in pairwise(passed))
