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
from engine.ems.desk import Desk
from engine.ems.gate import Markets
from engine.ems.journal import Journal
from engine.ems.lanes import Lanes
from engine.ems.logins import Logins
from engine.ems.shown import Shown
from engine.ems.timer import Timer
from engine.errors import TickdeckError
from engine.log import logger
from engine.messages import (
    AlertUpdate,
    Amend,
    Cancel,
    CancelAlert,
    CancelAlgo,
    CancelAll,
    Command,
    Event,
    Flatten,
    Order,
    PauseAlgo,
    ResumeAlgo,
    SetAlert,
    Submit,
    SubmitAlgo,
    Tick,
)
from engine.text import safe

_log = logger(__name__)


class Router:
    """Orders from intent to fill. `handle` and `on_ticks` never wait; `run` does the work.

    Accounts are logged in when their first order comes, as services `account NAME`.
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
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._publish = publish
        self._accounts: Mapping[str, Account] = {account.name: account for account in accounts}
        self._answer_timeout_s = answer_timeout_s
        self._alert_command = AlertCommand(alert_command)
        self._blotter = Blotter()
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
            order_of=lambda order_id: self._blotter.orders[order_id],
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
        )
        self._timer = Timer(lambda: self._post(self._desk.on_time))
        self._inbox: deque[Callable[[], None]] = deque()
        self._arrived = trio.Event()
        self._settled = trio.Event()
        self._flattening = 0
        self._is_settling = False
        self._nursery: trio.Nursery

    # -- what others call -----------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        """Take an order command; what comes of it is published. Never waits.

        Raises:
            TypeError: it is not a command for the router.
        """
        match command:
            case Submit():
                self._post(partial(self._desk.on_submit, command))
            case Amend():
                self._post(partial(self._desk.on_amend, command))
            case Cancel():
                self._post(partial(self._desk.on_cancel, command))
            case CancelAll():
                self._post(partial(self._desk.on_cancel_all, command))
            case Flatten():
                self._post(partial(self._desk.on_flatten, command))
            case SetAlert():
                self._post(partial(self._desk.on_set_alert, command))
            case CancelAlert():
                self._post(partial(self._desk.on_cancel_alert, command))
            case SubmitAlgo():
                self._post(partial(self._desk.on_submit_algo, command))
            case PauseAlgo():
                self._post(partial(self._desk.on_pause_algo, command))
            case ResumeAlgo():
                self._post(partial(self._desk.on_resume_algo, command))
            case CancelAlgo():
                self._post(partial(self._desk.on_cancel_algo, command))
            case _:
                raise TypeError(f"{type(command).__name__} is not a command for the router")

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
        if outcome.records:
            await self._journal.append(outcome.records)
        for event in outcome.events:
            self._shown.keep(event)
            self._publish(event)
            if isinstance(event, AlertUpdate) and event.text:
                self._nursery.start_soon(self._alert_command.run, event)
        self._lanes.send(outcome.requests, self._nursery)
        if self._desk.needs_time:
            self._timer.want()
        for name in outcome.log_ins:
            self._nursery.start_soon(self._log_in, name)
        for command in outcome.exits:
            self._flattening += 1
            self._nursery.start_soon(self._flatten_when_canceled, command)
        self._is_settling = False
        self._settled.set()
        self._settled = trio.Event()

    async def _wait_until(self, is_so: Callable[[], bool]) -> None:
        while self._inbox or self._is_settling or not is_so():
            await self._settled.wait()

    async def _log_in(self, name: str) -> None:
        """Log an account in, then go on with its orders in the order in which they came."""
        reason = ""
        try:
            await self._logins.open(name)
        except Exception as error:
            reason = safe(str(error) or type(error).__name__, 400)
            place = None if isinstance(error, TickdeckError) else error
            _log.warning("account %s does not open: %s", name, reason, exc_info=place)
        self._post(partial(self._desk.on_log_in, name, reason))

    async def _flatten_when_canceled(self, command: Flatten) -> None:
        def is_quiet() -> bool:
            return not self._blotter.working(account=command.account, fqme=command.fqme)

        with trio.move_on_after(self._answer_timeout_s):
            await self._wait_until(is_quiet)
        self._flattening -= 1
        self._post(partial(self._desk.exit, command))


def _nothing() -> None:
    """Decides nothing; wakes whoever waits for the lanes."""
