"""What counts as an answer to what was on the screen."""

from __future__ import annotations

from tui.orders.question import SEEN_AFTER_S, Question, was_seen


def test_a_key_answers_what_was_painted_long_enough_before_it() -> None:
    assert not was_seen(None, 10.0)
    assert not was_seen(10.0, 9.0)
    assert not was_seen(10.0, 10.0 + SEEN_AFTER_S)
    assert was_seen(10.0, 10.0 + SEEN_AFTER_S + 0.001)


def test_a_question_is_done_once_and_only_when_it_could_be_read() -> None:
    done: list[int] = []
    question = Question("Really?", lambda: done.append(1))

    assert not question.accept(1.0)
    question.painted(1.0)
    question.painted(50.0)
    assert not question.accept(1.05)
    assert question.accept(2.0)
    assert not question.accept(3.0)
    assert done == [1]
    assert not question.is_open


def test_a_declined_question_stays_declined() -> None:
    done: list[int] = []
    question = Question("Really?", lambda: done.append(1))
    question.painted(1.0)
    question.decline()

    assert not question.accept(5.0)
    assert done == []
