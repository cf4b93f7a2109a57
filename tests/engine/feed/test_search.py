from __future__ import annotations

import pytest

from engine.feed.search import rank
from engine.messages import Match


def match(fqme: str, name: str = "", volume: float = 0.0) -> Match:
    return Match(fqme=fqme, name=name, broker=fqme.rpartition(".")[2], volume=volume)


MATCHES = [
    match("btcusdt.spot.sim", "Bitcoin / Tether", 5e6),
    match("btceur.spot.sim", "Bitcoin / Euro", 1e6),
    match("wbtcbtc.spot.sim", "Wrapped bitcoin", 9e6),
    match("ethusdt.spot.sim", "Ether / Tether", 3e6),
    match("acme.stock.sim", "Acme Corporation"),
    match("btcusdt.spot.replay", "BTCUSDT"),
]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("btcusdt", "btcusdt.spot.sim"),
        ("BTCUSDT  ", "btcusdt.spot.sim"),
        ("btc", "btcusdt.spot.sim"),
        ("eth", "ethusdt.spot.sim"),
        ("btc replay", "btcusdt.spot.replay"),
        ("corporation", "acme.stock.sim"),
        ("ethsudt", "ethusdt.spot.sim"),
        ("acme.stock.sim", "acme.stock.sim"),
    ],
)
def test_what_a_person_means_comes_first(text: str, first: str) -> None:
    assert first == rank(MATCHES, text, 10)[0].fqme


def test_a_symbol_that_begins_so_goes_before_one_that_only_contains_it() -> None:
    found = [hit.fqme for hit in rank(MATCHES, "btc", 10)]

    assert found.index("btceur.spot.sim") < found.index("wbtcbtc.spot.sim")


def test_equal_hits_are_ranked_by_volume_and_then_by_name() -> None:
    equal = [match("abc.b.x", "", 1.0), match("abc.a.x", "", 1.0), match("abc.c.x", "", 2.0)]

    assert ["abc.c.x", "abc.a.x", "abc.b.x"] == [hit.fqme for hit in rank(equal, "abc", 10)]


def test_what_does_not_fit_is_left_out() -> None:
    assert [] == rank(MATCHES, "zzzqqq", 10)
    assert [] == rank(MATCHES, "btc zzzqqq", 10)


def test_nothing_typed_lists_all_with_the_most_traded_first() -> None:
    found = rank(MATCHES, "", 10)

    assert len(MATCHES) == len(found)
    assert "wbtcbtc.spot.sim" == found[0].fqme


def test_a_hit_found_twice_is_shown_once_and_the_limit_holds() -> None:
    assert 1 == len(rank([MATCHES[0], MATCHES[0]], "btc", 10))
    assert 2 == len(rank(MATCHES, "", 2))
    assert [] == rank(MATCHES, "", 0)
