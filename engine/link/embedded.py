"""The engine in a thread of its own, inside the deck's process."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence

import trio

from engine.errors import LinkClosed, TickdeckError, describe
from engine.link.outbox import Outbox
from engine.link.protocol import Wake
from engine.link.session import DeckSession
from engine.log import logger
from engine.messages import Command, EngineFailed, Event, Shutdown
from engine.run import open_engine
from engine.settings import EngineSettings

_log = logger(__name__)

CANCEL_TIMEOUT_S = 5.0
"""How long a shutdown that cancels working orders waits for the venues."""

Deliver = Callable[[Command], None]
Serve = Callable[[Callable[[Event], None], Callable[[Deliver], None]], Awaitable[None]]
"""Runs an engine until it is shut down. Given where its events go, and a function to call,
once, with what takes commands."""


class EmbeddedLink:
    """A `Link` to an engine that this process runs beside the deck.

    `serve` is run by trio in a thread; only messages cross. What it raises ends the link with
    `EngineFailed`: the deck is told why, and nothing is known of any order from then on.
    """

    def __init__(
        self, serve: Serve, *, run: Callable[..., None] = trio.run, thread_name: str = "engine"
    ) -> None:
        self._serve = serve
        self._run = run
        self._outbox = Outbox()
        self._thread = threading.Thread(target=self._main, name=thread_name, daemon=True)
        self._lock = threading.Lock()
        self._waiting: list[Command] = []
        self._deliver: Deliver | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._is_closed = False

    def start(self, wake: Wake) -> None:
        self._outbox.on_urgent(wake)
        self._thread.start()

    def send(self, command: Command) -> None:
        with self._lock:
            if self._is_closed:
                raise LinkClosed("the engine is not running")
            if self._token is None or self._deliver is None:
                self._waiting.append(command)
                return
            try:
                self._token.run_sync_soon(self._deliver, command)
            except trio.RunFinishedError as error:
                raise LinkClosed("the engine is not running") from error

    def take(self) -> Sequence[Event]:
        return self._outbox.take()

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop the engine and wait for its thread. False if it did not stop in time."""
        if not self._thread.is_alive():
            return True
        with contextlib.suppress(LinkClosed):
            self.send(Shutdown())
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _main(self) -> None:
        try:
            self._run(self._serve_until_shut_down)
        except BaseException as error:  # whatever ended the engine, the deck must be told
            _log.error("the engine stopped: %s", "".join(traceback.format_exception(error)))
            self._outbox.put(_failure(error))
        finally:
            with self._lock:
                self._is_closed = True

    async def _serve_until_shut_down(self) -> None:
        await self._serve(self._outbox.put, self._open_for_commands)

    def _open_for_commands(self, deliver: Deliver) -> None:
        with self._lock:
            self._token = trio.lowlevel.current_trio_token()
            self._deliver = deliver
            waiting, self._waiting = self._waiting, []
        for command in waiting:
            deliver(command)


def _failure(error: BaseException) -> EngineFailed:
    if isinstance(error, TickdeckError):
        return EngineFailed(
            reason=describe(error), hint=error.hint, exit_code=max(error.exit_code, 2)
        )
    return EngineFailed(reason=describe(error))


def serve_deck(settings: EngineSettings) -> Serve:
    """What an embedded link runs: an engine with one deck, until that shuts it down."""

    async def serve(
        put: Callable[[Event], None], open_for_commands: Callable[[Deliver], None]
    ) -> None:
        async with open_engine(settings) as engine:
            shutdown = _Shutdown()
            session = DeckSession(engine, put=put, shut_down=shutdown.ask)
            await engine.services.start("deck", session.run, critical=True)
            open_for_commands(session.handle)
            await shutdown.wait()
            if shutdown.cancels_working:
                await engine.router.cancel_all_and_wait(CANCEL_TIMEOUT_S)

    return serve


class _Shutdown:
    """A deck's wish to stop, waited for by what serves it."""

    def __init__(self) -> None:
        self.cancels_working = False
        self._asked = trio.Event()

    def ask(self, cancels_working: bool) -> None:
        self.cancels_working = self.cancels_working or cancels_working  # a wish is kept
        self._asked.set()

    async def wait(self) -> None:
        await self._asked.wait()
