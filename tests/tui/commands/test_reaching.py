"""`tickdeck doctor --venues`: what is said of venues that answer, hang or cannot be reached."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from brokers.kraken.broker import open_broker
from engine.broker import Broker, BrokerSettings, Capabilities, TickSink
from engine.clock import SystemClock
from engine.errors import BrokerUnavailable
from engine.locations import find_locations
from engine.messages import ConnectionState, ConnectionStatus, Match, Quote
from tests.venues.kraken.server import run_kraken
from tui.commands import doctor, reaching
from tui.commands.reaching import ANSWER_S, _ask, _ask_all, _remote, finding_of

BTC = Quote(fqme="btcusd.spot.far", last=52_189.8)


def connection(state: ConnectionState = "live", **fields: object) -> ConnectionStatus:
    return ConnectionStatus(broker="far", name="rest", state=state, since_ns=0, **fields)  # type: ignore[arg-type]


class Far(Broker):
    """A venue that answers after a while, or never, or that cannot be reached."""

    def __init__(self, name: str, *, answer_s: float = 0.1, error: Exception | None = None) -> None:
        self.name = name
        self.capabilities = Capabilities(can_search=True, has_market_data=True)
        self.told: list[ConnectionStatus] = [connection(clock_offset_ms=2.0, round_trip_ms=34.0)]
        self._answer_s = answer_s
        self._error = error

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        await trio.sleep(self._answer_s)
        if self._error is not None:
            raise self._error
        return [Match(fqme=BTC.fqme)]

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = ...,  # type: ignore[assignment]
    ) -> None:
        task_status.started(BTC)
        await trio.sleep_forever()

    def connections(self) -> Sequence[ConnectionStatus]:
        return self.told


def test_a_venue_that_answers_is_told_with_its_price_its_distance_and_its_clock() -> None:
    trip = connection(round_trip_ms=34.2, clock_offset_ms=-12.4)
    finding = finding_of("far", BTC, [trip, connection(round_trip_ms=80.0), connection("closed")])

    assert "ok" == finding.verdict
    assert "far: btcusd.spot.far 52189.8, there and back 34 ms, its clock -12 ms" == finding.detail


def test_a_connection_that_does_not_come_up_is_a_fault_with_its_reason() -> None:
    banned = connection("backing_off", reason="TLS: certificate expired")
    finding = finding_of("far", BTC, [banned])

    assert "fault" == finding.verdict
    assert finding.detail.endswith("rest backing off (TLS: certificate expired)")
    assert finding.remedy


@pytest.mark.parametrize(("offset_ms", "verdict"), [(999.0, "ok"), (-1_000.0, "note")])
def test_a_clock_that_is_far_off_is_worth_a_note(offset_ms: float, verdict: str) -> None:
    finding = finding_of("far", BTC, [connection(clock_offset_ms=offset_ms)])

    assert verdict == finding.verdict
    assert ("NTP" in finding.remedy) is (verdict == "note")


async def test_venues_are_asked_at_once_and_told_in_their_order(autojump_clock: MockClock) -> None:
    brokers = [
        Far("hangs", answer_s=1e9),
        Far("fails", error=BrokerUnavailable("fails: no route to host")),
        Far("near"),
        Far("buggy", error=ZeroDivisionError("oops")),
    ]
    findings = await _ask_all(brokers)

    assert trio.current_time() == pytest.approx(ANSWER_S)
    assert ["fault", "fault", "ok", "fault"] == [finding.verdict for finding in findings]
    assert "hangs: no answer within 30 s" == findings[0].detail
    assert "fails: no route to host" == findings[1].detail
    assert "buggy: ZeroDivisionError: oops" == findings[3].detail


async def test_what_never_comes_up_is_not_waited_for_to_the_end(autojump_clock: MockClock) -> None:
    broker = Far("far")
    broker.told = [connection("connecting")]
    finding = await _ask(broker)

    assert trio.current_time() < ANSWER_S
    assert "fault" == finding.verdict
    assert "rest connecting" in finding.detail


def test_only_brokers_behind_a_network_are_asked() -> None:
    remote = _remote(["sim", "kraken", "nope", "kraken"], {})

    assert ["kraken"] == [broker.name for broker in remote]


async def test_a_test_venue_on_this_machine_is_reached() -> None:
    async with trio.open_nursery() as nursery:
        running = await nursery.start(partial(run_kraken, port=0))
        urls = {"rest_url": running.rest_url, "ws_url": running.ws_url}
        settings = BrokerSettings(name="kraken", clock=SystemClock(), options=urls)
        finding = await _ask(open_broker(settings))
        nursery.cancel_scope.cancel()

    assert "ok" == finding.verdict, finding.detail
    assert "its clock" in finding.detail


def test_only_who_asks_for_venues_connects_to_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(reaching, "reach_venues", lambda places: asked.append(places) or [])
    places = find_locations({}, config=tmp_path / "config", data_dir=tmp_path / "data")
    doctor.examine(places)
    assert not asked
    doctor.examine(places, asks_venues=True)
    assert [places] == asked


def test_with_a_faulty_configuration_no_venue_is_asked(tmp_path: Path) -> None:
    places = find_locations({}, config=tmp_path, data_dir=tmp_path / "data")
    places.brokers_file.write_text("nonsense")

    (finding,) = doctor.venue_findings(places)
    assert ("note", "not asked") == (finding.verdict, finding.detail)
