"""How fast the embedded exchange is: `python tests/bench/matching.py`.

Prints `name value unit` lines. The matching engine is measured at growing depth, against a
loop that does nothing but make the same requests; history against a page's worth of work; a
running exchange by the share of a core that it takes.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from brokers.sim.events import Entered
from brokers.sim.history import MINUTE_NS, History, count_bars
from brokers.sim.instruments import LISTINGS
from brokers.sim.market import Market
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import NANOS

NOW_NS = 1_795_226_400 * NANOS
REQUESTS = 60_000
MID = 1_000_000


def make_requests(levels: int) -> list[NewOrder | None]:
    """A third adds near the market, a third takes, a third (None) cancels."""
    rng = random.Random(levels)
    requests: list[NewOrder | None] = []
    for _ in range(REQUESTS):
        side, kind = rng.choice((BUY, SELL)), rng.random()
        if kind < 0.34:
            requests.append(None)
        elif kind < 0.67:
            away = 1 + min(int(rng.expovariate(0.2)), levels)
            requests.append(NewOrder("", side, rng.randint(1, 9), "limit", MID - side * away))
        else:
            requests.append(NewOrder("", side, rng.randint(1, 9), "limit", MID + side, None, "ioc"))
    return requests


def fill_book(engine: MatchingEngine, levels: int) -> list[int]:
    numbers = []
    for away in range(1, levels + 1):
        for side in (BUY, SELL):
            order = NewOrder("", side, 50, "limit", MID - side * away)
            (entered,) = engine.submit(order, 0)
            assert isinstance(entered, Entered)
            numbers.append(entered.order_id)
    return numbers


def bench_matching(levels: int) -> float:
    """Seconds for all requests, with `levels` resting on each side."""
    engine = MatchingEngine()
    numbers = fill_book(engine, levels)
    requests = make_requests(levels)
    rng = random.Random(1)
    bare_s = loop_s(requests, rng, len(numbers))
    start = time.perf_counter()
    for time_ns, request in enumerate(requests):
        if request is None:
            engine.cancel(numbers[rng.randrange(len(numbers))], time_ns)
        else:
            first = engine.submit(request, time_ns)[0]
            if request.time_in_force == "gtc" and isinstance(first, Entered):
                numbers[rng.randrange(len(numbers))] = first.order_id
    took_s = time.perf_counter() - start
    orders = sum(request is not None for request in requests)
    print(f"matching_at_{levels}_levels {REQUESTS / took_s:.0f} requests/s")
    print(f"matching_at_{levels}_levels_orders {orders / took_s:.0f} orders/s")
    print(f"matching_at_{levels}_levels_over_bare_loop {took_s / bare_s:.2f} ratio")
    return took_s


def loop_s(requests: list[NewOrder | None], rng: random.Random, count: int) -> float:
    start = time.perf_counter()
    for request in requests:
        rng.randrange(count)
        if request is not None:
            NewOrder("", request.side, request.size, request.kind, request.price)
    return time.perf_counter() - start


def bench_history() -> None:
    slowest_s = 0.0
    for listing in LISTINGS:
        history = History(listing, 1)
        start = time.perf_counter()
        history.minutes(NOW_NS - 30 * 1440 * MINUTE_NS, NOW_NS)
        slowest_s = max(slowest_s, time.perf_counter() - start)
    print(f"history_30_days_of_minutes {slowest_s * 1e3:.1f} ms")
    start = time.perf_counter()
    count_bars(History(LISTINGS[0], 1).prints(NOW_NS - 360 * MINUTE_NS, NOW_NS), 1)
    print(f"history_6_hours_of_seconds {(time.perf_counter() - start) * 1e3:.1f} ms")


def bench_exchange(seconds: int = 600) -> None:
    start = time.perf_counter()
    markets = [Market(History(listing, 1), 1, NOW_NS) for listing in LISTINGS]
    print(f"exchange_open_market {(time.perf_counter() - start) / len(markets) * 1e3:.1f} ms")
    for market in markets:
        market.listen()
    ticks = 0
    start = time.process_time()
    for step in range(seconds * 20):
        for market in markets:
            market.advance(NOW_NS + step * NANOS // 20)
            ticks += len(market.take_ticks())
    took_s = time.process_time() - start
    print(f"exchange_markets {len(markets)} markets")
    print(f"exchange_ticks {ticks / seconds:.1f} ticks/s")
    print(f"exchange_share_of_a_core {100 * took_s / seconds:.2f} %")


if __name__ == "__main__":
    took_s = {depth: bench_matching(depth) for depth in (1_000, 100_000)}
    print(f"matching_at_100000_over_1000_levels {took_s[100_000] / took_s[1_000]:.2f} ratio")
    bench_history()
    bench_exchange()
