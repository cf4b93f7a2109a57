"""Several charts on a real engine: from the key press to what the engine is asked and sends."""

from __future__ import annotations

from decimal import Decimal

from brokers.replay.tape import Played
from engine.config import DeckConfig
from engine.ems.accounts import Account
from engine.messages import CloseBars, OpenBars, OrderState, Submit, Unwatch, Watch
from tests.support.deck_rig import DeckRig, Flow, run_flow
from tests.support.tapes import MemoryTape, quote, trade

SOURCES = ("btcusdt.spot.binance", "ethusdt.spot.binance")
BTC, ETH = "btcusdt.spot.replay", "ethusdt.spot.replay"
PRICES = {SOURCES[0]: 100.0, SOURCES[1]: 10.0}


def tape() -> MemoryTape:
    """Two markets that stay where they are."""
    played: list[Played] = []
    for second in range(600):
        for source in SOURCES:
            price = PRICES[source]
            played.append(quote(source, second, price - 0.01, price + 0.01, size=5.0))
            played.append(trade(source, second + 0.5, price, 0.001))
    return MemoryTape(played)


def run(flow: Flow) -> None:
    account = Account(name="paper", broker="paper")
    deck = DeckConfig(watch=(BTC, ETH), period="1s")
    run_flow(flow, tape(), accounts=[account], deck=deck, size=(200, 50))


def bars_of(rig: DeckRig, fqme: str) -> int:
    market = rig.state.markets[fqme]
    return len(market.series[1]) if 1 in market.series else 0


def test_two_charts_grow_with_their_markets_and_an_order_goes_to_the_one_with_the_keys() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.until(lambda: ETH in rig.state.markets)
        await rig.press("ctrl+g")
        await rig.until(lambda: bars_of(rig, BTC) > 2 and bars_of(rig, ETH) > 2)
        await rig.press("right_curly_bracket", "o", "f", "u", "2", "s", "right_square_bracket")
        assert not rig.sent(Submit)
        await rig.press("enter")
        await rig.advance(1.0)

        assert (ETH, OrderState.FILLED) == (rig.order.fqme, rig.order.state)
        assert rig.state.positions["paper", ETH].size == Decimal(2)
        await rig.show()
        scenes = [rig.app.deck.charts.of(pane)._scene for pane in (0, 1)]
        assert [len(scene.fills) for scene in scenes] == [0, 1]
        assert [level.kind for level in scenes[1].levels][-1] == "position"

    run(flow)


def test_bars_of_a_chart_stop_coming_when_the_last_that_showed_them_is_gone() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.until(lambda: ETH in rig.state.markets)
        await rig.press("ctrl+g")
        await rig.until(lambda: bars_of(rig, ETH) > 1)
        asked = [command for command in rig.sent(OpenBars) if command.fqme == ETH]  # type: ignore[attr-defined]
        assert len({(c.period_s, c.count) for c in asked}) == len(asked)  # type: ignore[attr-defined]
        await rig.press("ctrl+g", "ctrl+g", "ctrl+g")
        closed = CloseBars(fqme=ETH, period_s=1)
        assert closed in rig.link.sent
        await rig.advance(2.0)

        assert bars_of(rig, ETH) == 0
        assert bars_of(rig, BTC) > 2

    run(flow)


def test_an_overlay_shares_the_feed_and_is_sampled_as_its_chart_is() -> None:
    async def flow(rig: DeckRig) -> None:
        rig.app.open_command(f"overlay {ETH}")
        await rig.press("enter")
        await rig.until(lambda: bars_of(rig, ETH) > 3 and bars_of(rig, BTC) > 3)
        (overlay,) = rig.app.deck.chart._scene.overlays
        own = rig.app.deck.chart._scene.series

        assert overlay.series is rig.state.markets[ETH].series[1]
        assert own is rig.state.markets[BTC].series[1]
        assert int(overlay.series.time_ns[-1]) == int(own.time_ns[-1])
        assert len(rig.sent(Watch)) == 1
        rig.app.open_command("overlay off")
        await rig.press("enter")
        await rig.advance(1.0)
        assert CloseBars(fqme=ETH, period_s=1) in rig.link.sent
        assert rig.sent(Unwatch) == []

    run(flow)
