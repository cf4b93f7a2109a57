"""Which bars the engine is asked for: as few commands as do, and none for what nobody shows."""

from __future__ import annotations

from engine.clock import NANOS
from engine.messages import CloseBars, Command, OpenBars
from tests.support.scripted_link import MARKETS, ScriptedLink
from tui.charts.asked_bars import ANSWER_S, MOST_BARS, AskedBars
from tui.markets import Markets
from tui.state import DeckState

BTC, ETH = (market.fqme for market in MARKETS[:2])
KEY = (BTC, 60)


class Desk:
    """Two open markets, of which an engine has the bars that a chart wants at first."""

    def __init__(self) -> None:
        link = ScriptedLink()
        self.state = DeckState((BTC, ETH))
        self.markets = Markets(self.state, link.send, period_s=60)
        self.markets.open_first()
        while events := link.take():
            self.state.fold_all(events)
            self.markets.follow()
        self.sent: list[Command] = []
        self.asked = AskedBars(self.state, self.sent.append)

    @property
    def length(self) -> int:
        return len(self.state.markets[BTC].series[60])

    def taken(self) -> list[Command]:
        """What was sent since the last time."""
        sent, self.sent[:] = list(self.sent), []
        return sent


def test_bars_are_opened_once_and_again_only_for_more():
    desk = Desk()

    desk.asked.settle({KEY: 100})
    desk.asked.settle({KEY: 100})
    desk.asked.settle({KEY: 50})
    assert desk.taken() == [OpenBars(fqme=BTC, period_s=60, count=100)]
    desk.asked.settle({KEY: 300})
    assert desk.taken() == [OpenBars(fqme=BTC, period_s=60, count=300)]


def test_what_is_wanted_no_more_is_closed_and_dropped():
    desk = Desk()
    desk.asked.settle({KEY: 100, (ETH, 60): 100})
    desk.taken()

    desk.asked.settle({(ETH, 60): 100})

    assert desk.taken() == [CloseBars(fqme=BTC, period_s=60)]
    assert 60 not in desk.state.markets[BTC].series
    assert 60 in desk.state.markets[ETH].series


def test_a_market_that_is_not_open_is_asked_for_nothing():
    desk = Desk()

    desk.asked.settle({("nothing.spot.sim", 60): 100})

    assert desk.taken() == []


def test_bars_of_a_market_that_was_closed_are_asked_for_anew():
    desk = Desk()
    desk.asked.settle({KEY: 100})
    desk.asked.forget(BTC)
    desk.taken()

    desk.asked.settle({KEY: 100})

    assert desk.taken() == [OpenBars(fqme=BTC, period_s=60, count=100)]


def test_older_bars_are_asked_for_near_the_oldest_and_twice_as_many():
    desk = Desk()
    count = desk.length
    desk.asked.settle({KEY: count})
    desk.taken()

    desk.asked.extend(KEY, 1000)
    assert desk.taken() == []
    desk.asked.extend(KEY, 10)
    assert desk.taken() == [OpenBars(fqme=BTC, period_s=60, count=2 * count)]
    desk.asked.extend(KEY, 10)  # of the first answer there is nothing yet
    assert desk.taken() == []


def test_panning_has_an_end():
    desk = Desk()
    desk.asked.settle({KEY: MOST_BARS})
    desk.taken()

    desk.asked.extend(KEY, 0)

    assert desk.taken() == []


def test_nothing_is_asked_while_bars_are_on_their_way():
    desk = Desk()
    desk.asked.settle({KEY: desk.length})
    desk.state.markets[BTC].loading.add(60)
    desk.taken()

    desk.asked.extend(KEY, 0)

    assert desk.taken() == []


def test_a_chart_that_waits_for_a_time_is_told_when_there_is_no_hope():
    desk = Desk()
    first_ns = int(desk.state.markets[BTC].series[60].time_ns[0])
    desk.asked.settle({KEY: desk.length})
    desk.taken()
    desk.asked.reach(KEY, first_ns - 600 * NANOS)

    assert desk.asked.follow() == []  # the engine had no time to begin
    desk.state.now_ns += ANSWER_S * NANOS
    assert desk.asked.follow() == []
    (more,) = desk.taken()
    assert isinstance(more, OpenBars)
    assert more.count > desk.length
    desk.state.now_ns += ANSWER_S * NANOS
    assert desk.asked.follow() == [KEY]
    assert desk.asked.follow() == []


def test_a_time_that_is_there_is_waited_for_no_longer():
    desk = Desk()
    desk.asked.settle({KEY: desk.length})
    desk.taken()

    desk.asked.reach(KEY, int(desk.state.markets[BTC].series[60].time_ns[5]))

    desk.state.now_ns += ANSWER_S * NANOS
    assert desk.asked.follow() == []
    assert desk.taken() == []


def test_nobody_waits_for_what_is_not_shown():
    desk = Desk()
    desk.asked.reach(KEY, 0)

    assert desk.asked.follow() == []
    assert desk.taken() == []
