"""How much a terminal is sent: down at once, up with patience, never for one outlier."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.bandwidth import (
    BLOCKED,
    CALM_S,
    DOWN_OF,
    LATE_S,
    MOST_CALM_S,
    TIERS,
    WAITING_S,
    Meter,
    Observation,
    Strain,
    fold_all,
    strain,
    tier,
)

QUICK_S = 0.02

CALM = Observation(0.0, answer_s=QUICK_S)
LEAN = Observation(0.0, answer_s=QUICK_S, blocked=BLOCKED[0])
STUCK = Observation(0.0, unanswered_s=5.0, blocked=1.0, waiting_s=5.0)

observations = st.builds(
    Observation,
    at_s=st.just(0.0),
    answer_s=st.none() | st.floats(0.001, 5.0),
    unanswered_s=st.just(0.0) | st.floats(0.0, 30.0),
    blocked=st.just(0.0) | st.floats(0.0, 1.0),
    waiting_s=st.just(0.0) | st.floats(0.0, 30.0),
)


def at_seconds(of: list[Observation], first_s: float = 0.0) -> list[Observation]:
    """The same, a second apart."""
    return [one._replace(at_s=first_s + number) for number, one in enumerate(of)]


def levels(of: list[Observation]) -> list[int]:
    """The level after each of them."""
    meter, found = Meter(), []
    for one in at_seconds(of):
        meter = meter.fold(one)
        found.append(meter.level)
    return found


def run(link: Callable[[int], Observation], seconds: int) -> list[int]:
    """The levels of a link that answers to the tier it is used in."""
    meter, found = Meter(), []
    for second in range(seconds):
        meter = meter.fold(link(meter.level)._replace(at_s=float(second)))
        found.append(meter.level)
    return found


def test_tiers_ask_for_less_and_less() -> None:
    full, lean, slow = (tier(name, 15.0, "truecolor") for name in TIERS)

    assert full == ("full", 15.0, "truecolor", "full")
    assert full.frame_hz > lean.frame_hz > slow.frame_hz
    assert (lean.depth, slow.depth) == ("256", "256")
    assert (lean.detail, slow.detail) == ("lean", "slow")


@pytest.mark.parametrize("name", TIERS)
def test_no_tier_asks_for_more_than_is_configured_or_there(name: str) -> None:
    chosen = tier(name, 0.5, "16")  # type: ignore[arg-type]

    assert (chosen.frame_hz, chosen.depth) == (0.5, "16")
    assert tier(name, 15.0, "none").depth == "none"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (CALM, Strain()),
        (Observation(0.0), Strain()),
        (Observation(0.0, blocked=BLOCKED[0]), Strain(1, "writes blocked")),
        (Observation(0.0, blocked=BLOCKED[1]), Strain(2, "writes blocked")),
        (Observation(0.0, waiting_s=WAITING_S[1]), Strain(2, "writes blocked")),
        (Observation(0.0, answer_s=QUICK_S + LATE_S[0]), Strain(1, "slow answers")),
        (Observation(0.0, unanswered_s=QUICK_S + LATE_S[1]), Strain(2, "no answer")),
    ],
)
def test_strain_has_a_level_and_a_reason(observation: Observation, expected: Strain) -> None:
    assert strain(observation, QUICK_S) == expected


def test_a_distant_link_is_not_a_narrow_one() -> None:
    far = Observation(0.0, answer_s=0.8)

    assert levels([far] * 30) == [0] * 30


def test_a_link_that_never_answers_is_judged_by_what_it_takes() -> None:
    assert levels([Observation(0.0, unanswered_s=9.0)] * 30) == [0] * 30
    assert levels([Observation(0.0, blocked=1.0)] * 2)[-1] == 2


@given(st.lists(observations, max_size=60))
def test_the_same_observations_give_the_same_tier(of: list[Observation]) -> None:
    assert fold_all(at_seconds(of)) == fold_all(at_seconds(of))


@given(st.lists(st.tuples(observations, st.integers(DOWN_OF[1], 9)), max_size=12))
def test_single_outliers_do_nothing(outliers: list[tuple[Observation, int]]) -> None:
    of = [CALM] * 3
    for outlier, pause in outliers:
        of += [outlier._replace(answer_s=max(outlier.answer_s or 1.0, QUICK_S)), *[CALM] * pause]

    assert set(levels(of)) == {0}


@given(st.lists(observations, max_size=40), st.sampled_from([(LEAN, 1), (STUCK, 2)]))
def test_whatever_was_before_lasting_strain_is_heeded_within_two(
    before: list[Observation], lasting: tuple[Observation, int]
) -> None:
    known = [CALM, *before]  # a link whose distance is known

    assert levels(known + [lasting[0]] * 2)[-1] >= lasting[1]


@given(st.lists(observations, max_size=40))
def test_whatever_was_before_lasting_calm_leads_back_to_full(before: list[Observation]) -> None:
    long = int(2 * MOST_CALM_S) + 10

    assert levels(before + [CALM._replace(answer_s=0.001)] * long)[-1] == 0


@given(st.lists(observations, max_size=200))
def test_it_goes_up_one_at_a_time_and_seldom(of: list[Observation]) -> None:
    found = [0, *levels(of)]
    steps = [after - before for before, after in pairwise(found)]
    ups = [second for second, step in enumerate(steps) if step < 0]

    assert all(steps[second] == -1 for second in ups)
    assert all(later - earlier >= CALM_S for earlier, later in pairwise(ups))


@given(st.lists(observations, max_size=200))
def test_after_going_down_it_stays_for_a_while(of: list[Observation]) -> None:
    found = [0, *levels(of)]
    for second in range(1, len(found)):
        if found[second] > found[second - 1]:
            assert min(found[second : second + int(CALM_S)]) >= found[second]


def test_a_link_that_bears_lean_but_not_full_is_tried_less_and_less() -> None:
    found = run(lambda level: CALM if level else LEAN, 3600)
    tries = [second for second in range(1, 3600) if found[second] < found[second - 1]]
    pauses = [later - earlier for earlier, later in pairwise(tries)]

    assert len(tries) <= 8
    assert pauses == sorted(pauses)
    assert sum(found) / len(found) > 0.99


def test_a_link_that_bears_lean_is_not_left_in_slow() -> None:
    found = run(lambda level: (STUCK, CALM, CALM)[level], 3600)

    assert sum(level == 0 for level in found) < 40
    assert sum(level == 1 for level in found) > 3300


def test_a_link_that_recovered_is_trusted_again() -> None:
    outage = [STUCK] * 10
    meter = fold_all(at_seconds([CALM, *outage, *[CALM] * 600]))

    assert (meter.level, meter.why, meter.calm_s) == (0, "", (CALM_S, CALM_S))


def test_the_reason_stays_as_long_as_the_tier_does() -> None:
    meter = fold_all(at_seconds([CALM, STUCK, STUCK, *[CALM] * 10]))

    assert (meter.tier, meter.why) == ("slow", "writes blocked")
