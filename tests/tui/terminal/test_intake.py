"""What a terminal sends: whole sequences, and no answer is a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from tui.terminal.intake import PATIENCE_S, STRING_S, Intake, ModeReport

ANSWERS = [
    "\x1b[?7;2$y",
    "\x1b[?25;1$y",
    "\x1b[?62;4c",
    "\x1b[>1;4000;19c",
    "\x1b[?1u",
    "\x1b[0n",
    "\x1b[8;50;200t",
    "\x1b[4;2$y",
    "\x1bP>|XTerm(379)\x1b\\",
    "\x1b]11;rgb:0000/0000/0000\x07",
    "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b_Gi=1;OK\x1b\\",
]
"""That nobody here wants as input: of the deck's own questions, and of other programs'."""

INPUT = [
    "a", "5", "y", "\r", "é", "\x1b[A", "\x1bOP", "\x1b[1;5D", "\x1b[15~", "\x1b[3;5~", "\x1ba",
    "\x1b[<35;80;20M", "\x1b[<0;1;1m", "\x1b[M !!", "\x1b[32;10;5M", "\x1b[I", "\x1b[O",
    "\x1b[97;5u", "\x1b[57399;1;49u", "\x1b[48;50;200;1000;2000t", "\x1b[1;1R", "\x1b[[A",
    "\x1b[3$", "\x1b[200~", "paste", "\x1b[201~", "\x1b[?2026;2$y", "\x1b[?2048;0$y",
]  # fmt: skip
"""That goes to Textual as it came."""


def passed(intake: Intake, *parts: str, gap_s: float = 0.0) -> str:
    """All that comes out for parts that come `gap_s` apart."""
    now_s, out = 0.0, ""
    for part in parts:
        out += intake.feed(part, now_s)
        now_s += gap_s
        out += intake.tick(now_s)
    return out


@pytest.mark.parametrize("text", INPUT)
def test_input_passes_as_it_is(text: str) -> None:
    assert passed(Intake(7, 25), text) == text


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_do_not(text: str) -> None:
    intake = Intake(7, 25)

    assert passed(intake, f"a{text}b") == "ab"
    assert not intake.holds


@pytest.mark.parametrize("keys", sorted(ANSI_SEQUENCES_KEYS))
def test_every_sequence_that_textual_knows_as_a_key_stays_one(keys: str) -> None:
    assert passed(Intake(7, 25), keys, gap_s=PATIENCE_S) == keys


def test_reports_on_modes_are_kept_and_those_of_textual_also_passed_on() -> None:
    intake = Intake(7, 25)

    assert passed(intake, "\x1b[?7;2$y\x1b[?2026;1$y\x1b[?25;0$y") == "\x1b[?2026;1$y"
    assert intake.reports == [ModeReport(7, 2), ModeReport(2026, 1), ModeReport(25, 0)]


@given(st.lists(st.sampled_from([*INPUT, *ANSWERS]), max_size=12), st.data())
def test_however_a_stream_is_cut_the_same_comes_of_it(
    tokens: list[str], data: st.DataObject
) -> None:
    stream = "".join(tokens)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut = Intake(7, 25), Intake(7, 25)
    cut.is_asked = True

    assert passed(cut, *parts) == passed(whole, stream)
    assert cut.reports == whole.reports


@given(st.sampled_from([one for one in ANSWERS if one[1] == "["]), st.integers(2, 30))
def test_an_answer_in_two_parts_is_no_key_however_late_the_rest_comes(answer: str, at: int) -> None:
    at = min(at, len(answer))

    assert passed(Intake(7, 25), answer[:at], answer[at:], gap_s=3600.0) == ""


@pytest.mark.parametrize("is_asked", [False, True])
def test_the_rest_of_an_answer_whose_escape_was_taken_for_the_key_is_no_key(is_asked: bool) -> None:
    intake = Intake(7)
    intake.is_asked = is_asked

    assert passed(intake, "\x1b", "", "[?7;2$y", gap_s=1.0) == "\x1b"
    assert passed(Intake(7), "\x1b", "[<35;80;20M", gap_s=1.0) == "\x1b\x1b[<35;80;20M"
    assert passed(Intake(7), "\x1b", "[", "a", gap_s=1.0) == "\x1b[a"


def test_while_textual_still_waits_for_the_rest_it_gets_the_rest() -> None:
    assert passed(Intake(7), "\x1b", "[<35;80;20M", gap_s=0.01) == "\x1b[<35;80;20M"


@given(st.sampled_from(ANSWERS + INPUT), st.integers(1, 30))
def test_no_part_of_a_sequence_reaches_the_keys_of_textual(sequence: str, at: int) -> None:
    """The parser that follows is Textual's own; it must see what it sees without cuts."""
    if not sequence.startswith("\x1b") or sequence in ("\x1b[200~",):
        return
    at = min(at, len(sequence))
    whole = list(XTermParser().feed(passed(Intake(7, 25), sequence) or "\0"))
    intake = Intake(7, 25)
    intake.is_asked = True
    cut = list(XTermParser().feed(passed(intake, sequence[:at], sequence[at:]) or "\0"))

    assert list(map(repr, cut)) == list(map(repr, whole))


def test_the_escape_key_is_not_kept() -> None:
    assert Intake(7).feed("\x1b", 0.0) == "\x1b"


def test_while_an_answer_is_on_its_way_escape_is_kept_for_a_moment() -> None:
    intake = Intake(7)
    intake.is_asked = True

    assert intake.feed("\x1b", 0.0) == ""
    assert intake.tick(PATIENCE_S / 2) == ""
    assert intake.tick(PATIENCE_S) == "\x1b"


def test_alt_and_a_letter_that_may_begin_a_string_is_a_key_after_a_moment() -> None:
    intake = Intake(7)

    assert intake.feed("\x1bP", 0.0) == ""
    assert intake.tick(PATIENCE_S) == "\x1bP"


def test_a_string_that_never_ends_does_not_swallow_keys_for_ever() -> None:
    intake = Intake(7)

    assert intake.feed("\x1bPabc", 0.0) == ""
    assert intake.tick(STRING_S) == ""
    assert intake.feed("d", STRING_S) == "d"


def test_a_sequence_that_breaks_off_leaves_no_digits_behind() -> None:
    assert Intake(7).feed("\x1b[?20\x1b[A", 0.0) == "\x1b[A"
    assert Intake(7).feed("\x1b[12\ra", 0.0) == "\ra"


def test_noise_without_end_is_not_kept() -> None:
    intake = Intake(7)
    for _ in range(100):
        intake.feed("\x1b[" + "1;" * 500, 0.0)

    assert len(intake._held) <= 4096


@given(st.text(alphabet="\x1b[]?<0123456789;$yMPOtcnu~\\\x07ab", max_size=60))
def test_text_without_escapes_passes_and_nothing_is_made_up(text: str) -> None:
    out = passed(Intake(7), text, gap_s=STRING_S)
    it = iter(text)

    assert all(char in it for char in out)  # a subsequence
    if "\x1b" not in text:
        assert out == text


def test_a_late_answer_would_be_keys_without_it() -> None:
    """Why all this: what Textual makes of an answer in two parts."""
    parser = XTermParser()
    list(parser.feed("\x1b[?7"))
    parser._timeout_time = 0.0
    keys = [event.key for event in parser.tick() if isinstance(event, events.Key)]
    keys += [event.key for event in parser.feed(";2$y") if isinstance(event, events.Key)]

    assert "7" in keys
    assert "y" in keys
