"""How hits of a search are ordered and written."""

from __future__ import annotations

from rich.cells import cell_len

from engine.messages import Match
from tui.screens.search import match_line, ranked

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
