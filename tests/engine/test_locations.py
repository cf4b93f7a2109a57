"""Where files live: the option beats the variable, which beats XDG."""

from pathlib import Path

import pytest

from engine.locations import find_locations


@pytest.fixture(autouse=True)
def xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


def test_places_follow_xdg(xdg: Path) -> None:
    places = find_locations({"XDG_RUNTIME_DIR": "/run/user/7"})

    assert xdg / "config/tickdeck/config.toml" == places.config_file
    assert xdg / "config/tickdeck/brokers.toml" == places.brokers_file
    assert xdg / "config/tickdeck/keys.toml" == places.keys_file
    assert xdg / "config/tickdeck/themes" == places.themes_dir
    assert xdg / "data/tickdeck" == places.data_dir
    assert xdg / "state/tickdeck/tickdeck.log" == places.log_file
    assert Path("/run/user/7/tickdeck") == places.runtime_dir


def test_a_config_file_brings_its_folder() -> None:
    places = find_locations({}, config=Path("/a/mine.toml"))

    assert Path("/a/mine.toml") == places.config_file
    assert Path("/a/brokers.toml") == places.brokers_file


def test_a_config_folder_holds_all_files() -> None:
    assert Path("/a/b/config.toml") == find_locations({}, config=Path("/a/b")).config_file


def test_a_data_dir_keeps_everything_together() -> None:
    places = find_locations({"XDG_RUNTIME_DIR": "/run/user/7"}, data_dir=Path("/d"))

    assert Path("/d") == places.data_dir
    assert Path("/d/state/command_history") == places.history_file
    assert Path("/d/state/run") == places.runtime_dir


def test_without_a_runtime_dir_sockets_stay_out_of_tmp(xdg: Path) -> None:
    assert xdg / "state/tickdeck/run" == find_locations({}).runtime_dir


def test_an_option_beats_the_variable() -> None:
    environ = {"TICKDECK_CONFIG": "/env", "TICKDECK_DATA_DIR": "/envdata"}

    assert Path("/env/config.toml") == find_locations(environ).config_file
    assert Path("/envdata") == find_locations(environ).data_dir
    assert Path("/opt/config.toml") == find_locations(environ, config=Path("/opt")).config_file
    assert Path("/o") == find_locations(environ, data_dir=Path("/o")).data_dir
