"""One battery that states what every broker must do.

A broker's own tests call it with a maker of harnesses; every part gets a fresh one::

    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        async with trio.open_nursery() as nursery:
            broker = open_broker(BrokerSettings(name="sim", clock=TrioClock(START_NS)))
            await nursery.start(broker.run)
            yield Harness(broker=broker, fqme="btcusdt.spot.sim", account=ACCOUNT)
            nursery.cancel_scope.cancel()

    async def test_keeps_every_promise_of_the_port(autojump_clock):
        await check_broker(make)

Which parts apply is told by the broker's capability flags. A failure carries the name of its
part as a note.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import trio

from engine.broker import Broker, Capabilities, TradingClient
from engine.clock import NANOS
from engine.errors import BrokerError, NotSupported, OrderRejected, UnknownSymbol
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    AccountInfo,
    Amended,
    Ask,
    Bid,
    Book,
    Break,
    Canceled,
    Expired,
    Filled,
    Order,
    OrderEvent,
    Playback,
    Quote,
    Rejected,
    RequestRefused,
    Side,
    Tick,
    Trade,
)

PAGE = 100
"""Bars asked for at once."""


@dataclass(kw_only=True)
class Harness:
    """A running broker and what the battery may do with it."""

    broker: Broker
    fqme: str
    """A market to look at and to trade."""
    account: AccountInfo | None = None
    """An account to trade with; None leaves the trading parts out."""
    advance: Callable[[float], Awaitable[None]] = trio.sleep
    """Let this many seconds of market go by."""
    instrument: Instrument | None = None
    """Of `fqme`, where the broker itself serves no market data."""
    quote: Callable[[], Quote] | None = None
    """The present of `fqme`, where the broker itself serves no market data."""
    patience_s: float = 30.0
    """Seconds of market that an answer or the next tick may take."""

    @property
    def capabilities(self) -> Capabilities:
        return self.broker.capabilities

    async def get_instrument(self) -> Instrument:
        return self.instrument or await self.broker.instrument(self.fqme)

    async def get_quote(self) -> Quote:
        if self.quote is not None:
            return self.quote()
        async with _open_stream(self) as stream:
            return stream.quote

    async def wait_for(self, what: str, found: Callable[[], Any]) -> Any:
        """What `found` returns once that is true; fails when it does not become so in time."""
        step_s, waited_s = 0.25, 0.0
        while not (value := found()):
            assert waited_s < self.patience_s, f"no {what} within {self.patience_s} s of market"
            await self.advance(step_s)
            waited_s += step_s
        return value


MakeHarness = Callable[[], AbstractAsyncContextManager[Harness]]
Part = Callable[[Harness], Awaitable[None]]


async def check_broker(make: MakeHarness, *, leave_out: Iterable[str] = ()) -> None:
    """Run every part whose capability the broker declares, each on a fresh harness.

    `leave_out` names parts (see `PARTS`) that make no sense for this harness; the caller says
    why beside it.
    """
    left_out = set(leave_out)
    assert left_out <= PARTS.keys(), f"no such part: {sorted(left_out - PARTS.keys())}"
    for name, (applies, part) in PARTS.items():
        if name in left_out:
            continue
        try:
            async with make() as harness:
                if applies(harness):
                    await part(harness)
        except BaseException as error:
            error.add_note(f"while checking that the broker {name.replace('_', ' ')}")
            raise


# -- always -----------------------------------------------------------------------------------


async def _tells_its_name_and_time(harness: Harness) -> None:
    broker = harness.broker
    assert broker.name
    before = broker.now_ns()
    assert isinstance(before, int)
    await harness.advance(1.0)
    assert broker.now_ns() >= before
    info = broker.capabilities.info(broker.name)
    assert info.name == broker.name
    assert info.can_play == (broker.playback() is not None)


async def _raises_not_supported_for_what_its_flags_deny(harness: Harness) -> None:
    broker, flags = harness.broker, harness.capabilities
    if not flags.has_market_data:
        await _expect(NotSupported, partial(broker.instrument, harness.fqme))
        await _expect(NotSupported, partial(broker.stream, harness.fqme, _ignore_ticks))
    if not flags.can_search:
        await _expect(NotSupported, partial(broker.search, "x", 10))
    if not flags.has_history:
        await _expect(NotSupported, partial(broker.history, harness.fqme, 60, broker.now_ns(), 10))
        assert not broker.native_periods(harness.fqme)
    if not flags.can_play:
        await _expect(
            NotSupported, partial(_call, broker.play, Playback(broker=broker.name, action="pause"))
        )
    if not flags.can_trade:
        account = AccountInfo(name="nobody", broker=broker.name)
        await _expect(NotSupported, partial(_enter, partial(broker.open_client, account, print)))
        assert not flags.order_types
        assert not flags.can_amend


# -- market data --------------------------------------------------------------------------------


async def _describes_its_market(harness: Harness) -> None:
    instrument = await harness.broker.instrument(harness.fqme)
    assert instrument.fqme == harness.fqme
    assert instrument.price_tick > 0
    assert instrument.size_step > 0
    assert instrument.multiplier > 0
    assert instrument.base
    assert instrument.quote
    assert instrument.min_size >= 0


async def _says_which_market_it_does_not_know(harness: Harness) -> None:
    broker = harness.broker
    unknown = f"nosuchthing.spot.{broker.name}"
    await _expect(UnknownSymbol, partial(broker.instrument, unknown))
    await _expect(UnknownSymbol, partial(broker.stream, unknown, _ignore_ticks))


async def _streams_a_quote_then_ticks(harness: Harness) -> None:
    instrument = await harness.broker.instrument(harness.fqme)
    async with _open_stream(harness) as stream:
        assert not stream.batches_before_quote, "ticks before started(quote)"
        assert stream.quote.fqme == harness.fqme
        assert math.isfinite(stream.quote.last)
        await harness.wait_for("ticks", lambda: len(stream.ticks) >= 20)
        await harness.wait_for("trade", lambda: any(isinstance(t, Trade) for t in stream.ticks))
        now_ns = harness.broker.now_ns()
    _check_ticks(stream.ticks, harness.fqme, instrument, now_ns)


async def _keeps_bid_below_ask(harness: Harness) -> None:
    best: dict[type, float] = {}
    crossed = 0
    async with _open_stream(harness) as stream:
        await harness.wait_for("ticks", lambda: len(stream.ticks) >= 50)
    for batch in stream.batches:
        for tick in batch:
            if isinstance(tick, Bid | Ask):
                best[type(tick)] = tick.price if tick.size > 0 else math.nan
        crossed += best.get(Bid, math.nan) >= best.get(Ask, math.nan)
    assert crossed == 0, f"{crossed} batches left the market crossed"


async def _stops_a_stream_when_cancelled_and_opens_it_again(harness: Harness) -> None:
    async with _open_stream(harness) as first:
        await harness.wait_for("tick", lambda: first.ticks)
    seen = len(first.ticks)
    async with _open_stream(harness) as second:
        await harness.wait_for("tick", lambda: second.ticks)
    assert len(first.ticks) == seen, "a cancelled stream went on"


# -- search ---------------------------------------------------------------------------------------


async def _finds_its_market(harness: Harness) -> None:
    broker = harness.broker
    everything = await broker.search("", 1000)
    assert harness.fqme in [match.fqme for match in everything]
    assert len({match.fqme for match in everything}) == len(everything)
    assert all(match.broker == broker.name for match in everything)
    symbol = harness.fqme.split(".")[0]
    assert harness.fqme in [match.fqme for match in await broker.search(symbol, 10)]
    assert len(await broker.search("", 1)) == 1
    for hostile in ("\x1b[2J", "a" * 5000, "*?[](", "\u202e"):
        assert len(await broker.search(hostile, 5)) <= 5


# -- history --------------------------------------------------------------------------------------


async def _serves_history_in_pages_that_join(harness: Harness) -> None:
    broker = harness.broker
    await harness.advance(5.0)
    periods = list(broker.native_periods(harness.fqme))
    assert periods == sorted(set(periods))
    assert periods
    for period_s in periods:
        end_ns = broker.now_ns()
        page = await broker.history(harness.fqme, period_s, end_ns, PAGE)
        _check_bars(page.columns, period_s, end_ns, broker.now_ns())
        if not page.has_more:
            continue
        first_ns = int(page.columns.time_ns[0])
        older = await broker.history(harness.fqme, period_s, first_ns, PAGE)
        assert len(older.columns), "has_more, and then nothing"
        _check_bars(older.columns, period_s, first_ns, broker.now_ns())
        again = await broker.history(harness.fqme, period_s, first_ns, PAGE)
        assert np.array_equal(older.columns.close, again.columns.close), "history changed"


async def _refuses_periods_it_does_not_have(harness: Harness) -> None:
    broker = harness.broker
    periods = broker.native_periods(harness.fqme)
    odd = next(period for period in (7, 11, 13) if period not in periods)
    await _expect(NotSupported, partial(broker.history, harness.fqme, odd, broker.now_ns(), 10))


# -- trading --------------------------------------------------------------------------------------


async def _fills_a_market_order(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        since_ns = harness.broker.now_ns()
        order = desk.order("buy", order_type="market")
        await desk.submit(order)
        await harness.wait_for("fill", lambda: desk.filled(order) >= order.size)
        assert desk.filled(order) == order.size
        fills = [f for f in await desk.client.fills(since_ns) if f.order_id == order.order_id]
        assert sum(fill.size for fill in fills) == order.size
        assert len({fill.trade_id for fill in fills}) == len(fills)
        assert all(fill.side == "buy" and fill.price > 0 for fill in fills)
        assert all(desk.instrument.is_on_step(fill.size) for fill in fills)
        if harness.capabilities.has_positions:
            positions = {p.fqme: p for p in await desk.client.positions()}
            assert positions[harness.fqme].size == order.size
        assert order.order_id not in [o.order_id for o in await desk.client.open_orders()]
        assert isinstance(await desk.client.balances(), Mapping)
        later_ns = max(fill.venue_ns for fill in fills) + 1
        later = [fill.order_id for fill in await desk.client.fills(later_ns)]
        assert order.order_id not in later


async def _fills_a_limit_order_at_its_price_or_better(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", price=desk.far("sell", share=0.02))
        await desk.submit(order)
        await harness.wait_for("fill", lambda: desk.filled(order) >= order.size)
        assert order.price is not None
        fills = desk.of(order, Filled)
        assert all(fill.price <= order.price for fill in fills)
        assert all(fill.liquidity in ("maker", "taker", "") for fill in fills)
        assert all(fill.fee.is_finite() and (fill.fee == 0 or fill.fee_asset) for fill in fills)
        assert len(desk.of(order, Accepted)) == 1


async def _lets_a_far_stop_sleep(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", order_type="stop", stop_price=desk.far("sell"))
        await desk.submit(order)
        await desk.wait(order, Accepted)
        await harness.advance(2.0)
        working = {o.order_id: o for o in await desk.client.open_orders()}
        assert working[order.order_id].stop_price == order.stop_price
        assert desk.filled(order) == 0
        await desk.client.cancel(order)
        await desk.wait(order, Canceled)


async def _refuses_to_cancel_what_is_filled(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("sell", order_type="market")
        await desk.submit(order)
        await harness.wait_for("fill", partial(_is_filled, desk, order))
        await desk.expect_refusal(order, partial(desk.client.cancel, order))
        assert not desk.of(order, Canceled)


async def _rests_a_far_order_and_cancels_it(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", price=desk.far("buy"))
        await desk.submit(order)
        await desk.wait(order, Accepted)
        working = {o.order_id: o for o in await desk.client.open_orders()}
        assert working[order.order_id].price == order.price
        assert working[order.order_id].remaining == order.size
        await desk.client.cancel(order)
        await desk.wait(order, Canceled)
        assert order.order_id not in [o.order_id for o in await desk.client.open_orders()]
        assert desk.filled(order) == 0


async def _refuses_to_cancel_what_it_does_not_have(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", price=desk.far("buy"))
        await desk.expect_refusal(order, partial(desk.client.cancel, order))


async def _amends_price_and_size(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", price=desk.far("buy"), lots=4)
        await desk.submit(order)
        await desk.wait(order, Accepted)
        price = desk.far("buy", share=0.11)
        size = desk.size(lots=3)
        await desk.client.amend(order, price, size)
        amended = await desk.wait(order, Amended)
        assert (amended.price, amended.size) == (price, size)
        working = {o.order_id: o for o in await desk.client.open_orders()}
        assert working[order.order_id].price == price
        assert working[order.order_id].size == size
        await desk.client.cancel(order)
        await desk.wait(order, Canceled)


async def _ends_the_rest_of_an_immediate_order(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        kinds = harness.capabilities.times_in_force & {"ioc", "fok"}
        for kind in sorted(kinds):
            order = desk.order("buy", price=desk.far("buy"), time_in_force=kind)
            await desk.submit(order)
            await desk.wait(order, Expired, Canceled, Rejected)
            assert desk.filled(order) == 0
            assert order.order_id not in [o.order_id for o in await desk.client.open_orders()]


async def _refuses_a_post_only_order_that_would_take(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", price=desk.far("sell"), post_only=True)
        await desk.submit(order)
        await desk.wait(order, Rejected)
        assert desk.filled(order) == 0


async def _refuses_prices_and_sizes_off_the_grid(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        half_tick = desk.far("buy") + desk.instrument.price_tick / 2
        for order in (
            desk.order("buy", price=half_tick),
            desk.order("buy", price=desk.far("buy"), size=desk.instrument.size_step / 2),
            desk.order("buy", price=desk.far("buy"), size=Decimal(0)),
        ):
            await desk.submit(order)
            await desk.wait(order, Rejected)


async def _trades_one_order_id_at_most_once(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        order = desk.order("buy", order_type="market")
        await desk.submit(order)
        await harness.wait_for("fill", lambda: desk.filled(order) >= order.size)
        await desk.submit(order)
        await harness.advance(2.0)
        assert desk.filled(order) == order.size
        since = await desk.client.fills(0)
        assert sum(f.size for f in since if f.order_id == order.order_id) == order.size


async def _reports_a_sale_that_closes_the_position(harness: Harness) -> None:
    async with _open_desk(harness) as desk:
        for side in ("buy", "sell"):
            order = desk.order(side, order_type="market")
            await desk.submit(order)
            await harness.wait_for("fill", partial(_is_filled, desk, order))
        if harness.capabilities.has_positions:
            held = [p.size for p in await desk.client.positions() if p.fqme == harness.fqme]
            assert sum(held) == 0


# -- playback -------------------------------------------------------------------------------------


async def _pauses_and_goes_on(harness: Harness) -> None:
    async with _open_stream(harness):
        await harness.advance(1.0)
        _play(harness, "pause")
        await harness.advance(0.5)
        stood = _position(harness)
        await harness.advance(2.0)
        assert _position(harness) == stood
        assert harness.broker.now_ns() >= stood
        _play(harness, "resume")
        await harness.wait_for("progress", lambda: _position(harness) > stood)


async def _seeks_back_and_says_so_in_the_stream(harness: Harness) -> None:
    async with _open_stream(harness) as stream:
        await harness.advance(3.0)
        before = _position(harness)
        _play(harness, "seek", -2.0)
        await harness.wait_for(
            "Break of the seek",
            lambda: [t for t in stream.ticks if isinstance(t, Break) and t.reason == "seek"],
        )
        (moved,) = (t for t in stream.ticks if isinstance(t, Break) and t.reason == "seek")
        assert moved.venue_ns <= before - NANOS


async def _steps_while_paused(harness: Harness) -> None:
    async with _open_stream(harness):
        _play(harness, "pause")
        await harness.advance(0.5)
        stood = _position(harness)
        _play(harness, "step", 200.0)
        await harness.wait_for("progress", lambda: _position(harness) > stood)
        playback = harness.broker.playback()
        assert playback is not None
        assert playback.is_paused
        assert playback.start_ns <= playback.position_ns <= playback.end_ns


# -- which part runs when -------------------------------------------------------------------------


def _always(harness: Harness) -> bool:
    return True


def _has(flag: str) -> Callable[[Harness], bool]:
    return lambda harness: bool(getattr(harness.capabilities, flag))


def _trades(
    *, order_type: str = "limit", flag: str = "can_trade", time_in_force: str = ""
) -> Callable[[Harness], bool]:
    def applies(harness: Harness) -> bool:
        flags = harness.capabilities
        return (
            flags.can_trade
            and harness.account is not None
            and order_type in flags.order_types
            and bool(getattr(flags, flag))
            and (not time_in_force or time_in_force in flags.times_in_force)
        )

    return applies


PARTS: dict[str, tuple[Callable[[Harness], bool], Part]] = {
    "tells_its_name_and_time": (_always, _tells_its_name_and_time),
    "raises_not_supported_for_what_its_flags_deny": (
        _always,
        _raises_not_supported_for_what_its_flags_deny,
    ),
    "describes_its_market": (_has("has_market_data"), _describes_its_market),
    "says_which_market_it_does_not_know": (
        _has("has_market_data"),
        _says_which_market_it_does_not_know,
    ),
    "streams_a_quote_then_ticks": (_has("has_market_data"), _streams_a_quote_then_ticks),
    "keeps_bid_below_ask": (_has("has_market_data"), _keeps_bid_below_ask),
    "stops_a_stream_when_cancelled_and_opens_it_again": (
        _has("has_market_data"),
        _stops_a_stream_when_cancelled_and_opens_it_again,
    ),
    "finds_its_market": (_has("can_search"), _finds_its_market),
    "serves_history_in_pages_that_join": (
        _has("has_history"),
        _serves_history_in_pages_that_join,
    ),
    "refuses_periods_it_does_not_have": (_has("has_history"), _refuses_periods_it_does_not_have),
    "fills_a_market_order": (_trades(order_type="market"), _fills_a_market_order),
    "fills_a_limit_order_at_its_price_or_better": (
        _trades(),
        _fills_a_limit_order_at_its_price_or_better,
    ),
    "lets_a_far_stop_sleep": (_trades(order_type="stop"), _lets_a_far_stop_sleep),
    "refuses_to_cancel_what_is_filled": (
        _trades(order_type="market"),
        _refuses_to_cancel_what_is_filled,
    ),
    "rests_a_far_order_and_cancels_it": (_trades(), _rests_a_far_order_and_cancels_it),
    "refuses_to_cancel_what_it_does_not_have": (
        _trades(),
        _refuses_to_cancel_what_it_does_not_have,
    ),
    "amends_price_and_size": (_trades(flag="can_amend"), _amends_price_and_size),
    "ends_the_rest_of_an_immediate_order": (
        _trades(time_in_force="ioc"),
        _ends_the_rest_of_an_immediate_order,
    ),
    "refuses_a_post_only_order_that_would_take": (
        _trades(flag="can_post_only"),
        _refuses_a_post_only_order_that_would_take,
    ),
    "refuses_prices_and_sizes_off_the_grid": (_trades(), _refuses_prices_and_sizes_off_the_grid),
    "trades_one_order_id_at_most_once": (
        _trades(order_type="market"),
        _trades_one_order_id_at_most_once,
    ),
    "reports_a_sale_that_closes_the_position": (
        _trades(order_type="market"),
        _reports_a_sale_that_closes_the_position,
    ),
    "pauses_and_goes_on": (_has("can_play"), _pauses_and_goes_on),
    "seeks_back_and_says_so_in_the_stream": (
        _has("can_play"),
        _seeks_back_and_says_so_in_the_stream,
    ),
    "steps_while_paused": (_has("can_play"), _steps_while_paused),
}
"""What the broker does: when that applies, and how it is seen."""


# -- helpers --------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Stream:
    quote: Quote
    batches: list[Sequence[Tick]] = field(default_factory=list)
    batches_before_quote: int = 0

    @property
    def ticks(self) -> list[Tick]:
        return [tick for batch in self.batches for tick in batch]


@asynccontextmanager
async def _open_stream(harness: Harness) -> AsyncIterator[_Stream]:
    batches: list[Sequence[Tick]] = []
    before_quote = 0

    def sink(fqme: str, ticks: Sequence[Tick]) -> None:
        assert fqme == harness.fqme
        batches.append(tuple(ticks))

    async def run(*, task_status: trio.TaskStatus[Quote]) -> None:
        class Started:
            def started(self, quote: Quote) -> None:
                nonlocal before_quote
                before_quote = len(batches)
                task_status.started(quote)

        await harness.broker.stream(harness.fqme, sink, task_status=Started())  # type: ignore[arg-type]

    async with trio.open_nursery() as nursery:
        quote = await nursery.start(run)
        yield _Stream(quote=quote, batches=batches, batches_before_quote=before_quote)
        nursery.cancel_scope.cancel()


def _check_ticks(ticks: Sequence[Tick], fqme: str, instrument: Instrument, now_ns: int) -> None:
    received = 0
    for tick in ticks:
        assert tick.fqme == fqme
        assert tick.venue_ns > 0
        assert received <= tick.recv_ns <= now_ns, "recv_ns goes back, or lies in the future"
        received = tick.recv_ns
        match tick:
            case Trade():
                _check_level(tick.price, tick.size, instrument)
                assert tick.size > 0
                assert tick.count >= 1
            case Bid() | Ask():
                _check_level(tick.price, tick.size, instrument)
            case Book():
                for price, size in (*tick.bids, *tick.asks):
                    _check_level(price, size, instrument)


def _check_level(price: float, size: float, instrument: Instrument) -> None:
    assert math.isfinite(price)
    assert math.isfinite(size)
    assert size >= 0
    if size:
        off = abs(price - float(instrument.round_price(price)))
        assert off <= 1e-9 * max(1.0, abs(price)), f"{price} is not on the tick grid"


def _check_bars(columns: Any, period_s: int, end_ns: int, now_ns: int) -> None:
    assert len(columns) <= PAGE
    if not len(columns):
        return
    period_ns = period_s * NANOS
    assert (np.diff(columns.time_ns) > 0).all(), "bars are not in order of time"
    assert (columns.time_ns % period_ns == 0).all(), "bars do not start on their period"
    assert columns.time_ns[-1] < end_ns
    assert columns.time_ns[-1] + period_ns <= now_ns, "the last bar is still open"
    for name in ("open", "high", "low", "close", "volume", "trades"):
        assert np.isfinite(getattr(columns, name)).all(), f"{name} is not finite"
    assert (columns.low <= np.minimum(columns.open, columns.close)).all()
    assert (columns.high >= np.maximum(columns.open, columns.close)).all()
    assert (columns.volume >= 0).all()


class _Desk:
    """Orders of the battery and what was reported of them."""

    def __init__(self, harness: Harness, instrument: Instrument, quote: Quote) -> None:
        assert harness.account is not None
        self.harness = harness
        self.account = harness.account
        self.instrument = instrument
        self.quote = quote
        self.client: TradingClient
        self.events: list[OrderEvent] = []
        self._made = 0

    def order(
        self, side: Side, *, lots: int = 1, size: Decimal | None = None, **fields: Any
    ) -> Order:
        self._made += 1
        return Order(
            order_id=f"check-{self._made}",
            account=self.account.name,
            fqme=self.harness.fqme,
            side=side,
            order_type=fields.pop("order_type", "limit"),
            size=self.size(lots) if size is None else size,
            created_ns=self.harness.broker.now_ns(),
            **fields,
        )

    def size(self, lots: int) -> Decimal:
        """`lots` times the least size that may trade here."""
        instrument = self.instrument
        # Twice the least notional: a far order's price is lower than the market's.
        price = Decimal(str(abs(self.quote.last) or 1.0))
        least = 2 * instrument.min_notional / (price * instrument.multiplier)
        steps = -(-max(instrument.min_size, least) // instrument.size_step)
        return max(steps, Decimal(1)) * instrument.size_step * lots

    def far(self, side: Side, share: float = 0.1) -> Decimal:
        """A price that far below the market for a buy, above it for a sell."""
        factor = 1 - share if side == "buy" else 1 + share
        return self.instrument.round_price(self.quote.last * factor)

    async def submit(self, order: Order) -> None:
        try:
            await self.client.submit(order, self.instrument)
        except OrderRejected as error:
            self.events.append(Rejected(order_id=order.order_id, reason=str(error)))

    def of(self, order: Order, *kinds: type) -> list[Any]:
        return [
            event
            for event in self.events
            if event.order_id == order.order_id and isinstance(event, kinds)
        ]

    async def wait(self, order: Order, *kinds: type) -> Any:
        names = " or ".join(kind.__name__ for kind in kinds)
        return (await self.harness.wait_for(names, lambda: self.of(order, *kinds)))[-1]

    def filled(self, order: Order) -> Decimal:
        return sum((event.size for event in self.of(order, Filled)), Decimal(0))

    async def expect_refusal(self, order: Order, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        except OrderRejected:
            return
        await self.wait(order, RequestRefused)


@asynccontextmanager
async def _open_desk(harness: Harness) -> AsyncIterator[_Desk]:
    desk = _Desk(harness, await harness.get_instrument(), await harness.get_quote())
    async with harness.broker.open_client(desk.account, desk.events.append) as client:
        desk.client = client
        yield desk


def _is_filled(desk: _Desk, order: Order) -> bool:
    return desk.filled(order) >= order.size


def _play(harness: Harness, action: Any, value: float = 0.0) -> None:
    harness.broker.play(Playback(broker=harness.broker.name, action=action, value=value))


def _position(harness: Harness) -> int:
    playback = harness.broker.playback()
    assert playback is not None
    return playback.position_ns


def _ignore_ticks(fqme: str, ticks: Sequence[Tick]) -> None:
    pass


async def _call(function: Callable[..., Any], *arguments: Any) -> None:
    function(*arguments)


async def _enter(make: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
    async with make():
        pass


async def _expect(kind: type[BrokerError], call: Callable[[], Awaitable[Any]]) -> None:
    """The call raises exactly this kind of error; an error inside a group counts."""
    try:
        with trio.fail_after(60):
            await call()
    except BaseException as error:
        found: BaseException = error
        while isinstance(found, BaseExceptionGroup) and len(found.exceptions) == 1:
            found = found.exceptions[0]
        if not isinstance(found, kind):
            raise
        assert str(found), "an error without a message"
        return
    raise AssertionError(f"{kind.__name__} was not raised")
