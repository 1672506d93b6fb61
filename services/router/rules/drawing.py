"""The way of one decision, drawn on the tree: what was taken, what was asked, what was not.

It draws the path and the facts that the decision carries; it decides nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.contact.decision import Decision, Fact
from services.router.core.matchers import facts_of
from services.router.rules.compiling import condition_of
from services.router.rules.showing import describe
from services.router.rules.tree import Branch, Rules

TAKEN, REFUSED, PASSED = "●", "✗", "·"


def draw_path(rules: Rules, made: Decision) -> list[str]:
    """The tree with the way that a decision took, and the decision below it."""
    lines = [f"{TAKEN} {rules.root.plan.rule}", *_below(rules.root, made, made.path[1:], "")]
    lines += ["", f"{TAKEN} taken   {REFUSED} asked, did not hold   {PASSED} not asked", ""]
    lines.append(
        f"{made.action} on {made.channel}, queue {made.queue}, priority {made.priority}, "
        f"rule {made.rule}"
    )
    lines += [f"not on {skip.channel}: {skip.why}" for skip in made.skips]
    if made.reason:
        lines.append(made.reason)
    return lines


def _below(branch: Branch, made: Decision, path: tuple[str, ...], indent: str) -> Iterator[str]:
    """The children of a node that was taken."""
    asked = True
    for child in branch.children:
        taken = asked and bool(path) and child.plan.rule == path[0]
        sign = TAKEN if taken else REFUSED if asked else PASSED
        yield f"{indent}  {sign} {child.plan.rule}"
        if asked:
            yield from _why(child, made.facts, f"{indent}    ")
        if taken:
            yield from _below(child, made, path[1:], f"{indent}  ")
            asked = False


def _why(branch: Branch, facts: dict[str, Fact], indent: str) -> Iterator[str]:
    condition = condition_of(branch)
    if condition is None or branch.condition is None:
        return
    yield f"{indent}if {describe(branch.condition)}"
    read = sorted(facts_of(condition))
    said = ", ".join(f"{name} = {_said(facts.get(name))}" for name in read)
    yield f"{indent}   {said}"


def _said(value: Fact) -> str:
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if value == "" else str(value)
