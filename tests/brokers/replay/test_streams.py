from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from brokers.replay import streams
from brokers.replay.protocol import Tape
from brokers.replay.tape import open_tape
from engine.errors import DataError
from engine.messages import Tick, Trade
from tests.support.recordings import recording
from tests.support.venue_messages import (
    START_MS,
    binance_depth,
    binance_snapshot,
    binance_ticker,
    binance_trade,
)

START_NS = START_MS * 1_000_000


def tape_of(tmp_path: Path, *lines: bytes, name: str = "file") -> Tape:
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines))
    return open_tape(path)


def ticks_on(tape: Tape) -> list[Tick]:
    return [tick for _, _, ticks in tape.play() for tick in ticks]


def test_messages_come_at_the_time_they_were_written_down_with(tmp_path: Path) -> None:
    tape = tape_of(
        tmp_path,
        b"1700000001000000000 " + binance_trade(1),
        b"1700000002.5: " + binance_trade(2),
    )

    times = [at for at, _, _ in tape.play()]
    assert times == [1_700_000_001_000_000_000, 1_700_000_002_500_000_000]
    assert [tick.recv_ns for tick in ticks_on(tape)] == times
    assert (tape.start_ns, tape.end_ns) == (times[0], times[1])


def test_messages_without_a_time_come_when_the_venue_sent_them(tmp_path: Path) -> None:
    tape = tape_of(
        tmp_path,
        binance_ticker(1, "1", "1", "2", "1"),
        binance_trade(1, time_ms=START_MS),
        binance_ticker(2, "1", "2", "2", "2"),
        binance_trade(2, time_ms=START_MS + 5),
        binance_trade(3, time_ms=START_MS + 3),
    )

    times = [at - START_NS for at, _, _ in tape.play()]
    assert times == [0, 0, 0, 5_000_000, 5_000_000]


def test_a_message_of_several_markets_is_given_on_market_by_market(tmp_path: Path) -> None:
    line = (
        b'{"channel":"trade","type":"update","data":['
        b'{"symbol":"A/B","side":"buy","price":1,"qty":1,"trade_id":1,'
        b'"timestamp":"2024-05-27T12:33:10Z"},'
        b'{"symbol":"C/D","side":"buy","price":2,"qty":1,"trade_id":1,'
        b'"timestamp":"2024-05-27T12:33:10Z"}]}'
    )
    tape = tape_of(tmp_path, line)

    assert [fqme for _, fqme, _ in tape.play()] == ["ab.spot.kraken", "cd.spot.kraken"]
    assert [market.symbol for market in tape.markets] == ["A/B", "C/D"]


def test_markets_that_come_up_late_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOKED_AT", 3)
    lines = [binance_trade(at) for at in range(10)]
    late = binance_trade(1, "0.125", "0.5", symbol="ETHBTC")
    tape = tape_of(tmp_path, *lines, late)

    markets = {market.fqme: market for market in tape.markets}
    assert markets["ethbtc.spot.binance"].price_tick == Decimal("0.001")


def test_bad_lines_are_counted_and_left_out(tmp_path: Path) -> None:
    tape = tape_of(
        tmp_path,
        binance_trade(1),
        b"[" * 50_000,
        b'{"stream":"btcusdt@trade","data":{"s":"BTCUSDT","p":NaN}}',
        b"9999999999999999999 " + binance_trade(2),
        b"half a line {",
        binance_trade(3, "NaN"),
        binance_trade(4),
    )
    trades = [tick.trade_id for tick in ticks_on(tape) if isinstance(tick, Trade)]

    assert trades == ["1", "4"]
    assert (tape.statistics().lines, tape.statistics().malformed) == (7, 5)


def test_a_cut_recording_is_read_to_its_end(tmp_path: Path) -> None:
    data = recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz").read_bytes()
    path = tmp_path / "file"
    path.write_bytes(data[:200_000])
    tape = open_tape(path)

    assert len(ticks_on(tape)) > 3000
    statistics = tape.statistics()
    assert statistics.is_truncated
    assert statistics.malformed <= 1


def test_depth_snapshots_are_found_in_the_http_file_beside_it(tmp_path: Path) -> None:
    http = (
        b"https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000 -> 1700000002.5: "
        + binance_snapshot(10, [("99", "5")], [("101", "5")])
    )
    (tmp_path / "X.http.0").write_bytes(gzip.compress(http))
    tape = tape_of(
        tmp_path,
        b"1700000001.0: " + binance_depth(9, 10),
        b"1700000002.0: " + binance_depth(11, 11, [("100", "1")]),
        b"1700000003.0: " + binance_depth(12, 12, [("100", "2")]),
        name="X.ws.1",
    )
    ticks = ticks_on(tape)

    session = tape.statistics().session
    assert session is not None
    assert session.books["btcusdt.spot.binance"].updates == 2
    assert ticks[0].recv_ns == 1_700_000_003_000_000_000
    assert tape.statistics().notes == ["depth snapshots were taken from the http file beside it"]


def test_the_recorded_pair_has_books_of_all_its_markets() -> None:
    tape = open_tape(recording("binance/cryptofeed_BINANCE.ws.1.0.gz"))
    for _ in tape.play():
        pass

    session = tape.statistics().session
    assert session is not None
    assert len(session.books) == 4
    assert all(book.is_synced and not book.gaps for book in session.books.values())
    assert sum(book.checked for book in session.books.values()) == 26
    assert not any(book.failed for book in session.books.values())
    # The list of instruments is a third file of the recording.
    steps = {market.symbol: market.price_tick for market in tape.markets}
    assert steps["NKNUSDT"] == Decimal("0.0001")


def test_a_recording_is_read_the_same_with_and_without_frames(tmp_path: Path) -> None:
    path = recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz")
    with gzip.open(path) as file:
        lines = [next(file) for _ in range(3000)]
    single: list[bytes] = []
    for line in lines:
        stamp, _, frame = line.partition(b" ")
        message = msgspec.json.decode(frame, type=dict[str, msgspec.Raw])
        single.append(stamp + b" " + bytes(message.get("data", frame)).strip())

    combined = ticks_on(tape_of(tmp_path, *lines, name="combined"))
    assert len(combined) > 2000
    assert combined == ticks_on(tape_of(tmp_path, *single, name="single"))


def test_a_recording_of_nothing_but_answers_is_no_market(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"messages of Kraken \(2\), none of a market"):
        tape_of(tmp_path, b'{"method":"pong"}', b'{"channel":"heartbeat"}')
