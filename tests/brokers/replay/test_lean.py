"""LEAN's equity files: the day is in the name, the clock is New York's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay.inspect import bars_of, inspect_tape
from brokers.replay.lean import NewYorkDay, label_of
from brokers.replay.reel import Reel
from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.errors import DataError
from engine.messages import Ask, Bid, Break, Tick, Trade
from tests.support.recordings import recording

OPEN_NS = int(datetime(2013, 10, 7, 13, 30, tzinfo=UTC).timestamp()) * NANOS
"""Half past nine of 2013-10-07 in New York."""

BAR = "34200000,1000000,1005000,995000,1002500,1200\n"


def written(tmp_path: Path, text: str, name: str = "lean_spy_minute_20131007_trade.csv") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def played(path: Path) -> list[Tick]:
    return [tick for _, _, ticks in open_tape(path).play() for tick in ticks]


def test_a_trade_bar_is_the_trades_that_rebuild_it(tmp_path: Path) -> None:
    (series,) = bars_of(open_tape(written(tmp_path, BAR)), 60).values()

    assert (OPEN_NS, 100.0, 100.5, 99.5, 100.25, 1200.0) == (
        series.time_ns[0],
        series.open[0],
        series.high[0],
        series.low[0],
        series.close[0],
        series.volume[0],
    )


def test_a_market_is_named_by_its_file_and_has_cents_and_shares(tmp_path: Path) -> None:
    (market,) = open_tape(written(tmp_path, BAR)).markets

    assert ("spy.stock.lean", "SPY", "USD") == (market.fqme, market.symbol, market.quote)
    assert (2, 0) == (market.price_decimals, market.size_decimals)


def test_trades_keep_their_millisecond_and_suspicious_ones_are_left_out(tmp_path: Path) -> None:
    rows = "34200464,1674100,100,P,20002000,0\n34200465,9999900,7,P,0,1\n34201000,1674200,5,K,0,0\n"
    tape = open_tape(written(tmp_path, rows, "20131007_spy_Trade_Tick.csv"))

    ticks = [tick for _, _, ticks in tape.play() for tick in ticks]

    assert [
        Trade(tape.markets[0].fqme, 167.41, 100.0, "", *[OPEN_NS + 464_000_000] * 2),
        Trade(tape.markets[0].fqme, 167.42, 5.0, "", *[OPEN_NS + NANOS] * 2),
    ] == ticks
    assert ["1 trade was left out: marked as suspicious"] == tape.statistics().notes
    assert (tape.kind, tape.bar_period_s) == ("lean trades", None)


def test_a_quote_bar_is_both_sides_at_its_four_prices(tmp_path: Path) -> None:
    row = "34200000,1000000,1004000,999000,1003000,300,1001000,1005000,1000000,1004000,200\n"
    path = written(tmp_path, row, "20131007_spy_minute_quote.csv")

    ticks = played(path)

    bids = [(tick.price, tick.size) for tick in ticks if isinstance(tick, Bid)]
    asks = [(tick.price, tick.size) for tick in ticks if isinstance(tick, Ask)]
    assert [(100.0, 300.0), (99.9, 300.0), (100.4, 300.0), (100.3, 300.0)] == bids
    assert [(100.1, 200.0), (100.0, 200.0), (100.5, 200.0), (100.4, 200.0)] == asks
    assert ticks[0].venue_ns == OPEN_NS
    assert ticks[-1].venue_ns < OPEN_NS + 60 * NANOS
    assert inspect_tape(open_tape(path)).markets[0].crossed == 0


def test_a_quote_bar_may_have_one_side_only(tmp_path: Path) -> None:
    rows = "34200000,,,,,,1001000,1001000,1001000,1001000,200\n34260000,,,,,,,,,,\n"
    tape = open_tape(written(tmp_path, rows, "20131007_spy_minute_quote.csv"))

    assert [Ask] == [type(tick) for _, _, ticks in tape.play() for tick in ticks]
    assert 1 == tape.statistics().malformed
    assert "neither bid nor ask" in tape.statistics().first_malformed


@pytest.mark.parametrize(
    ("name", "symbol", "period_s"),
    [
        ("lean_spy_minute_20131007_trade.csv.gz", "SPY", 60),
        ("lean_brk.b_second_20131007_trade.csv.gz", "BRK.B", 1),
        ("20131007_spy_minute_trade.csv", "SPY", 60),
        ("equity/usa/second/aapl/20131007_trade.zip", "AAPL", 1),
        ("20131007_goog.csv", "GOOG", None),
    ],
)
def test_day_symbol_and_period_are_told_by_name_and_folders(
    tmp_path: Path, name: str, symbol: str, period_s: int | None
) -> None:
    folder = tmp_path / "some" / "where"

    assert (date(2013, 10, 7), symbol, period_s) == label_of(folder / name)


@pytest.mark.parametrize("name", ["spy_minute_trade.csv", "spy_20131307.csv", "spy_120131007.csv"])
def test_a_name_without_a_day_is_told_of(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="does not say of which day") as caught:
        open_tape(written(tmp_path, BAR, name))

    assert "20131007_trade.csv" in (caught.value.hint or "")


def test_other_columns_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has not the columns"):
        open_tape(written(tmp_path, "34200000,1,2,3,4,5,6,7\n"))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2013, 11, 2), 24), (date(2013, 11, 3), 25), (date(2014, 3, 9), 23)]
)
def test_a_day_on_which_the_clock_is_moved_has_more_or_fewer_hours(day: date, hours: int) -> None:
    clock = NewYorkDay(day)

    assert clock.time_ns(86_399_999) - clock.time_ns(0) == hours * 3600 * NANOS - 1_000_000


@given(st.dates(date(1998, 1, 2), date(2030, 1, 1)), st.integers(6 * 3_600_000, 86_399_999))
def test_any_moment_of_trading_is_what_the_clock_on_the_wall_shows(day: date, at: int) -> None:
    seconds, milliseconds = divmod(at, 1000)
    time_ns = NewYorkDay(day).time_ns(at)
    shown = datetime.fromtimestamp(time_ns // NANOS, ZoneInfo("America/New_York"))

    assert (day, seconds) == (shown.date(), shown.hour * 3600 + shown.minute * 60 + shown.second)
    assert time_ns % NANOS == milliseconds * 1_000_000


def test_a_time_of_another_day_is_a_malformed_row(tmp_path: Path) -> None:
    tape = open_tape(written(tmp_path, 3 * BAR + "86400000,1,1,1,1,5\n" + "x,1,1,1,1,5\n"))

    assert len(list(tape.play())) == 3 * 4
    assert 2 == tape.statistics().malformed


def test_a_day_after_the_other_is_one_market_with_a_gap_at_night(tmp_path: Path) -> None:
    days = [
        open_tape(written(tmp_path, BAR, f"lean_spy_minute_{day}_trade.csv"))
        for day in ("20131008", "20131007")
    ]

    items = list(Reel(days, "replay").play())

    assert {"spy.stock.replay"} == {item.fqme for item in items}
    (gap,) = [tick for item in items for tick in item.ticks if isinstance(tick, Break)]
    assert (gap.reason, gap.venue_ns) == ("gap", days[1].end_ns)
    assert items.index(next(item for item in items if gap in item.ticks)) == len(items) // 2


@pytest.mark.parametrize("period_s", [60, 300])
def test_seconds_and_minutes_of_a_real_day_make_the_same_bars(period_s: int) -> None:
    """But for volume: LEAN counts a few trades to the minute after the second that they are of."""
    minutes = open_tape(recording("equity/lean_spy_minute_20131007_trade.csv.gz"))
    seconds = open_tape(recording("equity/lean_spy_second_20131007_trade.csv.gz"))

    (of_minutes,) = bars_of(minutes, period_s).values()
    (of_seconds,) = bars_of(seconds, period_s).values()

    for name in ("time_ns", "open", "high", "low", "close"):
        assert getattr(of_minutes, name).tolist() == getattr(of_seconds, name).tolist()
    assert of_minutes.volume.sum() == of_seconds.volume.sum() == 92_720_576


def test_all_of_a_real_day_is_read() -> None:
    trades = inspect_tape(open_tape(recording("equity/lean_spy_tick_20131007_trade.csv.gz")))
    quotes = inspect_tape(open_tape(recording("equity/lean_spy_minute_20131007_quote.csv.gz")))

    assert (0, 250_601) == (trades.malformed, trades.markets[0].trades)
    assert (0, {"quote bar": 908}) == (quotes.malformed, quotes.messages)
    assert "0.01" == trades.markets[0].price_tick == quotes.markets[0].price_tick
