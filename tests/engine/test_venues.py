"""Brokers are loaded and started once, and those that are fed with others' markets are fed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import trio
import trio.testing

from engine.broker import Broker, BrokerSettings, Capabilities, OpenBroker
from engine.clock import TrioClock
from engine.errors import BrokerUnavailable
from engine.instruments import Instrument
from engine.messages import BrokerInfo, ConnectionStatus, PlaybackStatus, Tick, Trade
from engine.services import open_services
from engine.venues import Venues

FQME = "btcusdt.spot.test"
MARKET = Instrument(
    fqme=FQME,
    symbol="BTCUSDT",
    base="btc",
    quote="usdt",
    price_tick=Decimal("0.01"),
    size_step=Decimal(1),
)
TICKS: Sequence[Tick] = [Trade(FQME, 1.0, 1.0)]


class Plain:
    """A broker that does nothing but run."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.settings = settings
        self.name = settings.name
        self.capabilities = Capabilities()
        self.is_running = False
        self.status: PlaybackStatus | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await trio.sleep(1)  # it takes a while to come up
        self.is_running = True
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            self.is_running = False

    def playback(self) -> PlaybackStatus | None:
        return self.status


class Remote(Plain):
    """A broker at the other end of a network, which cannot be reached until it is let."""

    is_reachable = False

    def __init__(self, settings: BrokerSettings) -> None:
        super().__init__(settings)
        self.reached = trio.Event()
        self.told: tuple[ConnectionStatus, ...] = (
            ConnectionStatus(broker=self.name, name="rest", state="connecting", since_ns=1),
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await self.reached.wait()
        task_status.started()
        await trio.sleep_forever()

    def connections(self) -> Sequence[ConnectionStatus]:
        return self.told


class Fed(Plain):
    """A broker that writes down what it is fed with."""

    def __init__(self, settings: BrokerSettings) -> None:
        super().__init__(settings)
        self.said: list[object] = []

    def on_instrument(self, instrument: Instrument, clock_ns: Callable[[], int]) -> None:
        self.said.append((instrument.fqme, clock_ns()))

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        self.said.append((fqme, len(ticks)))


class Open:
    """The markets that the feed has open."""

    def __init__(self, *fqmes: str) -> None:
        self.fqmes = set(fqmes)

    def instrument_of(self, fqme: str) -> Instrument | None:
        return MARKET if fqme in self.fqmes else None

    def now_ns_of(self, fqme: str) -> int | None:
        return 42 if fqme in self.fqmes else None


class Shelf:
    """Loads brokers, and remembers what was opened."""

    def __init__(self, **kinds: Callable[[BrokerSettings], object]) -> None:
        self.kinds = kinds
        self.opened: list[object] = []

    def load(self, name: str) -> OpenBroker:
        if name not in self.kinds:
            raise BrokerUnavailable(f"no broker named {name}")

        def open_broker(settings: BrokerSettings) -> Broker:
            self.opened.append(self.kinds[name](settings))
            return self.opened[-1]  # type: ignore[return-value]

        return open_broker


async def with_venues(
    shelf: Shelf,
    use: Callable[[Venues], object],
    *,
    data_dir: Path | None = None,
    report_info: Callable[[BrokerInfo], None] = lambda info: None,
) -> None:
    clock = TrioClock(0)
    async with open_services(clock) as services:
        venues = Venues(
            load=shelf.load,
            services=services,
            clock=clock,
            options={"plain": {"seed": 7}},
            data_dir=data_dir,
            report_info=report_info,
        )
        await use(venues)  # type: ignore[misc]


async def test_a_broker_that_many_ask_for_at_once_is_opened_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = Shelf(plain=Plain)

    async def use(venues: Venues) -> None:
        got: list[object] = []

        async def ask() -> None:
            got.append(await venues.get("plain"))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(ask)
        assert 1 == len(shelf.opened)
        assert [shelf.opened[0]] * 5 == got
        assert (shelf.opened[0],) == venues.running()

    await with_venues(shelf, use)


async def test_a_broker_is_given_its_options_and_a_place(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    shelf = Shelf(plain=Plain, other=Plain)

    async def use(venues: Venues) -> None:
        plain, other = await venues.get("plain"), await venues.get("other")
        assert {"seed": 7} == plain.settings.options  # type: ignore[attr-defined]
        assert tmp_path / "brokers" / "plain" == plain.settings.data_dir  # type: ignore[attr-defined]
        assert {} == other.settings.options  # type: ignore[attr-defined]

    await with_venues(shelf, use, data_dir=tmp_path)


async def test_brokers_are_stopped_with_the_engine(autojump_clock: trio.testing.MockClock) -> None:
    shelf = Shelf(plain=Plain)

    async def use(venues: Venues) -> None:
        await venues.get("plain")
        assert shelf.opened[0].is_running  # type: ignore[attr-defined]

    await with_venues(shelf, use)
    assert not shelf.opened[0].is_running  # type: ignore[attr-defined]


async def test_a_broker_that_cannot_be_loaded_is_the_askers_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def use(venues: Venues) -> None:
        with pytest.raises(BrokerUnavailable, match="no broker named nope"):
            await venues.get("nope")
        assert () == venues.running()

    await with_venues(Shelf(), use)


async def test_a_fed_broker_knows_a_market_before_its_first_tick(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = Shelf(plain=Plain, fed=Fed)

    async def use(venues: Venues) -> None:
        await venues.get("plain")
        fed = await venues.get("fed")
        venues.use_markets(Open(FQME))
        venues.feed_taps(FQME, TICKS)
        venues.feed_taps(FQME, [*TICKS, *TICKS])
        assert [(FQME, 42), (FQME, 1), (FQME, 2)] == fed.said  # type: ignore[attr-defined]

    await with_venues(shelf, use)


async def test_ticks_of_a_market_that_is_not_open_are_fed_to_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = Shelf(fed=Fed)

    async def use(venues: Venues) -> None:
        fed = await venues.get("fed")
        markets = Open()
        venues.use_markets(markets)
        venues.feed_taps(FQME, TICKS)
        assert [] == fed.said  # type: ignore[attr-defined]
        markets.fqmes.add(FQME)
        venues.feed_taps(FQME, TICKS)
        assert [(FQME, 42), (FQME, 1)] == fed.said  # type: ignore[attr-defined]

    await with_venues(shelf, use)


async def test_only_playbacks_have_a_status(autojump_clock: trio.testing.MockClock) -> None:
    shelf = Shelf(plain=Plain, other=Plain)
    status = PlaybackStatus(broker="other", position_ns=1, start_ns=0, end_ns=2, speed=1.0)

    async def use(venues: Venues) -> None:
        await venues.get("plain")
        (await venues.get("other")).status = status  # type: ignore[attr-defined]
        assert (status,) == venues.playbacks()

    await with_venues(shelf, use)


async def test_who_waits_for_the_loss_of_a_broker_learns_why(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Ends(Plain):
        async def run(
            self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
        ) -> None:
            task_status.started()
            await trio.sleep(5)

    shelf = Shelf(plain=Plain, ends=Ends)

    async def use(venues: Venues) -> None:
        ends, plain = await venues.get("ends"), await venues.get("plain")
        began_s = trio.current_time()
        assert "broker ends ended" == await venues.until_lost(ends)
        assert trio.current_time() - began_s == pytest.approx(4)
        assert "broker ends does not run" == await venues.until_lost(ends)
        again = await venues.get("ends")
        assert again is not ends
        assert (plain, again) == venues.running()
        with trio.move_on_after(100):
            pytest.fail(await venues.until_lost(plain))

    await with_venues(shelf, use)


async def test_a_stop_is_no_loss(autojump_clock: trio.testing.MockClock) -> None:
    shelf, lost = Shelf(plain=Plain), list[str]()

    async with trio.open_nursery() as nursery:

        async def use(venues: Venues) -> None:
            broker = await venues.get("plain")

            async def wait() -> None:
                lost.append(await venues.until_lost(broker))

            nursery.start_soon(wait)
            await trio.sleep(1)

        await with_venues(shelf, use)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert not lost


# -- at the other end of a network ----------------------------------------------------------------


async def test_what_a_broker_can_do_is_told_when_it_is_loaded_and_again_where_that_changed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Learns(Plain):
        async def run(
            self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
        ) -> None:
            await trio.sleep(5)
            self.capabilities = Capabilities(has_depth=True)
            task_status.started()
            await trio.sleep_forever()

    told: list[BrokerInfo] = []

    async def use(venues: Venues) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(venues.get, "learns")
            await trio.sleep(1)
            assert [BrokerInfo(name="learns")] == told
            assert [] == list(venues.running())
        await venues.get("plain")
        assert [False, True, False] == [info.has_depth for info in told]
        assert ["learns", "plain"] == [info.name for info in venues.infos()]

    shelf = Shelf(learns=Learns, plain=Plain)
    await with_venues(shelf, use, report_info=told.append)


async def test_only_a_broker_with_connections_is_remote_and_looking_does_not_start_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = Shelf(plain=Plain, remote=Remote)

    async def use(venues: Venues) -> None:
        assert venues.is_remote("remote")
        assert not venues.is_remote("plain")
        assert not venues.is_remote("nope")
        assert () == venues.opened()
        plain = await venues.get("plain")
        assert [plain] == list(venues.opened())
        assert 2 == len(shelf.opened)  # what was looked at is what runs

    await with_venues(shelf, use)


async def test_connections_are_told_while_a_broker_comes_up_and_while_it_runs(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = Shelf(plain=Plain, remote=Remote)

    async def use(venues: Venues) -> None:
        await venues.get("plain")
        assert () == venues.connections()  # it has none
        async with trio.open_nursery() as nursery:
            nursery.start_soon(venues.get, "remote")
            await trio.sleep(3)
            remote = shelf.opened[-1]
            assert isinstance(remote, Remote)
            assert remote.told == venues.connections()
            remote.told = ()
            (waits,) = venues.connections()
            assert ("remote", "broker", "connecting") == (waits.broker, waits.name, waits.state)
            remote.reached.set()
        assert () == venues.connections()

    await with_venues(shelf, use)


async def test_a_broker_that_does_not_come_up_is_told_with_why_and_how_often(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def use(venues: Venues) -> None:
        for _ in range(3):
            with pytest.raises(BrokerUnavailable):
                await venues.get("nope")
        (failed,) = venues.connections()
        assert ("nope", "broker", "backing_off") == (failed.broker, failed.name, failed.state)
        assert "no broker named nope" in failed.reason
        assert 2 == failed.reconnects

    await with_venues(Shelf(), use)


async def test_a_broker_that_cannot_tell_of_its_connections_stops_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Broken(Plain):
        def connections(self) -> Sequence[ConnectionStatus]:
            raise ZeroDivisionError

    async def use(venues: Venues) -> None:
        await venues.get("broken")
        assert () == venues.connections()

    await with_venues(Shelf(broken=Broken), use)
