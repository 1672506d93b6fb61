"""`omniroute convert`: e-mail files -> contact events, one JSON object a line."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import orjson

from services.contact.checks import check_event
from services.contact.event import ContactEvent
from services.contact.origin import judge_origin
from services.contact.reject import Reject
from services.intake.eml import DEFAULT_HASH_KEY, Intake, read_mail
from services.router.core.thread import group

GOOD, FOUND, USAGE = 0, 1, 2

_DESCRIPTION = """\
Read e-mail files (RFC 5322) and write contact events, one JSON object a line, ready for
`omniroute decide` and `omniroute send`. Each PATH is a file or a folder; of a folder everything
below it that ends in .eml or .mbox, or has no suffix, is read."""

_EPILOG = """\
the lines
  Ordered by the time of the topmost Received header, else by Date, else by file name, last. A
  mail without any time takes the time of the mail before it. Each line is a ContactEvent with
    origin, origin_evidence   who really wrote it (human, auto_reply, bounce, list, system), and why
    thread_key                its thread after the last mail of the run, by the code that routes

the customer
  --customer puts every mail on one customer. Without it the address that is not ours stands for
  the customer, as anon:<source>:<keyed hash>; set OMNIROUTE_HASH_KEY to a secret of your own,
  for with the default key anybody can test who wrote to you.

examples:
  omniroute convert eml inbox/ --ours shop.example
  omniroute convert eml a.eml b.eml --ours help@shop.example sales@shop.example --customer c-17
  omniroute convert eml archive/ --ours shop.example --ignore-list-headers | omniroute decide -

Broken mail never stops a run: what can be read of it is used. A file that is no e-mail at all is
named on standard error, with the reason.

Exit code: 0 every file gave its events; 1 some file could not be used; 2 wrong use."""


class Found(NamedTuple):
    """One mail of a file."""

    name: str
    data: bytes


class Converted(NamedTuple):
    """One mail as an event, and where it came from."""

    name: str
    event: ContactEvent


def main(argv: Sequence[str]) -> int:
    """Convert the named files and folders."""
    arguments = _parser().parse_args(_paths_first(argv))
    how = Intake(
        ours=tuple(dict.fromkeys(one.strip().lower().strip("<>") for one in arguments.ours)),
        source=arguments.source,
        customer=arguments.customer,
        hash_key=arguments.hash_key,
        ignore_list_headers=arguments.ignore_list_headers,
    )
    files, complaints = find_files([Path(path) for path in arguments.path])
    converted: list[Converted] = []
    for file in files:
        for found in _read(file, complaints):
            event = convert(found.data, how)
            if isinstance(event, Reject):
                complaints.append(f"{found.name}: {event.code}: {event.why}")
            else:
                converted.append(Converted(found.name, event))
    ordered = order(converted)
    keys = group(ordered)
    for event, key in zip(ordered, keys, strict=True):
        sys.stdout.buffer.write(line_of(event, key))
    sys.stdout.buffer.flush()
    for complaint in complaints:
        print(f"omniroute convert: {complaint}", file=sys.stderr)
    print(
        f"omniroute convert: {len(ordered)} events in {len(set(keys))} threads, "
        f"{len({event.customer_id for event in ordered})} customers; "
        f"{len(complaints)} could not be used",
        file=sys.stderr,
    )
    return FOUND if complaints else GOOD


def convert(data: bytes, how: Intake) -> ContactEvent | Reject:
    """One e-mail as an event that the router would accept, with its origin and the evidence."""
    event = read_mail(data, how)
    if isinstance(event, Reject):
        return event
    found = judge_origin(event, how.ours)
    event = msgspec.structs.replace(event, origin=found.origin, origin_evidence=found.evidence)
    return check_event(event, len(msgspec.json.encode(event))) or event


def order(converted: Sequence[Converted]) -> list[ContactEvent]:
    """By receipt, then by file name; mails without a time come last and take the latest time."""
    beginning = datetime(1, 1, 1, tzinfo=UTC)
    timed = sorted(
        converted,
        key=lambda one: (
            one.event.received_at is None,
            one.event.received_at or beginning,
            one.name,
        ),
    )
    events: list[ContactEvent] = []
    for _, event in timed:
        if event.received_at is None and events:
            event = msgspec.structs.replace(event, received_at=events[-1].received_at)  # noqa: PLW2901 - the event, completed
        events.append(event)
    return events


def line_of(event: ContactEvent, thread_key: str) -> bytes:
    """The event's JSON with one key more."""
    fields = msgspec.to_builtins(event)
    return orjson.dumps({**fields, "thread_key": thread_key}, option=orjson.OPT_APPEND_NEWLINE)


# -- files ------------------------------------------------------------------------------------

_SUFFIXES = frozenset({"", ".eml", ".mbox"})
_MBOX_LINE = re.compile(rb"^From .*\d{4}\s*$", re.MULTILINE)


def find_files(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The files to read, each once, and a complaint for each path that gives none."""
    files: dict[Path, None] = {}
    complaints = []
    for path in paths:
        if path.is_dir():
            inside = [
                file
                for file in sorted(path.rglob("*"))
                if file.suffix.lower() in _SUFFIXES and file.is_file()
            ]
            if not inside:
                complaints.append(f"{path}: no .eml, .mbox or suffixless file in this folder")
            files |= dict.fromkeys(inside)
        elif path.exists():
            files[path] = None
        else:
            complaints.append(f"{path}: no such file or folder")
    return list(files), complaints


def _read(file: Path, complaints: list[str]) -> Iterator[Found]:
    """The mails of a file: one, or those of an mbox."""
    try:
        data = file.read_bytes()
    except OSError as broken:
        complaints.append(f"{file}: {broken.strerror}")
        return
    starts = [found.start() for found in _MBOX_LINE.finditer(data)]
    if file.suffix.lower() != ".mbox" or not starts:
        yield Found(str(file), data)
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True), 1):
        yield Found(f"{file}#{number:06d}", re.sub(rb"(?m)^>(>*From )", rb"\1", data[start:end]))


# -- command line -----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute convert",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=["eml"], help="what the files are: eml, e-mail")
    parser.add_argument("path", nargs="+", metavar="PATH", help="files and folders")
    parser.add_argument(
        "--ours",
        nargs="+",
        action="extend",
        required=True,
        metavar="ADDRESS_OR_DOMAIN",
        help="our own addresses and domains: mail from them is an agent's (needed)",
    )
    parser.add_argument(
        "--customer", default="", metavar="ID", help="put every mail on this customer"
    )
    parser.add_argument(
        "--ignore-list-headers",
        action="store_true",
        help="treat the headers of mailing lists as absent: List-Id and the like",
    )
    parser.add_argument(
        "--source", default="eml", metavar="NAME", help="the source of the events (eml)"
    )
    parser.add_argument(
        "--hash-key",
        default=os.environ.get("OMNIROUTE_HASH_KEY") or DEFAULT_HASH_KEY,
        metavar="KEY",
        help="key of the hash that stands for an address (OMNIROUTE_HASH_KEY)",
    )
    return parser


def _paths_first(argv: Sequence[str]) -> list[str]:
    """The words as argparse needs them, where `--ours` stands before the paths and eats them.

    `convert eml --ours shop.example mail/`: words of `--ours` that exist as files are paths.
    """
    words = list(argv)
    taken: list[str] = []
    kept: list[str] = []
    in_ours = 0
    for word in words:
        if word.startswith("-"):
            in_ours = 1 if word == "--ours" else 0
        elif in_ours:
            in_ours += 1
            # The first word after --ours is always an address.
            if in_ours > 2 and Path(word).exists():  # noqa: PLR2004
                taken.append(word)
                continue
        kept.append(word)
    at = kept.index("eml") + 1 if "eml" in kept else 0
    return [*kept[:at], *taken, *kept[at:]]
