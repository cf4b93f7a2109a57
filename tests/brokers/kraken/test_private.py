"""Questions to private REST: signed, in turn, and honest about what the venue says."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
import trio
import trio.testing

from brokers.kraken import account_wire as wire
from brokers.kraken.errors import QueryFailed
from brokers.net.bans import Bans
from engine.clock import TrioClock
from engine.errors import BrokerUnavailable
from tests.brokers.kraken.rest_venue import (
    START_NS,
    RestVenue,
    private_rest,
    refusal,
    result,
)

NOTHING = result({"open": {}})


async def ask(private: object) -> wire.OpenOrders:
    return await private.ask("OpenOrders", {}, wire.decode_open_orders)  # type: ignore[attr-defined,no-any-return]


async def test_a_question_goes_out_signed_with_its_nonce() -> None:
    venue = RestVenue(OpenOrders=[NOTHING])

    async with private_rest(venue) as private:
        assert (await ask(private)).open == {}

    ((method, fields),) = venue.asked
    assert method == "OpenOrders"
    assert int(fields["nonce"]) >= START_NS


async def test_questions_of_one_key_arrive_in_the_order_of_their_nonces() -> None:
    venue = RestVenue(OpenOrders=[NOTHING])

    async with private_rest(venue) as private, trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(ask, private)

    nonces = [int(fields["nonce"]) for _, fields in venue.asked]
    assert nonces == sorted(set(nonces))


async def test_a_nonce_that_was_overtaken_is_made_anew_once() -> None:
    venue = RestVenue(OpenOrders=[refusal("EAPI:Invalid nonce"), NOTHING])

    async with private_rest(venue) as private:
        await ask(private)

    assert len(venue.asked) == 2


async def test_a_nonce_that_is_refused_again_is_said_with_what_to_do() -> None:
    venue = RestVenue(OpenOrders=[refusal("EAPI:Invalid nonce")])

    async with private_rest(venue) as private:
        with pytest.raises(QueryFailed) as caught:
            await ask(private)

    assert len(venue.asked) == 2
    assert "key of its own" in caught.value.hint


async def test_throttling_is_waited_out_once(autojump_clock: trio.testing.MockClock) -> None:
    venue = RestVenue(OpenOrders=[refusal("EAPI:Rate limit exceeded"), NOTHING])

    async with private_rest(venue) as private:
        await ask(private)

    assert venue.asked_s[1] - venue.asked_s[0] == pytest.approx(1 / 0.33, rel=0.01)


async def test_the_counter_of_the_key_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    venue = RestVenue(OpenOrders=[NOTHING])

    async with private_rest(venue) as private:
        for _ in range(16):
            await ask(private)

    assert venue.asked_s[14] == pytest.approx(venue.asked_s[0])
    assert venue.asked_s[15] > venue.asked_s[14] + 1


async def test_a_lockout_is_obeyed_also_after_a_restart(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    path = tmp_path / "bans.json"
    venue = RestVenue(OpenOrders=[refusal("EGeneral:Temporary lockout"), NOTHING])
    async with private_rest(venue, Bans(path, TrioClock(START_NS))) as private:
        with pytest.raises(QueryFailed):
            await ask(private)
        with pytest.raises(BrokerUnavailable, match="not asked for 900 s more"):
            await ask(private)

    async with private_rest(venue, Bans(path, TrioClock(START_NS))) as private:
        with pytest.raises(BrokerUnavailable, match="not asked for"):
            await ask(private)
        assert len(venue.asked) == 1
        await trio.sleep(901)
        await ask(private)


async def test_a_key_that_is_refused_is_not_tried_again() -> None:
    venue = RestVenue(GetWebSocketsToken=[refusal("EAPI:Invalid key")])

    async with private_rest(venue) as private:
        with pytest.raises(QueryFailed) as caught:
            await private.token()

    assert len(venue.asked) == 1
    assert "EAPI:Invalid key" in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>cloudflare</html>", b"", b'{"result":7}', b"[]"])
async def test_what_is_no_answer_of_the_venue_says_only_that(body: bytes) -> None:
    venue = RestVenue(GetWebSocketsToken=[httpx2.Response(403, content=body)])

    async with private_rest(venue) as private:
        with pytest.raises(BrokerUnavailable) as caught:
            await private.token()

    assert "GetWebSocketsToken of account main" in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_token_shows_itself_to_nobody() -> None:
    venue = RestVenue(GetWebSocketsToken=[result({"token": "the-token", "expires": 900})])

    async with private_rest(venue) as private:
        token = await private.token()

    assert token.reveal() == "the-token"
    assert "the-token" not in repr(token)
    assert "the-token" not in repr(wire.Token(token="the-token"))
