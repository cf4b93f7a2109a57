from __future__ import annotations

import json

import msgspec
import pytest

from brokers.binance.resent import resent_trades
from brokers.binance.trades import Placed
from brokers.statistics import FAULTS
from engine.messages import Trade

FQME = "btcusdt.spot.binance"
AGGREGATE = {
    "a": 26129,
    "p": "0.01633102",
    "q": "4.70443515",
    "f": 27781,
    "l": 27783,
    "T": 1498793709153,
    "m": True,
    "M": True,
}
SINGLE = {
    "id": 28457,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.000012",
    "time": 1499865549590,
    "isBuyerMaker": False,
    "isBestMatch": True,
}
"""Both as the venue's documentation prints them, but for the last id of the first."""


def test_aggregates_are_those_of_the_stream() -> None:
    (placed,) = resent_trades("aggTrade", FQME, json.dumps([AGGREGATE]).encode(), 7)

    time_ns = 1498793709153 * 1_000_000
    tick = Trade(FQME, 0.01633102, 4.70443515, "sell", time_ns, 7, "26129", 3)
    assert placed == Placed(26129, 27781, 27783, tick)


def test_single_trades_are_those_of_the_stream() -> None:
    (placed,) = resent_trades("trade", FQME, json.dumps([SINGLE]).encode(), 7)

    time_ns = 1499865549590 * 1_000_000
    tick = Trade(FQME, 4.000001, 12.0, "buy", time_ns, 7, "28457", 1)
    assert placed == Placed(28457, 28457, 28457, tick)


@pytest.mark.parametrize(
    "spoilt",
    [{"p": "NaN"}, {"q": "-1"}, {"l": 1}, {"T": 10**17}, {"p": None}, {"a": "x"}],
)
def test_trades_that_make_no_sense_are_no_answer(spoilt: dict[str, object]) -> None:
    with pytest.raises(FAULTS):
        resent_trades("aggTrade", FQME, json.dumps([AGGREGATE | spoilt]).encode(), 7)


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b'{"code":-1}', b"<html>"])
def test_what_is_no_list_of_trades_is_no_answer(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        resent_trades("trade", FQME, body, 7)
