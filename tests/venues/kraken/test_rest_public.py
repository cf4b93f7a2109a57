"""Public requests."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.rig import MIDDLE, START_NS, Rig

S = 10**9


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_time_and_state_are_told(rig: Rig) -> None:
    assert rig.see("Time")["unixtime"] == START_NS // S + 1
    assert rig.see("SystemStatus") == {"status": "online", "timestamp": "2026-05-28T20:26:41Z"}


def test_assets_and_pairs_are_told_by_any_name(rig: Rig) -> None:
    assert list(rig.see("Assets", asset="XBT,ZUSD")) == ["XXBT", "ZUSD"]
    assert list(rig.see("AssetPairs", pair="XBTUSD")) == ["XXBTZUSD"]
    assert list(rig.see("AssetPairs", pair="BTC/USD")) == ["BTC/USD"]
    assert set(rig.see("AssetPairs", info="fees")["XXBTZUSD"]) == {
        *("fees", "fees_maker", "fee_volume_currency"),
    }


def test_a_ticker_has_the_best_prices_and_what_traded(rig: Rig) -> None:
    told = rig.see("Ticker", pair="XBTUSD")["XXBTZUSD"]
    assert told["a"] == ["50001.00000", "1", "0.500"]
    assert told["b"] == ["49999.00000", "1", "0.500"]
    assert told["c"] == ["50000.00000", "1.00000000"]
    assert Decimal(told["l"][1]) <= MIDDLE <= Decimal(told["h"][1])


def test_bars_are_720_the_last_is_open_and_last_asks_for_it_again(rig: Rig) -> None:
    answer = rig.see("OHLC", pair="XBTUSD", interval="5")
    bars = answer["XXBTZUSD"]
    assert len(bars) == 720
    assert [later[0] - bar[0] for bar, later in pairwise(bars)] == [300] * 719
    assert bars[-1][0] == START_NS // S // 300 * 300
    assert answer["last"] == bars[-2][0]
    again = rig.see("OHLC", pair="XBTUSD", interval="5", since=str(answer["last"]))
    assert again["XXBTZUSD"] == bars[-1:]
    assert bars[-1][4] == "50000.0"


def test_bars_and_trades_agree(rig: Rig) -> None:
    bars = rig.see("OHLC", pair="XBTUSD")["XXBTZUSD"]
    trades = rig.see("Trades", pair="XBTUSD", since=str(bars[-3][0]))["XXBTZUSD"]
    assert len(trades) < 1000
    for bar in bars[-2:]:
        inside = [one for one in trades if bar[0] <= float(bytes(one[2])) < bar[0] + 60]
        assert bar[7] == len(inside)
        assert Decimal(bar[6]) == sum(Decimal(one[1]) for one in inside)
        if inside:
            assert Decimal(bar[2]) == max(Decimal(one[0]) for one in inside)


def test_a_book_has_as_many_levels_as_are_asked_for(rig: Rig) -> None:
    told = rig.see("Depth", pair="XBTUSD", count="3")["XXBTZUSD"]
    assert [level[0] for level in told["bids"]] == ["49999.00000", "49998.00000", "49997.00000"]
    assert [level[0] for level in told["asks"]] == ["50001.00000", "50002.00000", "50003.00000"]


def test_trades_go_on_after_the_time_that_last_told(rig: Rig) -> None:
    first = rig.see("Trades", pair="XBTUSD", since=str(START_NS // S - 3600), count="20")
    assert len(first["XXBTZUSD"]) == 20
    second = rig.see("Trades", pair="XBTUSD", since=first["last"], count="20")
    ids = [one[6] for part in (first, second) for one in part["XXBTZUSD"]]
    assert ids == list(range(ids[0], ids[0] + 40))


def test_spreads_are_kept_as_they_change(rig: Rig) -> None:
    before = len(rig.see("Spread", pair="XBTUSD")["XXBTZUSD"])
    rig.market.place("buy", Decimal("49999.5"), Decimal(1))
    rig.market.place("buy", Decimal("49000"), Decimal(1))
    told = rig.see("Spread", pair="XBTUSD")["XXBTZUSD"]
    assert len(told) == before + 1
    assert told[-1][1:] == ["49999.50000", "50001.00000"]


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("Depth", {"pair": "XYZUSD"}, "EQuery:Unknown asset pair"),
        ("Depth", {}, "EGeneral:Invalid arguments:"),
        ("Depth", {"pair": "XBTUSD", "count": "0"}, "EGeneral:Invalid arguments:count"),
        ("OHLC", {"pair": "XBTUSD", "interval": "2"}, "EGeneral:Invalid arguments:interval"),
        ("OHLC", {"pair": "XBTUSD", "since": "x"}, "EGeneral:Invalid arguments:since"),
        ("Trades", {"pair": "XBTUSD", "since": "x"}, "EGeneral:Invalid arguments:since"),
        ("Assets", {"asset": "XYZ"}, "EQuery:Unknown asset"),
        ("Moon", {}, "EGeneral:Unknown method"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    rig: Rig, method: str, params: dict[str, Any], text: str
) -> None:
    with pytest.raises(Refused) as refused:
        rig.see(method, **params)
    assert str(refused.value) == text
