"""What would have to differ for another rule to answer: the fewest facts, nearest rules first.

The space of facts is cut into cells as for the lints (`regions.py`). From where some facts lie the
nearest point is looked for at which the other rule holds, its parents too, and none of the rules
above it: best first, so that no fewer facts would do. What is found is tried out with
`Table.match` before it is told.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import count, pairwise

import msgspec

from services.router.core.table import Facts, Plan, Table
from services.router.rules.compiling import condition_of, flat
from services.router.rules.explaining import Asked, ask
from services.router.rules.nearness import Change, Standpoint
from services.router.rules.reaching import walk
from services.router.rules.regions import Box, TooManyBoxes, touch
from services.router.rules.tree import Branch, Rules

MAX_STATES = 4_000
"""Boxes that are looked at for one rule; beyond it is undecided."""
Leads = Callable[[Plan, Facts], bool]
"""Does the answer of a rule lead to what is asked for, the facts being so?"""
Here = Callable[[Plan], bool]
"""The same, the facts being as they are."""


class Detour(msgspec.Struct, frozen=True, kw_only=True):
    """A way to a rule that was not taken."""

    rule: str
    line: int
    """Where the rule stands in the file."""
    changes: tuple[Change, ...]
    """With them `path` is the way; no fewer facts would do."""
    path: tuple[str, ...]
    plan: Plan
    """What is answered there."""
    failed: tuple[Asked, ...] = ()
    """The questions of the rule and the rules around it that do not hold now."""
    behind: str = ""
    """The rule above it that was taken instead; empty where that is not why."""


class Detours(msgspec.Struct, frozen=True):
    """The rules that would lead there, nearest first."""

    found: tuple[Detour, ...] = ()
    undecided: tuple[str, ...] = ()
    """Rules that are too large to find out, or whose regular expressions no text came to mind for."""
    dead: tuple[str, ...] = ()
    """Rules that no facts lead to."""


def find_detours(rules: Rules, table: Table, facts: Facts, leads: Leads) -> Detours:
    """The ways to every outermost rule whose answer leads there."""
    search = _Search(rules, table, facts)

    def here(plan: Plan) -> bool:
        return leads(plan, facts)

    found: list[Detour] = []
    undecided, dead = [], []
    for chain in _find_targets((rules.root,), here):
        try:
            detour = search.find(chain, leads)
        except TooManyBoxes:
            undecided.append(chain[-1].plan.rule)
            continue
        if detour is None:
            dead.append(chain[-1].plan.rule)
        else:
            found.append(detour)
    found.sort(key=lambda one: len(one.changes))  # stable: else the order of the file
    return Detours(tuple(found), tuple(undecided), tuple(dead))


def _find_targets(chain: tuple[Branch, ...], here: Here) -> Iterator[tuple[Branch, ...]]:
    """The way from the root to each rule that leads there, while none around it does."""
    if here(chain[-1].plan):
        yield chain
        return
    for child in chain[-1].children:
        yield from _find_targets((*chain, child), here)


def _list_leading(chain: tuple[Branch, ...], here: Here) -> Iterator[tuple[Branch, ...]]:
    """The chain itself and those to its refinements that lead there too.

    A refinement may take what one below it would lead away.
    """
    yield chain
    for child in chain[-1].children:
        if here(child.plan):
            yield from _list_leading((*chain, child), here)


class _Search:
    """Looks for the nearest point from where the facts lie."""

    def __init__(self, rules: Rules, table: Table, facts: Facts) -> None:
        self.table = table
        self.facts = facts
        self.path = table.match(facts).path
        conditions = [c for branch in walk(rules.root) if (c := condition_of(branch))]
        self.here = Standpoint(conditions, facts)
        self.space = self.here.space

    def find(self, chain: tuple[Branch, ...], leads: Leads) -> Detour | None:
        """The nearest way to the last rule of a chain; None if there is none.

        Raises:
            TooManyBoxes: it cannot be found out.
        """
        target = chain[-1].plan.rule

        def accepts(facts: Facts) -> bool:
            match = self.table.match(facts)
            return target in match.path and leads(match.plan, facts)

        def here(plan: Plan) -> bool:
            return leads(plan, self.facts)

        ways = [self._nearest(one, here, accepts) for one in _list_leading(chain, here)]
        found = [changes for changes in ways if changes is not None]
        if not found:
            return None
        changes = min(found, key=len)
        match = self.table.match(self._applied(changes))
        return Detour(
            rule=target,
            line=chain[-1].mark.line,
            changes=changes,
            path=match.path,
            plan=match.plan,
            failed=tuple(self._list_failed(chain)),
            behind=self._behind(chain),
        )

    def _start(self, chain: Sequence[Branch]) -> list[Box]:
        """Where all conditions of the chain hold."""
        met: list[Box] = [{}]
        for branch in chain:
            condition = condition_of(branch)
            if condition is None:
                continue
            own = self.space.boxes(condition)
            if len(met) * len(own) > MAX_STATES:
                raise TooManyBoxes
            pairs = (self.space.meet(one, other) for one in met for other in own)
            met = [box for box in pairs if box is not None]
        return met

    def _list_hidden(self, chain: Sequence[Branch], here: Here) -> Iterator[Box]:
        """What the rules above take away, and those below that answer otherwise."""
        for parent, child in pairwise(chain):
            for sibling in parent.children:
                if sibling is child:
                    break
                yield from self._boxes(sibling)
        yield from self._list_deviating(chain[-1], [{}], here)

    def _list_deviating(self, branch: Branch, around: list[Box], here: Here) -> Iterator[Box]:
        for child in branch.children:
            pairs = (self.space.meet(o, box) for o in around for box in self._boxes(child))
            own = [box for box in pairs if box is not None]
            if len(own) > MAX_STATES:
                raise TooManyBoxes
            if here(child.plan):
                yield from self._list_deviating(child, own, here)
            else:
                yield from own

    def _boxes(self, branch: Branch) -> list[Box]:
        condition = condition_of(branch)
        return [] if condition is None else self.space.boxes(condition)

    def _nearest(
        self, chain: Sequence[Branch], here: Here, accepts: Callable[[Facts], bool]
    ) -> tuple[Change, ...] | None:
        """Best first: cutting a box never brings it nearer, so the first that is free is nearest."""
        starts = self._start(chain)
        above = self._list_hidden(chain, here)
        hidden = [box for box in above if any(touch(box, start) for start in starts)]
        order = count()
        heap = [(*self.here.distance(box), next(order), box) for box in starts]
        heapq.heapify(heap)
        doubtful = False
        for _ in range(MAX_STATES):
            if not heap:
                break
            *_, box = heapq.heappop(heap)
            point = self.here.point(box)
            over = next((one for one in hidden if self.here.lies_in(point, one)), None)
            if over is None:
                changes = self.here.spell(box)
                if changes is not None and accepts(self._applied(changes)):
                    return changes
                doubtful = True
                continue
            for variable, mask in over.items():
                outside = box.get(variable, self.space.width(variable)) & ~mask
                if outside:
                    cut = {**box, variable: outside}
                    heapq.heappush(heap, (*self.here.distance(cut), next(order), cut))
        if heap or doubtful:
            raise TooManyBoxes
        return None

    def _applied(self, changes: Sequence[Change]) -> Facts:
        return {**self.facts, **{one.fact: one.then for one in changes}}

    def _list_failed(self, chain: Sequence[Branch]) -> Iterator[Asked]:
        for branch in chain:
            for part in flat(condition_of(branch)):
                asked = ask(part, self.facts)
                if not asked.holds:
                    yield asked

    def _behind(self, chain: Sequence[Branch]) -> str:
        """The rule that was taken where the chain goes on otherwise, if it stands above."""
        for depth, branch in enumerate(chain[1:], 1):
            if depth >= len(self.path):
                return ""
            taken = self.path[depth]
            if branch.plan.rule != taken:
                siblings = [one.plan.rule for one in chain[depth - 1].children]
                above = siblings.index(taken) < siblings.index(branch.plan.rule)
                return taken if above else ""
        return self.path[len(chain)] if len(self.path) > len(chain) else ""
