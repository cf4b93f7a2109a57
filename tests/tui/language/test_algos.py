"""Typed algos: what they ask for, and where an error points."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.messages import (
    AlgoTerms,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)
from tests.support.desk import ACME, BTC, CONTEXT
from tui.actions import Call
from tui.algos.controls import AlgoRequest
from tui.language.algos import KINDS
from tui.language.commands import complete, parse
from tui.language.words import CommandError

D = Decimal


def request(text: str) -> AlgoRequest:
    call = parse(text, CONTEXT)
    assert (call.target, call.method, call.sends_order) == ("algos", "start", True)
    (asked,) = call.arguments
    assert isinstance(asked, AlgoRequest)
    return asked


def fault(text: str) -> tuple[str, str]:
    """The words at fault, and what is said of them with the hint."""
    with pytest.raises(CommandError) as caught:
        parse(text, CONTEXT)
    error = caught.value
    return text[error.start : error.end], f"{error} {error.hint}"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (
            "bracket buy 0.5 @ 64000 stop 63500 target 65000",
            BracketTerms(
                side="buy", size=D("0.5"), price=D(64000), stop_price=D(63500),
                targets=((D(65000), D("0.5")),),
            ),
        ),
        (
            "bracket sell 1 market stop 65000 target 63000 target 62000 0.25",
            BracketTerms(
                side="sell", size=D(1), price=None, stop_price=D(65000),
                targets=((D(63000), D("0.75")), (D(62000), D("0.25"))),
            ),
        ),
        (
            "oco sell 0.5 @ 65000 stop 63500 reduce",
            OcoTerms(
                side="sell", size=D("0.5"), price=D(65000), stop_price=D(63500), reduce_only=True
            ),
        ),
        (
            "oto buy 0.5 @ 63000 then sell @ 64000",
            OtoTerms(
                side="buy", size=D("0.5"), price=D(63000), then_side="sell", then_price=D(64000)
            ),
        ),
        (
            "iceberg buy 5 show 0.5 @ 64000",
            IcebergTerms(side="buy", size=D(5), price=D(64000), shown=D("0.5")),
        ),
        (
            "scale buy 1 in 5 from 63000 to 62000 rising",
            ScaleTerms(
                side="buy", size=D(1), count=5, first_price=D(63000), last_price=D(62000),
                shape="rising",
            ),
        ),
        (
            "twap sell 2 in 10 over 20m @ 63900",
            TwapTerms(side="sell", size=D(2), count=10, interval_s=120.0, price=D(63900)),
        ),
        (
            "twap sell 2 in 10 every 30s market reduce",
            TwapTerms(side="sell", size=D(2), count=10, interval_s=30.0, reduce_only=True),
        ),
        (
            "chase buy 0.5 @ 64100 behind 2 every 1s moves 50 post",
            ChaseTerms(
                side="buy", size=D("0.5"), limit_price=D(64100), offset_ticks=2, every_s=1.0,
                most_moves=50, post_only=True,
            ),
        ),
    ],
)  # fmt: skip
def test_every_kind_is_read_with_all_of_its_terms(text: str, terms: AlgoTerms) -> None:
    asked = request(text)

    assert asked == AlgoRequest(fqme=BTC.fqme, terms=terms)


def test_a_market_an_account_and_the_wish_not_to_be_asked_stand_anywhere() -> None:
    asked = request("twap buy 10 acme.stock.sim in 5 on paper every 1m !")

    assert (asked.fqme, asked.account, asked.is_sure) == (ACME.fqme, "paper", True)


def test_targets_share_what_is_left_and_the_last_takes_the_rest() -> None:
    terms = request(
        "bracket buy 0.0010 @ 64000 stop 1 target 65000 target 66000 target 67000"
    ).terms

    assert isinstance(terms, BracketTerms)
    assert [size for _, size in terms.targets] == [D("0.00033"), D("0.00033"), D("0.00034")]


def test_targets_are_sent_nearest_first() -> None:
    for side, stop, wanted in (("buy", 1, [65000, 66000]), ("sell", 99000, [66000, 65000])):
        typed = "target 66000 target 65000" if side == "buy" else "target 65000 target 66000"
        terms = request(f"bracket {side} 1 market stop {stop} {typed}").terms
        assert isinstance(terms, BracketTerms)
        assert [price for price, _ in terms.targets] == [D(price) for price in wanted]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(10, 100_000), st.integers(1, 7))
def test_the_sizes_of_targets_always_add_up_to_the_size(steps: int, count: int) -> None:
    size = D(steps) * D("0.0001")
    if size > D(100):
        size = D(100)
    targets = " ".join(f"target {65000 + n}" for n in range(count))
    text = f"bracket buy {size} @ 64000 stop 63000 {targets}"
    if (error := _error_of(text)) is not None:
        assert size / count < BTC.min_size
        assert "left for this target" in str(error)
        return
    terms = request(text).terms
    assert isinstance(terms, BracketTerms)
    assert sum(size for _, size in terms.targets) == size
    assert all(BTC.is_on_step(size) and size >= BTC.min_size for _, size in terms.targets)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("bracket", "", "buy or sell is missing"),
        ("bracket byu 1", "byu", "did you mean 'buy'?"),
        ("bracket buy", "", "the size is missing"),
        ("bracket buy 0.5 stop 1 target 2", "", "@ PRICE or market is missing"),
        ("bracket buy 0.5 @ 64000 target 65000", "", "stop PRICE is missing"),
        ("bracket buy 0.5 @ 64000 stop 63000", "", "target PRICE is missing"),
        ("bracket buy 0.5 @ 64000 stop 64500 target 65000", "64500", "lies below 64000"),
        ("bracket buy 0.5 @ 64000 stop 63500 target 63000", "63500", "lies below 63000"),
        ("bracket sell 0.5 @ 64000 stop 63500 target 63000", "63500", "lies above 64000"),
        ("bracket buy 1 @ 64000 stop 63500 target 65000 0.5", "0.5", "come to 0.5"),
        ("bracket buy 1 @ 64000 stop 63500 target 65000 2", "2", "come to 2"),
        ("bracket buy 0.5 @ 64000 market stop 1 target 2", "market", "does not go with"),
        ("bracket buy 0.5 @ 64000 stop 63500 stop 63000 target 65000", "stop", "said twice"),
        ("bracket buy 0.5 @ 64000.001 stop 1 target 65000", "64000.001", "not on a tick"),
        ("oco sell 0.5 @ 63000 stop 63500", "63500", "lies below 63000"),
        ("oco sell 0.5 @ 65000 stop 63500 target 1", "target", "means nothing here"),
        ("oto buy 0.5 @ 63000", "", "then buy|sell @ PRICE is missing"),
        ("oto buy 0.5 @ 63000 then @ 64000", "@", "no side"),
        ("iceberg buy 1 @ 64000 show 2", "2", "more than the size"),
        ("iceberg buy 1 @ 64000 shwo 2", "shwo", "did you mean 'show'?"),
        ("scale buy 1 in 1 from 63000 to 62000", "1", "no number from 2 to 200"),
        ("scale buy 1 in 5 from 63000", "", "to PRICE is missing"),
        ("twap buy 1 in 10", "", "every TIME or over TIME is missing"),
        ("twap buy 1 in 10 every 30s over 5m", "over", "does not go with"),
        ("twap buy 1 in 10 every -30s", "-30s", "more than nothing"),
        ("twap buy 1 in 10 every soon", "soon", "write 30s"),
        ("twap buy 1 in ten every 30s", "ten", "no number from 1 to 200"),
        ("chase buy 1", "", "@ PRICE is missing"),
        ("chase buy 1 @ 64000 behind -2", "-2", "no number"),
        ("chase buy 1 xrp.spot.sim @ 64000", "xrp.spot.sim", "is not open"),
        ("chase buy 1 @ 64000 on nobody", "nobody", "no account"),
    ],
)
def test_an_error_points_at_its_word_and_says_what_is_wanted(text: str, at: str, said: str) -> None:
    found, told = fault(text)

    assert found == at
    assert said in told


@pytest.mark.parametrize("name", KINDS)
def test_the_words_of_a_kind_are_offered(name: str) -> None:
    assert f"{name} buy" in complete(f"{name} b", CONTEXT)
    for word in KINDS[name].takes:
        if word.isalpha():
            assert f"{name} buy 1 {word}" in complete(f"{name} buy 1 {word[:-1]}", CONTEXT)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(
        st.sampled_from(
            ["buy", "sell", "0.5", "@", "64000", "stop", "63000", "target", "then", "show", "in",
             "5", "every", "30s", "from", "to", "!", "on", "sim", "\x1b[2J", "é", "-1", "."]
        ),
        max_size=9,
    ),
)  # fmt: skip
def test_any_words_are_an_algo_or_a_command_error(name: str, words: list[str]) -> None:
    text = " ".join([name, *words])
    error = _error_of(text)

    assert error is None or 0 <= error.start <= error.end <= len(text)
    assert error is None or "\x1b" not in f"{error}{error.hint}"


def _error_of(text: str) -> CommandError | None:
    try:
        parse(text, CONTEXT)
    except CommandError as error:
        return error
    return None


def test_scale_is_of_the_chart_too() -> None:
    assert parse("scale log", CONTEXT) == Call("chart", "set_price_scale", ("log",))
