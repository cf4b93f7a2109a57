"""The reports as the shell gives them: what typer reads, and what it hands on."""

from __future__ import annotations

from typing import Any

import pytest

from tui import cli
from tui.commands.reports.counting import Terms

Calls = list[tuple[str, tuple[Any, ...], dict[str, Any]]]

WORK = {
    "orders": "tui.commands.reports.orders.print_orders",
    "fills": "tui.commands.reports.fills.print_fills",
    "positions": "tui.commands.reports.positions.print_positions",
    "pnl": "tui.commands.reports.pnl.print_pnl",
    "ledger": "tui.commands.reports.ledger.print_balances",
    "ledger export": "tui.commands.reports.ledger.export",
    "ledger import": "tui.commands.reports.ledger.import_file",
    "ledger add": "tui.commands.reports.ledger.add",
    "ledger reconcile": "tui.commands.reports.reconciling.print_reconciled",
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The commands that were called; each exits with 7."""
    noted: Calls = []

    def watch(target: str) -> None:
        def command(*arguments: Any, **options: Any) -> int:
            noted.append((target, arguments, options))
            return 7

        monkeypatch.setattr(target, command)

    for target in WORK.values():
        watch(target)
    return noted


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("orders", []),
        ("fills", []),
        ("positions", []),
        ("pnl", []),
        ("ledger", []),
        ("ledger export", []),
        ("ledger import", ["file"]),
        ("ledger add", ["transfer", "usdt", "1"]),
        ("ledger reconcile", []),
    ],
)
def test_each_command_does_its_own_work_and_exits_with_what_it_found(
    calls: Calls, command: str, arguments: list[str]
) -> None:
    assert cli.dispatch([*command.split(), *arguments]) == 7

    assert [target for target, _, _ in calls] == [WORK[command]]


@pytest.mark.parametrize("command", ["orders", "fills", "positions", "pnl"])
def test_all_of_them_take_account_time_and_form(calls: Calls, command: str) -> None:
    words = "--account sim --market btcusdt.spot.sim --since 2026-01-05 --until 2026-01-06 --json"
    cli.dispatch([command, *words.split(), "--zone", "utc"])

    ((_, (_, what, *_), _),) = calls
    assert (what.account, what.market, what.form) == ("sim", "btcusdt.spot.sim", "json")
    assert what.until_ns - what.since_ns == 86_400 * 1_000_000_000


def test_prices_and_currency_are_handed_on(calls: Calls) -> None:
    cli.dispatch(["pnl", "--prices", "fills", "--mark", "a.b=2", "--currency", "USDT"])
    cli.dispatch(["positions"])

    terms = [arguments[2] for _, arguments, _ in calls]
    assert terms == [Terms("fills", {"a.b": 2}, "USDT"), Terms("market", {}, "")]


def test_a_curve_is_for_a_terminal_unless_told(calls: Calls) -> None:
    for words in ([], ["--curve"], ["--no-curve"]):
        cli.dispatch(["pnl", *words])

    assert [options["has_curve"] for _, _, options in calls] == [None, True, False]


def test_help_lists_the_reports_and_their_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    cli.dispatch(["--help"])
    said = capsys.readouterr().out

    for command in ("orders", "fills", "positions", "pnl", "ledger"):
        assert f"\n  {command} " in said
    assert "66 nothing to read" in " ".join(said.split())


@pytest.mark.parametrize(
    "words",
    [["orders", "--last", "0"], ["fills", "x"], ["ledger", "frob"], ["ledger", "add", "transfer"]],
)
def test_what_cannot_be_read_exits_with_2_and_does_nothing(
    calls: Calls, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.dispatch(words) == 2
    assert calls == []
