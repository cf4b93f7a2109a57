"""`tickdeck ledger reconcile`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from brokers import registry
from brokers.sim.broker import SimBroker, SimOptions
from engine.broker import Broker, BrokerSettings, Report, TradingClient
from engine.messages import AccountInfo
from tests.support.records import ROUND_TRIP, entries_of, fill_of, write_journal
from tui.__main__ import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def reconcile(tmp_path: Path) -> list[str]:
    write_journal(tmp_path, entries_of(ROUND_TRIP))
    return ["--data-dir", str(tmp_path), "ledger", "reconcile"]


def test_agreement_exits_with_0(reconcile: list[str], capsys: Capture) -> None:
    assert run([*reconcile, "--balance", "BTC=1", "--balance", "usdt=-83.40"]) == 0
    assert "the ledger and the venue agree" in capsys.readouterr().out


def test_both_numbers_are_shown_until_they_agree(reconcile: list[str], capsys: Capture) -> None:
    assert run([*reconcile, "--balance", "btc=1", "--balance", "usdt=916.6"]) == 1
    said = capsys.readouterr().out

    assert said.splitlines()[2].split() == ["USDT", "-83.40", "916.60", "+1000.0"]
    assert "1 of 2 differ; nothing was changed" in said


def test_what_one_side_does_not_list_is_at_zero_there(
    reconcile: list[str], capsys: Capture
) -> None:
    assert run([*reconcile, "--balance", "usdt=-83.4", "--json"]) == 1

    assert json.loads(capsys.readouterr().out) == [
        {"asset": "btc", "ours": "1", "theirs": "0", "gap": "-1"},
        {"asset": "usdt", "ours": "-83.4", "theirs": "-83.4", "gap": "0.0"},
    ]


def test_a_tolerance_is_one(reconcile: list[str], capsys: Capture) -> None:
    given = ["--balance", "btc=1.00000001", "--balance", "usdt=-83.4"]

    assert run([*reconcile, *given]) == 1
    assert run([*reconcile, *given, "--tolerance", "0.00000001"]) == 0


@pytest.mark.parametrize("column", ["amount", "Balance", "TOTAL"])
def test_balances_are_read_from_a_table(
    reconcile: list[str], tmp_path: Path, capsys: Capture, column: str
) -> None:
    path = tmp_path / "balances.csv"
    path.write_text(f"Asset,{column}\nBTC,1\nUSDT,-83.4\n")

    assert run([*reconcile, "--balances", str(path)]) == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--balance", "usdt"], 2),
        (["--balance", "usdt=many"], 65),
        (["--balances", "/nonexistent"], 2),
        (["--balance", "usdt=1", "--balances", "x"], 2),
        (["--account", "nobody", "--balance", "usdt=1"], 2),
    ],
)
def test_what_makes_no_sense_is_told_from_a_difference(
    reconcile: list[str], capsys: Capture, words: list[str], code: int
) -> None:
    assert run([*reconcile, *words]) == code


def test_a_table_without_amounts_is_none(
    reconcile: list[str], tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "balances.csv"
    path.write_text("coin,many\nBTC,1\n")

    assert run([*reconcile, "--balances", str(path)]) == 65


def test_balances_are_those_of_one_account(tmp_path: Path, capsys: Capture) -> None:
    fills = [*ROUND_TRIP, fill_of(7, "sell", "4", "100", account="paper")]
    write_journal(tmp_path, entries_of(fills))
    words = ["--data-dir", str(tmp_path), "ledger", "reconcile", "--balance", "usdt=1"]

    assert run(words) == 2
    assert "--account: paper sim" in capsys.readouterr().err


def test_the_venue_is_asked_where_nothing_is_given(
    reconcile: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_lasting(settings: BrokerSettings) -> Broker:
        broker = SimBroker(settings.name, settings.clock, SimOptions(cash=Decimal(500)))
        broker.capabilities = replace(broker.capabilities, outlives_engine=True)
        return broker

    monkeypatch.setattr(registry, "load", lambda _: open_lasting)

    assert run([*reconcile, "--json"]) == 1
    rows = {row["asset"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["usdt"]["ours"], rows["usdt"]["theirs"]) == ("-83.4", "500")
    assert rows["usdt"]["gap"] == "583.4"


class Keyed(SimBroker):
    """The embedded exchange, as if it lasted, with a door that asks for keys."""

    settings: BrokerSettings

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._with_keys(account, report)

    @asynccontextmanager
    async def _with_keys(
        self, account: AccountInfo, report: Report
    ) -> AsyncIterator[TradingClient]:
        await self.settings.credentials(account.name)
        async with super().open_client(account, report) as client:
            yield client


def test_the_venue_is_asked_with_the_keys_of_the_account(
    reconcile: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_keyed(settings: BrokerSettings) -> Broker:
        broker = Keyed(settings.name, settings.clock, SimOptions(cash=Decimal(500)))
        broker.capabilities = replace(broker.capabilities, outlives_engine=True)
        broker.settings = settings
        return broker

    monkeypatch.setattr(registry, "load", lambda _: open_keyed)

    assert run([*reconcile, "--json"]) == 69
    assert "there are no keys for account sim" in capsys.readouterr().err
    monkeypatch.setenv("TICKDECK_KEY_SIM", "a")
    monkeypatch.setenv("TICKDECK_SECRET_SIM", "b")
    assert run([*reconcile, "--json"]) == 1
    assert "583.4" in capsys.readouterr().out


def test_a_venue_that_ends_with_its_engine_cannot_be_asked(
    reconcile: list[str], capsys: Capture
) -> None:
    assert run(reconcile) == 69
    assert "--balance" in capsys.readouterr().err
