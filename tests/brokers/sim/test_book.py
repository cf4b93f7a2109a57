"""One side of a book against the plainest way to keep one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.sim.book import BookSide
from brokers.sim.orders import NewOrder, WorkingOrder


def order(number: int, size: int, price: int) -> WorkingOrder:
    return WorkingOrder(number, NewOrder("", 1, size, "limit", price))


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from([1, -1]),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5), st.booleans()), max_size=60),
)
def test_keeps_levels_by_price_and_orders_by_arrival(
    sign: int, steps: list[tuple[int, int, bool]]
) -> None:
    side = BookSide(sign)
    plain: list[WorkingOrder] = []
    for number, (price, size, removes) in enumerate(steps):
        if removes and plain:
            gone = plain.pop(number * 7 % len(plain))
            side.remove(gone, gone.price or 0)
        else:
            plain.append(order(number, size, price))
            side.add(plain[-1], price)

        prices = sorted({kept.price for kept in plain}, reverse=sign > 0)
        assert [level.price for level in side] == prices
        assert (side.best.price if side.best else None) == (prices[0] if prices else None)
        assert len(side) == len(prices)
        for level in side:
            queue = [kept for kept in plain if kept.price == level.price]
            assert list(level.orders.values()) == queue
            assert level.first is queue[0]
            assert level.size == side.size_at(level.price) == sum(kept.left for kept in queue)


def test_tells_sizes_of_prices_without_orders_as_zero() -> None:
    side = BookSide(1)
    only = order(1, 5, 100)
    side.add(only, 100)
    side.reduce(100, 2)
    only.left = 3

    assert side.size_at(100) == 3
    assert side.orders_at(100) == [only]

    side.remove(only, 100)

    assert side.size_at(100) == 0
    assert side.orders_at(100) == []
    assert side.best is None
    assert list(side.changed) == [100]


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 7), st.integers(1, 9)), max_size=60)


@given(steps=STEPS, sign=st.sampled_from([1, -1]))
def test_is_what_was_added_and_not_taken_out_in_order_of_price(
    steps: list[tuple[bool, int, int]], sign: int
) -> None:
    side = BookSide(sign)
    kept: list[WorkingOrder] = []
    for number, (adds, at, size) in enumerate(steps):
        if adds or not kept:
            new = order(number, size, 100 + at)
            side.add(new, 100 + at)
            kept.append(new)
        else:
            gone = kept.pop(at % len(kept))
            assert gone.price is not None
            side.remove(gone, gone.price)

        prices = sorted({o.price for o in kept if o.price is not None}, key=lambda p: -p * sign)
        assert [level.price for level in side] == prices
        assert len(side) == len(prices)
        assert (side.best.price if side.best else None) == (prices[0] if prices else None)
        for price in prices:
            assert side.orders_at(price) == [o for o in kept if o.price == price]
            assert side.size_at(price) == sum(o.left for o in kept if o.price == price)


def test_the_places_of_levels_that_are_gone_do_not_pile_up() -> None:
    side = BookSide(1)
    side.add(order(0, 1, 10_000), 10_000)
    for number in range(1, 5_000):
        new = order(number, 1, number)
        side.add(new, number)
        side.remove(new, number)

    assert len(side._keys) < 5
    assert [level.price for level in side] == [10_000]
