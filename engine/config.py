"""Configuration: TOML files into frozen structs, read once and passed down.

An error names the file, the key, what is wrong with it and the nearest known key. Unknown
keys are errors: a limit that is misspelt must not be a limit that is not there.
"""

from __future__ import annotations

import difflib
import math
import re
import typing
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import tomli
from msgspec import Meta

from engine.errors import ConfigError
from engine.text import safe

PERIODS: dict[str, int] = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3600,
    "4h": 14400,
    "1d": 86400,
}
"""Names of the chart periods, in seconds."""

ChartStyle = Literal["bars", "candles", "heikin-ashi", "curve", "area", "steps"]

PeriodName = Literal["1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d"]


class DeckConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[deck]`: what is shown, and how."""

    watch: Annotated[
        tuple[str, ...],
        Meta(description="markets to open with; empty: what the default broker lists first"),
    ] = ()
    theme: Annotated[
        str, Meta(description="a name from themes/ or from your own themes folder")
    ] = "night"
    swap_up_down: Annotated[bool, Meta(description="true where a rising market is red")] = False
    period: Annotated[PeriodName, Meta(description="the chart's period at start")] = "1m"
    style: Annotated[ChartStyle, Meta(description="how bars are drawn")] = "bars"
    price_scale: Annotated[
        Literal["linear", "log", "percent"], Meta(description="of the price axis")
    ] = "linear"
    closed_hours: Annotated[
        bool, Meta(description="whether hours without trading take their place on the time axis")
    ] = False
    history: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="a strip of all history under the chart; auto: where that is high enough"),
    ] = "auto"
    layout: Annotated[
        str, Meta(description="a layout that you saved, to open with; empty: one chart")
    ] = ""
    frame_hz: Annotated[
        float, Meta(ge=0.5, le=60, description="most repaints a second; less is less traffic")
    ] = 15.0
    timezone: Annotated[
        str, Meta(description="of the time axis: utc, local, or a name such as America/New_York")
    ] = "utc"
    route: Annotated[
        Literal["dark", "live"], Meta(description="how a staged order is routed at first")
    ] = "dark"
    size_unit: Annotated[
        Literal["slots", "units"], Meta(description="what digits and +/- count when staging")
    ] = "slots"
    glyphs: Annotated[
        Literal["auto", "braille", "blocks", "ascii"],
        Meta(description="what charts are drawn with"),
    ] = "auto"
    render: Annotated[
        Literal["cells", "plain"],
        Meta(description="cells: send changed cells only; plain: as Textual repaints"),
    ] = "cells"
    bandwidth: Annotated[
        Literal["auto", "full", "lean", "slow"],
        Meta(description="how much is sent; auto: what the link shows it can take"),
    ] = "auto"
    notify: Annotated[
        Literal["auto", "off", "osc9", "osc777"],
        Meta(description="desktop notifications of alerts; auto: where the terminal shows them"),
    ] = "auto"
    show_wire: Annotated[
        bool, Meta(description="pictures and bytes a second in the status line, from 100 columns")
    ] = False


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[engine]`: what goes on without a screen."""

    broker: Annotated[str, Meta(description="the broker whose markets are there at start")] = "sim"
    alert_command: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Program and arguments to run when an alert calls; {fqme}, {price}, "
            "{note} and {text} are put in. No shell sees it. Empty runs nothing."
        ),
    ] = ()
    dark_through_ticks: Annotated[
        int,
        Meta(
            ge=0, description="how many price ticks through the market a triggered dark order goes"
        ),
    ] = 5
    answer_timeout_s: Annotated[
        float,
        Meta(gt=0, le=600, description="seconds without an answer that make an order unknown"),
    ] = 10.0
    stale_after_s: Annotated[
        float, Meta(gt=0, le=86400, description="seconds without data that make a market stale")
    ] = 10.0
    kept_bars: Annotated[
        int,
        Meta(
            ge=1000,
            description="bars of a market and period that are kept in a long session; charts "
            "that ask for more have more",
        ),
    ] = 200_000
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="least severe line logged")
    ] = "info"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `config.toml`."""

    deck: DeckConfig = DeckConfig()
    engine: EngineConfig = EngineConfig()


T = TypeVar("T")


def load_config(path: Path, environ: Mapping[str, str] = {}) -> Config:
    """The configuration in `path`, defaults where it is silent or not there.

    A variable `TICKDECK_DECK_THEME` beats key `theme` of `[deck]`, and so on.

    Raises:
        ConfigError: not readable, not TOML, an unknown key, or a value that does not fit.
    """
    table = read_toml(path)
    for section, key, text in _from_environ(environ):
        part = table.setdefault(section, {})
        if isinstance(part, dict):
            part[key] = text
    return convert(table, Config, str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; none if there is no such file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{safe(path)}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ConfigError(f"{safe(path)}: cannot be read: {error.strerror}") from error
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{safe(path)}: not valid TOML: {safe(error)}") from error


def convert(table: Any, wanted: type[T], where: str, *, under: str = "") -> T:
    """`table` as a struct of type `wanted`; `where` and `under` name file and table in errors.

    Raises:
        ConfigError: an unknown key (with the nearest known one), or a value that does not fit.
    """
    _refuse_unknown_keys(table, wanted, where, under)
    try:
        converted = msgspec.convert(table, wanted, strict=False)
    except msgspec.ValidationError as error:
        explained = _explain(str(error), under)
        raise ConfigError(f"{where}: {explained}", hint=_choice(str(error), wanted)) from error
    for path in _not_finite(converted, under):
        raise ConfigError(f"{where}: {path}: expected a number, got nan or infinity")
    return converted


def template() -> str:
    """A `config.toml` that changes nothing: every key with what it does, commented out."""
    sections = [
        _template_section(field.name, field.type.cls, field.default)
        for field in msgspec.inspect.type_info(Config).fields  # type: ignore[attr-defined]
    ]
    return "# tickdeck configuration. What is commented out is the default.\n\n" + "\n".join(
        sections
    )


def _template_section(name: str, struct: type[Any], defaults: Any) -> str:
    lines = [f"[{name}]"]
    for key, hint in typing.get_type_hints(struct, include_extras=True).items():
        value = getattr(defaults, key)
        lines.append(f"# {_description(hint)}")
        lines.append(f"# {key} = {_toml_value(value)}\n")
    return "\n".join(lines)


def _description(hint: Any) -> str:
    texts = [meta.description for meta in getattr(hint, "__metadata__", ()) if meta.description]
    return " ".join([*texts, _choices(hint)]).strip()


def _choices(hint: Any) -> str:
    inner = typing.get_args(hint)[0] if typing.get_args(hint) else hint
    if typing.get_origin(inner) is Literal:
        return "(" + ", ".join(str(choice) for choice in typing.get_args(inner)) + ")"
    return ""


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(part) for part in value) + "]"
    return str(value)


def _from_environ(environ: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """(section, key, value) of each variable that names a key of `config.toml`."""
    found: list[tuple[str, str, Any]] = []
    for section, struct in (("deck", DeckConfig), ("engine", EngineConfig)):
        for key in struct.__struct_fields__:
            text = environ.get(f"TICKDECK_{section}_{key}".upper())
            if text is not None:
                found.append((section, key, text.split(",") if key == "watch" else text))
    return found


def _refuse_unknown_keys(table: Any, wanted: Any, where: str, under: str) -> None:
    if typing.get_origin(wanted) is Mapping:  # tables by a name of the user's own
        if isinstance(table, Mapping):
            for name, part in table.items():
                path = f'{under}."{safe(name, 60)}"'
                _refuse_unknown_keys(part, typing.get_args(wanted)[1], where, path)
        return
    wanted = _struct_of(wanted)
    fields = getattr(wanted, "__struct_fields__", None)
    if fields is None or not isinstance(table, Mapping):
        return
    hints = typing.get_type_hints(wanted)
    for key, value in table.items():
        path = f"{under}.{key}" if under else str(key)
        if key not in fields:
            raise ConfigError(f"{where}: unknown key {safe(path, 80)!r}", hint=nearest(key, fields))
        _refuse_unknown_keys(value, hints[key], where, path)


def _struct_of(hint: Any) -> Any:
    """The struct in `Struct | None`; anything else as it is."""
    parts = [part for part in typing.get_args(hint) if hasattr(part, "__struct_fields__")]
    return parts[0] if len(parts) == 1 else hint


def _not_finite(value: Any, path: str) -> typing.Iterator[str]:
    """Where in a struct there is a NaN or an infinity: as a limit it would limit nothing."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _not_finite(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _not_finite(part, f"{path}.{safe(name, 60)}" if path else safe(name, 60))
    elif isinstance(value, float | Decimal) and not math.isfinite(value):
        yield path


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """`did you mean ...?` for a word that is not among the known ones."""
    names = sorted(known)
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(names)


def _choice(message: str, wanted: Any) -> str:
    """For a value that is none of a key's choices: the nearest, or all of them."""
    match = re.match(r"Invalid enum value '(.*)' - at `\$\.(.*)`$", message)
    if match is None:
        return ""
    hint: Any = wanted
    for key in match[2].split("."):
        hint = typing.get_type_hints(_struct_of(hint)).get(key)
        if hint is None:
            return ""
    choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
    return nearest(match[1], map(str, choices)) if choices else ""


def _explain(message: str, under: str) -> str:
    """msgspec's sentence with the key in front: `deck.frame_hz: expected float, got str`."""
    text, _, place = message.partition(" - at `")
    key = re.sub(r"^\$\.?", "", place.rstrip("`"))
    path = ".".join(part for part in (under, key) if part)
    sentence = text[:1].lower() + text[1:].replace("`", "")
    return f"{safe(path, 120)}: {safe(sentence)}" if path else safe(sentence)
