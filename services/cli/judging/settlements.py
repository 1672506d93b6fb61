"""What became of dead letters: each note names one letter, once, and what was sent again is there."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.judging.decoding import Decoded, Letter, Settled, input_log, original_headers
from services.cli.judging.evidence import Evidence, Promise
from services.contact.deadletter import State
from services.contact.topics import DEADLETTER


def judge_settlements(evidence: Evidence, decoded: Decoded) -> Iterator[tuple[Promise, str]]:
    """Every settlement of one partition."""
    letters = {letter.record.offset: letter for letter in decoded.letters}
    seen: dict[int, Settled] = {}
    for settled in decoded.settled:
        offset = settled.note.offset
        at = f"{DEADLETTER} offset {settled.record.offset} ({settled.note.state})"
        before = seen.setdefault(offset, settled)
        if before is not settled:
            what = f"{at} settles the letter at {offset} again, after {before.record.offset}"
            yield Promise.ONCE, what
        letter = letters.get(offset)
        if letter is None:
            if offset >= evidence.deadletters.start:
                yield Promise.DEADLETTER, f"{at}: there is no dead letter at {offset}"
        elif offset > settled.record.offset:
            yield Promise.DEADLETTER, f"{at} lies before the letter that it settles, {offset}"
        else:
            for what in _compare(settled, letter, evidence):
                yield Promise.DEADLETTER, f"{at}: {what}"


def _compare(settled: Settled, letter: Letter, evidence: Evidence) -> Iterator[str]:
    """What was sent again against the letter. On another partition it is not looked at."""
    to = settled.note.to
    if (settled.note.state is State.REPLAYED) != (to is not None):
        yield "what was sent again has a place, and nothing else has one"
    if to is None or to.partition != evidence.partition:
        return
    log = input_log(evidence, to.topic)
    if log is None or to.topic != letter.position.topic:
        yield f"it was sent again to {to.topic}, from where it did not come"
        return
    again = log.at(to.offset)
    if again is None:
        if to.offset >= log.start:
            yield f"there is no record at {to.topic} offset {to.offset}"
        return
    sent = (again.key, again.value, again.headers)
    if sent != (letter.record.key, letter.record.value, original_headers(letter.record.headers)):
        yield f"{to.topic} offset {to.offset} is not the record of the letter"
