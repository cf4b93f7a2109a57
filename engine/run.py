"""An engine from start to end: which part needs which, in one readable sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from engine.data_lock import lock_data
from engine.ems.disk_journal import DiskJournal, open_journal
from engine.ems.journal import Journal, MemoryJournal, Record, StateSet
from engine.ems.router import Router
from engine.errors import JournalFailed, TickdeckError, describe
from engine.feed.bus import Bus
from engine.feed.feed import FeedHub
from engine.feed.sampler import Sampler
from engine.log import logger
from engine.messages import EngineReady, Event, Notice
from engine.services import ServiceManager, backoff, open_services
from engine.settings import EngineSettings
from engine.text import gist, safe
from engine.venues import Venues

_log = logger(__name__)


class Engine:
    """The parts of a running engine, for whoever serves decks with it."""

    def __init__(
        self, settings: EngineSettings, services: ServiceManager, journal: Journal
    ) -> None:
        self.settings = settings
        self.services = services
        self.bus = Bus(report_error=self._on_tap_error)
        self.sampler = Sampler(kept_bars=settings.config.kept_bars)
        self.venues = Venues(
            load=settings.load_broker,
            services=services,
            clock=settings.clock,
            options=settings.broker_options,
            data_dir=settings.data_dir,
            credentials=settings.credentials,
            report_loss=self._on_broker_lost,
            report_info=self.publish,
        )
        self.hub = FeedHub(
            services=services,
            bus=self.bus,
            sampler=self.sampler,
            get_broker=self.venues.get,
            until_lost=self.venues.until_lost,
            stale_after_s=settings.config.stale_after_s,
        )
        self.venues.use_markets(self.hub)
        self.journal = journal
        self.router = Router(
            journal=self.journal,
            clock=settings.clock,
            publish=self.publish,
            markets=self.hub,
            accounts=settings.accounts,
            all_limits=settings.all_limits,
            get_broker=self.venues.get,
            until_lost=self.venues.until_lost,
            dark_through_ticks=settings.config.dark_through_ticks,
            alert_command=settings.config.alert_command,
            answer_timeout_s=settings.config.answer_timeout_s,
        )
        self.problems: list[str] = []
        """What did not come up and is not needed by all; a deck is told when it attaches."""
        self._told_of: set[str] = set()
        self._readers: list[Callable[[Event], None]] = []

    def publish(self, event: Event) -> None:
        """Give an event to every attached deck."""
        for put in self._readers:
            put(event)

    def _on_tap_error(self, fqme: str, error: Exception) -> None:
        """A part of ours failed on a tick: our bug, which a person must hear of."""
        _log.error("on ticks of %s: %r", fqme, error, exc_info=error)
        if fqme not in self._told_of:
            self._told_of.add(fqme)
            text = f"{fqme}: a part of the engine fails on its ticks: {describe(error)}"
            self.publish(Notice(level="error", text=text, source="engine"))

    def _on_broker_lost(self, name: str, why: str) -> None:
        """A broker failed while it ran: its markets and accounts are told by themselves; a
        person wants to know why."""
        self.publish(Notice(level="error", text=why, source=f"broker {name}"))

    def attach(self, put: Callable[[Event], None]) -> None:
        """Send a deck what is published from now on; `put` never waits."""
        self._readers.append(put)

    def detach(self, put: Callable[[Event], None]) -> None:
        self._readers.remove(put)

    async def begin_anew(self, note: str) -> None:
        """The journal before this one was damaged: whether trading was halted or killed is not
        known, nor what was held here. Nothing is traded until a person has looked."""
        self.problems.append(note)
        halt = StateSet(
            account="",
            state="halted",
            reason="the journal before this one was damaged: look at orders and positions first",
        )
        await self.journal.append([Record(self.settings.clock.now_ns(), halt)])

    async def start_brokers(self) -> None:
        """Bring up the default broker, and that of every account: the paper venue, to trade well,
        must have seen the market before the first order. One that does not come up costs its
        accounts only, but for the default broker where nobody named a market.

        Nobody waits for those at the other end of a network, which come up behind.

        Raises:
            TickdeckError: the default broker is needed, and does not come up.
        """
        home = self.settings.config.broker
        named = [account.broker for account in self.settings.accounts]
        remote: list[str] = []
        for name in dict.fromkeys([home, *named]):
            if self.venues.is_remote(name):
                remote.append(name)
                continue
            try:
                await self.venues.get(name)
            except TickdeckError as error:
                if name == home and self.settings.needs_home:
                    raise
                _log.error("broker %s does not come up: %s", name, error)
                self.problems.append(f"broker {name} does not come up: {error}")
        if remote:
            await self.services.start("remote brokers", partial(self._bring_up, remote))

    async def _bring_up(
        self, names: Iterable[str], *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Service: start these brokers. One that does not come up is tried again."""
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(self._bring_up_one, name)
            task_status.started()

    async def _bring_up_one(self, name: str) -> None:
        told = ""
        for delay_s in backoff(1.0, 60.0):
            try:
                await self.venues.get(name)
            except TickdeckError as error:
                text = f"broker {name} does not come up: {error}"
                if gist(text) != gist(told):
                    _log.error("%s", text)
                    self.publish(Notice(level="error", text=text, source=f"broker {name}"))
                    told = text
                await trio.sleep(delay_s)
            else:
                return

    async def keep_open(
        self, fqmes: Iterable[str], *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Service: have these markets open whether a deck watches them or not; what is held here
        waits for their ticks. One that cannot be opened is tried again."""
        async with trio.open_nursery() as nursery:
            for fqme in fqmes:
                nursery.start_soon(self._keep_one_open, fqme)
            task_status.started()

    async def _keep_one_open(self, fqme: str) -> None:
        told = ""
        for delay_s in backoff(1.0, 60.0):
            try:
                await self.hub.acquire(fqme)
            except TickdeckError as error:
                text = f"{safe(fqme, 80)} does not open, and what is held in it waits: {error}"
                if gist(text) != gist(told):
                    self.publish(Notice(level="error", text=text, source="engine"))
                    told = text
                await trio.sleep(delay_s)
            else:
                await trio.sleep_forever()

    def ready(self) -> EngineReady:
        """What a deck is told first."""
        return EngineReady(
            brokers=self.venues.infos(),
            accounts=tuple(account.info() for account in self.settings.accounts),
            now_ns=self.settings.clock.now_ns(),
            home=self.settings.config.broker,
        )


@asynccontextmanager
async def open_engine(settings: EngineSettings) -> AsyncIterator[Engine]:
    """An engine that takes orders and serves markets while the block is open.

    Raises:
        TickdeckError: a part that the engine cannot do without does not come up; what came up
            before it is stopped.
    """
    async with (
        _open_record(settings.journal) as journal,
        open_services(settings.clock) as services,
    ):
        engine = Engine(settings, services, journal)
        if isinstance(journal, DiskJournal) and journal.note:
            await engine.begin_anew(journal.note)
        await engine.router.recover()
        # The way of a tick: orders first, then the paper venue, then everyone who only looks.
        engine.bus.add_tap(engine.router.on_ticks)
        engine.bus.add_tap(engine.venues.feed_taps)
        engine.bus.add_tap(engine.hub.on_ticks)
        engine.bus.add_tap(engine.sampler.on_ticks)
        await services.start("sampler", engine.sampler.run, critical=True)
        await engine.start_brokers()
        await services.start("router", engine.router.run, critical=True)
        if held := engine.router.held_markets():
            await services.start("held markets", partial(engine.keep_open, held))
        engine.router.open_accounts()
        yield engine


@asynccontextmanager
async def _open_record(path: Path | Journal | None) -> AsyncIterator[Journal]:
    """The journal in `path`, and the lock on its directory; without a path one in memory."""
    if not isinstance(path, Path):
        yield MemoryJournal() if path is None else path
        return
    try:
        lock = lock_data(path.parent)
        lock.__enter__()
    except OSError as error:
        raise JournalFailed(
            f"{safe(path.parent)} cannot be written: {error.strerror}",
            hint="mend its owner or mode, or name another place with --data-dir",
        ) from error
    try:
        async with open_journal(path) as journal:
            yield journal
    finally:
        lock.__exit__(None, None, None)
