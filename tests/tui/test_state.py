"""The fold of engine events into what the deck knows."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.instruments import Instrument
from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    Alert,
    AlertUpdate,
    AlgoUpdate,
    Ask,
    BarsUpdate,
    Bid,
    Break,
    BrokerInfo,
    Columns,
    CommandRefused,
    ConnectionStatus,
    Denied,
    EngineFailed,
    EngineReady,
    EngineStatus,
    FeedStatus,
    Fill,
    FillReport,
    FlumeFailed,
    FlumeOpened,
    Frame,
    GuardsUpdate,
    JournalUpdate,
    Match,
    Notice,
    Order,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
    Quote,
    RequestRefused,
    SearchResults,
    Trade,
)
from tests.support.scenes import bracket
from tests.support.scenes import order as scene_order
from tui.state import CALLS_KEPT, LIST_REQUEST, NOTICES_KEPT, DeckState, Part

BTC = "btcusdt.spot.sim"


def instrument(fqme: str = BTC) -> Instrument:
    return Instrument(
        fqme=fqme,
        symbol="BTCUSDT",
        base="btc",
        quote="usdt",
        price_tick=Decimal("0.01"),
        size_step=Decimal("0.0001"),
    )


def opened(fqme: str = BTC) -> FlumeOpened:
    return FlumeOpened(
        instrument=instrument(fqme),
        quote=Quote(fqme=fqme, last=100.0, bid=99.0, ask=101.0, day_open=80.0, day_volume=5.0),
    )


def state_with_market() -> DeckState:
    state = DeckState([BTC])
    state.fold(opened())
    return state


def bars(*times_s: int, close: float = 1.0) -> Columns:
    ones = np.full(len(times_s), close)
    return Columns(
        time_ns=np.array(times_s, dtype=np.int64) * 1_000_000_000,
        open=ones,
        high=ones,
        low=ones,
        close=ones,
        volume=ones,
        trades=ones,
    )


def order(order_id: str = "a1", state: OrderState = OrderState.OPEN, reason: str = "") -> Order:
    return Order(
        order_id=order_id,
        account="paper",
        fqme=BTC,
        side="buy",
        order_type="limit",
        size=Decimal(1),
        price=Decimal(90),
        state=state,
        reason=reason,
    )


def fill(trade_id: str = "t1") -> Fill:
    return Fill(
        order_id="a1",
        account="paper",
        fqme=BTC,
        trade_id=trade_id,
        side="buy",
        price=Decimal(90),
        size=Decimal(1),
    )


def test_the_first_watched_market_is_selected():
    assert DeckState([BTC, "ethusdt.spot.sim"]).selected == BTC
    assert DeckState().selected == ""


def test_ready_tells_brokers_and_accounts_and_ends_an_old_failure():
    state = DeckState()
    state.fold(EngineFailed(reason="gone"))
    state.fold(EngineReady(brokers=(), accounts=(AccountInfo(name="paper", broker="paper"),)))

    assert state.is_ready
    assert state.failure == ""
    assert list(state.accounts) == ["paper"]


def test_a_frame_moves_only_what_is_in_it():
    state = state_with_market()
    state.fold(
        Frame(
            fqme=BTC,
            ticks={
                "trade": [
                    Trade(BTC, 102.0, 1.0, "buy", 5, 6),
                    Trade(BTC, 103.0, 2.0, "buy", 7, 8),
                ],
                "bid": [Bid(BTC, 102.5, 3.0, 4, 5)],
            },
        )
    )
    quote = state.markets[BTC].quote

    assert (quote.last, quote.last_size) == (103.0, 2.0)
    assert (quote.bid, quote.ask) == (102.5, 101.0)
    assert quote.day_volume == 8.0
    assert (quote.venue_ns, quote.recv_ns) == (7, 8)


def test_a_side_without_size_is_a_side_that_is_not_there():
    state = state_with_market()
    state.fold(Frame(fqme=BTC, ticks={"ask": [Ask(BTC, 0.0, 0.0)]}))

    assert state.markets[BTC].quote.ask is None
    assert state.markets[BTC].spread is None


def test_change_is_measured_from_the_days_open():
    assert state_with_market().markets[BTC].change == 0.25


def test_a_frame_of_a_market_that_is_not_open_is_nothing():
    state = DeckState()

    assert state.fold(Frame(fqme=BTC, ticks={})) is Part.NOTHING


def test_data_after_a_break_ends_staleness_and_a_later_break_begins_it():
    state = state_with_market()
    trade = Trade(BTC, 102.0, 1.0, "buy", 5, 10)
    state.fold(Frame(fqme=BTC, ticks={"break": [Break(BTC, "stale", 5, 9)]}))
    assert state.markets[BTC].is_stale
    state.fold(Frame(fqme=BTC, ticks={"break": [Break(BTC, "stale", 5, 9)], "trade": [trade]}))
    assert not state.markets[BTC].is_stale
    state.fold(Frame(fqme=BTC, ticks={"break": [Break(BTC, "end", 5, 11)], "trade": [trade]}))
    assert state.markets[BTC].is_stale


def test_status_sets_age_and_state_of_each_feed():
    state = state_with_market()
    state.fold(EngineStatus(now_ns=9, feeds=(FeedStatus(fqme=BTC, state="stale", age_s=7.0),)))

    assert state.now_ns == 9
    assert state.markets[BTC].is_stale
    assert state.markets[BTC].age_s == 7.0


def test_bars_merge_and_a_reset_drops_what_was_known():
    state = state_with_market()
    state.fold(BarsUpdate(fqme=BTC, period_s=60, columns=bars(60, 120), is_complete=False))
    assert state.markets[BTC].loading == {60}
    state.fold(BarsUpdate(fqme=BTC, period_s=60, columns=bars(0)))
    state.fold(BarsUpdate(fqme=BTC, period_s=60, columns=bars(120, 180, close=2.0)))
    series = state.markets[BTC].series[60]

    assert list(series.time_ns // 1_000_000_000) == [0, 60, 120, 180]
    assert list(series.close) == [1.0, 1.0, 2.0, 2.0]
    assert state.markets[BTC].loading == set()

    state.fold(BarsUpdate(fqme=BTC, period_s=60, columns=bars(600), reset=True))
    assert len(series) == 1


def test_a_refused_order_is_said_aloud_once():
    state = state_with_market()
    state.fold(OrderUpdate(order=order(state=OrderState.STAGED)))
    denied = order(state=OrderState.DENIED, reason="size 9 over limit 5")
    state.fold(OrderUpdate(order=denied))
    state.fold(OrderUpdate(order=denied))

    assert [notice.level for notice in state.notices] == ["error"]
    assert "size 9 over limit 5" in state.notices[0].text


def test_a_refused_amend_or_cancel_is_said_aloud_unless_the_order_is_over():
    state = state_with_market()
    refused = RequestRefused(order_id="a1", request="amend", reason="110 % from the market")
    state.fold(OrderUpdate(order=order()))
    state.fold(OrderUpdate(order=order(), event=refused))
    state.fold(OrderUpdate(order=order(state=OrderState.CANCELED), event=refused))

    told = [notice for notice in state.notices if "amend" in notice.text]
    assert [notice.level for notice in told] == ["warning"]
    assert told[0].text == f"buy 1 {BTC}: amend refused: 110 % from the market"


def test_a_filled_order_is_told_with_its_average_price_and_not_fill_by_fill():
    state = state_with_market()
    done = msgspec.structs.replace(
        order(state=OrderState.FILLED),
        filled=Decimal(1),
        average_price=Decimal(61772) + Decimal(1) / 3,
    )
    state.fold(OrderUpdate(order=order()))
    state.fold(FillReport(fill=fill("t1")))
    state.fold(FillReport(fill=fill("t2")))
    state.fold(OrderUpdate(order=done))

    assert [notice.text for notice in state.notices] == [f"bought 1 {BTC} at 61772.333"]


def test_a_fill_counts_once_however_often_it_is_told():
    state = state_with_market()
    assert state.fold(FillReport(fill=fill())) & Part.FILLS
    assert state.fold(FillReport(fill=fill())) is Part.NOTHING

    assert len(state.fills) == 1


def test_positions_are_kept_by_account_and_market():
    state = DeckState()
    held = Position(account="paper", fqme=BTC, size=Decimal(2))
    state.fold(PositionUpdate(position=held))

    assert state.position("paper", BTC) == held
    assert state.position("other", BTC).size == 0


def test_an_alert_calls_when_it_is_triggered():
    state = DeckState()
    alert = Alert(alert_id="x", fqme=BTC, price=Decimal(5))
    state.fold(AlertUpdate(alert=alert))
    assert state.armed_alerts(BTC) == [alert]
    state.fold(
        AlertUpdate(alert=Alert(alert_id="x", fqme=BTC, price=Decimal(5), state="triggered"))
    )

    assert state.armed_alerts() == []
    assert "reached 5" in state.notices[-1].text


def test_a_failed_engine_leaves_no_order_state_and_no_market_trusted():
    state = state_with_market()
    state.fold(OrderUpdate(order=order()))
    state.fold(OrderUpdate(order=order("b2", OrderState.FILLED)))
    state.fold(EngineFailed(reason="disk full"))

    assert state.failure == "disk full"
    assert state.orders["a1"].state is OrderState.UNKNOWN
    assert state.orders["b2"].state is OrderState.FILLED
    assert state.markets[BTC].is_stale
    assert not state.is_ready


def test_a_market_that_cannot_be_opened_says_why():
    state = DeckState([BTC])
    state.fold(FlumeFailed(fqme=BTC, reason="not listed"))
    assert state.refused_markets == {BTC: "not listed"}
    state.fold(opened())

    assert state.refused_markets == {}


def test_a_market_that_is_tried_again_is_told_of_once_and_says_when():
    state = DeckState([BTC])
    for retry_ns in (5, 9, 17):
        state.fold(FlumeFailed(fqme=BTC, reason="no route", retry_ns=retry_ns))

    state.fold(FlumeFailed(fqme=BTC, reason="no route", retry_ns=17))

    assert state.refused_markets == {BTC: "no route"}
    assert state.retries == {BTC: 17}
    (notice,) = state.notices
    assert ("warning", f"{BTC}: no route; it is tried again") == (notice.level, notice.text)
    state.fold(FlumeFailed(fqme=BTC, reason="not listed"))
    assert state.retries == {}
    assert ("error", f"{BTC}: not listed") == (state.notices[-1].level, state.notices[-1].text)

    state.fold(FlumeFailed(fqme=BTC, reason="no route", retry_ns=20))
    state.fold(opened())
    assert state.refused_markets == state.retries == {}


def test_a_reason_that_counts_is_told_once():
    state = DeckState([BTC])
    for left_s in (34, 26, 9.5):
        reason = f"banned for {left_s} s more"
        state.fold(FlumeFailed(fqme=BTC, reason=reason, retry_ns=1))

    assert state.refused_markets == {BTC: "banned for 9.5 s more"}
    assert 1 == len(state.notices)


def test_a_market_asked_for_by_another_name_is_known_by_the_one_it_has_and_said_so_once():
    state = DeckState(["xbt.sim", "eth.sim", BTC])
    state.fold(FlumeFailed(fqme="xbt.sim", reason="no route", retry_ns=5))
    state.select("xbt.sim")
    for _ in range(2):
        state.fold(msgspec.structs.replace(opened(), asked="xbt.sim"))

    assert state.watch == [BTC, "eth.sim"]
    assert state.selected == BTC
    assert state.market is not None
    assert state.refused_markets == state.retries == {}
    assert state.canonical("xbt.sim") == BTC
    assert state.canonical("eth.sim") == "eth.sim"
    assert 1 == sum(f"xbt.sim is {BTC}" == notice.text for notice in state.notices)


def test_what_a_broker_can_do_that_came_up_later_is_known():
    state = DeckState()
    state.fold(EngineReady(brokers=(BrokerInfo(name="sim"),), accounts=(), home="far"))
    before = state.book_version
    touched = state.fold(BrokerInfo(name="far", can_post_only=True))

    assert state.home == "far"
    assert state.brokers["far"].can_post_only
    assert touched & Part.ENGINE
    assert state.book_version > before  # the order pane greys out what cannot be done


def test_connections_are_known_by_name_and_their_news_are_told_once():
    state = DeckState()
    rest = ConnectionStatus(
        broker="far", name="rest", state="banned", since_ns=0, until_ns=90_000_000_000
    )
    noted = ConnectionStatus(
        broker="far", name="account main", state="live", since_ns=0, note="it may withdraw"
    )
    for _ in range(3):
        state.fold(EngineStatus(now_ns=30_000_000_000, connections=(rest, noted)))

    assert state.connections == {("far", "rest"): rest, ("far", "account main"): noted}
    assert [notice.text for notice in state.notices] == [
        "far rest is banned by its venue for 1m",
        "far account main: it may withdraw",
    ]
    state.fold(EngineFailed(reason="disk full"))
    assert state.connections == {}


def test_the_list_of_all_there_is_and_a_search_do_not_replace_each_other():
    state = DeckState()
    found = SearchResults(request_id=2, matches=(Match(fqme=BTC),))
    listed = SearchResults(request_id=LIST_REQUEST, matches=())
    state.fold_all([found, listed])

    assert (state.search, state.listed) == (found, listed)


def test_an_older_search_answer_does_not_replace_a_newer_one():
    state = DeckState()
    newer = SearchResults(request_id=2, matches=(Match(fqme=BTC),))
    state.fold(newer)

    assert state.fold(SearchResults(request_id=1, matches=())) is Part.NOTHING
    assert state.search == newer


def test_a_refused_command_is_a_notice():
    state = DeckState()
    state.fold(CommandRefused(command="playback", reason="not a playback"))

    assert state.notices[0].text == "playback: not a playback"


def test_taking_the_selected_market_off_the_list_selects_its_neighbour():
    state = DeckState(["a.sim", "b.sim", "c.sim"])
    state.select("b.sim")
    state.remove_watch("b.sim")

    assert state.watch == ["a.sim", "c.sim"]
    assert state.selected == "c.sim"


@given(st.integers(min_value=0, max_value=NOTICES_KEPT * 2))
def test_the_log_is_bounded_and_its_count_is_not(count: int):
    state = DeckState()
    for number in range(count):
        state.fold(Notice(level="info", text=str(number)))

    assert len(state.notices) == min(count, NOTICES_KEPT)
    assert state.notice_count == count


@given(st.lists(st.sampled_from(["open", "frame", "stale", "bars", "order", "fail"])))
def test_events_in_any_order_fold_without_raising(names: list[str]):
    events = {
        "open": opened(),
        "frame": Frame(fqme=BTC, ticks={"trade": [Trade(BTC, 1.0, 1.0)]}),
        "stale": Frame(fqme=BTC, ticks={"break": [Break(BTC, "stale")]}),
        "bars": BarsUpdate(fqme=BTC, period_s=1, columns=bars(1, 2)),
        "order": OrderUpdate(order=order()),
        "fail": EngineFailed(reason="x"),
    }
    state = DeckState([BTC])
    state.fold_all(events[name] for name in names)

    assert state.version == len(names)
    assert (BTC in state.markets) == ("open" in names)


# -- algos, guards, accounts ----------------------------------------------------------------------


def child(name: str, parent: str = "a", state: OrderState = OrderState.OPEN) -> OrderUpdate:
    return OrderUpdate(order=scene_order(1, state, order_id=name, parent_id=parent))


def test_an_algo_is_known_by_the_number_of_its_first_telling():
    state = DeckState()
    for name in ("x", "y"):
        touched = state.fold(AlgoUpdate(algo=bracket(algo_id=name)))
        assert touched == Part.ALGOS | Part.NOTICES
    state.fold(AlgoUpdate(algo=bracket(algo_id="x", status="done")))

    assert (state.algo_number("x"), state.algo_number("y")) == (1, 2)


def test_an_algo_knows_its_orders_whichever_was_told_first():
    state = DeckState()
    state.fold_all([child("a.1"), AlgoUpdate(algo=bracket()), child("a.2"), child("b.1", "b")])
    state.fold(child("a.1", state=OrderState.FILLED))

    assert [order.order_id for order in state.children("a")] == ["a.1", "a.2"]
    assert state.children("a")[0].state is OrderState.FILLED
    assert state.children("none") == []


def test_guards_of_an_account_are_the_newest_that_were_told():
    state = DeckState()
    assert state.guards_of("sim") is None
    assert not state.is_killed
    for trading in ("active", "halted"):
        own = AccountGuards(account="sim", state=trading)  # type: ignore[arg-type]
        state.fold(GuardsUpdate(accounts=(own,), is_killed=trading == "halted"))

    assert state.guards_of("sim") == own
    assert state.guards_of("other") is None
    assert state.is_killed
    assert state.notices[-1].source == "guards"


def test_what_may_be_traded_is_a_part_of_the_screen_of_its_own():
    state = DeckState()
    before = state.book_version

    assert state.fold(GuardsUpdate()) == Part.ENGINE | Part.GUARDS
    assert state.fold(JournalUpdate(is_written=True)) == Part.ENGINE | Part.GUARDS
    update = AccountUpdate(account="sim", state="agreed")
    assert state.fold(update) == Part.ENGINE | Part.GUARDS
    assert state.book_version == before + 3


def test_what_denied_an_order_is_kept_with_its_limit_and_value():
    state = DeckState()
    denied = scene_order(1, OrderState.DENIED, reason="too large")
    event = Denied(order_id="order-1", check="size", reason="too large", limit="1", value="2")
    state.fold(OrderUpdate(order=scene_order(1, OrderState.STAGED)))
    state.fold(OrderUpdate(order=denied, event=event))

    assert state.denials["order-1"] == event
    assert state.notices[-1].text.endswith("denied: too large (is 2, limit 1)")


def test_an_alert_calls_the_desktop_once_with_what_the_engine_says():
    state = DeckState()
    armed = Alert(alert_id="x", fqme=BTC, price=Decimal(5))
    reached = msgspec.structs.replace(armed, state="triggered", triggered_ns=7)
    state.fold(AlertUpdate(alert=armed))
    for _ in range(2):
        state.fold(AlertUpdate(alert=reached, text="btc reached 5"))

    assert (state.call_count, state.calls) == (1, ["btc reached 5"])


def test_calls_are_counted_and_only_the_newest_are_kept():
    state = DeckState()
    for number in range(CALLS_KEPT * 3):
        alert = Alert(alert_id=str(number), fqme=BTC, price=Decimal(5), state="triggered")
        state.fold(AlertUpdate(alert=alert, text=str(number)))

    assert state.call_count == CALLS_KEPT * 3
    assert len(state.calls) <= CALLS_KEPT + 1
    assert state.calls[-1] == str(CALLS_KEPT * 3 - 1)


def test_a_refused_command_is_told_with_value_and_limit():
    state = DeckState()
    state.fold(CommandRefused(command="setalert", reason="no such price", limit="1", value="2"))

    assert state.notices[-1].text == "alert not set: no such price (is 2, limit 1)"


def test_what_an_earlier_run_came_to_is_no_news():
    state = state_with_market()
    for number, done in enumerate((OrderState.DENIED, OrderState.REJECTED, OrderState.FILLED)):
        state.fold(OrderUpdate(order=order(f"a{number}", done, reason="long ago")))

    assert state.notices == []
    assert len(state.orders) == 3


def asked_at_the_start(reason: str = "the engine stopped; its venue is asked") -> DeckState:
    state = DeckState()
    state.fold(EngineReady(brokers=(), accounts=(AccountInfo(name="paper", broker="paper"),)))
    state.fold(OrderUpdate(order=order(state=OrderState.UNKNOWN, reason=reason)))
    return state


def loud(state: DeckState) -> list[str]:
    return [notice.text for notice in state.notices if notice.level != "info"]


def test_an_order_whose_venue_is_asked_at_the_start_is_nothing_to_mind():
    state = asked_at_the_start()
    state.fold(AccountUpdate(account="paper", state="opening"))
    state.fold(OrderUpdate(order=order(state=OrderState.OPEN)))
    state.fold(AccountUpdate(account="paper", state="agreed"))

    assert loud(state) == []
    assert state.notices[0].source == "accounts"  # in the log alone


def test_an_order_that_stays_unknown_after_its_venue_was_asked_is_said_aloud_once():
    state = asked_at_the_start()
    for _ in range(2):
        state.fold(AccountUpdate(account="paper", state="agreed", unresolved=("a1",)))

    assert len(loud(state)) == 1
    assert "is UNKNOWN: its venue does not say" in loud(state)[0]


def test_an_order_whose_venue_cannot_be_asked_at_the_start_is_said_aloud():
    state = asked_at_the_start()
    state.fold(AccountUpdate(account="paper", state="in_doubt", reason="no route"))

    assert len(loud(state)) == 2
    assert "account paper: no route" in loud(state)[0]
    assert "is UNKNOWN: the engine stopped" in loud(state)[1]


def test_an_unknown_order_of_an_account_that_nobody_asks_about_is_said_aloud():
    state = DeckState()
    state.fold(OrderUpdate(order=order(state=OrderState.UNKNOWN, reason="no answer")))

    assert len(loud(state)) == 1


def test_an_order_that_becomes_unknown_after_the_start_is_said_aloud_at_once():
    state = asked_at_the_start()
    state.fold(OrderUpdate(order=order(state=OrderState.OPEN)))
    state.fold(AccountUpdate(account="paper", state="agreed"))
    state.fold(OrderUpdate(order=order(state=OrderState.UNKNOWN, reason="timed out")))

    assert "is UNKNOWN: timed out" in loud(state)[-1]
