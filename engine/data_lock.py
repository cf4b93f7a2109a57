"""One engine for one data directory: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DataInUse
from engine.text import safe

FILE = "engine.lock"


@contextmanager
def lock_data(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` while the block is open.

    The lock is the kernel's (flock): a killed process leaves none behind. The file stays, and
    says who held it last.

    Raises:
        DataInUse: another process holds it; the message names it.
        OSError: the directory or its file cannot be made.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = safe(os.pread(handle, 64, 0).decode("ascii", "replace").strip(), 64)
            raise DataInUse(
                f"another engine works on {safe(data_dir)} (process {holder or 'unknown'})",
                hint="attach to it, end it, or name another place with --data-dir",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(handle)
