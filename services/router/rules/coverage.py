"""Which rules the cases hit, and which conditions they saw true and false."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from services.router.rules.reaching import walk
from services.router.rules.tree import Branch


class Seen(msgspec.Struct):
    """What the cases saw of one rule."""

    branch: Branch
    true: bool = False
    """It was on the way of a decision: it is hit."""
    false: bool = False
    """It was asked and did not hold."""


class Coverage(msgspec.Struct, frozen=True):
    """What the cases saw of every rule, in the order of the file."""

    rules: tuple[Seen, ...]

    @property
    def hit(self) -> int:
        """How many rules were hit."""
        return sum(one.true for one in self.rules)

    @property
    def branches(self) -> int:
        """How many sides of all conditions were seen, of two for each rule."""
        return sum(one.true + one.false for one in self.rules)

    @property
    def percent(self) -> float:
        """The lesser of both shares, 0 to 100; 100 for a file without rules."""
        count = len(self.rules)
        return min(self.hit, self.branches / 2) * 100 / count if count else 100.0


def cover(root: Branch, paths: Iterable[tuple[str, ...]]) -> Coverage:
    """Follow the paths of decisions: what stands above the child that was taken did not hold."""
    rules = {b.plan.rule: Seen(b) for b in walk(root) if b.condition is not None}
    for path in paths:
        _follow(root, path[1:], rules)
    return Coverage(tuple(rules.values()))


def _follow(branch: Branch, path: tuple[str, ...], rules: dict[str, Seen]) -> None:
    for child in branch.children:
        if path and child.plan.rule == path[0]:
            rules[child.plan.rule].true = True
            _follow(child, path[1:], rules)
            return
        rules[child.plan.rule].false = True
