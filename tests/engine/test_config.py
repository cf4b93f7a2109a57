"""Configuration is read strictly, and its errors say file, key, fault and remedy."""

from pathlib import Path

import msgspec
import pytest
import tomli

from engine.config import PERIODS, Config, DeckConfig, EngineConfig, load_config, template
from engine.errors import ConfigError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert Config() == load_config(tmp_path / "config.toml")


def test_what_the_file_says_beats_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, '[deck]\ntheme = "day"\nwatch = ["btcusdt.spot.sim"]\n')

    config = load_config(path)

    assert (config.deck.theme, config.deck.watch) == ("day", ("btcusdt.spot.sim",))
    assert DeckConfig().period == config.deck.period


def test_a_variable_beats_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[deck]\ntheme = "day"\n')
    environ = {
        "TICKDECK_DECK_THEME": "night",
        "TICKDECK_DECK_WATCH": "a.sim,b.sim",
        "TICKDECK_ENGINE_DARK_THROUGH_TICKS": "3",
        "TICKDECK_DECK_SWAP_UP_DOWN": "true",
    }

    config = load_config(path, environ)

    assert (config.deck.theme, config.deck.watch) == ("night", ("a.sim", "b.sim"))
    assert config.engine.dark_through_ticks == 3
    assert config.deck.swap_up_down


@pytest.mark.parametrize(
    ("text", "fault", "hint"),
    [
        ("[deck]\nthme = 1\n", "unknown key 'deck.thme'", "did you mean 'theme'?"),
        ("[dekc]\n", "unknown key 'dekc'", "did you mean 'deck'?"),
        ("[deck]\nqqqq = 1\n", "unknown key 'deck.qqqq'", "known: "),
        ("[deck]\nframe_hz = 'fast'\n", "deck.frame_hz: expected float, got str", ""),
        ("[deck]\nframe_hz = 1000\n", "deck.frame_hz: expected float <= 60", ""),
        ("[deck]\nframe_hz = nan\n", "deck.frame_hz: expected float", ""),
        ("[engine]\nanswer_timeout_s = inf\n", "engine.answer_timeout_s: expected float", ""),
        ("[deck]\nperiod = '2m'\n", "deck.period: invalid enum value '2m'", ""),
        ("deck = 3\n", "deck: expected object, got int", ""),
        ("deck = \n", "not valid TOML", ""),
        (b"\xff\xfe", "not UTF-8", ""),
        ("[" * 5000, "not valid TOML", ""),
    ],
)
def test_a_fault_is_named_with_file_and_key(
    tmp_path: Path, text: str | bytes, fault: str, hint: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    assert str(caught.value).startswith(str(path))
    assert fault in str(caught.value)
    assert caught.value.hint.startswith(hint)
    assert caught.value.exit_code == 78


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_hostile_keys_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = written(tmp_path, '"\\u001b[2J" = 1\n')

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    assert "\x1b" not in str(caught.value)


def test_the_template_changes_nothing(tmp_path: Path) -> None:
    assert Config() == load_config(written(tmp_path, template()))


def test_the_template_with_every_line_taken_in_is_the_defaults() -> None:
    lines = (line.removeprefix("# ") for line in template().splitlines() if "# " in line)
    settings = [line for line in template().splitlines() if line.startswith("[")]
    assert settings == ["[deck]", "[engine]"]

    taken = "\n".join(
        line.removeprefix("# ") if " = " in line and not line.startswith("# tickdeck") else line
        for line in template().splitlines()
    )
    assert Config() == msgspec.convert(tomli.loads(taken), Config)
    assert any("theme" in line for line in lines)


def test_the_template_explains_every_key() -> None:
    text = template()

    for key in (*DeckConfig.__struct_fields__, *EngineConfig.__struct_fields__):
        before = text[: text.index(f"# {key} = ")].splitlines()[-1]
        assert before.startswith("# "), key
        assert len(before) > 5, key


def test_periods_grow_and_divide_a_day() -> None:
    seconds = list(PERIODS.values())

    assert sorted(seconds) == seconds
    assert all(86_400 % period == 0 for period in seconds)


def test_a_value_that_is_none_of_the_choices_has_the_nearest_as_its_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"deck\.route") as caught:
        load_config(written(tmp_path, '[deck]\nroute = "darc"\n'))

    assert caught.value.hint == "did you mean 'dark'?"
