"""Tokens of the private WebSocket."""

from __future__ import annotations

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.keys import DEMO_KEY
from tests.venues.kraken.tokens import LIFETIME_S, Tokens

LATER_NS = (LIFETIME_S + 1) * 10**9


def test_a_token_tells_its_key_for_a_quarter_of_an_hour() -> None:
    tokens = Tokens()
    token = tokens.give(DEMO_KEY, 0)
    assert tokens.use(token, 1, LIFETIME_S * 10**9) is DEMO_KEY
    other = tokens.give(DEMO_KEY, 0)
    with pytest.raises(Refused, match="ESession:Invalid session"):
        tokens.use(other, 2, LATER_NS)


def test_a_connection_goes_on_with_a_token_that_it_used_in_time() -> None:
    tokens = Tokens()
    token = tokens.give(DEMO_KEY, 0)
    tokens.use(token, 1, 0)
    assert tokens.use(token, 1, LATER_NS) is DEMO_KEY
    tokens.close(1)
    with pytest.raises(Refused, match="ESession:Invalid session"):
        tokens.use(token, 1, LATER_NS)


def test_each_token_is_another_and_the_same_in_each_run() -> None:
    tokens = Tokens(3)
    first, second = tokens.give(DEMO_KEY, 0), tokens.give(DEMO_KEY, 0)
    assert first != second
    assert Tokens(3).give(DEMO_KEY, 0) == first


def test_revoked_and_invented_tokens_are_no_session() -> None:
    tokens = Tokens()
    token = tokens.give(DEMO_KEY, 0)
    tokens.revoke_all()
    for bad in (token, "invented"):
        with pytest.raises(Refused, match="ESession:Invalid session"):
            tokens.use(bad, 1, 0)
