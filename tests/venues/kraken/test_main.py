"""Starting the venue by hand."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.venues.kraken.__main__ import main, parse
from tests.venues.kraken.rig import open_venue_process


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["--port", "99999"], "--port: expected a number from 0 to 65535"),
        (["--port", "x"], "--port: expected a number from 0 to 65535"),
        (["--play", "/no/such/file"], "--play: there is no file /no/such/file"),
        (["--speed", "2"], "--speed is of --play FILE"),
        (["--play", __file__, "--speed", "-1"], "--speed: expected a number, 0 or more"),
        (["--seed", "x"], "--seed: invalid int value"),
        (["--patience", "0"], "--patience: expected more than 0"),
        (["--tier", "gold"], "--tier: invalid choice"),
        (["--what"], "unrecognized arguments"),
    ],
)
def test_what_cannot_be_meant_is_said(
    given: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(given)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_it_listens_until_it_is_ended_and_another_cannot_have_its_port(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_venue_process("--quiet") as control:
        url = f"http://127.0.0.1:{control.port}"
        answer = httpx2.get(f"{url}/0/public/Depth?pair=XBTUSD", timeout=60).json()
        assert len(answer["result"]["XXBTZUSD"]["bids"]) == 20
        assert list(control.truth()["accounts"]) == ["demo"]
        assert main(["--port", str(control.port), "--quiet"]) == 1
    assert "python -m tests.venues.kraken: " in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "hello\n", '{"channel":"heartbeat"}\n'])
def test_a_recording_of_something_else_is_not_played(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.ndjson"
    path.write_text(content)
    assert main(["--port", "0", "--play", str(path)]) == 1
    told = capsys.readouterr()
    assert "notes.ndjson holds no messages of Kraken's market channels" in told.err
    assert told.out == ""
