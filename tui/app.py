"""The deck: takes what the engine says, shows it, and turns keys into commands."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from engine.clock import NANOS, monotonic_s, wall_ns
from engine.config import PERIODS, DeckConfig
from engine.errors import LinkClosed
from engine.link.protocol import Link
from engine.log import logger
from engine.messages import CancelAlert, CancelAll, Command, EngineStatus, Notice
from tui.command_history import CommandHistory
from tui.deck_actions import DeckActions
from tui.keymap import DEFAULT_KEYMAP, Keymap
from tui.markets import Markets
from tui.paint.cells import choose_glyphs
from tui.paint.theme import Depth, Theme, detect_depth
from tui.profit import profit_by_asset
from tui.screens.deck import DeckScreen
from tui.state import DeckState, Part
from tui.themes import DEFAULT_THEME, load_themes, textual_theme, theme_variables
from tui.widgets.lines import fit
from tui.widgets.status import StatusView

if TYPE_CHECKING:
    from textual.driver import Driver

    from tui.actions import Call
    from tui.order_desk import OrderDesk
    from tui.playback import PlaybackControls
    from tui.question import Question
    from tui.widgets.command_bar import CommandBar

START_EVERY_S = 0.01
"""How often the engine is looked at until the first chart is there."""

START_S = 5.0
"""After this it is no longer waited for in a hurry."""

BLANK_S = 0.25
"""The longest that the screen stays blank for the first chart to come."""

_WORTH_A_FIRST_PAINT = Part.MARKET | Part.BARS | Part.FAILURE | Part.ORDERS
"""Until the first chart is there the rest waits for these."""

_log = logger(__name__)

END_S = 8.0
"""Longest that an ordered end may take once the process was told to stop."""

CANCEL_WAIT_S = 8.0
"""How long leaving waits for cancels to be answered."""

TOAST_S = {"info": 3.0, "warning": 6.0, "error": 10.0}
"""How long a notice stays in sight."""

TOAST_WIDTH = 66
"""Cells of a notice that are shown; the log has all of it."""

RECENT_FILE = "recent_markets"
"""Beside the history of the command line: markets used last, for search."""

RECENT_KEPT = 50

MOST_TOASTS = 3
"""Notices of one frame that are shown; the log has all."""


class DeckApp(App[int], inherit_bindings=False):
    """The deck on a link to an engine. Its return code is 0, or 70 if the engine failed."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = """
    ToastRack { align-horizontal: right; margin: 0 1 1 0; }
    /* Where there is little room: over the oldest bars, clear of prices, orders and keys. */
    App.-small ToastRack { dock: top; align: left top; margin: 2 0 0 1; }
    App.-small ToastHolder { align-horizontal: left; }
    Toast { width: auto; max-width: 70; padding: 0 1; margin: 0;
            background: $surface; color: $text; border-left: outer $accent; }
    Toast.-warning { border-left: outer $warning; }
    Toast.-error { border-left: outer $error; }
    """

    class Woken(Message):
        """The engine has something urgent."""

    def __init__(
        self,
        link: Link,
        config: DeckConfig | None = None,
        *,
        keymap: Keymap = DEFAULT_KEYMAP,
        themes: Mapping[str, Theme] | None = None,
        problems: Sequence[str] = (),
        history_file: Path | None = None,
        wall: Callable[[], int] = wall_ns,
        monotonic: Callable[[], float] = monotonic_s,
        depth: Depth | None = None,
    ) -> None:
        """
        Args:
            link: started when the app is, and left open for its owner to close.
            themes: by name; the built-in ones if left out.
            problems: what was wrong with configuration files; told at the start.
            history_file: where lines of the command line are kept; None keeps none.
            wall: the machine's time, nanoseconds UTC.
            monotonic: seconds by which the engine's silence is measured.
            depth: colours of the terminal; None asks the environment.
        """
        depth = depth or detect_depth(os.environ)
        self.config = config or DeckConfig()
        # Before anything else, since the style sheet is read with the theme's colours.
        self._themes = {
            name: theme.at_depth(depth)
            for name, theme in (themes if themes is not None else load_themes()[0]).items()
        }
        self.deck_theme = self._themes.get(self.config.theme) or self._themes[DEFAULT_THEME]
        if self.config.swap_up_down:
            self.deck_theme = self.deck_theme.swapped()
        self.glyphs = choose_glyphs(self.config.glyphs, os.environ, sys.stdout.encoding or "ascii")
        super().__init__(ansi_color=depth in ("16", "none"))
        self.link = link
        self.keymap = keymap
        self.history_file = history_file
        self.zone: tzinfo | None = UTC if self.config.timezone == "utc" else None
        self.state = DeckState(self.config.watch)
        self.markets = Markets(
            self.state,
            self._post,
            period_s=PERIODS[self.config.period],
            throttle_hz=self.config.frame_hz,
        )
        self.actions = DeckActions(self)
        self._recent = CommandHistory(
            history_file.with_name(RECENT_FILE) if history_file else None, kept=RECENT_KEPT
        )
        self.markets.recent = list(reversed(self._recent.lines))
        self._problems = list(problems)
        self._wall = wall
        self._monotonic = monotonic
        self._last_report_s = 0.0
        self._told = 0
        self._second = 0
        self._unpainted = ExitStack()
        self._starting: Timer | None = None
        """Looks for the first bars more often than frames are drawn later."""
        self._seen_at: float | None = None
        self.register_theme(textual_theme(self.deck_theme))
        self.theme = self.deck_theme.name
        self.deck: DeckScreen = DeckScreen(self)

    @cached_property
    def desk(self) -> OrderDesk:
        """Order mode; made after the first chart, or when a key asks for it."""
        from tui.order_desk import OrderDesk

        return OrderDesk(
            self.state,
            self._send,
            notify=self.tell,
            ask=self.ask,
            cursor_price=lambda: self.deck.chart.cursor_price,
            route=self.config.route,
            size_unit=self.config.size_unit,
        )

    @cached_property
    def playback(self) -> PlaybackControls:
        """The keys of a playback."""
        from tui.playback import PlaybackControls

        return PlaybackControls(self.state, self._post, self.tell)

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if self.glyphs != "ascii":
            return driver
        from tui.plain import ascii_driver

        return ascii_driver(driver)

    def get_default_screen(self) -> DeckScreen:
        return self.deck

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self.deck_theme)

    # -- the engine's side ----------------------------------------------------------------------

    def on_load(self) -> None:
        # Before the terminal is asked anything: the engine starts while that answers.
        self._last_report_s = self._monotonic()
        self.link.start(self._wake)
        self.markets.open_first()

    def on_mount(self) -> None:
        self._frame()
        self.set_interval(1 / self.config.frame_hz, self._frame)
        self._starting = self.set_interval(START_EVERY_S, self._frame)
        self.set_timer(START_S, self._started)
        # What is painted before the first chart is painted again with it: once is enough.
        self._unpainted.enter_context(self.batch_update())
        self.set_timer(BLANK_S, self._unpainted.close)
        for problem in self._problems:
            self.tell(problem, "warning")
        if not self.is_headless:
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)

    def _end(self, number: signal.Signals) -> None:
        """The terminal is gone, or we are told to stop: nobody is there to be asked anything."""
        _log.warning("ended by %s with %d working orders", number.name, len(self.state.working()))
        if number == signal.SIGHUP:
            # Leaving the screen in order would wait for a terminal that does not answer.
            self.link.close()
            os._exit(128 + number)
        last_resort = threading.Timer(END_S, os._exit, [128 + number])
        last_resort.daemon = True
        last_resort.start()  # for a terminal that takes no more, and so cannot be put in order
        self.exit(return_code=128 + number)

    def _started(self) -> None:
        """The first chart is there, or will not come soon: go on at the usual pace."""
        if self._starting is not None:
            self._starting.stop()
            self._starting = None
            self._unpainted.close()
            self.deck.complete()

    def on_unmount(self) -> None:
        for fqme in reversed(self.markets.recent):
            self._recent.add(fqme)

    def on_deck_app_woken(self) -> None:
        if self.deck.is_attached:
            self._frame()

    def _wake(self) -> None:
        """Called from the engine's thread."""
        with suppress(RuntimeError):  # the app's loop is closed: there is nobody to wake
            self.post_message(self.Woken())

    def _frame(self) -> None:
        """Fold everything that waits, and show what it touched."""
        taken = self.link.take()
        touched = self.state.fold_all(taken)
        if taken:
            self.markets.follow()
            if any(isinstance(event, EngineStatus) for event in taken):
                self._last_report_s = self._monotonic()
        self._tell_new()
        second = self._wall() // NANOS
        if second != self._second:
            self._second = second
            touched |= Part.ENGINE
        if touched & Part.SEARCH:
            self._show_found()
        if touched & Part.FAILURE:
            self._started()
        if touched and (self._starting is None or touched & _WORTH_A_FIRST_PAINT):
            self.deck.show(touched)
        if self._starting is not None and touched & Part.BARS:
            self._unpainted.close()
            self.call_after_refresh(self._started)

    def _send(self, command: Command) -> None:
        """Raises `LinkClosed` once the engine is gone."""
        self.link.send(command)

    def _post(self, command: Command) -> None:
        """Send what needs no answer; an engine that is gone has said so already."""
        with suppress(LinkClosed):
            self.link.send(command)

    # -- what the screen shows ------------------------------------------------------------------

    def status_view(self) -> StatusView:
        return StatusView(
            now_ns=self.market_now_ns(),
            silence_s=self._monotonic() - self._last_report_s,
            is_armed=self.deck.is_complete and self.desk.is_armed,
            account=self.desk.account if self.deck.is_complete else None,
            profit=profit_by_asset(self.state),
            zone=self.zone,
            glyphs=self.glyphs,
            is_complete=self.deck.is_complete,
        )

    def market_now_ns(self) -> int:
        """The time of the selected market: the tape's in a playback, else the machine's."""
        playback = self.state.playbacks.get(self.state.selected.rpartition(".")[2])
        return playback.position_ns if playback else self._wall()

    def shown(self) -> None:
        """The screen was repainted: once that is out, what it shows can be acted on."""
        revision = self.desk.revision
        self.call_after_refresh(self._painted, revision)

    def _painted(self, revision: int) -> None:
        if self.screen is self.deck:
            now = monotonic_s()
            self.desk.painted(now, revision)
            self._seen_at = self._seen_at or now

    def tell(self, text: str, level: str = "info") -> None:
        """A notice of the deck's own."""
        known: Literal["info", "warning", "error"] = (
            "error" if level == "error" else "warning" if level == "warning" else "info"
        )
        notice = Notice(level=known, text=text, source="deck", now_ns=self._wall())
        self.state.note(notice)
        self._tell_new()

    def _tell_new(self) -> None:
        """Show notices that came since the last time; those that only inform stay in the log,
        but for what orders do and the deck's own words."""
        new = self.state.notice_count - self._told
        self._told = self.state.notice_count
        if not new or not self.is_running:
            return
        loud = [
            notice
            for notice in self.state.notices[-new:]
            if notice.level != "info" or notice.source in ("deck", "orders")
        ]
        if any(notice.source == "alerts" for notice in loud):
            self.bell()
        for notice in loud[-MOST_TOASTS:]:
            severity: Literal["information", "warning", "error"] = (
                "information" if notice.level == "info" else notice.level
            )
            text = fit(notice.text, min(cell_len(notice.text), TOAST_WIDTH))
            self.notify(text, severity=severity, timeout=TOAST_S[notice.level], markup=False)

    # -- other screens ---------------------------------------------------------------------------

    def open_search(self, text: str = "") -> None:
        from tui.screens.search import WIDTH, SearchScreen

        self._cover()
        self.deck.covered = WIDTH
        self.deck.show()
        self.push_screen(SearchScreen(self.markets.recent, text), self._searched)

    def on_search_screen_asked(self, event: Message) -> None:
        self.markets.search(event.text)  # type: ignore[attr-defined]

    def on_search_screen_previewed(self, event: Message) -> None:
        self.markets.show_preview(event.fqme)  # type: ignore[attr-defined]
        self.deck.show()

    def _show_found(self) -> None:
        from tui.screens.search import SearchScreen

        results = self.state.search
        if isinstance(self.screen, SearchScreen) and results is not None:
            text = self.markets.text_of(results)
            if text is not None:
                self.screen.show(text, results.matches)

    def _searched(self, fqme: str | None) -> None:
        if fqme:
            self.markets.select(fqme)
        else:
            self.markets.end_preview()
        self.deck.covered = 0
        self._uncover()

    def open_help(self) -> None:
        from tui.command_language import VERBS
        from tui.screens.help import HelpScreen

        commands = [(verb.usage, verb.help) for verb in VERBS]
        self._cover()
        self.push_screen(HelpScreen(self.keymap.help(), commands), lambda _: self._uncover())

    def open_command(self, text: str = "") -> None:
        self.deck.open_command(text)

    def new_command_bar(self, run: Callable[[Call, float], object]) -> CommandBar:
        """The command line, over what the deck knows when something is typed."""
        from tui import command_language as language
        from tui.widgets.command_bar import CommandBar

        def context() -> language.Context:
            return language.context_of(self.state, self.desk, self.theme_names)

        return CommandBar(
            parse=lambda text: language.parse(text, context()),
            run=run,
            complete=lambda text: language.complete(text, context()),
            usage=language.usage,
            history=CommandHistory(self.history_file),
            id="command",
        )

    # -- themes ---------------------------------------------------------------------------------

    @property
    def theme_names(self) -> tuple[str, ...]:
        return tuple(sorted(self._themes))

    def set_theme(self, name: str) -> None:
        """Show everything in another theme. Raises `KeyError` for a name that is none."""
        theme = self._themes[name]
        self.use_theme(theme.swapped() if self.deck_theme.is_swapped else theme)

    def use_theme(self, theme: Theme) -> None:
        """Show everything in these colours."""
        self.deck_theme = theme
        drawn = textual_theme(theme)
        drawn.name = f"{theme.name}-swapped" if theme.is_swapped else theme.name
        self.register_theme(drawn)
        self.theme = drawn.name
        self.deck.chart.set_theme(theme)
        self.deck.show()
        self.deck.refresh()

    # -- questions ------------------------------------------------------------------------------

    def ask(self, question: Question) -> None:
        """Put a question of the desk on the screen; it is done only by a clear yes."""
        from tui.screens.confirm import ConfirmScreen, Reply, yes_or_no

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.value == "yes":
                question.painted(reply.painted_at)
                self.deck.act(lambda: question.accept(reply.at))
            else:
                question.decline()
            self._uncover()

        self._cover()
        self.push_screen(ConfirmScreen(yes_or_no(question.text, question.detail)), answered)

    def _cover(self) -> None:
        """Something hides the deck: what is staged must be seen again before it is sent."""
        if self.deck.is_complete:
            self.desk.unsee()
        self._seen_at = None

    def _uncover(self) -> None:
        self._cover()
        self.deck.show()

    def on_app_blur(self, event: events.AppBlur) -> None:
        self._cover()

    def on_app_focus(self, event: events.AppFocus) -> None:
        self._uncover()

    def cancel_row(self, tab: str, key: str, at: float) -> None:
        """Cancel what a row of the blotter stands for, if it was seen when the key came."""
        from tui.question import was_seen

        if not was_seen(self._seen_at, at):
            self.tell("nothing done: it was not on the screen yet", "warning")
        elif tab == "alerts":
            self._post(CancelAlert(alert_id=key))
        else:
            self.desk.cancel_order(key, at=at)

    # -- leaving --------------------------------------------------------------------------------

    def quit_deck(self) -> None:
        """Leave; with working orders only after saying what becomes of them."""
        from tui.screens.confirm import ConfirmScreen, Reply
        from tui.screens.quit import CANCEL, LEAVE, quit_prompt

        prompt = None if self.state.failure else quit_prompt(self.state)
        if prompt is None:
            self.exit(self.state.exit_code)
            return

        def answered(reply: Reply | None) -> None:
            value = reply.value if reply else ""
            if value == LEAVE:
                self.exit(0)
            elif value == CANCEL:
                self.run_worker(self._cancel_and_leave(), exclusive=True)
            self._uncover()

        self._cover()
        self.push_screen(ConfirmScreen(prompt), answered)

    async def _cancel_and_leave(self) -> None:
        """Cancel everything, and leave once nothing works any more; if something still does,
        stay and say so."""
        self._post(CancelAll())
        self.tell("canceling all working orders")
        until = monotonic_s() + CANCEL_WAIT_S
        while self.state.working() and monotonic_s() < until and not self.state.failure:
            await asyncio.sleep(0.05)
            self._frame()
        if left := self.state.working():
            self.tell(f"{len(left)} orders still work: not left; look at the blotter", "error")
        else:
            self.exit(0)
