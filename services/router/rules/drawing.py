"""The way of one decision, drawn on the tree: what was taken, what was asked, what was not.

It draws a `Way`; it decides nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.contact.decision import Decision
from services.router.core.facts import ONCE_PREFIX
from services.router.rules.explaining import Asked, Fate, Step, Way
from services.router.rules.wording import say_fact

SIGNS = {Fate.TAKEN: "●", Fate.REFUSED: "✗", Fate.PASSED: "·"}
LEGEND = "● taken   ✗ asked, did not hold   · not asked   ✓ holds"
HOLDS = {True: "✓", False: "✗"}
JOINS = {"any": "any of", "not": "none of"}
WIDTH = 56


def draw_path(way: Way, made: Decision) -> list[str]:
    """The whole tree with the way that a decision took, and the decision below it."""
    lines = [*draw_way(way, whole=True), "", LEGEND, ""]
    lines.append(
        f"{made.action} on {made.channel}, queue {made.queue}, priority {made.priority}, "
        f"rule {made.rule}"
    )
    lines += [f"not on {skip.channel}: {skip.why}" for skip in made.skips]
    if made.reason:
        lines.append(made.reason)
    return lines


def draw_way(way: Way, *, whole: bool = False) -> list[str]:
    """The tree as it was asked; `whole`: what was not asked too, else only how much that is."""
    return [f"{SIGNS[Fate.TAKEN]} {way.root.rule}", *_below(way.root, "  ", whole=whole)]


def _below(step: Step, indent: str, *, whole: bool) -> Iterator[str]:
    for child in step.children:
        if child.fate is Fate.PASSED and not whole:
            continue
        yield f"{indent}{SIGNS[child.fate]} {child.rule}"
        if child.asked is not None:
            yield from _why(child.asked, f"{indent}    ")
        if child.fate is Fate.TAKEN:
            yield from _below(child, f"{indent}  ", whole=whole)
    unasked = sum(child.fate is Fate.PASSED for child in step.children)
    if unasked and not whole:
        rules = "1 rule" if unasked == 1 else f"{unasked} rules"
        yield f"{indent}{SIGNS[Fate.PASSED]} {rules} below, not asked"


def _why(asked: Asked, indent: str) -> Iterator[str]:
    """The condition, each part with its answer and the value that it met."""
    if asked.join == "all":
        for part in asked.parts:
            yield from _why(part, indent)
        return
    sign = HOLDS[asked.holds]
    if not asked.join:
        yield (f"{indent}{sign} {asked.said}".ljust(WIDTH) + _met(asked)).rstrip()
        return
    yield f"{indent}{sign} {JOINS[asked.join]}"
    for part in asked.parts:
        if part.join == "all":
            yield f"{indent}   {HOLDS[part.holds]} all of"
            yield from _why(part, f"{indent}      ")
        else:
            yield from _why(part, f"{indent}   ")


def _met(asked: Asked) -> str:
    """The values, where the question and its answer do not tell them already."""
    if len(asked.facts) > 1:  # an expression
        return "  " + ", ".join(
            f"{name} is {say_fact(value)}" for name, value in asked.facts.items()
        )
    ((fact, value),) = asked.facts.items()
    met = say_fact(value)
    told = fact.startswith(ONCE_PREFIX) or (asked.holds and asked.said == f"{fact} = {met}")
    return "" if told else f"  it is {met}"
