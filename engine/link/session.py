"""One attached deck: its commands carried out, and what it watches sent to it.

Runs in the engine's trio loop. The deck itself may be a thread or a process away; this
side only ever puts events into something that does not wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AsyncExitStack

import trio

from engine.errors import TickdeckError
from engine.feed.bars import Series, empty_columns
from engine.feed.search import Searches
from engine.link.bars import BarsCursor
from engine.link.watching import Watching
from engine.log import logger
from engine.messages import (
    Amend,
    AmendAlgo,
    ArmAccount,
    BarsUpdate,
    Cancel,
    CancelAlert,
    CancelAlgo,
    CancelAll,
    CloseBars,
    Command,
    CommandRefused,
    EngineStatus,
    Event,
    Flatten,
    KillSwitch,
    Notice,
    OpenBars,
    PauseAlgo,
    Playback,
    Resolve,
    ResumeAlgo,
    Reverse,
    Search,
    SetAlert,
    SetTradingState,
    Shutdown,
    Submit,
    SubmitAlgo,
    Unwatch,
    Watch,
)
from engine.run import Engine

_log = logger(__name__)

STATUS_EVERY_S = 1.0
BARS_EVERY_S = 1 / 15
"""How often changed bars are sent; the deck paints no faster."""

FIRST_BARS_EVERY_S = 0.005
"""How often a chart without a single bar is looked after, while its history loads."""

_ORDER_COMMANDS = (
    Submit,
    Amend,
    Cancel,
    CancelAll,
    Flatten,
    Reverse,
    SetAlert,
    CancelAlert,
    SetTradingState,
    KillSwitch,
    ArmAccount,
    Resolve,
    SubmitAlgo,
    AmendAlgo,
    PauseAlgo,
    ResumeAlgo,
    CancelAlgo,
)


class DeckSession:
    """Serves one deck until cancelled."""

    def __init__(
        self,
        engine: Engine,
        *,
        put: Callable[[Event], None],
        shut_down: Callable[[bool], None],
    ) -> None:
        self._engine = engine
        self._put = put
        self._shut_down = shut_down
        self._watching = Watching(engine.hub, clock=engine.settings.clock, put=put)
        self._bars: dict[tuple[str, int], BarsCursor] = {}
        self._wanted: set[tuple[str, int]] = set()
        """Bars that were opened and not closed since: what is opened slowly is kept by this."""
        self._bars_opened = trio.Event()
        self._searches = Searches(
            brokers=engine.venues.opened, get_broker=engine.venues.get, put=put
        )
        self._send_work, self._work = trio.open_memory_channel[Command](math.inf)

    def handle(self, command: Command) -> None:
        """Take a command; never waits."""
        if isinstance(command, _ORDER_COMMANDS):
            self._engine.router.handle(command)
        elif isinstance(command, Shutdown):
            self._shut_down(command.cancel_working)
        elif isinstance(command, Playback):
            self._play(command)
        else:
            # Unbounded: a person types them, and each is small.
            self._send_work.send_nowait(command)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Tell the deck what there is, then serve it."""
        self._put(self._engine.ready())
        for problem in self._engine.problems:
            self._put(Notice(level="error", text=problem, source="engine"))
        for event in self._engine.router.snapshot():
            self._put(event)
        self._engine.attach(self._put)
        try:
            async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
                nursery.start_soon(self._send_status)
                nursery.start_soon(self._send_bars)
                task_status.started()
                async for command in self._work:
                    self._note_wanted(command)
                    nursery.start_soon(self._carry_out, command, stack, nursery)
        finally:
            self._engine.detach(self._put)

    async def _carry_out(
        self, command: Command, stack: AsyncExitStack, nursery: trio.Nursery
    ) -> None:
        try:
            match command:
                case Watch():
                    await self._watching.watch(command, stack, nursery)
                case Unwatch():
                    await self._watching.unwatch(command)
                case OpenBars():
                    await self._open_bars(command)
                case Search():
                    self._searches.ask(command, nursery)
        except TickdeckError as error:
            _log.warning("%s failed: %s", type(command).__name__, error)
            self._put(CommandRefused(command=type(command).__name__.lower(), reason=str(error)))

    # -- bars -----------------------------------------------------------------------------------

    def _note_wanted(self, command: Command) -> None:
        """Keep which bars are wanted, in the order told: the tasks that carry commands out wait,
        and overtake each other."""
        match command:
            case OpenBars(fqme=fqme, period_s=period_s):
                self._wanted.add((fqme, period_s))
            case CloseBars(fqme=fqme, period_s=period_s):
                self._wanted.discard((fqme, period_s))
            case Unwatch(fqmes=fqmes):
                self._wanted = {key for key in self._wanted if key[0] not in fqmes}
            case _:
                return
        self._bars = {key: cursor for key, cursor in self._bars.items() if key in self._wanted}

    async def _open_bars(self, command: OpenBars) -> None:
        flume = self._watching.flume(command.fqme)
        if flume is None:
            reason = f"{command.fqme} is not watched"
            self._put(CommandRefused(command="openbars", reason=reason))
            return
        series: Series = await flume.open_series(command.period_s, command.count)
        key = (command.fqme, command.period_s)
        if key not in self._wanted:
            return
        held = self._bars.get(key)
        self._bars_opened.set()
        if held is not None:
            held.widen(command.count)
            return
        self._bars[key] = BarsCursor(series, command.count)
        if not len(series):
            self._put(
                BarsUpdate(
                    fqme=command.fqme,
                    period_s=command.period_s,
                    columns=empty_columns(),
                    reset=True,
                    is_complete=not flume.is_loading(command.period_s),
                )
            )

    async def _send_bars(self) -> None:
        while True:
            is_awaited = False
            for (fqme, period_s), cursor in list(self._bars.items()):
                flume = self._watching.flume(fqme)
                if flume is None:
                    continue
                is_complete = not flume.is_loading(period_s)
                update = cursor.take(fqme, is_complete=is_complete)
                if update is not None:
                    self._put(update)
                is_awaited = is_awaited or (cursor.is_first and not is_complete)
            self._bars_opened = trio.Event()
            with trio.move_on_after(FIRST_BARS_EVERY_S if is_awaited else BARS_EVERY_S):
                await self._bars_opened.wait()

    # -- the rest -------------------------------------------------------------------------------

    def _play(self, command: Playback) -> None:
        for broker in self._engine.venues.running():
            if broker.name == command.broker:
                try:
                    broker.play(command)
                except TickdeckError as error:
                    self._put(CommandRefused(command="playback", reason=str(error)))
                return
        self._put(CommandRefused(command="playback", reason=f"{command.broker} does not run"))

    async def _send_status(self) -> None:
        while True:
            self._put(
                EngineStatus(
                    now_ns=self._engine.settings.clock.now_ns(),
                    services=self._engine.services.statuses(),
                    feeds=self._engine.hub.statuses(),
                    playbacks=self._engine.venues.playbacks(),
                    connections=self._engine.venues.connections(),
                )
            )
            await trio.sleep(STATUS_EVERY_S)
