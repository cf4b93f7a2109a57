"""Desktop notifications through the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.terminal.desktop import LONGEST, Form, Wanted, form_for, notification


@pytest.mark.parametrize(
    ("environ", "form"),
    [
        ({"TERM": "xterm-kitty"}, "osc9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({}, ""),
        ({"TERM": "tmux-256color"}, ""),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux-1000/default,1,0"}, ""),
        ({"TERM": "screen.xterm-kitty", "TERM_PROGRAM": "iTerm.app"}, ""),
        ({"TERM": "foot", "STY": "1.pts"}, ""),
    ],
)
def test_unasked_they_go_only_to_terminals_that_are_known_to_show_them(
    environ: dict[str, str], form: str
) -> None:
    assert form_for("auto", environ) == form
    assert form_for("off", environ) == ""


@pytest.mark.parametrize("wanted", ["osc9", "osc777"])
def test_what_was_asked_for_is_sent_whatever_the_terminal(wanted: Wanted) -> None:
    assert form_for(wanted, {"TERM": "tmux-256color"}) == wanted


def test_each_form_is_as_its_terminals_read_it() -> None:
    assert notification("osc9", "up", {}) == "\x1b]9;up\x1b\\"
    assert notification("osc777", "up", {}) == "\x1b]777;notify;tickdeck;up\x1b\\"
    assert notification("", "up", {}) == ""


def test_tmux_is_asked_to_let_it_through() -> None:
    sent = notification("osc9", "up", {"TMUX": "x"})

    assert sent == "\x1bPtmux;\x1b\x1b]9;up\x1b\x1b\\\x1b\\"


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=300), st.sampled_from(["osc9", "osc777"]))
def test_no_text_ends_the_sequence_or_begins_another(text: str, form: Form) -> None:
    sent = notification(form, text, {})
    body = sent[2:-2]

    assert (sent[:2], sent[-2:]) == ("\x1b]", "\x1b\\")
    assert not re.search("[\x00-\x1f\x7f-\x9f]", body)
    assert body.count(";") == (1 if form == "osc9" else 3)
    assert len(body) <= LONGEST + len("777;notify;tickdeck;")
