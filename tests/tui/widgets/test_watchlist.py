"""Rows of the watchlist in little and in much room."""

from __future__ import annotations

import random

import numpy as np

from engine.messages import (
    BarsUpdate,
    Columns,
    ConnectionStatus,
    EngineStatus,
    FeedStatus,
    FlumeFailed,
)
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink, bars_of
from tui.state import DeckState
from tui.widgets.lines import Line
from tui.widgets.watchlist import SPARK_PERIOD_S, Watchlist

FQMES = [market.fqme for market in MARKETS]


def state_with(*fqmes: str) -> DeckState:
    state = DeckState(FQMES)
    link = ScriptedLink()
    for market in MARKETS:
        if market.fqme in fqmes:
            state.fold(link._opened(market.fqme))
            columns = bars_of(market, SPARK_PERIOD_S, 120)
            state.fold(BarsUpdate(fqme=market.fqme, period_s=SPARK_PERIOD_S, columns=columns))
    return state


def painted(state: DeckState, width: int = 36, height: int = 20) -> list[str]:
    lines: list[Line] = Watchlist(state, lambda: "braille").paint(width, height)
    return ["".join(span.text for span in line.spans) for line in lines]


def test_each_market_has_last_change_spread_volume_and_course():
    rows = painted(state_with(*FQMES))

    assert rows[1].startswith("▌btcusdt spot.sim")
    assert rows[1].endswith(" 64231.05 ")
    assert rows[2].split()[-3:] == ["0.01", "12k", "+1.22%"]
    assert any(char in rows[2] for char in "▁▂▃▄▅▆▇█") or not rows[2].isascii()


def test_where_rows_are_short_each_market_has_one():
    rows = painted(state_with(*FQMES), height=8)

    assert len(rows) == 1 + len(FQMES)
    assert rows[1].split() == ["▌btcusdt", "spot.sim", "64231.05", "+1.22%"]


def test_the_selected_market_is_in_sight_however_short_the_list():
    state = state_with(*FQMES)
    state.select(FQMES[-1])

    assert any(row.startswith("▌es") for row in painted(state, height=4)[:4])


def test_markets_that_are_not_open_say_why():
    state = state_with()
    state.fold(FlumeFailed(fqme=FQMES[0], reason="no broker lists it"))
    rows = painted(state)

    assert "no broker lists it" in rows[2]
    assert "opening" in rows[4]


def test_a_market_whose_venue_cannot_be_reached_says_when_it_is_tried_again():
    state = state_with()
    state.fold(EngineStatus(now_ns=NOW_NS))
    retry_ns = NOW_NS + 9 * NANOS
    state.fold(FlumeFailed(fqme=FQMES[0], reason="no route", retry_ns=retry_ns))

    assert "again in 9s: no route" in painted(state)[2]


def test_a_market_that_does_not_open_says_what_its_venue_does():
    state = state_with()
    rest = ConnectionStatus(broker="sim", name="rest", state="connecting", since_ns=NOW_NS)
    state.fold(EngineStatus(now_ns=NOW_NS, connections=(rest,)))
    assert "opening" in painted(state)[2]
    state.fold(EngineStatus(now_ns=NOW_NS + 5 * NANOS, connections=(rest,)))
    assert "sim connecting" in painted(state)[2]


def test_old_data_says_its_age():
    state = state_with(*FQMES)
    stale = FeedStatus(fqme=FQMES[0], state="stale", age_s=42.0)
    state.fold(EngineStatus(now_ns=NOW_NS, feeds=(stale,)))

    assert "42s old" in painted(state)[2]


def test_rows_fill_their_width_and_no_more():
    for width in (30, 36, 40, 60):
        for row in painted(state_with(*FQMES), width)[1:]:
            assert len(row) == width


def test_an_empty_list_says_what_to_press():
    assert "press /" in painted(DeckState())[2]


def test_the_course_that_is_kept_is_the_one_that_would_be_drawn_anew():
    state = state_with(FQMES[0])
    kept, market = Watchlist(state, lambda: "braille"), MARKETS[0]
    series = state.markets[FQMES[0]].series[SPARK_PERIOD_S]
    rng, drawn = random.Random(4), set()
    low, high = float(series.close.min()), float(series.close.max())
    for step in range(400):
        price = rng.uniform(low - (high - low) * 0.1, high + (high - low) * 0.1)
        start = int(series.time_ns[-1]) + (60 * NANOS if step % 40 == 0 else 0)
        one = np.array([price])
        columns = Columns(
            time_ns=np.array([start]),
            **dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), one),
        )
        state.fold(BarsUpdate(fqme=market.fqme, period_s=SPARK_PERIOD_S, columns=columns))
        anew = Watchlist(state, lambda: "braille").paint(36, 20)[2].spans[1].text
        drawn.add(anew)
        row = kept.paint(36, 20)[2].spans[1].text
        # Half a dot is all that the newest may be behind.
        assert row[:-2] == anew[:-2], market.fqme

    assert len(drawn) > 10
