"""The average price of a market's last minutes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from brokers.averages import MINUTE_NS, AveragePrice

TRADES = st.lists(
    st.tuples(st.integers(0, 3 * MINUTE_NS), st.integers(1, 10**6), st.integers(1, 10**6)),
    max_size=30,
)


@given(trades=TRADES, minutes=st.integers(0, 3), after_ns=st.integers(0, 4 * MINUTE_NS))
def test_is_the_worth_of_the_window_by_its_size_or_the_last_price(
    trades: list[tuple[int, int, int]], minutes: int, after_ns: int
) -> None:
    average, now_ns = AveragePrice(minutes), 0
    seen: list[tuple[int, int, int]] = []
    for wait_ns, price, size in trades:
        now_ns += wait_ns
        average.on_trade(now_ns, Fraction(price), Fraction(size))
        seen.append((now_ns, price, size))
    now_ns += after_ns

    window = [trade for trade in seen if trade[0] > now_ns - minutes * MINUTE_NS] * bool(minutes)
    size = sum(trade[2] for trade in window)
    worth = sum(trade[1] * trade[2] for trade in window)
    last = Fraction(seen[-1][1]) if seen else None
    assert average.at(now_ns) == (Fraction(worth, size) if size else last)


def test_keeps_no_trade_that_is_out_of_its_window() -> None:
    average = AveragePrice(1)
    for second in range(600):
        average.on_trade(second * 1_000_000_000, Fraction(1), Fraction(1))

    assert len(average._trades) == 60
