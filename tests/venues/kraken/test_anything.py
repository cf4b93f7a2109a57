"""Whatever is asked, the venue answers: with a result, or with a refusal in its own words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.rig import Rig

TEXTS = (
    *("", "0", "1", "-1", "0.01", "1e400", "NaN", "1e-9", "49000", "50001", "49000.05", "+5%"),
    *("-5%", "#10", "limit", "market", "stop-loss", "stop-loss-limit", "trailing-stop", "iceberg"),
    *("trailing-stop-limit", "take-profit", "buy", "sell", "BTC/USD", "XBTUSD", "post", "viqc"),
    *("fcib", "GTD", "ioc", "2026-05-28T20:27:41Z", "pct", "quote", "index", "\x00", "true"),
)
VALUES = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from([None, True, 0, 1, -1, 10**30, 0.01, 49000.5]),
    st.lists(st.sampled_from(TEXTS), max_size=2),
    st.dictionaries(st.sampled_from(["price", "order_type", "ordertype"]), st.sampled_from(TEXTS)),
)
REST = (
    *(
        "pair",
        "type",
        "ordertype",
        "volume",
        "price",
        "price2",
        "oflags",
        "timeinforce",
        "expiretm",
    ),
    *("starttm", "deadline", "validate", "userref", "cl_ord_id", "displayvol", "close", "txid"),
    *("order_qty", "limit_price", "trigger_price", "display_qty", "timeout", "orders", "ofs"),
    *("start", "asset", "since", "count", "interval"),
)
SOCKET = (
    *("symbol", "side", "order_type", "order_qty", "limit_price", "limit_price_type", "triggers"),
    *("conditional", "time_in_force", "expire_time", "deadline", "post_only", "cash_order_qty"),
    *("display_qty", "order_userref", "cl_ord_id", "order_id", "timeout", "orders", "channel"),
    *("depth", "interval", "snapshot", "event_trigger"),
)
ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "49000"}
PLACED = {
    "symbol": "BTC/USD",
    "side": "buy",
    "order_type": "limit",
    "order_qty": 0.01,
    "limit_price": 49000.0,
}
RIG = Rig(patience=1e9)
CLIENT = RIG.follow()
METHODS = (*RIG.venue.private_methods(), "Time", "Depth", "Trades", "OHLC", "Ticker", "Spread")


def params_of(names: tuple[str, ...], usual: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    changed = st.dictionaries(st.sampled_from(names), VALUES, max_size=5)
    return st.builds(
        lambda changes, is_whole: (usual if is_whole else {}) | changes, changed, st.booleans()
    )


@settings(max_examples=300)
@given(st.sampled_from(METHODS), params_of(REST, ORDER))
def test_rest_answers(method: str, params: dict[str, Any]) -> None:
    with suppress(Refused):
        if RIG.venue.has_private(method):
            RIG.ask(method, **params)
        else:
            RIG.see(method, **{name: str(value) for name, value in params.items()})
    assert all(one.free >= 0 for one in RIG.venue.exchange.accounts["mine"].balances.values())


@settings(max_examples=300)
@given(
    st.sampled_from([*sorted(RIG.venue.methods()), "subscribe", "unsubscribe", "ping"]),
    params_of(SOCKET, PLACED),
)
def test_the_websocket_answers(method: str, params: dict[str, Any]) -> None:
    CLIENT.take()
    said = json.dumps({"method": method, "params": params | {"token": CLIENT.token}})
    assert CLIENT.say(said)
    assert all(one.free >= 0 for one in RIG.venue.exchange.accounts["mine"].balances.values())


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_what_is_hardly_a_message_is_answered_too(said: bytes) -> None:
    CLIENT.take()
    answer = CLIENT.say(said)[0]
    assert "error" in answer or answer["method"] == "pong"
