"""What is asked of the engine so that the markets on the screen are open."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.messages import (
    Alert,
    AlertUpdate,
    CloseBars,
    Command,
    ConnectionStatus,
    EngineReady,
    EngineStatus,
    FlumeFailed,
    FlumeOpened,
    Match,
    OpenBars,
    Search,
    SearchResults,
    Unwatch,
    Watch,
)
from tests.support.scripted_link import MARKETS, NANOS, ScriptedLink
from tui.charts.asked_bars import MOST_REACHED
from tui.markets import CHART_BARS, Markets
from tui.state import LIST_REQUEST, DeckState
from tui.widgets.watchlist import SPARK_BARS

BTC, ETH, SOL = (market.fqme for market in MARKETS[:3])


class Desk:
    """Markets on a state that a scripted link feeds."""

    def __init__(self, *watch: str, period_s: int = 60) -> None:
        self.link = ScriptedLink()
        self.state = DeckState(watch)
        self.markets = Markets(self.state, self.link.send, period_s=period_s)

    def settle(self) -> None:
        while events := self.link.take():
            self.state.fold_all(events)
            self.markets.follow()

    def opened(self) -> Desk:
        self.markets.open_first()
        self.settle()
        return self

    def bars(self, kind: type = OpenBars) -> list[tuple[str, int]]:
        return [(command.fqme, command.period_s) for command in self.link.sent_of(kind)]  # type: ignore[attr-defined]

    def clear(self) -> None:
        self.link.sent.clear()


@pytest.fixture
def desk() -> Desk:
    return Desk(BTC, ETH, period_s=300).opened()


def test_bars_are_asked_for_only_of_markets_that_are_open():
    desk = Desk(BTC)
    desk.markets.open_first()

    assert desk.link.sent == [Watch(fqmes=(BTC,))]


def test_each_market_has_its_sparkline_and_the_shown_one_its_chart(desk: Desk):
    wanted = desk.link.sent_of(OpenBars)

    assert OpenBars(fqme=BTC, period_s=60, count=SPARK_BARS) in wanted
    assert OpenBars(fqme=ETH, period_s=60, count=SPARK_BARS) in wanted
    assert OpenBars(fqme=BTC, period_s=300, count=CHART_BARS) in wanted
    assert len(wanted) == 3


def test_another_selection_opens_its_bars_and_closes_those_of_the_last(desk: Desk):
    desk.clear()
    desk.markets.step(1)

    assert desk.bars() == [(ETH, 300)]
    assert desk.bars(CloseBars) == [(BTC, 300)]
    assert 300 not in desk.state.markets[BTC].series


def test_another_period_replaces_the_bars_but_never_those_of_the_sparkline(desk: Desk):
    desk.clear()
    desk.markets.set_period(60)
    desk.markets.set_period(900)

    assert desk.bars() == [(BTC, 60), (BTC, 900)]
    assert desk.bars(CloseBars) == [(BTC, 300)]


def test_older_bars_are_asked_for_when_the_chart_comes_to_the_oldest(desk: Desk):
    desk.clear()
    desk.markets.extend(BTC, 300, first=500)
    assert desk.link.sent == []
    desk.markets.extend(BTC, 300, first=10)
    desk.markets.extend(BTC, 300, first=10)
    assert desk.link.sent == [OpenBars(fqme=BTC, period_s=300, count=2 * CHART_BARS)]
    desk.settle()
    desk.markets.extend(BTC, 300, first=10)

    assert desk.link.sent[-1] == OpenBars(fqme=BTC, period_s=300, count=4 * CHART_BARS)


def test_no_more_is_asked_for_once_there_is_no_more(desk: Desk):
    desk.state.markets[BTC].series[300].clear()
    desk.clear()
    desk.markets.extend(BTC, 300, first=0)

    assert desk.link.sent == []


def test_periods_stop_at_both_ends(desk: Desk):
    desk.markets.step_period(100)
    assert desk.markets.period_s == 86_400
    desk.markets.step_period(-100)
    assert desk.markets.period_s == 1


def test_the_selection_stops_at_both_ends(desk: Desk):
    desk.markets.step(-1)
    assert desk.state.selected == BTC
    desk.markets.step(5)
    assert desk.state.selected == ETH


def test_a_chosen_market_is_watched_once(desk: Desk):
    desk.clear()
    desk.markets.select(SOL)
    desk.markets.select(BTC)
    desk.markets.select(SOL)

    assert desk.link.sent_of(Watch) == [Watch(fqmes=(SOL,))]
    assert desk.state.watch == [BTC, ETH, SOL]


def test_a_preview_is_open_only_while_it_is_looked_at(desk: Desk):
    desk.clear()
    desk.markets.show_preview(SOL)
    desk.settle()
    assert (desk.markets.shown, desk.state.selected) == (SOL, BTC)
    assert desk.bars() == [(SOL, 300)]
    desk.markets.end_preview()

    assert desk.markets.shown == BTC
    assert desk.link.sent_of(Unwatch) == [Unwatch(fqmes=(SOL,))]
    assert SOL not in desk.state.markets


def test_a_preview_of_a_watched_market_closes_nothing(desk: Desk):
    desk.clear()
    desk.markets.show_preview(ETH)
    desk.markets.end_preview()

    assert desk.link.sent_of(Unwatch) == []


def test_the_bars_of_the_selected_market_come_back_after_a_preview(desk: Desk):
    desk.markets.show_preview(ETH)
    desk.markets.end_preview()
    desk.settle()

    assert 300 in desk.state.markets[BTC].series


def test_a_market_that_was_refused_can_be_tried_again(desk: Desk):
    desk.markets.select("nope.spot.sim")
    desk.settle()
    assert "nope.spot.sim" in desk.state.refused_markets
    desk.clear()
    desk.markets.select("nope.spot.sim")

    assert desk.link.sent == [Watch(fqmes=("nope.spot.sim",))]


def test_a_market_off_the_list_is_closed_with_its_bars(desk: Desk):
    desk.clear()
    desk.markets.unwatch(BTC)

    assert desk.link.sent_of(Unwatch) == [Unwatch(fqmes=(BTC,))]
    assert desk.state.selected == ETH
    assert (ETH, 300) in desk.bars()


def test_an_empty_watchlist_is_filled_with_what_the_default_broker_lists_first():
    desk = Desk()
    desk.link.start(lambda: None)
    desk.markets.open_first()
    (asked,) = desk.link.sent_of(Search)
    assert asked.request_id == LIST_REQUEST  # type: ignore[attr-defined]
    desk.settle()

    assert desk.state.selected == BTC
    assert len(desk.state.watch) == len(MARKETS)


def test_a_later_search_of_a_person_does_not_fill_the_watchlist():
    desk = Desk()
    desk.state.fold(SearchResults(request_id=1, matches=(Match(fqme=BTC),)))
    desk.markets.follow()

    assert desk.state.watch == []


def test_only_the_newest_search_is_waited_for(desk: Desk):
    desk.markets.search("a")
    desk.markets.search("ab")

    assert desk.markets.text_of(SearchResults(request_id=1, matches=())) is None
    assert desk.markets.text_of(SearchResults(request_id=2, matches=())) == "ab"


def test_a_refusal_does_not_lose_the_command_order(desk: Desk):
    desk.state.fold(FlumeFailed(fqme=BTC, reason="gone"))
    desk.markets.follow()
    sent: list[Command] = desk.link.sent

    assert sent[0] == Watch(fqmes=(BTC, ETH))


# -- charts of a grid ---------------------------------------------------------------------------


def test_every_chart_has_its_bars_and_shared_ones_are_asked_for_once(desk: Desk):
    desk.clear()
    desk.markets.arrange(4)
    desk.settle()

    # The second shows the other market, and two more the selected one in longer periods.
    assert sorted(desk.bars()) == [(BTC, 900), (BTC, 3600), (ETH, 300)]
    assert desk.link.sent_of(Watch) == []


def test_bars_are_closed_when_the_last_chart_of_them_is(desk: Desk):
    desk.markets.arrange(2)
    desk.markets.activate(1)
    desk.markets.link("market", True)
    desk.markets.select(BTC)
    desk.settle()
    desk.clear()
    desk.markets.arrange(1)  # another chart still shows them

    assert desk.bars(CloseBars) == []
    desk.markets.select(ETH)
    assert desk.bars(CloseBars) == [(BTC, 300)]


def test_whoever_activates_a_chart_selects_its_market(desk: Desk):
    desk.markets.arrange(2)
    assert desk.markets.activate(1)

    assert (desk.state.selected, desk.markets.shown_in(0)) == (ETH, BTC)
    assert not desk.markets.activate(1)


def test_a_chart_whose_market_cannot_be_opened_is_selected_all_the_same(desk: Desk):
    desk.markets.arrange(2)
    desk.markets.activate(1)
    desk.markets.select("nope.spot.sim")
    desk.settle()
    desk.markets.activate(0)
    desk.markets.activate(1)

    assert desk.state.selected == "nope.spot.sim"


def test_a_preview_is_on_the_active_chart_only(desk: Desk):
    desk.markets.arrange(2)
    desk.markets.show_preview(SOL)

    assert [desk.markets.shown_in(pane) for pane in (0, 1)] == [SOL, ETH]


def test_what_lies_over_a_chart_is_open_only_while_it_does(desk: Desk):
    desk.clear()
    desk.markets.overlay(ETH, SOL)
    desk.settle()
    assert desk.link.sent_of(Watch) == [Watch(fqmes=(SOL,))]
    assert desk.bars() == [(ETH, 300), (SOL, 300)]
    desk.markets.take_off()

    assert desk.link.sent_of(Unwatch) == [Unwatch(fqmes=(SOL,))]
    assert desk.bars(CloseBars) == [(ETH, 300)]
    assert desk.state.watch == [BTC, ETH]


def test_a_market_in_which_an_alert_waits_is_not_closed_but_put_on_the_watchlist(desk: Desk):
    desk.markets.overlay(SOL)
    desk.settle()
    alert = Alert(alert_id="a", fqme=SOL, price=Decimal(1))
    desk.state.fold(AlertUpdate(alert=alert))
    desk.clear()
    desk.markets.take_off(SOL)

    assert desk.link.sent_of(Unwatch) == []
    assert desk.state.watch == [BTC, ETH, SOL]


def test_the_strip_shares_the_bars_of_its_chart_but_under_the_shortest_period(desk: Desk):
    desk.clear()
    desk.markets.show_history(True)
    assert desk.link.sent == []
    desk.markets.set_period(1)
    desk.settle()

    assert desk.markets.history_of(0) == (BTC, 60)
    assert OpenBars(fqme=BTC, period_s=60, count=CHART_BARS) in desk.link.sent
    desk.clear()
    desk.markets.show_history(False)
    assert desk.link.sent == []  # the sparkline shows them too


# -- a jump to a date ---------------------------------------------------------------------------


def reach(desk: Desk, bars: int) -> int:
    """Wait for a time that lies so many bars of the chart back."""
    time_ns = int(desk.state.markets[BTC].series[300].time_ns[-1]) - bars * 300 * NANOS
    desk.markets.reach(BTC, 300, time_ns)
    return time_ns


def test_older_bars_are_asked_for_at_once_until_a_time_is_there(desk: Desk):
    desk.clear()
    wanted_ns = reach(desk, 10_000)
    later(desk)
    (asked,) = desk.link.sent_of(OpenBars)
    assert asked.count >= 10_000  # type: ignore[attr-defined]
    desk.settle()

    assert int(desk.state.markets[BTC].series[300].time_ns[0]) <= wanted_ns
    desk.clear()
    assert later(desk) == []
    assert desk.link.sent == []


def test_a_time_that_is_there_is_not_asked_for(desk: Desk):
    desk.clear()
    reach(desk, 100)

    assert desk.markets.follow() == []
    assert desk.link.sent == []


def test_where_there_are_no_older_bars_that_is_told_once(desk: Desk):
    reach(desk, 100_000)
    desk.state.markets[BTC].series[300].keep_last(500)
    told = [key for _ in range(5) for key in later(desk)]

    assert told == [(BTC, 300)]


def test_the_answer_is_waited_for_before_history_is_called_at_its_end(desk: Desk):
    desk.link._answers = False
    reach(desk, 10_000)
    later(desk)

    assert desk.markets.follow() == []


def test_no_more_is_asked_for_than_a_deck_can_hold(desk: Desk):
    desk.clear()
    desk.link._answers = False
    reach(desk, 10_000_000)
    later(desk)

    assert [command.count for command in desk.link.sent_of(OpenBars)] == [MOST_REACHED]  # type: ignore[attr-defined]


def later(desk: Desk) -> list[tuple[str, int]]:
    """Two seconds pass in the engine."""
    desk.state.fold(EngineStatus(now_ns=desk.state.now_ns + 2 * NANOS))
    return desk.markets.follow()


# -- names --------------------------------------------------------------------------------------

NICK = "xbtusdt.spot.sim"


def learn(desk: Desk, asked: str = NICK, fqme: str = BTC) -> None:
    """The engine opens `fqme`, which was asked for as `asked`."""
    opened = desk.link._opened(fqme)
    assert isinstance(opened, FlumeOpened)
    desk.state.fold(msgspec.structs.replace(opened, asked=asked))
    desk.markets.follow()


def test_a_market_asked_for_by_another_name_goes_on_by_the_one_it_has():
    desk = Desk(ETH, NICK).opened()
    desk.markets.select(NICK)
    desk.markets.recent.append(BTC)
    desk.clear()
    learn(desk)

    assert desk.state.watch == [ETH, BTC]
    assert desk.state.selected == desk.markets.shown == BTC
    assert desk.markets.recent == [BTC, ETH]
    assert NICK not in desk.state.refused_markets
    assert desk.link.sent_of(Watch) == desk.link.sent_of(Unwatch) == []
    assert {BTC} == {fqme for fqme, _ in desk.bars()}


def test_two_names_of_one_market_are_one_row_of_the_watchlist():
    desk = Desk(BTC, NICK, ETH).opened()
    learn(desk)

    assert desk.state.watch == [BTC, ETH]
    assert desk.link.sent_of(Unwatch) == []


def test_charts_overlays_and_previews_follow_a_name_that_is_learned():
    desk = Desk(ETH, SOL).opened()
    desk.markets.arrange(2)
    desk.markets.overlay(NICK)
    desk.markets.activate(1)
    desk.markets.select(NICK)
    desk.markets.show_preview("other.spot.sim")
    learn(desk)
    learn(desk, "other.spot.sim", "acme.stock.sim")

    first, second = desk.markets.panes.specs
    assert [one.fqme for one in first.overlays] == [BTC]
    assert second.fqme == BTC
    assert desk.markets.preview == "acme.stock.sim"


def test_a_name_that_is_known_is_asked_for_no_more():
    desk = Desk(BTC, ETH).opened()
    learn(desk)
    desk.clear()
    desk.markets.watch(NICK)
    desk.markets.select(NICK)
    desk.markets.overlay(NICK)
    desk.markets.show_preview(NICK)
    specs = [msgspec.structs.replace(desk.markets.panes.spec, fqme=NICK)]
    desk.markets.panes.restore(specs, 0, 60)
    desk.markets.restored()

    assert desk.link.sent_of(Watch) == []
    assert desk.state.watch == [BTC, ETH]
    assert desk.markets.panes.spec.fqme == BTC


# -- venues that cannot be reached -----------------------------------------------------------------


def test_a_market_that_is_tried_again_by_itself_is_not_asked_for_twice():
    desk = Desk(BTC, ETH).opened()
    desk.state.fold(FlumeFailed(fqme=SOL, reason="no route", retry_ns=1))
    desk.markets.select(SOL)
    desk.markets.follow()
    desk.clear()
    desk.markets.select(SOL)

    assert desk.link.sent_of(Watch) == []


def test_what_a_venue_lists_first_is_asked_for_until_it_can_be_reached():
    desk = Desk()
    link = desk.link
    link.start(lambda: None)
    link.take()
    desk.state.fold(EngineReady(brokers=(), accounts=(), home="far"))
    desk.markets.open_first()
    link.take()
    waits = ConnectionStatus(broker="far", name="rest", state="connecting", since_ns=0)
    nothing = SearchResults(request_id=LIST_REQUEST, matches=())
    for seconds in range(1, 8):
        now_ns = seconds * NANOS
        desk.state.fold_all([EngineStatus(now_ns=now_ns, connections=(waits,)), nothing])
        desk.markets.follow()
    asked = len(link.sent_of(Search))
    hits = (Match(fqme=ETH, broker="sim"), Match(fqme=BTC, broker="far"))
    desk.state.fold(SearchResults(request_id=LIST_REQUEST, matches=hits, is_complete=False))
    desk.markets.follow()

    assert 4 == asked  # at first, and every two seconds
    assert desk.state.watch == [BTC]


def test_a_list_that_is_not_there_yet_is_waited_for_and_one_that_is_empty_stays_so():
    desk = Desk()
    desk.state.fold(EngineReady(brokers=(), accounts=(), home="sim"))
    desk.markets.open_first()
    desk.link.take()
    desk.state.fold(SearchResults(request_id=LIST_REQUEST, matches=(), is_complete=False))
    desk.markets.follow()
    desk.state.fold(SearchResults(request_id=LIST_REQUEST, matches=()))
    desk.state.fold(EngineStatus(now_ns=60 * NANOS))
    desk.markets.follow()

    assert 1 == len(desk.link.sent_of(Search))


def test_the_first_list_is_not_lost_to_a_person_who_searches_meanwhile():
    desk = Desk()
    desk.state.fold(EngineReady(brokers=(), accounts=(), home="sim"))
    desk.markets.open_first()
    desk.state.fold(SearchResults(request_id=3, matches=()))
    desk.state.fold(
        SearchResults(request_id=LIST_REQUEST, matches=(Match(fqme=BTC, broker="sim"),))
    )
    desk.markets.follow()

    assert desk.state.watch == [BTC]
