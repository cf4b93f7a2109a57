"""How hits of a search are ordered and written, and which of them is taken."""

from __future__ import annotations

from rich.cells import cell_len
from textual.pilot import Pilot

from engine.messages import Match, Search, Searched, SearchResults
from tests.support.scenes import BTC, ETH, deck, press, run, settled, until
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink
from tui.screens.search import SearchScreen, is_exact, match_line, ranked, source_spans

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


KRAKEN = Match(
    fqme="btcusd.spot.kraken", name="BTC/USD", broker="kraken", aka="XBT/USD XXBTZUSD Bitcoin"
)


def test_a_market_used_last_comes_first_by_any_of_its_names():
    assert ranked([MATCHES[0], KRAKEN], [KRAKEN.fqme], "xbt")[0] == KRAKEN


def test_a_row_shows_the_other_name_that_was_typed():
    def row(typed: str) -> str:
        line = match_line(KRAKEN, 60, is_selected=False, typed=typed)
        return "".join(span.text for span in line.spans)

    assert "btcusd spot  XXBTZUSD BTC/USD" in row("xxbt")
    assert "btcusd spot  BTC/USD" in row("btc")
    assert "btcusd spot  BTC/USD" in row("")


def test_a_name_as_a_whole_is_exact():
    for typed in ("btcusd.spot.kraken", "BTCUSD", "xbt/usd", "bitcoin "):
        assert is_exact(KRAKEN, typed)
    for typed in ("", "btc", "xbt", "kraken"):
        assert not is_exact(KRAKEN, typed)


def test_who_has_not_answered_and_whose_list_is_old_is_told():
    hour_ns = 3600 * NANOS
    told = source_spans(
        [
            Searched(broker="sim", state="answered"),
            Searched(broker="near", state="answered", listed_ns=NOW_NS - 60 * NANOS),
            Searched(broker="binance", state="answered", listed_ns=NOW_NS - 5 * hour_ns),
            Searched(broker="kraken", state="asked"),
            Searched(broker="far", state="failed", reason="no route"),
        ],
        NOW_NS,
    )

    assert [span.text.strip() for span in told] == [
        "binance list 5h old",
        "kraken searching",
        "far no route",
    ]
    assert [span.ink for span in told] == ["muted", "muted", "warning"]


def answer(
    link: ScriptedLink,
    *matches: Match,
    is_complete: bool = False,
    brokers: tuple[Searched, ...] = (),
) -> None:
    asked = link.sent_of(Search)[-1]
    assert isinstance(asked, Search)
    link.give(
        SearchResults(
            request_id=asked.request_id, matches=matches, is_complete=is_complete, brokers=brokers
        )
    )


def test_hits_of_a_broker_that_comes_later_do_not_move_what_a_person_selected():
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def play(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await settled(pilot)
        link._answers = False
        await pilot.press(*"usd")
        await until(pilot, lambda: link.sent_of(Search)[-1].text == "usd")  # type: ignore[attr-defined]
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        answer(link, *MATCHES)
        await settled(pilot)
        await pilot.press("down")
        answer(link, KRAKEN, *MATCHES)
        await settled(pilot)
        results = screen._results
        assert results.matches[results.selected].fqme == MATCHES[1].fqme

        await pilot.press("c")
        answer(link, *MATCHES)
        await settled(pilot)
        answer(link, KRAKEN, *MATCHES, is_complete=True)
        await settled(pilot)
        assert results.matches[results.selected] == KRAKEN  # for another text it is the best hit

    run(app, play)


def test_who_types_faster_waits_for_all_unless_the_first_hit_is_what_was_typed():
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def play(pilot: Pilot[int]) -> None:
        for typed, is_sure in (("sol", False), ("solusdt", True)):
            await press(pilot, "slash")
            await settled(pilot)
            link._answers = False
            await pilot.press(*typed, "enter")
            await until(
                pilot,
                lambda: link.sent_of(Search)[-1].text == typed,  # type: ignore[attr-defined] # noqa: B023
            )
            answer(link, Match(fqme="solusdt.spot.sim", broker="sim"))
            await settled(pilot)
            assert isinstance(app.screen, SearchScreen) is not is_sure
            link._answers = True
            answer(link, Match(fqme="solusdt.spot.sim", broker="sim"), is_complete=True)
            await until(pilot, lambda: app.state.selected == "solusdt.spot.sim")
            assert not isinstance(app.screen, SearchScreen)

    run(app, play)


def test_a_broker_that_is_still_searching_is_named_until_it_has_answered():
    link = ScriptedLink()
    app = deck(link, watch=(BTC, ETH))

    async def play(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        assert not screen._sources.display
        answer(link, brokers=(Searched(broker="kraken", state="asked"),))
        await settled(pilot)
        assert screen._sources.display
        assert screen._results.note == "searching"
        answer(link, is_complete=True, brokers=(Searched(broker="kraken", state="answered"),))
        await settled(pilot)
        assert not screen._sources.display
        assert screen._results.note == "no markets"

    run(app, play)
