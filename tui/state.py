"""What the deck knows: a fold over the events of the engine. Plain Python, no screen in it.

`DeckState.fold` takes one event and says which parts of the screen it touched. Whatever is
drawn, staged or asked about an order is read from here, and only events write here; the one
thing the user writes is which market is selected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from engine.feed.bars import Series
from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    Alert,
    AlertUpdate,
    Algo,
    AlgoUpdate,
    BarsUpdate,
    BrokerInfo,
    CommandRefused,
    ConnectionStatus,
    Denied,
    EngineFailed,
    EngineReady,
    EngineStatus,
    Fill,
    FillReport,
    FlumeFailed,
    FlumeOpened,
    Frame,
    GuardsUpdate,
    JournalUpdate,
    Notice,
    Order,
    OrderState,
    OrderUpdate,
    PlaybackStatus,
    Position,
    PositionUpdate,
    SearchResults,
    ServiceStatus,
)
from engine.text import gist
from tui.market_view import MarketView, quote_after, stale_after
from tui.orders.news import (
    Level,
    News,
    algo_told,
    doubt_told,
    guards_told,
    is_being_asked,
    journal_told,
    refusal_of,
    refused_words,
    standing_of,
    told_of,
)
from tui.part import BOOK, Part
from tui.venues.connections import Key, by_key
from tui.venues.connections import told_of as connections_told
from tui.watched import Watched

if TYPE_CHECKING:
    from engine.messages import Event

__all__ = ["DeckState", "MarketView", "Part"]

NOTICES_KEPT = 500
"""Lines that the log tab can show; the log file has them all."""

FILLS_KEPT = 2000

CALLS_KEPT = 20

LIST_REQUEST = 0
"""Request id of a search for what there is at all; a person's searches count from 1."""


class DeckState(Watched):
    """Everything that the deck shows, after all events so far."""

    def __init__(self, watch: Iterable[str] = ()) -> None:
        super().__init__(watch)
        self.markets: dict[str, MarketView] = {}
        self.refused_markets: dict[str, str] = {}
        """Why a watched market is not open, by fqme."""
        self.retries: dict[str, int] = {}
        """When those of them are tried again whose venue cannot be reached; wall time."""
        self.orders: dict[str, Order] = {}
        self.denials: dict[str, Denied] = {}
        """What denied an order, by its id, where that was told."""
        self.fills: list[Fill] = []
        self.fill_count = 0
        """All fills so far, including those no longer kept."""
        self.positions: dict[tuple[str, str], Position] = {}
        """By (account, fqme)."""
        self.alerts: dict[str, Alert] = {}
        self.algos: dict[str, Algo] = {}
        """In the order in which they were first told of; none is ever forgotten."""
        self.calls: list[str] = []
        """What alerts that called have to say to a desktop, the newest last."""
        self.call_count = 0
        """All calls so far, including those no longer kept."""
        self.accounts: dict[str, AccountInfo] = {}
        self.brokers: dict[str, BrokerInfo] = {}
        self.home = ""
        """The broker whose markets are shown where none are named."""
        self.connections: dict[Key, ConnectionStatus] = {}
        """Of all brokers, by broker and name."""
        self.services: dict[str, ServiceStatus] = {}
        self.playbacks: dict[str, PlaybackStatus] = {}
        """By broker."""
        self.notices: list[Notice] = []
        self.notice_count = 0
        """All notices so far, including those no longer kept."""
        self.search: SearchResults | None = None
        """The newest answer to a search."""
        self.listed: SearchResults | None = None
        """The newest answer to what there is at all, which the deck asks for by itself."""
        self.accounts_told: dict[str, AccountUpdate] = {}
        """How far each account is agreed with its venue."""
        self.guards: GuardsUpdate | None = None
        """What may be traded now; None while nothing was said."""
        self.journal: JournalUpdate | None = None
        """Whether orders can be recorded; None while nothing else was said."""
        self.exit_code = 0
        """What to leave with once the engine is gone."""
        self.failure_hint = ""
        self.failure = ""
        """Why the engine is gone; empty while it is not."""
        self.is_ready = False
        """The engine has reported itself."""
        self.now_ns = 0
        """The engine's wall time at its last report, nanoseconds UTC."""
        self.version = 0
        """Goes up with every event."""
        self.book_version = 0
        """Goes up with every change of orders, fills, positions, alerts, algos and guards."""
        self._children: dict[str, list[str]] = {}
        self._known_fills: set[tuple[str, str, str]] = set()
        self._asked_about: set[str] = set()
        """Ids of orders that were unknown at the start, while their venue did not answer."""

    # -- views over the state -------------------------------------------------------------------

    @property
    def market(self) -> MarketView | None:
        """The selected market, once it is open."""
        return self.markets.get(self.selected)

    def working(self, fqme: str = "") -> list[Order]:
        """Orders that can still trade, oldest first; of one market if `fqme` is given."""
        return [
            order
            for order in self.orders.values()
            if order.is_working and (not fqme or order.fqme == fqme)
        ]

    def armed_alerts(self, fqme: str = "") -> list[Alert]:
        """Alerts that can still call; of one market if `fqme` is given. None can once the engine
        is gone."""
        return (
            []
            if self.failure
            else [
                alert
                for alert in self.alerts.values()
                if alert.state == "armed" and (not fqme or alert.fqme == fqme)
            ]
        )

    def position(self, account: str, fqme: str) -> Position:
        """What `account` holds in `fqme`; a flat position if nothing was ever filled."""
        return self.positions.get((account, fqme)) or Position(account=account, fqme=fqme)

    def children(self, algo_id: str) -> list[Order]:
        """All orders that an algo made, the oldest first."""
        return [self.orders[order_id] for order_id in self._children.get(algo_id, ())]

    def algo_number(self, algo_id: str) -> int:
        """The number that the user calls this algo by; the first one told of is 1."""
        return next(n for n, known in enumerate(self.algos, 1) if known == algo_id)

    @property
    def is_killed(self) -> bool:
        """The kill switch is on."""
        return self.guards is not None and self.guards.is_killed

    def guards_of(self, account: str) -> AccountGuards | None:
        """What is known of the guards of an account."""
        known = () if self.guards is None else self.guards.accounts
        return next((one for one in known if one.account == account), None)

    def remove_watch(self, fqme: str) -> bool:
        is_off = super().remove_watch(fqme)
        if is_off:
            self.forget(fqme)
        return is_off

    def forget(self, fqme: str) -> None:
        """Drop what was known of a market that is no longer watched."""
        self.markets.pop(fqme, None)
        self.refused_markets.pop(fqme, None)
        self.retries.pop(fqme, None)

    # -- the fold -------------------------------------------------------------------------------

    def fold(self, event: Event) -> Part:
        """Take one event in. Returns the parts of the screen that it touched."""
        self.version += 1
        fold = _FOLDS.get(type(event))
        touched = fold(self, event) if fold else Part.NOTHING
        self.book_version += bool(touched & BOOK)
        return touched

    def fold_all(self, events: Iterable[Event]) -> Part:
        """Take events in, in their order. Returns all parts that they touched."""
        touched = Part.NOTHING
        for event in events:
            touched |= self.fold(event)
        return touched

    def note(self, notice: Notice) -> Part:
        """Add a line to the log."""
        self.notices.append(notice)
        self.notice_count += 1
        if len(self.notices) > NOTICES_KEPT:
            del self.notices[: len(self.notices) - NOTICES_KEPT]
        return Part.NOTICES

    def _on_ready(self, event: EngineReady) -> Part:
        self.is_ready = True
        self.failure = ""
        self.brokers = {broker.name: broker for broker in event.brokers}
        self.accounts = {account.name: account for account in event.accounts}
        self.home = event.home or next(iter(self.brokers), "")
        self.now_ns = event.now_ns or self.now_ns
        return Part.ENGINE | Part.POSITIONS

    def _on_broker(self, event: BrokerInfo) -> Part:
        self.brokers[event.name] = event
        return Part.ENGINE | Part.GUARDS

    def _on_failed(self, event: EngineFailed) -> Part:
        """The engine is gone: nothing that was known of orders and markets holds any more."""
        self.failure = event.reason or "no reason given"
        self.failure_hint, self.exit_code = event.hint, event.exit_code
        self.is_ready = False
        self.connections, self.retries = {}, {}
        for order_id, order in self.orders.items():
            if order.is_working:
                self.orders[order_id] = msgspec.structs.replace(
                    order, state=OrderState.UNKNOWN, awaiting="", reason="the engine is gone"
                )
        for view in self.markets.values():
            view.is_stale = True
            view.version += 1
        text = f"engine failed: {self.failure}"
        self.note(Notice(level="error", text=text, source="engine", now_ns=self.now_ns))
        everything = Part.NOTHING
        for part in Part:
            everything |= part
        return everything

    def _on_flume(self, event: FlumeOpened) -> Part:
        fqme = event.instrument.fqme
        known = self.markets.get(fqme)
        self.refused_markets.pop(fqme, None)
        self.retries.pop(fqme, None)
        touched = Part.MARKET | Part.BARS | Part.POSITIONS
        if event.asked:
            self.forget(event.asked)
            if self.learn(event.asked, fqme):
                touched |= self._told("deck", [("info", f"{event.asked} is {fqme}")], touched)
        if known is None:
            self.markets[fqme] = MarketView(event.instrument, event.quote)
        else:
            known.instrument, known.quote, known.is_stale = event.instrument, event.quote, False
            known.version += 1
        return touched

    def _on_flume_failed(self, event: FlumeFailed) -> Part:
        known = self.refused_markets.get(event.fqme, "")
        self.refused_markets[event.fqme] = event.reason
        if view := self.markets.get(event.fqme):
            view.is_stale = True
            view.version += 1
        self.retries.pop(event.fqme, None)
        if event.retry_ns:
            self.retries[event.fqme] = event.retry_ns
            if gist(known) == gist(event.reason):
                return Part.MARKET  # it was told, and goes on
        level: Level = "warning" if event.retry_ns else "error"
        again = "; it is tried again" if event.retry_ns else ""
        return self._told("feed", [(level, f"{event.fqme}: {event.reason}{again}")], Part.MARKET)

    def _on_frame(self, event: Frame) -> Part:
        if (view := self.markets.get(event.fqme)) is None:
            return Part.NOTHING  # closed by this deck while the frame was on its way
        view.quote = event.quote or quote_after(view.quote, event)
        view.is_stale = stale_after(view.is_stale, event)
        if view.feed and not view.is_stale:
            view.feed = msgspec.structs.replace(view.feed, age_s=0.0, state="live")
        view.version += 1
        return Part.MARKET

    def _on_bars(self, event: BarsUpdate) -> Part:
        if (view := self.markets.get(event.fqme)) is None:
            return Part.NOTHING
        series = view.series.setdefault(event.period_s, Series(event.period_s))
        if event.reset:
            series.clear()
        series.merge(event.columns)
        if event.is_complete:
            view.loading.discard(event.period_s)
        else:
            view.loading.add(event.period_s)
        return Part.BARS

    def _on_order(self, event: OrderUpdate) -> Part:
        order = event.order
        before = self.orders.get(order.order_id)
        self.orders[order.order_id] = order
        if before is None and order.parent_id:
            self._children.setdefault(order.parent_id, []).append(order.order_id)
        if isinstance(event.event, Denied):
            self.denials[order.order_id] = event.event
        told = self._order_told(event, before)
        if told is None:
            return Part.ORDERS
        level, text = told
        source = (
            "accounts" if self._is_asked_about(order) else "orders"
        )  # the log alone, or a toast
        return Part.ORDERS | self.note(
            Notice(level=level, text=text, source=source, now_ns=order.updated_ns)
        )

    def _order_told(self, event: OrderUpdate, before: Order | None) -> News | None:
        """What a person is told of an order. One that is shown for the first time was just made,
        or came to what it is in an earlier run: that is no news, unless nobody knows of it."""
        order = event.order
        if before is not None and before.state == order.state:
            return refusal_of(event)
        if order.state is OrderState.UNKNOWN:
            known = self.accounts_told.get(order.account)
            if order.account in self.accounts and is_being_asked(known):
                self._asked_about.add(order.order_id)
                return doubt_told(order, known)
        elif before is None:
            return None
        return told_of(order, self.denials.get(order.order_id))

    def _on_fill(self, event: FillReport) -> Part:
        fill = event.fill
        key = (fill.account, fill.fqme, fill.trade_id)
        if key in self._known_fills:
            return Part.NOTHING  # sent again to a deck that attached
        self._known_fills.add(key)
        self.fills.append(fill)
        self.fill_count += 1
        if len(self.fills) > FILLS_KEPT:
            del self.fills[: len(self.fills) - FILLS_KEPT]
        return Part.FILLS

    def _on_position(self, event: PositionUpdate) -> Part:
        position = event.position
        self.positions[position.account, position.fqme] = position
        return Part.POSITIONS

    def _on_account(self, event: AccountUpdate) -> Part:
        before = self.accounts_told.get(event.account)
        self.accounts_told[event.account] = event
        told = standing_of(event, before) + self._still_unknown(event)
        return self._told("accounts", told, Part.ENGINE | Part.GUARDS)

    def _is_asked_about(self, order: Order) -> bool:
        return order.state is OrderState.UNKNOWN and order.order_id in self._asked_about

    def _still_unknown(self, event: AccountUpdate) -> list[News]:
        """What is said of orders that asking their venue at the start did not make known."""
        if is_being_asked(event):
            return []
        waited = [
            order
            for order_id in sorted(self._asked_about)
            if (order := self.orders[order_id]).account == event.account
        ]
        self._asked_about.difference_update(order.order_id for order in waited)
        return [doubt_told(one, event) for one in waited if one.state is OrderState.UNKNOWN]

    def _on_guards(self, event: GuardsUpdate) -> Part:
        before, self.guards = self.guards, event
        return self._told("guards", guards_told(event, before), Part.ENGINE | Part.GUARDS)

    def _on_journal(self, event: JournalUpdate) -> Part:
        before, self.journal = self.journal, event
        return self._told("journal", journal_told(event, before), Part.ENGINE | Part.GUARDS)

    def _on_algo(self, event: AlgoUpdate) -> Part:
        before = self.algos.get(event.algo.algo_id)
        self.algos[event.algo.algo_id] = event.algo
        return self._told("algos", algo_told(event.algo, before), Part.ALGOS)

    def _told(self, source: str, told: Iterable[News], touched: Part) -> Part:
        """Put news in the log. Returns `touched`, and that the log was if it was."""
        for level, text in told:
            notice = Notice(level=level, text=text, source=source, now_ns=self.now_ns)
            touched |= self.note(notice)
        return touched

    def _on_alert(self, event: AlertUpdate) -> Part:
        alert = event.alert
        before = self.alerts.get(alert.alert_id)
        self.alerts[alert.alert_id] = alert
        if alert.state != "triggered" or (before is not None and before.state != "armed"):
            return Part.ALERTS
        text = f"alert: {alert.fqme} reached {alert.price:f}"
        text += f" ({alert.note})" if alert.note else ""
        self.call_count += 1
        self.calls = [*self.calls[-CALLS_KEPT:], event.text or text]
        return Part.ALERTS | self.note(
            Notice(level="warning", text=text, source="alerts", now_ns=alert.triggered_ns)
        )

    def _on_status(self, event: EngineStatus) -> Part:
        self.now_ns = event.now_ns
        self.services = {service.name: service for service in event.services}
        self.playbacks = {playback.broker: playback for playback in event.playbacks}
        told = connections_told(self.connections, event.connections, event.now_ns)
        self.connections = by_key(event.connections)
        for feed in event.feeds:
            if view := self.markets.get(feed.fqme):
                view.feed = feed
                view.is_stale = feed.state in _NOT_LIVE
                view.version += 1
        return self._told("venues", told, Part.ENGINE | Part.MARKET)

    def _on_notice(self, event: Notice) -> Part:
        return self.note(event)

    def _on_refused(self, event: CommandRefused) -> Part:
        return self._told("engine", [("warning", refused_words(event))], Part.NOTHING)

    def _on_search(self, event: SearchResults) -> Part:
        if event.request_id == LIST_REQUEST:
            self.listed = event
            return Part.NOTHING
        if self.search and event.request_id < self.search.request_id:
            return Part.NOTHING  # the answer to an older question
        self.search = event
        return Part.SEARCH


_NOT_LIVE = frozenset({"stale", "ended", "failed"})

_FOLDS: dict[type, Callable[[DeckState, Any], Part]] = {
    EngineReady: DeckState._on_ready,
    BrokerInfo: DeckState._on_broker,
    EngineFailed: DeckState._on_failed,
    FlumeOpened: DeckState._on_flume,
    FlumeFailed: DeckState._on_flume_failed,
    Frame: DeckState._on_frame,
    BarsUpdate: DeckState._on_bars,
    OrderUpdate: DeckState._on_order,
    FillReport: DeckState._on_fill,
    PositionUpdate: DeckState._on_position,
    AlertUpdate: DeckState._on_alert,
    AlgoUpdate: DeckState._on_algo,
    AccountUpdate: DeckState._on_account,
    GuardsUpdate: DeckState._on_guards,
    JournalUpdate: DeckState._on_journal,
    EngineStatus: DeckState._on_status,
    Notice: DeckState._on_notice,
    CommandRefused: DeckState._on_refused,
    SearchResults: DeckState._on_search,
}
