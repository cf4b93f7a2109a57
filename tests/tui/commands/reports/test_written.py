"""Rows as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from engine.messages import OrderState
from tests.support.records import ROUND_TRIP
from tui.commands.reports.written import fields_of, put_csv, put_json, time_text

Capture = pytest.CaptureFixture[str]


def test_every_field_of_a_message_is_there_and_times_in_words_too() -> None:
    fields = fields_of(ROUND_TRIP[0])

    assert set(ROUND_TRIP[0].__struct_fields__) < set(fields)
    assert fields["venue_time"] == "2026-01-05T01:00:00.000000000Z"
    assert fields["venue_ns"] == ROUND_TRIP[0].venue_ns


def test_a_time_that_is_not_known_is_none() -> None:
    assert time_text(0) is None
    assert time_text(None) is None


def test_json_keeps_every_digit_of_money(capsys: Capture) -> None:
    put_json([{"a": Decimal("0.10"), "b": {"usdt": Decimal("1E-9")}, "c": None, "d": (True, 3)}])

    assert json.loads(capsys.readouterr().out) == [
        {"a": "0.10", "b": {"usdt": "0.000000001"}, "c": None, "d": [True, 3]}
    ]


def test_nothing_is_an_empty_array_and_a_header(capsys: Capture) -> None:
    put_json([])
    put_csv([], ["a", "b"])

    assert capsys.readouterr().out == "[\n]\na,b\n"


def test_csv_is_read_back_as_it_was(capsys: Capture) -> None:
    row = {
        "text": 'says "yes", twice',
        "number": Decimal("-1.50"),
        "truth": False,
        "none": None,
        "fees": {"bnb": Decimal("0.1"), "btc": Decimal(2)},
        "state": OrderState.FILLED,
    }
    put_csv([row], list(row))
    (read,) = csv.DictReader(io.StringIO(capsys.readouterr().out))

    assert read == {
        "text": 'says "yes", twice',
        "number": "-1.50",
        "truth": "false",
        "none": "",
        "fees": "0.1 bnb 2 btc",
        "state": "filled",
    }


def test_a_text_is_never_a_formula_and_never_obeyed(capsys: Capture) -> None:
    put_csv([{"reason": "=cmd()|'x'"}, {"reason": "\x1b[31mred"}], ["reason"])
    put_json([{"reason": "\x9b31m"}])
    said = capsys.readouterr().out

    assert "'=cmd()" in said
    assert "\x1b" not in said
    assert "\x9b" not in said
