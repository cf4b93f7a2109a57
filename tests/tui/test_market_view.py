"""One market as the deck sees it, and its present after each frame."""

from __future__ import annotations

from msgspec.structs import replace

from engine.messages import Ask, Bid, Break, Frame, Quote, Tick, TickType, Trade
from tests.support.bars import INSTRUMENT
from tui.market_view import MarketView, quote_after, stale_after

FQME = INSTRUMENT.fqme
QUOTE = Quote(fqme=FQME, last=100.0, bid=99.0, bid_size=1.0, ask=101.0, ask_size=2.0, day_open=80.0)


def frame(**ticks: list[Tick]) -> Frame:
    named: dict[TickType, list[Tick]] = {**ticks}  # type: ignore[dict-item]
    return Frame(fqme=FQME, ticks=named)


def trade(price: float, size: float = 1.0, recv_ns: int = 0) -> Trade:
    return Trade(fqme=FQME, price=price, size=size, recv_ns=recv_ns, venue_ns=recv_ns)


def silence(reason: str, recv_ns: int = 0) -> Break:
    return Break(fqme=FQME, reason=reason, recv_ns=recv_ns)  # type: ignore[arg-type]


def test_a_market_says_its_spread_its_change_and_its_age_where_they_are_known() -> None:
    view = MarketView(INSTRUMENT, QUOTE)

    assert (view.fqme, view.spread, view.change, view.age_s) == (FQME, 2.0, 0.25, None)
    view.quote = replace(QUOTE, bid=None, day_open=None)
    assert (view.spread, view.change) == (None, None)


def test_a_day_that_opened_at_nothing_has_no_change() -> None:
    assert MarketView(INSTRUMENT, replace(QUOTE, day_open=0.0)).change is None


def test_the_last_of_each_kind_of_tick_is_the_present() -> None:
    after = quote_after(
        QUOTE,
        frame(
            trade=[trade(102.0), trade(103.0, 0.5)],
            bid=[Bid(FQME, 98.0, 1.0), Bid(FQME, 102.5, 3.0)],
            ask=[Ask(FQME, 103.5, 4.0)],
        ),
    )

    assert (after.last, after.last_size) == (103.0, 0.5)
    assert (after.bid, after.bid_size) == (102.5, 3.0)
    assert (after.ask, after.ask_size) == (103.5, 4.0)
    assert after.day_open == 80.0


def test_a_side_of_no_size_is_a_side_that_there_is_not() -> None:
    after = quote_after(QUOTE, frame(bid=[Bid(FQME, 99.0, 0.0)], ask=[Ask(FQME, 101.0, 0.0)]))

    assert (after.bid, after.ask) == (None, None)
    assert after.last == 100.0


def test_the_volume_of_the_day_grows_by_every_trade_where_it_is_known() -> None:
    trades = frame(trade=[trade(1.0, 2.0), trade(1.0, 3.0)])

    assert quote_after(replace(QUOTE, day_volume=10.0), trades).day_volume == 15.0
    assert quote_after(QUOTE, trades).day_volume is None


def test_its_times_are_those_of_the_newest_tick_of_any_kind() -> None:
    late = Bid(FQME, 99.0, 1.0, venue_ns=70, recv_ns=75)

    after = quote_after(QUOTE, frame(trade=[trade(1.0, recv_ns=50)], bid=[late]))

    assert (after.venue_ns, after.recv_ns) == (70, 75)


def test_an_empty_frame_changes_nothing() -> None:
    assert quote_after(QUOTE, frame()) == QUOTE
    assert quote_after(QUOTE, frame(trade=[])) == QUOTE


def test_silence_makes_a_market_stale_and_newer_data_ends_that() -> None:
    for reason in ("stale", "end"):
        assert stale_after(False, frame(**{"break": [silence(reason, 5)]}))
    assert not stale_after(True, frame(trade=[trade(1.0, recv_ns=6)]))
    assert stale_after(
        False, frame(trade=[trade(1.0, recv_ns=4)], **{"break": [silence("end", 5)]})
    )
    assert not stale_after(
        False, frame(trade=[trade(1.0, recv_ns=6)], **{"break": [silence("end", 5)]})
    )


def test_other_breaks_are_no_silence_and_no_data() -> None:
    gap = frame(**{"break": [silence("gap", 5)]})

    assert stale_after(True, gap)
    assert not stale_after(False, gap)
