"""Triggers of one price of a market, held against a list that is searched from end to end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ems import ladder as ladder_module
from engine.ems.ladder import SIGN, Direction, Held, Ladder, Trail

D = Decimal


def held(name: str, price: str | None, sequence: int = 0, **fields: object) -> Held:
    decimal = None if price is None else D(price)
    return Held("order", name, "x.y", "last", decimal, sequence, **fields)  # type: ignore[arg-type]


def touched(ladder: Ladder, *prices: float) -> list[str]:
    return [one.held_id for price in prices for one in ladder.touch(price, {})]


def filled(at: float | None, *triggers: Held) -> Ladder:
    ladder = Ladder()
    for one in triggers:
        ladder.add(one, at)
    return ladder


def test_the_nearest_comes_first_and_of_equals_the_one_that_was_set_first() -> None:
    names = {"far": "103", "later": "101", "near": "101"}
    triggers = [held(name, price, 9 - at) for at, (name, price) in enumerate(names.items())]

    assert touched(filled(100.0, *triggers), 103.0) == ["near", "later", "far"]


def test_one_jump_touches_nothing_on_the_other_side() -> None:
    ladder = filled(100.0, held("up", "101"), held("down", "99"))

    assert touched(ladder, 500.0) == ["up"]
    assert ladder.count == 1


def test_what_is_at_the_market_waits_above_it_and_is_touched_by_the_next_price_there() -> None:
    at = held("at", "100")

    assert touched(filled(100.0, at), 99.99, 100.0) == ["at"]
    assert at.direction == "up"


@pytest.mark.parametrize(("first", "direction"), [(90.0, "up"), (110.0, "down")])
def test_before_any_price_is_known_the_first_one_decides(first: float, direction: str) -> None:
    one = held("one", "100")
    ladder = filled(None, one)

    assert (ladder.count, one.direction) == (1, "")
    assert touched(ladder, first) == []
    assert (ladder.count, one.direction) == (1, direction)


def test_a_direction_that_is_given_is_kept_even_where_it_is_touched_at_once() -> None:
    assert touched(filled(100.0, held("late", "90", direction="up")), 100.0) == ["late"]


@pytest.mark.parametrize("at", [None, 100.0])
def test_what_was_removed_is_never_touched(at: float | None) -> None:
    gone, kept = held("gone", "101"), held("kept", "101", 1)
    ladder = filled(at, gone, kept)

    ladder.remove(gone)

    assert ladder.count == 1
    assert touched(ladder, 100.0, 101.0) == ["kept"]


def test_a_trail_stays_behind_the_best_price_and_never_goes_back() -> None:
    stop = held("stop", None, direction="down", trail=Trail(D(2), "price"))
    ladder = filled(100.0, stop)
    moved: dict[str, Decimal] = {}

    assert stop.price == D(98)
    for price in (103.0, 102.0, 101.5):
        assert ladder.touch(price, moved) == []

    assert moved == {"stop": D("101.0")}
    assert touched(ladder, 101.0) == ["stop"]


def test_a_trail_in_percent_is_exact() -> None:
    rise = held("rise", None, direction="up", trail=Trail(D("0.3"), "percent"))

    filled(64231.05, rise)

    assert rise.price == D("64231.05") * D("1.003")


def test_dead_entries_are_swept_and_nothing_alive_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ladder_module, "_FEW", 4)
    triggers = [held(str(number), str(101 + number), number) for number in range(40)]
    ladder = filled(100.0, *triggers)

    for one in triggers[:30]:
        ladder.remove(one)

    assert len(ladder._up.heap) < 25
    assert touched(ladder, 1000.0) == [str(number) for number in range(30, 40)]


@dataclass
class Slow:
    """One trigger, as it is meant to behave."""

    name: str
    price: Decimal | None
    sequence: int
    direction: Direction
    trail: Decimal | None

    def follow(self, price: Decimal) -> None:
        if self.trail is not None:
            sign = SIGN[self.direction]
            wanted = price + self.trail * sign
            better = self.price is None or (self.price - wanted) * sign > 0
            self.price = wanted if better else self.price

    def is_touched(self, price: Decimal) -> bool:
        assert self.price is not None
        return self.price <= price if self.direction == "up" else self.price >= price


cents = st.integers(9_970, 10_030)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), cents),
        st.tuples(st.just("trail up"), st.integers(1, 40)),
        st.tuples(st.just("trail down"), st.integers(1, 40)),
        st.tuples(st.just("remove"), st.integers(0, 50)),
        st.tuples(st.just("touch"), cents),
    ),
    max_size=60,
)


@given(STEPS)
def test_it_does_what_a_search_from_end_to_end_does(steps: list[tuple[str, int]]) -> None:
    ladder, slow, kept, at = Ladder(), list[Slow](), dict[str, Held](), D(100)
    ladder.touch(float(at), {})
    for number, (what, value) in enumerate(steps):
        name, price = str(number), D(value).scaleb(-2)
        if what == "add":
            kept[name] = held(name, str(price), number)
            ladder.add(kept[name], float(at))
            slow.append(Slow(name, price, number, "up" if price >= at else "down", None))
        elif what.startswith("trail"):
            direction: Direction = "up" if what == "trail up" else "down"
            trail = Trail(price, "price")
            kept[name] = held(name, None, number, direction=direction, trail=trail)
            ladder.add(kept[name], float(at))
            slow.append(Slow(name, at + price * SIGN[direction], number, direction, price))
        elif what == "remove" and slow:
            gone = slow.pop(value % len(slow))
            ladder.remove(kept.pop(gone.name))
        elif what == "touch":
            at = price
            for one in slow:
                one.follow(at)
            wanted = {one.name for one in slow if one.is_touched(at)}
            slow = [one for one in slow if one.name not in wanted]

            assert set(touched(ladder, float(at))) == wanted
        assert ladder.count == len(slow)
        assert {one.name: one.price for one in slow} == {
            one.name: kept[one.name].price for one in slow
        }
