from __future__ import annotations

from datetime import UTC

import pytest

from engine.messages import ConnectionState, ConnectionStatus
from tests.support.scripted_link import NANOS, NOW_NS
from tui.venues.connections import (
    INKS,
    WORDS,
    WORST_FIRST,
    by_key,
    is_amiss,
    state_words,
    told_of,
    until_words,
    worst,
)


def connection(
    state: ConnectionState = "live",
    *,
    name: str = "market data 1",
    broker: str = "kraken",
    age_s: float = 7.4,
    left_s: float | None = None,
    **fields: object,
) -> ConnectionStatus:
    return ConnectionStatus(
        broker=broker,
        name=name,
        state=state,
        since_ns=NOW_NS - round(age_s * NANOS),
        until_ns=0 if left_s is None else NOW_NS + round(left_s * NANOS),
        **fields,  # type: ignore[arg-type]
    )


def told(*before: ConnectionStatus, after: ConnectionStatus) -> list[tuple[str, str]]:
    return told_of(by_key(before), [after], NOW_NS)


def test_every_state_has_a_word_an_ink_and_a_place():
    assert set(WORST_FIRST) == set(WORDS) == set(INKS)


@pytest.mark.parametrize(
    ("one", "words", "until"),
    [
        (connection("live"), "live 7s", ""),
        (connection("connecting", age_s=0.4), "connecting 0s", ""),
        (connection("syncing", age_s=59.9), "syncing 59s", ""),
        (connection("stale", age_s=150), "stale 2m", ""),
        (connection("backing_off", left_s=12.7), "backing off 12s", "14:00:12"),
        (connection("backing_off", left_s=-3), "backing off 0s", "13:59:57"),
        (connection("backing_off", age_s=40), "backing off 40s", ""),
        (connection("banned", left_s=300), "banned until 14:05", "14:05"),
        (connection("banned", left_s=90_000), "banned until 22 Nov 15:00", "22 Nov 15:00"),
        (connection("banned", age_s=61), "banned 1m", ""),
        (connection("closed"), "not needed 7s", ""),
    ],
)
def test_a_state_is_said_with_its_age_or_its_end(one: ConnectionStatus, words: str, until: str):
    assert state_words(one, NOW_NS, UTC) == words
    assert until_words(one, NOW_NS, UTC) == until


def test_what_matters_most_of_a_broker_comes_first():
    live, syncing = connection(), connection("syncing", name="market data 2")
    lost = connection("backing_off", name="account main")
    older = connection("backing_off", name="account other", age_s=60)
    banned = connection("banned", broker="binance", name="rest")
    all_of_them = [live, syncing, lost, older, banned]

    assert worst(all_of_them, "kraken") == older
    assert worst(all_of_them, "binance") == banned
    assert worst([live, syncing], "kraken") == syncing
    assert worst([live, connection("closed", name="rest")], "kraken") is None
    assert worst([], "kraken") is None


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (connection("live"), False),
        (connection("closed"), False),
        (connection("connecting", age_s=1), False),
        (connection("connecting", age_s=1, reconnects=1), True),
        (connection("syncing", age_s=5), True),
        (connection("stale", age_s=0), True),
        (connection("backing_off", age_s=0), True),
        (connection("banned", age_s=0), True),
    ],
)
def test_what_settles_by_itself_at_the_start_is_not_amiss(one: ConnectionStatus, wanted: bool):
    assert is_amiss(one, NOW_NS) is wanted


def test_a_loss_and_a_return_are_for_the_log():
    live, lost = connection("live"), connection("backing_off", reason="reset by peer")
    stale = connection("stale")
    again = connection("live", reconnects=1)

    assert told(live, after=lost) == [("info", "kraken market data 1 was lost: reset by peer")]
    assert told(live, after=stale) == [("info", "kraken market data 1 is silent")]
    assert told(lost, after=again) == [("info", "kraken market data 1 is live again")]
    assert told(stale, after=lost) == []
    assert told(lost, after=lost) == []


def test_coming_up_for_the_first_time_is_no_news():
    for state in ("connecting", "syncing", "live", "closed"):
        assert told(after=connection(state)) == []
    assert told(connection("connecting"), after=connection("live")) == []
    assert told(connection("closed"), after=connection("live", reconnects=3)) == []


def test_a_ban_is_said_aloud_once_and_again_where_it_is_another():
    banned = connection("banned", left_s=600, reason="too many requests", name="rest")
    longer = connection("banned", left_s=9_000, name="rest")

    said = ("warning", "kraken rest is banned by its venue for 10m: too many requests")
    assert told(connection(name="rest"), after=banned) == [said]
    assert told(after=banned) == [said]
    assert told(banned, after=banned) == []
    assert told(banned, after=longer) == [("warning", "kraken rest is banned by its venue for 2h")]


def test_what_a_person_must_know_of_a_connection_is_said_aloud_once():
    noted = connection(note="dead-man's switch on", name="account main")

    assert told(after=noted) == [("warning", "kraken account main: dead-man's switch on")]
    assert told(noted, after=noted) == []
    assert told(noted, after=connection(name="account main")) == []


def test_a_note_that_counts_is_said_once():
    first, second = (
        connection(note=f"all orders go in {left} s", name="account main") for left in (60, 59.5)
    )

    assert told(first, after=second) == []
    assert told(first, after=connection(note="the key may withdraw", name="account main"))
