"""The screen in ASCII, for terminals that can show nothing else.

What dots are drawn with is chosen where they are painted (`tui.paint.cells`); everything else,
marks, borders, arrows and names from outside, is put into ASCII on its way to the terminal,
each character by one that takes as many cells.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual.driver import Driver

_KNOWN = {
    **dict.fromkeys("─━╌╍┄┅┈┉═╴╶╸╺", "-"),
    **dict.fromkeys("│┃╎╏┆┇┊┋║▌▐▏▕", "|"),
    "↑": "^",
    "↓": "v",
    "←": "<",
    "→": ">",
    "…": "~",
    "·": "|",
    "–": "-",
    "—": "-",
    "●": "*",
    "○": "o",
    "◐": "d",
    "◇": "*",
    "■": "=",
    "▸": ">",
    "◂": "<",
    "»": ">",
    "▶": ">",
    "‖": "=",
    "↻": "@",
    "✖": "x",
    "▁": "_",
    "▔": "-",
}


class _Table(dict[int, str]):
    """For `str.translate`; what is not known yet is looked up once."""

    def __missing__(self, code: int) -> str:
        if code < 0x80:
            text = chr(code)
        elif 0x2500 <= code <= 0x257F:
            text = "+"
        elif 0x2580 <= code <= 0x259F:
            text = "#"
        else:
            text = "?" * cell_len(chr(code))
        self[code] = text
        return text


_TABLE = _Table({ord(character): text for character, text in _KNOWN.items()})


def to_ascii(text: str) -> str:
    """`text` in ASCII and of the same width; escape sequences pass as they are."""
    return text.translate(_TABLE)


def ascii_driver(driver: type[Driver]) -> type[Driver]:
    """`driver`, writing nothing but ASCII."""

    class AsciiDriver(driver):  # type: ignore[valid-type,misc]
        def write(self, data: str) -> None:
            super().write(to_ascii(data))

    return AsciiDriver
