"""Conditions as regions of the space of all facts, so that "what hides what" can be decided.

Rule: every fact is cut into finitely many cells, on each of which every matcher of the file is
constant. A condition is then a union of boxes, a box a set of cells for each fact, and a set of
cells an int with a bit for each. What a regular expression says of a text that the file does not
name is a free choice, true or false: so the space is never too small, and what has no point in it
is never hit by any event.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from services.contact.decision import Fact
from services.router.core.expression import list_literals
from services.router.core.facts import FactType, spec_of
from services.router.core.matchers import (
    All,
    Any,
    Between,
    Cel,
    Compare,
    Condition,
    Equals,
    Matches,
    Not,
    OneOf,
    compile_condition,
    compile_pattern,
)
from services.router.rules.conditions import CEL, DATES
from services.router.rules.domains import Cell, cells_of
from services.router.rules.sampling import find_text

Variable = str | tuple[str, str]
"""A fact, or a fact and a regular expression that it is asked for, or `CEL` and an expression."""
Atom = Equals | OneOf | Compare | Between | Matches
Box = dict[Variable, int]
"""Cells by variable; a variable that is not named is free."""

HOLDS, FAILS = 1, 2
"""The two cells of a regular expression."""
MAX_GUESSES = 4096
"""So many facts are tried to make an expression say what is wanted."""
MAX_BOXES = 512
"""A condition that falls into more boxes is left undecided."""


class TooManyBoxes(Exception):  # noqa: N818  # a way out of a recursion, caught in this room
    """The condition is too large to be decided."""


class Hiding(msgspec.Struct, frozen=True):
    """A box that an earlier rule takes away."""

    box: Box
    rule: str


class Budget(msgspec.Struct):
    """How many boxes may still be looked at."""

    left: int

    def spend(self, count: int) -> None:
        """Take so many.

        Raises:
            TooManyBoxes: nothing is left.
        """
        self.left -= count
        if self.left < 0:
            raise TooManyBoxes


class Space:
    """The cells of every fact that some conditions read."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        named: dict[str, set[Fact]] = defaultdict(set)
        self.patterns: dict[str, list[str]] = defaultdict(list)
        self.expressions: dict[str, Cel] = {}
        """Expressions by their source; each is a free truth value."""
        for condition in conditions:
            for atom in atoms_of(condition):
                named[atom.fact].update(constants_of(atom))
                if isinstance(atom, Matches) and atom.pattern not in self.patterns[atom.fact]:
                    self.patterns[atom.fact].append(atom.pattern)
            for one in expressions_of(condition):
                self.expressions[one.source] = one
                for fact in one.facts:
                    named[fact].update(_literals_for(fact, one.source))
        self.cells = {fact: cells_of(fact, values) for fact, values in sorted(named.items())}
        self._bits = {
            fact: {cell.value: 1 << at for at, cell in enumerate(cells) if not cell.open}
            for fact, cells in self.cells.items()
        }
        self.full: dict[Variable, int] = {
            fact: (1 << len(cells)) - 1 for fact, cells in self.cells.items()
        }
        self._open = {
            fact: sum(1 << at for at, cell in enumerate(cells) if cell.open)
            for fact, cells in self.cells.items()
        }

    def boxes(self, condition: Condition, *, holds: bool = True) -> list[Box]:
        """The boxes in which a condition holds, or does not.

        Raises:
            TooManyBoxes: there are more than `MAX_BOXES`.
        """
        match condition:
            case Not(part):
                return self.boxes(part, holds=not holds)
            case All(parts) | Any(parts):
                each = (self.boxes(part, holds=holds) for part in parts)
                if isinstance(condition, All) == holds:
                    return self._product(each)
                return self._union(each)
            case Matches(fact, pattern):
                return self._searched(fact, pattern, holds=holds)
            case Cel(source):
                return [{(CEL, source): HOLDS if holds else FAILS}]
            case _:
                mask = self._mask(condition)
                mask = mask if holds else self.full[condition.fact] & ~mask
                return [{condition.fact: mask}] if mask else []

    def meet(self, left: Box, right: Box) -> Box | None:
        """What lies in both; None where nothing does."""
        both = dict(left)
        for variable, mask in right.items():
            kept = both.get(variable, mask) & mask
            if not kept:
                return None
            both[variable] = kept
        return both

    def points(
        self, box: Box, hidden: Sequence[Hiding], budget: Budget, used: set[str]
    ) -> Iterator[Box]:
        """Boxes inside `box` that none of `hidden` touches; none if they cover it.

        `used` collects the rules without which the answer would be another.
        """
        budget.spend(1 + len(hidden))
        live = [one for one in hidden if touch(one.box, box)]
        if not live:
            yield box
            return
        first = min(live, key=lambda one: _sides(one.box, box))
        used.add(first.rule)
        rest = [one for one in live if one is not first]
        inside = dict(box)
        for variable, mask in first.box.items():
            mine = inside.get(variable) or self.width(variable)
            outside = mine & ~mask
            if outside:
                yield from self.points({**inside, variable: outside}, rest, budget, used)
                inside[variable] = mine & mask

    def width(self, variable: Variable) -> int:
        """All cells of a variable."""
        return self.full.get(variable, HOLDS | FAILS)

    def facts_in(self, box: Box) -> dict[str, Fact] | None:
        """Facts that lie in a box; None where no text for its regular expressions was found."""
        found: dict[str, Fact] = {}
        for fact, cells in self.cells.items():
            mask = box.get(fact, self.full[fact])
            some = [cell for at, cell in enumerate(cells) if mask >> at & 1]
            plain = next((cell for cell in some if not cell.open), None)
            if not self.patterns.get(fact):
                plain = some[0]
            if plain is not None:
                found[fact] = plain.value
                continue
            value = self._open_value(fact, some, box)
            if value is None:
                return None
            found[fact] = value
        return self._satisfy(found, box)

    def _satisfy(self, found: dict[str, Fact], box: Box) -> dict[str, Fact] | None:
        """The facts, changed within the box until each expression says what the box wants of it."""
        wanted = [
            (self.expressions[key[1]], mask == HOLDS)
            for key, mask in box.items()
            if isinstance(key, tuple) and key[0] == CEL and mask != HOLDS | FAILS
        ]
        tests = [(compile_condition(one), holds) for one, holds in wanted]
        reads = sorted({fact for one, _ in wanted for fact in one.facts})
        choices = [
            [c.value for at, c in enumerate(self.cells[f]) if box.get(f, self.full[f]) >> at & 1]
            for f in reads
        ]
        for values in itertools.islice(itertools.product(*choices), MAX_GUESSES):
            guess = {**found, **dict(zip(reads, values, strict=True))}
            if all(test(guess) is holds for test, holds in tests):
                return guess
        return None

    def _open_value(self, fact: str, cells: list[Cell], box: Box) -> Fact:
        wanted = {
            pattern: box[fact, pattern] == HOLDS
            for pattern in self.patterns[fact]
            if box.get((fact, pattern), HOLDS | FAILS) != HOLDS | FAILS
        }
        if not wanted:
            return cells[0].value
        taken = frozenset(str(value) for value in self._bits[fact])
        return find_text(cells, wanted, taken)

    def _mask(self, atom: Equals | OneOf | Compare | Between) -> int:
        bits = self._bits[atom.fact]
        if isinstance(atom, Equals):
            return bits.get(atom.value, 0)
        if isinstance(atom, OneOf):
            return sum(bits.get(value, 0) for value in dict.fromkeys(atom.values))
        test = compile_condition(atom)
        cells = enumerate(self.cells[atom.fact])
        return sum(1 << at for at, cell in cells if test({atom.fact: cell.value}))

    def _searched(self, fact: str, pattern: str, *, holds: bool) -> list[Box]:
        """A regular expression: known for the values that the file names, free for the others."""
        found = compile_pattern(pattern)
        known = sum(
            1 << at
            for at, cell in enumerate(self.cells[fact])
            if not cell.open and (isinstance(cell.value, str) and found(cell.value)) is holds
        )
        boxes: list[Box] = [{fact: known}] if known else []
        if self._open[fact]:
            boxes.append({fact: self._open[fact], (fact, pattern): HOLDS if holds else FAILS})
        return boxes

    def _product(self, each: Iterable[list[Box]]) -> list[Box]:
        found: list[Box] = [{}]
        for boxes in each:
            met = (self.meet(left, right) for left in found for right in boxes)
            found = _merged(box for box in met if box is not None)
        return found

    def _union(self, each: Iterable[list[Box]]) -> list[Box]:
        return _merged(box for boxes in each for box in boxes)


def _merged(boxes: Iterable[Box]) -> list[Box]:
    """The same boxes, those that differ in one variable alone put together."""
    found: list[Box] = []
    single: dict[Variable, Box] = {}
    for box in boxes:
        if len(box) == 1:
            ((variable, mask),) = box.items()
            if variable in single:
                single[variable][variable] |= mask
                continue
            box = single[variable] = dict(box)  # noqa: PLW2901  # not the caller's own
        found.append(box)
        if len(found) > MAX_BOXES:
            raise TooManyBoxes
    return found


def touch(left: Box, right: Box) -> bool:
    """Do two boxes have a point in common?"""
    if len(right) < len(left):
        left, right = right, left
    for variable, mask in left.items():
        other = right.get(variable)
        if other is not None and not mask & other:
            return False
    return True


def _sides(hiding: Box, box: Box) -> int:
    """In how many variables the box reaches beyond what hides it; 0: it is covered."""
    beyond = 0
    for variable, mask in hiding.items():
        mine = box.get(variable)
        beyond += mine is None or bool(mine & ~mask)
    return beyond


def atoms_of(condition: Condition) -> Iterator[Atom]:
    """The single questions of a condition."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from atoms_of(part)
        case Not(part):
            yield from atoms_of(part)
        case Cel():
            return
        case _:
            yield condition


def expressions_of(condition: Condition) -> Iterator[Cel]:
    """The `cel:` parts of a condition."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from expressions_of(part)
        case Not(part):
            yield from expressions_of(part)
        case Cel():
            yield condition


def _literals_for(fact: str, source: str) -> Iterator[Fact]:
    """The values in an expression that a fact may be compared with there."""
    spec = spec_of(fact)
    for value in list_literals(source):
        if isinstance(value, str):
            if spec is not None and spec.type is FactType.TEXT and fact not in DATES:
                yield value
        elif spec is not None and spec.type is FactType.WHOLE:
            yield int(str(value).partition(".")[0])
        elif spec is not None and spec.type is FactType.NUMBER:
            yield value


def constants_of(atom: Atom) -> tuple[Fact, ...]:
    """The values that a question names."""
    match atom:
        case Equals(_, value):
            return (value,)
        case OneOf(_, values):
            return values
        case Compare(_, _, bound):
            return (bound,)
        case Between(_, low, high):
            return (low, high)
        case _:
            return ()
