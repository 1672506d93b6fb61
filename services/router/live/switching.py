"""Switches a rule off inside a rule file: its condition is replaced by one that never holds.

The rule stays where it is, so whatever names it (`once.<rule>`, a decision, a dashboard) still
finds it, and the file is an ordinary rule file with a hash of its own that can be checked, judged
and rolled back like any other. Everything else in it, comments included, stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

NEVER = "{not: {channel: [phone, chat, email, social]}}"
"""Every contact comes on one of these."""


class NoSuchRuleError(Exception):
    """The file has no rule of this name with a condition; the text says which there are."""


def switch_off(text: str, rule: str) -> str:
    """The rule file with this rule switched off; the file must be one that loads.

    Raises `NoSuchRuleError`.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    rules = dict(_walk(root))
    if rule not in rules:
        raise NoSuchRuleError(f"there is no rule `{rule}`; there are: {', '.join(sorted(rules))}")
    condition = rules[rule]
    start, end = condition.start_mark.index, _end(condition)
    if text[start:end] == NEVER:
        return text
    gap = "" if text.endswith("\n") else "\n"
    return f"{text[:start]}{NEVER}{text[end:]}{gap}# `{rule}` was switched off here\n"


def _walk(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Every rule with its condition, wherever it stands under `routes`."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _walk(child)
    if not isinstance(node, yaml.MappingNode):
        return
    keys = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if "when" in keys and isinstance(keys.get("id"), yaml.ScalarNode):
        yield keys["id"].value, keys["when"]
    for name in ("route", "routes"):
        yield from _walk(keys.get(name))


def _end(node: yaml.Node) -> int:
    """Where the node's last character stands: a block ends for YAML only where the next begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
