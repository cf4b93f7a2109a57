"""Brokers are named without being imported, and one that does not load says why."""

import subprocess
import sys

import pytest

from brokers import registry
from engine.errors import BrokerUnavailable, NotSupported


def test_names_are_known_without_importing_any_broker() -> None:
    code = (
        "import sys; from brokers import registry; print(*registry.names());"
        "print([m for m in sys.modules if m.startswith('brokers.') and m != 'brokers.registry'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    names, imported = done.stdout.splitlines()
    assert {"paper", "replay", "sim"} <= set(names.split())
    assert "[]" == imported


@pytest.mark.parametrize("name", sorted(registry.BUILT_IN))
def test_every_built_in_broker_loads(name: str) -> None:
    assert callable(registry.load(name))


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(BrokerUnavailable) as caught:
        registry.load("sin")

    assert "did you mean 'sim'?" == caught.value.hint


def test_a_broken_broker_is_a_broker_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUILT_IN, "broken", "brokers.no_such_module")

    with pytest.raises(BrokerUnavailable, match="does not load"):
        registry.load("broken")


@pytest.mark.parametrize("name", sorted(registry.EXPORTS))
def test_what_reads_the_exports_of_a_broker_loads(name: str) -> None:
    assert callable(registry.load_export(name))


def test_a_broker_without_exports_is_told_from_one_that_is_not_there() -> None:
    with pytest.raises(NotSupported, match="reads no exports"):
        registry.load_export("paper")
    with pytest.raises(BrokerUnavailable) as caught:
        registry.load_export("krakne")
    assert caught.value.hint == "did you mean 'kraken'?"


def test_a_reader_of_exports_that_does_not_load_is_a_broker_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry.EXPORTS, "broken", "brokers.no_such_module")

    with pytest.raises(BrokerUnavailable, match="does not load"):
        registry.load_export("broken")
