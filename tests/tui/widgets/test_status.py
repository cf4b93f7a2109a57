"""The status line: how much of the rest can be believed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from engine.messages import (
    AccountGuards,
    AccountInfo,
    AccountUpdate,
    Disagreement,
    EngineFailed,
    EngineReady,
    EngineStatus,
    FeedStatus,
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
