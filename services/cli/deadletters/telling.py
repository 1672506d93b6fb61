"""Letters as people and programs read them. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from services.cli.deadletters.archive import Filed, Id
from services.cli.deadletters.choosing import find_event, find_source, name_customer
from services.cli.deadletters.prospects import Prospect
from services.cli.explain_reject import printable
from services.cli.moments import moment_of
from services.contact.deadletter import State

HEAD = ("letter", "refused (UTC)", "cause", "where", "by", "source", "customer", "state")
MOST_BYTES = 4_096
"""Bytes of a value that are shown unless all are asked for."""
MOST_CELL = 40


def spell_id(place: Id) -> str:
    """How a letter is named."""
    return f"{place[0]}:{place[1]}"


def tell_table(rows: Sequence[Filed], log_key: str) -> Iterator[str]:
    """The lines of a table, its head first."""
    cells = [HEAD, *(_cells(one, log_key) for one in rows)]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(HEAD))]
    for line in cells:
        padded = (c + " " * (w - _width(c)) for c, w in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(one: Filed, log_key: str) -> tuple[str, ...]:
    letter = one.letter
    at = letter.position
    return (
        spell_id(one.id),
        f"{moment_of(one.at):%Y-%m-%d %H:%M:%S}",
        printable(letter.code),
        f"{printable(at.topic)}/{at.partition}/{at.offset}",
        printable(letter.by),
        _cut(find_source(letter)) or "-",
        name_customer(letter, log_key) or "-",
        one.state.value,
    )


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= MOST_CELL else shown[: MOST_CELL - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def tell_sums(causes: Mapping[str, int], states: Mapping[str, int], shown: int) -> str:
    """The line under a table."""
    total = sum(causes.values())
    if not total:
        return "no dead letter is as asked for"
    by_cause = ", ".join(f"{n:,} {printable(cause)}" for cause, n in _most(causes))
    by_state = ", ".join(f"{n:,} {state}" for state, n in _most(states))
    more = f"; the newest {shown:,} are shown (--most N)" if shown < total else ""
    word = "letter" if total == 1 else "letters"
    return f"{total:,} dead {word} ({by_state}): {by_cause}{more}"


def _most(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def describe_json(one: Filed, log_key: str) -> dict[str, Any]:
    """A letter without its bytes, for programs."""
    letter, settled = one.letter, one.settled
    found: dict[str, Any] = {
        "letter": spell_id(one.id),
        "refused_at": moment_of(one.at),
        "cause": letter.code,
        "why": letter.why,
        "by": letter.by,
        "topic": letter.position.topic,
        "partition": letter.position.partition,
        "offset": letter.position.offset,
        "bytes": len(letter.value or b""),
        "source": find_source(letter),
        "event_id": find_event(letter),
        "customer": name_customer(letter, log_key),
        "state": one.state.value,
    }
    if settled is not None:
        found["settled_by"], found["settled_why"] = settled.by, settled.why
        if settled.to is not None:
            to = settled.to
            found["replayed_to"] = {
                "topic": to.topic,
                "partition": to.partition,
                "offset": to.offset,
            }
    return found


def tell_json(one: Filed, log_key: str) -> str:
    """The same as one line."""
    return orjson.dumps(describe_json(one, log_key), option=orjson.OPT_UTC_Z).decode()


def tell_whole_json(one: Filed, log_key: str, prospect: Prospect) -> str:
    """One letter with its bytes: text where they are UTF-8, else escaped as Python does."""
    letter = one.letter
    found = describe_json(one, log_key) | {
        "key": _text(letter.key),
        "value": _text(letter.value),
        "headers": [[name, _text(value)] for name, value in letter.headers],
        "would_be_read": not prospect.refused,
        "would_be_refused_as": prospect.refused,
        "would_lie_on_partition": prospect.partition,
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()


def tell_whole(
    one: Filed, log_key: str, prospect: Prospect, explained: Sequence[str], *, whole: bool
) -> Iterator[str]:
    """One letter for a person: cause, place, what to do, and the bytes with all escaped."""
    letter, at = one.letter, one.letter.position
    yield f"letter {spell_id(one.id)}: {printable(letter.code)}, {one.state.value}"
    yield f"  refused  {moment_of(one.at):%Y-%m-%d %H:%M:%S} UTC by the {printable(letter.by)}"
    yield f"  lay at   {printable(at.topic)}, partition {at.partition}, offset {at.offset}"
    yield f"  why      {printable(letter.why)}"
    for name, found in (
        ("source", find_source(letter)),
        ("event", find_event(letter)),
        ("customer", name_customer(letter, log_key)),
    ):
        if found:
            yield f"  {name:<8} {printable(found)}"
    if one.settled is not None:
        yield f"  {one.state.value:<8} {_tell_settled(one)}"
    yield ""
    yield from explained
    yield f"  today: {_tell_prospect(prospect)}"
    yield ""
    yield f"key      {escape(letter.key)}"
    for name, word in letter.headers:
        yield f"header   {printable(name)}: {escape(word)}"
    value = letter.value
    kept = value if whole or value is None else value[:MOST_BYTES]
    yield f"value    {len(value or b''):,} bytes"
    yield f"  {escape(kept)}"
    if value is not None and kept != value:
        yield f"  … {len(value) - MOST_BYTES:,} bytes more; --whole shows them"


def _tell_settled(one: Filed) -> str:
    settled = one.settled
    assert settled is not None  # noqa: S101 - asked by the caller, for the type checker
    why = f": {printable(settled.why)}" if settled.why else ""
    to = settled.to
    where = "" if to is None else f" to {to.topic}, partition {to.partition}, offset {to.offset}"
    return f"by {printable(settled.by)}{where}{why}"


def _tell_prospect(prospect: Prospect) -> str:
    if prospect.refused:
        return f"it would not be accepted: {printable(prospect.refused)}"
    note = f"; {prospect.note}" if prospect.note else ""
    return f"it would be accepted on partition {prospect.partition}{note}"


def tell_plan(one: Filed, prospect: Prospect, state: State) -> str:
    """What would be done with a letter, in a line."""
    name = f"{spell_id(one.id):<10} {printable(one.letter.code):<22}"
    if state is State.DROPPED:
        return f"{name} dropped"
    if prospect.refused:
        return f"{name} left: {printable(prospect.refused)}"
    at = one.letter.position
    note = f"; {prospect.note}" if prospect.note else ""
    return f"{name} sent again to {at.topic}, partition {prospect.partition}{note}"


def escape(data: bytes | None) -> str:
    """Bytes as text, with everything that a terminal might act on as an escape."""
    if data is None:
        return "none"
    return printable(data.decode("utf-8", "backslashreplace"))


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "backslashreplace")
