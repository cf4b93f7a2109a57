"""What a file is, is told by its content."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.replay.tape import open_tape
from engine.errors import DataError
from tests.support.recordings import all_recordings, recording
from tests.support.venue_messages import binance_trade, kraken_book, kraken_trades

RECORDINGS = {
    "cryptofeed_BINANCE.http.0.0.gz": "binance stream",
    "cryptofeed_BINANCE.ws.1.0.gz": "binance stream",
    "gct_wsHandleData_mixed.ndjson.gz": "binance stream",
    "hftb_spot_btcusdt_20240808.ndjson.gz": "binance stream",
    "kasync_ws2_messages.ndjson.gz": "kraken stream",
    "krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz": "kraken stream",
    "binance_XRPETH_aggtrades_201910.csv.gz": "trades csv",
    "binanceus_BTCUSDT_1m_20230301_21.csv.gz": "bars csv",
    "btcperp_1m_20211231_20220201.csv.gz": "bars csv",
    "freqtrade_XRPETH_1m_from_those_trades.csv.gz": "bars csv",
    "kraken_BTCUSDC_1m_2023_sparse.csv.gz": "bars csv",
    "lean_spy_minute_20131007_quote.csv.gz": "lean quote bars",
    "lean_spy_minute_20131007_trade.csv.gz": "lean bars",
    "lean_spy_minute_20131008_quote.csv.gz": "lean quote bars",
    "lean_spy_minute_20131008_trade.csv.gz": "lean bars",
    "lean_spy_second_20131007_trade.csv.gz": "lean bars",
    "lean_spy_tick_20131007_trade.csv.gz": "lean trades",
}

REASONS = {
    "cryptofeed_BINANCE.0.gz": "lists 1695 markets of Binance",
    "gct_exchangeInfo_20250807_25sym.json.gz": "lists 25 markets of Binance",
    "cryptofeed_KRAKEN.0_AssetPairs.gz": "lists 304 markets of Kraken",
    "kdr_ws2_instrument_snapshot.json.gz": "lists 683 markets of Kraken",
    "nautilus_http_asset_pairs.json.gz": "lists 1 market of Kraken",
    "gct_ws1_wsHandleData_mixed.ndjson.gz": "websocket API v1",
    "nautilus_http_order_book.json.gz": "REST API",
    "xchange_kraken_rest_ws1.tar.gz": "tar archive",
    "rustibapi_tws_interactions_20250715.yaml.gz": "no known format",
    "nautilus_hist_bars.ndjson.gz": "bars as JSON",
    "nautilus_tick_data.json.gz": "no venue that is known",
}


def test_every_recording_is_a_tape_or_not_one_for_a_reason() -> None:
    paths = all_recordings()
    if not paths:
        pytest.skip("no recordings")
    kinds: dict[str, str] = {}
    errors: dict[str, str] = {}
    for path in paths:
        try:
            kinds[path.name] = open_tape(path).kind
        except DataError as error:
            errors[path.name] = str(error)

    assert kinds == RECORDINGS
    for name, error in errors.items():
        assert error.startswith(name)
        assert "\n" not in error
        assert REASONS.get(name, "") in error


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("binance/hftb_spot_btcusdt_20240808.ndjson.gz", "binance stream"),
        ("ohlcv/kraken_BTCUSDC_1m_2023_sparse.csv.gz", "bars csv"),
    ],
)
def test_a_name_that_says_otherwise_changes_nothing(tmp_path: Path, source: str, kind: str) -> None:
    path = tmp_path / "kraken.csv.zip.json"
    path.symlink_to(recording(source))

    assert open_tape(path).kind == kind


def packed_tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        info = tarfile.TarInfo("a")
        archive.addfile(info, io.BytesIO(b""))
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n \n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(binance_trade(1))[:10], "cut short"),
        (bytes(10_000), "is binary"),
        (bytes(range(256)) * 40, "is binary"),
        (packed_tar(), "tar archive"),
        (b"hello\nworld\n", "no known format"),
        ("time,price,size\n2020-01-01,1,ä\n".encode("latin-1"), "not text in UTF-8"),
        (b"a,b,c\n1,2,3\n", "neither trades nor bars"),
        (b"time,price,size\n", "no row that can be read"),
        (b"time,price,size\nnoon,1,1\n", "times that cannot be read"),
        (b"14400000,1,1,1,1,5\n14460000,1,1,1,1,5\n", "counts time from midnight"),
        (b"time,price,size\n14400000,1,1\n", "under a header that LEAN does not write"),
        (b"[" * 3_000_000, "cannot be read as such"),
        (b'{"price": NaN}', "cannot be read as such"),
        (b'{"a": 1}', "not of a recorded stream"),
        (b'{"e":"\\u001b[2J","s":"x"}', "none of a market"),
        (b'{"e":"depthUpdate","s":"X","U":1,"u":2,"pu":0,"b":[],"a":[]}', "futures"),
        (b'{"channel":"heartbeat"}', "none of a market"),
        (kraken_book("snapshot", [("1e999999", "1")], [], 1), "no message that can be read"),
    ],
)
def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)

    with pytest.raises(DataError, match=reason) as caught:
        open_tape(path)

    assert "\n" not in str(caught.value)


def test_a_file_that_begins_with_a_line_too_long_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"a":"' + b"x" * 17_000_000 + b'"}\n' + binance_trade(1))

    tape = open_tape(path)

    assert len(list(tape.play())) == 1
    assert tape.statistics().too_long == 1


SEEDS = [
    binance_trade(1),
    binance_trade(2),
    kraken_trades("update", (1, 2.0, 3.0)),
    b"time,price,size",
    b"1735689600,1,1",
    b"1735689600000000,1,2,0.5,1.5,10,1735689659999999,15,7,5,7,0",
    b"1723161253937085768 {}",
    b"https://a/depth?symbol=X -> 1633998512.3: {}",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    lines=st.lists(st.one_of(st.sampled_from(SEEDS), st.binary(max_size=60)), max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=3)), max_size=4),
    is_packed=st.booleans(),
)
def test_whatever_a_file_holds_it_is_a_tape_or_a_data_error(
    tmp_path: Path, lines: list[bytes], cuts: list[tuple[int, bytes]], is_packed: bool
) -> None:
    data = bytearray(b"\n".join(lines))
    if is_packed:
        data = bytearray(gzip.compress(bytes(data)))
    for at, junk in cuts:
        data[at : at + len(junk)] = junk
    path = tmp_path / "file"
    path.write_bytes(bytes(data))

    try:
        tape = open_tape(path)
        times = [at for at, _, _ in tape.play()]
    except DataError as error:
        told = str(error)
    else:
        told = ""
        assert times == sorted(times)
        assert tape.markets
    assert "\n" not in told
