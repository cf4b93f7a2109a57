from __future__ import annotations

import pytest

from brokers.kraken.wire import BookMessage, decode_market, message_time_ns, time_ns


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("2024-05-27T12:33:10.826003Z", 1_716_813_190_826_003_000),
        ("2024-05-17T11:21:16.318303322Z", 1_715_944_876_318_303_322),
        ("2024-05-19T19:22:20Z", 1_716_146_540_000_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text: str, nanos: int) -> None:
    assert time_ns(text) == nanos


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-05-27 12:33:10Z", "2024-05-27T12:33:10+02:00", "x" * 40]
)
def test_what_is_no_utc_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        time_ns(text)


def test_a_message_was_sent_at_the_time_of_its_last_part() -> None:
    line = b'{"data":[{"timestamp":"2024-05-27T12:00:00Z"},{"timestamp":"2024-05-27T12:00:01.5Z"}]}'

    assert message_time_ns(line) == 1_716_811_201_500_000_000
    assert message_time_ns(b'{"channel":"heartbeat"}') is None


def test_numbers_keep_their_zeros() -> None:
    message = decode_market(
        b'{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":'
        b'[{"price":1.50,"qty":0.00100000}],"asks":[],"checksum":1}]}'
    )

    assert isinstance(message, BookMessage)
    (level,) = message.data[0].bids
    assert (bytes(level.price), bytes(level.qty)) == (b"1.50", b"0.00100000")
