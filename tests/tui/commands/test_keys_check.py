"""`tickdeck keys check`: one log-in, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trio

from brokers import registry
from brokers.sim.broker import SimBroker
from brokers.sim.broker import open_broker as open_sim
from engine.broker import BrokerSettings, OpenBroker, Report, TradingClient
from engine.errors import BrokerUnavailable
from engine.keystore.secrets_file import SecretsFile
from engine.messages import AccountInfo, ConnectionStatus
from tests.support.canary import Canary
from tui.__main__ import run
from tui.commands import keys_check

BROKERS = """\
[accounts.main]
broker = "keyed"
[accounts.tape]
broker = "replay"
"""


class Keyed(SimBroker):
    """The embedded exchange, with a door that asks for keys, and what it says of them."""

    settings: BrokerSettings
    note: str
    fault: Exception | None
    silent: bool

    def connections(self) -> Sequence[ConnectionStatus]:
        account = ConnectionStatus(
            broker=self.name, name="account main", state="live", since_ns=0, note=self.note
        )
        return (account, account, ConnectionStatus("keyed", "rest", "live", 0))

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._with_keys(account, report)

    @asynccontextmanager
    async def _with_keys(
        self, account: AccountInfo, report: Report
    ) -> AsyncIterator[TradingClient]:
        await self.settings.credentials(account.name)
        if self.silent:
            await trio.sleep_forever()
        if self.fault:
            raise self.fault
        async with super().open_client(account, report) as client:
            yield client


Check = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKDECK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("TICKDECK_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "brokers.toml").write_text(BROKERS)
    return tmp_path / "config"


@pytest.fixture
def check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Runs `tickdeck keys check`: exit code, and what it printed."""

    def command(
        account: str = "main",
        note: str = "",
        fault: Exception | None = None,
        silent: bool = False,
    ) -> tuple[int, str]:
        load = registry.load

        def open_keyed(settings: BrokerSettings) -> Keyed:
            broker = open_sim(settings)
            assert isinstance(broker, SimBroker)
            broker.__class__ = Keyed
            assert isinstance(broker, Keyed)
            broker.settings, broker.note = settings, note
            broker.fault, broker.silent = fault, silent
            return broker

        def loaded(name: str) -> OpenBroker:
            return open_keyed if name == "keyed" else load(name)

        with monkeypatch.context() as patch:
            patch.setattr(registry, "load", loaded)
            code = run(["keys", "check", account])
        told = capsys.readouterr()
        return code, told.out + told.err

    return command


@pytest.fixture
def canary(folder: Path) -> Canary:
    found = Canary(folder.parent, may_hold=[folder / "secrets.toml"])
    SecretsFile(folder / "secrets.toml").keep("main", found.credentials("main", "ed25519"))
    return found


def test_an_account_that_logs_in_is_told_with_where_its_keys_are(
    check: Check, canary: Canary, folder: Path
) -> None:
    with canary:
        code, told = check(note="the key may read and trade")
        canary.see(told)

    assert 0 == code
    assert told.splitlines() == [
        f"keys       Ed25519, from {folder}/secrets.toml",
        "logged in  at keyed, as account main (paper)",
        told.splitlines()[2],
        "note       the key may read and trade",
    ]
    assert told.splitlines()[2].startswith("balances   can be read: ")


@pytest.mark.usefixtures("canary")
def test_keys_that_may_withdraw_are_warned_about_and_end_with_1(check: Check) -> None:
    code, told = check(note="this key may withdraw\x1b[2J")

    assert 1 == code
    assert told.endswith("WARNING    this key may withdraw\ufffd[2J\n")


def test_an_account_without_keys_says_so(check: Check) -> None:
    code, told = check()

    assert 69 == code
    assert "there are no keys for account main" in told
    assert "tickdeck keys set main" in told


def test_a_refusal_of_the_venue_is_told_without_a_key(check: Check, canary: Canary) -> None:
    with canary:
        code, told = check(fault=BrokerUnavailable("account main: the key is not valid"))
        canary.see(told)

    assert 69 == code
    assert "tickdeck: account main: the key is not valid\n" in told
    assert "logged in" not in told


@pytest.mark.usefixtures("canary")
def test_a_venue_that_does_not_answer_is_given_up(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_check, "WAIT_S", 0.05)
    code, told = check(silent=True)

    assert 69 == code
    assert "account main did not log in within 0.05 s" in told


def test_a_broker_that_needs_no_keys_is_logged_in_to(check: Check) -> None:
    code, told = check("sim")

    assert 0 == code
    assert told.startswith("logged in  at sim, as account sim (paper)\n")


def test_what_has_no_accounts_and_what_is_none_are_told(check: Check) -> None:
    assert (2, True) == _told(check("tape"), "replay has no accounts")
    assert (2, True) == _told(check("mian"), "did you mean 'main'?")


def _told(result: tuple[int, str], text: str) -> tuple[int, bool]:
    return result[0], text in result[1]
