"""One line on a terminal that says how far long work has come; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from typing import Self

EVERY_S = 0.2
CLEAR = "\r\x1b[K"


class Progress:
    """Tells of work on stderr, if that is a terminal. Use as a context manager."""

    def __init__(self, what: str, *, quiet: bool = False, total: int = 0) -> None:
        self.what = what
        self.total = total
        """0: not known."""
        self._shown = not quiet and sys.stderr.isatty()
        self._told_at = 0.0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._told_at:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def tell(self, done: int, more: str = "") -> None:
        """So much is done; cheap to call often."""
        if not self._shown:
            return
        now = time.monotonic()
        if now - self._told_at < EVERY_S:
            return
        self._told_at = now
        rate = done / (now - self._began) if now > self._began else 0.0
        of = f" of {self.total:,}" if self.total else ""
        sys.stderr.write(f"{CLEAR}{self.what}: {done:,}{of}  {rate:,.0f}/s  {more}".rstrip())
        sys.stderr.flush()
