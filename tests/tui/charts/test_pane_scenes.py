"""Charts are shown what changed of them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from engine.messages import EngineStatus, FeedStatus, FillReport, FlumeFailed
from tests.support.scenes import fill
from tests.support.scripted_link import MARKETS, NOW_NS, ScriptedLink
from tui.charts.pane_scenes import Orders, PaneScenes
from tui.markets import Markets
from tui.state import DeckState
from tui.widgets.chart import Chart

BTC, ETH = (market.fqme for market in MARKETS[:2])


class _Chart:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def show(self, **what: Any) -> None:
        self.shown.append(what)


class Desk:
    """Two open markets, and a chart of the first."""

    def __init__(self) -> None:
        link = ScriptedLink()
        self.state = DeckState((BTC, ETH))
        self.markets = Markets(self.state, link.send, period_s=60)
        self.markets.open_first()
        while events := link.take():
            self.state.fold_all(events)
            self.markets.follow()
        self.scenes = PaneScenes(self.state, self.markets, lambda fqme: NOW_NS)
        self.chart = _Chart()

    def show(self, place: str = "") -> dict[str, Any] | None:
        """What the chart is shown, if it is shown anything."""
        if not self.scenes.show(0, cast(Chart, self.chart), place=place):
            return None
        return self.chart.shown[-1]


def test_a_chart_of_which_nothing_changed_is_not_shown_again():
    desk = Desk()

    first = desk.show()
    assert first is not None
    assert first["title"] == BTC
    assert first["series"] is desk.state.markets[BTC].series[60]
    assert desk.show() is None
    desk.scenes.forget()
    assert desk.show() is not None


def _new_bar(desk: Desk) -> None:
    desk.state.markets[BTC].series[60].set_last(1.0, 2.0, 0.5, 1.5, 3.0, 1.0)


def _new_price(desk: Desk) -> None:
    desk.state.markets[BTC].version += 1


def _overlay(desk: Desk) -> None:
    desk.markets.overlay(ETH)


@pytest.mark.parametrize("change", [_new_bar, _new_price, _overlay])
def test_what_changed_is_shown(change: Callable[[Desk], None]):
    desk = Desk()
    desk.show()

    change(desk)

    assert desk.show() is not None


def test_other_markets_do_not_matter_until_they_lie_over_it():
    desk = Desk()
    desk.show()
    desk.state.markets[ETH].version += 1
    assert desk.show() is None

    desk.markets.overlay(ETH)
    shown = desk.show()
    assert shown is not None
    assert [overlay.title for overlay in shown["overlays"]] == [ETH]
    desk.state.markets[ETH].version += 1
    assert desk.show() is not None


def test_only_a_stale_market_is_told_the_time():
    desk = Desk()
    live = desk.show()
    assert live is not None
    assert (live["stale"], live["now_ns"]) == (False, None)

    desk.state.markets[BTC].is_stale = True
    stale = desk.show()
    assert stale is not None
    assert (stale["stale"], stale["now_ns"]) == (True, NOW_NS)


def test_the_place_stands_before_the_title():
    shown = Desk().show("3/6")

    assert shown is not None
    assert shown["title"] == f"3/6 {BTC}"


def test_titles_say_why_there_is_no_chart():
    desk = Desk()
    desk.state.fold_all([FlumeFailed(fqme="x.spot.sim", reason="is not listed")])

    assert desk.scenes.title("") == "no market: / finds one"
    assert desk.scenes.title("x.spot.sim") == "x.spot.sim  is not listed"
    assert desk.scenes.title("y.spot.sim") == "y.spot.sim  opening"


def test_the_title_says_that_a_book_cannot_be_believed():
    desk = Desk()
    feed = FeedStatus(fqme=BTC, book="unverified")
    desk.state.fold(EngineStatus(now_ns=NOW_NS, feeds=(feed,)))

    assert desk.scenes.title(BTC) == f"{BTC}  book unverified"
    desk.state.fold(EngineStatus(now_ns=NOW_NS, feeds=(FeedStatus(fqme=BTC, book="syncing"),)))
    assert desk.scenes.title(BTC) == BTC


def test_fills_are_on_the_chart_of_their_market():
    desk = Desk()
    report = FillReport(fill=fill())
    desk.state.fold_all([report])

    shown = desk.show()
    assert shown is not None
    (mark,) = shown["fills"]
    assert (mark.price, mark.side) == (float(report.fill.price), report.fill.side)
    assert desk.scenes._fills_of(ETH) == ()


def test_lines_of_orders_are_made_anew_only_when_they_changed():
    desk = Desk()
    revision, made = [0], list[str]()

    def lines(fqme: str) -> list[Any]:
        made.append(fqme)
        return []

    desk.scenes.orders = Orders(lines, lambda: revision[0], lambda: "")
    desk.show()
    desk.state.markets[BTC].version += 1
    desk.show()
    assert made == [BTC]
    revision[0] += 1
    desk.show()
    assert made == [BTC, BTC]
