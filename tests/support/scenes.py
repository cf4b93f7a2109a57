"""Scenes for the deck: the same markets, orders and moment every time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from engine.config import DeckConfig
from engine.feed.book_state import BookState
from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    Alert,
    AlertUpdate,
    Algo,
    AlgoUpdate,
    BracketTerms,
    ConnectionStatus,
    Disagreement,
    Event,
    Fill,
    FillReport,
    FlumeFailed,
    Gauge,
    GuardsUpdate,
    JournalUpdate,
    Match,
    OcoTerms,
    Order,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
    Searched,
    SearchResults,
    TwapTerms,
)
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink, market
from tui.app import DeckApp
from tui.paint.theme import Depth

BTC = "btcusdt.spot.sim"
ETH = "ethusdt.spot.sim"
WATCH = tuple(market.fqme for market in MARKETS)


def deck(
    link: ScriptedLink | None = None,
    *,
    watch: tuple[str, ...] = WATCH,
    theme: str = "night",
    depth: Depth = "truecolor",
    history_file: Path | None = None,
    **settings: Any,
) -> DeckApp:
    """A deck on a scripted link, at the one moment of all scenes."""
    return DeckApp(
        link or ScriptedLink(),
        DeckConfig(watch=watch, theme=theme, glyphs="braille", **settings),
        wall=lambda: NOW_NS,
        monotonic=lambda: 0.0,
        depth=depth,
        history_file=history_file,
    )


def order(number: int, state: OrderState, **changes: Any) -> Order:
    """A buy of 0.25 BTC at 64100 made `number` minutes ago, but for `changes`."""
    values: dict[str, Any] = {
        "order_id": f"order-{number}",
        "account": "sim",
        "fqme": BTC,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal("0.2500"),
        "price": Decimal("64100.00"),
        "state": state,
        "created_ns": NOW_NS - number * 60 * NANOS,
        "updated_ns": NOW_NS,
    }
    return Order(**(values | changes))


def bracket(**changes: Any) -> Algo:
    """A bracket that buys 0.5 BTC at 64000 and leaves at 63000 or 65000, but for `changes`."""
    terms = BracketTerms(
        side="buy",
        size=Decimal("0.5"),
        price=Decimal("64000.00"),
        stop_price=Decimal("63000.00"),
        targets=((Decimal("65000.00"), Decimal("0.5")),),
    )
    values = {"algo_id": "a", "account": "sim", "fqme": BTC, "terms": terms, "created_ns": NOW_NS}
    return Algo(**(values | changes))


def fill(trade_id: str = "t1", **changes: Any) -> Fill:
    """A buy of 0.25 BTC at 64102.31, seven minutes ago, but for `changes`."""
    values: dict[str, Any] = {
        "order_id": "order-7",
        "account": "sim",
        "fqme": BTC,
        "trade_id": trade_id,
        "side": "buy",
        "price": Decimal("64102.31"),
        "size": Decimal("0.25"),
        "fee": Decimal("8.01"),
        "fee_asset": "usdt",
        "liquidity": "taker",
        "venue_ns": NOW_NS - 7 * 60 * NANOS,
    }
    return Fill(**(values | changes))


def busy() -> list[Event]:
    """Orders in every state, a long and a short position, an alert."""
    return [
        OrderUpdate(order=order(1, OrderState.OPEN)),
        OrderUpdate(
            order=order(
                2,
                OrderState.DARK,
                price=Decimal("63950.00"),
                trigger_price=Decimal("63950.00"),
                route="dark",
            )
        ),
        OrderUpdate(order=order(3, OrderState.PENDING, side="sell", price=Decimal("64400.00"))),
        OrderUpdate(
            order=order(
                4,
                OrderState.PARTIAL,
                side="sell",
                price=Decimal("64350.00"),
                filled=Decimal("0.1"),
                average_price=Decimal("64350"),
            )
        ),
        OrderUpdate(
            order=order(
                5, OrderState.UNKNOWN, price=Decimal("64000.00"), reason="no answer in 10 s"
            )
        ),
        OrderUpdate(
            order=order(
                6,
                OrderState.DENIED,
                price=Decimal("60000.00"),
                reason="price 60000.00 is 6.6% from the market, limit 5%",
            )
        ),
        OrderUpdate(
            order=order(
                7,
                OrderState.FILLED,
                price=Decimal("64102.31"),
                filled=Decimal("0.25"),
                average_price=Decimal("64102.31"),
            )
        ),
        FillReport(fill=fill()),
        PositionUpdate(
            position=Position(
                account="sim",
                fqme=BTC,
                size=Decimal("0.25"),
                average_price=Decimal("64102.31"),
                realised=Decimal("112.20"),
                fees=Decimal("8.01"),
            )
        ),
        PositionUpdate(
            position=Position(
                account="sim", fqme=ETH, size=Decimal("-2.5"), average_price=Decimal("3190.10")
            )
        ),
        AlertUpdate(
            alert=Alert(
                alert_id="alert-1",
                fqme=BTC,
                price=Decimal("64450"),
                note="range high",
                direction="up",
                created_ns=NOW_NS,
            )
        ),
    ]


def with_algos() -> list[Event]:
    """A bracket that is half in with its stop held here, a paused TWAP, an OCO that failed."""
    oco = OcoTerms(
        side="sell", size=Decimal("0.25"), price=Decimal(65000), stop_price=Decimal(63500)
    )
    twap = TwapTerms(
        side="sell", size=Decimal(2), count=10, interval_s=120.0, price=Decimal("3180.00")
    )
    child = {"account": "sim", "parent_id": "a", "created_ns": NOW_NS}
    return [
        AlgoUpdate(algo=bracket(filled=Decimal("0.3"))),
        OrderUpdate(
            order=order(
                0, OrderState.PARTIAL, order_id="a.entry-1", size=Decimal("0.5"),
                filled=Decimal("0.3"), price=Decimal(64000), average_price=Decimal(64000), **child,
            )
        ),
        OrderUpdate(
            order=order(
                0, OrderState.OPEN, order_id="a.target1-1", side="sell", size=Decimal("0.3"),
                price=Decimal(65000), **child,
            )
        ),
        AlgoUpdate(
            algo=bracket(
                algo_id="b", fqme=ETH, terms=twap, status="paused", filled=Decimal("0.6"),
                created_ns=NOW_NS - 60 * NANOS,
            )
        ),
        AlgoUpdate(
            algo=bracket(
                algo_id="c", terms=oco, status="failed", created_ns=NOW_NS - 120 * NANOS,
                reason="0.25 could not leave the market: rejected by the venue",
            )
        ),
    ]  # fmt: skip


def guarded(**changes: Any) -> list[Event]:
    """Accounts of paper and of real money, of which the last is halted, in doubt, and differs."""
    gauges = (
        Gauge(check="max_daily_loss", value=Decimal("850.25"), limit=Decimal(1000), unit="usdt"),
        Gauge(check="max_orders_per_day", value=Decimal(12), limit=Decimal(500)),
        Gauge(check="max_open_orders", value=None, limit=Decimal(20)),
    )
    accounts = (
        AccountGuards(account="sim", gauges=gauges),
        AccountGuards(account="paper"),
        AccountGuards(account="real", state="halted", reason="news at 14:30", is_armed=False),
    )
    apart = Disagreement(what="position", name=BTC, ours=Decimal("0.25"), theirs=Decimal("0.2"))
    return [
        JournalUpdate(is_written=True),
        AccountUpdate(account="sim", state="agreed"),
        AccountUpdate(account="paper", state="agreed"),
        AccountUpdate(
            account="real", state="in_doubt", reason="the socket is closed",
            unresolved=("order-5",), disagreements=(apart,),
        ),
        GuardsUpdate(accounts=accounts, **changes),
    ]  # fmt: skip


VENUE_MARKETS = (
    market("btcusdt.spot.binance", "64231.05", "0.01", "0.00001", day_volume=21_000.0),
    market("btcusd.spot.kraken", "64240.1", "0.1", "0.00000001", day_volume=2_300.0),
)
AWAY = "ethusd.spot.kraken"
"""A market whose venue does not let it be opened now."""

VENUE_ACCOUNTS = (
    AccountInfo(name="main", broker="kraken", mode="live", serves=("kraken",)),
    AccountInfo(name="paper", broker="paper"),
)


def connections() -> list[ConnectionStatus]:
    """Two venues with every state that a connection can be in, at the one moment."""
    described = (
        ("binance", "market data 1", "live", 3_905, {"messages": 1_480_223, "round_trip_ms": 81.0}),
        ("binance", "market data 2", "syncing", 6, {"messages": 12}),
        ("binance", "rest", "banned", 40,
         {"until_ns": NOW_NS + 300 * NANOS, "reason": "418 I'm a teapot: way too much request "
          "weight used; IP banned until 1795269900000", "budget_used": 1.0}),
        ("kraken", "market data 1", "stale", 31, {"messages": 88_411, "reconnects": 2}),
        ("kraken", "account main", "backing_off", 9,
         {"until_ns": NOW_NS + 12 * NANOS, "reason": "the connection was reset", "reconnects": 7,
          "note": "dead-man's switch on: the venue cancels all orders of this account 60 s after "
          "it last heard of us"}),
        ("kraken", "account spare", "closed", 3_905, {}),
        ("kraken", "rest", "live", 3_905,
         {"messages": 412, "malformed": 1, "round_trip_ms": 34.2, "clock_offset_ms": -1_210.0,
          "budget_used": 0.83, "note": "the key of main may withdraw: make one that may not"}),
    )  # fmt: skip
    return [
        ConnectionStatus(
            broker=broker, name=name, state=state, since_ns=NOW_NS - age_s * NANOS, **fields
        )  # type: ignore[arg-type]
        for broker, name, state, age_s, fields in described
    ]


def abroad(link: ScriptedLink) -> list[Event]:
    """What a deck at two venues is told on a bad day."""
    books: dict[str, BookState] = {VENUE_MARKETS[1].fqme: "unverified"}
    away = FlumeFailed(fqme=AWAY, reason="kraken cannot be reached", retry_ns=NOW_NS + 9 * NANOS)
    return [away, link.status(connections=connections(), books=books)]


def some_found(request_id: int) -> SearchResults:
    """What `xbt` found so far: one venue has answered, of an old list."""
    kraken = (
        Match(fqme=f"{symbol}.spot.kraken", name=name, broker="kraken", volume=volume, aka=aka)
        for symbol, name, volume, aka in (
            ("btcusd", "BTC/USD", 2.1e8, "XBT/USD XXBTZUSD Bitcoin"),
            ("btceur", "BTC/EUR", 9.4e7, "XBT/EUR XXBTZEUR Bitcoin"),
            ("btcusdt", "BTC/USDT", 6.6e6, "XBT/USDT XBTUSDT Bitcoin"),
        )
    )
    return SearchResults(
        request_id=request_id,
        matches=tuple(kraken),
        is_complete=False,
        brokers=(
            Searched(broker="sim", state="answered"),
            Searched(broker="binance", state="asked"),
            Searched(broker="kraken", state="answered", listed_ns=NOW_NS - 5 * 3600 * NANOS),
        ),
    )


async def press(pilot: Pilot[int], *keys: str, later_s: float = 5.0) -> None:
    """Press keys, each as if `later_s` seconds had gone by since what is on the screen was
    painted: long enough for a person to have read it."""
    for key in keys:
        character = key if len(key) == 1 else {"space": " ", "full_stop": "."}.get(key)
        event = events.Key(key, character)
        event.time += later_s
        pilot.app.post_message(event)
        await pilot.pause()
        await pilot.pause()  # what the key posted, or the screen it opened


async def settled(pilot: Pilot[int]) -> None:
    """Everything that the link has given is folded and painted; toasts are gone."""
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, DeckApp)
    app.take_in()
    await pilot.pause()
    app.clear_notifications()
    await pilot.pause()


async def until(pilot: Pilot[int], so: Callable[[], object]) -> None:
    """Let the deck go on until `so` holds, however many turns that takes on a busy machine.

    Raises:
        AssertionError: it does not come to that.
    """
    for _ in range(500):
        if so():
            return
        await settled(pilot)
    raise AssertionError("it did not become so")


def run(
    app: DeckApp, script: Callable[[Pilot[int]], Awaitable[None]], size: tuple[int, int] = (120, 35)
) -> None:
    """Run `script` against the deck in a terminal of `size`."""

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            await script(pilot)

    asyncio.run(play())


def screen_text(app: DeckApp) -> str:
    """The cells of the screen as text, one row per line."""
    width, _ = app.size
    rows = app.screen._compositor.render_strips()
    return "\n".join(strip.crop(0, width).text.rstrip() for strip in rows)
