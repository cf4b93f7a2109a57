"""The spot exchange of test venues: orders, what they lock, and what becomes of them."""

from __future__ import annotations

import pytest
import trio

from engine.clock import NANOS, TrioClock
from tests.venues.exchange.orders import Refusal, Report
from tests.venues.exchange.stage import LISTING, START_NS, SYMBOL, D, Stage, order
from tests.venues.exchange.venue import FIRST_FORGED_ID, SpotExchange


def refused(stage: Stage, **terms: object) -> str:
    """The kind of refusal that an order meets."""
    with pytest.raises(Refusal) as refusal:
        stage.exchange.submit(stage.account, order(**terms))  # type: ignore[arg-type]
    return refusal.value.kind


# -- money -----------------------------------------------------------------------------------------


def test_a_resting_buy_locks_its_cost_and_a_cancel_gives_it_back() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(size="0.5", price="58000"))
    assert record.status == "new"
    assert stage.held("USDT") == (71_000, 29_000)
    stage.exchange.cancel(record)
    assert record.status == "canceled"
    assert stage.held("USDT") == (100_000, 0)
    assert stage.happened == ["new", "canceled"]


def test_a_resting_sell_locks_what_it_sells() -> None:
    stage = Stage()
    stage.exchange.submit(stage.account, order("sell", "1.5", "61000"))
    assert stage.held("BTC") == (D("0.5"), D("1.5"))
    assert refused(stage, side="sell", size="0.6", price="61000") == "balance"


def test_a_taker_pays_the_book_and_gets_back_what_it_locked_too_much() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(size="1.5", price="60500"))
    assert (record.status, record.filled, record.cost) == ("filled", D("1.5"), 60_001 + 30_001)
    assert stage.held("USDT") == (100_000 - 90_002, 0)
    assert stage.held("BTC") == (2 + D("1.5") * D("0.999"), 0)
    assert [one.price for one in record.executions] == [60_001, 60_002]
    assert {one.is_maker for one in record.executions} == {False}
    assert {one.commission_asset for one in record.executions} == {"BTC"}


def test_a_maker_is_filled_at_its_own_price_and_pays_in_quote_for_a_sale() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order("sell", "1", "60000.50"))
    stage.exchange.fill(record, D("0.4"))
    assert (record.status, record.filled) == ("partially_filled", D("0.4"))
    (execution,) = record.executions
    assert execution.is_maker
    assert execution.commission == D("0.4") * D("60000.50") * D("0.001")
    assert stage.held("BTC") == (1, D("0.6"))
    assert stage.held("USDT")[0] == 100_000 + execution.cost - execution.commission


def test_a_market_order_needs_what_the_book_asks_for_it() -> None:
    stage = Stage()
    assert refused(stage, size="1.7", price=None, kind="market") == "balance"
    record = stage.exchange.submit(stage.account, order(size="1.6", price=None, kind="market"))
    assert record.status == "filled"
    assert stage.held("USDT")[1] == 0


def test_fees_in_quote_are_locked_with_the_cost_where_a_venue_takes_them_so() -> None:
    stage = Stage(fees_held=D("0.01"))
    stage.exchange.submit(stage.account, order(size="1", price="59000"))
    assert stage.held("USDT") == (100_000 - 59_590, 59_590)
    assert refused(stage, size="1", price="40200") == "balance"


def test_a_deposit_is_told_with_the_new_balance() -> None:
    stage = Stage()
    stage.exchange.deposit(stage.account, "USDT", D(5))
    (event,) = stage.events
    assert (event.asset, event.amount, event.free) == ("USDT", 5, 100_005)  # type: ignore[union-attr]


def test_every_report_says_the_balances_that_it_left() -> None:
    stage = Stage()
    stage.exchange.submit(stage.account, order(size="0.5", price="60001"))
    new, trade = (event for event in stage.events if isinstance(event, Report))
    assert new.balances["USDT"] == (D("69999.5"), D("30000.5"))
    assert trade.balances["USDT"] == (D("69999.5"), 0)
    assert trade.balances["BTC"][0] == 2 + D("0.4995")


# -- orders ----------------------------------------------------------------------------------------


def test_a_post_only_order_that_would_take_is_refused_and_leaves_nothing() -> None:
    stage = Stage()
    assert refused(stage, size="0.1", price="60001", post_only=True) == "would_take"
    assert stage.account.orders == {}
    assert stage.held("USDT") == (100_000, 0)


def test_what_is_off_the_grid_is_refused() -> None:
    stage = Stage()
    assert refused(stage, price="59000.001") == "off_grid"
    assert refused(stage, size="0.000001") == "off_grid"


@pytest.mark.parametrize(("refuses_dry", "ends"), [(True, "no_liquidity"), (False, "expired")])
def test_a_market_order_into_nothing_is_refused_or_expires(refuses_dry: bool, ends: str) -> None:
    stage = Stage(refuses_dry=refuses_dry)
    stage.market.take("buy", D(70_000), D(10))
    terms = {"size": "0.1", "price": None, "kind": "market"}
    if refuses_dry:
        assert refused(stage, **terms) == ends
    else:
        record = stage.exchange.submit(stage.account, order(**terms))  # type: ignore[arg-type]
        assert (record.status, record.filled) == (ends, 0)


def test_what_is_left_of_an_ioc_order_expires_with_its_fills_kept() -> None:
    stage = Stage()
    record = stage.exchange.submit(
        stage.account, order(size="1.2", price="60001", time_in_force="ioc")
    )
    assert (record.status, record.filled) == ("expired", 1)
    assert stage.happened == ["new", "trade", "expired"]
    assert stage.held("USDT") == (39_999, 0)


def test_an_order_ends_at_its_time() -> None:
    stage = Stage()
    expires_ns = stage.clock.now_ns() + 60 * NANOS
    record = stage.exchange.submit(stage.account, order(time_in_force="gtd", expires_ns=expires_ns))
    stage.clock.pass_s(59)
    stage.exchange.advance()
    assert record.is_open
    stage.clock.pass_s(3600)
    stage.exchange.advance()
    assert (record.status, record.updated_ns) == ("expired", expires_ns)
    assert stage.held("USDT") == (100_000, 0)


def test_a_done_order_can_be_found_and_not_cancelled() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(client_id="mine"))
    stage.exchange.cancel(record)
    assert stage.account.by_client_id("mine") is record
    with pytest.raises(Refusal) as refusal:
        stage.exchange.cancel(record)
    assert refusal.value.kind == "unknown_order"


def test_an_open_order_is_found_before_one_that_is_done_of_the_same_id() -> None:
    stage = Stage()
    stage.exchange.cancel(stage.exchange.submit(stage.account, order(client_id="mine")))
    second = stage.exchange.submit(stage.account, order(client_id="mine"))
    stage.exchange.submit(stage.account, order(client_id="other"))
    assert stage.account.by_client_id("mine") is second


def test_own_orders_do_not_trade_with_each_other_by_the_takers_mode() -> None:
    stage = Stage()
    resting = stage.exchange.submit(stage.account, order(size="0.3", price="60000.50"))
    taker = stage.exchange.submit(
        stage.account, order("sell", "0.5", "60000.50", self_trade="expire_taker")
    )
    assert (taker.status, taker.filled, taker.extra["cause"]) == ("expired", 0, "self_trade")
    assert resting.is_open
    smaller = stage.exchange.submit(
        stage.account, order("sell", "0.2", "60000.50", self_trade="decrement")
    )
    assert (smaller.status, smaller.prevented) == ("expired", D("0.2"))
    assert (resting.left, resting.prevented) == (D("0.1"), D("0.2"))
    assert stage.held("USDT")[1] == D("0.1") * D("60000.50")


# -- stops -----------------------------------------------------------------------------------------


def test_a_stop_waits_until_the_market_trades_there() -> None:
    stage = Stage()
    record = stage.exchange.submit(
        stage.account, order("sell", "1", "59000", kind="stop_limit", stop_price=D(59_500))
    )
    assert (record.waits_for_stop, record.working_ns) == (True, 0)
    assert stage.held("BTC") == (1, 1)
    stage.market.take("sell", D(59_000), D(10))
    stage.market.print_trade(D(59_400), D("0.1"))
    assert record.is_triggered
    assert stage.happened == ["new", "triggered"]
    assert stage.market.asks(1) == [(59_000, 1)]


def test_a_stop_that_trails_follows_the_market() -> None:
    stage = Stage()
    record = stage.exchange.submit(
        stage.account, order("sell", "1", None, kind="trailing_stop", trail_ppm=10_000)
    )
    stage.market.take("buy", D(61_000), D(10))
    stage.market.place("buy", D(60_500), D(5))
    stage.market.print_trade(D(70_000), D("0.1"))
    stage.market.take("sell", D(60_500), D("0.1"))
    assert record.status == "filled"
    assert record.average_price == 60_500


# -- amends ----------------------------------------------------------------------------------------


def test_a_smaller_size_keeps_its_place_and_frees_what_it_locked() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(size="0.5", price="59999"))
    ahead = stage.market.sim.engine.bids.orders_at(5_999_900)[0]
    stage.exchange.amend(record, size=D("0.2"), client_id="renamed")
    assert record.extra["kept_priority"]
    assert (record.size, record.client_id) == (D("0.2"), "renamed")
    assert stage.held("USDT")[1] == D("0.2") * 59_999
    queue = stage.market.sim.engine.bids.orders_at(5_999_900)
    assert [one.order_id for one in queue] == [ahead.order_id, record.number]
    (amend,) = record.amends
    assert (amend.old_size, amend.new_size, amend.old_client_id) == (D("0.5"), D("0.2"), "")


def test_another_price_loses_the_place_and_may_trade_at_once() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(size="0.5", price="59000"))
    stage.exchange.amend(record, price=D(60_001))
    assert record.status == "filled"
    assert stage.happened == ["new", "amended", "trade"]


def test_the_stop_of_a_stop_limit_order_can_be_moved() -> None:
    stage = Stage()
    record = stage.exchange.submit(
        stage.account, order("sell", "1", "59000", kind="stop_limit", stop_price=D(59_500))
    )
    stage.exchange.amend(record, stop_price=D(59_200))
    stage.market.take("sell", D(59_900), D(10))
    stage.market.print_trade(D(59_400), D("0.1"))
    assert record.waits_for_stop
    stage.market.print_trade(D(59_200), D("0.1"))
    assert record.is_triggered
    assert stage.held("BTC") == (1, 1)


def test_an_amend_that_cannot_be_is_refused_and_changes_nothing() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order("sell", "1", "60000.50"))
    stage.exchange.fill(record, D("0.4"))
    for terms, kind in (
        ({"size": D("0.4")}, "size_filled"),
        ({"size": D("2.5")}, "balance"),
        ({"price": D("60000.501")}, "off_grid"),
    ):
        with pytest.raises(Refusal) as refusal:
            stage.exchange.amend(record, **terms)
        assert refusal.value.kind == kind
    assert (record.size, record.price, record.amends) == (1, D("60000.50"), [])


# -- linked orders ---------------------------------------------------------------------------------


def linked(stage: Stage) -> tuple[object, object]:
    stop = order("sell", "2", "58000", kind="stop_limit", stop_price=D(59_000), link="pair")
    profit = order("sell", "2", "61000", link="pair")
    submit = stage.exchange.submit
    return submit(stage.account, stop), submit(stage.account, profit)


def test_linked_orders_lock_their_balance_once() -> None:
    stage = Stage()
    linked(stage)
    assert stage.held("BTC") == (0, 2)


def test_a_trade_of_one_linked_order_cancels_the_other() -> None:
    stage = Stage()
    stop, profit = linked(stage)
    stage.exchange.fill(profit, D("0.5"))  # type: ignore[arg-type]
    assert stop.status == "canceled"  # type: ignore[attr-defined]
    assert stage.held("BTC") == (0, D("1.5"))
    assert stage.happened == ["new", "new", "trade", "canceled"]


def test_a_cancel_of_one_linked_order_cancels_both() -> None:
    stage = Stage()
    stop, profit = linked(stage)
    stage.exchange.cancel(profit)  # type: ignore[arg-type]
    assert stop.status == "canceled"  # type: ignore[attr-defined]
    assert stage.held("BTC") == (2, 0)


def test_an_order_that_is_held_comes_when_it_is_released() -> None:
    stage = Stage()
    record = stage.exchange.hold(stage.account, order("sell", "1", "61000"))
    assert (record.status, stage.held("BTC")) == ("pending", (2, 0))
    stage.exchange.release(record)
    assert (record.status, stage.held("BTC")) == ("new", (1, 1))
    dropped = stage.exchange.hold(stage.account, order("sell", "1", "61000"))
    stage.exchange.cancel(dropped)
    assert dropped.status == "canceled"


def test_a_held_order_that_cannot_come_expires() -> None:
    stage = Stage()
    record = stage.exchange.hold(stage.account, order("sell", "3", "61000"))
    with pytest.raises(Refusal):
        stage.exchange.release(record)
    assert record.status == "expired"
    assert stage.happened == ["expired"]


# -- lies ------------------------------------------------------------------------------------------


def test_a_forged_fill_is_told_of_an_order_that_is_done() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order("sell", "1", "61000"))
    stage.exchange.cancel(record)
    stage.exchange.forge_fill(record, D("0.3"))
    assert (record.status, record.filled) == ("canceled", D("0.3"))
    assert record.executions[0].trade_id > FIRST_FORGED_ID
    assert stage.happened == ["new", "canceled", "trade"]
    assert stage.held("BTC") == (D("1.7"), 0)


def test_a_fill_trades_what_stands_before_the_order_first() -> None:
    stage = Stage()
    record = stage.exchange.submit(stage.account, order(size="0.5", price="59998"))
    stage.exchange.fill(record, D("0.2"))
    assert record.filled == D("0.2")
    assert stage.market.best().bid == 59_998


# -- time ------------------------------------------------------------------------------------------


async def test_a_crowd_trades_while_time_passes(autojump_clock: object) -> None:
    exchange = SpotExchange([LISTING], clock=TrioClock(START_NS), seed=5)
    market = exchange.markets[SYMBOL]
    trades: list[int] = []
    market.on_trade.append(lambda market, trade: trades.append(trade.trade_id))
    before = market.tape.last_id
    async with trio.open_nursery() as nursery:
        await nursery.start(exchange.run)
        await trio.sleep(120)
        nursery.cancel_scope.cancel()
    assert len(trades) > 20
    assert trades == list(range(before + 1, before + 1 + len(trades)))
