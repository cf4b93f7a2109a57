"""Shell commands: what typer reads, and what it hands to the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from engine.errors import ConfigError, UsageError
from engine.locations import Locations
from tui import cli

Calls = list[tuple[str, tuple[Any, ...], dict[str, Any]]]

COMMANDS = (
    "tui.commands.deck.open_deck",
    "tui.commands.replay.play",
    "tui.commands.inspect.inspect",
    "tui.commands.doctor.examine",
    "tui.commands.config.print_paths",
    "tui.commands.config.write_templates",
    "tui.commands.config.check",
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The commands that were called; each exits with 7."""
    noted: Calls = []

    def watch(target: str) -> None:
        def command(*arguments: Any, **options: Any) -> int:
            noted.append((target.rpartition(".")[2], arguments, options))
            return 7

        monkeypatch.setattr(target, command)

    for target in COMMANDS:
        watch(target)
    return noted


def _only(calls: Calls) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    (call,) = calls
    return call


# -- the deck -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "markets"),
    [
        (["deck"], ()),
        (["btcusdt.spot.sim"], ("btcusdt.spot.sim",)),
        (["deck", "a.sim", "b.sim"], ("a.sim", "b.sim")),
        (["a.sim", "b.sim"], ("a.sim", "b.sim")),
    ],
)
def test_names_of_markets_open_the_deck_with_or_without_its_name(
    calls: Calls, arguments: list[str], markets: tuple[str, ...]
) -> None:
    assert cli.dispatch(arguments) == 7

    name, _, options = _only(calls)
    assert (name, options["markets"]) == ("open_deck", markets)
    assert (options["theme"], options["period"]) == (None, None)


def test_alone_it_opens_the_deck(calls: Calls) -> None:
    assert cli.dispatch([]) == 7

    name, _, options = _only(calls)
    assert name == "open_deck"
    assert isinstance(options["locations"], Locations)


def test_options_stand_behind_markets_as_behind_the_command(calls: Calls) -> None:
    for head in (["deck"], []):
        cli.dispatch([*head, "a.sim", "--theme", "day", "--period", "5m"])

    assert [(o["markets"], o["theme"], o["period"]) for _, _, o in calls] == [
        (("a.sim",), "day", "5m")
    ] * 2


def test_a_word_that_is_neither_command_nor_market_is_a_usage_error(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.dispatch(["frob"]) == 2
    assert calls == []
    assert "No such command 'frob'" in capsys.readouterr().err


# -- where things live ----------------------------------------------------------------------------


def test_places_that_are_named_are_those_of_every_command(calls: Calls, tmp_path: Path) -> None:
    places = ["--config", str(tmp_path / "c"), "--data-dir", str(tmp_path / "d")]
    (tmp_path / "c").mkdir()
    for command in ([], ["deck"], ["x.sim"], ["replay", "file"], ["doctor"]):
        cli.dispatch([*places, *command])
    for command in ("path", "init", "check"):
        cli.dispatch([*places, "config", command])

    assert len(calls) == 8
    for _, arguments, options in calls:
        found = options.get("locations") or arguments[0]
        assert found.config_dir == tmp_path / "c"
        assert found.data_dir == tmp_path / "d"


def test_a_command_run_past_the_first_one_is_told_so() -> None:
    context = typer.Context(typer.main.get_command(cli.app))

    with pytest.raises(UsageError, match="run through `tickdeck`"):
        cli.locations_of(context)


# -- the other commands ---------------------------------------------------------------------------


def test_a_replay_plays_its_files_once_at_their_speed_unless_told_otherwise(calls: Calls) -> None:
    assert cli.dispatch(["replay", "a.gz", "b.gz"]) == 7
    options = "--speed max --loop --paused --theme day --period 5s"
    cli.dispatch(["replay", "a.gz", *options.split()])

    (_, first_files, plain), (_, second_files, told) = calls
    assert first_files == ([Path("a.gz"), Path("b.gz")],)
    assert second_files == ([Path("a.gz")],)
    assert [plain[name] for name in ("speed", "loop", "paused", "theme", "period")] == [
        *("1", False, False, None, None),
    ]
    assert [told[name] for name in ("speed", "loop", "paused", "theme", "period")] == [
        *("max", True, True, "day", "5s"),
    ]


def test_inspect_prints_text_unless_told_otherwise(calls: Calls) -> None:
    cli.dispatch(["inspect", "a.gz"])
    cli.dispatch(["inspect", "a.gz", "--json", "--bars", "1m", "--out", "bars.csv"])

    assert [(arguments, options) for _, arguments, options in calls] == [
        ((Path("a.gz"),), {"as_json": False, "bars": None, "out": None}),
        ((Path("a.gz"),), {"as_json": True, "bars": "1m", "out": Path("bars.csv")}),
    ]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["doctor"], "examine"),
        (["config", "path"], "print_paths"),
        (["config", "check"], "check"),
    ],
)
def test_a_command_exits_with_what_it_found(calls: Calls, arguments: list[str], name: str) -> None:
    assert cli.dispatch(arguments) == 7
    assert _only(calls)[0] == name


def test_the_doctor_asks_venues_only_when_told(calls: Calls) -> None:
    cli.dispatch(["doctor"])
    cli.dispatch(["doctor", "--venues"])

    assert [options for _, _, options in calls] == [{"asks_venues": False}, {"asks_venues": True}]


def test_templates_overwrite_only_when_forced(calls: Calls) -> None:
    cli.dispatch(["config", "init"])
    cli.dispatch(["config", "init", "--force"])

    assert [options for _, _, options in calls] == [{"force": False}, {"force": True}]


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["inspect"],
        ["inspect", "a", "b"],
        ["deck", "--nope"],
        ["config"],
        ["doctor", "x"],
    ],
)
def test_what_cannot_be_read_exits_with_2_and_does_nothing(
    calls: Calls, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.dispatch(arguments) == 2
    assert calls == []
    assert capsys.readouterr().err


# -- exits ----------------------------------------------------------------------------------------


def test_done_exits_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.commands.doctor.examine", lambda _, **options: 0)

    assert cli.dispatch(["doctor"]) == 0


def test_an_exit_that_is_no_number_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(_: object, **options: object) -> int:
        raise SystemExit("words")

    monkeypatch.setattr("tui.commands.doctor.examine", leave)

    assert cli.dispatch(["doctor"]) == 1


def test_an_error_of_ours_is_for_the_caller_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object, **options: object) -> int:
        raise ConfigError("config.toml: wrong")

    monkeypatch.setattr("tui.commands.doctor.examine", fail)

    with pytest.raises(ConfigError, match="wrong"):
        cli.dispatch(["doctor"])


def test_the_version_is_printed_before_anything_is_read(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.dispatch(["--version", "frob"]) == 0
    assert calls == []
    assert capsys.readouterr().out.startswith("tickdeck ")


def test_help_lists_the_commands_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.dispatch(["--help"]) == 0
    said = capsys.readouterr().out

    for command in ("deck", "replay", "inspect", "doctor", "config"):
        assert f"\n  {command} " in said
    for code in (65, 69, 70, 73, 78, 130):
        assert f" {code} " in " ".join(said.split())
