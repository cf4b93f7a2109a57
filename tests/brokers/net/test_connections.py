from __future__ import annotations

import pytest

from brokers.net.connections import Connections
from engine.messages import ConnectionStatus


def status(name: str) -> ConnectionStatus:
    return ConnectionStatus(broker="venue", name=name, state="live", since_ns=0)


def test_a_connection_is_told_of_while_its_block_is_open() -> None:
    connections = Connections()
    with connections.track(lambda: status("orders")):
        with connections.track(lambda: status("fills")):
            assert [one.name for one in connections.statuses()] == ["orders", "fills"]
        assert connections.statuses() == [status("orders")]
    assert connections.statuses() == []


def test_each_look_tells_how_it_is_then() -> None:
    connections, names = Connections(), iter(("before", "after"))
    with connections.track(lambda: status(next(names))):
        assert connections.statuses() == [status("before")]
        assert connections.statuses() == [status("after")]


def test_one_that_fails_is_told_of_no_more() -> None:
    connections = Connections()
    with pytest.raises(OSError, match="broken"), connections.track(lambda: status("orders")):
        raise OSError("broken")
    assert connections.statuses() == []
