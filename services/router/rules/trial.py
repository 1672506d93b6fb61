"""Run cases through the real core and say where it decided otherwise than expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.contact.decision import Decision, Outcome
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.table import Table
from services.router.rules.cases import CaseKeys, Cases, Expected
from services.router.rules.problem import Mark, Path
from services.router.rules.showing import write_duration
from services.router.rules.story import Teller, Told

_PLAIN = ("action", "channel", "queue", "rule", "priority", "executor", "effect", "choice_source")
_LISTS = ("path", "skills", "fallbacks", "ask_for")
_MAPPINGS = ("skips", "facts")


class Failure(msgspec.Struct, frozen=True):
    """One expectation that was not met."""

    mark: Mark
    message: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one case."""

    name: str
    mark: Mark
    outcome: Outcome
    decision: Decision | None
    why_rejected: str = ""
    failures: tuple[Failure, ...] = ()


def run_cases(table: Table, cases: Cases) -> list[Trial]:
    """Run every case; each has a customer of its own."""
    return [_run(table, cases, case, at) for at, case in enumerate(cases.keys.tests)]


def _run(table: Table, cases: Cases, case: CaseKeys, number: int) -> Trial:
    path: Path = ("tests", number)
    told, verdict = _fold(table, cases, case)
    decision = verdict.decisions[-1] if verdict.decisions else None
    seen = _seen(verdict, decision, told)
    failures = [
        Failure(_mark(cases, (*path, "expect", *way)), message)
        for way, message in _differences(case, seen)
    ]
    return Trial(
        name=case.name,
        mark=_mark(cases, path),
        outcome=verdict.outcome,
        decision=decision,
        why_rejected=verdict.reject.why if verdict.reject else "",
        failures=tuple(failures),
    )


def _fold(table: Table, cases: Cases, case: CaseKeys) -> tuple[Told, Verdict]:
    """Tell the story to the core; the last event and what was decided on it."""
    at = cases.keys.at if case.at is None else case.at
    teller = Teller(case, cases.customer_of(case), at)
    customer: Customer | None = None
    known = teller.introduce()
    if known is not None:
        customer = teller.feel(decide(table, None, known, teller.clock).customer)
    last: Decision | None = None
    for keys in case.before:
        told = teller.tell(keys, last)
        verdict = decide(table, customer, told.event, told.now)
        customer = verdict.customer
        last = verdict.decisions[-1] if verdict.decisions else last
    told = teller.tell(case.when, last)
    return told, decide(table, customer, told.event, told.now)


def _seen(verdict: Verdict, decision: Decision | None, told: Told) -> dict[str, Any]:
    """What was decided, in the words of an expectation."""
    seen: dict[str, Any] = {"outcome": verdict.outcome.value}
    if decision is None:
        return seen
    seen |= {name: str(getattr(decision, name)) for name in _PLAIN}
    seen |= {name: [str(one) for one in getattr(decision, name)] for name in _LISTS}
    received = told.event.received_at
    if decision.respond_by is not None and received is not None:
        starts = max(received, decision.not_before or received)
        seen["respond_within"] = round((decision.respond_by - starts).total_seconds() * 1000)
    if decision.not_before is not None:
        seen["not_before"] = round(decision.not_before.timestamp() * 1000)
    return seen | {
        "priority": decision.priority,
        "skips": {skip.channel.value: skip.why for skip in decision.skips},
        "facts": decision.facts,
        "reason": decision.reason,
        "cause": decision.cause,
    }


def _differences(case: CaseKeys, seen: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, wanted in _named(case.expect):
        if not _meets(name, wanted, seen.get(name)):
            found = _said(name, seen[name]) if name in seen else "nothing: there is no decision"
            if name in seen or seen["outcome"] == Outcome.DECIDED:
                found = _said(name, seen.get(name))
            yield (name,), f"{name} is {found}, expected {_said(name, wanted)}"
    if case.expect.not_ is None:
        return
    for name, wanted in _named(case.expect.not_):
        if name in seen and _meets(name, wanted, seen[name]):
            yield ("not", name), f"{name} is {_said(name, seen[name])}, which it must not be"


def _named(expected: Expected) -> Iterator[tuple[str, Any]]:
    for name in type(expected).model_fields:
        value = getattr(expected, name)
        if name != "not_" and value is not None:
            yield name, value


def _meets(name: str, wanted: Any, found: Any) -> bool:
    if found is None:
        return False
    if name == "reason":
        return bool(wanted in found)
    if name in _MAPPINGS:
        return all(key in found and found[key] == value for key, value in wanted.items())
    return bool(wanted == found)


def _said(name: str, value: Any) -> str:
    if value is None:
        return "not set"
    if name == "respond_within":
        return write_duration(value)
    if name == "not_before":
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {one}" for key, one in value.items()) or "nothing"
    if isinstance(value, list):
        return " > ".join(value) if name == "path" else ", ".join(value) or "nothing"
    return f"`{value}`"


def _mark(cases: Cases, path: Path) -> Mark:
    places = cases.places
    return places.keys.get(path) or places.values.get(path) or Mark(1, 1)
