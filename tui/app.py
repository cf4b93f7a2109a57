"""The deck: takes what the engine says, shows it, and turns keys into commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from engine.clock import NANOS, monotonic_s, wall_ns
from engine.config import PERIODS, DeckConfig
from engine.errors import LinkClosed, UsageError
from engine.link.protocol import Link
from engine.messages import CancelAlert, Command, EngineStatus
from tui import toasts
from tui.above import Above
from tui.charts.layouts import Layout, Layouts
from tui.charts.panes import Panes, PaneSpec
from tui.colours import Colours
from tui.deck_actions import DeckActions
from tui.first_paint import FirstPaint
from tui.keymap import DEFAULT_KEYMAP, Keymap
from tui.language.history import CommandHistory
from tui.leaving import Leaving
from tui.makers import Makers
from tui.markets import Markets
from tui.orders.profit import profit_by_asset
from tui.paint.cells import choose_glyphs
from tui.paint.theme import Depth, Theme, detect_depth
from tui.render import CellDisplay
from tui.screens.deck import DeckScreen
from tui.state import DeckState, Part
from tui.teller import Teller
from tui.terminal.present import PresentDisplay, after_display
from tui.terminal.tier_control import TierControl
from tui.themes import load_themes, textual_theme, theme_variables
from tui.widgets.status import StatusView
from tui.zones import zone_of

if TYPE_CHECKING:
    from textual.driver import Driver

    from tui.algos.controls import AlgoControls
    from tui.guards import GuardControls
    from tui.orders.desk import OrderDesk
    from tui.orders.question import Question
    from tui.playback import PlaybackControls
    from tui.screens.confirm import Prompt
    from tui.terminal.bandwidth import Tier

RECENT_FILE = "recent_markets"
"""Beside the history of the command line: markets used last, for search."""

RECENT_KEPT = 50

LAYOUTS_FILE = "layouts.json"
"""Beside them: how the deck was arranged, by name."""


class DeckApp(PresentDisplay, CellDisplay, inherit_bindings=False):
    """The deck on a link to an engine. Its return code is 0, or 70 if the engine failed."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = toasts.CSS

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
        is_on_record: bool = True,
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
            is_on_record: orders are in a journal, from which the next start goes on.
            wall: the machine's time, nanoseconds UTC.
            monotonic: seconds by which the engine's silence is measured.
            depth: colours of the terminal; None asks the environment.
        """
        depth = depth or detect_depth(os.environ)
        self.config = config or DeckConfig()
        # Before anything else, since the style sheet is read with the theme's colours.
        self.colours = Colours(
            themes if themes is not None else load_themes()[0],
            name=self.config.theme,
            is_swapped=self.config.swap_up_down,
            depth=depth,
        )
        self.glyphs = choose_glyphs(self.config.glyphs, os.environ, sys.stdout.encoding or "ascii")
        self.tiers = TierControl(self, self.config.bandwidth, self.config.frame_hz, depth)
        self.colours.limit(self.tiers.tier.depth)
        self.shows_wire = self.config.show_wire
        """Whether what goes to the terminal is counted in the status line in every tier."""
        super().__init__(ansi_color=depth in ("16", "none"))
        self.link = link
        self.keymap = keymap
        self.history_file = history_file
        self.is_on_record = is_on_record
        self.zone = zone_of(self.config.timezone)
        self.state = DeckState(self.config.watch)
        self.markets = Markets(
            self.state,
            self.post,
            throttle_hz=self.config.frame_hz,
            panes=Panes(
                period_s=PERIODS[self.config.period],
                first=PaneSpec(style=self.config.style, price_scale=self.config.price_scale),
            ),
        )
        layouts = Layouts(history_file.with_name(LAYOUTS_FILE) if history_file else None)
        self.actions = DeckActions(self, layouts)
        self.leaving = Leaving(self)
        self.makers = Makers(self)
        self._recent = CommandHistory(
            history_file.with_name(RECENT_FILE) if history_file else None, kept=RECENT_KEPT
        )
        self.markets.recent = list(reversed(self._recent.lines))
        self._problems = [*problems, *([layouts.problem] if layouts.problem else [])]
        self._wall = wall
        self._monotonic = monotonic
        self._last_report_s = 0.0
        self._teller = Teller(self, wall)
        self._second = 0
        self.above = Above(self)
        self._first_paint = FirstPaint(self, self._started)
        self._frames: Timer | None = None
        self.register_theme(textual_theme(self.deck_theme))
        self.theme = self.deck_theme.name
        layout = self._first_layout(layouts)
        if layout is not None:
            self.markets.panes.restore(layout.panes, layout.active, layout.period_s)
        self.deck: DeckScreen = DeckScreen(self)
        self.deck.history = {"auto": None, "on": True, "off": False}[self.config.history]
        if layout is not None:
            self.deck.hidden, self.deck.history = set(layout.hidden), layout.history

    def _first_layout(self, layouts: Layouts) -> Layout | None:
        """The layout to open with, if one is wanted and there."""
        if not self.config.layout:
            return None
        try:
            return layouts.named(self.config.layout)
        except UsageError as error:
            self._problems.append(f"deck.layout: {error}")
            return None

    @property
    def deck_theme(self) -> Theme:
        """The colours that are shown."""
        return self.colours.theme

    @cached_property
    def desk(self) -> OrderDesk:
        """Order mode; made after the first chart, or when a key asks for it."""
        from tui.orders.desk import OrderDesk

        return OrderDesk(
            self.state,
            self.send,
            notify=self.tell,
            ask=self.ask,
            cursor_price=lambda: self.deck.chart.cursor_price,
            market_now_ns=self.market_now_ns,
            zone=lambda: self.zone,
            route=self.config.route,
            size_unit=self.config.size_unit,
        )

    @cached_property
    def algos(self) -> AlgoControls:
        """What keys and typed commands do with algos."""
        from tui.algos.controls import AlgoControls

        return AlgoControls(
            self.state,
            self.send,
            notify=self.tell,
            ask=self.ask,
            account_for=lambda fqme: self.desk.account_for(fqme),
            is_armed=lambda: self.desk.is_armed,
        )

    @cached_property
    def guards(self) -> GuardControls:
        """What keys and typed commands do with kill switch and states of trading."""
        from tui.guards import GuardControls

        return GuardControls(self.state, self.send, notify=self.tell, ask=self.ask)

    @cached_property
    def playback(self) -> PlaybackControls:
        """The keys of a playback."""
        from tui.playback import PlaybackControls

        return PlaybackControls(self.state, self.post, self.tell)

    def get_driver_class(self) -> type[Driver]:
        from tui.terminal.driver import outlet_driver

        driver = outlet_driver(super().get_driver_class())
        if self.glyphs != "ascii":
            return driver
        from tui.terminal.plain import ascii_driver

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
        self.take_in()
        self._frames = self.set_interval(1 / self.tiers.tier.frame_hz, self.take_in)
        self.tiers.start(self._driver)
        self._first_paint.begin(self.take_in)
        for problem in self._problems:
            self.tell(problem, "warning")
        if not self.is_headless:
            self.leaving.heed_signals()

    def _started(self) -> None:
        self.deck.complete()

    def on_unmount(self) -> None:
        for fqme in reversed(self.markets.recent):
            self._recent.add(fqme)

    def on_deck_app_woken(self) -> None:
        if self.deck.is_attached:
            self.take_in()

    def _wake(self) -> None:
        """Called from the engine's thread."""
        with suppress(RuntimeError):  # the app's loop is closed: there is nobody to wake
            self.post_message(self.Woken())

    def take_in(self) -> None:
        """Fold everything that waits, and show what it touched."""
        taken = self.link.take()
        touched = self.state.fold_all(taken)
        if taken:
            for fqme, period_s in self.markets.follow():
                self.deck.tell_history_ends(fqme, period_s)
            if any(isinstance(event, EngineStatus) for event in taken):
                self._last_report_s = self._monotonic()
        self._teller.tell_new()
        second = self._wall() // NANOS
        if second != self._second:
            self._second = second
            touched |= Part.ENGINE
        if touched & Part.SEARCH:
            self.above.show_found()
        if touched & Part.FAILURE:
            self._first_paint.end()
        if touched and self._first_paint.wants(touched):
            self.deck.show(touched)
        if self.state.selected in self.state.refused_markets:
            self._first_paint.end()  # no chart will come soon
        if self._first_paint.is_awaited and touched & Part.BARS:
            self._first_paint.unveil()
            self.call_after_refresh(self._first_paint.end)

    def send(self, command: Command) -> None:
        """Raises `LinkClosed` once the engine is gone."""
        self.link.send(command)

    def post(self, command: Command) -> None:
        """Send what needs no answer; an engine that is gone has said so already."""
        with suppress(LinkClosed):
            self.link.send(command)

    # -- what the screen shows ------------------------------------------------------------------

    def status_view(self) -> StatusView:
        wire = self.tiers.wire
        return StatusView(
            now_ns=self.market_now_ns(self.state.selected),
            silence_s=self._monotonic() - self._last_report_s,
            is_armed=self.deck.is_complete and self.desk.is_armed,
            account=self.desk.account if self.deck.is_complete else None,
            profit=profit_by_asset(self.state),
            zone=self.zone,
            glyphs=self.glyphs,
            is_complete=self.deck.is_complete,
            wire=wire if self.shows_wire or wire.tier != "full" else None,
        )

    def market_now_ns(self, fqme: str) -> int:
        """The time of a market: the tape's in a playback, else the machine's."""
        playback = self.state.playbacks.get(fqme.rpartition(".")[2])
        return playback.position_ns if playback else self._wall()

    def shown(self) -> None:
        """The screen was repainted: once that is out, what it shows can be acted on."""
        revision = self.desk.revision
        after_display(self, self._painted, revision)

    def _painted(self, revision: int) -> None:
        if self.screen is self.deck:
            now = monotonic_s()
            self.desk.painted(now, revision)
            self.above.seen(now)

    def tell(self, text: str, level: str = "info") -> None:
        """A notice of the deck's own; `level` is `info`, `warning` or `error`."""
        self._teller.tell(text, level)

    def set_zone(self, name: str) -> None:
        """Write times in this zone. Raises `ConfigError` where there is none of that name."""
        self.zone = zone_of(name)
        self.deck.charts.set_zone(self.zone)
        self.deck.redraw()

    # -- other screens ---------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        if not (isinstance(event, events.Key) and self.above.takes(event)):
            await super().on_event(event)

    def open_search(self, text: str = "") -> None:
        self.above.open_search(text)

    def on_search_screen_asked(self, event: Message) -> None:
        self.markets.search(event.text)  # type: ignore[attr-defined]

    def on_search_screen_previewed(self, event: Message) -> None:
        self.markets.show_preview(event.fqme)  # type: ignore[attr-defined]
        self.deck.show()

    def open_help(self) -> None:
        self.above.open_help()

    def open_command(self, text: str = "") -> None:
        self.deck.open_command(text)

    # -- themes ---------------------------------------------------------------------------------

    @property
    def theme_names(self) -> tuple[str, ...]:
        return self.colours.names

    def show_colours(self) -> None:
        """Show everything in the colours that were chosen."""
        theme = self.colours.theme
        drawn = textual_theme(theme)
        drawn.name = "-".join(
            (theme.name, theme.depth, *(("swapped",) if theme.is_swapped else ()))
        )
        self.register_theme(drawn)
        self.theme = drawn.name
        self.deck.charts.set_theme(theme)
        self.deck.redraw()
        self.deck.refresh()

    def use_tier(self, tier: Tier) -> None:
        """Draw so often, in so many colours and so much."""
        if self._frames is not None:
            self._frames.stop()
            self._frames = self.set_interval(1 / tier.frame_hz, self.take_in)
        before = self.colours.theme
        if self.colours.limit(tier.depth) != before:
            self.show_colours()
        self.deck.charts.set_detail(tier.detail)
        self.deck.show()

    # -- questions ------------------------------------------------------------------------------

    def ask(self, question: Question) -> None:
        """Put a question of the desk on the screen; it is done only by a clear yes."""
        self.above.ask(question)

    def put_question(self, prompt: Prompt, answered: Callable[[str], None]) -> None:
        """Put a question on the screen, and give its answer, or nothing, to `answered`."""
        self.above.put(prompt, answered)

    def on_app_blur(self, event: events.AppBlur) -> None:
        self.above.cover()

    def on_app_focus(self, event: events.AppFocus) -> None:
        self.above.uncover()

    def cancel_row(self, tab: str, key: str, at: float) -> None:
        """Cancel what a row of the blotter stands for, if it was seen when the key came."""
        if not self._was_seen(at):
            return
        if tab == "alerts":
            self.post(CancelAlert(alert_id=key))
        elif key in self.state.algos:
            self.algos.cancel(key)
        else:
            self.desk.cancel_order(key, at=at)

    def pause_row(self, algo_id: str, at: float) -> None:
        """Pause an algo, or go on with it, if its row was seen when the key came."""
        if self._was_seen(at):
            self.algos.toggle(algo_id)

    def _was_seen(self, at: float) -> bool:
        """Whether the deck was on the screen when a key was pressed; says so if not."""
        from tui.orders.question import was_seen

        if was_seen(self.above.seen_at, at):
            return True
        self.tell("nothing done: it was not on the screen yet", "warning")
        return False

    # -- leaving --------------------------------------------------------------------------------

    def quit_deck(self) -> None:
        """Leave; with working orders only after saying what becomes of them."""
        self.leaving.ask()

    def leave(self, return_code: int) -> None:
        """Leave at once."""
        self.exit(return_code, return_code=return_code)

    def run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes a while; another of its kind ends it."""
        self.run_worker(work, exclusive=True)
