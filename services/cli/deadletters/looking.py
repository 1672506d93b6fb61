"""`omniroute deadletter list` and `show`: reads, changes nothing."""

from __future__ import annotations

import heapq
import sys
from collections import Counter

import msgspec

from services.cli.deadletters.archive import Archive, Filed, Id, Span, open_archive
from services.cli.deadletters.choosing import Choice
from services.cli.deadletters.prospects import explain, foresee
from services.cli.deadletters.telling import (
    spell_id,
    tell_json,
    tell_sums,
    tell_table,
    tell_whole,
    tell_whole_json,
)
from services.cli.progress import Progress
from services.contact.topics import Topics
from services.runtime.connection import KafkaAccess

GOOD, FOUND = 0, 1


class Place(msgspec.Struct, frozen=True):
    """Which deployment is looked at, and the key of its logs."""

    access: KafkaAccess
    topics: Topics
    log_key: str = ""


def span_of(choice: Choice) -> Span:
    """The part of the topic that can hold what is asked for."""
    named = sorted({partition for partition, _ in choice.ids})
    return Span(choice.partitions or named, choice.since)


async def survey(archive: Archive, span: Span) -> str:
    """Look the span over; the sentence that says why that cannot be done, else empty."""
    beyond = [p for p in span.partitions if not 0 <= p < archive.partitions]
    if beyond:
        return f"there is no partition {beyond[0]}: there are {archive.partitions}, from 0 on"
    await archive.survey(span)
    for place, why in list(archive.unreadable.items())[:3]:
        warn(f"{spell_id(place)} is no dead letter of ours: {why}")
    return ""


def warn(line: str) -> None:
    """A line for the operator, apart from the output."""
    print(f"omniroute deadletter: {line}", file=sys.stderr)


async def list_letters(place: Place, choice: Choice, *, as_json: bool, most: int) -> int:
    """Print what is asked for: as a table the newest `most`, as JSON all."""
    causes: Counter[str] = Counter()
    states: Counter[str] = Counter()
    newest: list[tuple[int, Id, Filed]] = []
    async with open_archive(place.access, place.topics) as archive:
        wrong = await survey(archive, span_of(choice))
        if wrong:
            warn(wrong)
            return FOUND
        with Progress("reading dead letters") as progress:
            async for one in archive.letters():
                progress.tell(sum(causes.values()))
                if not choice.takes(one):
                    continue
                causes[one.letter.code] += 1
                states[one.state.value] += 1
                if as_json:
                    print(tell_json(one, place.log_key))
                    continue
                heapq.heappush(newest, (one.at, one.id, one))
                if len(newest) > most:
                    heapq.heappop(newest)
    if not as_json:
        rows = [one for *_, one in sorted(newest, key=lambda row: row[:2], reverse=True)]
        if rows:
            print("\n".join([*tell_table(rows, place.log_key), ""]))
        print(tell_sums(causes, states, len(rows)))
    missing = choice.ids and len(choice.ids) > sum(causes.values())
    return FOUND if missing else GOOD


async def show_letter(place: Place, wanted: Id, *, as_json: bool, whole: bool) -> int:
    """Print one letter whole."""
    async with open_archive(place.access, place.topics) as archive:
        wrong = await survey(archive, Span((wanted[0],)))
        if wrong:
            warn(wrong)
            return FOUND
        async for one in archive.letters():
            if one.id != wanted:
                continue
            prospect = foresee(one.letter, archive.partitions)
            if as_json:
                print(tell_whole_json(one, place.log_key, prospect))
            else:
                explained = explain(one.letter, archive.partitions)
                lines = tell_whole(one, place.log_key, prospect, explained, whole=whole)
                print("\n".join(lines))
            return GOOD
    warn(f"there is no dead letter {spell_id(wanted)}; `omniroute deadletter list` names them")
    return FOUND
