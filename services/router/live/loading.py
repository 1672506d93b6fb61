"""What lies in the rules directory -> an edition, or why not."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.contact.decision import Effect
from services.router.core.edition import Edition, observe
from services.router.core.table import Table
from services.router.live.checking import Checked, check
from services.router.live.directory import Found
from services.router.rules.tree import Rules


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a load."""

    edition: Edition | None = None
    """None: the live file may not be used. A bad candidate is left out."""
    problems: tuple[str, ...] = ()
    trees: Mapping[str, Rules] = {}
    """The rule files of the edition as people wrote them, by version."""


def list_files(found: Found) -> list[Checked]:
    """Check every file of a finding, the live one first; for the start, before any lane runs."""
    return [check(file) for file in (found.live, found.candidate) if file is not None]


def build_edition(found: Found, checked: list[Checked], effect: Effect) -> Loaded:
    """Compile the checked files; `effect` none: the whole service observes."""
    problems = tuple(line for one in checked for line in one.problems)
    tables = [one.compile() for one in checked]
    live = tables[0]
    if live is None:
        return Loaded(problems=problems)
    candidate = tables[1] if len(tables) > 1 else None
    if candidate is not None and candidate.version == live.version:
        candidate = None
    edition = Edition(
        table=_under(live, effect),
        candidate=None if candidate is None else _under(candidate, effect),
        percent=0.0 if candidate is None or found.stopped else found.percent,
        generation=found.generation,
    )
    trees = {one.version: one.rules for one in checked if one.rules is not None}
    return Loaded(edition=edition, problems=problems, trees=trees)


def _under(table: Table, effect: Effect) -> Table:
    return observe(table) if effect is Effect.NONE else table
