"""The generated parts of `docs/contract.md`, between `<!-- generated: NAME -->` and `<!-- end -->`."""  # noqa: INP001 - a script

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args, get_origin

import msgspec
from comments import Comments

from services.contact import checks, limits
from services.contact.complaints import bare_of, types_of
from services.contact.decision import Decision
from services.contact.event import ASKS, ContactEvent, Kind
from services.contact.reject import RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary

_PART = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_REQUIRED = "**required**"


def write_page(page: str, comments: Comments) -> str:
    """The page with each generated part written anew."""

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}\n{_PARTS[found[2]](comments)}\n{found[3]}"

    return _PART.sub(fill, page)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(c.replace('|', '/') for c in line)} |\n" for line in lines)


def _kinds(comments: Comments) -> str:
    rows = []
    for kind in Kind:
        about = comments[f"Kind.KIND_{kind.name}"].split(": ", 1)[1]
        rows.append(
            (
                f"`{kind.value}`",
                _asks(kind),
                _needs(kind),
                about.split(". Asks")[0].split("; needs")[0].removesuffix("."),
            )
        )
    return _table(("kind", "asks for a decision", "needs", "what happened"), rows)


def _asks(kind: Kind) -> str:
    if kind in ASKS:
        return "yes"
    return {
        Kind.MESSAGE: "a customer's, if a human wrote it",
        Kind.ROUTING_FAILED: "the next fallback",
        Kind.DELIVERY_FAILED: "the next fallback",
        Kind.REVISION_REQUESTED: "a revision",
    }.get(kind, "no")


def _needs(kind: Kind) -> str:
    return f"`{checks.NEEDS[kind]}`" if kind in checks.NEEDS else ""


def _struct(shape: type[msgspec.Struct]) -> Callable[[Comments], str]:
    """A table of the fields of a struct, and of each struct inside of it that is new."""

    def write(comments: Comments) -> str:
        seen: set[type[msgspec.Struct]] = set()
        return "\n".join(_describe(shape, comments, seen))

    return write


def _describe(
    shape: type[msgspec.Struct], comments: Comments, seen: set[type[msgspec.Struct]]
) -> list[str]:
    seen.add(shape)
    fields = msgspec.structs.fields(shape)
    rows, inner = [], []
    types = types_of(shape)
    for field in fields:
        kind = bare_of(types[field.encode_name])
        shown = _show(types[field.encode_name])
        about = comments[f"{shape.__name__}.{field.encode_name}"]
        mark = f"{_REQUIRED} · " if field.required and _REQUIRED not in about else ""
        rows.append((f"`{field.encode_name}`", shown, mark + about.removesuffix(" Required.")))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
            inner.append(kind)
            seen.add(kind)
    parts = [f"**{shape.__name__}.** {comments[shape.__name__]}\n\n" + _table(_FIELD_HEAD, rows)]
    for part in inner:
        parts += _describe(part, comments, seen)
    return parts


def _show(kind: Any) -> str:
    """A type in the words of JSON."""
    inner = bare_of(kind)
    if get_origin(kind) is tuple or (get_args(kind) and kind is not inner and _is_list(kind)):
        return f"list of {_show(inner)}"
    if inner is Kind:
        return "one of the kinds"
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return ", ".join(f"`{word.value}`" for word in inner)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        return inner.__name__
    if get_origin(inner) is dict:
        return f"map of {'facts' if get_args(inner)[1] is not str else 'strings'}"
    return _PLAIN[inner]


def _is_list(kind: Any) -> bool:
    return any(get_origin(part) is tuple for part in get_args(kind))


_PLAIN = {
    str: "string",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "time",
}
_FIELD_HEAD = ("field", "type", "meaning")


def _rejects(comments: Comments) -> str:
    rows = [(f"`{code.value}`", *_explain(code, comments)) for code in RejectCode]
    return _table(("code", "what is wrong", "what to do"), rows)


def _explain(code: RejectCode, comments: Comments) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    what, _, remedy = comments[f"RejectCode.REJECT_CODE_{code.name}"].partition(". ")
    return f"{what}.", remedy


def write_remedies(comments: Comments) -> str:
    """`services/contact/remedies.py`: the table of the codes, for commands to print."""
    rows = [
        f"    {json.dumps(code.value)}: {json.dumps(_explain(code, comments)[1])},"
        for code in RejectCode
    ]
    return "\n".join([_REMEDIES_HEAD, *rows, "}", '"""What to do about each code."""', ""])


_REMEDIES_HEAD = '''"""What to do about a record that was refused. Written by proto/generate.py; do not edit."""

from __future__ import annotations

REMEDIES: dict[str, str] = {'''


def _limits(_comments: Comments) -> str:
    rows = [
        ("value of a record", f"{limits.MAX_RECORD // 1024} KiB"),
        ("headers", f"{limits.MAX_HEADERS}, each {limits.MAX_HEADER // 1024} KiB with its name"),
        ("`text`, `text_stripped`", f"{limits.MAX_TEXT:,} characters"),
        ("`subject`, each e-mail header, the value of an attribute", f"{limits.MAX_LINE:,}"),
        (_names(limits.MAIL_IDS), f"{limits.MAX_MAIL_ID}"),
        ("every other string: ids, names, words", f"{limits.MAX_ID}, no control characters"),
        ("items of a list", f"{limits.MAX_ITEMS}"),
        ("`attributes`", f"{limits.MAX_ATTRIBUTES} entries"),
        ("levels of JSON", f"{limits.MAX_DEPTH}"),
        ("whole numbers", "-2^63 to 2^63 - 1"),
        ("times", f"{limits.EARLIEST:%Y-%m-%d} to before {limits.LATEST:%Y-%m-%d}, with an offset"),
    ]
    return _table(("what", "at most"), rows)


def _names(names: frozenset[str]) -> str:
    order = (*ContactEvent.__struct_fields__, "sender", "to", "cc", "reply_to")
    return ", ".join(f"`{name}`" for name in order if name in names)


_PARTS: dict[str, Callable[[Comments], str]] = {
    "kinds": _kinds,
    "event": _struct(ContactEvent),
    "decision": _struct(Decision),
    "sentiment": _struct(SentimentScored),
    "summary": _struct(SentimentSummary),
    "rejects": _rejects,
    "limits": _limits,
}
