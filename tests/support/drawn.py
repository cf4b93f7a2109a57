"""Pictures of charts as text: the characters of all rows, then their styles."""

from __future__ import annotations

from itertools import groupby
from string import ascii_letters

from rich.style import Style
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tui.paint.frame import Frame


class PictureFile(SingleFileSnapshotExtension):
    """One text file for each picture."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


def drawn(frame: Frame) -> str:
    """Rows between bars, then each row's runs of styles, then what those are."""
    rows = ["".join(map(chr, row)) for row in frame.codes]
    names: dict[Style, str] = {}
    runs = [_runs([frame.palette.styles[number] for number in row], names) for row in frame.styles]
    said = [f"{name} {style}" for style, name in names.items()]
    return "\n".join([*(f"|{row}|" for row in rows), *runs, *said, ""])


def _runs(styles: list[Style], names: dict[Style, str]) -> str:
    """`a12 b3`: twelve cells in style a, three in b."""
    runs = [(style, len(list(same))) for style, same in groupby(styles)]
    return " ".join(f"{names.setdefault(style, ascii_letters[len(names)])}{n}" for style, n in runs)
