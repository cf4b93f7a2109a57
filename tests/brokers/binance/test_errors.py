"""What an error of the venue says of a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from brokers.binance.errors import read_refusal
from engine.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown


def refused(status: int, code: int, msg: str = "no", **data: Any) -> Any:
    body: dict[str, Any] = {"code": code, "msg": msg}
    return read_refusal(status, json.dumps(body | ({"data": data} if data else {})).encode())


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, -2010),
        (400, -2011),
        (400, -1013),
        (400, -1021),
        (400, -1022),
        (401, -2015),
        (403, 0),
        (429, -1003),
        (429, -1015),
        (418, -1003),
        (400, -1008),
        (409, -2021),
        (400, -9999),
    ],
)
def test_what_the_venue_refused_did_not_happen(status: int, code: int) -> None:
    assert type(refused(status, code).error(mutates=True)) is OrderRejected
    assert type(refused(status, code).error(mutates=False)) is BrokerUnavailable


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *[(500, 0), (502, 0), (503, -1008), (504, 0), (408, -1007), (400, -1007)],
        *[(400, -1006), (400, -1000), (400, -1001), (500, -2010)],
    ],
)
def test_trouble_of_the_venue_is_no_refusal(status: int, code: int) -> None:
    assert type(refused(status, code).error(mutates=True)) is OutcomeUnknown
    assert type(refused(status, code).error(mutates=False)) is BrokerUnavailable


def test_the_venues_words_and_its_filter_are_told() -> None:
    refusal = refused(400, -1013, "Filter failure: LOT_SIZE")

    assert refusal.filter_name == "LOT_SIZE"
    assert str(refusal.error(mutates=True)) == "Filter failure: LOT_SIZE (-1013)"


def test_words_of_the_venue_cannot_move_a_cursor() -> None:
    assert refused(400, -2010, "\x1b[2Jno\u202e").text == "\ufffd[2Jno\ufffd"
    assert len(refused(400, -2010, "x" * 9999).text) == 300


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code":"x"}', b"\xff", b"null"])
def test_a_page_instead_of_an_error_is_told_by_its_status(body: bytes) -> None:
    refusal = read_refusal(403, body)

    assert (refusal.code, refusal.reason) == (0, "HTTP 403")


def test_how_long_to_be_quiet_is_read_from_data_or_words() -> None:
    banned = "Way too much request weight used; IP banned until 1659146400000. Please use"
    by_data = refused(418, -1003, "x", serverTime=1659142907531, retryAfter=1659146400000)
    by_words = refused(418, -1003, banned)

    assert (by_data.retry_at_ms, by_words.retry_at_ms) == (1659146400000, 1659146400000)
    assert by_words.is_ban
    assert not refused(429, -1003, "Too much request weight used").is_ban
    assert refused(429, -1003).is_throttled


@pytest.mark.parametrize("code", [-2014, -2015, -1022, -1002])
def test_a_key_that_is_not_taken_is_hinted_at(code: int) -> None:
    assert "key" in refused(401, code).error(mutates=False).hint
