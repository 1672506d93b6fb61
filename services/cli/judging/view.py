"""Redis against contact.memory: the hash of a partition equals the log up to its own position."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from services.cli.judging.chain import Batch, Chain
from services.cli.judging.compare import remembered
from services.cli.judging.evidence import Evidence, Finding, Promise
from services.contact.topics import CUSTOMER_KEY_PREFIX

POSITION_FIELD = b"pos"
"""The field that says how far the hash has come."""


class ViewPosition(msgspec.Struct, frozen=True):
    """How far the hash of a partition has come."""

    lineage: str
    clog: int
    """One more than the offset of the last record of contact.memory that was applied."""
    inputs: dict[str, int]
    at: int = 0
    """Append time of that record, milliseconds since the epoch."""


def judge_view(evidence: Evidence, chain: Chain) -> Iterator[Finding]:
    """Nothing where Redis is not to be judged; else each difference of the partition's hash."""
    if evidence.redis is not None:
        for what in _compare(evidence, chain):
            yield Finding(Promise.REDIS, evidence.partition, what)


def read_position(fields: dict[bytes, bytes]) -> ViewPosition | str:
    """The position of a hash, or what is wrong with it."""
    raw = fields.get(POSITION_FIELD)
    if raw is None:
        return "there is no position" if fields else "there is nothing in Redis"
    try:
        return msgspec.json.decode(raw, type=ViewPosition)
    except (msgspec.DecodeError, msgspec.ValidationError) as why:
        return f"the position cannot be read: {why}"


def _compare(evidence: Evidence, chain: Chain) -> Iterator[str]:
    fields = dict(evidence.redis or {})
    if chain.last is None and not fields:
        return
    position = read_position(fields)
    if isinstance(position, str):
        yield position
        return
    if chain.last is None:
        yield "Redis has a position where contact.memory has no marker"
        return
    yield from _judge_position(position, chain, chain.last)
    yield from _judge_fields(evidence, fields, position.clog)


def _judge_position(position: ViewPosition, chain: Chain, last: Batch) -> Iterator[str]:
    """The position is that of the last marker."""
    if position.lineage != last.marker.lineage:
        yield f"lineage {position.lineage!r}, the last marker says {last.marker.lineage!r}"
    end = last.offset + 1
    if position.clog < end:
        behind = sum(1 for batch in chain.batches if batch.offset >= position.clog)
        yield f"it stands at {position.clog}, {behind} batches behind the end ({end})"
    elif position.clog > end:
        yield f"it stands at {position.clog}, beyond the end of contact.memory ({end})"
    elif position.inputs != last.marker.inputs:
        yield f"inputs {position.inputs}, the last marker says {last.marker.inputs}"


def _judge_fields(evidence: Evidence, fields: dict[bytes, bytes], clog: int) -> Iterator[str]:
    """Byte for byte what contact.memory says up to the position, and no field more."""
    log = remembered(tuple(r for r in evidence.memory.records if r.offset < clog))
    want = {key: value for key, value in log.items() if value is not None}
    for key in sorted(want.keys() - fields.keys()):
        yield f"field {key!r} is missing"
    for key in sorted(fields.keys() - want.keys() - {POSITION_FIELD}):
        known = key.startswith(CUSTOMER_KEY_PREFIX)
        yield f"field {key!r} is {'of a customer not remembered' if known else 'not ours'}"
    for key in sorted(want.keys() & fields.keys()):
        if want[key] != fields[key]:
            yield f"field {key!r} differs: {len(fields[key])} bytes, not {len(want[key])}"
