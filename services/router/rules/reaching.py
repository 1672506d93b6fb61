"""Which rules of a tree can be hit, and by what.

Rule: what is called dead here is never hit, whatever event comes; what is called live comes with
facts that hit it, tried out with `Table.match` itself. In between stands `undecided`.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from services.contact.decision import Fact
from services.router.core.matchers import All, Condition, facts_of
from services.router.core.table import Table
from services.router.rules.compiling import condition_of, flat
from services.router.rules.domains import ASKING
from services.router.rules.regions import Box, Budget, Hiding, Space, TooManyBoxes, touch
from services.router.rules.tree import Branch, Rules

BUDGET_PER_RULE = 60_000
BUDGET = 1_500_000
"""Boxes that may be looked at, for one rule and for a file: about a second."""
MAX_TRIES = 24
"""Places at which a text for a regular expression is looked for."""


class Fate(StrEnum):
    """What becomes of a rule."""

    LIVE = "live"
    CONTRADICTION = "contradiction"
    """Its own `when` never holds."""
    UNREACHABLE = "unreachable"
    """Its `when` never holds where its parents' do."""
    SHADOWED = "shadowed"
    """The rules above it take all that it could have."""
    BELOW_DEAD = "below-dead"
    """A rule around it is dead."""
    UNDECIDED = "undecided"


DEAD = frozenset({Fate.CONTRADICTION, Fate.UNREACHABLE, Fate.SHADOWED, Fate.BELOW_DEAD})


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one rule."""

    branch: Branch
    fate: Fate
    asked: bool = True
    """Can an event of a kind with which the rules are asked at all hit it?"""
    by: tuple[str, ...] = ()
    """The rules that are to blame, in the order of the file."""
    witness: dict[str, Fact] | None = None
    """Facts that hit it, if it is live."""


def survey(rules: Rules, table: Table) -> list[Reach]:
    """The fate of every rule, in the order of the file."""
    return Survey(rules, table).all()


def space_of(rules: Rules) -> Space:
    """The space of the facts that the rules read."""
    return Space(condition for branch in walk(rules.root) if (condition := condition_of(branch)))


def walk(branch: Branch) -> Iterator[Branch]:
    """A branch and all below it, in the order of the file."""
    yield branch
    for child in branch.children:
        yield from walk(child)


class _Placed(msgspec.Struct, frozen=True):
    """A rule with the boxes of its condition, and those in which its parents hold too."""

    branch: Branch
    condition: Condition
    own: list[Box] | None
    here: list[Box] | None


class Survey:
    """The walk down the tree with what is left of the space."""

    def __init__(self, rules: Rules, table: Table) -> None:
        self.rules = rules
        self.table = table
        self.space = space_of(rules)
        self.order = [branch.plan.rule for branch in walk(rules.root)]
        self.left = BUDGET
        self.regions: dict[str, list[Box]] = {}
        """Where each rule is asked and its `when` holds, what is above it in the file aside."""
        self.asking: Box = {
            fact: sum(1 << at for at, cell in enumerate(cells) if cell.value in ASKING[fact])
            for fact, cells in self.space.cells.items()
            if fact in ASKING
        }

    def all(self) -> list[Reach]:
        """The fate of every rule, in the order of the file."""
        return list(self.below(self.rules.root, [{}], []))

    def below(
        self, branch: Branch, region: list[Box] | None, hidden: Sequence[Hiding]
    ) -> Iterator[Reach]:
        """The fates of what is below a branch that is reached in `region` (None: undecided)."""
        hidden = list(hidden)
        for child in branch.children:
            condition = condition_of(child)
            assert condition is not None  # noqa: S101  # only the root has none
            own = self._boxes(condition)
            here = self._meet(region, own)
            placed = _Placed(child, condition, own, here)
            if here is not None:
                self.regions[child.plan.rule] = here
            near = [
                one for one in hidden if here is None or any(touch(box, one.box) for box in here)
            ]
            reach = self._judge(placed, near)
            yield reach
            if reach.fate in DEAD:
                yield from (Reach(branch=b, fate=Fate.BELOW_DEAD) for b in _strictly_below(child))
            else:
                yield from self.below(child, here, near)
            hidden += [Hiding(box, child.plan.rule) for box in own or ()]

    def _judge(self, placed: _Placed, hidden: list[Hiding]) -> Reach:
        branch, own, here = placed.branch, placed.own, placed.here
        if own is None or here is None:
            return Reach(branch=branch, fate=Fate.UNDECIDED)
        if not own:
            by = self._at_fault(placed.condition)
            return Reach(branch=branch, fate=Fate.CONTRADICTION, by=by)
        if not here:
            return Reach(branch=branch, fate=Fate.UNREACHABLE)
        budget = Budget(min(BUDGET_PER_RULE, self.left))
        start = budget.left
        try:
            return self._search(branch, here, hidden, budget)
        except TooManyBoxes:
            return Reach(branch=branch, fate=Fate.UNDECIDED)
        finally:
            self.left = max(0, self.left - (start - budget.left))

    def _at_fault(self, condition: Condition) -> tuple[str, ...]:
        """The fact that alone makes a condition impossible, else all of its facts."""
        parts: dict[str, list[Condition]] = defaultdict(list)
        for part in flat(condition):
            facts = facts_of(part)
            if len(facts) == 1:
                parts[min(facts)].append(part)
        for fact, several in parts.items():
            if self._boxes(All(tuple(several))) == []:
                return (fact,)
        return tuple(sorted(facts_of(condition)))

    def _search(
        self, branch: Branch, here: list[Box], hidden: list[Hiding], budget: Budget
    ) -> Reach:
        """Look for facts among the events that are asked about, then among all."""
        used: set[str] = set()
        asking = self._meet([self.asking], here) or []
        for asked, boxes in ((True, asking), (False, here)):
            points = (p for box in boxes for p in self.space.points(box, hidden, budget, used))
            found = False
            for point in itertools.islice(points, MAX_TRIES):
                found = True
                facts = self.space.facts_in(point)
                if facts is not None and branch.plan.rule in self.table.match(facts).path:
                    return Reach(branch=branch, fate=Fate.LIVE, witness=facts, asked=asked)
            if found:
                return Reach(branch=branch, fate=Fate.UNDECIDED, asked=asked)
        blamed = tuple(rule for rule in self.order if rule in used)
        return Reach(branch=branch, fate=Fate.SHADOWED, by=blamed)

    def _boxes(self, condition: Condition) -> list[Box] | None:
        try:
            return self.space.boxes(condition)
        except TooManyBoxes:
            return None

    def _meet(self, left: list[Box] | None, right: list[Box] | None) -> list[Box] | None:
        if left is None or right is None or len(left) * len(right) > BUDGET_PER_RULE:
            return None
        met = (self.space.meet(one, other) for one in left for other in right)
        return [box for box in met if box is not None]


def _strictly_below(branch: Branch) -> Iterator[Branch]:
    for child in branch.children:
        yield from walk(child)
