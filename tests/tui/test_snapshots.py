"""The deck as it looks: scripted scenes at three sizes and in all themes.

`pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew; look at what changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from engine.messages import AccountInfo, EngineFailed, GuardsUpdate, PlaybackStatus, Search
from tests.support.scenes import (
    AWAY,
    BTC,
    ETH,
    VENUE_ACCOUNTS,
    VENUE_MARKETS,
    abroad,
    busy,
    deck,
    guarded,
    press,
    screen_text,
    settled,
    some_found,
    with_algos,
)
from tests.support.scripted_link import ACCOUNTS, NANOS, NOW_NS, ScriptedLink
from tui.app import DeckApp
from tui.screens.search import SearchScreen
from tui.themes import load_themes

SIZES = {"80x24": (80, 24), "120x35": (120, 35), "200x50": (200, 50)}

Compare = Callable[..., bool]
Script = Callable[[Pilot[int]], Awaitable[None]]


def scripted(link: ScriptedLink, *keys: str) -> Script:
    """The busy scene, then these keys."""

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        link.give(*busy())
        await settled(pilot)
        await press(pilot, *keys)
        await settled(pilot)
        # Each of many charts is asked for its bars when it is laid out: let all of them come.
        shown = ""
        while shown != (shown := screen_text(pilot.app)):  # type: ignore[arg-type]
            await settled(pilot)
        await settled(pilot)

    return script


@pytest.mark.parametrize("size", SIZES)
def test_a_busy_deck(snap_compare: Compare, size: str):
    link = ScriptedLink()

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=scripted(link))


@pytest.mark.parametrize("size", SIZES)
def test_a_staged_order(snap_compare: Compare, size: str):
    link = ScriptedLink()
    keys = ("o", "f", "shift+down", "shift+down", "s")

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=scripted(link, *keys))


@pytest.mark.parametrize("theme", sorted(load_themes()[0]))
def test_every_theme(snap_compare: Compare, theme: str):
    link = ScriptedLink()
    app = deck(link, theme=theme)

    assert snap_compare(app, terminal_size=(120, 35), run_before=scripted(link, "o", "f"))


@pytest.mark.parametrize("depth", ["256", "16", "none"])
def test_terminals_of_fewer_colours(snap_compare: Compare, depth: str):
    link = ScriptedLink()
    app = deck(link, depth=depth)  # type: ignore[arg-type]

    assert snap_compare(app, terminal_size=(120, 35), run_before=scripted(link, "o", "f"))


def test_a_deck_before_anything_has_happened(snap_compare: Compare):
    assert snap_compare(deck(), terminal_size=(120, 35), run_before=settled)


@pytest.mark.parametrize("panel", ["w", "i", "b"])
def test_the_panels_of_a_small_screen(snap_compare: Compare, panel: str):
    link = ScriptedLink()

    assert snap_compare(deck(link), terminal_size=(80, 24), run_before=scripted(link, panel))


@pytest.mark.parametrize("tab", ["fills", "positions", "alerts", "log"])
def test_the_tabs_of_the_blotter(snap_compare: Compare, tab: str):
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "tab")(pilot)
        app.deck.blotter.show_tab(tab)
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 35), run_before=script)


def test_stale_and_refused_markets(snap_compare: Compare):
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH, "nope.spot.sim"))

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        link.give(link.status(stale=[BTC]))
        await settled(pilot)

    assert snap_compare(app, terminal_size=(120, 35), run_before=script)


def test_a_playback(snap_compare: Compare):
    link = ScriptedLink()

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        playback = PlaybackStatus(
            broker="sim",
            position_ns=NOW_NS,
            start_ns=NOW_NS - 3_600 * NANOS,
            end_ns=NOW_NS + 3_600 * NANOS,
            speed=20.0,
            is_looping=True,
        )
        link.give(link.status(playbacks=[playback]))
        await settled(pilot)

    assert snap_compare(deck(link), terminal_size=(120, 35), run_before=script)


def test_a_failed_engine(snap_compare: Compare):
    link = ScriptedLink()

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link)(pilot)
        link.give(EngineFailed(reason="OSError: no space left on device"))
        await settled(pilot)

    assert snap_compare(deck(link), terminal_size=(120, 35), run_before=script)


@pytest.mark.parametrize("size", ["80x24", "120x35"])
def test_search_with_a_preview(snap_compare: Compare, size: str):
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "slash")(pilot)
        await pilot.press("u", "s", "d", "down")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        assert isinstance(link.sent_of(Search)[-1], Search)
        screen.query_one("Input").cursor_blink = False  # type: ignore[attr-defined]
        screen._preview()
        await settled(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", SIZES)
def test_help(snap_compare: Compare, size: str):
    link = ScriptedLink()

    assert snap_compare(
        deck(link), terminal_size=SIZES[size], run_before=scripted(link, "question_mark")
    )


@pytest.mark.parametrize("keys", [("q",), ("o", "C")], ids=["quit", "cancel-all"])
def test_questions(snap_compare: Compare, keys: tuple[str, ...]):
    link = ScriptedLink()

    assert snap_compare(deck(link), terminal_size=(120, 35), run_before=scripted(link, *keys))


# -- algos and guards ---------------------------------------------------------------------------

REAL = AccountInfo(name="real", broker="sim", mode="live", serves=("sim",))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", ["algos", "accounts"])
def test_what_works_by_itself_and_what_may_be_traded(snap_compare: Compare, size: str, tab: str):
    link = ScriptedLink(accounts=(*ACCOUNTS, REAL))
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "tab")(pilot)
        link.give(*with_algos(), *guarded())
        app.deck.blotter.show_tab(tab)
        await settled(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("unconfirmed", [(), ("order-5", "order-3")], ids=["all", "not-all"])
def test_the_kill_switch_is_on(snap_compare: Compare, size: str, unconfirmed: tuple[str, ...]):
    link = ScriptedLink()
    killed = GuardsUpdate(
        is_killed=True, kill_reason="by hand", killed_ns=NOW_NS, unconfirmed=unconfirmed
    )

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "b" if size == "80x24" else "o")(pilot)
        link.give(killed)
        await settled(pilot)

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=script)


def test_the_question_before_the_kill_switch(snap_compare: Compare):
    link = ScriptedLink()

    assert snap_compare(deck(link), terminal_size=(120, 35), run_before=scripted(link, "K"))


# -- venues -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_venues_on_a_bad_day(snap_compare: Compare, size: str):
    link = ScriptedLink(VENUE_MARKETS, accounts=VENUE_ACCOUNTS)
    watch = tuple(market.fqme for market in VENUE_MARKETS)
    app = deck(link, watch=(*watch[::-1], AWAY))

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        link.give(*abroad(link))
        await settled(pilot)
        await press(pilot, "tab")
        app.deck.blotter.show_tab("venues")
        await settled(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", ["80x24", "120x35"])
def test_a_search_that_some_have_answered(snap_compare: Compare, size: str):
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "slash")(pilot)
        link._answers = False
        await pilot.press(*"xbt")
        await settled(pilot)
        asked = link.sent_of(Search)[-1]
        assert isinstance(asked, Search)
        link.give(some_found(asked.request_id))
        await settled(pilot)
        app.screen.query_one("Input").cursor_blink = False  # type: ignore[attr-defined]
        await settled(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", ["80x24", "120x35"])
def test_a_market_whose_venue_cannot_be_reached_yet(snap_compare: Compare, size: str):
    link = ScriptedLink(VENUE_MARKETS, accounts=VENUE_ACCOUNTS)

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        link.give(*abroad(link))
        await settled(pilot)
        await press(pilot, *(["w"] if size == "80x24" else []))
        await settled(pilot)

    app = deck(link, watch=(AWAY, VENUE_MARKETS[0].fqme))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=script)


# -- charts -------------------------------------------------------------------------------------


def lines(link: ScriptedLink, *typed: str, keys: tuple[str, ...] = ()) -> Script:
    """The busy scene, then these command lines, then these keys."""

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link)(pilot)
        for line in typed:
            pilot.app.open_command(line)  # type: ignore[attr-defined]
            await pilot.pause()
            await press(pilot, "enter")
            await settled(pilot)
        await press(pilot, *keys)
        await settled(pilot)

    return script


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [2, 4, 6])
def test_a_grid_of_charts(snap_compare: Compare, size: str, count: int):
    link = ScriptedLink()
    script = lines(link, f"grid {count}", keys=("right_curly_bracket",))

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shown", ["absolute", "percent"])
def test_markets_laid_over_a_chart(snap_compare: Compare, size: str, shown: str):
    link = ScriptedLink()
    script = lines(link, f"overlay {ETH} solusdt.spot.sim acme.stock.sim", f"overlay {shown}")

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("size", SIZES)
def test_the_chart_alone_with_all_history_and_a_measure(snap_compare: Compare, size: str):
    link = ScriptedLink()
    keys = ("F", "H", "x", *["left"] * 8, "M", *["left"] * 8, "shift+up")

    assert snap_compare(
        deck(link), terminal_size=SIZES[size], run_before=lines(link, "style candles", keys=keys)
    )


@pytest.mark.parametrize("size", SIZES)
def test_an_order_staged_in_a_grid_with_a_linked_crosshair(snap_compare: Compare, size: str):
    link = ScriptedLink()
    keys = ("x", *["left"] * 5, "o", "f")
    script = lines(link, "grid 2", "period 5m", keys=keys)

    assert snap_compare(deck(link), terminal_size=SIZES[size], run_before=script)


@pytest.mark.parametrize("tier", ["lean", "slow"])
def test_a_tier_that_sends_less(snap_compare: Compare, tier: str):
    link = ScriptedLink()
    script = lines(link, "grid 4", f"tier {tier}")

    assert snap_compare(deck(link), terminal_size=(200, 50), run_before=script)


def test_the_command_line_points_at_the_word(snap_compare: Compare):
    link = ScriptedLink()
    app: DeckApp = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await scripted(link, "colon")(pilot)
        await pilot.press(*"buy 0.5 @ 64000.001")
        await press(pilot, "enter")
        await settled(pilot)

    assert snap_compare(app, terminal_size=(120, 35), run_before=script)
