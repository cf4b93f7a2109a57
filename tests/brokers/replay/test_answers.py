"""Files of a venue's answers: told by their shape, lists read as the venue's own are."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.replay.answers import inspect_answers
from brokers.replay.tape import open_tape
from engine.errors import DataError
from tests.support.recordings import all_recordings, recording

PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "base": "XXBT",
    "quote": "ZUSD",
    "pair_decimals": 1,
    "lot_decimals": 8,
    "ordermin": "0.0001",
    "costmin": "0.5",
    "tick_size": "0.1",
    "status": "online",
}
SYMBOL = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "9", "stepSize": "0.1"},
    ],
}


def put(place: Path, document: Any) -> Path:
    path = place / "file.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_reads_binances_list_as_the_broker_does(tmp_path: Path) -> None:
    report = inspect_answers(put(tmp_path, {"symbols": [SYMBOL, {**SYMBOL, "symbol": "ＡＢ"}]}))

    assert report.answers == {"binance exchangeInfo": 1}
    assert (report.markets, report.statuses) == (1, {"TRADING": 2})
    assert report.filters == {"PRICE_FILTER": 2, "LOT_SIZE": 2}
    (example,) = report.examples
    assert (example.fqme, example.price_tick, example.size_step) == (
        "btcusdt.spot.binance",
        "0.01",
        "0.1",
    )


def test_reads_krakens_lists_and_one_pair_that_is_none_spoils_no_other(tmp_path: Path) -> None:
    pairs = {"XXBTZUSD": PAIR, "bad": {**PAIR, "pair_decimals": "x"}}
    rest = inspect_answers(put(tmp_path, {"error": [], "result": pairs}))
    assert rest.answers == {"kraken AssetPairs": 1}
    assert [one.fqme for one in rest.examples] == ["btcusd.spot.kraken"]
    pair = {
        "symbol": "BTC/USD",
        "base": "BTC",
        "quote": "USD",
        "price_precision": 1,
        "qty_precision": 8,
        "price_increment": 0.1,
        "qty_increment": 1e-8,
        "status": "online",
    }
    odd = {**pair, "symbol": "ETH2.S/ETH"}
    after = {**pair, "symbol": "ETH/USD"}
    told = {"channel": "instrument", "type": "snapshot", "data": {"pairs": [pair, odd, after]}}
    listed = inspect_answers(put(tmp_path, told))
    assert [one.symbol for one in listed.examples] == ["BTC/USD", "ETH/USD"]
    assert listed.statuses == {"online": 3}


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"unixtime": 1, "rfc1123": "x"}, "Time"),
        ({"status": "online", "timestamp": "x"}, "SystemStatus"),
        ({"XXBT": {"altname": "XBT", "decimals": 10}}, "Assets"),
        ({"XXBTZUSD": {"a": [], "b": [], "c": []}}, "Ticker"),
        ({"XXBTZUSD": {"asks": [], "bids": []}}, "Depth"),
        ({"XXBTZUSD": [[1, "1", "1", "1", "1", "1", "1", 1]], "last": 1}, "OHLC"),
        ({"XXBTZUSD": [["1", "1", 1.5, "b", "l", "", 7]], "last": "1"}, "Trades"),
        ({"XXBTZUSD": [[1, "1", "2"]], "last": 1}, "Spread"),
        ({"open": {}}, "OpenOrders"),
        ({"closed": {}, "count": 0}, "ClosedOrders"),
        ({"trades": {}, "count": 0}, "TradesHistory"),
        ({"ledger": {}, "count": 0}, "Ledgers"),
        ({"token": "x", "expires": 900}, "GetWebSocketsToken"),
        ({"descr": {"order": "x"}, "txid": ["x"]}, "AddOrder"),
        ({"count": 1}, "CancelOrder"),
        ({"ZUSD": "3415.8014", "XXBT": "0.1"}, "Balance"),
        ({"currentTime": "x", "triggerTime": "y"}, "CancelAllOrdersAfter"),
    ],
)
def test_tells_answers_of_kraken_by_their_shape(tmp_path: Path, result: Any, kind: str) -> None:
    report = inspect_answers(put(tmp_path, {"error": [], "result": result}))
    assert report.answers == {f"kraken {kind}": 1}
    assert report.markets == 0


def test_tells_what_the_venue_refused(tmp_path: Path) -> None:
    path = put(tmp_path, {"error": ["EAPI:Invalid nonce"]})
    assert inspect_answers(path).answers == {"kraken error EAPI:Invalid nonce": 1}


def test_counts_messages_of_the_first_api_by_channel(tmp_path: Path) -> None:
    lines = [
        '{"event":"pong"}',
        '[1,{"a":[]},"ticker","XBT/USD"]',
        '[1,[["1","2","3","s","l",""]],"trade","XBT/USD"]',
        '[1,{"a":[]},{"b":[]},"book-10","XBT/USD"]',
        '[[{"X":{"status":"open"}}],"openOrders",{"sequence":2}]',
    ]
    report = inspect_answers(put(tmp_path, "\n".join(lines)))
    assert report.answers == {
        "kraken v1 pong": 1,
        "kraken v1 ticker": 1,
        "kraken v1 trade": 1,
        "kraken v1 book": 1,
        "kraken v1 openOrders": 1,
    }


def test_reads_the_files_of_an_archive_without_unpacking_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, text in (
            ("../../evil.json", '{"error":[],"result":{"unixtime":1}}'),
            ("b/pairs.json", json.dumps({"error": [], "result": {"XXBTZUSD": PAIR}})),
            ("b/readme.txt", "no"),
            ("b/broken.json", "{"),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))

    report = inspect_answers(path)

    assert report.answers == {"kraken Time": 1, "kraken AssetPairs": 1}
    assert report.malformed == 1
    assert [one.name for one in tmp_path.iterdir()] == ["a.tar"]
    assert not (tmp_path.parent.parent / "evil.json").exists()


def test_nothing_of_an_account_is_told_but_the_kind_of_answer(tmp_path: Path) -> None:
    secret = "TOKEN5151CANARY"
    path = put(tmp_path, {"error": [], "result": {"token": secret, "expires": 900}})
    assert secret not in repr(inspect_answers(path))


@pytest.mark.parametrize("text", ["{}", "[]", '{"a":1}', "[[[]]]", "7", '"x"', '[{"json":null}]'])
def test_what_is_no_answer_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="no answer"):
        inspect_answers(put(tmp_path, text))


def test_every_recording_of_the_two_venues_can_be_inspected() -> None:
    paths = [path for path in all_recordings() if path.parent.name in ("binance", "kraken")]
    if not paths:
        pytest.skip("no recordings")
    for path in paths:
        try:
            assert open_tape(path).markets
        except DataError:
            assert inspect_answers(path).answers, path.name


@pytest.mark.parametrize(
    ("name", "markets", "listed"),
    [
        ("binance/cryptofeed_BINANCE.0.gz", 1695, 1695),
        ("binance/gct_exchangeInfo_20250807_25sym.json.gz", 25, 25),
        ("kraken/kdr_ws2_instrument_snapshot.json.gz", 682, 683),
        ("kraken/cryptofeed_KRAKEN.0_AssetPairs.gz", 292, 304),
    ],
)
def test_lists_of_real_venues_are_read_whole(name: str, markets: int, listed: int) -> None:
    report = inspect_answers(recording(name))
    assert (report.markets, sum(report.statuses.values())) == (markets, listed)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "result", "symbols", "channel", "data", "pairs", "json", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(VALUES)
def test_whatever_json_it_is_there_is_a_report_or_a_data_error(
    tmp_path: Path, document: Any
) -> None:
    path = put(tmp_path, json.dumps(document))
    try:
        report = inspect_answers(path)
    except DataError:
        return
    assert report.answers
