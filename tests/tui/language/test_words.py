"""Words of a typed command: where each stands, and what can be read from one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.language.words import (
    LONGEST,
    CommandError,
    Context,
    Word,
    Words,
    fault,
    fqme_of,
    nearest,
    number,
    one_of,
    seconds,
)


def _word(text: str) -> Word:
    return Word(text, 4, 4 + len(text))


def _all(line: str) -> list[Word]:
    words = Words(line)
    return [words.take("") for _ in range(len(words))]


# -- taking words ---------------------------------------------------------------------------------


def test_words_are_split_at_blanks_and_around_the_signs_of_an_order() -> None:
    assert [word.text for word in _all("buy 1@64000 market!")] == [
        *("buy", "1", "@", "64000", "market", "!"),
    ]


def test_the_prompt_before_a_command_is_no_word() -> None:
    assert _all(" :\t: buy") == [Word("buy", 5, 8)]


@given(st.text(max_size=80))
def test_each_word_stands_where_it_says_and_none_is_lost(line: str) -> None:
    words = _all(line)

    assert all(line[word.start : word.end] == word.text for word in words)
    assert [word.start for word in words] == sorted({word.start for word in words})
    assert "".join(word.text for word in words) == "".join(line.lstrip(": \t").split())


def test_a_word_that_was_looked_at_stays() -> None:
    words = Words("buy 1")

    assert words.peek() == words.peek() == Word("buy", 0, 3)
    assert len(words) == 2
    assert words.take("the side").text == "buy"
    assert len(words) == 1


def test_a_word_is_taken_only_if_it_is_one_of_those_wanted() -> None:
    words = Words("SLOTS 1")

    assert words.take_if("units") is None
    assert len(words) == 2
    assert words.take_if("units", "slots") == Word("SLOTS", 0, 5)
    assert words.take_if() is None


def test_the_rest_is_as_it_was_typed_and_leaves_nothing() -> None:
    words = Words("alert 5  sell  half! @ once  ")
    words.take("")
    words.take("")

    assert words.rest() == "sell  half! @ once"
    assert words.rest() == ""
    assert words.peek() is None
    words.done()


def test_what_is_missing_is_missing_behind_the_last_word() -> None:
    words = Words("buy  ")
    words.take("the side")

    with pytest.raises(CommandError, match="the size is missing") as caught:
        words.take("the size")
    assert (caught.value.start, caught.value.end) == (3, 3)


def test_what_is_left_over_is_pointed_at() -> None:
    words = Words("arm now please")
    words.take("")

    with pytest.raises(CommandError, match="'now' is too much here") as caught:
        words.done()
    assert (caught.value.start, caught.value.end) == (4, 7)


def test_a_line_is_no_longer_than_anyone_types() -> None:
    assert len(Words("x" * LONGEST)) == 1

    with pytest.raises(CommandError, match="longer than 500") as caught:
        Words("x" * (LONGEST + 3))
    assert (caught.value.start, caught.value.end) == (LONGEST, LONGEST + 3)


def test_what_is_left_over_is_said_safely_and_not_at_length() -> None:
    with pytest.raises(CommandError) as caught:
        Words("\x1b[31m" + "x" * 100).done()

    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 80


# -- reading one ----------------------------------------------------------------------------------


def test_a_fault_has_the_place_of_its_word() -> None:
    error = fault(_word("nope"), "wrong", hint="right")

    assert (str(error), error.hint, error.start, error.end) == ("wrong", "right", 4, 8)


def test_only_what_is_alike_is_suggested() -> None:
    assert nearest("nigth", ["day", "night"]) == "did you mean 'night'?"
    assert nearest("NIGHT", ["night"]) == "did you mean 'night'?"
    assert nearest("zzz", ["day", "night"]) == ""
    assert nearest("nigth", ["night"], cutoff=0.9) == ""
    assert nearest("x", []) == ""


def test_a_name_is_found_however_it_is_written_and_given_as_it_is_known() -> None:
    assert one_of(_word("PAPER"), ["sim", "paper"], "account") == "paper"
    assert one_of(_word("okabe"), ["Okabe"], "theme") == "Okabe"


@pytest.mark.parametrize(
    ("text", "known", "hint"),
    [
        ("papr", ["sim", "paper"], "did you mean 'paper'?"),
        ("zzz", ["sim", "paper"], "one of sim, paper"),
        ("zzz", ["sim"], "one of sim"),
        ("zzz", [f"name{number}" for number in range(13)], ""),
        ("zzz", [], ""),
    ],
)
def test_a_name_that_is_none_is_told_with_what_there_is(
    text: str, known: list[str], hint: str
) -> None:
    with pytest.raises(CommandError, match=f"'{text}' is no account") as caught:
        one_of(_word(text), known, "account")
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["0.5", ".5", "5.", "+5", "-3.25", "000", "9" * 12])
def test_a_number_is_exact(text: str) -> None:
    assert number(_word(text), "size") == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "1e3", "NaN", "inf", "1_000", "1,5", "0x1", "٣", "9" * 13, "0." + "1" * 13],
)
def test_what_is_no_number_or_one_too_long_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no size"):
        number(_word(text), "size")


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9
    )
)
def test_any_decimal_that_is_written_out_is_read_back(value: Decimal) -> None:
    assert number(_word(f"{value:f}"), "price") == value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("90", 90.0),
        ("+5m", 300.0),
        ("-30s", -30.0),
        ("1.5H", 5400.0),
        ("2d", 172_800.0),
        ("-0", 0.0),
    ],
)
def test_a_span_of_time_has_a_sign_and_a_unit(text: str, wanted: float) -> None:
    assert seconds(_word(text)) == wanted


@pytest.mark.parametrize("text", ["", "m", "+", "5w", "5 m", "--5", ".5m", "1e3", "9" * 10])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no span of time") as caught:
        seconds(_word(text))
    assert "+5m" in caught.value.hint


def test_a_market_need_not_be_open_to_be_named() -> None:
    assert fqme_of(_word("BTCusdt.Spot.SIM"), Context()) == "btcusdt.spot.sim"


def test_a_market_is_named_by_any_name_that_is_known_of_it() -> None:
    known = Context(names={"xbtusd.spot.kraken": "btcusd.spot.kraken"})

    assert fqme_of(_word("XBTUSD.spot.kraken"), known) == "btcusd.spot.kraken"
    assert fqme_of(_word("xbteur.spot.kraken"), known) == "xbteur.spot.kraken"
    assert known.canonical("XbtUsd.Spot.Kraken") == "btcusd.spot.kraken"


@pytest.mark.parametrize("text", ["btc", "a..b", ".sim", "a.b."])
def test_what_is_no_market_name_is_pointed_at(text: str) -> None:
    with pytest.raises(CommandError, match="not a market name") as caught:
        fqme_of(_word(text), Context())
    assert (caught.value.start, caught.value.end) == (4, 4 + len(text))
    assert caught.value.hint
