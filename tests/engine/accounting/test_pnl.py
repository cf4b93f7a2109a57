"""Profit of periods, and the curve of equity."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.conversion import Mark, Markets
from engine.accounting.lots import Method, match
from engine.accounting.periods import Calendar, Span, session, spans
from engine.accounting.pnl import Equity, Move, Points, equity_curve, points, profits, together
from engine.accounting.positions import fold, unrealised
from engine.errors import UsageError
from engine.instruments import Instrument
from engine.messages import Fill
from tests.support.fills import CLOSE, DAY_NS, FLAT, INVERSE, LINEAR, fill, fill_lists
from tests.support.venue import FQME

OTHER = "xbtusd.perp.test"
MARKETS = {FQME: LINEAR, OTHER: replace(INVERSE, fqme=OTHER)}
METHODS: tuple[Method, ...] = get_args(Method)
DAYS = [Span(f"day {day}", day * DAY_NS, (day + 1) * DAY_NS) for day in range(4)]


def marks(*prices: str) -> dict[int, Decimal]:
    return {day * DAY_NS: Decimal(price) for day, price in enumerate(prices)}


def test_profit_is_split_by_day_and_marked_at_its_ends() -> None:
    known = marks("0", "110", "105", "0", "0")
    fills = [
        fill("buy", "2", "100", "1", at=DAY_NS // 2),
        fill("sell", "1", "120", "2", at=2 * DAY_NS + 5),
        fill("sell", "1", "90", "3", at=3 * DAY_NS + 5),
    ]
    rows = profits(fills, MARKETS, lambda _, at: known.get(at), DAYS[:3])
    found = [(row.span.name, row.realised, row.unrealised, row.fees, row.net) for row in rows]

    assert found == [
        ("day 0", 0, 20, 1, 19),
        ("day 1", 0, -10, 0, -10),
        ("day 2", 20, -110, 2, -92),
    ]
    assert [row.fills for row in rows] == [1, 0, 1]


def test_a_mark_that_is_missing_leaves_both_its_days_unknown() -> None:
    known = {DAY_NS: Decimal(110), 3 * DAY_NS: Decimal(130)}
    rows = profits([fill("buy", "1", "100")], MARKETS, lambda _, at: known.get(at), DAYS)

    assert [row.net for row in rows] == [10, None, None, None]
    assert rows[1].unmarked == (FQME,)
    assert (
        profits(
            [fill("buy", "1", "100")],
            MARKETS,
            lambda _, at: known.get(at),
            [session(0, 3 * DAY_NS)],
        )[0].net
        == 30
    )


def test_a_day_on_which_nothing_was_held_has_no_row() -> None:
    fills = [fill("buy", "1", "100", at=5), fill("sell", "1", "101", at=9)]
    rows = profits(fills, MARKETS, lambda *_: None, DAYS)

    assert [(row.span.name, row.net) for row in rows] == [("day 0", 1)]


def test_assets_are_not_added_up() -> None:
    fills = [
        fill("buy", "1", "100", "0.5", "bnb", at=5),
        fill("buy", "10", "100", "0.01", "btc", at=5, fqme=OTHER),
        fill("sell", "10", "125", at=6, fqme=OTHER),
    ]
    rows = profits(fills, MARKETS, lambda *_: Decimal(100), DAYS[:1])

    assert [(row.asset, row.net) for row in rows] == [("btc", Decimal("0.19")), ("usdt", 0)]
    assert rows[1].fees_in_other == {"bnb": Decimal("0.5")}


def test_funding_is_profit_of_the_day_it_is_paid_on() -> None:
    paid = [Move(DAY_NS, "usdt", Decimal(-3)), Move(DAY_NS - 1, "usdt", Decimal(2))]
    rows = profits([], MARKETS, lambda *_: None, DAYS, paid)

    assert [(row.span.name, row.funding, row.net) for row in rows] == [
        ("day 0", 2, 2),
        ("day 1", -3, -3),
    ]


def test_a_session_is_one_span() -> None:
    fills = [fill("buy", "1", "100", at=5), fill("sell", "1", "130", "1", at=2 * DAY_NS)]
    (row,) = profits(fills, MARKETS, lambda *_: Decimal(120), [session(DAY_NS, 3 * DAY_NS)])

    assert (row.realised, row.unrealised, row.fees, row.net) == (30, -20, 1, 9)


def test_a_market_that_nothing_is_known_of_is_said() -> None:
    with pytest.raises(UsageError, match="xyz"):
        profits([fill("buy", "1", "1", fqme="xyz.sim")], MARKETS, lambda *_: None, DAYS)


def test_accounts_are_summed_and_never_netted() -> None:
    fills = [
        fill("buy", "1", "100", at=5),
        replace(fill("sell", "1", "130", at=6), account="b"),
    ]
    (row,) = profits(fills, MARKETS, lambda *_: Decimal(110), DAYS[:1])

    assert (row.realised, row.unrealised, row.fills) == (0, 30, 2)


def test_profits_in_several_assets_are_one_amount_where_that_is_known() -> None:
    fills = [
        fill("buy", "1", "100", "0.5", "bnb", at=5),
        fill("buy", "10", "100", "0.01", "btc", at=5, fqme=OTHER),
        fill("sell", "10", "125", at=6, fqme=OTHER),
    ]
    rows = profits(fills, MARKETS, lambda *_: Decimal(130), DAYS[:1])
    bnb = replace(LINEAR, fqme="bnbusdt.spot.test", base="bnb")
    known = Markets([(LINEAR, Mark(Decimal(100))), (bnb, Mark(Decimal(4), is_stale=True))])

    found = together(rows, known, "usdt")
    assert (found.total, found.is_stale) == (30 - 2 + 19, True)
    assert together(rows, RATES, "usdt").unknown == {"bnb": Decimal("-0.5")}
    unmarked = profits(fills, MARKETS, lambda *_: None, DAYS[:1])
    assert together(unmarked, known, "usdt").unknown == {FQME: 0}
    assert together(unmarked, known, "usdt").total is None


# -- equity --------------------------------------------------------------------------------------

RATES = Markets([(LINEAR, Mark(Decimal(100)))])


def curve(fills: list[Fill], times: list[int], **kwargs: object) -> list[Equity]:
    return equity_curve(
        fills,
        MARKETS,
        lambda fqme, at: Decimal(100 + at),
        times,
        target="usdt",
        markets_at=lambda at: Markets([(LINEAR, Mark(Decimal(100 + at), at, at > 50))]),
        **kwargs,  # type: ignore[arg-type]
    )


def test_equity_is_cash_and_what_is_held() -> None:
    rows = curve([fill("buy", "2", "100", "1", at=5)], [5, 10, 20], opening={"usdt": Decimal(1000)})

    assert [row.equity for row in rows] == [1000, 1019, 1039]
    assert (rows[1].cash, rows[1].value) == ({"usdt": 799}, {"usdt": 220})


def test_what_is_moved_in_is_equity_from_then_on() -> None:
    rows = curve([], [5, 10], moves=[Move(7, "btc", Decimal(2))])

    assert [row.equity for row in rows] == [0, 220]


def test_what_cannot_be_counted_makes_equity_unknown() -> None:
    (row,) = curve([], [5], opening={"usdt": Decimal(3), "xyz": Decimal(1)})
    (other,) = equity_curve(
        [fill("buy", "2", "100", at=1)],
        MARKETS,
        lambda *_: None,
        [5],
        target="usdt",
        markets_at=lambda _: RATES,
    )

    assert (row.equity, row.unknown) == (None, ("xyz",))
    assert (other.equity, other.unknown) == (None, (FQME,))


def test_staleness_is_passed_on() -> None:
    rows = curve([], [5, 60], opening={"btc": Decimal(1)})

    assert [row.is_stale for row in rows] == [False, True]


def test_a_curve_has_gaps_where_it_is_not_known() -> None:
    rows = curve([], [5, 8], opening={"usdt": Decimal(3)}, moves=[Move(6, "xyz", Decimal(1))])

    assert points(rows) == Points((5, 8), (3.0, None))


# -- for all fills -------------------------------------------------------------------------------

FILLS = fill_lists(fee_assets=("usdt", "btc", "bnb"), most=15)
STEPS = st.lists(st.integers(min_value=0, max_value=40), min_size=2, max_size=6, unique=True)


def price(_: str, at: int) -> Decimal:
    return Decimal(100 + 7 * at % 31)


@given(FILLS, STEPS, st.sampled_from([LINEAR, replace(INVERSE, quote="usdt")]))
def test_periods_sum_to_the_whole(fills: list[Fill], steps: list[int], market: Instrument) -> None:
    cuts = sorted(steps)
    parts = [Span("", start, end) for start, end in pairwise(cuts)]
    known = {FQME: market}
    whole = profits(fills, known, price, [Span("", cuts[0], cuts[-1])])
    rows = profits(fills, known, price, parts)
    for name in ("realised", "unrealised", "fees", "fills"):
        total = sum((getattr(row, name) for row in rows), Decimal(0))
        expected = sum((getattr(row, name) for row in whole), Decimal(0))
        assert abs(total - expected) < CLOSE * 10**6


@given(FILLS, st.sampled_from([LINEAR, replace(INVERSE, quote="usdt")]))
def test_all_time_is_what_the_position_says(fills: list[Fill], market: Instrument) -> None:
    rows = profits(fills, {FQME: market}, price, [session(0, 10**6)])
    position = fold(FLAT, fills, market)
    expected = position.realised + unrealised(position, price("", 10**6), market) - position.fees

    assert abs(sum(row.net or 0 for row in rows) - expected) < CLOSE * 10**6


@given(FILLS, STEPS)
def test_equity_moves_by_profit_and_nothing_else(fills: list[Fill], steps: list[int]) -> None:
    """In quote, with no fees elsewhere: cash change + market value == profit of the period."""
    cuts = sorted(steps)
    fills = [replace(one, fee_asset="usdt") for one in fills]
    known = {FQME: LINEAR}
    rows = equity_curve(fills, known, price, cuts, target="usdt", markets_at=lambda _: Markets([]))
    for start, end in pairwise(rows):
        found = profits(fills, known, price, [Span("", start.time_ns, end.time_ns)])
        assert start.equity is not None
        assert end.equity is not None
        net = sum((row.net or Decimal(0) for row in found), Decimal(0))
        assert abs(end.equity - start.equity - net) < CLOSE * 10**6


@given(FILLS, st.randoms(use_true_random=False))
def test_fills_of_other_times_may_come_in_any_order(fills: list[Fill], shuffled: object) -> None:
    distinct = [replace(one, venue_ns=index + 1) for index, one in enumerate(fills)]
    other = distinct[:]
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    whole = [session(0, 10**6)]

    assert profits(distinct, MARKETS, price, whole) == profits(other, MARKETS, price, whole)


def test_days_of_a_zone_are_the_spans_of_a_report() -> None:
    hours = 3600 * 10**9
    march = 1774656000 * 10**9  # 2026-03-28 00:00 UTC; clocks go forward on the 29th
    found = list(spans(march, march + 48 * hours, "day", Calendar(ZoneInfo("Europe/London"))))
    fills = [
        fill("buy", "1", "100", at=march + 46 * hours),
        fill("sell", "1", "101", at=march + 47 * hours),
    ]
    rows = profits(fills, MARKETS, lambda *_: Decimal(100), found)

    assert [(row.span.name, row.realised) for row in rows] == [("2026-03-29", 0), ("2026-03-30", 1)]


@given(fill_lists(most=12), st.sampled_from(["fifo", "lifo", "hifo"]))
def test_lots_share_profit_out_in_another_way_and_leave_its_sum(
    fills: list[Fill], method: Method
) -> None:
    for market in (LINEAR, replace(INVERSE, fqme=FQME)):
        whole = [session(0, 10**6)]
        known = {FQME: market}
        (at_average,) = profits(fills, known, lambda *_: Decimal(77), whole) or [None]
        (by_lots,) = profits(fills, known, lambda *_: Decimal(77), whole, method=method) or [None]

        if at_average is None or by_lots is None:
            assert at_average is by_lots
            continue
        assert at_average.net is not None
        assert by_lots.net is not None
        assert abs(at_average.net - by_lots.net) < CLOSE
        assert by_lots.fees == at_average.fees
        book = match(fills, market, method)
        assert abs(by_lots.realised - book.realised) < CLOSE


def test_profit_by_lots_is_told_by_period() -> None:
    fills = [
        fill("buy", "1", "100", at=5),
        fill("buy", "1", "200", at=6),
        fill("sell", "1", "150", at=DAY_NS + 5),
        fill("sell", "1", "150", at=2 * DAY_NS + 5),
    ]
    gains = {
        method: [
            row.realised
            for row in profits(fills, MARKETS, lambda *_: Decimal(150), DAYS[:3], method=method)
        ]
        for method in METHODS
    }

    assert gains == {
        "average": [0, 0, 0],
        "fifo": [0, 50, -50],
        "lifo": [0, -50, 50],
        "hifo": [0, -50, 50],
    }
