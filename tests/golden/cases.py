"""Load the golden pitfalls: per folder the events in order of arrival, and what is expected.

A folder holds `NN-name.eml` and `NN-name.json` (a ContactEvent) and `expected.json`:
`ours`, `customer` (empty: the address that is not ours stands for it) and for each file, in
order of arrival, its thread (a label), origin, completed exchanges of the thread after it, the
outcome, and where there is a decision, its action, channel and rule.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from services.contact.codec import decode_event
from services.contact.decision import Action, DecisionType, Outcome
from services.contact.event import Channel, ContactEvent, Origin
from services.intake.eml import Intake, read_mail

FOLDER = Path(__file__).parent


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must come of one file."""

    file: str
    outcome: Outcome
    thread: str = ""
    """A label: files with the same one end in the same thread. Empty: no message."""
    origin: Origin | None = None
    exchanges: int | None = None
    """Completed exchanges of the thread when this message is known."""
    action: Action | None = None
    """None: no decision."""
    channel: Channel | None = None
    rule: str | None = None
    type: DecisionType = DecisionType.MADE
    cause: str = ""
    closing: bool | None = None
    attachments: int | None = None
    decision_exchanges: int | None = None
    """The fact in the decision, where it is not the count after this message."""
    related: str = ""
    """The label of the thread that a weak link points to."""
    refers_to_file: str = ""
    """With `attach`: the file whose decision it belongs to."""


class Pitfall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One folder."""

    pitfall: int
    law: str
    ours: tuple[str, ...]
    customer: str
    messages: tuple[Expected, ...]


class Golden(msgspec.Struct, frozen=True):
    """A pitfall with its events, one for each message, in order of arrival."""

    name: str
    pitfall: Pitfall
    events: tuple[ContactEvent, ...]


def load_all() -> list[Golden]:
    """Every pitfall, by its number."""
    return [load(file.parent) for file in sorted(FOLDER.glob("*/expected.json"))]


def load(folder: Path) -> Golden:
    """One pitfall; a file that cannot be used is a broken test and raises."""
    pitfall = msgspec.json.decode((folder / "expected.json").read_bytes(), type=Pitfall)
    how = Intake(ours=pitfall.ours, customer=pitfall.customer, source="golden")
    files = {file.name for file in folder.iterdir()} - {"expected.json"}
    named = {one.file for one in pitfall.messages}
    if files != named:
        raise ValueError(f"{folder.name}: files and expectations differ: {files ^ named}")
    events = tuple(_event(folder / one.file, how) for one in pitfall.messages)
    return Golden(folder.name, pitfall, events)


def _event(file: Path, how: Intake) -> ContactEvent:
    data = file.read_bytes()
    if file.suffix == ".eml":
        event = read_mail(data, how)
    else:
        key = str(msgspec.json.decode(data)["customer_id"]).encode()
        event = decode_event(key, data, ())
    if not isinstance(event, ContactEvent):
        raise TypeError(f"{file.name}: {event}")
    return event
