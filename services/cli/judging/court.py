"""All checks of one partition, in one place: what `omniroute judge` and its tests call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from services.cli.day.expect import Entry
from services.cli.judging.capacity import Given, judge_capacity, list_given
from services.cli.judging.chain import trace
from services.cli.judging.compare import compare
from services.cli.judging.decoding import decode
from services.cli.judging.evidence import Evidence, Finding
from services.cli.judging.fold import Tables
from services.cli.judging.laws import judge_laws
from services.cli.judging.ledger import judge_ledger
from services.cli.judging.view import judge_view


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one partition, with what it rests on."""

    partition: int
    findings: tuple[Finding, ...]
    records: dict[str, int]
    """How many records were read, by what they are."""
    outcomes: dict[str, int]
    """How many input records ended how, by the fold of the core; empty where none was possible."""
    letters: dict[str, int]
    """How many dead letters there are for each code."""
    batches: int
    folded: bool
    """Were outcomes and states compared with a fold of the core?"""
    given: tuple[Given, ...] = ()
    """The decisions that count against a limit; `judge_together` needs those of all partitions."""


def judge_partition(evidence: Evidence, tables: Tables, ledger: Sequence[Entry] = ()) -> Judged:
    """Every check on one partition; pure, so that tests can judge made-up evidence."""
    decoded = decode(evidence)
    chain = trace(evidence)
    compared = compare(evidence, decoded, chain, tables)
    findings = (
        *chain.findings,
        *judge_laws(evidence, decoded),
        *compared.findings,
        *judge_ledger(ledger, evidence, decoded, compared),
        *judge_view(evidence, chain),
    )
    return Judged(
        partition=evidence.partition,
        findings=findings,
        records={
            "events": len(evidence.events.records),
            "sentiment": len(evidence.sentiment.records),
            "decisions": len(evidence.decisions.records),
            "dead letters": len(decoded.letters),
            "settlements": len(decoded.settled),
            "memory": len(evidence.memory.records),
            "expected by the ledger": len(ledger),
        },
        outcomes=dict(Counter(str(outcome) for outcome in compared.outcomes.values())),
        letters=dict(Counter(letter.code for letter in decoded.letters)),
        batches=len(chain.batches),
        folded=compared.folded,
        given=list_given(evidence.partition, decoded, tables),
    )


def judge_together(judged: Sequence[Judged]) -> list[Judged]:
    """The checks that need all partitions; what they find is told where it lies."""
    found = list(judge_capacity(given for one in judged for given in one.given))
    return [
        msgspec.structs.replace(
            one,
            findings=(*one.findings, *(f for f in found if f.partition == one.partition)),
        )
        for one in judged
    ]
