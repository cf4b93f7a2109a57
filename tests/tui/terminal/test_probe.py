"""When the terminal is asked, and what its silence says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.probe import ASK_S, HOLD_S, LOST_S, MOST_LOST, WINDOW, Probe


def greeted() -> Probe:
    """A probe of a terminal that answered something, but nothing that was asked here."""
    probe = Probe((7, 25))
    assert probe.answered(2026, 0.0) is None
    return probe


def proven() -> Probe:
    """A probe of a terminal that answers these questions."""
    probe = greeted()
    assert probe.wish(-100.0, 1) == 7
    assert probe.answered(7, -99.0) == 1.0
    assert probe.wish(-90.0, 100) == 25
    assert probe.answered(25, -89.0) == 1.0
    return probe


def test_a_terminal_that_does_not_know_the_modes_is_never_held_back() -> None:
    probe = greeted()
    asked = 0
    for second in range(100):
        asked += probe.wish(float(second), 1000 * (second + 1)) is not None
        assert not probe.is_overdue(second + 0.9)
        assert probe.unanswered_s(second + 0.9) == 0.0

    assert asked == MOST_LOST


def test_a_terminal_that_never_answered_is_not_asked() -> None:
    probe = Probe((7, 25))

    assert all(probe.wish(second, 1000 * second) is None for second in range(100))
    assert not probe.is_overdue(100.0)


def test_it_is_asked_in_turn_about_one_thing_and_another() -> None:
    probe = greeted()

    assert probe.wish(0.0, 100) == 7
    assert probe.answered(7, 0.25) == 0.25
    assert probe.wish(ASK_S, 200) == 25
    assert probe.answered(25, ASK_S + 0.5) == 0.5


def test_it_is_not_asked_when_nothing_was_sent_since() -> None:
    probe = greeted()
    mode = probe.wish(0.0, 100)
    assert mode == 7
    probe.answered(mode, 0.1)

    assert probe.wish(50.0, 100 + len("\x1b[?7$p")) is None
    assert probe.wish(50.0, 101 + len("\x1b[?7$p")) == 25


def test_much_that_was_sent_is_asked_for_early() -> None:
    probe = greeted()
    mode = probe.wish(0.0, 0 + 1)
    assert mode is not None
    probe.answered(mode, 0.01)

    assert probe.wish(0.1, WINDOW // 2) is None
    assert probe.wish(0.1, 2 * WINDOW) == 25


def test_an_answer_that_is_overdue_holds_back_what_would_follow() -> None:
    probe = proven()
    probe.wish(0.0, 1000)

    assert not probe.is_overdue(HOLD_S)
    assert probe.is_overdue(HOLD_S + 0.1)
    assert probe.unanswered_s(3.0) == 3.0
    probe.answered(7, 3.0)
    assert not probe.is_overdue(3.0)
    assert probe.unanswered_s(3.0) == 0.0


def test_an_answer_that_got_lost_is_asked_for_again_and_lets_a_moment_pass() -> None:
    probe = proven()
    probe.wish(0.0, 1000)

    assert probe.wish(LOST_S - 0.1, 1001) is None
    assert probe.is_overdue(LOST_S - 0.1)
    assert probe.wish(LOST_S, 2) == 25
    assert not probe.is_overdue(LOST_S + HOLD_S)
    assert probe.unanswered_s(LOST_S + 1) == LOST_S + 1


def test_a_late_answer_is_not_taken_for_that_to_the_question_after_it() -> None:
    probe = greeted()
    probe.wish(0.0, 1)
    probe.wish(LOST_S, 2)

    assert probe.answered(7, LOST_S + 2.0) == LOST_S + 2.0
    assert probe.is_overdue(LOST_S + 2.0)
    assert probe.answered(25, LOST_S + 3.0) == 3.0
    assert not probe.is_overdue(LOST_S + 3.0)


def test_a_terminal_that_answers_no_more_is_let_alone_until_it_does() -> None:
    probe = greeted()
    asked = [probe.wish(number * LOST_S, number + 1) for number in range(2 * MOST_LOST)]

    assert asked == [7, 25] * (MOST_LOST // 2) + [None] * MOST_LOST
    assert not probe.is_overdue(1e9)
    assert probe.unanswered_s(1e9) == 0.0

    probe.answered(7, 1e9)
    assert probe.wish(1e9, 1 << 20) is not None


@given(
    st.lists(
        st.tuples(st.floats(0.0, 3.0), st.integers(0, 50_000), st.sampled_from([None, 7, 25, 4]))
    )
)
def test_whatever_comes_it_is_held_only_while_an_answer_is_waited_for(
    steps: list[tuple[float, int, int | None]],
) -> None:
    probe, now_s, sent, held_s = greeted(), 0.0, 0, 0.0
    for past_s, more, mode in steps:
        now_s += past_s
        sent += more
        if mode is not None:
            took_s = probe.answered(mode, now_s)
            assert took_s is None or 0 <= took_s <= now_s
        probe.wish(now_s, sent)
        held_s = held_s + past_s if probe.is_overdue(now_s) else 0.0

        assert held_s <= LOST_S + 3.0
        assert probe.unanswered_s(now_s) > 0 or not probe.is_overdue(now_s)
