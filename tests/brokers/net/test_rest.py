"""Requests to a venue: what each answer, and no answer, means."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import httpx2
import pytest
import trio

from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.net.rest import Reply, Rest, Throttled, retry_after_s
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, OutcomeUnknown
from tests.support.stepped_clock import SteppedClock

START_NS = 1_795_226_417_250_000_000
SECRET = "signature-canary-5151"

Answer = httpx2.Response | Exception


class Venue(httpx2.AsyncBaseTransport):
    """Answers in turn; the last answer again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.asked_s: list[float] = []
        self.delay_s = 0.0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.asked_s.append(trio.current_time())
        await trio.sleep(self.delay_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )


def ok(text: str = "{}", status: int = 200, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, headers=named, content=text.encode())


@asynccontextmanager
async def opened(venue: Venue, bans: Bans | None = None, **options: Any) -> AsyncIterator[Rest]:
    clock = options.pop("clock", TrioClock(START_NS))
    rest = Rest(
        broker="echo",
        base_url="https://api.echo.test",
        clock=clock,
        bans=bans or Bans(None, clock),
        transport=venue,
        **options,
    )
    async with rest.opened():
        yield rest


async def test_gives_back_what_the_venue_answers(autojump_clock: object) -> None:
    venue = Venue(ok('{"a":1}', x_mbx_used_weight_1m="17"))
    seen: list[Reply] = []
    async with opened(venue, on_reply=seen.append) as rest:
        assert rest.status().state == "closed"
        reply = await rest.call("GET", "/api/v3/time", query="a=%EF%BC%91", headers={"X-KEY": "k"})
        assert (reply.status, reply.body) == (200, b'{"a":1}')
        assert reply.headers["x-mbx-used-weight-1m"] == "17"
        assert reply.recv_ns >= reply.sent_ns
        assert seen == [reply]
        request = venue.requests[0]
        assert str(request.url) == "https://api.echo.test/api/v3/time?a=%EF%BC%91"
        assert request.headers["x-key"] == "k"
        assert rest.status().state == "live"
    assert rest.status().state == "closed"


async def test_errors_of_the_venue_are_answers(autojump_clock: object) -> None:
    async with opened(Venue(ok('{"code":-1121}', status=400))) as rest:
        assert (await rest.call("GET", "/x")).status == 400
        assert (await rest.call("POST", "/x", mutates=True)).status == 400


@pytest.mark.parametrize(
    "answer",
    [
        ok(status=500),
        ok(status=503),
        ok(status=504),
        httpx2.ReadTimeout("t"),
        httpx2.ReadError("r"),
        httpx2.WriteError("w"),
        httpx2.RemoteProtocolError("Server disconnected without sending a response."),
    ],
)
async def test_no_answer_is_unknown_where_something_would_change(
    autojump_clock: object, answer: Answer
) -> None:
    venue = Venue(answer)
    async with opened(venue) as rest:
        with pytest.raises(OutcomeUnknown):
            await rest.call("POST", "/order", mutates=True)
        with pytest.raises(BrokerUnavailable):
            await rest.call("GET", "/order")
        assert rest.status().state == "stale"
    assert len(venue.requests) == 2, "something was sent again by itself"


async def test_what_takes_too_long_is_unknown(autojump_clock: object) -> None:
    venue = Venue(ok())
    venue.delay_s = 60.0
    async with opened(venue, timeout_s=5.0) as rest:
        began = trio.current_time()
        with pytest.raises(OutcomeUnknown, match="no answer in time"):
            await rest.call("POST", "/order", mutates=True)
        assert trio.current_time() - began == pytest.approx(5.0)


@pytest.mark.parametrize("error", [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("t")])
async def test_what_was_never_sent_is_not_in_doubt(
    autojump_clock: object, error: Exception
) -> None:
    async with opened(Venue(error)) as rest:
        with pytest.raises(BrokerUnavailable, match="cannot be reached"):
            await rest.call("POST", "/order", mutates=True)


async def test_throttling_is_waited_out_also_on_the_first_request(autojump_clock: object) -> None:
    venue = Venue(ok(status=429, retry_after="7"), ok("later"))
    async with opened(venue) as rest:
        reply = await rest.call("GET", "/klines", waits=True)
        assert reply.body == b"later"
        assert venue.asked_s[1] - venue.asked_s[0] == pytest.approx(7.0)


async def test_who_does_not_wait_is_told_until_when(autojump_clock: object) -> None:
    venue = Venue(ok(status=429, retry_after="30"), ok())
    async with opened(venue) as rest:
        with pytest.raises(Throttled) as caught:
            await rest.call("POST", "/order", mutates=True)
        assert caught.value.until_ns == pytest.approx(START_NS + 30 * NANOS, abs=NANOS)
        assert rest.status().state == "backing_off"
        assert rest.status().until_ns == caught.value.until_ns
        with pytest.raises(Throttled):
            await rest.call("POST", "/order", mutates=True)
        assert len(venue.requests) == 1, "asked again while throttled"
        await trio.sleep(31)
        await rest.call("POST", "/order", mutates=True)
        assert rest.status().state == "live"


async def test_pauses_grow_where_the_venue_names_no_time(autojump_clock: object) -> None:
    venue = Venue(*[ok(status=429)] * 5, ok())
    async with opened(venue) as rest:
        await rest.call("GET", "/klines", waits=True)
    waits = [round(after - before) for before, after in pairwise(venue.asked_s)]
    assert waits == [1, 2, 4, 8, 16]


async def test_a_ban_is_obeyed_to_its_end_by_all(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    bans = Bans(None, clock)
    venue = Venue(ok(status=418, retry_after="120"), ok())
    async with opened(venue, bans) as rest:
        with pytest.raises(Throttled, match="banned"):
            await rest.call("GET", "/x")
        assert rest.status().state == "banned"
        assert rest.status().until_ns == bans.until_ns()
        async with opened(venue, bans) as other:
            with pytest.raises(Throttled):
                await other.call("GET", "/x")
        assert len(venue.requests) == 1
        await rest.call("GET", "/x", waits=True)
        assert venue.asked_s[1] - venue.asked_s[0] >= 120
        assert rest.status().state == "live"


async def test_waits_for_its_budgets_before_it_sends(autojump_clock: object) -> None:
    budget = Budget(20, 60.0)
    venue = Venue(ok())
    async with opened(venue) as rest:
        for _ in range(3):
            await rest.call("GET", "/depth", budgets=[(budget, 10.0)])
        assert rest.status().budget_used == 0.5
    assert venue.asked_s[2] - venue.asked_s[0] == pytest.approx(60.0)


async def test_signs_right_before_it_sends(autojump_clock: object) -> None:
    budget = Budget(1, 60.0)
    budget.try_spend()
    venue, signed_s = Venue(ok()), []

    def sign() -> tuple[str, bytes, dict[str, str]]:
        signed_s.append(trio.current_time())
        return "timestamp=1", b"body", {"X-SIGN": "s"}

    async with opened(venue) as rest:
        await rest.call("POST", "/order", budgets=[(budget, 1.0)], mutates=True, sign=sign)
    assert signed_s == venue.asked_s
    assert venue.requests[0].content == b"body"
    assert venue.requests[0].headers["x-sign"] == "s"


async def test_an_answer_without_end_is_given_up(autojump_clock: object) -> None:
    async with opened(Venue(ok("x" * 10_001)), most_bytes=10_000) as rest:
        with pytest.raises(BrokerUnavailable, match="without end"):
            await rest.call("GET", "/x")


@pytest.mark.parametrize(
    "answer",
    [
        ok(status=500, text=SECRET),
        ok(status=429, text=SECRET),
        ok(status=418, text=SECRET),
        httpx2.ReadError(SECRET),
        httpx2.ConnectError(SECRET),
        httpx2.ReadTimeout(SECRET),
        httpx2.InvalidURL(SECRET),
    ],
)
@pytest.mark.parametrize("mutates", [True, False])
async def test_nothing_that_is_sent_is_in_errors_logs_or_statuses(
    autojump_clock: object, answer: Answer, mutates: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    async with opened(Venue(answer)) as rest:
        try:
            await rest.call(
                "POST",
                "/order",
                query=f"signature={SECRET}",
                body=SECRET.encode(),
                headers={"X-KEY": SECRET},
                mutates=mutates,
            )
        except Exception as error:
            shown = "".join(traceback.format_exception(error, chain=False)) + str(error)
            assert SECRET not in shown
        else:
            raise AssertionError("nothing was raised")
        assert SECRET not in repr(rest.status())
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("soon", None),
        ("", None),
    ],
)
def test_reads_when_to_come_back(text: str, seconds: float | None) -> None:
    now_ns = 1_445_412_420 * NANOS
    assert retry_after_s(text, now_ns) == seconds


@pytest.mark.parametrize(
    ("text", "least_s", "most_s"),
    [
        ("9" * 400, 600_000, 700_000),
        ("9" * 5000, None, None),
        ("99999999999", 600_000, 700_000),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999", None, None),
    ],
)
def test_takes_no_pause_that_no_venue_means(
    text: str, least_s: float | None, most_s: float | None
) -> None:
    seconds = retry_after_s(text, START_NS)
    if least_s is None or most_s is None:
        assert seconds is None
    else:
        assert seconds is not None
        assert least_s <= seconds <= most_s


@pytest.mark.parametrize("status", [418, 429])
@pytest.mark.parametrize("retry_after", ["0", "-5", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_pause_that_is_over_by_our_clock_is_a_pause_all_the_same(
    autojump_clock: object, status: int, retry_after: str
) -> None:
    venue = Venue(*[ok(status=status, retry_after=retry_after)] * 3, ok())
    async with opened(venue) as rest:
        await rest.call("GET", "/klines", waits=True)
    waits = [after - before for before, after in pairwise(venue.asked_s)]
    assert min(waits) >= (60 if status == 418 else 1)


async def test_a_pause_lasts_as_long_as_was_said_though_the_wall_clock_is_set(
    autojump_clock: object,
) -> None:
    clock = SteppedClock(START_NS)
    venue = Venue(ok(status=429, retry_after="30"), ok())
    async with opened(venue, clock=clock) as rest:
        with pytest.raises(Throttled):
            await rest.call("GET", "/x")
        clock.step_s = 3600.0
        with pytest.raises(Throttled):
            await rest.call("GET", "/x")
        clock.step_s = -3600.0
        await trio.sleep(31)
        assert rest.status().state != "backing_off"
        assert (await rest.call("GET", "/x")).status == 200
    assert len(venue.requests) == 2


async def test_keeps_no_cookie_of_a_venue(autojump_clock: object) -> None:
    spoilt = httpx2.Response(200, headers=[(b"Set-Cookie", b"a=\xff")])
    venue = Venue(spoilt, ok())
    async with opened(venue) as rest:
        await rest.call("GET", "/x")
        await rest.call("GET", "/x")
    assert "cookie" not in venue.requests[1].headers


async def test_what_nobody_thought_of_is_an_error_of_brokers_too(autojump_clock: object) -> None:
    venue = Venue(UnicodeEncodeError("ascii", SECRET, 0, 1, "not in range"))
    async with opened(venue) as rest:
        with pytest.raises(OutcomeUnknown) as unknown:
            await rest.call("POST", "/order", mutates=True)
        with pytest.raises(BrokerUnavailable, match="UnicodeEncodeError"):
            await rest.call("GET", "/x")
    assert SECRET not in str(unknown.value)
