"""Parameters, read as the venue reads them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.venues.binance.errors import VenueError
from tests.venues.binance.params import Params, parse_form


def code(read: Callable[[], Any]) -> int:
    with pytest.raises(VenueError) as error:
        read()
    return error.value.code


def test_what_nobody_read_is_refused() -> None:
    params = Params({"symbol": "BTCUSDT", "limit": "5", "x": "1"})
    params.symbol()
    params.limit(10, 100)
    with pytest.raises(VenueError) as error:
        params.finish()
    assert error.value.body() == {
        "code": -1104,
        "msg": "Not all sent parameters were read; read '2' parameter(s) but was sent '3'.",
    }


def test_numbers_are_text_or_json() -> None:
    params = Params({"a": "12", "b": 12, "c": "0.10", "d": 0.1, "e": 1e-05})
    assert (params.number("a"), params.number("b")) == (12, 12)
    assert params.decimal("c") == params.decimal("d") == Decimal("0.1")
    assert code(lambda: params.decimal("e")) == -1100


@pytest.mark.parametrize("bad", ["1.5", "x", "1e5", " 1"])
def test_what_is_no_whole_number_is_illegal(bad: str) -> None:
    assert code(lambda: Params({"n": bad}).number("n")) == -1100


@pytest.mark.parametrize("bad", ["-1", "1e5", "0x1", ".5", "1.", "NaN"])
def test_what_is_no_decimal_is_illegal(bad: str) -> None:
    assert code(lambda: Params({"n": bad}).decimal("n")) == -1100


def test_empty_and_missing_are_told_apart() -> None:
    params = Params({"here": ""})
    assert code(lambda: params.text("here")) == -1105
    assert code(lambda: params.mandatory("here")) == -1102
    assert code(lambda: params.mandatory("gone")) == -1102
    assert params.text("gone") is None


def test_symbols_come_as_a_list() -> None:
    assert Params({"symbols": '["A","B"]'}).symbols() == ["A", "B"]
    assert Params({"symbols": ["A"]}).symbols() == ["A"]
    assert code(Params({"symbols": "A,B"}).symbols) == -1100
    assert code(Params({"symbols": '["A","A"]'}).symbols) == -1151
    assert code(Params({"symbol": "btcusdt"}).symbol) == -1100


def test_client_ids_have_36_letters_at_most() -> None:
    assert Params({"c": "a-Z_9" * 7}).client_id("c") == "a-Z_9" * 7
    assert code(lambda: Params({"c": "a" * 37}).client_id("c")) == -1100
    assert code(lambda: Params({"c": "a b"}).client_id("c")) == -1100


def test_a_limit_is_cut_to_the_most() -> None:
    assert Params({"limit": "5000"}).limit(500, 1000) == 1000
    assert Params({}).limit(500, 1000) == 500
    assert code(lambda: Params({"limit": "0"}).limit(500, 1000)) == -1130


def test_the_query_counts_more_than_the_body_and_nothing_may_be_there_twice() -> None:
    assert parse_form("a=1&b=", "a=2&c=3") == {"a": "1", "b": "", "c": "3"}
    assert code(lambda: parse_form("a=1&a=1", "")) == -1101
