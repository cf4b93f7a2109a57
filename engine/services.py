"""The service manager: named parts of the engine, started once, supervised, stopped in reverse.

A service is an async function `run(*args, task_status)` that calls `task_status.started(value)`
when it can be used, and then goes on until it is cancelled or has nothing left to do. However
many ask for it at the same time, it runs once, and all of them get its value.

What becomes of an error depends on when it happens. Before the first `started` it belongs to
whoever asked, and is raised there. After that it is logged, and the service runs again after
a delay that doubles; one that keeps failing ends as `failed`, and if it is critical, so does
the whole block.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio

from engine.clock import Clock
from engine.errors import ServiceFailed
from engine.log import logger
from engine.messages import ServiceState, ServiceStatus
from engine.text import safe

_log = logger(__name__)

Run = Callable[..., Awaitable[None]]
"""`run(*args, task_status=...)`."""

HEALTHY_S = 60.0
"""A service that ran this long since it was ready has its restarts and short delays back."""


def backoff(first_s: float = 0.5, most_s: float = 30.0) -> Iterator[float]:
    """Seconds to wait before each next attempt: doubling, without end."""
    delay_s = first_s
    while True:
        yield delay_s
        delay_s = min(delay_s * 2, most_s)


def sole_error(error: Exception) -> Exception:
    """The one error in nested exception groups of one; else `error` itself.

    A nursery wraps whatever leaves it, so a part that uses one inside fails with a group.
    """
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class Started:
    """A task status (see `trio.TaskStatus`) that calls `tell(value)` once it is ready."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        self._tell = tell
        self.is_ready = False

    def started(self, value: Any = None) -> None:
        if self.is_ready:
            raise RuntimeError("started() was called twice")
        self.is_ready = True
        self._tell(value)


class _Service:
    """One run of a named service, restarts included."""

    def __init__(self, name: str, now_ns: Callable[[], int], critical: bool) -> None:
        self.name = name
        self.critical = critical
        self.state: ServiceState = "starting"
        self.restarts = 0
        self.last_error = ""
        self.error: Exception | None = None
        self.value: Any = None
        self.waiting = 0
        self.is_stopping = False
        self.was_ready = False
        # Shielded: however the block ends, services end one by one, in reverse.
        self.scope = trio.CancelScope(shield=True)
        self.settled = trio.Event()
        self.done = trio.Event()
        self._now_ns = now_ns
        self.since_ns = now_ns()

    @property
    def is_winding_down(self) -> bool:
        return self.is_stopping and not self.done.is_set()

    def enter(self, state: ServiceState) -> None:
        self.state = state
        self.since_ns = self._now_ns()

    def ready(self, value: Any) -> None:
        self.value = value
        self.was_ready = True
        self.error = None
        self.enter("running")
        self.settled.set()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.last_error = safe(f"{type(error).__name__}: {error}", 400)

    def status(self) -> ServiceStatus:
        return ServiceStatus(
            name=self.name,
            state=self.state,
            since_ns=self.since_ns,
            restarts=self.restarts,
            last_error=self.last_error,
        )


class ServiceManager:
    """Starts, supervises and stops the services of this process. See `open_services`."""

    def __init__(self, clock: Clock, nursery: trio.Nursery) -> None:
        self._clock = clock
        self._nursery = nursery
        self._services: dict[str, _Service] = {}
        self._is_closing = False
        self.failure: ServiceFailed | None = None
        """Why the block ends, once a critical service has failed."""

    def status(self, name: str) -> ServiceStatus | None:
        """The state of a service that was started at some time; else None."""
        service = self._services.get(name)
        return service.status() if service else None

    def statuses(self) -> tuple[ServiceStatus, ...]:
        """The state of every service, in the order in which they were ready."""
        return tuple(service.status() for service in self._services.values())

    async def start(
        self, name: str, run: Run, *args: Any, restarts: int = 0, critical: bool = False
    ) -> Any:
        """Start the service, or find the one that is starting or running; wait until it is ready.

        Args:
            restarts: how often in a row it is started again after it failed.
            critical: its final failure ends the block of `open_services`.

        Returns:
            What it gave to `task_status.started`.

        Raises:
            ServiceFailed: the manager is being closed, the service was stopped meanwhile, or
                it ended before it was ready.
            Exception: whatever it raised before it was ready.
        """
        while (service := self._services.get(name)) and service.is_winding_down:
            await service.done.wait()
        if self._is_closing:
            raise ServiceFailed(f"{name} cannot be started: the engine is stopping")
        if service is None or service.done.is_set():
            service = self._launch(name, run, args, restarts, critical)
        return await self._wait_ready(service)

    async def stop(self, name: str) -> None:
        """Cancel the service and wait until it has ended; nothing, if it does not run."""
        service = self._services.get(name)
        if service is not None:
            service.is_stopping = True
            service.scope.cancel()
            await service.done.wait()

    async def stop_all(self) -> None:
        """Stop all, waiting for each; none can be started after.

        Those that are still starting go first, then the others, the last to be ready first: so
        what a service waited for while it started outlives it.
        """
        self._is_closing = True
        services = tuple(self._services.values())
        for was_ready in (False, True):
            for service in reversed(services):
                if service.was_ready is was_ready:
                    await self.stop(service.name)

    def _launch(
        self, name: str, run: Run, args: tuple[Any, ...], restarts: int, critical: bool
    ) -> _Service:
        service = _Service(name, self._clock.now_ns, critical)
        if (before := self._services.get(name)) is not None and before.state == "failed":
            # Asked for again after it failed: whoever looks at it wants to know of that.
            service.restarts, service.last_error = before.restarts + 1, before.last_error
        self._services[name] = service
        self._nursery.start_soon(self._supervise, service, run, args, restarts, name=name)
        return service

    async def _wait_ready(self, service: _Service) -> Any:
        service.waiting += 1
        try:
            while not service.settled.is_set():  # a restart replaces the event
                await service.settled.wait()
        finally:
            service.waiting -= 1
            if not (service.waiting or service.was_ready or service.settled.is_set()):
                # Nobody is left who wanted it: as with `nursery.start`, it is undone.
                service.is_stopping = True
                service.scope.cancel()
        if service.error is not None:
            raise service.error
        if not service.was_ready:
            raise ServiceFailed(f"{service.name} ended before it was ready")
        return service.value

    async def _supervise(
        self, service: _Service, run: Run, args: tuple[Any, ...], restarts: int
    ) -> None:
        try:
            with service.scope:
                await self._run_with_restarts(service, run, args, restarts)
        except Exception as raised:
            # Grouped with its cancel, an error passes by the place where it is caught alone.
            error = sole_error(raised)
            service.fail(error)
            _log.error("service %s failed while it was stopped", service.name, exc_info=error)
            self._give_up(service, error)
        finally:
            if service.state != "failed":
                service.enter("stopped")
            service.settled.set()
            service.done.set()

    async def _run_with_restarts(
        self, service: _Service, run: Run, args: tuple[Any, ...], restarts: int
    ) -> None:
        left, delays = restarts, backoff()
        while (error := await self._run_once(service, run, args)) is not None:
            if self._ran_well(service):
                left, delays = restarts, backoff()
            if not (left and service.was_ready):
                self._give_up(service, error)
                return
            left -= 1
            service.restarts += 1
            service.enter("starting")
            service.settled = trio.Event()
            await trio.sleep(next(delays))

    async def _run_once(
        self, service: _Service, run: Run, args: tuple[Any, ...]
    ) -> Exception | None:
        """Run it to its end; the error it ended with, if any."""
        try:
            await run(*args, task_status=Started(partial(self._ready, service)))
        except Exception as raised:
            error = sole_error(raised)
            service.fail(error)
            if service.was_ready:  # before, whoever asked is told
                _log.error("service %s failed", service.name, exc_info=error)
            return error
        return None

    def _ready(self, service: _Service, value: Any) -> None:
        if not service.was_ready:
            self._services[service.name] = self._services.pop(service.name)
        service.ready(value)

    def _ran_well(self, service: _Service) -> bool:
        ran_ns = self._clock.now_ns() - service.since_ns
        return service.state == "running" and ran_ns >= HEALTHY_S * 1e9

    def _give_up(self, service: _Service, error: Exception) -> None:
        service.enter("failed")
        # Before it was ready, those who wait for it are told; the block goes on.
        if service.critical and service.was_ready and self.failure is None:
            self.failure = ServiceFailed(f"{service.name} failed: {service.last_error}")
            self.failure.__cause__ = error
            self._nursery.cancel_scope.cancel()


_current: ServiceManager | None = None


def current_services() -> ServiceManager:
    """The service manager of this process.

    Raises:
        RuntimeError: none is open.
    """
    if _current is None:
        raise RuntimeError("no service manager is open in this process")
    return _current


@asynccontextmanager
async def open_services(clock: Clock) -> AsyncIterator[ServiceManager]:
    """Open the one service manager of this process; leaving stops all services in reverse.

    Raises:
        RuntimeError: one is open already.
        ServiceFailed: a critical service failed; its error is the cause.
    """
    global _current
    if _current is not None:
        raise RuntimeError("a service manager is open in this process already")
    error: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            manager = _current = ServiceManager(clock, nursery)
            try:
                yield manager
            except Exception as raised:
                error = raised  # raised again below, where no nursery wraps it
            finally:
                with trio.CancelScope(shield=True):
                    await manager.stop_all()
    finally:
        _current = None
    if manager.failure is not None and error is not None:
        raise ExceptionGroup("a critical service and the block failed", [manager.failure, error])
    if (reason := manager.failure or error) is not None:
        raise reason
