"""A Binance started by hand."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest

from tests.venues.binance.__main__ import main
from tests.venues.binance.rig import open_venue_process


def test_it_says_where_it_listens_and_serves_there() -> None:
    with open_venue_process("--quiet") as control:
        url = f"http://127.0.0.1:{control.port}/api/v3/depth?symbol=BTCUSDT&limit=5"
        with urllib.request.urlopen(url) as answer:
            assert b"lastUpdateId" in answer.read()
        assert "demo" in control.truth()["accounts"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "--port is 0 to 65535"),
        (["--port", "x"], "invalid int value"),
        (["--speed", "-1"], "--speed is 0 to"),
        (["--play", "/no/such/file"], "is no file"),
    ],
)
def test_bad_arguments_are_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--quiet"]) == 1
    assert f"cannot listen on port {port}" in capsys.readouterr().err


def test_a_file_that_is_no_recording_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing of the kind\n")
    assert main(["--port", "0", "--play", str(path)]) == 1
    assert "holds no messages" in capsys.readouterr().err
