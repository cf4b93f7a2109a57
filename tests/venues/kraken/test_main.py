"""Starting the venue by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.venues.kraken.__main__ import main, parse
from tests.venues.kraken.keys import DEMO_KEY

ROOT = Path(__file__).resolve().parents[3]


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


def test_it_says_where_it_listens_and_with_which_keys() -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.venues.kraken", "--port", "0", "--quiet"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = started.stdout.readline()
            assert line
            said += line
        assert DEMO_KEY.key in said
        assert DEMO_KEY.secret in said
        found = re.search(r"REST +(http://127\.0\.0\.1:\d+)", said)
        assert found is not None
        url = f"{found.group(1)}/0/public/SystemStatus"
        assert httpx2.get(url, timeout=60).json()["result"]["status"] == "online"
        # A second one on the same port cannot be.
        port = found.group(1).rsplit(":", 1)[1]
        assert main(["--port", port, "--quiet"]) == 1
    finally:
        started.terminate()
        started.communicate()
