"""What is said of a key's rights."""

from __future__ import annotations

import logging

import pytest

from brokers.kraken.rights import Rights, note_of
from tests.brokers.kraken.rest_venue import Answer, RestVenue, private_rest, refusal, result

NEEDED = ["query-funds", "query-open-trades", "query-closed-trades", "modify-trades"]


def test_a_key_with_what_is_needed_needs_no_word() -> None:
    assert note_of(NEEDED) == ""
    assert note_of([]) == ""


def test_a_key_that_may_withdraw_is_warned_about() -> None:
    assert "WITHDRAW" in note_of([*NEEDED, "withdraw-funds"])


def test_what_a_key_may_not_do_is_said() -> None:
    assert note_of(["query-open-trades", "query-closed-trades"]) == "the key may not place orders"


@pytest.mark.parametrize(
    "info",
    [
        {"apiKeyName": "k", "permissions": ["withdraw-funds", *NEEDED], "nonceWindow": 0},
        {"api_key_name": "k", "permissions": ["withdraw-funds", *NEEDED], "nonce_window": "0"},
    ],
)
async def test_the_warning_is_shown_and_logged_however_the_venue_writes_it(
    info: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    rights = Rights("main")
    async with private_rest(RestVenue(GetApiKeyInfo=[result(info)])) as private:
        with caplog.at_level(logging.WARNING):
            await rights.look(private)

    assert "WITHDRAW" in rights.note
    assert "account main" in caplog.text


@pytest.mark.parametrize("answer", [refusal("EGeneral:Unknown method"), result("nothing")])
async def test_a_venue_that_does_not_tell_is_no_failure(answer: Answer) -> None:
    rights = Rights("main")
    async with private_rest(RestVenue(GetApiKeyInfo=[answer])) as private:
        await rights.look(private)

    assert rights.note == ""
