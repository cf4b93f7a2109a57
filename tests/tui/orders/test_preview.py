"""What a preview says: what would come of an order, and what speaks against it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.messages import (
    AccountGuards,
    BrokerInfo,
    GuardsUpdate,
    Order,
    OrderState,
    Position,
)
from tests.support.desk import BTC, PAPER, QUOTES, REAL, SIM
from tui.orders import staging
from tui.orders.preview import Preview, Scene, preview, reduces
from tui.orders.sizing import Standing
from tui.orders.staging import Staged

D = Decimal
QUOTE = QUOTES[BTC.fqme]
BARE = BrokerInfo(
    name="bare",
    order_types=("limit", "market"),
    times_in_force=("gtc", "ioc"),
)
"""A venue that takes little."""


def _staged(**fields: object) -> Staged:
    known: dict[str, object] = {
        "kind": "order",
        "intent_id": "id1",
        "fqme": BTC.fqme,
        "price": D("63990.00"),
        "size": D("0.5"),
        "account": "sim",
    }
    return Staged(**{**known, **fields})  # type: ignore[arg-type]


def _order(**fields: object) -> Order:
    known: dict[str, object] = {
        "order_id": "o1",
        "account": "sim",
        "fqme": BTC.fqme,
        "side": "buy",
        "order_type": "limit",
        "size": D("0.5"),
        "price": D("63000.00"),
        "state": OrderState.OPEN,
    }
    return Order(**{**known, **fields})  # type: ignore[arg-type]


def _scene(held: str = "0", average: str | None = None, **fields: object) -> Scene:
    position = Position(
        account="sim",
        fqme=BTC.fqme,
        size=D(held),
        average_price=D(average) if average else None,
    )
    account = fields.pop("account", SIM)
    standing = Standing(
        account=account,  # type: ignore[arg-type]
        position=position,
        selling=fields.pop("selling", D(0)),  # type: ignore[arg-type]
    )
    known: dict[str, object] = {"instrument": BTC, "quote": QUOTE, "standing": standing}
    return Scene(**{**known, **fields})  # type: ignore[arg-type]


def _preview(
    staged: Staged, held: str = "0", average: str | None = None, **fields: object
) -> Preview:
    return preview(staged, _scene(held, average, **fields))


def test_a_preview_shows_value_distance_and_the_position_after_the_fill() -> None:
    found = _preview(_staged(), held="0.5", average="64990.00")

    assert found.notional == D("31995.000000")
    assert found.distance == D("-10.01")
    assert found.distance_ticks == -1001
    assert found.distance_share is not None
    assert round(found.distance_share, 6) == D("-0.000156")
    assert found.position == D("1.0")
    assert found.average_price == D("64490.00")
    assert found.faults == ()


def test_after_the_fill_breakeven_counts_both_fees_and_slots_count_what_was_paid() -> None:
    dear = msgspec.structs.replace(BTC, taker_fee=D("0.001"), maker_fee=D("0.0002"))
    found = _preview(_staged(size=D("0.0625"), price=D(64000)), instrument=dear, account=PAPER)

    assert found.fee == D("4")
    # 64000 * 1.001 / 0.999, on the next tick.
    assert found.breakeven == D("64128.13")
    assert found.slots == (D(2), 4)
    rests = _staged(size=D("0.0625"), price=D(64000), post_only=True, route="live")
    assert _preview(rests, instrument=dear).fee == D("0.8")
    assert _preview(rests, instrument=dear).slots is None


def test_a_preview_through_zero_opens_the_rest_and_warns_of_it() -> None:
    found = _preview(_staged(side="sell", size=D("0.8")), held="0.5", average="60000")

    assert found.position == D("-0.3")
    assert found.average_price == D("63990.00")
    assert "goes beyond what is held, 0.5, to the other side" in found.warnings


def test_what_may_only_reduce_stops_at_nothing() -> None:
    exit_ = _staged(side="sell", size=D("0.8"), reduce_only=True)
    found = _preview(exit_, held="0.5", average="60000")

    assert found.position == 0
    assert found.warnings == ("more than is left to leave with, 0.5",)
    nothing = _preview(exit_)
    assert nothing.faults == ("reduce-only, and nothing is held that a sell could reduce",)


def test_an_alert_is_compared_with_the_last_price_and_moves_no_position() -> None:
    found = _preview(_staged(kind="alert", price=D("64100.00")), held="0.5", average="60000")

    assert found.distance_ticks == 10000
    assert (found.position, found.slots) == (None, None)


def test_a_preview_of_an_amend_counts_what_is_left() -> None:
    order = _order(size=D("0.5"), filled=D("0.2"), state=OrderState.PARTIAL)
    found = _preview(staging.moved(staging.staged_amend(order), 1, BTC, QUOTE))

    assert found.size == D("0.3")
    assert found.position == D("0.3")


def test_faults_say_why_it_cannot_be_sent() -> None:
    filled = _order(filled=D("0.4"), state=OrderState.PARTIAL)
    shrunk = staging.staged_amend(filled)
    none_left = Staged(
        kind="amend",
        intent_id="o1",
        fqme=BTC.fqme,
        price=filled.price,
        size=D("0.3"),
        amended=filled,
    )

    assert _preview(_staged(size=D(0))).faults == ("no size",)
    assert _preview(_staged(size=D(0), size_reason="full")).faults == ("no size: full",)
    assert _preview(_staged(size=D("0.00005"))).faults == ("below the least size, 0.0001",)
    assert _preview(shrunk).faults == ("nothing is changed",)
    assert "no size is left" in _preview(none_left).faults


def test_an_order_above_the_venues_largest_is_a_fault() -> None:
    capped = msgspec.structs.replace(BTC, max_notional=D(1000))

    assert _preview(_staged(), instrument=capped).faults == ("above the largest order, 1 000.00",)


def test_warnings_say_what_may_be_overlooked() -> None:
    live = _staged(route="live", price=D("64000.01"))
    post_only = _staged(route="live", price=D("64000.01"), post_only=True)

    assert _preview(live).warnings == ("takes at once",)
    assert _preview(post_only).warnings == ("would be rejected: post-only",)
    assert _preview(_staged(price=D("64000.01"))).warnings == ()
    over = _preview(_staged(), account=PAPER, is_stale=True)
    assert over.warnings == ("the market is stale", "above the position limit, 8 000.00")


# -- stops and terms ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order_type", "side", "stop", "said"),
    [
        ("stop", "buy", "63999.00", "a stop that buys stands above the market, 64000.00"),
        ("stop", "sell", "64000.00", "a stop that sells stands below the market, 64000.00"),
        ("stop_limit", "sell", "64001.00", "a stop-limit that sells stands below"),
        ("take_profit", "buy", "64001.00", "a take-profit that buys stands below"),
        ("take_profit", "sell", "63999.00", "a take-profit that sells stands above"),
        ("stop", "sell", "63999.00", ""),
        ("take_profit", "sell", "64001.00", ""),
    ],
)
def test_a_stop_that_the_market_has_passed_is_not_sent(
    order_type: str, side: str, stop: str, said: str
) -> None:
    price = D(stop) if order_type == "stop_limit" else None
    staged = _staged(
        order_type=order_type, side=side, price=price, stop_price=D(stop), route="live"
    )
    faults = _preview(staged).faults

    assert faults == () if not said else said in faults[0]


def test_a_held_stop_is_not_amended_across_the_market() -> None:
    held = _order(
        side="sell",
        order_type="market",
        price=None,
        trigger_price=D("63000.00"),
        trigger_direction="down",
        state=OrderState.DARK,
        route="dark",
    )
    across = staging.at_price(staging.staged_amend(held), 64001, BTC, QUOTE)

    assert "a stop that sells stands below the market" in _preview(across).faults[0]
    nearer = staging.at_price(staging.staged_amend(held), 63999, BTC, QUOTE)
    assert _preview(nearer).faults == ()
    larger = msgspec.structs.replace(staging.staged_amend(held), size=D(1))
    fallen = msgspec.structs.replace(QUOTE, last=62000.0)
    assert _preview(larger, quote=fallen).faults == ()


def test_a_dark_limit_order_may_wait_on_either_side() -> None:
    above = _order(
        price=None,
        trigger_price=D("64100.00"),
        trigger_direction="up",
        state=OrderState.DARK,
        route="dark",
    )
    below = staging.at_price(staging.staged_amend(above), 63000, BTC, QUOTE)

    assert _preview(below).faults == ()


def test_a_limit_short_of_its_stop_is_warned_of() -> None:
    short = _staged(
        order_type="stop_limit", side="sell", stop_price=D(63000), price=D(63001), route="live"
    )

    assert _preview(short).warnings == (
        "its limit is short of its stop: the market may pass it by",
    )


def test_where_it_would_wait_is_known_before_it_is_sent() -> None:
    stop = _staged(order_type="stop", price=None, stop_price=D(65000), route="live")

    assert _preview(stop).is_held_here is None
    assert _preview(stop, broker=BARE).is_held_here is True
    able = msgspec.structs.replace(BARE, order_types=("limit", "stop"))
    assert _preview(stop, broker=able).is_held_here is False
    assert _preview(_staged()).is_held_here is True
    assert _preview(_staged(route="live")).is_held_here is False


def test_terms_that_a_venue_does_not_take_are_faults_before_it_says_so() -> None:
    assert _preview(_staged(route="live", time_in_force="fok"), broker=BARE).faults == (
        "bare takes no fok orders",
    )
    assert _preview(_staged(route="live", post_only=True), broker=BARE).faults == (
        "bare takes no post-only orders",
    )
    assert _preview(_staged(route="live", time_in_force="ioc"), broker=BARE).faults == ()
    assert _preview(_staged(post_only=True)).faults == (
        "post-only rests at the venue: s sends it there",
    )
    late = _staged(time_in_force="gtd", expires_ns=5)
    assert _preview(late, now_ns=5).faults == ("the time it should end at is past",)
    assert _preview(late, now_ns=4).faults == ()


# -- guards ---------------------------------------------------------------------------------------


def _guards(**fields: object) -> GuardsUpdate:
    return GuardsUpdate(accounts=(AccountGuards(account="real", **fields),))  # type: ignore[arg-type]


def test_a_live_account_that_is_not_armed_takes_only_what_reduces() -> None:
    unarmed = _guards(is_armed=False)
    entry = _staged(account="real", route="live")
    leaving = _staged(account="real", route="live", side="sell", reduce_only=True)
    within = msgspec.structs.replace(leaving, reduce_only=False)
    held = {"held": "0.5", "average": "60000", "account": REAL, "guards": unarmed}

    assert _preview(entry, account=REAL, guards=unarmed).faults == (
        "real is real money and not armed: L arms it",
    )
    assert _preview(leaving, **held).faults == ()  # type: ignore[arg-type]
    assert _preview(within, **held).faults == ()  # type: ignore[arg-type]
    assert _preview(within, selling=D("0.1"), **held).faults != ()  # type: ignore[arg-type]
    assert _preview(entry, account=REAL, guards=_guards()).faults == ()


def test_an_alert_passes_whatever_the_guards_say() -> None:
    killed = GuardsUpdate(is_killed=True)

    assert _preview(_staged(kind="alert"), account=REAL, guards=killed).faults == ()
    assert _preview(_staged(), guards=killed).faults == ("the kill switch is on",)


def test_what_reduces_is_said_or_no_larger_than_what_is_left() -> None:
    standing = _scene("0.5", "60000", selling=D("0.2")).standing

    assert reduces(_staged(side="sell"), D("0.3"), standing)
    assert not reduces(_staged(side="sell"), D("0.4"), standing)
    assert reduces(_staged(side="sell", reduce_only=True), D("0.4"), standing)
    assert not reduces(_staged(side="buy"), D("0.1"), standing)
