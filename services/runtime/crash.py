"""Crash points for the fault tests: the process kills itself at a named place, without a trace.

Inert unless `OMNIROUTE_CRASH_AT` names a point, or `OMNIROUTE_CRASH_ON` holds a text: then the
process dies when it is about to work on a record whose value holds it. `OMNIROUTE_CRASH_AFTER` (default 1) says at
which passing of the point. SIGKILL, so that nothing can be tidied up, as in a power cut.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

BEFORE_TRANSACTION = "before_transaction"
AFTER_SOME_SENDS = "after_some_sends"
AFTER_COMMIT = "after_commit"
BEFORE_APPLY = "before_apply"
DURING_APPLY = "during_apply"
POINTS = (BEFORE_TRANSACTION, AFTER_SOME_SENDS, AFTER_COMMIT, BEFORE_APPLY, DURING_APPLY)
"""Of the services."""
BEFORE_SETTLEMENT = "before_settlement"
"""Of `omniroute deadletter`: the record was sent again, nothing says so yet."""
BEFORE_SETTLED = "before_settled"
"""The note is written, too, and not committed."""
TOOL_POINTS = (BEFORE_SETTLEMENT, BEFORE_SETTLED)
"""Of commands."""

_deadly = os.environ.get("OMNIROUTE_CRASH_ON", "").encode()
_point = os.environ.get("OMNIROUTE_CRASH_AT", "")
_passings = int(os.environ.get("OMNIROUTE_CRASH_AFTER", "1"))
_passed = 0

if _point and _point not in (*POINTS, *TOOL_POINTS):
    known = ", ".join((*POINTS, *TOOL_POINTS))
    raise SystemExit(f"OMNIROUTE_CRASH_AT={_point}: not one of {known}")


def due(point: str) -> bool:
    """Is this the passing at which the process is to die here?

    Separate from `die`, for points that have to leave something half done first.
    """
    global _passed  # noqa: PLW0603 - one count for the process is what is meant
    if point != _point:
        return False
    _passed += 1
    return _passed >= _passings


def die() -> None:
    """Die at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def meet(values: Iterable[bytes | None]) -> None:
    """Die if one of these values is deadly; they are looked at only where some value is."""
    if _deadly and any(_deadly in (value or b"") for value in values):
        die()


def pass_point(point: str) -> None:
    """Die here if this is the place and the time."""
    if due(point):
        die()
