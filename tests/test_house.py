"""The rooms keep to themselves: what each may import, seen in a fresh process."""

import subprocess
import sys

import pytest

LOADED = "import {name}, sys; print(*sys.modules)"


def loaded_by(name: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(name=name)], capture_output=True, text=True, check=True
    )
    return {module.split(".")[0] for module in done.stdout.split()}


@pytest.mark.parametrize("name", ["engine.run", "engine.link.embedded", "brokers.sim.broker"])
def test_the_engine_loads_no_screen_library(name: str) -> None:
    assert not loaded_by(name) & {"textual", "rich", "tui"}


def test_the_engine_loads_no_broker() -> None:
    assert "brokers" not in loaded_by("engine.link.embedded")


def test_messages_need_neither_loop_nor_screen() -> None:
    assert not loaded_by("engine.messages") & {"trio", "asyncio", "textual"}


@pytest.mark.parametrize(
    "name", ["brokers.binance.session", "brokers.kraken.session", "brokers.sim.matching"]
)
def test_protocols_are_without_a_loop(name: str) -> None:
    assert "brokers" in loaded_by(name)
    assert not loaded_by(name) & {"asyncio", "websockets", "textual"}
