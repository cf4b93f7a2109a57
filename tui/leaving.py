"""Leaving the deck: with a question while something works, and at once when told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.clock import monotonic_s
from engine.log import logger
from engine.messages import Algo, CancelAlgo, CancelAll, Command
from tui.state import DeckState

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from engine.link.protocol import Link
    from tui.screens.confirm import Prompt

END_S = 8.0
"""Longest that an ordered end may take once the process was told to stop."""

CANCEL_WAIT_S = 8.0
"""How long leaving waits for cancels to be answered."""

_log = logger(__name__)


class Leaver(Protocol):
    """What leaving needs of the app."""

    link: Link
    state: DeckState
    is_on_record: bool

    def leave(self, return_code: int) -> None: ...
    def put_question(self, prompt: Prompt, answered: Callable[[str], None]) -> None: ...
    def tell(self, text: str, level: str = "info") -> None: ...
    def post(self, command: Command) -> None: ...
    def take_in(self) -> None: ...
    def run_aside(self, work: Coroutine[Any, Any, None]) -> None: ...


class Leaving:
    """The ways out."""

    def __init__(self, app: Leaver) -> None:
        self._app = app

    def heed_signals(self) -> None:
        """End in order when the process is told to stop, or its terminal is gone."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.end, number)

    def end(self, number: signal.Signals) -> None:
        """The terminal is gone, or we are told to stop: nobody is there to be asked anything."""
        app = self._app
        _log.warning("ended by %s with %d working orders", number.name, len(app.state.working()))
        if number == signal.SIGHUP:
            # Leaving the screen in order would wait for a terminal that does not answer.
            app.link.close()
            os._exit(128 + number)
        last_resort = threading.Timer(END_S, os._exit, [128 + number])
        last_resort.daemon = True
        last_resort.start()  # for a terminal that takes no more, and so cannot be put in order
        app.leave(128 + number)

    def ask(self) -> None:
        """Leave; with working orders only after saying what becomes of them."""
        from tui.screens.quit import CANCEL, LEAVE, quit_prompt

        app = self._app
        prompt = (
            None if app.state.failure else quit_prompt(app.state, is_on_record=app.is_on_record)
        )
        if prompt is None:
            app.leave(app.state.exit_code)
            return

        def answered(value: str) -> None:
            if value == LEAVE:
                app.leave(0)
            elif value == CANCEL:
                app.run_aside(self._cancel_and_leave())

        app.put_question(prompt, answered)

    async def _cancel_and_leave(self) -> None:
        """Cancel everything, and leave once nothing works any more; if something still does,
        stay and say so."""
        app = self._app
        for algo in _running(app.state):
            app.post(CancelAlgo(algo_id=algo.algo_id))
        app.post(CancelAll())
        app.tell("canceling all working orders")
        until = monotonic_s() + CANCEL_WAIT_S
        while _is_at_work(app.state) and monotonic_s() < until and not app.state.failure:
            await asyncio.sleep(0.05)
            app.take_in()
        if _is_at_work(app.state):
            orders, algos = len(app.state.working()), len(_running(app.state))
            what = f"{orders} orders still work" if orders else f"algos still run: {algos}"
            app.tell(f"{what}: not left; look at the blotter", "error")
        else:
            app.leave(0)


def _running(state: DeckState) -> list[Algo]:
    return [algo for algo in state.algos.values() if not algo.is_ended]


def _is_at_work(state: DeckState) -> bool:
    return bool(state.working() or _running(state))
