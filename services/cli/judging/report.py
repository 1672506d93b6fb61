"""The judge's words: the verdicts of all partitions as text for people or JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import orjson

from services.cli.judging.court import Judged
from services.cli.judging.evidence import Finding, Promise


def tell_text(judged: Sequence[Judged], most: int) -> str:
    """The whole report; of each promise at most `most` findings are spelled out."""
    return "\n".join(_lines(judged, most))


def tell_json(judged: Sequence[Judged], most: int) -> str:
    """The same as one JSON object; `findings` holds at most `most` of each promise."""
    findings = _all(judged)
    by_promise = {promise.value: _of(findings, promise) for promise in Promise}
    return orjson.dumps(
        {
            "good": not findings,
            "records": dict(_sum(j.records for j in judged)),
            "outcomes": dict(_sum(j.outcomes for j in judged)),
            "dead_letters": dict(_sum(j.letters for j in judged)),
            "batches": sum(j.batches for j in judged),
            "folded": all(j.folded for j in judged),
            "counts": {promise: len(found) for promise, found in by_promise.items()},
            "findings": [
                {"promise": f.promise.value, "partition": f.partition, "what": f.what}
                for found in by_promise.values()
                for f in found[:most]
            ],
        },
        option=orjson.OPT_INDENT_2,
    ).decode()


def _lines(judged: Sequence[Judged], most: int) -> Iterator[str]:
    records, outcomes = _sum(j.records for j in judged), _sum(j.outcomes for j in judged)
    read = ", ".join(f"{n} {what}" for what, n in records.items() if n)
    batches = sum(j.batches for j in judged)
    yield f"read: {read or 'nothing'}; {batches} batches on {len(judged)} partitions"
    if outcomes:
        yield "outcomes: " + ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items()))
    letters = _sum(j.letters for j in judged)
    if letters:
        yield "dead letters: " + ", ".join(f"{n} {code}" for code, n in letters.most_common())
    findings = _all(judged)
    for promise in Promise:
        found = _of(findings, promise)
        yield f"{'no  ' if found else 'yes '} {promise.value}" + (
            f": {len(found)} findings" if found else _silence(promise, judged)
        )
        yield from (f"       partition {f.partition}: {f.what}" for f in found[:most])
        if len(found) > most:
            yield f"       and {len(found) - most} more"
    if findings:
        yield f"BROKEN: {len(findings)} findings"
    else:
        yield "KEPT: nothing lost, nothing twice, nothing out of order, no wrong state"


def _silence(promise: Promise, judged: Sequence[Judged]) -> str:
    """What a promise without findings is worth, where a check could not be made."""
    needs_fold = promise in {Promise.OUTCOME, Promise.DECISION, Promise.STATE}
    if needs_fold and not all(j.folded for j in judged):
        return " (in part: without a fold of the core)"
    if promise is Promise.LEDGER and not any(j.records["expected by the ledger"] for j in judged):
        return " (no ledger given)"
    return ""


def _all(judged: Sequence[Judged]) -> list[Finding]:
    return [finding for j in judged for finding in j.findings]


def _of(findings: Sequence[Finding], promise: Promise) -> list[Finding]:
    return [finding for finding in findings if finding.promise is promise]


def _sum(counts: Iterator[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total
