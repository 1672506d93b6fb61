"""A played day through the shell's own folding, without Kafka, for what is counted of it."""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord

from services.cli.day.generate import generate
from services.contact.codec import encode_event
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.topics import EVENTS
from services.router.committing import Memo
from services.router.core.customer import Customer
from services.router.core.edition import Edition
from services.router.folding import fold
from services.router.hearing import hear
from services.router.lately import Lately
from services.router.live.beside import Beside
from services.router.marker import Marker
from services.runtime.lane import Batch, Record, Slice

NOW = 1_800_000_000_000
BATCH = 50


def decide_day(
    edition: Edition, lately: Lately, count: int
) -> tuple[list[Decision], list[Decision]]:
    """Decide so many records in batches, tell `lately`, and return what was made and shadowed."""
    day = (one.record for one in generate(11, NOW, rate=200, total=count))
    records = [_record(one, at) for at, one in enumerate(day) if isinstance(one, ContactEvent)]
    customers: dict[str, Customer | None] = {}
    made: list[Decision] = []
    shadowed: list[Decision] = []
    for first in range(0, len(records), BATCH):
        some = records[first : first + BATCH]
        now = some[-1].timestamp
        batch = Batch(0, [Slice(0, [(EVENTS, some)], {})], now, len(some), frozenset())
        part = hear(batch, 1)[0]
        beside = Beside(edition, now)
        folded = fold(part, {who: customers.get(who) for who in part.customers}, beside.judge)
        customers.update(folded.changed)
        made += (one for result in folded.results for one in result.decisions)
        shadowed += (
            one
            for tried in beside._tries.values()
            if tried.other is not None
            for one in tried.other.decisions
        )
        marker = Marker(
            sequence=1, lineage="x", partitions=1, lanes=1, inputs={}, rules_version="", now=now
        )
        lately.note(Memo([folded], {0: marker}, now, beside.tell()))
    return made, shadowed


def _record(event: ContactEvent, offset: int) -> Record:
    made = encode_event(event)
    at = round(event.received_at.timestamp() * 1000) if event.received_at else NOW
    value = made.value or b""
    return ConsumerRecord(f"x.{EVENTS}", 0, offset, at, 1, made.key, value, None, 2, len(value), ())
