"""A market of the exchange: crowd, record and what is told of it, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from brokers.sim.events import Entered, Event, Executed
from brokers.sim.history import MINUTE_NS, Bars, History, count_bars
from brokers.sim.instruments import LISTINGS, Listing
from brokers.sim.market import DAY_NS, Market
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import NANOS
from engine.feed.bars import resample
from engine.messages import Ask, Bid, Book, Break, Tick, Trade

START_NS = 1_795_226_417 * NANOS
SEED = 7
BTC = LISTINGS[0]

each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)


def open_market(listing: Listing = BTC, seed: int = SEED, **options: Any) -> Market:
    return Market(History(listing, seed), seed, START_NS, **options)


def after(seconds: float) -> int:
    return START_NS + round(seconds * NANOS)


def listen(market: Market, seconds: int) -> list[Tick]:
    """Ticks of that many seconds, snapshot first."""
    market.listen()
    ticks = market.snapshot()
    for second in range(1, seconds + 1):
        market.advance(after(second))
        ticks += market.take_ticks()
    return ticks


# -- the log --------------------------------------------------------------------------------------


def run_commands(listing: Listing, step_s: float, seed: int = SEED) -> bytes:
    """The log of five minutes with some orders of an account, advanced in such steps."""
    lines: list[bytes] = []
    market = open_market(listing, seed, log=lines.append)
    orders: list[int] = []

    def submit(side: int, away: int, size: int, at_ns: int, **terms: Any) -> None:
        market.advance(at_ns)
        best = market.engine.side(side).best
        price = (best.price if best else 100) - side * away
        events = market.submit(NewOrder("me", side, size, "limit", price, **terms), at_ns)
        orders.extend(event.order_id for event in events if isinstance(event, Entered))

    commands = {
        31.5: lambda at: submit(BUY, 0, 50, at),
        47.25: lambda at: submit(SELL, -40, 500, at, time_in_force="ioc"),
        120.0: lambda at: submit(SELL, 3, 70, at, post_only=True),
        121.0: lambda at: market.amend(orders[-1], None, 60, at),
        200.0: lambda at: market.cancel(orders[-1], at),
    }
    now, due = 0.0, sorted(commands)
    while now < 300.0:
        now = min(now + step_s, due[0] if due else 300.0, 300.0)
        market.advance(after(now))
        if due and now == due[0]:
            commands[due.pop(0)](after(now))
    return b"".join(lines)


@each_listing
def test_writes_the_same_log_for_the_same_seed_and_commands(listing: Listing) -> None:
    log = run_commands(listing, step_s=0.05)

    assert log.count(b"\n") > 60
    assert b'"owner":"me"' in log
    assert run_commands(listing, step_s=0.05) == log
    assert run_commands(listing, step_s=7.3) == log, "it matters in which steps it goes on"
    assert run_commands(listing, step_s=0.05, seed=SEED + 1) != log


# -- what is told ---------------------------------------------------------------------------------


@each_listing
def test_tells_every_change_of_the_book(listing: Listing) -> None:
    market = open_market(listing)
    levels: dict[str, dict[float, float]] = {"bids": {}, "asks": {}}
    best: dict[type, tuple[float, float]] = {}
    for tick in listen(market, 300):
        match tick:
            case Book():
                if tick.is_snapshot:
                    levels = {"bids": {}, "asks": {}}
                for name, side in levels.items():
                    side.update(getattr(tick, name))
            case Bid() | Ask():
                best[type(tick)] = (tick.price, tick.size)

    for name, side, kind in (
        ("bids", market.engine.bids, Bid),
        ("asks", market.engine.asks, Ask),
    ):
        told = {price: size for price, size in levels[name].items() if size}
        assert told == {market.price(level.price): market.size(level.size) for level in side}
        assert best[kind] == (market.price(side.best.price), market.size(side.best.size))


def test_never_tells_a_crossed_market() -> None:
    best: dict[type, float] = {}
    group: tuple[int, type] | None = None
    for tick in listen(open_market(), 900):
        if isinstance(tick, Bid | Ask):
            # A new pair may come as two ticks; between groups the market must stand.
            if group is not None and tick.venue_ns != group[0] and len(best) == 2:
                assert best[Bid] < best[Ask]
            best[type(tick)] = tick.price
            group = (tick.venue_ns, type(tick))
    assert best[Bid] < best[Ask]


def bars_of(ticks: Sequence[Tick], period_s: int) -> dict[int, list[float]]:
    """What a sampler makes of these trades: start -> open, high, low, close, volume, trades."""
    bars: dict[int, list[float]] = {}
    for tick in ticks:
        if isinstance(tick, Trade):
            start_ns = tick.venue_ns - tick.venue_ns % (period_s * NANOS)
            price = tick.price
            bar = bars.setdefault(start_ns, [price, price, price, price, 0.0, 0.0])
            bar[1], bar[2], bar[3] = max(bar[1], price), min(bar[2], price), price
            bar[4] += tick.size
            bar[5] += tick.count
    return bars


@each_listing
def test_serves_the_bars_that_its_ticks_make(listing: Listing) -> None:
    market = open_market(listing)
    ticks = listen(market, 600)
    first_ns, end_ns = after(43), after(583)  # whole minutes: it opened at second 17 of one
    for period_s in (1, 60):
        served = market.columns(first_ns, end_ns, period_s)
        made = bars_of(ticks, period_s)
        assert len(served) == 540 // period_s
        for at, time_ns in enumerate(served.time_ns.tolist()):
            row = [float(getattr(served, name)[at]) for name in ROW]
            if time_ns in made:
                assert row == pytest.approx(made[time_ns], rel=1e-12)
            else:
                assert row[4:] == [0, 0]
                assert len(set(row[:4])) == 1


ROW = ("open", "high", "low", "close", "volume", "trades")


# -- the past -------------------------------------------------------------------------------------


@each_listing
def test_joins_the_past_to_the_present_without_a_seam(listing: Listing) -> None:
    market = open_market(listing)
    market.advance(after(300))
    minute_ns = START_NS - 17 * NANOS

    seconds = market.columns(minute_ns, minute_ns + MINUTE_NS, 1)
    minute = market.columns(minute_ns, minute_ns + MINUTE_NS, 60)
    whole = resample(seconds, 60)
    for name in ROW:
        assert getattr(minute, name) == pytest.approx(getattr(whole, name), rel=1e-12)

    before = market.columns(minute_ns - 2 * MINUTE_NS, minute_ns + 2 * MINUTE_NS, 60)
    assert np.array_equal(np.diff(before.time_ns), np.full(3, MINUTE_NS))
    bars = History(listing, SEED).minutes(minute_ns - 2 * MINUTE_NS, minute_ns)
    assert before.close[:2].tolist() == [market.price(close) for close in bars.close.tolist()]
    # The first live prices are where the past ended, not where the path happens to be.
    wide = 6 * listing.half_spread + 4 * listing.level_gap
    opening = market.columns(START_NS - NANOS, START_NS + 20 * NANOS, 1)
    steps = np.abs(np.diff(opening.close)) / float(listing.instrument.price_tick)
    assert steps[0] <= wide + 3 * _second_range(listing)


def _second_range(listing: Listing) -> float:
    """Standard deviation of a wild second, in ticks."""
    ticks = listing.base_price / float(listing.instrument.price_tick)
    return 3 * listing.daily_volatility * ticks / np.sqrt(86_400)


def test_quotes_the_day_so_far() -> None:
    market = open_market()
    market.advance(after(120))
    now_ns = after(120)
    quote = market.quote()
    day = market.columns(
        (now_ns - DAY_NS) // MINUTE_NS * MINUTE_NS, now_ns // MINUTE_NS * MINUTE_NS, 60
    )
    rest = market.columns(now_ns // MINUTE_NS * MINUTE_NS, now_ns + NANOS, 1)

    assert quote.day_open == day.open[0]
    assert quote.day_volume == pytest.approx(day.volume.sum() + rest.volume.sum(), rel=1e-9)
    assert quote.last == rest.close[-1]
    assert quote.bid < quote.ask
    assert quote.venue_ns == quote.recv_ns == now_ns


def test_quotes_a_day_that_was_all_live() -> None:
    market = open_market(LISTINGS[5])
    for hour in range(1, 26):
        market.advance(START_NS + hour * 3600 * NANOS)
    quote = market.quote()
    assert quote.day_open is not None
    assert quote.day_volume > 0


# -- the crowd ------------------------------------------------------------------------------------


@each_listing
def test_keeps_a_two_sided_market_around_its_path(listing: Listing) -> None:
    market, history = open_market(listing), History(listing, SEED)
    spreads, away = [], []
    for second in range(1, 3600):
        market.advance(after(second))
        bid, ask = market.engine.bids.best, market.engine.asks.best
        assert bid is not None
        assert ask is not None
        spreads.append(ask.price - bid.price)
        if second % 60 == 43:
            bar = history.minutes(after(second) - MINUTE_NS, after(second))
            away.append(abs((bid.price + ask.price) / 2 - bar.close[0]))
    assert 1 <= np.median(spreads) <= 4 * listing.half_spread + 2
    assert len(market.engine.bids) >= 6
    assert len(market.engine.asks) >= 6
    wide = 4 * listing.daily_volatility * bar.close[0] / np.sqrt(1440) + 20 * listing.half_spread
    assert np.median(away) <= wide


def test_brings_takers_in_clusters() -> None:
    market = open_market()
    times = [t.venue_ns for t in listen(market, 3600) if isinstance(t, Trade)]
    seconds = np.bincount((np.array(times) - START_NS) // (5 * NANOS), minlength=720)
    # A Poisson process has a variance like its mean.
    assert seconds.var() > 2.0 * seconds.mean()


def test_trades_with_an_account_as_with_anyone() -> None:
    market = open_market()
    market.advance(after(1))
    bid = market.engine.bids.best
    (entered,) = market.submit(NewOrder("me", BUY, 5_000, "limit", bid.price + 1), after(1))
    assert isinstance(entered, Entered)
    order = market.engine.order(entered.order_id)

    market.advance(after(600))

    assert order.left == 0, "the crowd never came to the best bid"


def test_recovers_from_an_order_that_takes_all_there_is() -> None:
    market = open_market()
    market.listen()
    market.advance(after(1))
    events = market.submit(NewOrder("me", BUY, 10**9, "market"), after(1))
    assert market.engine.asks.best is None
    assert sum(e.size for e in events if isinstance(e, Executed)) > 10**6
    told = [tick for tick in market.take_ticks() if isinstance(tick, Ask)]
    assert told[-1].size == 0
    assert market.quote().ask is None

    market.advance(after(15))

    assert len(market.engine.asks) >= 6
    assert market.quote().ask is not None


# -- absence --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0.02, 1, 9, 24 * 29, 24 * 3650])
def test_passes_over_a_long_absence_with_bounded_work(hours: float) -> None:
    seen: list[Event] = []
    market = open_market(on_events=lambda market, events: seen.extend(events))
    market.listen()
    market.advance(after(10.5))
    market.take_ticks()
    seen.clear()
    resume_ns = after(10.5 + hours * 3600)

    market.advance(resume_ns)

    assert len(seen) < 1000
    ticks = market.take_ticks()
    assert isinstance(ticks[0], Break)
    assert ticks[0].reason == "gap"
    (at,) = (n for n, tick in enumerate(ticks) if isinstance(tick, Book) and tick.is_snapshot)
    assert not any(isinstance(tick, Trade) for tick in ticks[:at])
    last_ns = resume_ns - resume_ns % NANOS
    seconds = market.columns(last_ns - 60 * NANOS, last_ns, 1)
    path = count_bars(History(BTC, SEED).prints(last_ns - 60 * NANOS, last_ns), 1)
    assert np.array_equal(seconds.trades[seconds.trades > 0], path.trades)
    days = market.columns(last_ns // DAY_NS * DAY_NS - 35 * DAY_NS, last_ns // DAY_NS * DAY_NS, 60)
    assert np.mean(days.trades > 0) > 0.9
    # The next minute goes on as if nothing had been.
    market.advance(resume_ns + 60 * NANOS)
    assert market.quote().bid is not None


def test_fills_what_the_market_went_through_in_its_absence() -> None:
    market, history = open_market(), History(BTC, SEED)
    market.advance(after(1))
    resume_ns = after(3600)
    missed = history.minutes(after(43), resume_ns - 17 * NANOS)
    low, high = int(missed.low.min()), int(missed.high.max())
    last = market.engine.last_price
    assert low < last < high
    touched, beyond, stopped = (
        number_of(market.submit(order, after(1)))
        for order in (
            NewOrder("me", BUY, 700, "limit", low + 1),
            NewOrder("me", SELL, 700, "limit", high + 5_000),
            NewOrder("me", SELL, 300, "stop", stop_price=low + 2),
        )
    )
    seen: list[Event] = []
    market._on_events = lambda market, events: seen.extend(events)

    market.advance(resume_ns)

    fills = [e for e in seen if isinstance(e, Executed)]
    assert [(e.price, e.size) for e in fills if e.maker_id == touched] == [(low + 1, 700)]
    assert sum(e.size for e in fills if e.taker_id == stopped) == 300
    assert market.engine.order(beyond) is not None
    assert market.engine.order(touched) is None
    assert market.engine.order(stopped) is None


def test_keeps_the_bars_of_its_absence_as_the_path_has_them() -> None:
    market, history = open_market(), History(BTC, SEED)
    market.advance(after(100))
    market.advance(after(7300))
    first_ns, end_ns = after(103), after(7243)  # the whole minutes in between
    assert first_ns % MINUTE_NS == 0

    served = market.columns(first_ns, end_ns, 60)
    path: Bars = history.minutes(first_ns, end_ns)

    assert served.close.tolist() == [market.price(close) for close in path.close.tolist()]
    assert served.volume.tolist() == [market.size(volume) for volume in path.volume.tolist()]
    seconds = market.columns(first_ns, end_ns, 1)
    assert seconds.volume.sum() == pytest.approx(served.volume.sum(), rel=1e-9)
    assert len(market.columns(after(43), after(7303), 60)) == 121


def number_of(events: list[Event]) -> int:
    assert isinstance(events[0], Entered)
    return events[0].order_id
