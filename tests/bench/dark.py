"""How fast held triggers are passed by: `python tests/bench/dark.py`.

Prints `name value unit` lines: ticks per second with 0 to 10^6 resting triggers that no tick
touches, the cost of a tick at 10^6 over that at 10^3 in the same run, a linear scan beside it,
and what it costs to hold and to release. Each depth is timed several times in turn with the
others, and its best time counts: what else runs on the machine then meets all of them.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.ems.dark import DarkBook
from engine.messages import Ask, Bid, Tick, Trade

X = "btcusdt.spot.sim"
TICKS = 30_000
ROUNDS = 7
DEPTHS = (0, 1_000, 100_000, 1_000_000)
SCAN_TICKS = {1_000: 300, 100_000: 5}


def make_ticks() -> list[Tick]:
    """Trades and quotes between 99 and 101, where nothing rests."""
    rng = random.Random(1)
    ticks: list[Tick] = []
    for _ in range(TICKS // 3):
        price = 100 + rng.random()
        ticks += [Bid(X, price - 0.5, 1.0), Ask(X, price + 0.5, 1.0), Trade(X, price, 1.0)]
    return ticks


def make_prices(count: int) -> list[Decimal]:
    """Half above 110, half below 90, in no order."""
    rng = random.Random(count)
    return [
        Decimal(rng.randrange(11_000, 10_000_000) if number % 2 else rng.randrange(1, 9_000)) / 100
        for number in range(count)
    ]


def fill(count: int) -> DarkBook:
    book = DarkBook()
    prices = make_prices(count)
    start = time.perf_counter()
    for number, price in enumerate(prices):
        book.hold("order", str(number), X, price, 100.0)
    took_s = time.perf_counter() - start
    if count:
        print(f"hold_into_{count} {took_s / count * 1e6:.2f} us")
    return book


def tick_s(book: DarkBook, ticks: list[Tick]) -> float:
    start = time.perf_counter()
    for tick in ticks:
        for touch in book.on_ticks(X, (tick,)):
            raise AssertionError(touch)
    return (time.perf_counter() - start) / len(ticks)


def scan_s(count: int, ticks: list[Tick]) -> float:
    """A tick's cost where every trigger is looked at."""
    triggers = [(float(price), price >= 100) for price in make_prices(count)]
    start = time.perf_counter()
    for tick in ticks:
        if isinstance(tick, Trade):
            last = tick.price
            for price, is_up in triggers:
                if last >= price if is_up else last <= price:
                    raise AssertionError(price)
    return (time.perf_counter() - start) / len(ticks)


def release_s(book: DarkBook, count: int) -> float:
    rng = random.Random(3)
    chosen = rng.sample(range(count), count // 10)
    start = time.perf_counter()
    for number in chosen:
        book.release(str(number))
    return (time.perf_counter() - start) / len(chosen)


def main() -> None:
    ticks = make_ticks()
    books = {depth: fill(depth) for depth in DEPTHS}
    gc.freeze()  # as a long-lived process would have it: what rests is old
    best = dict.fromkeys(DEPTHS, float("inf"))
    for _ in range(ROUNDS):
        for depth, book in books.items():
            best[depth] = min(best[depth], tick_s(book, ticks))
    for depth, took_s in best.items():
        print(f"ticks_at_{depth}_triggers {1 / took_s:.0f} ticks/s")
    print(f"tick_at_1000000_over_1000 {best[1_000_000] / best[1_000]:.2f} ratio")
    for depth, count in SCAN_TICKS.items():
        took_s = scan_s(depth, ticks[: count * 3])
        print(f"linear_scan_at_{depth}_triggers {1 / took_s:.0f} ticks/s")
        print(f"linear_scan_over_book_at_{depth} {took_s / best[depth]:.1f} ratio")
    for depth in DEPTHS[1:]:
        print(f"release_from_{depth} {release_s(books[depth], depth) * 1e6:.2f} us")


if __name__ == "__main__":
    main()
