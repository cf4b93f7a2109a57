"""Logs: key=value lines in a file, since the terminal belongs to the deck.

States are logged, not traffic. Every line is made safe: what a venue says may be hostile,
and people read logs in terminals.
"""

from __future__ import annotations

import logging
import logging.handlers
import time
from pathlib import Path
from typing import Any

from engine.text import safe

ROOTS = ("engine", "brokers", "tui")
"""Every logger of ours lies below one of these, by the name of its module."""
_MAX_BYTES = 5_000_000
_KEPT_FILES = 3


class _KeyValue(logging.Formatter):
    """`2026-01-31T12:00:00.123Z level=info logger=ems text="..."`, always one line."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        parts = [
            f"{stamp}.{int(record.msecs):03d}Z",
            f"level={record.levelname.lower()}",
            f"logger={record.name}",
            f"text={_quoted(record.getMessage())}",
        ]
        parts += [f"{key}={_quoted(value)}" for key, value in getattr(record, "bound", {}).items()]
        if record.exc_info:
            parts.append(f"error={_quoted(self.formatException(record.exc_info))}")
        return " ".join(parts)


class BoundLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines all carry the same key=value pairs."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        kwargs["extra"] = {"bound": self.extra or {}}
        return msg, kwargs


def logger(name: str, **bound: object) -> BoundLogger:
    """The logger of module `name`, bound to what its lines are about."""
    return BoundLogger(logging.getLogger(name), bound)


def log_to(path: Path, level: str) -> None:
    """Send all log lines of this process to `path`, rotated at 5 MB, three old files kept.

    Raises:
        OSError: the folder cannot be made or the file not opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
    )
    handler.setFormatter(_KeyValue())
    for name in ROOTS:
        root = logging.getLogger(name)
        for old in root.handlers[:]:
            root.removeHandler(old)
            old.close()
        root.addHandler(handler)
        root.setLevel(level.upper())
        root.propagate = False


def log_nowhere() -> None:
    """Drop all log lines of this process: for commands that print what they find."""
    for name in ROOTS:
        root = logging.getLogger(name)
        if not root.handlers:
            root.addHandler(logging.NullHandler())
            root.propagate = False


def _quoted(value: object) -> str:
    # Line breaks of a traceback stay readable, as the two characters \n.
    text = safe(str(value).replace("\\", "\\\\").replace("\n", "\\n"), limit=20_000)
    return '"' + text.replace('"', '\\"') + '"'
