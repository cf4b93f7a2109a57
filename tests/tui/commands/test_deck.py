"""What the command line says beats what the file says; no terminal is no deck."""

from pathlib import Path

import pytest

from engine.config import DeckConfig
from engine.errors import ConfigError, UsageError
from engine.locations import find_locations
from tui.commands.deck import chosen, open_deck, require_terminal, version


def test_nothing_said_changes_nothing() -> None:
    assert DeckConfig() == chosen(DeckConfig(), markets=(), theme=None, period=None)


def test_what_is_said_beats_the_configuration() -> None:
    deck = chosen(DeckConfig(), markets=("BTCUSDT.spot.sim",), theme="day", period="5m")

    assert (("btcusdt.spot.sim",), "day", "5m") == (deck.watch, deck.theme, deck.period)


@pytest.mark.parametrize("period", ["2m", "", "1M", "\x1b[2J"])
def test_an_unknown_period_lists_the_known_ones(period: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(DeckConfig(), markets=(), theme=None, period=period)

    assert "1s 5s 15s 1m" in caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_what_is_no_market_is_refused_before_the_screen_opens() -> None:
    with pytest.raises(UsageError, match="not a market name"):
        chosen(DeckConfig(), markets=("btc usdt",), theme=None, period=None)


@pytest.mark.parametrize("term", ["dumb", None])
def test_a_terminal_that_cannot_place_a_cursor_is_refused(
    monkeypatch: pytest.MonkeyPatch, term: str | None
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    if term is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", term)

    with pytest.raises(UsageError, match="cursor"):
        require_terminal()


def test_there_is_a_version() -> None:
    assert version()[0].isdigit()


def test_a_log_that_cannot_be_written_is_told_before_the_screen_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    (tmp_path / "data").write_text("a file where a folder should be")

    with pytest.raises(ConfigError) as caught:
        open_deck(locations=find_locations({}, config=tmp_path, data_dir=tmp_path / "data"))

    assert "cannot be written" in str(caught.value)
    assert "--data-dir" in caught.value.hint
