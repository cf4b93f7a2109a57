"""The watchlist: each market's last price, change, spread, volume and recent course."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message

from tui.paint import format as text_of
from tui.paint.cells import DOTS_Y, Glyphs
from tui.paint.sparkline import sparkline
from tui.state import DeckState, MarketView
from tui.venues.connections import INKS, WORDS, is_amiss, left_words, worst
from tui.widgets.lines import Line, Lines, Span, fit

SPARK_PERIOD_S = 60
SPARK_BARS = 120
"""The sparkline shows the last two hours."""

_BLOCKS = 8
"""Heights of a sparkline that is drawn without dots."""

_SPREAD, _VOLUME, _CHANGE = 9, 7, 9
"""Widths of the number columns."""


class Watchlist(Lines):
    """Markets in their order, two rows each where there is room, and the selected one marked."""

    DEFAULT_CSS = "Watchlist { height: 1fr; }"

    class Selected(Message):
        """A row was clicked, or the wheel moved the selection to it."""

        def __init__(self, fqme: str) -> None:
            super().__init__()
            self.fqme = fqme

    def __init__(self, state: DeckState, glyphs: Callable[[], Glyphs]) -> None:
        super().__init__(id="watchlist")
        self._state = state
        self._glyphs = glyphs
        self._row_fqmes: list[str] = []
        self._sparks: dict[str, tuple[tuple[object, ...], str]] = {}
        """By market the course that was drawn last, and of what."""

    def paint(self, width: int, height: int) -> list[Line]:
        markets = self._state.watch
        is_tall = width >= 30 and 2 * len(markets) <= height - 1
        rows = 2 if is_tall else 1
        first = _window(markets, self._state.selected, max(1, (height - 1) // rows))
        lines = [_header(width, is_tall)]
        self._row_fqmes = [""]
        for fqme in markets[first:]:
            row = self._row(fqme, width, is_tall)
            lines += row
            self._row_fqmes += [fqme] * len(row)
        if not markets:
            lines += [Line(), Line((Span(" press / to find a market", "muted"),))]
        return lines

    def _row(self, fqme: str, width: int, is_tall: bool) -> list[Line]:
        is_selected = fqme == self._state.selected
        ground = "raised" if is_selected else ""
        mark = _mark(is_selected, self._glyphs())
        market = self._state.markets.get(fqme)
        if market is None:
            return _closed_row(fqme, self._why_closed(fqme, width), mark, ground)
        if is_tall:
            return _tall_row(market, mark, ground, width, self._spark)
        return [_short_row(market, mark, ground, width)]

    def _why_closed(self, fqme: str, width: int) -> Span:
        """Why a market is not open: it is opening, it cannot be opened, or not now."""
        state = self._state
        why, retry_ns = state.refused_markets.get(fqme), state.retries.get(fqme)
        if why is None:
            broker = fqme.rpartition(".")[2]
            one = worst(state.connections.values(), broker)
            if one is None or not is_amiss(one, state.now_ns):
                return Span("opening", "muted")
            return Span(fit(f"{broker} {WORDS[one.state]}", width - 3), INKS[one.state])
        if retry_ns is not None:
            left = left_words(retry_ns, state.now_ns)
            return Span(fit(f"again in {left}: {why}", width - 3), "warning")
        return Span(fit(why, width - 3), "error")

    def _spark(self, market: MarketView, width: int) -> str:
        """The course of a market; drawn anew with each bar, and where its last price is half a
        dot away from where it was."""
        series, glyphs = market.series.get(SPARK_PERIOD_S), self._glyphs()
        if series is None or not len(series) or width <= 0:
            return ""
        closes = series.close[-SPARK_BARS:]
        low, high = float(closes.min()), float(closes.max())
        dots = (DOTS_Y if glyphs == "braille" else _BLOCKS) - 1
        place = 0 if high == low else round((float(closes[-1]) - low) / (high - low) * dots * 2)
        state = (
            id(series), series.stop_number, series.history_version, width, glyphs, low, high, place,
        )  # fmt: skip
        known = self._sparks.get(market.fqme)
        if known is None or known[0] != state:
            known = self._sparks[market.fqme] = (state, sparkline(closes, width, glyphs))
        return known[1]

    def on_click(self, event: events.Click) -> None:
        row = event.y
        if row < len(self._row_fqmes) and (fqme := self._row_fqmes[row]):
            self.post_message(self.Selected(fqme))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._step(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        watch, selected = self._state.watch, self._state.selected
        if selected in watch:
            at = min(max(0, watch.index(selected) + step), len(watch) - 1)
            self.post_message(self.Selected(watch[at]))


def _header(width: int, is_tall: bool) -> Line:
    left = " markets"
    if is_tall:
        right = f"{'spread':>{_SPREAD}}{'volume':>{_VOLUME}}{'24h':>{_CHANGE}} "
    else:
        right = f"{'last':>10}{'24h':>{_CHANGE - 1}} "
    return Line((Span(fit(left, max(0, width - len(right))), "muted"), Span(right, "muted")))


def _mark(is_selected: bool, glyphs: Glyphs) -> Span:
    if not is_selected:
        return Span(" ")
    return Span(">" if glyphs == "ascii" else "▌", "accent bold")


def _tall_row(
    market: MarketView,
    mark: Span,
    ground: str,
    width: int,
    spark: Callable[[MarketView, int], str],
) -> list[Line]:
    quote, instrument = market.quote, market.instrument
    main = "stale" if market.is_stale else "text bold"
    price = text_of.price(quote.last, instrument)
    symbol, _, rest = market.fqme.partition(".")
    room = width - 3 - len(price)
    name = [Span(fit(symbol, min(len(symbol), room)), main)]
    left = room - len(name[0].text)
    name.append(Span(fit(f" {rest}", left), "muted"))
    first = Line((mark, *name, Span(f" {price} ", main)), ground)

    spark_width = max(0, width - 3 - _SPREAD - _VOLUME - _CHANGE)
    ink = _change_ink(market)
    second = Line(
        (
            mark,
            Span(fit(spark(market, spark_width), spark_width) + " ", ink),
            _spread_or_age(market),
            Span(f"{text_of.compact(quote.day_volume):>{_VOLUME}}", "muted"),
            Span(f"{text_of.percent(market.change):>{_CHANGE}} ", ink),
        ),
        ground,
    )
    return [first, second]


def _short_row(market: MarketView, mark: Span, ground: str, width: int) -> Line:
    main = "stale" if market.is_stale else "text"
    price = text_of.price(market.quote.last, market.instrument)
    numbers = [
        Span(f" {price:>9}", main),
        Span(f"{text_of.percent(market.change):>{_CHANGE - 1}} ", _change_ink(market)),
    ]
    room = max(0, width - 1 - sum(len(span.text) for span in numbers))
    symbol, _, rest = market.fqme.partition(".")
    name = Span(fit(symbol, min(room, len(symbol))), f"{main} bold")
    venue = Span(fit(f" {rest}", room - len(name.text)), "muted")
    return Line((mark, name, venue, *numbers), ground)


def _closed_row(fqme: str, why: Span, mark: Span, ground: str) -> list[Line]:
    """A market that is not open, and why."""
    symbol, _, rest = fqme.partition(".")
    first = Line(
        (mark, Span(fit(symbol, len(symbol)), "muted bold"), Span(f" {rest}", "muted")), ground
    )
    return [first, Line((mark, why), ground)]


def _spread_or_age(market: MarketView) -> Span:
    if market.feed is not None and market.feed.state == "ended":
        return Span(f"{'ended':>{_SPREAD}}", "stale")
    if market.is_stale:
        age = text_of.duration(market.age_s) if market.age_s is not None else "stale"
        return Span(f"{age + ' old' if market.age_s else age:>{_SPREAD}}", "stale")
    spread = None if market.spread is None else abs(market.spread)
    return Span(f"{text_of.price(spread, market.instrument):>{_SPREAD}}", "muted")


def _change_ink(market: MarketView) -> str:
    if market.is_stale:
        return "stale"
    change = market.change
    return "muted" if not change else "up" if change > 0 else "down"


def _window(markets: list[str], selected: str, fits: int) -> int:
    """Index of the first market shown, such that the selected one is."""
    at = markets.index(selected) if selected in markets else 0
    return max(0, min(at - fits // 2, len(markets) - fits))
