"""One line of text being edited: keys in, text and cursor out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.text import REPLACEMENT, safe


class LineEdit(NamedTuple):
    """Text, and the cursor as the number of characters before it."""

    text: str = ""
    cursor: int = 0

    @classmethod
    def at_end(cls, text: str) -> LineEdit:
        """`text` with the cursor behind it."""
        return cls(text, len(text))

    def inserted(self, text: str) -> LineEdit:
        """With `text` typed at the cursor."""
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        return LineEdit(before + text + after, self.cursor + len(text))

    def moved(self, to: int) -> LineEdit:
        """With the cursor elsewhere, inside the text."""
        return LineEdit(self.text, min(max(0, to), len(self.text)))

    def deleted(self, start: int, end: int) -> LineEdit:
        """Without the characters from `start` to `end`; the cursor goes where they were."""
        start, end = max(0, start), min(end, len(self.text))
        return LineEdit(self.text[:start] + self.text[end:], start)

    def word_start(self) -> int:
        """Where the word before the cursor begins."""
        before = self.text[: self.cursor].rstrip()
        return before.rfind(" ") + 1

    def word_end(self) -> int:
        """Where the word after the cursor ends."""
        skipped = len(self.text) - len(self.text[self.cursor :].lstrip())
        found = self.text.find(" ", skipped)
        return len(self.text) if found < 0 else found


_KEYS: dict[str, Callable[[LineEdit], LineEdit]] = {
    "left": lambda line: line.moved(line.cursor - 1),
    "right": lambda line: line.moved(line.cursor + 1),
    "home": lambda line: line.moved(0),
    "end": lambda line: line.moved(len(line.text)),
    "ctrl+left": lambda line: line.moved(line.word_start()),
    "ctrl+right": lambda line: line.moved(line.word_end()),
    "backspace": lambda line: line.deleted(line.cursor - 1, line.cursor) if line.cursor else line,
    "delete": lambda line: line.deleted(line.cursor, line.cursor + 1),
    "ctrl+w": lambda line: line.deleted(line.word_start(), line.cursor),
    "ctrl+u": lambda line: line.deleted(0, line.cursor),
    "ctrl+k": lambda line: line.deleted(line.cursor, len(line.text)).moved(line.cursor),
}
_KEYS |= {
    "ctrl+a": _KEYS["home"],
    "ctrl+e": _KEYS["end"],
    "ctrl+b": _KEYS["left"],
    "ctrl+f": _KEYS["right"],
    "ctrl+h": _KEYS["backspace"],
    "ctrl+d": _KEYS["delete"],
}


def press(line: LineEdit, key: str, character: str | None, longest: int) -> LineEdit | None:
    """`line` after a key; None if the key does not edit.

    Args:
        key: its name, as the terminal layer gives it.
        character: what it types, if it types something.
        longest: characters that the line may have; what is typed beyond is not taken.
    """
    if edit := _KEYS.get(key):
        return edit(line)
    if character is None or len(character) != 1 or not character.isprintable():
        return None
    return line.inserted(character) if len(line.text) < longest else line


def paste(line: LineEdit, text: str, longest: int) -> LineEdit:
    """`line` with the first line of `text` typed into it: a newline in it enters nothing."""
    first = text.lstrip("\r\n").splitlines()[:1]
    if not first:
        return line
    room = longest - len(line.text)
    shown = (char if char.isprintable() else REPLACEMENT for char in safe(first[0][:room]))
    return line.inserted("".join(shown))
