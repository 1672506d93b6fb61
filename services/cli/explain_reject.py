"""`omniroute explain-reject`: says what is wrong with an event, where, and what was perhaps meant."""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from services.contact import topics
from services.contact.checks import check_place
from services.contact.cloudevent import STRUCTURED_JSON_TYPE
from services.contact.codec import read_event
from services.contact.complaints import bare_of, types_of, words_at
from services.contact.event import ASKS, ContactEvent, Kind, Side
from services.contact.partition import partition_of
from services.contact.places import Place, find_places, line_and_column
from services.contact.reject import Reject, RejectCode
from services.contact.remedies import REMEDIES

GOOD, FOUND, USAGE = 0, 1, 2

EXAMPLES = """\
examples:
  omniroute explain-reject event.json
  omniroute explain-reject --key c-1 --partition 3 --partitions 8 event.json
  omniroute explain-reject --header content-type=application/protobuf event.bin
  omniroute convert eml inbox/ --ours acme.com | omniroute explain-reject --lines -

The event is checked exactly as the services do it. Without --key, the key is taken to be the
customer_id. A CloudEvent in structured mode is recognised by its `specversion` and `data`.
docs/contract.md lists every field, every code and what to do about it.

exit codes: 0 the event is fine, 1 it would be refused, 2 usage error
"""

_PATH = re.compile(r"^([A-Za-z_]\w*(?:\[\d+\]|\.\w+)*)(?: \(a (?:name|value)\))?(?::| is missing)")
_LINE = re.compile(r"line (\d+) column (\d+)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NOT_A_NUMBER = re.compile(r"-?(?:NaN|Infinity)\b")
_NEAR = 0.7
Headers = list[tuple[str, bytes]]


class Lying(NamedTuple):
    """How the record lies on its topic, as far as it is known."""

    key: bytes | None = None
    """None: the customer_id."""
    partition: int | None = None
    partitions: int | None = None
    """How many the topic has; both or neither."""
    in_lines: bool = False
    """The event is one line of a file."""


def main(argv: Sequence[str]) -> int:
    """Explain one event, or one a line; 0 fine, 1 would be refused, 2 usage error."""
    asked = _build_parser().parse_args(argv)
    headers: Headers = []
    for header in asked.header:
        name, equals, value = header.partition("=")
        if not equals:
            print(
                f"omniroute explain-reject: --header {header}: expected NAME=VALUE", file=sys.stderr
            )
            return USAGE
        headers.append((name, value.encode()))
    if (asked.partition is None) != (asked.partitions is None):
        print("explain-reject: --partition and --partitions go together", file=sys.stderr)
        return USAGE
    try:
        data = sys.stdin.buffer.read() if asked.file == "-" else Path(asked.file).read_bytes()
    except OSError as error:
        print(f"omniroute explain-reject: {asked.file}: {error.strerror}", file=sys.stderr)
        return USAGE
    name = "<stdin>" if asked.file == "-" else asked.file
    worst = GOOD
    key = None if asked.key is None else asked.key.encode()
    place = Lying(key, asked.partition, asked.partitions, in_lines=asked.lines)
    for line, value in _split(data, lines=asked.lines):
        text = explain_event(value, headers, place, f"{name}:{line}" if asked.lines else name)
        print("\n".join(text))
        worst = max(worst, FOUND if text and ": refused as " in text[0] else GOOD)
    return worst


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute explain-reject",
        description="Say what is wrong with an event: where it stands, what is expected, and what "
        "was perhaps meant.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the value of the record; - is standard input")
    parser.add_argument("--key", help="the key of the record (default: the customer_id)")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a header of the record; may stand several times",
    )
    parser.add_argument("--partition", type=int, help="the partition that the record lies on")
    parser.add_argument("--partitions", type=int, help="how many partitions the topic has")
    parser.add_argument("--lines", action="store_true", help="FILE holds one event a line")
    return parser


def _split(data: bytes, *, lines: bool) -> Iterator[tuple[int, bytes]]:
    if not lines:
        yield 1, data
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield number, line


def explain_event(value: bytes, headers: Headers, asked: Lying, name: str) -> list[str]:
    """The lines to print for one event; the first says whether it is refused."""
    text = value.decode(errors="replace")
    tree = _loosely(text)
    if isinstance(tree, dict) and "specversion" in tree and not headers:
        headers = [(topics.CONTENT_TYPE, STRUCTURED_JSON_TYPE.encode())]
    found = read_event(value, headers)
    if isinstance(found, ContactEvent):
        key = found.customer_id.encode() if asked.key is None else asked.key
        place = check_place(found.customer_id, key, asked.partition, asked.partitions)
        found = place or found
    places = list(find_places(text))
    if isinstance(found, ContactEvent):
        return [*_describe(found, name, asked.partitions), *_ignored(text, places)]
    where = _find(found, text, places)
    spot = "" if where is None else ":{}:{}".format(*line_and_column(text, where))
    if asked.in_lines:
        spot = spot.replace(":1:", ":", 1)
    return [
        f"{name}{spot}: refused as {found.code.value}",
        f"  {found.why}",
        *_hints(found, tree),
        f"  remedy: {REMEDIES[found.code]}",
        *_ignored(text, places),
    ]


def _loosely(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _find(reject: Reject, text: str, places: Sequence[Place]) -> int | None:
    """The offset of what the reject speaks of, as far as it can be found."""
    line = _LINE.search(reject.why)
    if reject.code is RejectCode.NOT_JSON and line is not None:
        lines = text.splitlines(keepends=True)
        return sum(map(len, lines[: int(line[1]) - 1])) + int(line[2]) - 1
    if reject.code is RejectCode.DUPLICATE_FIELD:
        return _second(places)
    pattern = _SIGNS.get(reject.code)
    if pattern is not None:
        sign = pattern.search(text)
        return sign.start() if sign else None
    path = _path_of(reject)
    starts = {place.path: place.value_at for place in reversed(places)}
    # The field itself; else, for one that is missing, the object it is missing from.
    for name in (path, f"data.{path}", path.rpartition(".")[0]):
        if name in starts:
            return starts[name]
    return None


_SIGNS = {
    RejectCode.LONE_SURROGATE: _SURROGATE,
    RejectCode.NUMBER_NOT_FINITE: _NOT_A_NUMBER,
}


def _second(places: Sequence[Place]) -> int | None:
    seen: set[str] = set()
    for place in places:
        if place.path in seen:
            return place.at
        seen.add(place.path)
    return None


def _path_of(reject: Reject) -> str:
    found = _PATH.match(reject.why)
    return found[1] if found else ""


def _hints(reject: Reject, tree: Any) -> list[str]:
    """What was perhaps meant, where a word is not one of those that the field takes."""
    if reject.code not in {RejectCode.ENUM_UNKNOWN, RejectCode.KIND_UNKNOWN}:
        return []
    path = _path_of(reject)
    words = words_at(ContactEvent, path)
    given = str(_value_at(tree, path)).strip().lower().replace("-", "_")
    meant = _SAME.get(given) or next(
        iter(difflib.get_close_matches(given, words, n=1, cutoff=0.5)), None
    )
    return [f"  did you mean '{meant}'?"] if meant in words else []


_SAME = {
    "voice": "phone",
    "call": "phone",
    "telephone": "phone",
    "mail": "email",
    "e_mail": "email",
    "webchat": "chat",
    "web_chat": "chat",
    "client": "customer",
    "end_user": "customer",
    "user": "customer",
    "inbound": "customer",
    "message.received": "message",
    "message.created": "message",
}
"""What other platforms call it."""


def _value_at(tree: Any, path: str) -> Any:
    if isinstance(tree, dict) and "specversion" in tree:
        tree = tree.get("data")
    for name, index in re.findall(r"(\w+)(?:\[(\d+)\])?", path):
        tree = tree.get(name) if isinstance(tree, dict) else None
        if index and isinstance(tree, list) and int(index) < len(tree):
            tree = tree[int(index)]
    return tree


def _ignored(text: str, places: Sequence[Place]) -> list[str]:
    """A line for each field that nobody reads, with the field that was perhaps meant."""
    shapes: dict[str, Any] = {"": ContactEvent}
    if any(place.path == "specversion" for place in places):
        shapes = {"data": ContactEvent}
    found = []
    for place in places:
        shape = shapes.get(place.parent)
        if not place.name:
            shapes[place.path] = shape
            continue
        types = types_of(shape)
        if not types:
            continue
        if place.name in types:
            shapes[place.path] = bare_of(types[place.name])
            continue
        line, column = line_and_column(text, place.at)
        near = difflib.get_close_matches(place.name, types, n=1, cutoff=_NEAR)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        shown = printable(place.path)
        found.append(f"  note: {line}:{column} unknown field '{shown}' is ignored{hint}")
    return found


def printable(text: str) -> str:
    """The text with what a terminal might act on, or cannot show, as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _describe(event: ContactEvent, name: str, partitions: int | None) -> list[str]:
    """What the event would be."""
    asks = event.kind in ASKS or (
        event.kind is Kind.MESSAGE and event.side in {Side.CUSTOMER, None}
    )
    key = event.customer_id.encode()
    place = "" if not partitions else f", partition {partition_of(key, partitions)} of {partitions}"
    channel = f" on {event.channel.value}" if event.channel is not None else ""
    lines = [
        f"{name}: fine",
        f"  {event.kind.value}{channel} from {printable(event.source)}, event {printable(event.event_id)}",
        f"  key {printable(event.customer_id)}{place}",
        "  asks for a decision" if asks else "  is remembered; asks for no decision",
    ]
    if event.kind is Kind.MESSAGE and event.side is None and event.actor is None:
        lines.append(
            "  note: neither side nor actor is given; who spoke follows from the addresses"
        )
    return lines
