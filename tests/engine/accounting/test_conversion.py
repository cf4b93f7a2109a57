"""What an amount of one asset is worth in another."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.conversion import Mark, Markets, Rate, Unknown
from engine.instruments import Instrument
from tests.support.fills import CLOSE, LINEAR

Known = tuple[Instrument, Mark]


def market(
    base: str, quote: str, price: str, *, stale: bool = False, at: int = 0, venue: str = "spot.test"
) -> Known:
    instrument = replace(LINEAR, fqme=f"{base}{quote}.{venue}", base=base, quote=quote)
    return instrument, Mark(Decimal(price), at, stale)


def rate(markets: Markets, source: str, target: str) -> Rate:
    found = markets.rate(source, target)
    assert isinstance(found, Rate), found
    return found


BTC = market("btc", "usdt", "50000", at=7)
ETH = market("eth", "btc", "0.05", at=5)
EUR = market("eur", "usdt", "1.25", stale=True, at=9)


def test_a_market_converts_both_ways() -> None:
    markets = Markets([BTC])

    assert rate(markets, "btc", "usdt").convert(Decimal(2)) == 100_000
    assert rate(markets, "usdt", "btc").convert(Decimal(100_000)) == 2


def test_an_asset_is_itself_even_where_nothing_is_known() -> None:
    found = rate(Markets([]), "btc", "btc")

    assert (found.value, found.path, found.is_stale, found.oldest_ns) == (1, (), False, None)


def test_a_way_leads_over_several_markets() -> None:
    found = rate(Markets([BTC, ETH, EUR]), "eth", "eur")

    assert found.path == ("ethbtc.spot.test", "btcusdt.spot.test", "eurusdt.spot.test")
    assert found.value == 2000
    assert found.is_stale
    assert found.oldest_ns == 5


def test_a_direct_market_is_taken_even_if_it_is_stale() -> None:
    direct = market("eth", "usdt", "2600", stale=True)
    found = rate(Markets([BTC, ETH, direct]), "eth", "usdt")

    assert (found.value, found.is_stale) == (2600, True)


@pytest.mark.parametrize("turned", [False, True])
def test_of_ways_of_one_length_the_fresher_then_the_one_without_contracts_is_taken(
    turned: bool,
) -> None:
    stale = market("btc", "usdt", "1", stale=True, venue="spot.a")
    contract = market("btc", "usdt", "2", venue="perp.a")
    spot = market("btc", "usdt", "3", venue="spot.z")
    for known, price in (([stale, contract, spot], 3), ([stale, contract], 2), ([stale], 1)):
        ordered = known[::-1] if turned else known
        assert rate(Markets(ordered), "btc", "usdt").value == price


def test_dollars_of_different_makers_are_never_one_to_one() -> None:
    found = Markets([BTC]).rate("usdt", "usd")

    assert isinstance(found, Unknown)
    assert found.reason == "no market with a price trades usd"


def test_places_without_a_road_between_them_are_unknown() -> None:
    found = Markets([BTC, market("xau", "gbp", "2000")]).rate("btc", "gbp")

    assert found == Unknown("btc", "gbp", "no markets lead from btc to gbp")


@pytest.mark.parametrize("price", ["0", "-3", "NaN", "Infinity"])
def test_what_is_no_price_converts_nothing(price: str) -> None:
    assert isinstance(Markets([market("btc", "usdt", price)]).rate("btc", "usdt"), Unknown)


@pytest.mark.parametrize(
    "contract", [replace(BTC[0], multiplier=Decimal(50)), replace(BTC[0], is_inverse=True)]
)
def test_a_contract_that_is_not_one_base_converts_nothing(contract: Instrument) -> None:
    assert isinstance(Markets([(contract, BTC[1])]).rate("btc", "usdt"), Unknown)


def test_a_sum_says_what_is_not_in_it() -> None:
    amounts = {"btc": Decimal(1), "usdt": Decimal(5), "xyz": Decimal(3), "abc": Decimal(0)}
    worth = Markets([BTC]).worth(amounts, "usdt")

    assert (worth.known, worth.unknown, worth.total) == (50005, {"xyz": 3}, None)


def test_a_sum_of_known_amounts_is_whole_and_says_if_it_is_stale() -> None:
    markets = Markets([BTC, EUR])
    fresh = markets.worth({"btc": Decimal(1), "usdt": Decimal(-5)}, "usdt")
    stale = markets.worth({"eur": Decimal(4), "usdt": Decimal(-5)}, "usdt")

    assert (fresh.total, fresh.is_stale) == (49995, False)
    assert (stale.total, stale.is_stale) == (0, True)


# -- for all markets -----------------------------------------------------------------------------

ASSETS = ("btc", "eth", "eur", "usd", "usdt", "sol")
PAIRS = st.tuples(st.sampled_from(ASSETS), st.sampled_from(ASSETS)).filter(lambda p: p[0] != p[1])
KNOWN = st.lists(
    st.builds(
        lambda pair, price, stale, venue: market(*pair, str(price), stale=stale, venue=venue),
        PAIRS,
        st.decimals(min_value="0.01", max_value="1000", places=2),
        st.booleans(),
        st.sampled_from(["spot.a", "spot.b", "perp.a"]),
    ),
    max_size=10,
)


@given(KNOWN, st.randoms(use_true_random=False), PAIRS)
def test_the_order_of_the_markets_does_not_matter(
    known: list[Known], shuffled: object, pair: tuple[str, str]
) -> None:
    distinct = list({instrument.fqme: (instrument, mark) for instrument, mark in known}.values())
    other = distinct[:]
    shuffled.shuffle(other)  # type: ignore[attr-defined]

    assert Markets(distinct).rate(*pair) == Markets(other).rate(*pair)


@given(KNOWN, PAIRS)
def test_the_way_back_undoes_the_way(known: list[Known], pair: tuple[str, str]) -> None:
    markets = Markets(known)
    there, back = markets.rate(*pair), markets.rate(*reversed(pair))

    assert isinstance(there, Unknown) == isinstance(back, Unknown)
    if isinstance(there, Rate) and isinstance(back, Rate) and there.path == back.path[::-1]:
        amount = Decimal("3.7")
        assert abs(back.convert(there.convert(amount)) - amount) < CLOSE


@given(KNOWN, PAIRS)
def test_no_way_is_shorter_and_none_is_missed(known: list[Known], pair: tuple[str, str]) -> None:
    source, target = pair
    steps = {source: 0}
    waiting = deque([source])
    while waiting:
        asset = waiting.popleft()
        for instrument, _ in known:
            for here, there in (
                (instrument.base, instrument.quote),
                (instrument.quote, instrument.base),
            ):
                if here == asset and there not in steps:
                    steps[there] = steps[asset] + 1
                    waiting.append(there)
    found = Markets(known).rate(source, target)

    assert steps.get(target) == (len(found.path) if isinstance(found, Rate) else None)


@given(KNOWN, PAIRS)
def test_staleness_on_the_way_is_passed_on(known: list[Known], pair: tuple[str, str]) -> None:
    found = Markets(known).rate(*pair)
    if isinstance(found, Rate):
        for fqme in found.path:
            stale = [mark.is_stale for instrument, mark in known if instrument.fqme == fqme]
            assert found.is_stale or not all(stale)
