"""How hits of a search are ordered and written, and which of them is taken."""

from __future__ import annotations

from rich.cells import cell_len
from textual.pilot import Pilot

from engine.messages import Match, Search, SearchResults
from tests.support.scenes import BTC, ETH, deck, press, run, settled, until
from tests.support.scripted_link import MARKETS, ScriptedLink
from tui.screens.search import SearchScreen, match_line, ranked

MATCHES = [
    Match(fqme="btcusdt.spot.sim", name="Bitcoin / Tether", broker="sim"),
    Match(fqme="ethusdt.spot.sim", name="Ether / Tether", broker="sim"),
    Match(fqme="eurusd.fx.sim", name="Euro / Dollar", broker="sim"),
]


def names(matches: list[Match]) -> list[str]:
    return [match.fqme.split(".")[0] for match in matches]


def test_markets_used_last_come_first():
    recent = ["eurusd.fx.sim", "ethusdt.spot.sim"]

    assert names(ranked(MATCHES, recent, "")) == ["eurusd", "ethusdt", "btcusdt"]


def test_a_recent_market_that_only_resembles_what_was_typed_does_not_jump_ahead():
    assert names(ranked(MATCHES, ["eurusd.fx.sim"], "eth")) == ["btcusdt", "ethusdt", "eurusd"]
    assert names(ranked(MATCHES, ["ethusdt.spot.sim"], "Ether")) == ["ethusdt", "btcusdt", "eurusd"]


def test_a_row_fills_its_width_and_names_the_provider():
    for width in (24, 37, 46):
        line = match_line(MATCHES[0], width, is_selected=True)
        text = "".join(span.text for span in line.spans)
        assert cell_len(text) == width
        assert text.rstrip().endswith("sim")
        assert line.ground == "raised"


def test_who_types_faster_than_markets_are_found_gets_what_was_typed():
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def play(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await settled(pilot)
        link._answers = False
        await pilot.press(*"sol", "enter")
        await until(pilot, lambda: link.sent_of(Search)[-1].text == "sol")  # type: ignore[attr-defined]
        assert isinstance(app.screen, SearchScreen)  # bitcoin, listed first, is not what was meant

        link._answers = True
        asked = link.sent_of(Search)[-1]
        assert isinstance(asked, Search)
        link.give(SearchResults(request_id=asked.request_id, matches=link._found(asked)))
        await until(pilot, lambda: app.state.selected == MARKETS[2].fqme)
        assert not isinstance(app.screen, SearchScreen)

    run(app, play)


def test_a_choice_made_early_is_for_that_text_only():
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def play(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await settled(pilot)
        link._answers = False
        await pilot.press(*"so", "enter")
        link._answers = True
        await pilot.press("l")
        await until(pilot, lambda: link.sent_of(Search)[-1].text == "sol")  # type: ignore[attr-defined]
        for _ in range(5):
            await settled(pilot)
        assert isinstance(app.screen, SearchScreen)
        assert app.state.selected == BTC

    run(app, play)
