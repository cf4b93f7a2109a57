"""What paper assumes of a venue, each assumption by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from brokers.paper.models import QUEUES, Delay, Fees, PaperOptions, Slippage
from engine.instruments import Instrument
from engine.messages import Side
from tests.support.venue import INSTRUMENT

MS = 1_000_000
D = Decimal
Levels = list[tuple[Decimal, Decimal | None]]
ASKS: Levels = [(D(101), D(2)), (D(102), D(3)), (D(104), D(9))]
BIDS: Levels = [(D(99), D(2)), (D(98), D(3)), (D(96), D(9))]


# -- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        {"delay_ms": -1},
        {"jitter_ms": -0.1},
        {"report_delay_ms": -1},
        {"delay_ms": 60_000.5},
        {"slippage_ticks": -1},
        {"taker_fee": "1"},
        {"maker_fee": "-1"},
        {"maker_fee": "NaN"},
        {"slippage": "some"},
        {"queue": "first"},
        {"delay": 5},
    ],
)
def test_an_option_that_makes_no_sense_is_an_error(table: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, PaperOptions)


def test_amounts_may_be_written_as_text_or_as_numbers() -> None:
    table = {"maker_fee": "-0.0001", "balances": {"usdt": 5000, "btc": "0.5"}}
    options = msgspec.convert(table, PaperOptions, strict=False)

    assert options.maker_fee == D("-0.0001")
    assert options.balances == {"usdt": D(5000), "btc": D("0.5")}


def test_every_queue_that_can_be_chosen_is_there() -> None:
    for name in ("behind", "proportional", "front"):
        assert msgspec.convert({"queue": name}, PaperOptions).queue in QUEUES


# -- delay -------------------------------------------------------------------------------------


def test_without_jitter_every_request_takes_the_same_time() -> None:
    delay = Delay(PaperOptions(delay_ms=1.5, report_delay_ms=0.25))

    assert {delay.request_ns() for _ in range(10)} == {1_500_000}
    assert delay.report_ns == 250_000


def test_jitter_is_added_within_its_bounds_and_is_that_of_the_seed() -> None:
    def draws(seed: int) -> list[int]:
        delay = Delay(PaperOptions(delay_ms=10, jitter_ms=5, seed=seed))
        return [delay.request_ns() for _ in range(500)]

    assert draws(1) == draws(1) != draws(2)
    assert 10 * MS <= min(draws(1)) < 10.1 * MS
    assert 14.9 * MS < max(draws(1)) <= 15 * MS


# -- fees --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "is_maker", "fee"),
    [
        ({}, True, "0.2"),
        ({}, False, "0.4"),
        ({"maker_fee": D("-0.01")}, True, "-2"),
        ({"maker_fee": D("-0.01")}, False, "0.4"),
        ({"taker_fee": D(0)}, False, "0"),
        ({"taker_fee": D(0)}, True, "0.2"),
    ],
)
def test_a_fee_is_the_configured_share_or_that_of_the_instrument(
    options: dict[str, Any], is_maker: bool, fee: str
) -> None:
    fees = Fees(PaperOptions(**options))

    assert fees.fee(INSTRUMENT, D(100), D(2), maker=is_maker) == D(fee)


def test_a_fee_is_of_what_contracts_are_worth_also_at_a_negative_price() -> None:
    oil = replace(INSTRUMENT, multiplier=D(1000))

    assert Fees(PaperOptions()).fee(oil, D("-37.5"), D(2), maker=True) == D(75)


# -- queue -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "at_entry", "after"),
    [("behind", 8, 3), ("proportional", 8, 3), ("front", 0, 0)],
)
def test_an_order_queues_behind_what_is_shown_unless_it_is_at_the_front(
    name: str, at_entry: int, after: int
) -> None:
    queue = QUEUES[name]
    ahead = queue.at_entry(D(8))

    assert ahead == at_entry
    assert queue.after_change(ahead, D(8), D(3), D(0)) == after


@pytest.mark.parametrize(
    ("ahead", "before", "shown", "traded", "behind", "proportional"),
    [
        ("4", "10", "10", "0", "4", "4"),  # nothing happened
        ("4", "10", "5", "0", "4", "2"),  # half of all canceled, so half of those ahead
        ("4", "10", "8", "2", "4", "4"),  # what left had traded
        ("4", "10", "4", "2", "4", "2"),  # of eight that were left, half canceled
        ("4", "10", "3", "0", "3", "1.2"),
        ("4", "10", "0", "0", "0", "0"),
        ("4", "10", "20", "0", "4", "4"),  # who joins stands behind
        ("0", "10", "5", "0", "0", "0"),
        ("4", "10", "3", "12", "3", "3"),  # the trades were of more than was shown
        ("4", "10", "3", "10", "3", "3"),
    ],
)
def test_a_level_that_shrinks_moves_the_queue_by_its_model(
    ahead: str, before: str, shown: str, traded: str, behind: str, proportional: str
) -> None:
    change = (D(ahead), D(before), D(shown), D(traded))

    assert QUEUES["behind"].after_change(*change) == D(behind)
    assert QUEUES["proportional"].after_change(*change) == D(proportional)


sizes = st.integers(0, 1000).map(lambda thousandths: D(thousandths) / 8)


@given(sizes, sizes, sizes, sizes)
def test_nobody_comes_to_stand_ahead_and_no_more_than_is_shown_does(
    ahead: Decimal, before: Decimal, shown: Decimal, traded: Decimal
) -> None:
    for queue in QUEUES.values():
        after = queue.after_change(ahead, before, shown, traded)
        assert 0 <= after <= min(ahead, shown)


# -- slippage ----------------------------------------------------------------------------------


def take(
    side: Side,
    size: str,
    limit: str | None = None,
    levels: Levels | None = None,
    instrument: Instrument = INSTRUMENT,
    **options: Any,
) -> list[tuple[float, float]]:
    shown = (ASKS if side == "buy" else BIDS) if levels is None else levels
    bound = None if limit is None else D(limit)
    fills = Slippage(PaperOptions(**options)).take(side, D(size), bound, shown, instrument)
    return [(float(price), float(part)) for price, part in fills]


def test_the_book_is_walked_level_by_level_up_to_the_limit() -> None:
    assert take("buy", "4", "102") == [(101, 2), (102, 2)]
    assert take("buy", "9", "102") == [(101, 2), (102, 3)]
    assert take("sell", "9", "98") == [(99, 2), (98, 3)]
    assert take("buy", "1", "100.99") == []
    assert take("sell", "1", "99.01") == []


def test_a_market_order_pays_some_ticks_more_for_what_is_not_shown() -> None:
    assert take("buy", "20") == [(101, 2), (102, 3), (104, 9), (104.01, 6)]
    assert take("sell", "20", slippage_ticks=3)[-1] == (95.97, 6)
    assert take("buy", "14") == [(101, 2), (102, 3), (104, 9)]


def test_parts_smaller_than_one_are_taken_and_slip_like_any_other() -> None:
    small: Levels = [(D(101), D("0.25")), (D(102), D("0.5"))]

    assert take("buy", "0.5", "102", small) == [(101, 0.25), (102, 0.25)]
    assert take("buy", "1", None, small) == [(101, 0.25), (102, 0.5), (102.01, 0.25)]


def test_nothing_is_taken_where_there_is_nothing() -> None:
    assert take("buy", "1", levels=[]) == []
    assert take("buy", "1", levels=[], slippage="none") == []


def test_a_level_that_our_own_orders_emptied_gives_nothing() -> None:
    emptied: Levels = [(D(101), D(0)), (D(102), D("-0.5")), (D(103), D(1))]

    assert take("buy", "2", "103", emptied) == [(103, 1)]


def test_a_size_that_is_not_known_suffices() -> None:
    unknown: Levels = [(D(101), None)]
    behind: Levels = [(D(101), D(1)), (D(102), None)]

    assert take("buy", "50", "102", unknown) == [(101.01, 50)]
    assert take("buy", "50", "102", behind) == [(101, 1), (102, 49)]


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [("buy", None, 101.5), ("buy", "101.2", 101.2), ("sell", None, 98.5), ("sell", "98.9", 98.9)],
)
def test_ticks_are_what_everything_costs_but_never_beyond_the_limit(
    side: Side, limit: str | None, price: float
) -> None:
    assert take(side, "70", limit, slippage="ticks", slippage_ticks=50) == [(price, 70)]


def test_without_slippage_all_is_had_at_the_best_price() -> None:
    assert take("buy", "70", slippage="none") == [(101, 70)]
    assert take("sell", "70", "98", slippage="none") == [(99, 70)]


def test_nothing_slips_below_a_tick_unless_prices_may_be_negative() -> None:
    cheap: Levels = [(D("0.02"), D(1))]
    allowed = replace(INSTRUMENT, allows_negative_price=True)

    assert take("sell", "3", None, cheap, slippage_ticks=5)[-1] == (0.01, 2)
    assert take("sell", "3", None, cheap, allowed, slippage_ticks=5)[-1] == (-0.03, 2)


level_list = st.lists(
    st.tuples(st.integers(1, 30), st.one_of(st.none(), st.integers(-2, 9))), max_size=6
)


@given(
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 40),
    st.one_of(st.none(), st.integers(9_990, 10_040)),
    level_list,
    st.sampled_from(["book", "ticks", "none"]),
)
def test_no_model_takes_more_than_was_asked_for_or_pays_beyond_the_limit(
    side: Side,
    size: int,
    limit: int | None,
    steps: list[tuple[int, int | None]],
    model: str,
) -> None:
    sign = 1 if side == "buy" else -1
    away = sorted(dict(steps).items())
    levels: Levels = [
        (D(10_000 + sign * step) / 100, None if shown is None else D(shown)) for step, shown in away
    ]
    bound = None if limit is None else D(limit) / 100
    slippage = Slippage(PaperOptions(slippage=model))  # type: ignore[arg-type]
    fills = slippage.take(side, D(size), bound, levels, INSTRUMENT)

    assert all(part > 0 for _, part in fills)
    assert sum(part for _, part in fills) <= size
    prices = [price * sign for price, _ in fills]
    assert prices == sorted(prices)
    if bound is not None:
        assert all(price <= bound * sign for price in prices)
    elif levels:
        assert sum(part for _, part in fills) == size
