from __future__ import annotations

import pytest

from brokers.replay.columns import (
    Layout,
    is_header,
    is_since_midnight,
    is_time,
    layout_by_header,
    layout_by_shape,
    time_ns,
)

BARS = "1672531200 16535.97 16535.97 16522.66 16522.66 0.014 2"
KLINE = "1735689600000000 1 2 0.5 1.5 10 1735689659999999 15 7 5 7 0"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("timestamp,id,type,side,price,amount,cost", Layout("trades", 0, 4, 5, 3, trade_id=1)),
        (
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
            Layout("trades", 5, 1, 2, -1, 6, 0, 3, 4),
        ),
        ("id,price,qty,quote_qty,time,is_buyer_maker", Layout("trades", 4, 1, 2, -1, 5, 0)),
        (
            "open_time,open,high,low,close,volume",
            Layout("bars", 0, open=1, high=2, low=3, close=4, volume=5),
        ),
        (
            "Date,Open,High,Low,Close,Volume BTC,Volume USD,Trade Count",
            Layout("bars", 0, open=1, high=2, low=3, close=4, volume=5, trades=7),
        ),
        (
            '"Open time","Open","High","Low","Close"'.replace('"', ""),
            Layout("bars", 0, open=1, high=2, low=3, close=4),
        ),
    ],
)
def test_columns_are_found_by_their_names(header: str, expected: Layout) -> None:
    row = header.split(",")

    assert is_header(row)
    assert layout_by_header(row) == expected


@pytest.mark.parametrize("header", ["a,b,c", "time,price", "price,size,side", "time,open,high,low"])
def test_a_header_without_what_is_needed_is_none(header: str) -> None:
    assert layout_by_header(header.split(",")) is None


@pytest.mark.parametrize(
    ("row", "kind", "at"),
    [
        ("26129,0.016,4.7,27781,27781,1498793709153,True,True", "trades", (5, 1, 2)),
        ("26129,0.016,4.7,27781,27781,1498793709153,true", "trades", (5, 1, 2)),
        ("1,50000.1,0.5,25000,1735689600000000,True,True", "trades", (4, 1, 2)),
        ("1,50000.1,0.5,25000,1735689600000,false", "trades", (4, 1, 2)),
        ("1672531200,16535.97,0.5", "trades", (0, 1, 2)),
        ("1672531200.1234,16535.97,0.5,buy", "trades", (0, 1, 2)),
    ],
)
def test_trades_without_a_header_are_told_by_their_shape(
    row: str, kind: str, at: tuple[int, int, int]
) -> None:
    layout = layout_by_shape([row.split(",")])

    assert layout is not None
    assert (layout.kind, (layout.time, layout.price, layout.size)) == (kind, at)


def test_klines_without_a_header_are_told_by_their_shape() -> None:
    layout = layout_by_shape([KLINE.split()])

    assert layout is not None
    assert (layout.kind, layout.volume, layout.trades) == ("bars", 5, 8)
    assert layout.is_binance_spot


def test_bars_of_kraken_have_their_trades_at_the_end() -> None:
    layout = layout_by_shape([BARS.split()])

    assert layout is not None
    assert (layout.kind, layout.trades) == ("bars", 6)
    assert not layout.is_binance_spot


@pytest.mark.parametrize("row", ["a,b,c", "1672531200,1,2,3,4", "1,2,3", "1672531200,x,y"])
def test_other_shapes_are_none(row: str) -> None:
    assert layout_by_shape([row.split(",")]) is None


@pytest.mark.parametrize(
    "text",
    [
        "1677628800",
        "1677628800000",
        "1677628800000000",
        "1677628800000000000",
        "1677628800.000",
        "1.6776288e9",
        "2023-03-01",
        "2023-03-01 00:00:00",
        "2023-03-01T00:00:00Z",
        "2023-03-01 00:00:00+00:00",
        "2023-03-01 02:00:00.000000+02:00",
        "2023-03-01 00:00:00 UTC",
        '"2023-03-01"',
    ],
)
def test_a_time_is_read_in_whatever_way_it_is_written(text: str) -> None:
    assert time_ns(text) == 1_677_628_800_000_000_000


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-1", "noon", "1969-12-31", "2200-01-01", "1e40"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        time_ns(text)
    assert not is_time(text)


def test_times_since_midnight_are_recognised() -> None:
    assert is_since_midnight(["14400000", "57599999"])
    assert not is_since_midnight(["14400000", "1677628800000"])
