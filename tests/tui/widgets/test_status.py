"""The status line: how much of the rest can be believed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len

from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    ConnectionStatus,
    Disagreement,
    EngineFailed,
    EngineReady,
    EngineStatus,
    FeedStatus,
    FlumeFailed,
    GuardsUpdate,
    JournalUpdate,
    PlaybackStatus,
    ServiceStatus,
)
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink
from tui.orders.profit import Profit
from tui.state import DeckState
from tui.terminal.bandwidth import BY_HAND, Wire
from tui.widgets.status import StatusView, status_spans

BTC = MARKETS[0].fqme
PAPER = AccountInfo(name="demo", broker="paper")


def ready() -> DeckState:
    state = DeckState([BTC])
    link = ScriptedLink()
    state.fold(EngineReady(brokers=(), accounts=(PAPER,), now_ns=NOW_NS))
    state.fold(link._opened(BTC))
    state.fold(link.status())
    return state


def said(state: DeckState, width: int = 120, **changes: Any) -> str:
    values: dict[str, Any] = {
        "now_ns": NOW_NS,
        "silence_s": 0.0,
        "is_armed": False,
        "account": PAPER,
        "profit": {},
    }
    spans = status_spans(state, StatusView(**(values | changes)), width)
    return "".join(span.text for span in spans)


def inks(state: DeckState, **changes: Any) -> dict[str, str]:
    values: dict[str, Any] = {
        "now_ns": NOW_NS,
        "silence_s": 0.0,
        "is_armed": False,
        "account": PAPER,
        "profit": {},
    }
    spans = status_spans(state, StatusView(**(values | changes)), 120)
    return {span.text.strip(): span.ink for span in spans}


def test_a_live_market_says_how_old_its_data_is():
    assert "sim live 0.2s" in said(ready())


def test_an_engine_that_starts_has_not_started():
    assert "engine starting" in said(DeckState())


def test_a_failed_engine_is_failed():
    state = ready()
    state.fold(EngineFailed(reason="x"))

    assert "engine failed" in said(state)
    assert "live" not in said(state)


def test_a_silent_engine_is_told_and_its_feeds_are_not_called_live():
    text = said(ready(), silence_s=5.0)

    assert "engine silent 5.0s" in text
    assert "sim not known" in text


def test_a_failed_service_is_named():
    state = ready()
    failed = ServiceStatus(name="sampler", state="failed", since_ns=NOW_NS)
    state.fold(EngineStatus(now_ns=NOW_NS, services=(failed,)))

    assert "sampler failed" in said(state)


@pytest.mark.parametrize("kind", ["feed btcusdt.spot.far", "broker far", "account main"])
def test_a_service_that_is_told_of_elsewhere_is_no_failure_of_the_engine(kind: str):
    state = ready()
    failed = ServiceStatus(name=kind, state="failed", since_ns=NOW_NS)
    state.fold(EngineStatus(now_ns=NOW_NS, services=(failed,)))

    assert "● engine" in said(state)
    assert "failed" not in said(state)


@pytest.mark.parametrize("feed_state", ["stale", "ended", "failed"])
def test_a_feed_that_does_not_live_is_not_called_live(feed_state: Any):
    state = ready()
    feed = FeedStatus(fqme=BTC, state=feed_state, age_s=42.0)
    state.fold(EngineStatus(now_ns=NOW_NS, feeds=(feed,)))

    assert f"sim {feed_state} 42s" in said(state)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "▶ 20x"),
        ({"speed": 0.0}, "▶ max"),
        ({"is_paused": True}, "‖ paused"),
        ({"is_ended": True}, "■ ended"),
        ({"is_looping": True}, "▶ 20x ↻"),
    ],
)
def test_a_playback_says_what_it_does(changes: dict[str, Any], text: str):
    state = ready()
    values: dict[str, Any] = {
        "broker": "sim",
        "position_ns": NOW_NS,
        "start_ns": NOW_NS - 30 * NANOS,
        "end_ns": NOW_NS + 70 * NANOS,
        "speed": 20.0,
    }
    state.fold(EngineStatus(now_ns=NOW_NS, playbacks=(PlaybackStatus(**(values | changes)),)))

    assert f"sim {text} 30%" in said(state)


def test_real_money_and_arming_are_loud():
    live = AccountInfo(name="main", broker="venue", mode="live")

    assert inks(ready(), account=live)["REAL MONEY main"].startswith("chip-live")
    assert inks(ready(), is_armed=True)["ARMED"].startswith("chip-warning")
    assert inks(ready())["disarmed"] == "muted"


def test_profit_has_its_sign_its_asset_and_the_ink_of_both():
    profit = {"usdt": Profit(Decimal(5), Decimal(-12), Decimal(1))}

    assert "-8.00 USDT" in said(ready(), profit=profit)
    assert inks(ready(), profit=profit)["-8.00"] == "down bold"
    stale = {"usdt": Profit(Decimal(5), is_stale=True)}
    assert inks(ready(), profit=stale)["+5.00"] == "stale bold"


def test_the_line_fits_every_width():
    profit = {asset: Profit(Decimal("12345678.9")) for asset in ("usdt", "usd", "eur")}
    for width in range(60, 240, 7):
        assert cell_len(said(ready(), width, profit=profit, is_armed=True)) == width


# -- connections ----------------------------------------------------------------------------------


def with_connections(state: DeckState, *connections: ConnectionStatus, book: Any = "") -> DeckState:
    feed = FeedStatus(fqme=BTC, age_s=0.2, book=book)
    state.fold(EngineStatus(now_ns=NOW_NS, feeds=(feed,), connections=connections))
    return state


def connection(
    state: Any, *, broker: str = "sim", name: str = "market data 1", **fields: Any
) -> ConnectionStatus:
    since_ns = NOW_NS - 7 * NANOS
    return ConnectionStatus(broker=broker, name=name, state=state, since_ns=since_ns, **fields)


LOST = connection("backing_off", until_ns=NOW_NS + 12 * NANOS)


@pytest.mark.parametrize(
    ("one", "text", "ink"),
    [
        (LOST, "backing off 12s", "warning bold"),
        (connection("banned", name="rest", until_ns=NOW_NS + 300 * NANOS),
         "rest banned until 14:05", "error bold"),
        (connection("connecting"), "connecting 7s", "warning"),
        (connection("syncing"), "syncing 7s", "warning"),
        (connection("stale"), "stale 7s", "stale bold"),
        (connection("backing_off", name="account main"),
         "account main backing off 7s", "warning bold"),
    ],
)  # fmt: skip
def test_a_connection_that_is_not_live_is_told_beside_the_market(
    one: ConnectionStatus, text: str, ink: str
):
    live = connection("live", name="market data 2")
    state = with_connections(ready(), live, one)

    assert f"sim live 0.2s  {text}  paper" in said(state)
    assert inks(state)[text] == ink


def test_what_is_live_or_only_just_coming_up_takes_no_place():
    state = with_connections(
        ready(),
        connection("live"),
        connection("closed", name="rest"),
        msgspec.structs.replace(connection("syncing", name="account main"), since_ns=NOW_NS),
    )

    assert "sim live 0.2s  paper" in said(state)


def test_a_market_that_is_not_open_says_what_its_venue_does():
    state = DeckState([BTC])
    state.fold(EngineReady(brokers=(), accounts=(PAPER,), now_ns=NOW_NS))
    state.fold(EngineStatus(now_ns=NOW_NS))
    assert "sim opening" in said(state)
    state.fold(FlumeFailed(fqme=BTC, reason="no route", retry_ns=NOW_NS + 9 * NANOS))
    assert "sim backing off 9s" in said(state)
    state.fold(EngineStatus(now_ns=NOW_NS, connections=(connection("connecting"),)))
    assert "sim connecting 7s" in said(state)
    state.fold(EngineStatus(now_ns=NOW_NS))
    state.fold(FlumeFailed(fqme=BTC, reason="not listed"))
    assert "sim not open" in said(state)


def test_another_broker_that_is_down_is_named():
    state = with_connections(
        ready(), connection("live"), msgspec.structs.replace(LOST, broker="far")
    )

    assert "sim live 0.2s  far backing off 12s  paper" in said(state)
    assert "sim live 0.2s  far down  paper" in said(state, 70)
    assert "far" not in said(state, 60)


def test_a_book_that_cannot_be_believed_is_said_so_calmly():
    assert "live 0.2s  book unverified  paper" in said(with_connections(ready(), book="unverified"))
    assert inks(with_connections(ready(), book="unverified"))["book unverified"] == "warning"
    assert inks(with_connections(ready(), book="syncing"))["book syncing"] == "muted"
    for book in ("", "good"):
        assert "book" not in said(with_connections(ready(), book=book))


def test_what_a_person_must_know_of_a_connection_is_marked_at_every_width():
    switch = connection(
        "live", name="account main", note="dead-man's switch on, cancels all in 60 s"
    )
    rights = connection("live", broker="far", name="rest", note="the key may withdraw")
    state = with_connections(ready(), switch)

    assert "sim account main: dead-man's switch on, cancels" in said(state, 160)
    assert "1 note  paper" in said(state, 80)
    assert "2 notes  paper" in said(with_connections(ready(), switch, rights), 160)
    for width in range(60, 240):
        assert "note" in said(with_connections(ready(), switch, rights), width)
        assert cell_len(said(state, width)) == width


def test_what_keeps_orders_back_is_never_pushed_out_by_connections():
    lost = msgspec.structs.replace(LOST, name="account of the family", reason="reset")
    far = connection("banned", broker="far", name="rest", until_ns=NOW_NS + 300 * NANOS)
    state = with_connections(ready(), lost, far, book="unverified")
    state.fold(GuardsUpdate(accounts=(AccountGuards(account="demo", state="halted"),)))
    for width in range(80, 240):
        assert " HALTED " in said(state, width)


def test_marks_are_ascii_where_the_terminal_is():
    assert said(ready(), glyphs="ascii").isascii()


WIRE = Wire(frames_s=12.4, bytes_s=1234.0)
BLOCKED = Wire(frames_s=1.0, bytes_s=41.0, tier="slow", why="writes blocked")


def test_what_goes_to_the_terminal_is_counted_when_asked_for():
    assert "12/s 1.2 KB/s full" in said(ready(), wire=WIRE)
    assert "KB/s" not in said(ready())


def test_less_than_full_says_why_and_is_marked_unless_it_was_chosen():
    assert "1/s   41 B/s slow: writes blocked" in said(ready(), wire=BLOCKED)
    assert inks(ready(), wire=BLOCKED)["slow: writes blocked"] == "warning"
    assert inks(ready(), wire=BLOCKED._replace(why=BY_HAND))["slow: by hand"] == "muted"
    assert inks(ready(), wire=WIRE)["full"] == "muted"


def test_the_counter_pushes_nothing_out():
    profit = {asset: Profit(Decimal("12345678.9")) for asset in ("usdt", "usd", "eur")}
    for width in range(60, 240):
        with_it = said(ready(), width, profit=profit, is_armed=True, wire=BLOCKED)
        without = said(ready(), width, profit=profit, is_armed=True)

        assert cell_len(with_it) == width
        kept = [word for word in with_it.split() if word in without.split()]
        assert kept == without.split()
        assert "slow" not in with_it or width >= 100


@pytest.mark.parametrize(
    ("bytes_s", "text"),
    [
        (0.0, "  0 B/s"),
        (999.4, "999 B/s"),
        (999.6, "1.0 KB/s"),
        (9949.0, "9.9 KB/s"),
        (9951.0, "10 KB/s"),
        (999_400.0, "999 KB/s"),
        (2_040_000.0, "2.0 MB/s"),
    ],
)
def test_rates_are_short(bytes_s: float, text: str):
    assert f"{text} " in said(ready(), wire=Wire(bytes_s=bytes_s))


# -- guards ---------------------------------------------------------------------------------------

REAL = AccountInfo(name="real", broker="venue", mode="live")


def _guarded(name: str = "demo", **fields: Any) -> DeckState:
    state = ready()
    state.fold(GuardsUpdate(accounts=(AccountGuards(account=name, **fields),)))
    return state


def test_where_all_is_well_guards_say_nothing() -> None:
    state = _guarded()
    state.fold(AccountUpdate(account="demo", state="agreed"))
    state.fold(JournalUpdate(is_written=True))

    assert said(state) == said(ready())


@pytest.mark.parametrize("trading", ["reducing", "halted"])
def test_an_account_that_does_not_trade_freely_says_so(trading: Any) -> None:
    state = _guarded(state=trading)

    assert inks(state)[trading.upper()] == "chip-warning bold"


def test_a_state_of_another_account_is_not_that_of_the_next_order() -> None:
    state = _guarded("other", state="halted")

    assert "HALTED" not in said(state)


def test_where_no_account_trades_the_state_of_all_is_said() -> None:
    state = ready()
    state.fold(GuardsUpdate(state="halted"))

    assert "HALTED" in said(state, account=None)


def test_the_kill_switch_has_a_banner_and_no_second_word() -> None:
    state = ready()
    state.fold(GuardsUpdate(is_killed=True, state="halted"))

    assert "HALTED" not in said(state)


def test_real_money_is_a_patch_of_its_colour_only_while_it_is_armed() -> None:
    armed, locked = _guarded("real", is_armed=True), _guarded("real", is_armed=False)

    assert inks(armed, account=REAL)["REAL MONEY real"] == "chip-live bold"
    assert inks(locked, account=REAL)["real money real, not armed"] == "live"


def test_what_cannot_be_recorded_is_loud() -> None:
    state = ready()
    state.fold(JournalUpdate(is_written=False, waiting=1, reason="the disk is full"))

    assert inks(state)["NOT ON RECORD"] == "chip-error bold"


def test_accounts_that_cannot_be_believed_are_named_or_counted() -> None:
    state = ready()
    state.fold(AccountUpdate(account="a", state="in_doubt", reason="closed"))
    assert inks(state)["a in doubt"] == "unknown bold"

    state.fold(AccountUpdate(account="b", state="in_doubt", reason="closed"))
    assert "2 accounts in doubt" in said(state)


def test_an_account_whose_numbers_differ_is_named() -> None:
    state = ready()
    apart = Disagreement(what="position", name=BTC, ours=Decimal(1), theirs=Decimal(2))
    state.fold(AccountUpdate(account="a", state="agreed", disagreements=(apart,)))

    assert "a differs from its venue" in said(state)


@pytest.mark.parametrize("width", [20, 60, 80, 100, 200])
def test_guards_never_make_the_line_longer_than_the_screen(width: int) -> None:
    state = _guarded(state="reducing")
    state.fold(JournalUpdate(is_written=False, waiting=1, reason="the disk is full"))
    state.fold(AccountUpdate(account="a", state="in_doubt", reason="closed"))

    assert cell_len(said(state, width)) <= max(width, 40)
