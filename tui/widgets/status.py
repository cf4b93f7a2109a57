"""The status line: engine, feed and playback, connections, account, guards, order mode, session
profit, clock."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Literal, NamedTuple, get_args

from rich.cells import cell_len

from engine.clock import NANOS
from engine.messages import AccountInfo, ConnectionStatus, PlaybackStatus, TradingState
from tui.orders.profit import Profit
from tui.paint import format as text_of
from tui.paint.cells import Glyphs
from tui.state import DeckState, MarketView
from tui.terminal.bandwidth import BY_HAND, Wire
from tui.venues.connections import INKS, is_amiss, left_words, state_words, title, worst
from tui.widgets.lines import Line, Lines, Span, fit, spread_out

SILENT_AFTER_S = 3.5
"""The engine reports once a second; after this it is said to be silent."""

WIRE_WIDTH = 100
"""Columns from which on there is room for what goes to the terminal."""


NOTE_WIDTH = 48
"""Cells of what a person must know of a connection; the tab of venues has all of it."""

Detail = Literal["full", "short", "brief", "least"]
"""How much is said of connections: as much as there is room for."""

TOLD_ELSEWHERE = ("feed", "broker", "account")
"""Kinds of services whose failure is said in another place: of the market, venue or account."""


class StatusView(NamedTuple):
    """What the status line shows beyond the state."""

    now_ns: int
    """The deck's wall time."""
    silence_s: float
    """Seconds since the engine last reported."""
    is_armed: bool
    account: AccountInfo | None
    """The account that the next order would name; None where none trades the market."""
    profit: dict[str, Profit]
    """By quote asset."""
    zone: tzinfo | None = UTC
    glyphs: Glyphs = "braille"
    is_complete: bool = True
    """Order mode is there, and so is what it knows of accounts."""
    wire: Wire | None = None
    """What goes to the terminal; None where it is not asked for."""


class StatusLine(Lines):
    """One row that says how much of the rest can be believed."""

    DEFAULT_CSS = "StatusLine { height: 1; background: $surface; }"
    GROUND = "surface"

    def __init__(self, state: DeckState) -> None:
        super().__init__(id="status")
        self._state = state
        self._view: StatusView | None = None

    def show(self, view: StatusView) -> None:
        self._view = view
        self.redraw()

    def paint(self, width: int, height: int) -> list[Line]:
        if self._view is None:
            return []
        return [Line(status_spans(self._state, self._view, width))]


def status_spans(state: DeckState, view: StatusView, width: int) -> tuple[Span, ...]:
    """The line in `width` cells; what matters least leaves first."""
    right = _right(state, view, width)
    name = [Span(" tickdeck ", "accent bold")]
    detail: Detail
    for detail in get_args(Detail):
        rest = _left(state, view, detail)
        if _length(rest) + _length(right) + 1 < width:
            break
    needed = _length(name) + _length(rest) + _length(right)
    counter = _wire(view, width, width - needed - 1)
    right, needed = [*counter, *right], needed + _length(counter)
    return spread_out([*(name if needed < width else [Span(" ")]), *rest], right, width)


def _left(state: DeckState, view: StatusView, detail: Detail) -> list[Span]:
    spans = [
        *_engine(state, view, detail),
        *_feed(state, view, detail),
        *_venues(state, view, detail),
        *_account(state, view),
        *_guards(state, view),
    ]
    # The gap behind the last of them is none, and must not be cut with an ellipsis.
    spans[-1] = spans[-1]._replace(text=spans[-1].text.rstrip())
    return spans


def _length(spans: list[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)


def _engine(state: DeckState, view: StatusView, detail: Detail) -> list[Span]:
    mark = _marks(view.glyphs)
    failed = [
        name
        for name, service in state.services.items()
        if service.state == "failed" and name.split(" ")[0] not in TOLD_ELSEWHERE
    ]
    if state.failure:
        return [Span(f"{mark.bad} engine failed  ", "error bold")]
    if not state.is_ready:
        return [Span(f"{mark.wait} engine starting  ", "muted")]
    if view.silence_s > SILENT_AFTER_S:
        age = text_of.duration(view.silence_s)
        return [Span(f"{mark.bad} engine silent {age}  ", "error bold")]
    if failed:
        return [Span(f"{mark.bad} {failed[0]} failed  ", "error bold")]
    return [Span(f"{mark.good} ", "up"), Span("" if detail == "least" else "engine  ", "muted")]


def _feed(state: DeckState, view: StatusView, detail: Detail) -> list[Span]:
    """The stream of the selected market: its broker, whether it lives, how old its data is, and
    what its connections do where they are not as they should be."""
    if not state.selected or state.failure:
        return []
    broker = state.selected.rsplit(".", 1)[-1]
    if playback := state.playbacks.get(broker):
        return _playback(playback, view)
    name = Span(f"{broker} ", "text")
    if view.silence_s > SILENT_AFTER_S:
        return [name, Span("not known  ", "stale bold")]
    market = state.market
    if market is None:
        return [name, *_not_open(state, view, broker)]
    connection = _connection(state, view, broker, detail)
    if connection and detail in ("brief", "least"):
        return [name, *connection]
    return [name, *_feed_state(market), *_book(market, detail), *connection]


def _not_open(state: DeckState, view: StatusView, broker: str) -> list[Span]:
    """Why the selected market is not open yet, or when it is tried again."""
    if (one := worst(state.connections.values(), broker)) is not None:
        return [Span(f"{state_words(one, state.now_ns, view.zone)}  ", INKS[one.state])]
    if (retry_ns := state.retries.get(state.selected)) is not None:
        return [Span(f"backing off {left_words(retry_ns, state.now_ns)}  ", INKS["backing_off"])]
    if state.selected in state.refused_markets:
        return [Span("not open  ", "error bold")]
    return [Span("opening  ", "muted")]


def _feed_state(market: MarketView) -> list[Span]:
    age = text_of.duration(market.age_s) if market.age_s is not None else ""
    if market.is_stale:
        state = market.feed.state if market.feed else "stale"
        word = state if state in ("ended", "failed") else "stale"
        return [Span(f"{word} {age}".rstrip() + "  ", "stale bold")]
    return [Span("live ", "up"), Span(f"{age}  " if age else " ", "muted")]


def _book(market: MarketView, detail: Detail) -> list[Span]:
    """Whether the order book can be believed, where it cannot now."""
    book = market.feed.book if market.feed else ""
    if book == "unverified":
        return [Span("book unverified  ", "warning")]
    if book == "syncing" and detail in ("full", "short"):
        return [Span("book syncing  ", "muted")]
    return []


def _connection(state: DeckState, view: StatusView, broker: str, detail: Detail) -> list[Span]:
    """What matters most of how a broker is connected, where that is not as it should be."""
    one = worst(state.connections.values(), broker)
    if one is None or not is_amiss(one, state.now_ns):
        return []
    name = one.name if detail in ("full", "short") else one.name.split(" ")[0]
    name = "" if one.name.startswith("market data") else f"{name} "
    return [Span(f"{name}{state_words(one, state.now_ns, view.zone)}  ", INKS[one.state])]


def _venues(state: DeckState, view: StatusView, detail: Detail) -> list[Span]:
    """Other brokers that are not connected as they should be, and what a person must know."""
    here = state.selected.rsplit(".", 1)[-1]
    if detail == "least":
        return [Span("note  ", "warning")] if _noted(state) else []
    spans: list[Span] = []
    for broker in dict.fromkeys(one.broker for one in state.connections.values()):
        one = worst(state.connections.values(), broker)
        if broker == here or one is None or not is_amiss(one, state.now_ns):
            continue
        words = state_words(one, state.now_ns, view.zone) if detail == "full" else "down"
        spans.append(Span(f"{broker} {words}  ", INKS[one.state]))
    return spans + _notes(_noted(state), detail)


def _noted(state: DeckState) -> list[ConnectionStatus]:
    """A dead-man's switch that is on, a key that may withdraw: it is there to be seen."""
    return [one for one in state.connections.values() if one.note]


def _notes(noted: list[ConnectionStatus], detail: Detail) -> list[Span]:
    if not noted:
        return []
    first = f"{title(noted[0])}: {noted[0].note}"
    if detail == "full" and len(noted) == 1:
        return [Span(fit(first, min(cell_len(first), NOTE_WIDTH)) + "  ", "warning")]
    return [Span(f"{len(noted)} note{'s' if len(noted) > 1 else ''}  ", "warning")]


def _playback(playback: PlaybackStatus, view: StatusView) -> list[Span]:
    mark = _marks(view.glyphs)
    if playback.is_ended:
        sign, ink = f"{mark.stop} ended", "stale bold"
    elif playback.is_paused:
        sign, ink = f"{mark.pause} paused", "warning bold"
    else:
        sign, ink = f"{mark.play} {text_of.plain(playback.speed)}x", "up"
        if not playback.speed:
            sign = f"{mark.play} max"
    length = playback.end_ns - playback.start_ns
    done = (playback.position_ns - playback.start_ns) / length if length > 0 else 1.0
    share = f"{min(1.0, max(0.0, done)):.0%}"
    loop = f" {mark.loop}" if playback.is_looping else ""
    return [
        Span(f"{playback.broker} ", "text"),
        Span(f"{sign}{loop} ", ink),
        Span(f"{share}  ", "muted"),
    ]


def _account(state: DeckState, view: StatusView) -> list[Span]:
    """The account of the next order, in the colour of real money where that can move."""
    account = view.account
    if account is None:
        return [Span("no account  " if view.is_complete else "", "muted")]
    own = state.guards_of(account.name)
    if account.mode == "live":
        if own is not None and not own.is_armed:
            return [Span(f"real money {account.name}, not armed  ", "live")]
        return [Span(f" REAL MONEY {account.name} ", "chip-live bold"), Span("  ")]
    if account.name == "paper":
        return [Span("paper  ", "text")]
    return [Span("paper ", "muted"), Span(f"{account.name}  ", "text")]


def _guards(state: DeckState, view: StatusView) -> list[Span]:
    """What keeps orders from being sent, or from being believed; nothing where all is well."""
    spans: list[Span] = []
    if state.failure:
        return spans
    if state.journal is not None and not state.journal.is_written:
        spans += [Span(" NOT ON RECORD ", "chip-error bold"), Span("  ")]
    trading = _trading(state, view.account)
    if trading != "active" and not state.is_killed:
        spans += [Span(f" {trading.upper()} ", "chip-warning bold"), Span("  ")]
    if doubts := _doubts(state):
        spans += [Span(doubts, "unknown bold"), Span("  ")]
    return spans


def _trading(state: DeckState, account: AccountInfo | None) -> TradingState:
    """The state of trading of the account of the next order; of all, where none is known."""
    own = state.guards_of(account.name) if account is not None else None
    if own is not None:
        return own.state
    return state.guards.state if state.guards is not None else "active"


def _doubts(state: DeckState) -> str:
    """Which accounts cannot be believed, or do not agree with their venue."""
    told = state.accounts_told.values()
    doubted = [one.account for one in told if one.state == "in_doubt"]
    differing = [one.account for one in told if one.disagreements and one.account not in doubted]
    if len(doubted) == 1:
        return f"{doubted[0]} in doubt"
    if doubted:
        return f"{len(doubted)} accounts in doubt"
    return f"{differing[0]} differs from its venue" if differing else ""


def _right(state: DeckState, view: StatusView, width: int) -> list[Span]:
    spans: list[Span] = []
    for asset, profit in list(view.profit.items())[: 3 if width >= 120 else 1]:
        ink = "stale" if profit.is_stale else "up" if profit.net >= 0 else "down"
        spans.append(Span(f"{text_of.pnl(profit.net)}", f"{ink} bold"))
        spans.append(Span(f" {asset.upper()}  ", "muted"))
    if not spans:
        spans.append(Span("no positions  " if width >= 100 else "", "muted"))
    if view.is_armed:
        spans.append(Span(" ARMED ", "chip-warning bold"))
    else:
        spans.append(Span("disarmed", "muted"))
    zone = text_of.zone_name(view.now_ns, view.zone) if width >= 100 else ""
    spans.append(Span(f"  {text_of.clock(view.now_ns, view.zone)}", "text"))
    spans.append(Span(f" {zone} " if zone else " ", "muted"))
    return spans


def _wire(view: StatusView, width: int, room: int) -> list[Span]:
    """What goes to the terminal, if nothing else has to leave for it."""
    if view.wire is None or width < WIRE_WIDTH:
        return []
    wire = view.wire
    rate = f"{wire.frames_s:.0f}/s {_bytes(wire.bytes_s):>6}/s "
    ink = "muted" if wire.tier == "full" or wire.why == BY_HAND else "warning"
    for why in (f": {wire.why}" if wire.why else "", ""):
        spans = [Span(rate, "muted"), Span(f"{wire.tier}{why}", ink), Span("  ")]
        if sum(cell_len(span.text) for span in spans) <= room:
            return spans
    return []


def _bytes(count: float) -> str:
    """`41 B`, `1.2 KB`, `118 KB`, `2.0 MB`, by thousands."""
    if count < 999.5:
        return f"{count:.0f} B"
    if count < 9_950:
        return f"{count / 1e3:.1f} KB"
    return f"{count / 1e3:.0f} KB" if count < 999_500 else f"{count / 1e6:.1f} MB"


class _Marks(NamedTuple):
    good: str
    bad: str
    wait: str
    play: str
    pause: str
    stop: str
    loop: str


_UNICODE = _Marks("●", "✖", "○", "▶", "‖", "■", "↻")
_ASCII = _Marks("*", "!", "o", ">", "||", "#", "@")


def _marks(glyphs: Glyphs) -> _Marks:
    return _ASCII if glyphs == "ascii" else _UNICODE


def whole_second(now_ns: int) -> int:
    """The second that a clock shows at `now_ns`."""
    return now_ns // NANOS
