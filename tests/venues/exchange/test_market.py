"""A spot market of a test exchange: its book, what is told of it, and what traded."""

from __future__ import annotations

from engine.clock import NANOS
from tests.venues.exchange.bars import Period
from tests.venues.exchange.market import BookChange, SpotMarket
from tests.venues.exchange.stage import LISTING, START_NS, D, Stage, order
from tests.venues.exchange.tape import PublicTrade


def listen(market: SpotMarket) -> tuple[list[BookChange], list[PublicTrade]]:
    changes: list[BookChange] = []
    trades: list[PublicTrade] = []
    market.on_change.append(lambda _, change: changes.append(change))
    market.on_trade.append(lambda _, trade: trades.append(trade))
    return changes, trades


def test_the_book_is_told_best_first_in_prices_and_sizes() -> None:
    market = Stage().market
    assert market.bids(2) == [(59_999, 1), (59_998, 1)]
    assert market.asks(2) == [(60_001, 1), (60_002, 1)]
    best = market.best()
    assert (best.bid, best.ask, best.update_id) == (59_999, 60_001, market.update_id)


def test_each_change_has_the_next_number_and_says_what_is_there_now() -> None:
    stage = Stage()
    changes, _ = listen(stage.market)
    before = stage.market.update_id
    record = stage.exchange.submit(stage.account, order(size="0.5", price="59999"))
    stage.exchange.cancel(record)
    assert [change.update_id for change in changes] == [before + 1, before + 2]
    assert [change.bids for change in changes] == [
        ((D(59_999), D("1.5")),),
        ((D(59_999), D(1)),),
    ]


def test_applying_every_change_gives_the_book() -> None:
    market = SpotMarket(LISTING, 3, START_NS, is_quiet=False, on_events=lambda *_: None)
    changes, _ = listen(market)
    bids, asks = dict(market.bids()), dict(market.asks())
    market.advance(START_NS + 120 * NANOS)
    for change in changes:
        bids.update(change.bids)
        asks.update(change.asks)
    assert len(changes) > 50
    assert {price: size for price, size in bids.items() if size} == dict(market.bids())
    assert {price: size for price, size in asks.items() if size} == dict(market.asks())


def test_trades_of_one_taker_at_one_price_are_one_aggregate() -> None:
    stage = Stage()
    _, trades = listen(stage.market)
    stage.market.place("sell", D(60_001), D(1))
    stage.market.take("buy", D(60_002), D("2.5"))
    assert [trade.price for trade in trades] == [60_001, 60_001, 60_002]
    first, second, third = (trade.aggregate_id for trade in trades)
    assert (second, third) == (first, first + 1)
    assert not any(trade.is_buyer_maker for trade in trades)


def test_a_trade_says_whether_a_market_order_took() -> None:
    stage = Stage()
    _, trades = listen(stage.market)
    stage.exchange.submit(stage.account, order(size="0.1", price=None, kind="market"))
    stage.exchange.submit(stage.account, order(size="0.1", price="60001"))
    stop = order("sell", "0.1", None, kind="stop", stop_price=D(59_000))
    stage.exchange.submit(stage.account, stop)
    stage.market.take("sell", D(59_000), D(10))
    stage.market.place("buy", D(58_990), D(1))
    stage.market.print_trade(D("58995"), D("0.1"))
    assert [trade.is_market for trade in trades[:2]] == [True, False]
    assert trades[-1].is_market
    assert trades[-1].price == 58_990


def test_statistics_cover_the_span_and_end_with_the_last_trade() -> None:
    stage = Stage()
    stage.market.print_trade(D(60_000), D(2))
    stats = stage.market.stats(stage.clock.now_ns())
    now_ns = stage.clock.now_ns()
    bars = stage.market.bars(Period(60), stats.start_ns, now_ns + 1, now_ns)
    assert stats.last == 60_000
    assert stats.last_size == 2
    assert stats.volume == sum(bar.volume for bar in bars)
    assert stats.low <= stats.open <= stats.high
    assert stats.change == stats.last - stats.open
    assert stats.last_id - stats.first_id + 1 == stats.trades


def test_the_average_price_is_that_of_the_last_minutes_by_size() -> None:
    stage = Stage()
    assert stage.market.average_price() == 60_000
    stage.clock.pass_s(400)
    stage.exchange.advance()
    stage.market.print_trade(D(60_000), D(1))
    stage.market.take("buy", D(60_001), D(1))
    assert stage.market.average_price() == D("60000.5")


def test_a_long_time_in_a_quiet_market_changes_nothing() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(price="100"))
    book, number = stage.market.bids(), stage.market.update_id
    stage.clock.pass_s(6 * 3600)
    stage.exchange.advance()
    assert record.is_open
    assert (stage.market.bids(), stage.market.update_id) == (book, number)
