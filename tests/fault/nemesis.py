"""What a nemesis is: a named source of faults with a seeded plan.

How to add one:

1. A module in `tests/fault/nemeses/` with a class on `Nemesis`: a `name`, `plan` (draw what the
   next blow will be, from the chance that is given and nothing else, so that a seed gives the same
   plan), `strike` (do it; raise `Missed` if there was nothing to strike) and `heal` (undo it; must leave things right
   also after a `strike` that failed in the middle). Say in `Blow.what` what is counted: the ledger
   sums it up by that name.
2. A `Scene` in a module of `tests/fault/rows/` that says how many blows of it a round has, on
   which topology. A topology brings the servers; its Redis may be anything with a `url`
   (`Topology.redis`), and the nemesis finds it as `stage.redis`.
3. The row's `targets` (what must be reached, by the same names) and `limits` on what it measures.

Then `make chaos ROW=n BUDGET=10m` runs it, and `make check` runs the row's short scenes. What a
nemesis measures itself it gives to `stage.measure`; interruptions are measured for it, from the
times at which committed decisions were appended, if it names `gap` or `resume`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from tests.fault.stage import Stage


class Missed(Exception):  # noqa: N818 - reads as what it says at the raise
    """The blow found nothing to strike: it is told, not counted, and nothing is wrong."""


class Blow(msgspec.Struct, frozen=True, kw_only=True):
    """One planned fault."""

    what: str
    """What is counted in the ledger, such as `killed at before_apply`."""
    hold_s: float = 0.0
    """Between the strike and the heal."""
    words: Mapping[str, str | int | float] = {}
    """What the nemesis drew for itself."""


class Nemesis:
    """A source of faults. One object serves one round; strands strike one after the other."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    """Tools of `tests/machine.py`; a long row installs what is missing, if it may."""
    gap: ClassVar[str] = ""
    """Under this name the longest silence of each lane around a blow is measured, seconds."""
    gap_after_s: ClassVar[float] = 8.0
    """So long after the strike a silence is still the blow's."""
    resume: ClassVar[str] = ""
    """Under this name it is measured how long after the heal the last lane decided again."""
    rest_s: ClassVar[tuple[float, float]] = (0.5, 2.0)
    """Least and most seconds between a heal and the strand's next strike; drawn with the plan."""

    def plan(self, chance: random.Random) -> Blow:
        """Draw the next blow."""
        raise NotImplementedError

    def prepare(self, stage: Stage, blow: Blow) -> None:
        """What must be so before the strike; not a part of what is measured."""

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Do it."""
        raise NotImplementedError

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Undo it; nothing where it undoes itself."""


class Planned(msgspec.Struct, frozen=True):
    """One line of a strand's plan."""

    nemesis: Nemesis
    blow: Blow
    rest_s: float


def draw_plan(counts: Mapping[type[Nemesis], int], chance: random.Random) -> list[Planned]:
    """So many blows of each, in a drawn order; the same chance gives the same plan."""
    made = {kind: kind() for kind in counts}
    order = [kind for kind, count in counts.items() for _ in range(count)]
    chance.shuffle(order)
    return [
        Planned(made[kind], made[kind].plan(chance), round(chance.uniform(*kind.rest_s), 2))
        for kind in order
    ]


def describe_plan(plan: list[Planned]) -> str:
    """A line for each blow."""
    return "\n".join(
        f"{one.nemesis.name}: {one.blow.what}"
        + "".join(f" {key}={value}" for key, value in one.blow.words.items())
        + (f", held {one.blow.hold_s:.1f} s" if one.blow.hold_s else "")
        + f", rest {one.rest_s:.1f} s"
        for one in plan
    )
