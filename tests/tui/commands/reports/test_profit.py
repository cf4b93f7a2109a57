"""What `tickdeck pnl` counts."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.locations import find_locations
from engine.messages import Fill
from tests.support.records import (
    DAY_NS,
    ETHBTC,
    HOUR_NS,
    ROUND_TRIP,
    START_NS,
    entries_of,
    fill_of,
    write_journal,
)
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import Terms
from tui.commands.reports.profit import Cut, Report, parse_cut, report

UNTIL = START_NS + 3 * DAY_NS
WHAT = Asked(until_ns=UNTIL)
OWN = Terms("fills")


def counted(
    folder: Path,
    fills: tuple[Fill, ...] = ROUND_TRIP,
    what: Asked = WHAT,
    terms: Terms = OWN,
    cut: Cut = Cut(),  # noqa: B008 - it never changes
) -> Report:
    write_journal(folder, entries_of(fills))
    places = find_locations({}, config=folder, data_dir=folder)
    return report(places, what, terms, cut, has_curve=True)


def test_days_are_marked_at_both_ends_and_sum_to_the_whole(tmp_path: Path) -> None:
    rows = counted(tmp_path).rows

    assert [(row.name, row.realised, row.unrealised, row.net) for row in rows] == [
        ("2026-01-05", 0, 0, -1),
        ("2026-01-06", 0, 10, Decimal("8.9")),  # from 100 to 110, and 1.1 paid
        (
            "2026-01-07",
            25,
            15,
            Decimal("38.7"),
        ),  # 40 gained on both, 10 of it not for the first time
    ]
    whole = counted(tmp_path / "w", cut=Cut(by="month")).rows
    assert [row.net for row in whole] == [sum(row.net or 0 for row in rows)]


@pytest.mark.parametrize(
    ("method", "realised"), [("average", "25"), ("fifo", "30"), ("lifo", "20"), ("hifo", "20")]
)
def test_lots_share_a_profit_out_and_leave_its_sum(
    tmp_path: Path, method: str, realised: str
) -> None:
    cut = parse_cut("month", method, "6h", "00:00")
    (row,) = counted(tmp_path, cut=cut).rows

    assert row.realised == Decimal(realised)
    assert row.net == Decimal("46.6")


def test_a_session_ends_with_a_pause_and_holds_what_comes_over_it(tmp_path: Path) -> None:
    fills = (
        fill_of(1, "buy", "1", "100", hours=1),
        fill_of(2, "buy", "1", "110", hours=2),
        fill_of(3, "sell", "1", "130", hours=20),
    )
    rows = counted(tmp_path, fills, cut=Cut(by="session")).rows

    assert [(row.name, row.fills) for row in rows] == [
        ("2026-01-05 01:00", 2),
        ("2026-01-05 20:00", 1),
    ]
    short = Cut(by="session", pause_s=1800)
    assert len(counted(tmp_path / "s", fills, cut=short).rows) == 3


def test_markets_each_have_a_row(tmp_path: Path) -> None:
    fills = (*ROUND_TRIP, fill_of(6, "buy", "2", "0.05", "0.001", "btc", hours=4, fqme=ETHBTC.fqme))
    rows = counted(tmp_path, fills, cut=Cut(by="market")).rows

    assert [(row.name, row.asset) for row in rows] == [
        ("btcusdt.spot.sim", "usdt"),
        ("ethbtc.spot.sim", "btc"),
    ]
    assert [row.net for row in rows] == [Decimal("46.6"), Decimal("-0.001")]


def test_assets_stay_apart_or_become_one_currency(tmp_path: Path) -> None:
    fills = (*ROUND_TRIP, fill_of(6, "buy", "2", "0.05", "0.001", "btc", hours=4, fqme=ETHBTC.fqme))
    apart = counted(tmp_path, fills, cut=Cut(by="month"))
    one = counted(tmp_path / "o", fills, terms=Terms("fills", {}, "USDT"), cut=Cut(by="month"))

    assert {row.asset for row in apart.rows} == {"usdt", "btc"}
    assert apart.asset == "", "no curve of two assets"
    (row,) = one.rows
    assert (row.asset, row.net) == ("usdt", Decimal("46.6") - Decimal("0.001") * 130)


def test_what_cannot_be_converted_makes_the_net_unknown_and_is_named(tmp_path: Path) -> None:
    fills = (*ROUND_TRIP, fill_of(6, "buy", "1", "100", "0.5", "bnb", hours=60))
    found = counted(tmp_path, fills, terms=Terms("fills", {}, "usdt"), cut=Cut(by="month"))
    (row,) = found.rows

    assert row.net is None
    assert row.unknown == ("bnb",)
    assert row.fees_in_other == {"bnb": Decimal("0.5")}
    assert found.left_out == ("bnb",), "the curve says what it does without"


def test_a_profit_that_cannot_be_converted_is_not_a_profit_of_nothing(tmp_path: Path) -> None:
    found = counted(tmp_path, terms=Terms("fills", {}, "eur"), cut=Cut(by="month"))
    (row,) = found.rows

    assert (row.realised, row.unrealised, row.net, row.known) == (None, None, None, 0)
    assert row.fees_in_other == {"usdt": Decimal("3.4")}
    assert row.unknown == ("usdt",)


def test_without_prices_what_is_realised_is_known_and_the_net_is_not(tmp_path: Path) -> None:
    rows = counted(tmp_path, terms=Terms("none")).rows

    assert [row.realised for row in rows] == [0, 0, 25]
    assert [row.net for row in rows] == [None, None, None]
    assert rows[0].unknown == ("btcusdt.spot.sim",)


def test_the_curve_begins_at_nothing_and_ends_with_the_sum(tmp_path: Path) -> None:
    found = counted(tmp_path)

    assert found.asset == "usdt"
    assert found.curve[0] == (ROUND_TRIP[0].venue_ns, 0)
    assert found.curve[-1][1] == Decimal("46.6")
    times = [time_ns for time_ns, _ in found.curve]
    assert times == sorted(set(times))


def test_a_later_beginning_counts_what_was_held_from_before(tmp_path: Path) -> None:
    what = Asked(since_ns=START_NS + 2 * DAY_NS, until_ns=UNTIL)
    found = counted(tmp_path, what=what)
    (row,) = found.rows

    assert found.curve[0] == (what.since_ns, 0)
    assert found.curve[-1][1] == row.net
    # Two were held at 110; one was sold at 130 and one is worth that.
    assert row.net == Decimal("40") - Decimal("1.3")


def test_days_may_begin_at_another_hour(tmp_path: Path) -> None:
    rows = counted(tmp_path, cut=Cut(day_start=time(17))).rows

    assert (rows[0].name, rows[0].span.start_ns) == ("2026-01-05", START_NS - 7 * HOUR_NS)


def test_nothing_traded_is_no_rows(tmp_path: Path) -> None:
    assert counted(tmp_path, ()).rows == []
    before = Asked(until_ns=START_NS - DAY_NS)
    assert counted(tmp_path / "b", what=before).rows == []


@pytest.mark.parametrize(
    "words",
    [
        ("year", "fifo", "6h", "00:00"),
        ("day", "best", "6h", "00:00"),
        ("day", "fifo", "soon", "00:00"),
        ("day", "fifo", "6h", "noon"),
    ],
)
def test_words_that_mean_nothing_are_refused(words: tuple[str, str, str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_cut(*words)
    assert caught.value.hint
