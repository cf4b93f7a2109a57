"""The keys at the foot of the deck: whole ones, and help always."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.actions import STACKS, Entry
from tui.keymap import DEFAULT_KEYMAP, display
from tui.widgets.footer import KeyFooter, footer_spans

ENTRIES = {stack: DEFAULT_KEYMAP.footer(stack) for stack in STACKS}
STACK = st.sampled_from(sorted(ENTRIES))


def _text(entries: list[Entry], width: int) -> str:
    return "".join(span.text for span in footer_spans(entries, width))


def _help(entries: list[Entry]) -> str:
    """How the entry of help is written."""
    (entry,) = [entry for entry in entries if entry.action.name == "help"]
    return f"{display(entry.keys[0])} {entry.text}  "


def test_each_context_has_help_on_it() -> None:
    for entries in ENTRIES.values():
        assert _help(entries)


@given(STACK, st.integers(20, 300))
def test_the_row_is_filled_and_ends_with_help(stack: tuple[str, ...], width: int) -> None:
    text = _text(ENTRIES[stack], width)

    assert cell_len(text) == width
    assert text.endswith(_help(ENTRIES[stack]))


@given(STACK, st.integers(20, 300))
def test_what_is_shown_is_shown_whole(stack: tuple[str, ...], width: int) -> None:
    entries = ENTRIES[stack]
    words = {entry.text for entry in entries}
    spans = footer_spans(entries, width)

    assert {span.text.strip() for span in spans if span.ink == "muted"} <= words
    keys = " ".join(span.text for span in spans if span.ink == "accent")
    for key in keys.split():
        assert key in " ".join(display(entry.keys[0]) for entry in entries) or len(key) > 1


@given(STACK, st.integers(20, 300))
def test_more_room_never_shows_less(stack: tuple[str, ...], width: int) -> None:
    entries = ENTRIES[stack]

    assert len(footer_spans(entries, width)) <= len(footer_spans(entries, width + 100))


def test_with_room_for_all_every_word_is_there_once_in_its_place() -> None:
    for entries in ENTRIES.values():
        said = [span.text.strip() for span in footer_spans(entries, 1000) if span.ink == "muted"]
        wanted = dict.fromkeys(entry.text for entry in entries if entry.action.name != "help")
        assert list(dict.fromkeys(said[:-1])) == list(wanted)


def test_neighbours_of_one_word_share_it_and_long_names_of_keys_stand_apart() -> None:
    by_name = {entry.action.name: entry for entry in ENTRIES[("chart", "deck")]}
    arrows = [by_name["market_previous"], by_name["market_next"]]
    long = [entry._replace(keys=(key,)) for entry, key in zip(arrows, ("f5", "f6"), strict=True)]

    assert _text(arrows, 20).split() == ["↑↓", "market"]
    assert _text(long, 20).split() == ["f5", "f6", "market"]


@pytest.mark.parametrize("width", [0, 1, 5])
def test_with_no_room_at_all_nothing_breaks(width: int) -> None:
    entries = DEFAULT_KEYMAP.footer(("chart", "deck"))

    assert _text(entries, width).strip() == _help(entries).strip()


def test_without_entries_the_row_is_blank() -> None:
    assert _text([], 10) == " " * 10
    assert [line.spans for line in KeyFooter().paint(3, 1)] == [footer_spans([], 3)]
