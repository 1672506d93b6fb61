"""Rules that lose a part of what they name to a rule above them that asks for the same facts.

That the particular stands above the general is how a file is written. What is told here is
another thing: the earlier rule asks for nothing that the later one does not ask for, takes some
of the values that the later one names, and would answer otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from services.router.core.table import Plan
from services.router.rules.compiling import condition_of
from services.router.rules.problem import Path
from services.router.rules.regions import Box, Space, TooManyBoxes
from services.router.rules.tree import Branch

_MAX_NAMED = 3


class Overlap(msgspec.Struct, frozen=True):
    """A rule, the one above it, and the values of which nothing is left."""

    earlier: str
    later: str
    said: str
    """The fact and the values, in words."""
    place: Path


def find_overlaps(root: Branch, space: Space, dead: Collection[str]) -> Iterator[Overlap]:
    """All of them, among the children of each node; dead rules are told elsewhere."""
    boxes = [(child, _box(child, space)) for child in root.children]
    known = [(child, box) for child, box in boxes if box is not None]
    for at, (later, box) in enumerate(known):
        if later.plan.rule in dead:
            continue
        for earlier, above in known[:at]:
            if above.keys() > box.keys() or _same(earlier.plan, later.plan):
                continue
            hidden = _hidden(above, box)
            if hidden is not None:
                said = _words(*hidden, space)
                place = (*later.path, "when", hidden[0])
                yield Overlap(earlier.plan.rule, later.plan.rule, said, place)
                break
    for child in root.children:
        yield from find_overlaps(child, space, dead)


def _box(branch: Branch, space: Space) -> Box | None:
    """The one box of a condition; None where it has several, or asks for an expression."""
    condition = condition_of(branch)
    try:
        boxes = space.boxes(condition) if condition is not None else []
    except TooManyBoxes:
        return None
    if len(boxes) != 1 or any(isinstance(variable, tuple) for variable in boxes[0]):
        return None
    return boxes[0]


def _hidden(above: Box, box: Box) -> tuple[str, int] | None:
    """The fact of which `box` loses some values, and which; None where that is as it should be."""
    beyond = None
    for variable, mask in above.items():
        mine = box.get(variable)
        if mine is None or not mine & mask:
            return None
        if mask & ~mine:
            beyond = variable
    if beyond is None:  # the earlier rule is the more particular one
        return None
    lost = [fact for fact, mask in above.items() if box[fact] & ~mask]
    if len(lost) != 1:
        return None
    fact = lost[0]
    return (fact, box[fact] & above[fact]) if isinstance(fact, str) else None


def _words(fact: str, mask: int, space: Space) -> str:
    cells = [cell for at, cell in enumerate(space.cells[fact]) if mask >> at & 1]
    said = ["absent" if cell.value is None else str(cell.value) for cell in cells[:_MAX_NAMED]]
    more = ", ..." if len(cells) > _MAX_NAMED else ""
    return f"`{fact}` {', '.join(said)}{more}"


def _same(one: Plan, other: Plan) -> bool:
    """Would both answer alike?"""
    bare = {"rule": "", "reason": ""}
    return msgspec.structs.replace(one, **bare) == msgspec.structs.replace(other, **bare)
