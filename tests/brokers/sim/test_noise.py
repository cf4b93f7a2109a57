"""Random numbers that are functions of a key and a counter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.sim.noise import bits, key_of, normal, smooth, uniform

MANY = np.arange(200_000)
KEY = key_of("test", 7)


def splitmix64(state: int) -> int:
    """The published generator, in plain integers."""
    mask = 2**64 - 1
    mixed = state & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return mixed ^ (mixed >> 31)


def before_splitmix64(mixed: int) -> int:
    """The state that the generator turns into `mixed`."""
    mask = 2**64 - 1

    def unshift(value: int, by: int) -> int:
        found = value
        for _ in range(64 // by + 1):
            found = value ^ (found >> by)
        return found

    state = unshift(mixed, 31) * pow(0x94D049BB133111EB, -1, 2**64) & mask
    state = unshift(state, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) & mask
    return unshift(state, 30)


def test_the_bits_are_those_of_the_published_generator() -> None:
    """Its first three for the seed 1234567, as the reference implementation prints them."""
    assert bits(1234567, np.arange(1, 4)).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_every_key_and_counter_give_bits_without_an_overflow(key: int, counter: int) -> None:
    expected = splitmix64(key + counter * 0x9E3779B97F4A7C15)

    assert bits(key, np.array([counter])).tolist() == [expected]


def test_a_number_depends_on_its_key_and_counter_and_not_on_what_else_was_asked_for() -> None:
    whole = normal(KEY, MANY)

    assert np.array_equal(normal(KEY, MANY[5000:5010]), whole[5000:5010])
    assert np.array_equal(normal(KEY, MANY[::-1]), whole[::-1])
    assert not np.any(normal(KEY + 1, MANY) == whole)


def test_keys_are_stable_and_tell_their_parts_apart() -> None:
    assert key_of("path", 7, "btcusdt.spot.sim") == 4939782116700127854
    keys = {key_of(*parts) for parts in (("a",), ("a", 1), ("a", 2), (1, "a"), ("a1",), ())}
    assert len(keys) == 6


def test_asking_changes_nothing_in_what_was_given() -> None:
    counters = np.arange(10)
    uniform(KEY, counters)

    assert counters.tolist() == list(range(10))


def test_uniform_numbers_fill_their_interval_evenly() -> None:
    numbers = uniform(KEY, MANY)
    shares = np.histogram(numbers, 20, (0.0, 1.0))[0] / len(MANY)

    assert np.abs(shares - 0.05).max() < 0.002
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01


@pytest.mark.parametrize("mixed", [0, 2**64 - 1, 2**63])
def test_the_ends_of_the_interval_are_never_reached(mixed: int) -> None:
    number = uniform(before_splitmix64(mixed), np.array([0]))[0]

    assert bits(before_splitmix64(mixed), np.array([0]))[0] == mixed
    assert 0.0 < number < 1.0


def test_normal_numbers_have_the_moments_of_the_normal_law() -> None:
    numbers = normal(KEY, MANY)

    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 1.0) < 0.01
    assert abs((numbers**3).mean()) < 0.03
    assert abs((numbers**4).mean() - 3.0) < 0.1
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("spacing", [1, 7, 180])
def test_smooth_noise_has_variance_one_also_between_its_values(spacing: int) -> None:
    numbers = smooth(KEY, MANY, spacing)
    at_knots, between = numbers[::spacing], numbers[spacing // 2 :: spacing]

    tolerance = 4.0 * (2.0 * spacing / len(MANY)) ** 0.5
    assert abs((at_knots**2).mean() - 1.0) < tolerance
    assert abs((between**2).mean() - 1.0) < tolerance


def test_smooth_noise_forgets_after_its_spacing_and_not_before() -> None:
    numbers = smooth(KEY, MANY, 20)

    assert np.corrcoef(numbers[:-1], numbers[1:])[0, 1] > 0.95
    assert abs(np.corrcoef(numbers[:-40], numbers[40:])[0, 1]) < 0.05


@given(st.integers(-5000, 5000), st.integers(1, 300), st.integers(1, 50), st.integers(0, 299))
def test_smooth_noise_is_the_same_from_wherever_it_is_asked_for(
    first: int, count: int, spacing: int, skipped: int
) -> None:
    times = np.arange(first, first + count)
    skipped %= count

    part = smooth(KEY, times[skipped:], spacing)
    assert np.array_equal(part, smooth(KEY, times, spacing)[skipped:])


def test_smooth_noise_passes_through_the_independent_values() -> None:
    assert np.allclose(smooth(KEY, np.arange(-20, 21), 10)[::10], normal(KEY, np.arange(-2, 3)))
