"""Numbers that other programs, brokers and authorities have published, got by ours.

Only the numbers are theirs. Where a source nets fees into its profit, ours is that of the
position less its fees, or the gain of the lots.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from engine.accounting.lots import Method, match
from engine.accounting.periods import Span
from engine.accounting.pnl import profits
from engine.accounting.positions import apply, fold, unrealised
from engine.messages import Fill, Position, Side
from tests.support.fills import DAY_NS, FLAT, INVERSE, LINEAR, fill
from tests.support.venue import FQME

DOLLAR = replace(INVERSE, multiplier=Decimal(1))


class Step(NamedTuple):
    side: Side
    size: str
    price: str
    fee: str = "0"


def fills_of(*steps: Step) -> list[Fill]:
    return [
        fill(step.side, step.size, step.price, step.fee, at=number, trade_id=str(number))
        for number, step in enumerate(steps, 1)
    ]


def position_of(*steps: Step) -> Position:
    return fold(FLAT, fills_of(*steps), LINEAR)


# -- average cost --------------------------------------------------------------------------------

ALTERNATING = (
    # Trading Technologies, "Understanding P&L Calculations", as NautilusTrader tests it
    # (test_model_position.py): size, average open, realised profit less fees of 0.1 %.
    (Step("buy", "12", "100"), "12", "100", "-1.2"),
    (Step("buy", "17", "99"), "29", "99.41379310344827586206896552", "-2.883"),
    (Step("sell", "9", "101"), "20", "99.41379310344827586206896552", "10.48386207"),
    (Step("sell", "4", "105"), "16", "99.41379310344827586206896552", "32.40868966"),
    (Step("buy", "3", "103"), "19", "99.98003629764065335753176042", "32.09968966"),
)

INTERLEAVED = (
    # NautilusTrader, "realised pnl with interleaved order sides".
    (Step("buy", "12", "10000"), "12", "10000", "-120"),
    (Step("buy", "17", "9999"), "29", "9999.413793103448275862068966", "-289.983"),
    (Step("sell", "9", "10001"), "20", "9999.413793103448275862068966", "-365.71613793"),
    (Step("buy", "3", "10003"), "23", "9999.881559220389805097451274", "-395.72513793"),
    (Step("sell", "4", "10005"), "19", "9999.881559220389805097451274", "-415.27137481"),
)


@pytest.mark.parametrize("case", [ALTERNATING, INTERLEAVED])
def test_the_average_and_the_profit_of_every_step(
    case: tuple[tuple[Step, str, str, str], ...],
) -> None:
    position = FLAT
    for step, size, average, net in case:
        fee = Decimal(step.size) * Decimal(step.price) * Decimal("0.001")
        position = apply(position, fill(step.side, step.size, step.price, str(fee)), LINEAR)

        assert position.average_price is not None
        assert position.size == Decimal(size)
        assert abs(position.average_price - Decimal(average)) < Decimal("1e-24")
        assert round(position.realised - position.fees, 8) == Decimal(net)


def test_a_position_that_grows_shrinks_and_turns() -> None:
    """backtrader, test_position.py: 10 at 10, 5 at 12.5, -7 at 14.5, -15 at 17.5."""
    grown = position_of(Step("buy", "10", "10"), Step("buy", "5", "12.5"))
    shrunk = fold(grown, [fill("sell", "7", "14.5")], LINEAR)
    turned = fold(shrunk, [fill("sell", "15", "17.5")], LINEAR)

    assert grown.average_price is not None
    assert abs(grown.average_price - Decimal("162.5") / 15) < Decimal("1e-20")
    assert (shrunk.size, shrunk.average_price) == (8, grown.average_price)
    assert (turned.size, turned.average_price) == (-7, Decimal("17.5"))


def test_a_book_cost_after_a_sale_and_another_purchase() -> None:
    """QSTrader, "three longs, one short, one long": 2.6875 a unit, 525 unrealised at 4."""
    position = position_of(
        Step("buy", "100", "1"),
        Step("buy", "100", "2"),
        Step("buy", "200", "3"),
        Step("sell", "100", "3.5"),
        Step("buy", "100", "4"),
    )

    assert (position.size, position.average_price) == (400, Decimal("2.6875"))
    assert unrealised(position, Decimal(4), LINEAR) == 525


def test_a_short_that_is_covered_in_excess_is_a_long_at_the_price_of_the_cover() -> None:
    """QSTrader, "short long excess cover": -100 at 700, 175 bought at 873."""
    position = position_of(Step("sell", "100", "700"), Step("buy", "175", "873"))

    assert (position.size, position.average_price) == (75, 873)
    assert position.realised == -17300


ROUND_TRIPS = (
    # QSTrader's round trips in XOM and PG, "tested against ... Trader Workstation (TWS)".
    (
        (
            Step("buy", "100", "74.78", "1"),
            Step("buy", "100", "74.63", "1"),
            Step("buy", "250", "74.62", "1.25"),
            Step("sell", "200", "74.58", "1"),
            Step("sell", "250", "75.26", "1.25"),
        ),
        "135",
        "5.5",
    ),
    (
        (
            Step("sell", "100", "77.69", "1"),
            Step("sell", "100", "77.68", "1"),
            Step("sell", "50", "77.70", "1"),
            Step("buy", "100", "77.77", "1"),
            Step("buy", "150", "77.73", "1"),
        ),
        "-14.5",
        "5",
    ),
)


@pytest.mark.parametrize(("steps", "profit", "fees"), ROUND_TRIPS)
@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "average"])
def test_a_round_trip_nets_what_the_broker_says(
    steps: tuple[Step, ...], profit: str, fees: str, method: Method
) -> None:
    position, book = position_of(*steps), match(fills_of(*steps), LINEAR, method)
    gains = sum((lot.gain for lot in book.closed), Decimal(0))

    assert position.size == 0
    assert abs(position.realised - Decimal(profit)) < Decimal("1e-20")
    assert position.fees == Decimal(fees)
    assert abs(gains - (Decimal(profit) - Decimal(fees))) < Decimal("1e-20")


@pytest.mark.parametrize(
    ("side", "size", "entry", "mark", "profit"),
    [
        # NautilusTrader: XBTUSD of BitMEX, settled in bitcoin.
        ("buy", "100000", "10500", "11505.60", "0.83238969"),
        ("sell", "1250000", "15500", "12506.65", "19.30166700"),
    ],
)
def test_the_open_profit_of_inverse_contracts(
    side: Side, size: str, entry: str, mark: str, profit: str
) -> None:
    position = fold(FLAT, [fill(side, size, entry)], DOLLAR)

    assert round(unrealised(position, Decimal(mark), DOLLAR), 8) == Decimal(profit)


@pytest.mark.parametrize(
    ("entry", "mark", "dollars"), [("10000", "11000", "-10000"), ("375.95", "370", "1582.66")]
)
def test_the_open_profit_of_inverse_contracts_in_dollars_at_the_mark(
    entry: str, mark: str, dollars: str
) -> None:
    """NautilusTrader: 100,000 contracts short, their profit in quote."""
    position = fold(FLAT, [fill("sell", "100000", entry)], DOLLAR)
    profit = unrealised(position, Decimal(mark), DOLLAR)

    assert round(profit * Decimal(mark), 2) == Decimal(dollars)


# -- lots ----------------------------------------------------------------------------------------

HOOL = (
    # beancount, booking_full_test.py: entered in this order, dated out of it.
    fill("buy", "5", "111.11", at=2, trade_id="b"),
    fill("buy", "4", "100.00", at=1, trade_id="a"),
    fill("buy", "6", "122.22", at=3, trade_id="c"),
)


@pytest.mark.parametrize(
    ("method", "size", "reduced", "left"),
    [
        ("fifo", "2", "a2", "b5 a2 c6"),
        ("fifo", "4", "a4", "b5 c6"),
        ("fifo", "7", "a4 b3", "b2 c6"),
        ("fifo", "9", "a4 b5", "c6"),
        ("fifo", "12", "a4 b5 c3", "c3"),
        ("fifo", "15", "a4 b5 c6", ""),
        ("lifo", "2", "c2", "b5 a4 c4"),
        ("lifo", "6", "c6", "b5 a4"),
        ("lifo", "7", "c6 b1", "b4 a4"),
        ("lifo", "11", "c6 b5", "a4"),
        ("lifo", "12", "c6 b5 a1", "a3"),
        ("lifo", "15", "c6 b5 a4", ""),
        ("hifo", "7", "c6 b1", "b4 a4"),
    ],
)
def test_lots_are_reduced_as_beancount_books_them(
    method: Method, size: str, reduced: str, left: str
) -> None:
    book = match([*HOOL, fill("sell", size, "130", at=9)], LINEAR, method)

    assert reduced == " ".join(f"{lot.opened_by}{lot.size}" for lot in book.closed)
    assert left == " ".join(f"{lot.trade_id}{lot.size}" for lot in book.open)


@pytest.mark.parametrize(
    ("method", "reduced"),
    [
        ("fifo", ["115 40", "115 10", "116 25", "116 25", "114 5"]),
        ("hifo", ["116 40", "116 10", "115 25", "115 25", "114 5"]),
    ],
)
def test_several_reductions_go_on_where_the_last_one_ended(
    method: Method, reduced: list[str]
) -> None:
    """beancount, "multiple reductions"."""
    fills = fills_of(
        Step("buy", "50", "115"),
        Step("buy", "50", "116"),
        Step("buy", "50", "114"),
        Step("sell", "40", "120"),
        Step("sell", "35", "120"),
        Step("sell", "30", "120"),
    )
    book = match(fills, LINEAR, method)

    assert reduced == [f"{lot.entry_price} {lot.size}" for lot in book.closed]


@pytest.mark.parametrize(("method", "cost"), [("fifo", "5000"), ("average", "4660.98")])
def test_the_basis_of_shares_sold_is_that_of_the_tax_office(method: Method, cost: str) -> None:
    """IRS Publication 564 (2009), Table 3: 160 shares at 25, 240 at 20, 10 at 30; 210 sold."""
    fills = fills_of(
        Step("buy", "160", "25"),
        Step("buy", "240", "20"),
        Step("buy", "10", "30"),
        Step("sell", "210", "32"),
    )
    closed = match(fills, LINEAR, method).closed

    assert round(sum((lot.cost for lot in closed), Decimal(0)), 2) == Decimal(cost)
    assert sum((lot.proceeds for lot in closed), Decimal(0)) == 6720


def test_a_cover_by_age_leaves_the_younger_short() -> None:
    """An Interactive Brokers account, as its holder tells it: short 100 at 10 and 100 at 15,
    100 covered at 12.5: by age that loses 250, and the short that is left is at 15."""
    fills = fills_of(
        Step("sell", "100", "10"), Step("sell", "100", "15"), Step("buy", "100", "12.5")
    )
    book = match(fills, LINEAR)

    assert [lot.gain for lot in book.closed] == [-250]
    assert (book.open[0].size, book.open[0].price) == (-100, 15)
    assert match(fills, LINEAR, "average").realised == 0


# -- periods -------------------------------------------------------------------------------------


def test_a_days_profit_is_what_the_brokers_formula_gives() -> None:
    """Interactive Brokers, "Profit and Loss": position now * price now - position at reset *
    price at reset + net amount traded."""
    fills = [
        fill("buy", "3", "100", at=5),
        fill("sell", "1", "108", at=DAY_NS + 5),
        fill("buy", "2", "103", at=DAY_NS + 6),
    ]
    known = {DAY_NS: Decimal(104), 2 * DAY_NS: Decimal(107)}
    (row,) = profits(
        fills, {FQME: LINEAR}, lambda _, at: known.get(at), [Span("", DAY_NS, 2 * DAY_NS)]
    )

    assert row.net is not None
    assert abs(row.net - (4 * 107 - 3 * 104 + 108 - 2 * 103)) < Decimal("1e-20")


# -- lots of tax guides, contracts of venues ------------------------------------------------------

DAVE = (
    # Recap, "Cost Basis Methods": 1 at 2,000, 2 for 5,000, 1 at 8,000; 1 sold at 4,000.
    (Step("buy", "1", "2000"), Step("buy", "2", "2500"), Step("buy", "1", "8000")),
    Step("sell", "1", "4000"),
    {"fifo": "2000", "lifo": "-4000", "hifo": "-4000", "average": "250"},
)
FIVE = (
    # Accointing, "Crypto cost basis": five at 10, 12, 9, 15 and 18 thousand; 3 sold at 20,000.
    tuple(Step("buy", "1", price) for price in ("10000", "12000", "9000", "15000", "18000")),
    Step("sell", "3", "20000"),
    {"fifo": "29000", "lifo": "18000", "hifo": "15000", "average": "21600"},
)
HALVES = (
    # CoinTracker's methods as a user tells them: halves at 23, 28 and 35 thousand; one sold at 42.
    tuple(Step("buy", "0.5", price) for price in ("23000", "28000", "35000")),
    Step("sell", "0.5", "42000"),
    {"fifo": "9500", "hifo": "3500"},
)


@pytest.mark.parametrize(("bought", "sold", "gains"), [DAVE, FIVE, HALVES])
def test_gains_are_those_of_tax_guides(
    bought: tuple[Step, ...], sold: Step, gains: dict[Method, str]
) -> None:
    for method, gain in gains.items():
        book = match(fills_of(*bought, sold), LINEAR, method)

        assert sum((lot.gain for lot in book.closed), Decimal(0)) == Decimal(gain), method


def test_fees_of_both_ends_are_part_of_a_gain() -> None:
    """Koinly, "How to calculate cost basis": half a coin bought for 30,000 and 150, so that its
    basis is 30,150; sold for 32,000 less 160."""
    steps = (Step("buy", "0.5", "60000", "150"), Step("sell", "0.5", "64000", "160"))
    (lot,) = match(fills_of(*steps), LINEAR).closed

    assert (lot.cost, lot.gain) == (30150, 1690)


def test_inverse_entries_average_to_contracts_over_their_worth_in_base() -> None:
    """Coinlocally, "Coin-margined contracts": 1,000 at 5,000 and 2,000 at 6,000 are 3,000 at
    5,625; 1,000 from 5,000 to 5,500 gain 0.01818 bitcoin."""
    both = fold(FLAT, fills_of(Step("buy", "1000", "5000"), Step("buy", "2000", "6000")), DOLLAR)
    one = fold(FLAT, fills_of(Step("buy", "1000", "5000")), DOLLAR)

    assert both.average_price is not None
    assert round(both.average_price, 20) == 5625
    assert round(unrealised(one, Decimal(5500), DOLLAR), 5) == Decimal("0.01818")


def test_half_of_an_inverse_position_is_closed() -> None:
    """BitMEX's example of a perpetual contract, as it is quoted: 1,000 long at 1,000; at 1,250
    they have gained 0.2 bitcoin; 500 sold at 1,500 realise 0.17, at 1,250 they would have
    realised 0.1."""
    held = fold(FLAT, fills_of(Step("buy", "1000", "1000")), DOLLAR)
    sold = fold(held, [fill("sell", "500", "1500", at=9)], DOLLAR)
    at_mark = fold(held, [fill("sell", "500", "1250", at=9)], DOLLAR)

    assert round(unrealised(held, Decimal(1250), DOLLAR), 20) == Decimal("0.2")
    assert round(sold.realised, 2) == Decimal("0.17")
    assert round(at_mark.realised, 20) == Decimal("0.1")
    assert (sold.size, sold.average_price) == (500, 1000)


@pytest.mark.parametrize(
    ("side", "entry", "exit_"), [("buy", "5000", "10000"), ("sell", "10000", "5000")]
)
def test_contracts_of_a_hundred_dollars(side: Side, entry: str, exit_: str) -> None:
    """Hotcoin, "Profit and loss of coin-margined swaps": 10 contracts of 100 dollars gain a
    tenth of a bitcoin, long from 5,000 to 10,000 and short from 10,000 to 5,000."""
    hundred = replace(INVERSE, multiplier=Decimal(100))
    held = fold(FLAT, [fill(side, "10", entry)], hundred)

    assert round(unrealised(held, Decimal(exit_), hundred), 20) == Decimal("0.1")


def test_a_linear_average_of_two_entries() -> None:
    """A guide to contracts that settle in USDC: 0.5 at 50,000 and 0.8 at 51,000 are 1.3 at
    50,615.38."""
    position = position_of(Step("buy", "0.5", "50000"), Step("buy", "0.8", "51000"))

    assert position.average_price is not None
    assert round(position.average_price, 2) == Decimal("50615.38")
