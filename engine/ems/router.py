"""The only writer of order state: commands and the venues' answers in, one at a time.

What happens is decided synchronously, in the order in which it arrives. Then it is written to
the journal, and only when that is done is it told to anyone or sent to a venue: nothing leaves
the machine without a record, and nothing is shown that a crash could take back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import trio

from engine.broker import UntilLost, never_lost
from engine.clock import Clock
from engine.ems.accounts import Account, GetBroker
from engine.ems.alert_command import AlertCommand
from engine.ems.blotter import Blotter
from engine.ems.dark import DarkBook
from engine.ems.days import Days
from engine.ems.desk import Desk
from engine.ems.gate import Markets
from engine.ems.journal import Journal
from engine.ems.keeper import Keeper
from engine.ems.lanes import Lanes
from engine.ems.limits import RiskLimits
from engine.ems.logins import Logins
from engine.ems.outcome import Outcome
from engine.ems.replay import Replayed, replay
from engine.ems.shape import as_sent
from engine.ems.shown import Shown, newest_of
from engine.ems.tending import Tending
from engine.ems.timer import Timer
from engine.failpoints import reach
from engine.messages import (
    AlertUpdate,
    CancelAll,
    Command,
    Event,
    Flatten,
    JournalUpdate,
    Order,
    OrderState,
    Reverse,
    Tick,
)


class Router:
    """Orders from intent to fill. `handle` and `on_ticks` never wait; `run` does the work.

    Accounts are logged in when they are first needed, as services `account NAME`, and take
    orders once their venue was asked what it knows of them.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        clock: Clock,
        publish: Callable[[Event], None],
        markets: Markets,
        accounts: Sequence[Account],
        get_broker: GetBroker,
        until_lost: UntilLost = never_lost,
        dark_through_ticks: int = 5,
        answer_timeout_s: float = 10.0,
        alert_command: Sequence[str] = (),
        all_limits: Mapping[str, RiskLimits] | None = None,
    ) -> None:
        self._journal = journal
        self._keeper = Keeper(journal, self._on_journal)
        self._tended: dict[str, Tending] = {}
        self._get_broker = get_broker
        self._clock = clock
        self._publish = publish
        self._accounts: Mapping[str, Account] = {account.name: account for account in accounts}
        self._answer_timeout_s = answer_timeout_s
        self._alert_command = AlertCommand(alert_command)
        self._blotter = Blotter(
            Days({name: account.day_starts_ns for name, account in self._accounts.items()})
        )
        self._dark = DarkBook()
        self._shown = Shown()
        self._logins = Logins(
            accounts=self._accounts,
            get_broker=get_broker,
            report=lambda account, event: self._post(partial(self._desk.on_report, account, event)),
            timeout_s=answer_timeout_s,
            until_lost=until_lost,
            lost=lambda account, why: self._post(partial(self._desk.on_account_lost, account, why)),
        )
        self._lanes = Lanes(
            get_client=self._logins.open,
            order_of=self._as_sent,
            instrument_of=self._blotter.instrument,
            sent=lambda: self._post(_nothing),
            report=lambda event: self._post(partial(self._desk.apply, event)),
            no_answer=lambda request, why: self._post(
                partial(self._desk.on_no_answer, request, why)
            ),
            answer_timeout_s=answer_timeout_s,
        )
        self._desk = Desk(
            clock=clock,
            markets=markets,
            accounts=self._accounts,
            blotter=self._blotter,
            dark=self._dark,
            lanes=self._lanes,
            capabilities_of=self._logins.capabilities_of,
            through_ticks=dark_through_ticks,
            all_limits=all_limits,
        )
        self._timer = Timer(lambda: self._post(self._desk.on_time))
        self._inbox: deque[Callable[[], None]] = deque()
        self._arrived = trio.Event()
        self._settled = trio.Event()
        self._flattening = 0
        self._is_settling = False
        self._nursery: trio.Nursery

    def _as_sent(self, order_id: str) -> Order:
        """The order as its venue knows it: without the terms that are kept here for it."""
        order = self._blotter.orders[order_id]
        capabilities = self._desk.capabilities_of(order.account)
        return order if capabilities is None else as_sent(order, capabilities)

    # -- what others call -----------------------------------------------------------------------

    async def recover(self) -> Replayed:
        """Before `run`: read the journal, and go on from what it says. Every account that has
        something at its venue is asked about it as soon as the router runs.

        Raises:
            JournalDamaged: a record cannot be read.
        """
        replayed = await replay(self._journal, self._blotter)
        for event in newest_of(self._blotter, replayed):
            self._shown.keep(event)
        self._post(partial(self._desk.restore, replayed))
        return replayed

    def held_markets(self) -> tuple[str, ...]:
        """Markets in which something is held here, as they were read from the journal."""
        orders = [o.fqme for o in self._blotter.working() if o.state is OrderState.DARK]
        algos = [algo.fqme for algo in self._desk.algos.algos() if not algo.is_ended]
        return tuple(dict.fromkeys([*orders, *self._desk.waiting_markets(), *algos]))

    def open_accounts(self) -> None:
        """Log all accounts in, and ask their venues, without waiting for orders."""
        self._post(self._desk.open_accounts)

    def handle(self, command: Command) -> None:
        """Take an order command; what comes of it is published. Never waits.

        Raises:
            TypeError: it is not a command for the router.
        """
        self._post(self._desk.decision(command))

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Tap of the bus: touch what rests here. Never waits."""
        for touch in self._dark.on_ticks(fqme, ticks):
            self._post(partial(self._desk.on_touch, touch))
        if self._dark.has_moved(fqme):
            self._desk.on_moved(fqme)
            self._timer.want()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Service: carry out what comes in, until cancelled.

        Raises:
            Exception: what the journal raises; trading stops with it.
        """
        async with trio.open_nursery() as self._nursery:
            self._nursery.start_soon(self._timer.run)
            await self._nursery.start(self._keeper.run)
            task_status.started()
            while True:
                if not self._inbox:
                    self._arrived = trio.Event()
                    await self._arrived.wait()
                await self._settle()

    def snapshot(self) -> list[Event]:
        """All orders, fills, positions and alerts as they were published, for a deck that
        attaches."""
        return self._shown.events()

    @property
    def blotter(self) -> Blotter:
        """What is known now; for reading."""
        return self._blotter

    def working(self, *, account: str = "", fqme: str = "") -> tuple[Order, ...]:
        """Orders that can still trade, oldest first; an empty string means all."""
        return self._blotter.working(account=account, fqme=fqme)

    async def wait_idle(self) -> None:
        """Wait until everything that came in is done, and every venue has answered."""
        await self._wait_until(
            lambda: not (self._desk.is_logging_in or self._flattening) and self._lanes.is_idle
        )

    async def cancel_all_and_wait(self, timeout_s: float) -> tuple[Order, ...]:
        """Cancel everything that works; returns what still may trade after `timeout_s`."""
        self.handle(CancelAll())
        with trio.move_on_after(timeout_s):
            await self._wait_until(lambda: not self._blotter.working())
        return self._blotter.working()

    # -- the loop -------------------------------------------------------------------------------

    def _post(self, decide: Callable[[], None]) -> None:
        self._inbox.append(decide)
        self._arrived.set()

    async def _settle(self) -> None:
        """Decide everything that waits, record it, then tell it and send what is to be sent."""
        self._is_settling = True
        while self._inbox:
            self._inbox.popleft()()
        outcome = self._desk.take_outcome()
        reach("1-decided")
        if outcome.records:
            await self._keeper.append(outcome.records)
        if self._keeper.reason:
            await self._keep_back(outcome)
        reach("2-written")
        for event in outcome.events:
            self._shown.keep(event)
            self._publish(event)
            if isinstance(event, AlertUpdate) and event.text:
                self._nursery.start_soon(self._alert_command.run, event)
        reach("3-told")
        self._lanes.send(outcome.requests, self._nursery)
        if self._desk.needs_time:
            self._timer.want()
        for name in outcome.log_ins:
            self._tend(name, Tending.ask_now)
        for name in outcome.doubts:
            self._tend(name, Tending.ask)
        for command in outcome.exits:
            self._flattening += 1
            self._nursery.start_soon(self._flatten_when_canceled, command)
        self._is_settling = False
        self._settled.set()
        self._settled = trio.Event()

    async def _wait_until(self, is_so: Callable[[], bool]) -> None:
        while self._inbox or self._is_settling or not is_so():
            await self._settled.wait()

    async def _keep_back(self, outcome: Outcome) -> None:
        """There is no room for a record: nothing that adds risk leaves, nor what a refusal leads
        to."""
        reason, asked, outcome.requests = self._keeper.reason, outcome.requests, []
        while True:
            outcome.requests += self._desk.without_record(asked, reason)
            follows = self._desk.take_outcome()
            await self._keeper.append(follows.records)
            asked = outcome.follow(follows)
            if not asked:
                return

    def _tend(self, name: str, ask: Callable[[Tending], None]) -> None:
        """Have an account asked about, by a task of its own."""
        tending = self._tended.get(name)
        if tending is not None:
            ask(tending)
        elif name in self._accounts:
            self._tended[name] = Tending(
                name,
                desk=self._desk,
                blotter=self._blotter,
                logins=self._logins,
                get_broker=self._get_broker,
                post=self._post,
                now_ns=self._clock.now_ns,
                timeout_s=self._answer_timeout_s,
            )
            self._nursery.start_soon(self._tended[name].run)

    def _on_journal(self, update: JournalUpdate) -> None:
        self._shown.keep(update)
        self._publish(update)

    async def _flatten_when_canceled(self, command: Flatten | Reverse) -> None:
        def is_quiet() -> bool:
            return not self._blotter.working(account=command.account, fqme=command.fqme)

        with trio.move_on_after(self._answer_timeout_s):
            await self._wait_until(is_quiet)
        self._flattening -= 1
        self._post(partial(self._desk.exit, command))


def _nothing() -> None:
    """Decides nothing; wakes whoever waits for the lanes."""
