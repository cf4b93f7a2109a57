"""The matching exchange in the venue's terms."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.venues.kraken.desk import sim_listing
from tests.venues.kraken.errors import Refused
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("pair", LISTED.pairs, ids=lambda pair: pair.symbol)
def test_a_market_has_the_grid_of_its_pair(pair: object) -> None:
    instrument = sim_listing(pair).instrument  # type: ignore[arg-type]
    assert instrument.price_decimals == pair.price_places  # type: ignore[attr-defined]
    assert instrument.size_decimals == pair.size_places  # type: ignore[attr-defined]


def test_a_trail_and_its_limit_go_to_the_engine_in_ticks(rig: Rig) -> None:
    order_id = rig.add("sell", "+20", ordertype="trailing-stop-limit", price2="-10")
    record = rig.venue.records.by_id(order_id)
    assert record is not None
    rig.market.take("sell", Decimal(49900), Decimal(100))
    rig.venue.pass_time()
    told = rig.order(order_id)
    assert (told["stopprice"], told["limitprice"]) == ("49980.00000", "49970.00000")


@pytest.mark.parametrize(("side", "price2"), [("sell", "+10"), ("buy", "-10")])
def test_a_limit_on_the_wrong_side_of_its_stop_is_refused(rig: Rig, side: str, price2: str) -> None:
    with pytest.raises(Refused, match="EGeneral:Invalid arguments:price2"):
        rig.add(side, "+100", ordertype="trailing-stop-limit", price2=price2)


def test_a_market_order_into_nothing_is_refused(rig: Rig) -> None:
    rig.market.take("buy", Decimal(60_000), Decimal(1000))
    with pytest.raises(Refused, match="EOrder:Insufficient liquidity"):
        rig.add("buy", "", ordertype="market")


def test_a_fee_in_base_must_be_there_too(rig: Rig) -> None:
    with pytest.raises(Refused, match="EOrder:Insufficient funds"):
        rig.add("sell", "51000", volume="2", oflags="fcib")
    rig.add("sell", "51000", volume="2")


def test_an_amend_of_what_was_exchanged_in_part_counts_what_traded_before(rig: Rig) -> None:
    order_id = rig.add(price="50000", volume="0.1", ordertype="iceberg", displayvol="0.02")
    rig.market.take("sell", Decimal(50_000), Decimal("0.03"))
    rig.ask("AmendOrder", txid=order_id, display_qty="0.05")
    rig.ask("AmendOrder", txid=order_id, order_qty="0.08")
    told = rig.order(order_id)
    assert (told["vol"], told["vol_exec"]) == ("0.08000000", "0.03000000")
    rig.market.take("sell", Decimal(50_000), Decimal("1"))
    rig.venue.pass_time()
    told = rig.order(order_id)
    assert (told["status"], told["vol_exec"]) == ("closed", "0.08000000")
