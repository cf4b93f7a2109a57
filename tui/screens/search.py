"""Search over all loaded brokers, beside the chart that previews what is selected.

Hits come broker by broker, and are shown as they come: what a person has moved to stays selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input

from engine.clock import NANOS
from engine.messages import Match, Searched, SearchResults
from tui.paint import format as text_of
from tui.widgets.lines import Line, Lines, Span, clip, fit

PREVIEW_AFTER_S = 0.12
"""The preview waits until the selection has rested this long."""

WIDTH = 46
"""Columns that it covers; the chart keeps clear of them."""

OLD_S = 3600.0
"""Age of a venue's list from which on it is told; younger ones are as good as new."""

_STEPS = {"up": -1, "down": 1, "ctrl+p": -1, "ctrl+n": 1, "pageup": -10, "pagedown": 10}


class Chosen(NamedTuple):
    """What was found."""

    fqme: str = ""
    """Empty if nothing was."""
    is_overlay: bool = False
    """It is to lie over the chart, and not to be its market."""


class _Results(Lines):
    DEFAULT_CSS = "_Results { height: 1fr; background: $surface; }"
    GROUND = "surface"

    def __init__(self) -> None:
        super().__init__()
        self.matches: Sequence[Match] = ()
        self.text: str | None = None
        """What they were found for."""
        self.selected = 0
        self.was_moved = False
        """A person moved to what is selected, which stays so where more is found."""
        self.note = "searching"
        self.first = 0

    def paint(self, width: int, height: int) -> list[Line]:
        if not self.matches:
            return [Line((Span(f" {self.note}", "muted"),))]
        self.first = max(0, min(self.first, self.selected), self.selected - height + 1)
        shown = self.matches[self.first : self.first + height]
        return [
            match_line(match, width, is_selected=number == self.selected, typed=self.text or "")
            for number, match in enumerate(shown, self.first)
        ]


class _Sources(Lines):
    """Which brokers have not answered, and how old the lists of others are."""

    DEFAULT_CSS = "_Sources { height: 1; background: $surface; }"
    GROUND = "surface"

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []
        self.display = False

    def show(self, brokers: Sequence[Searched], now_ns: int) -> None:
        self.spans = source_spans(brokers, now_ns)
        self.display = bool(self.spans)
        self.redraw()

    def paint(self, width: int, height: int) -> list[Line]:
        kept, _ = clip([Span(" "), *self.spans], width)
        return [Line(tuple(kept))]


class SearchScreen(ModalScreen[Chosen]):
    """Dismissed with the market that was chosen, or with none."""

    DEFAULT_CSS = """
    SearchScreen { background: transparent; align: left top; }
    SearchScreen > Vertical {
        width: 46; max-width: 100%; height: 100%; background: $surface;
        border-right: solid $accent;
    }
    SearchScreen Input { height: 1; border: none; padding: 0 1; background: $raised; }
    SearchScreen Input:focus { border: none; }
    SearchScreen #hint { height: 1; }
    SearchScreen .gap { height: 1; }
    """

    class Asked(Message):
        """The text changed: results are wanted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Previewed(Message):
        """The selection rests on a market."""

        def __init__(self, fqme: str) -> None:
            super().__init__()
            self.fqme = fqme

    def __init__(self, recent: Sequence[str], text: str = "") -> None:
        """
        Args:
            recent: markets used last, the newest first; they come before others.
            text: what is asked for at first.
        """
        super().__init__()
        self._recent = list(recent)
        self._results = _Results()
        self._sources = _Sources()
        self._text = text
        self._timer: Timer | None = None
        self._chosen_early: Chosen | None = None
        """How to choose once the results of what was typed are there."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Input(self._text, placeholder="find a market", select_on_focus=False)
            yield self._results
            yield self._sources
            yield _Hint()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.post_message(self.Asked(self._text))

    def show(self, text: str, found: SearchResults, now_ns: int) -> None:
        """Results of `text`, so far; those of a text that is no longer asked for are left alone.
        `now_ns` is the wall time, of which ages are told."""
        if text != self._text:
            return
        results = self._results
        before = results.matches[results.selected].fqme if results.matches else ""
        is_kept = not text or (results.text == text and results.was_moved)
        results.matches = ranked(found.matches, self._recent, text)
        results.note = "nothing found" if text else "no markets"
        if not found.is_complete:
            results.note = "searching"
        results.text = text
        names = [match.fqme for match in results.matches]
        results.selected = names.index(before) if before in names and is_kept else 0
        results.was_moved = is_kept and results.was_moved
        results.redraw()
        self._sources.show(found.brokers, now_ns)
        self._preview_soon()
        if (early := self._chosen_early) is not None and self._is_sure(found):
            self._choose(is_overlay=early.is_overlay)

    def _is_sure(self, found: SearchResults) -> bool:
        """No better hit can come: all have answered, or the first is what was typed."""
        matches = self._results.matches
        return found.is_complete or (bool(matches) and is_exact(matches[0], self._text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._text:
            self._text = event.value
            self._chosen_early = None
            self.post_message(self.Asked(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.dismiss(Chosen())
        elif event.key == "ctrl+o":
            event.stop()
            self._choose(is_overlay=True)
        elif step := _STEPS.get(event.key):
            event.stop()
            self._move(step)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self._results:
            number = self._results.first + event.y
            if number < len(self._results.matches):
                self._results.selected = number
                self._choose()
        elif event.widget is self:
            self.dismiss(Chosen())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        results = self._results
        if results.matches:
            results.was_moved = True
            results.selected = min(max(0, results.selected + step), len(results.matches) - 1)
            results.redraw()
            self._preview_soon()

    def _choose(self, *, is_overlay: bool = False) -> None:
        """Take what is selected. Whoever types faster than markets are found means what they
        typed, not what is still listed for a part of it."""
        self._chosen_early = None
        matches = self._results.matches
        if self._results.text != self._text:
            self._chosen_early = Chosen(is_overlay=is_overlay)
        elif matches:
            self.dismiss(Chosen(matches[self._results.selected].fqme, is_overlay))

    def _preview_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PREVIEW_AFTER_S, self._preview)

    def _preview(self) -> None:
        if matches := self._results.matches:
            self.post_message(self.Previewed(matches[self._results.selected].fqme))


class _Hint(Lines):
    DEFAULT_CSS = "_Hint { height: 1; background: $surface; }"
    GROUND = "surface"

    def paint(self, width: int, height: int) -> list[Line]:
        keys = (("enter", "open"), ("↑↓", "preview"), ("^o", "overlay"), ("esc", "back"))
        spans = [Span(" ")]
        for key, word in keys:
            spans += [Span(key, "accent"), Span(f" {word}  ", "muted")]
        return [Line(tuple(spans))]


def ranked(matches: Sequence[Match], recent: Sequence[str], text: str) -> list[Match]:
    """`matches` with those used last in front; when something was typed, only those of them
    that have it in their name."""
    typed = text.strip().lower()
    places = {fqme: place for place, fqme in enumerate(recent)}

    def place(match: Match) -> int:
        has_text = typed in f"{match.fqme}\n{match.name}\n{match.aka}".lower()
        return places.get(match.fqme, len(places)) if has_text else len(places)

    return sorted(matches, key=place)


def is_exact(match: Match, typed: str) -> bool:
    """What was typed is one of the market's names, as a whole."""
    wanted = typed.strip().lower()
    fqme = match.fqme.lower()
    return wanted in (fqme, fqme.partition(".")[0], *match.aka.lower().split())


def source_spans(brokers: Sequence[Searched], now_ns: int) -> list[Span]:
    """What is to be said of those who were asked; nothing of those who answered of a new list."""
    spans: list[Span] = []
    for one in brokers:
        age_s = (now_ns - one.listed_ns) / NANOS if one.listed_ns else 0.0
        if one.state == "asked":
            spans.append(Span(f"{one.broker} searching  ", "muted"))
        elif one.state == "failed":
            spans.append(Span(f"{one.broker} {one.reason}  ", "warning"))
        elif age_s >= OLD_S:
            spans.append(Span(f"{one.broker} list {text_of.duration(age_s)} old  ", "muted"))
    return spans


def _found_by(match: Match, typed: str) -> str:
    """The other name of a market that was typed, where what else is shown does not have it."""
    wanted = typed.strip().lower()
    if not wanted or wanted in f"{match.fqme}\n{match.name}".lower():
        return ""
    return next((name for name in match.aka.split() if wanted in name.lower()), "")


def match_line(match: Match, width: int, *, is_selected: bool, typed: str = "") -> Line:
    """Symbol, venue and provider, then what is traded there in a day and the long name, behind the
    other name that was `typed` for it."""
    symbol, _, rest = match.fqme.partition(".")
    provider = match.broker or rest.rpartition(".")[2]
    venue = rest.removesuffix(f".{provider}")
    right = f"{text_of.compact(match.volume) if match.volume else '':>7} {provider:>8} "
    room = max(0, width - 1 - len(right))
    name = fit(symbol, min(len(symbol), room))
    names = " ".join(part for part in (_found_by(match, typed), match.name) if part)
    tail = fit(f" {venue}  {names}", room - len(name))
    mark = Span("▌" if is_selected else " ", "accent bold")
    return Line(
        (mark, Span(name, "text bold"), Span(tail, "muted"), Span(right, "accent")),
        "raised" if is_selected else "",
    )
