"""What of the limits over time is used: what is sent, and what a day costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.clock import NANOS
from engine.ems.blotter import Blotter
from engine.ems.limits import RiskLimits
from engine.ems.orders import new_order
from engine.ems.usage import Usage, amount_text
from engine.instruments import Instrument
from engine.messages import Filled, Quote, Submit

D = Decimal
NOW_NS = 1_700_000_000 * NANOS


def market(fqme: str, base: str, quote: str, **fields: Any) -> Instrument:
    return Instrument(
        fqme=fqme,
        symbol=fqme,
        base=base,
        quote=quote,
        price_tick=D("0.01"),
        size_step=D("0.01"),
        **fields,
    )


BTC = market("btcusd.spot.x", "btc", "usd")
XBT = market("xbtusd.swap.x", "btc", "usd", is_inverse=True)
BNB = market("bnbusd.spot.x", "bnb", "usd")


class Bench:
    """One account that trades, in markets with prices."""

    def __init__(self) -> None:
        self.blotter = Blotter()
        self.quotes: dict[str, Quote] = {}
        self.wall_ns = NOW_NS
        self.made = 0
        self.usage = Usage(
            blotter=self.blotter,
            quote_of=self.quotes.get,
            now_ns=lambda fqme: NOW_NS,
            wall_ns=lambda: self.wall_ns,
        )

    def trade(self, instrument: Instrument, size: str, price: str, **fee: Any) -> None:
        self.made += 1
        self.blotter.keep_instrument(instrument)
        side = "sell" if D(size) < 0 else "buy"
        submit = Submit(
            order_id=f"o{self.made}",
            account="main",
            fqme=instrument.fqme,
            side=side,  # type: ignore[arg-type]
            order_type="market",
            size=abs(D(size)),
        )
        self.blotter.add(new_order(submit, NOW_NS))
        self.blotter.fold(
            Filled(
                order_id=submit.order_id,
                trade_id=f"t{self.made}",
                price=D(price),
                size=abs(D(size)),
                **fee,
            ),
            NOW_NS,
        )

    def quote(self, instrument: Instrument, bid: float | None, ask: float | None) -> None:
        last = bid or ask or 1.0
        self.quotes[instrument.fqme] = Quote(fqme=instrument.fqme, last=last, bid=bid, ask=ask)

    def loss(self, currency: str = "usd") -> Decimal | None:
        return self.usage.loss_of_day(("main",), currency)


def test_what_is_held_is_worth_what_it_could_be_closed_at() -> None:
    bench = Bench()
    bench.trade(BTC, "2", "100")
    bench.quote(BTC, 98, 99)
    long = bench.loss()
    bench.trade(BTC, "-3", "100")
    bench.quote(BTC, 101, 103)

    assert (long, bench.loss()) == (4, 3)
    assert bench.loss("USD") == 3


def test_realised_open_and_fees_come_together_and_a_profit_is_negative() -> None:
    bench = Bench()
    bench.trade(BTC, "2", "100", fee=D(1), fee_asset="usd")
    bench.trade(BTC, "-1", "110", fee=D(1), fee_asset="usd")
    bench.quote(BTC, 105, 106)

    assert bench.loss() == -13


def test_nothing_traded_costs_nothing_in_any_currency() -> None:
    assert Bench().loss("chf") == 0


def test_a_price_that_is_missing_makes_it_unknown() -> None:
    bench = Bench()
    bench.trade(BTC, "1", "100")
    assert bench.loss() is None
    bench.quote(BTC, 99, 100)
    assert bench.loss() == 1
    assert bench.loss("eur") is None


def test_fees_in_another_asset_count_as_what_that_is_worth() -> None:
    bench = Bench()
    bench.trade(BTC, "1", "100", fee=D("0.5"), fee_asset="bnb")
    bench.quote(BTC, 100, 101)
    assert bench.loss() is None
    bench.blotter.keep_instrument(BNB)
    bench.quote(BNB, 20, 21)

    assert bench.loss() == 10


def test_an_inverse_contract_costs_its_base() -> None:
    bench = Bench()
    bench.trade(XBT, "1000", "100")
    bench.quote(XBT, 50, 51)

    assert bench.loss("btc") == 10


@pytest.mark.parametrize(("passed_ns", "count"), [(0, 2), (NANOS - 1, 2), (NANOS, 0), (-1, 0)])
def test_what_was_sent_counts_for_a_second(passed_ns: int, count: int) -> None:
    bench = Bench()
    for _ in range(2):
        bench.usage.count_sent("main")
    bench.wall_ns += passed_ns

    assert bench.usage.in_last_second(("main", "other")) == count


def test_gauges_show_the_limits_that_are_stated() -> None:
    bench = Bench()
    bench.trade(BTC, "1", "100")
    limits = RiskLimits(
        max_day_loss=D(50), loss_currency="usd", max_orders_per_day=9, max_open_orders=3
    )
    gauges = bench.usage.gauges("main", limits)

    assert bench.usage.gauges("main", RiskLimits()) == ()
    assert bench.usage.gauges("main", None) == ()
    assert [(gauge.check, gauge.value, gauge.limit, gauge.unit) for gauge in gauges] == [
        ("max_day_loss", None, 50, "usd"),
        ("max_orders_per_day", 1, 9, ""),
        ("max_open_orders", 0, 3, ""),
    ]


def test_an_amount_is_shown_to_eight_decimals() -> None:
    assert amount_text(D(1) / D(3)) == "0.33333333"
    assert amount_text(D("12.50")) == "12.5"
