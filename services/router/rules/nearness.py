"""Where some facts lie in the space of all facts, and what would have to change to lie elsewhere.

Near is what differs in few facts. Of equally many changes those are nearer that leave the contact
what it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from services.contact.decision import Fact
from services.router.core.matchers import Condition, Matches, compile_condition, compile_pattern
from services.router.core.table import Facts
from services.router.rules.conditions import CEL
from services.router.rules.regions import (
    FAILS,
    HOLDS,
    Atom,
    Box,
    Space,
    Variable,
    atoms_of,
    constants_of,
)

GIVEN = frozenset({"channel", "kind", "live", "source", "sub_channel"})
"""What makes it another contact altogether: of equally many changes those without these."""


class Change(msgspec.Struct, frozen=True):
    """One fact that would have to differ, with a value that would do."""

    fact: str
    now: Fact
    then: Fact


class Standpoint:
    """A point of the space that some conditions make up."""

    def __init__(self, conditions: Collection[Condition], facts: Facts) -> None:
        self.space = Space(conditions)
        self.facts = facts
        atoms: dict[str, list[Atom]] = defaultdict(list)
        for condition in conditions:
            for atom in atoms_of(condition):
                atoms[atom.fact].append(atom)
        self.cell: Box = {}
        """The cell of each variable in which the facts lie; 0 where they lie in none."""
        self._named: dict[str, frozenset[Fact]] = {}
        for fact, several in atoms.items():
            self._named[fact] = frozenset(v for atom in several for v in constants_of(atom))
            self._locate(fact, several)
        for fact in self.space.cells.keys() - atoms.keys():
            self._named[fact] = frozenset()
            self._locate(fact, ())
        for source, one in self.space.expressions.items():
            self.cell[CEL, source] = HOLDS if compile_condition(one)(facts) else FAILS

    def _changed(self, box: Box) -> frozenset[str]:
        """The facts that do not lie in a box."""
        return frozenset(
            variable if isinstance(variable, str) else variable[0]
            for variable, mask in box.items()
            if not self.cell[variable] & mask
        )

    def distance(self, box: Box) -> tuple[int, int]:
        """How far away a box is: the facts that must differ, and those of them that are `GIVEN`."""
        changed = self._changed(box)
        return len(changed), len(changed & GIVEN)

    def point(self, box: Box) -> Box:
        """The nearest point of a box, as far as it differs from here."""
        return {
            variable: self.cell[variable] & mask or self._nearest_cell(variable, mask)
            for variable, mask in box.items()
        }

    def lies_in(self, point: Box, box: Box) -> bool:
        """Does a point, of which only what differs from here is named, lie in a box?"""
        for variable, mask in box.items():
            cell = point.get(variable)
            if not (self.cell[variable] if cell is None else cell) & mask:
                return False
        return True

    def _nearest_cell(self, variable: Variable, mask: int) -> int:
        """Of some cells the one to go to: one that the file names, then the nearest."""
        if not isinstance(variable, str):
            return mask & -mask
        cells, named = self.space.cells[variable], self._named[variable]
        start = self.cell[variable].bit_length()
        places = [at for at in range(len(cells)) if mask >> at & 1]
        best = min(places, key=lambda at: (cells[at].value not in named, abs(at + 1 - start)))
        return 1 << best

    def spell(self, box: Box) -> tuple[Change, ...] | None:
        """The changes in full; None where no text for a regular expression comes to mind."""
        changed = self._changed(box)
        if CEL in changed:
            return None  # which facts would make an expression say otherwise is not known
        narrow: Box = {}
        for variable, mask in box.items():
            fact = variable if isinstance(variable, str) else variable[0]
            if fact in changed:
                narrow[variable] = mask
        for fact in changed:
            mask = narrow.get(fact, self.space.full[fact])
            if any(isinstance(variable, tuple) and variable[0] == fact for variable in narrow):
                cells = enumerate(self.space.cells[fact])
                free = sum(1 << at for at, cell in cells if cell.open and mask >> at & 1)
                narrow[fact] = free or mask
            else:
                narrow[fact] = self._nearest_cell(fact, mask)
        facts = self.space.facts_in(narrow)
        if facts is None:
            return None
        return tuple(Change(fact, self.facts.get(fact), facts[fact]) for fact in sorted(changed))

    def _locate(self, fact: str, atoms: Sequence[Atom]) -> None:
        """The cell in which the fact lies: the one that all questions answer alike."""
        value = self.facts.get(fact)
        tests = [compile_condition(atom) for atom in atoms if not isinstance(atom, Matches)]
        answers = [test({fact: value}) for test in tests]
        self.cell[fact] = 0
        for at, cell in enumerate(self.space.cells[fact]):
            alike = answers == [test({fact: cell.value}) for test in tests]
            if alike and (cell.value == value or (cell.open and value is not None)):
                self.cell[fact] = 1 << at
                break
            if alike and not self.cell[fact] and (cell.value is None) == (value is None):
                self.cell[fact] = 1 << at
        for pattern in self.space.patterns.get(fact, ()):
            holds = isinstance(value, str) and compile_pattern(pattern)(value)
            self.cell[fact, pattern] = HOLDS if holds else FAILS
