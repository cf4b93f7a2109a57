"""`tickdeck config path|init|check`."""

from pathlib import Path

import pytest

from engine.config import Config, load_config
from engine.locations import Locations, find_locations
from tui.commands.config import check, print_paths, write_templates
from tui.keymap import DEFAULT_KEYMAP, load_keymap


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return find_locations({}, config=tmp_path / "config", data_dir=tmp_path / "data")


def test_paths_say_what_is_not_there(places: Locations, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == print_paths(places)

    lines = capsys.readouterr().out.splitlines()
    assert f"config    {places.config_file}  (not there)" == lines[0]
    assert 9 == len(lines)


def test_init_writes_a_file_that_changes_nothing(places: Locations) -> None:
    assert 0 == write_templates(places, force=False)

    assert Config() == load_config(places.config_file)
    assert DEFAULT_KEYMAP == load_keymap(places.keys_file)
    assert 0 == check(places)


def test_init_keeps_what_is_there(places: Locations) -> None:
    places.config_dir.mkdir()
    places.config_file.write_text("[deck]\n")

    assert 73 == write_templates(places, force=False)
    assert "[deck]\n" == places.config_file.read_text()
    assert places.keys_file.exists()


def test_init_overwrites_when_told_to(places: Locations) -> None:
    places.config_dir.mkdir()
    places.config_file.write_text("[deck]\n")

    assert 0 == write_templates(places, force=True)
    assert "theme" in places.config_file.read_text()


def test_check_reports_a_fault_of_every_file(
    places: Locations, capsys: pytest.CaptureFixture[str]
) -> None:
    places.themes_dir.mkdir(parents=True)
    places.config_file.write_text("[deck]\nthme = 1\n")
    places.brokers_file.write_text("[accounts.x]\nbroker = 'sin'\n")
    places.keys_file.write_text("nonsense = [\n")
    (places.themes_dir / "mine.toml").write_text("up = 3\n")

    assert 78 == check(places)

    said = capsys.readouterr().out
    for name in ("config.toml", "brokers.toml", "keys.toml", "mine.toml"):
        assert name in said
    assert "did you mean 'theme'?" in said


def test_check_knows_the_themes(places: Locations, capsys: pytest.CaptureFixture[str]) -> None:
    places.config_dir.mkdir()
    places.config_file.write_text("[deck]\ntheme = 'nigth'\n")

    assert 78 == check(places)
    assert "did you mean 'night'?" in capsys.readouterr().out
