"""What `tickdeck ...` exits with, and that a user's mistake is one line and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ConfigError
from tui import __main__


def tickdeck(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", "--config", str(home), "--data-dir", str(home), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "needs a terminal"),
        (("btcusdt.spot.sim",), 2, "needs a terminal"),
        (("deck", "btc usdt.sim"), 2, "needs a terminal"),
        (("frob",), 2, "No such command 'frob'"),
        (("deck", "--nope"), 2, "--nope"),
        (("replay",), 2, "Missing argument"),
        (("replay", "/nowhere"), 65, "nowhere does not exist"),
        (("replay", "/nowhere", "--speed", "fast"), 2, "not a speed"),
        (("inspect", "/nowhere"), 65, "nowhere does not exist"),
        (("config",), 2, "Missing command"),
    ],
)
def test_a_mistake_is_told_in_a_line_with_a_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = tickdeck(*arguments, home=tmp_path)

    assert code == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = tickdeck("--version", home=tmp_path)

    assert 0 == done.returncode
    assert done.stdout.startswith("tickdeck ")


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = tickdeck("--help", home=tmp_path)

    assert 0 == done.returncode
    for command in ("deck", "replay", "inspect", "doctor", "config"):
        assert f"\n  {command} " in done.stdout


def test_output_into_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    code = (
        "import os, sys, tui.__main__ as m;"
        "r, w = os.pipe(); os.close(r); os.dup2(w, 1);"
        f"sys.exit(m.run(['--config', {str(tmp_path)!r}, 'config', 'path']))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert "Traceback" not in done.stderr


def test_an_error_and_its_remedy_go_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: list[str]) -> int:
        raise ConfigError("config.toml: wrong", hint="mend it")

    monkeypatch.setattr("tui.cli.dispatch", fail)

    assert 78 == __main__.run(["x"])
    assert "tickdeck: config.toml: wrong\n  mend it\n" == capsys.readouterr().err


def test_an_interrupt_exits_as_shells_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.cli.dispatch", interrupt)

    assert 130 == __main__.run(["x"])
