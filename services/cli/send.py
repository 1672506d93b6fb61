"""`omniroute send`: puts events on the topic and prints what comes back for them."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.cli.answers import Answer, Answers, Letter, Place, UnreachableError, open_answers
from services.cli.day.expect import REMEMBERED
from services.cli.day.generate import STORIES, tell_one
from services.cli.day.outbox import Outbox, OutboxError, Sent, open_outbox
from services.cli.day.script import Raw
from services.cli.day.view import tell_way, why
from services.contact.codec import encode_event
from services.contact.decision import Decision, DecisionType
from services.contact.event import ContactEvent
from services.contact.reject import Reject
from services.contact.topics import Topics
from services.intake.eml import Intake, read_mail
from services.runtime.settings import SettingsError, read_access

GOOD, FOUND, USAGE = 0, 1, 2
LINGER_S = 1.0
"""How long to wait, after the last outcome, for what may still change a decision."""
BETWEEN_S = 0.05
EXAMPLES = """\
examples:
  omniroute send event.json                       one event, or one in each line
  omniroute send complaint.eml --ours shop.example --customer c-17
  omniroute send --example long-thread            a story of a fresh customer; see --examples
  omniroute convert eml inbox/ --ours shop.example | omniroute send -
  omniroute send event.json --json | jq .decision.channel

The smallest event that gets a decision:
  {"event_id": "e-1", "source": "my-shop", "kind": "message", "customer_id": "ana",
   "channel": "email", "side": "customer", "text": "Where is my parcel?"}

An event is sent as it stands in the file, with its customer_id as the key. What cannot be used
comes back as a dead letter with its reason. The same event_id a second time is a duplicate and
gets no decision; --fresh gives each event a new one. An .eml counts as received now.

exit codes: 0 each event has an outcome and none was refused, 1 some was refused or nothing came
back, 2 usage error
"""


class Outgoing(msgspec.Struct, frozen=True):
    """One record to send, and what to call it."""

    name: str
    record: Raw


class UnusableError(Exception):
    """The input cannot be read; the text says why."""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute send`; see EXAMPLES for the exit codes."""
    parser = _build_parser()
    words = parser.parse_args(argv)
    if words.examples:
        print(_list_examples())
        return GOOD
    if bool(words.file) == bool(words.example):
        parser.error("name one FILE (or -), or --example NAME")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        outgoing = _tell_example(words.example) if words.example else list(_read_file(words))
        access = read_access({**os.environ, "OMNIROUTE_KAFKA": words.brokers}, "omniroute-send")
    except (UnusableError, SettingsError) as broken:
        print(f"omniroute send: {broken}", file=sys.stderr)
        return USAGE
    topics = Topics(words.prefix)

    async def run() -> int:
        async with open_answers(access, topics) as answers:
            session = Session(answers, wait_s=words.wait, as_json=words.json)
            async with open_outbox(access, topics, session.note) as outbox:
                await session.send(outbox, outgoing)
            return await session.listen()

    try:
        return asyncio.run(run())
    except (OutboxError, UnreachableError) as broken:
        print(f"omniroute send: {broken}", file=sys.stderr)
        return FOUND


class Session:
    """One call of the command: what was sent, and what came back."""

    def __init__(self, answers: Answers, *, wait_s: float, as_json: bool) -> None:
        self._answers = answers
        self._wait_s = wait_s
        self._as_json = as_json
        self._names: dict[Place, str] = {}
        self._sending = ""

    def note(self, sent: Sent) -> None:
        """Kafka has taken the record that is being sent."""
        place = (sent.entry.partition, sent.entry.offset)
        self._names[place] = self._sending
        if not self._as_json:
            print(f"sent {self._sending}  → partition {place[0]}, offset {place[1]}")

    async def send(self, outbox: Outbox, outgoing: Sequence[Outgoing]) -> None:
        """Send the records one after the other, each acknowledged before the next."""
        for one in outgoing:
            self._sending = one.name
            await outbox.post(one.record, REMEMBERED)
            await outbox.settle()
            await asyncio.sleep(BETWEEN_S)

    async def listen(self) -> int:
        """Print what comes back; the exit code."""
        waiting, refused = set(self._names), 0
        show: Callable[[Answer, str], str] = write_json if self._as_json else write_text
        async for answer in self._answers.follow(
            self._names, wait_s=self._wait_s, linger_s=LINGER_S
        ):
            waiting.discard(answer.place)
            refused += isinstance(answer.what, Letter)
            print(show(answer, self._names[answer.place]), flush=True)
        for place in sorted(waiting):
            print(
                f"omniroute send: nothing came back for {self._names[place]} within "
                f"{self._wait_s:g} s. Does the router run? Its pages tell: /readyz",
                file=sys.stderr,
            )
        return FOUND if waiting or refused else GOOD


# ------------------------------------------------------------------------------------ to print
def write_text(answer: Answer, name: str) -> str:
    """An answer for a person."""
    what = answer.what
    if isinstance(what, Letter):
        return f"\n{name}\n  refused: {what.code}\n  {what.why}"
    if not isinstance(what, Decision):
        return f"\n{name}\n  remembered: it asks for no decision, or came a second time"
    lines = ["", name, f"  {tell_way(what)}"]
    reason = why(what)
    lines += [f"  why: {reason}"] if reason else []
    if what.type is DecisionType.CANCELLED:
        return "\n".join(lines)
    lines.append(f"  queue {what.queue}, priority {what.priority}, rule {what.rule}{_by(what)}")
    after = ", then ".join(what.fallbacks)
    lines += [f"  if that fails: {after}"] if after else []
    lines.append(f"  carried out by: {what.executor}")
    return "\n".join(lines)


def _by(decision: Decision) -> str:
    if decision.respond_by is None:
        return ""
    seconds = int((decision.respond_by - datetime.now(UTC)).total_seconds())
    when = f"{decision.respond_by:%Y-%m-%d %H:%M:%S} UTC"
    return f", answer by {when}" + (f" (in {_spell(seconds)})" if seconds > 0 else "")


def _spell(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{left} s"


def write_json(answer: Answer, name: str) -> str:
    """An answer for a program, one line."""
    what = answer.what
    line: dict[str, Any] = {
        "event": name.split("  ", maxsplit=1)[0],
        "partition": answer.place[0],
        "offset": answer.place[1],
    }
    if isinstance(what, Letter):
        line |= {"outcome": "rejected", "code": what.code, "why": what.why}
    elif isinstance(what, Decision):
        line |= {"outcome": "decided", "decision": what}
    else:
        line["outcome"] = "remembered or duplicate"
    return msgspec.json.encode(line).decode()


# ------------------------------------------------------------------------------------- to send
def _list_examples() -> str:
    width = max(len(tell.__name__) for _, tell in STORIES)
    lines = [
        f"  {tell.__name__.replace('_', '-'):<{width}}  {(tell.__doc__ or '').splitlines()[0]}"
        for _, tell in STORIES
    ]
    return "\n".join(["omniroute send --example NAME sends one of these stories:", *lines])


def _tell_example(name: str) -> list[Outgoing]:
    """The records of a story, told by a fresh customer in English; raises UnusableError."""
    story = tell_one(name.replace("-", "_"), seed=time.time_ns() // 1_000_000)
    if story is None:
        raise UnusableError(f"there is no example '{name}'; --examples lists them")
    # The story has happened just now: its last event is received at this moment.
    begin = datetime.now(UTC) - timedelta(milliseconds=story.steps[-1].at_ms)
    received: dict[str, datetime] = {}
    outgoing = []
    for step in story.steps:
        record = step.record
        if isinstance(record, Raw):
            outgoing.append(Outgoing("a broken record", record))
            continue
        at = begin + timedelta(milliseconds=step.at_ms)
        if step.received_after:
            at = received[step.received_after] + timedelta(milliseconds=1)
        received[record.event_id] = at
        outgoing.append(_outgoing(msgspec.structs.replace(record, received_at=at)))
    return outgoing


def _read_file(words: argparse.Namespace) -> Iterator[Outgoing]:
    """The records of a file, of standard input, or of an e-mail; raises UnusableError."""
    name: str = words.file
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as broken:
        raise UnusableError(f"{name}: {broken.strerror}") from broken
    if name.lower().endswith(".eml"):
        yield _outgoing(_read_eml(data, words))
        return
    if not data.strip():
        raise UnusableError(f"{name}: there is nothing in it")
    for value in _split(data):
        yield _wrap(value, fresh=words.fresh)


def _read_eml(data: bytes, words: argparse.Namespace) -> ContactEvent:
    if not words.ours:
        raise UnusableError("an .eml needs --ours, our own addresses or domains, to tell the sides")
    ours = tuple(one.strip().lower() for one in words.ours)
    event = read_mail(data, Intake(ours=ours, customer=words.customer))
    if isinstance(event, Reject):
        raise UnusableError(f"{words.file}: {event.code}: {event.why}")
    changes = {"event_id": str(uuid.uuid4())} if words.fresh else {}
    return msgspec.structs.replace(event, received_at=None, **changes)


def _split(data: bytes) -> list[bytes]:
    """One JSON value over several lines, or one on each line."""
    try:
        msgspec.json.decode(data)
    except msgspec.DecodeError:
        lines = [line for line in data.splitlines() if line.strip()]
        return lines if all(re.match(rb"\s*\{.*\}\s*$", line) for line in lines) else [data]
    return [data]


def _wrap(value: bytes, *, fresh: bool) -> Outgoing:
    """The bytes as they are, under the key that they name."""
    try:
        fields = msgspec.json.decode(value)
    except msgspec.DecodeError:
        fields = None
    if not isinstance(fields, dict):
        return Outgoing("something that is no event", Raw(key=b"unknown", value=value))
    if fresh:
        fields["event_id"] = str(uuid.uuid4())
        value = msgspec.json.encode(fields)
    key = str(fields.get("customer_id") or "unknown").encode()
    name = f"{fields.get('event_id')}  {fields.get('kind')} of {fields.get('customer_id')}"
    return Outgoing(name, Raw(key=key, value=value))


def _outgoing(event: ContactEvent) -> Outgoing:
    encoded = encode_event(event)
    side = event.side or (event.actor.type if event.actor else None)
    who = f"{side or ''} {event.kind}".strip()
    where = f" by {event.channel}" if event.channel else ""
    text = (event.text_stripped or event.text).split("\n")[0][:60]
    name = f"{event.event_id}  {who}{where} of {event.customer_id}" + (f": {text}" if text else "")
    return Outgoing(name, Raw(key=encoded.key, value=encoded.value, headers=encoded.headers))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute send",
        description="Put events on contact.events and print the decisions that come back.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE", help="JSON, JSON lines, an .eml, or - for stdin")
    add("--example", metavar="NAME", help="send a ready story of a fresh customer")
    add("--examples", action="store_true", help="list the stories and end")
    add(
        "--ours", nargs="+", metavar="ADDRESS", default=[], help="with .eml: our addresses, domains"
    )
    add("--customer", default="", metavar="ID", help="with .eml: whose mail it is")
    add("--fresh", action="store_true", help="give each event a new event_id")
    add("--wait", type=float, default=15.0, metavar="S", help="wait at most so long (default 15)")
    add("--json", action="store_true", help="one JSON object a line")
    add(
        "--brokers",
        default=os.environ.get("OMNIROUTE_KAFKA", "127.0.0.1:9092"),
        metavar="HOST:PORT,...",
        help="Kafka (env OMNIROUTE_KAFKA, default 127.0.0.1:9092)",
    )
    add(
        "--prefix",
        default=os.environ.get("OMNIROUTE_PREFIX", ""),
        help="of the topics' names (env OMNIROUTE_PREFIX, default none)",
    )
    return parser
