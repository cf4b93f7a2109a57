"""What a terminal sends, put into whole sequences; its answers taken out of it.

A slow line cuts sequences in two. Textual waits a tenth of a second for the rest of one and
then takes each character of it for a key; of an answer `ESC [ ? 7 ; 2 $ y` that would be
digits, which set sizes, and a `y`. Here a sequence is passed on whole or not at all, and what
only answers a question (also one that a program asked that ran here before) is no key.

Sources: ECMA-48 (5th edition) 5.4 and 5.6 for the forms of sequences; xterm's control
sequences (ctlseqs) for answers: DA, DSR, DECRPM, window reports, OSC and DCS.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PATIENCE_S = 0.2
"""How long that is held which may be a key: escape while an answer is awaited, or alt and the
letter that begins a string."""

PARTED_S = (0.09, 5.0)
"""Between these times what comes after a lone escape may be the rest of a sequence of which that
was the first character. Before, Textual still waits for the rest itself."""

STRING_S = 2.0
"""How long the rest of a string that began is waited for."""

_WHOLE = re.compile(
    r"\x1b(?:"
    r"\[\[."  # function keys of the Linux console
    r"|\[M..."  # the mouse, in its first form
    r"|\[\d+\$(?!y)"  # shifted keys of rxvt
    r"|\[(?![\[M])[0-?]*[ -/]*[@-~]"
    r"|O."
    r"|[\]PX^_][^\x07\x18\x1a\x1b]*(?:\x07|\x1b\\)"
    r"|[^\[O\]PX^_\x1b]"
    r")",
    re.DOTALL,
)
_BEGUN = re.compile(
    r"\x1b(?:\[(?:\[|M.{0,2}|[0-?]*[ -/]*)|O|[\]PX^_](?:[^\x07\x18\x1a\x1b]*\x1b?))?\Z", re.DOTALL
)
_BROKEN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x18\x1a\x1b]*)?")
_REPORT = re.compile(r"\x1b\[\?(\d{1,5});(\d)\$y")
_MODIFIED = re.compile(r"1;[2-8]")
"""Parameters of a key pressed with others."""

_WINDOW = re.compile(r"\x1b\[48;[\d;:]*t")

_REST = re.compile(r"\[[?<>=]")
"""How the rest of an answer, or of a report of the mouse, begins."""

_MOST_HELD = 4096
"""Characters of one sequence. What is longer is noise, and dropped."""


class ModeReport(NamedTuple):
    """A terminal's answer about one of its private modes (DECRPM)."""

    mode: int
    setting: int
    """0: it does not know the mode."""


class Intake:
    """Takes text as it comes; gives it back in whole sequences."""

    def __init__(self, *own_modes: int) -> None:
        """Reports on `own_modes` are not passed on."""
        self._own_modes = own_modes
        self._held = ""
        self._held_since = 0.0
        self._escaped_at: float | None = None
        """When a lone escape was passed on, if that was the last that came."""
        self.reports: list[ModeReport] = []
        """Answers that came; for the reader to take away."""
        self.is_asked = False
        """An answer is on its way, so that a lone escape may be its beginning."""

    @property
    def holds(self) -> bool:
        """Whether the beginning of a sequence is kept here."""
        return bool(self._held)

    def feed(self, text: str, now_s: float) -> str:
        """What of all that came is whole now, and can be a key, the mouse or a paste."""
        text, self._held = self._held + self._rejoined(text, now_s), ""
        passed: list[str] = []
        at = 0
        while (start := text.find("\x1b", at)) >= 0:
            passed.append(text[at:start])
            if whole := _WHOLE.match(text, start):
                passed.append(self._kept(whole.group()))
                at = whole.end()
            elif _BEGUN.match(text, start):
                self._hold(text[start:], now_s, passed)
                at = len(text)
            else:
                broken = _BROKEN.match(text, start)
                assert broken is not None, "it begins with an escape"
                if len(broken.group()) <= 2 and broken.group() != "\x1b[":
                    passed.append(broken.group())
                at = broken.end()
        passed.append(text[at:])
        out = "".join(passed)
        if out.endswith("\x1b"):
            self._escaped_at = now_s
        return out

    def _rejoined(self, text: str, now_s: float) -> str:
        """`text` with its escape, where that came alone and was taken for the key."""
        if not text:
            return text
        escaped_at, self._escaped_at = self._escaped_at, None
        if escaped_at is None or not _REST.match(text):
            return text
        parted_s = now_s - escaped_at
        return f"\x1b{text}" if PARTED_S[0] <= parted_s <= PARTED_S[1] else text

    def tick(self, now_s: float) -> str:
        """What was held too long to be the beginning of more, and so is a key."""
        held, waited_s = self._held, now_s - self._held_since
        if held[1:2] in ("[", "O"):
            return ""  # the rest comes, however late: no key that is used here begins so
        if held and len(held) <= 2 and waited_s >= PATIENCE_S:
            self._held = ""
            self._escaped_at = now_s if held == "\x1b" else None
            return held
        if waited_s >= STRING_S:
            self._held = ""
        return ""

    def _hold(self, text: str, now_s: float, passed: list[str]) -> None:
        if text == "\x1b" and not self.is_asked:
            passed.append(text)  # the escape key, as far as one can know
        elif len(text) <= _MOST_HELD:
            self._held, self._held_since = text, now_s

    def _kept(self, sequence: str) -> str:
        """`sequence`, unless it is an answer."""
        if report := _REPORT.fullmatch(sequence):
            mode = int(report[1])
            self.reports.append(ModeReport(mode, int(report[2])))
            return "" if mode in self._own_modes else sequence
        kind, body = sequence[1], sequence[2:-1]
        if kind in "]PX^_" and len(sequence) > 2:
            return ""
        if kind != "[" or not body or _WINDOW.fullmatch(sequence):
            return sequence
        is_answer = body[0] in "?>=" or (body[0].isdigit() and sequence[-1] in "cntxy")
        return "" if is_answer and not _MODIFIED.fullmatch(body) else sequence
