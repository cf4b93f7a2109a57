"""Text from outside comes out as one line that a terminal can only print."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import REPLACEMENT, gist, safe

EVERYTHING = st.text(st.characters(codec=None, categories=None))


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J",
        "\x9b31m",
        "a\nb",
        "a\rb",
        "\x07",
        "\x7f",
        "\u202egnp",
        "\u2066x",
        "\u2028",
        "\ud800",
    ],
)
def test_what_a_terminal_obeys_is_replaced(hostile: str) -> None:
    cleaned = safe(hostile)

    assert REPLACEMENT in cleaned
    assert len(hostile) == len(cleaned)


@pytest.mark.parametrize("plain", ["BTC/USD", "Füße", "比特币", "⣿▁█", "a b", "🚀"])
def test_what_people_read_stays(plain: str) -> None:
    assert plain == safe(plain)


@given(EVERYTHING)
def test_no_control_or_surrogate_survives(text: str) -> None:
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in safe(text))


@given(EVERYTHING)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert safe(text) == safe(safe(text))


@given(EVERYTHING, st.integers(1, 50))
def test_no_more_than_the_limit_comes_out(text: str, limit: int) -> None:
    assert len(safe(text, limit)) <= limit


def test_a_cut_is_shown() -> None:
    assert safe("abcdefgh", 4) == "abc…"


def test_anything_can_be_made_safe() -> None:
    assert safe(12) == "12"


def test_the_gist_of_a_text_is_what_it_says_but_for_numbers() -> None:
    assert gist("banned for 34 s more") == gist("banned for 9.5 s more")
    assert gist("until 14:05:59") == gist("until 9:00")
    assert gist("banned") != gist("lost")
    assert gist("") == ""
