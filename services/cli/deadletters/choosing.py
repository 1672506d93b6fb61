"""Which letters are meant: by name, or by cause, time, place, source, customer and state. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.cli.deadletters.archive import Filed, Id
from services.contact.deadletter import Letter, State
from services.contact.reject import RejectCode
from services.contact.topics import CE_ID, CE_SOURCE
from services.runtime.log import hash_customer


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; an empty field asks for nothing."""

    ids: frozenset[Id] = frozenset()
    causes: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None
    """Append times, ms since the epoch; `until` is not in it any more."""
    partitions: Sequence[int] = ()
    source: str = ""
    customer: str = ""
    """The name of the customer in the log; needs `log_key`."""
    key: str = ""
    """The record's key itself."""
    states: frozenset[State] = frozenset()
    log_key: str = ""

    @property
    def narrows(self) -> bool:
        """Does it ask for anything but a state?"""
        return any(
            (self.ids, self.causes, self.partitions, self.source, self.customer, self.key)
        ) or not (self.since is None and self.until is None)

    def takes(self, filed: Filed) -> bool:
        """Is this letter meant?"""
        letter = filed.letter
        return (
            (not self.ids or filed.id in self.ids)
            and (not self.causes or letter.code in self.causes)
            and (self.since is None or filed.at >= self.since)
            and (self.until is None or filed.at < self.until)
            and (not self.partitions or filed.id[0] in self.partitions)
            and (not self.states or filed.state in self.states)
            and (not self.key or letter.key == self.key.encode())
            and (not self.source or find_source(letter) == self.source)
            and (not self.customer or name_customer(letter, self.log_key) == self.customer)
        )


def find_source(letter: Letter) -> str:
    """The platform account that sent it, as far as the record tells; else empty."""
    return _find(letter, CE_SOURCE, "source")


def find_event(letter: Letter) -> str:
    """The event id, as far as the record tells; else empty."""
    return _find(letter, CE_ID, "event_id") or _find(letter, CE_ID, "id")


def _find(letter: Letter, header: str, field: str) -> str:
    for name, value in letter.headers:
        if name == header:
            return (value or b"").decode("utf-8", "replace")
    if letter.code == RejectCode.PROCESS_KILLED:
        return ""  # nobody looks into such a record
    try:
        said = msgspec.json.decode(letter.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    found = said.get(field) if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""


def name_customer(letter: Letter, log_key: str) -> str:
    """The customer's name in the log; empty without a key of the record or of the log."""
    if not letter.key or not log_key:
        return ""
    return hash_customer(letter.key.decode("utf-8", "replace"), log_key)
