"""Layouts by name: which charts there are, what each shows, and which panels are hidden.

They are kept in one JSON file, which is replaced as a whole, so that none is ever half
written. A file that cannot be read is put aside and told of: nothing a person made is lost.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from engine.config import PERIODS
from engine.errors import UsageError
from engine.instruments import parse_fqme
from engine.text import safe
from tui.charts.panes import GRIDS, MOST_OVERLAYS, PaneSpec
from tui.language.words import nearest
from tui.paint.scene import STYLES
from tui.screens.layout import PANELS

MOST = 100
"""Layouts in one file."""

_NAME = re.compile(r"[\w-]{1,32}")

_MOST_BYTES = 1 << 20


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the deck is arranged."""

    panes: Annotated[tuple[PaneSpec, ...], Meta(min_length=1, max_length=max(GRIDS))]
    active: Annotated[int, Meta(ge=0)] = 0
    period_s: int = 60
    """Of all linked charts."""
    hidden: tuple[str, ...] = ()
    """Panels that are closed."""
    history: bool | None = None
    """The strip of all history; None where the chart is high enough."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = 1
    layouts: dict[str, Layout] = {}


class Layouts:
    """All saved layouts."""

    def __init__(self, path: Path | None) -> None:
        """`path` is the file; None keeps them for as long as the deck is there."""
        self._path = path
        self._layouts: dict[str, Layout] = {}
        self.problem = ""
        """What was wrong with the file; empty if nothing."""
        if path is not None:
            self._read(path)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all layouts, sorted."""
        return tuple(sorted(self._layouts))

    def named(self, name: str) -> Layout:
        """Raises `UsageError`: there is none of that name."""
        if name not in self._layouts:
            hint = nearest(name, self._layouts) or ":layout save NAME makes one"
            raise UsageError(f"no layout named {safe(name, 40)!r}", hint=hint)
        return self._layouts[name]

    def save(self, name: str, layout: Layout) -> bool:
        """Keep a layout. False if there was one of that name, which it replaces.

        Raises:
            UsageError: not a name, too many of them, or the file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{safe(name, 40)!r} is no name for a layout", hint="letters, digits, - and _"
            )
        is_new = name not in self._layouts
        if is_new and len(self._layouts) >= MOST:
            raise UsageError(f"there are {MOST} layouts", hint=":layout delete NAME takes one away")
        self._keep({**self._layouts, name: layout})
        return is_new

    def delete(self, name: str) -> None:
        """Raises `UsageError`: there is none of that name, or the file cannot be written."""
        self.named(name)
        self._keep({kept: one for kept, one in self._layouts.items() if kept != name})

    # -- the file -------------------------------------------------------------------------------

    def _read(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
            self._layouts = _parsed(data)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = f"{safe(path)}: cannot be read: {error.strerror}"
            self._path = None  # what cannot be read must not be replaced
        except (msgspec.MsgspecError, ValueError, UsageError) as error:
            self.problem = f"{safe(path)}: {safe(error, 160)}; {self._put_aside(path)}"

    def _put_aside(self, path: Path) -> str:
        """Move a file that is no good out of the way, to a name that nothing has."""
        aside = path.with_suffix(".bad")
        number = 1
        while aside.exists():
            number += 1
            aside = path.with_suffix(f".bad{number}")
        try:
            path.rename(aside)
        except OSError:
            self._path = None
            return "left as it is; layouts are not kept this time"
        return f"kept as {safe(aside.name)}"

    def _keep(self, layouts: dict[str, Layout]) -> None:
        if self._path is not None:
            try:
                _write(self._path, msgspec.json.encode(_File(layouts=layouts)))
            except OSError as error:
                raise UsageError(
                    f"{safe(self._path)}: cannot be written: {error.strerror}"
                ) from error
        self._layouts = layouts


def _parsed(data: bytes) -> dict[str, Layout]:
    """Raises `ValueError` or `msgspec.MsgspecError`: not what was written here."""
    if len(data) > _MOST_BYTES:
        raise ValueError("too large for layouts")
    file = msgspec.json.decode(data, type=_File)
    if file.version != 1:
        raise ValueError(f"written by a later version ({file.version})")
    for name, layout in file.layouts.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{safe(name, 40)!r} is no name for a layout")
        if fault := fault_of(layout):
            raise ValueError(f"layout {name}: {fault}")
    return file.layouts


def fault_of(layout: Layout) -> str:
    """Why a layout cannot be shown; empty if it can."""
    if len(layout.panes) not in GRIDS or layout.active >= len(layout.panes):
        return f"no grid of {len(layout.panes)} charts with chart {layout.active + 1} active"
    if layout.period_s not in PERIODS.values():
        return f"no period of {layout.period_s} seconds"
    if unknown := set(layout.hidden) - set(PANELS):
        return f"no panel named {safe(min(unknown), 40)}"
    faults = (_fault_of_pane(spec) for spec in layout.panes)
    return next((fault for fault in faults if fault), "")


def _fault_of_pane(spec: PaneSpec) -> str:
    if spec.style not in STYLES:
        return f"no style {safe(spec.style, 40)}"
    if spec.period_s and spec.period_s not in PERIODS.values():
        return f"no period of {spec.period_s} seconds"
    slots = [overlaid.slot for overlaid in spec.overlays]
    if len(set(slots)) < len(slots) or not all(1 <= slot <= MOST_OVERLAYS for slot in slots):
        return "two overlays of one colour, or of none"
    for fqme in (spec.fqme, *(overlaid.fqme for overlaid in spec.overlays)):
        try:
            parse_fqme(fqme or "x.y")
        except UsageError as error:
            return str(error)
    return ""


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole, or leave it as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(msgspec.json.format(data, indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
