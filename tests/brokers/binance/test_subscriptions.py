from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from brokers.binance.subscriptions import IN_ONE_REQUEST, Subscriptions


def sent(subscriptions: Subscriptions) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame) for frame in subscriptions.requests()]


def test_what_makes_room_goes_first() -> None:
    subscriptions = Subscriptions()
    subscriptions.add(["a@trade"])
    sent(subscriptions)
    subscriptions.remove(["a@trade"])
    subscriptions.add(["b@trade"])

    assert [(one["method"], one["params"]) for one in sent(subscriptions)] == [
        ("UNSUBSCRIBE", ["a@trade"]),
        ("SUBSCRIBE", ["b@trade"]),
    ]


def test_a_stream_that_is_ended_and_begun_again_at_once_is_left_alone() -> None:
    subscriptions = Subscriptions()
    subscriptions.add(["a@trade"])
    (asked,) = sent(subscriptions)
    assert subscriptions.answered(asked["id"]) == ("a@trade",)
    subscriptions.remove(["a@trade"])
    subscriptions.add(["a@trade"])

    assert sent(subscriptions) == []
    assert subscriptions.is_granted("a@trade")
    assert subscriptions.is_live


def test_the_end_of_a_stream_needs_no_answer_to_be_live() -> None:
    subscriptions = Subscriptions()
    subscriptions.add(["a@trade"])
    (asked,) = sent(subscriptions)
    subscriptions.answered(asked["id"])
    subscriptions.remove(["a@trade"])
    sent(subscriptions)

    assert subscriptions.is_live


def test_another_socket_has_nothing_until_it_is_asked() -> None:
    subscriptions = Subscriptions()
    subscriptions.add(["a@trade"])
    (first,) = sent(subscriptions)
    subscriptions.restart()
    (second,) = sent(subscriptions)

    assert second["params"] == ["a@trade"]
    assert subscriptions.answered(first["id"]) == (), "an answer of the old socket"
    assert not subscriptions.is_live
    assert subscriptions.answered(second["id"]) == ("a@trade",)
    assert subscriptions.is_live


def test_an_answer_without_a_known_id_is_of_nothing() -> None:
    subscriptions = Subscriptions()

    assert subscriptions.answered(None) == ()
    assert subscriptions.answered(7) == ()


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=60))
def test_the_venue_streams_what_is_wanted(steps: list[tuple[bool, int]]) -> None:
    """Whatever is added and removed, and however often it is asked in between."""
    subscriptions, wanted, streamed = Subscriptions(), set[str](), set[str]()
    for is_added, at in steps:
        names = [f"{number}@trade" for number in range(at, at + 3)]
        if is_added:
            subscriptions.add(names)
            wanted.update(names)
        else:
            subscriptions.remove(names)
            wanted.difference_update(names)
        if at % 2:
            for one in sent(subscriptions):
                assert len(one["params"]) <= IN_ONE_REQUEST
                change = streamed.update if one["method"] == "SUBSCRIBE" else None
                (change or streamed.difference_update)(one["params"])
    for one in sent(subscriptions):
        change = streamed.update if one["method"] == "SUBSCRIBE" else None
        (change or streamed.difference_update)(one["params"])

    assert streamed == wanted
    assert len(subscriptions) == len(wanted)
