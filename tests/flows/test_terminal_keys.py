"""In a terminal: the passphrase of the keys is asked for before the deck takes the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.credentials import Secret
from engine.keystore.encrypted import Encrypted
from engine.keystore.sealed import Costs
from tests.support.canary import Canary
from tests.support.keys import made
from tests.support.terminal import Terminal, is_braille

PASSPHRASE = "correct horse battery staple"
ACCOUNTS = '[accounts.main]\nbroker = "sim"\nserves = ["sim"]\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "brokers.toml").write_text(ACCOUNTS)
    store = Encrypted(tmp_path / "secrets.enc", costs=Costs(n=2, r=1))
    store.unlock(Secret(PASSPHRASE))
    store.keep("main", made("abc", "def"))
    return tmp_path


def deck(place: Path, **variables: str) -> Terminal:
    environ = {**os.environ, "TICKDECK_CONFIG": str(place), "TICKDECK_DATA_DIR": str(place)}
    environ |= {f"TICKDECK_{name}": text for name, text in variables.items()}
    return Terminal([sys.executable, "-m", "tui"], environ=environ, cwd=Path(__file__).parents[2])


def test_the_deck_opens_once_the_passphrase_is_right(place: Path) -> None:
    with Canary(place, may_hold=[place / "secrets.enc"]) as canary, deck(place) as terminal:
        canary.hide(PASSPHRASE, "the passphrase")
        terminal.wait_for(lambda text: "Passphrase of" in text)
        terminal.type("wrong horse\n")
        terminal.wait_for(lambda text: "does not open with this passphrase" in text)
        assert b"\x1b[?1049h" not in terminal.output
        terminal.type(f"{PASSPHRASE}\n")
        terminal.wait_for(is_braille)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        canary.see(terminal.output, "the terminal")


def test_the_deck_opens_without_it_too(place: Path) -> None:
    with deck(place) as terminal:
        terminal.wait_for(lambda text: "Enter: go on without" in text)
        terminal.type("\n")
        terminal.wait_for(is_braille)


def test_a_passphrase_from_the_environment_is_not_asked_for(place: Path) -> None:
    with deck(place, PASSPHRASE=PASSPHRASE) as terminal:
        terminal.wait_for(is_braille)
        assert b"Passphrase" not in terminal.output


def test_a_wrong_one_from_the_environment_ends_it_before_the_screen_opens(place: Path) -> None:
    with deck(place, PASSPHRASE="wrong horse") as terminal:
        assert terminal.wait_exit() == 69
        assert b"does not open with this passphrase" in terminal.output
        assert b"\x1b[?1049h" not in terminal.output
