from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay.framing import Line, depth_symbol, epoch_ns, take_apart

URL = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a":1}', Line(None, b'{"a":1}')),
        (b'1723161253937085768 {"a":1}', Line(1723161253937085768, b'{"a":1}')),
        (b'1723161253937 {"a":1}', Line(1723161253937000000, b'{"a":1}')),
        (b'1633998512.0633569: {"a":1}', Line(1633998512063356900, b'{"a":1}')),
        (b"1633998512\t[1]", Line(1633998512000000000, b"[1]")),
        (f"{URL} -> 1633998512.3: {{}}".encode(), Line(1633998512300000000, b"{}", URL)),
        (b"wss://stream.binance.com:9443/stream?streams=x <-> 1633998511.1", Line(None, b"")),
        (b'configuration: {"trades":[]}', Line(None, b"")),
        (b"1570752011,1,2", Line(None, b"1570752011,1,2")),
    ],
)
def test_a_line_is_taken_apart(line: bytes, expected: Line) -> None:
    assert take_apart(line) == expected


@given(st.binary(max_size=200))
def test_no_line_breaks_it(line: bytes) -> None:
    try:
        taken = take_apart(line)
    except ValueError:
        return
    assert line.endswith(taken.body)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1570752011", 1570752011000000000),
        ("1570752011620", 1570752011620000000),
        ("1735689600000001", 1735689600000001000),
        ("1735689600000000001", 1735689600000000001),
        ("1570752011.62", 1570752011620000000),
        ("1570752011620.5", 1570752011620500000),
        ("0", 0),
    ],
)
def test_the_unit_of_a_time_is_told_by_its_size(text: str, nanos: int) -> None:
    assert epoch_ns(text) == nanos


@pytest.mark.parametrize("text", ["", "x", "-5", "9999999999999999999", "5000000000", "1.x"])
def test_what_is_no_time_of_a_recording_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        epoch_ns(text)


def test_the_symbol_of_a_depth_request_is_in_its_address() -> None:
    assert depth_symbol(URL) == "BTCUSDT"
    assert depth_symbol("https://api.binance.com/api/v3/exchangeInfo") is None
