"""The judge accepts a good run and names what is wrong with every bad one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import msgspec
import orjson
import pytest

from services.cli import judge as judging
from services.cli.judge import read_tables
from services.cli.judging import reading
from services.cli.judging.court import Judged, judge_partition
from services.cli.judging.decoding import decode
from services.cli.judging.doubts import BY_THE_SHELL
from services.cli.judging.evidence import Evidence, Log, Promise, Record
from services.cli.judging.ledger import by_partition
from services.cli.judging.report import tell_json, tell_text
from services.contact.codec import decode_decision, encode_decision, encode_reject
from services.contact.deadletter import Settlement, State, encode_settlement
from services.contact.decision import Action, Decision, Outcome, Position
from services.contact.event import Channel
from services.contact.reject import Reject, RejectCode
from services.contact.topics import EVENTS, MARKER_KEY, REJECT_CODE, SENTIMENT
from services.router.core.table import Table
from services.router.rules.packaged import find_default
from tests.shell.recorded import Recording, tell_story

Change = Callable[[Evidence], Evidence]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    """The packaged rule file."""
    found = read_tables([find_default()])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def recording(tables: dict[str, Table]) -> Recording:
    """A good run with decisions, revisions, repeats and dead letters."""
    run = Recording(next(iter(tables.values())))
    tell_story(run, seed=7, customers=24)
    return run


@pytest.fixture(scope="module")
def good(recording: Recording) -> Evidence:
    """One partition of the good run; it has everything that the changes below need."""
    return recording.partitions[0].evidence()


# -- what can be wrong


def with_log(evidence: Evidence, name: str, records: list[Record]) -> Evidence:
    """The evidence with other records in one log."""
    log: Log = getattr(evidence, name)
    ends = max([log.end, *(record.offset + 1 for record in records)])
    changed = msgspec.structs.replace(log, records=tuple(records), end=ends)
    return msgspec.structs.replace(evidence, **{name: changed})


def drop(name: str, which: Callable[[Record], bool]) -> Change:
    """One record, the first that fits, is gone."""

    def change(evidence: Evidence) -> Evidence:
        records = list(getattr(evidence, name).records)
        records.remove(next(record for record in records if which(record)))
        return with_log(evidence, name, records)

    return change


def double(name: str, which: Callable[[Record], bool]) -> Change:
    """The first record that fits stands once more, at the end."""

    def change(evidence: Evidence) -> Evidence:
        log: Log = getattr(evidence, name)
        record = next(record for record in log.records if which(record))
        again = msgspec.structs.replace(record, offset=log.end)
        return with_log(evidence, name, [*log.records, again])

    return change


def alter(name: str, which: Callable[[Record], bool], how: Callable[[Record], Record]) -> Change:
    """The first record that fits is another."""

    def change(evidence: Evidence) -> Evidence:
        records = list(getattr(evidence, name).records)
        i = next(i for i, record in enumerate(records) if which(record))
        records[i] = how(records[i])
        return with_log(evidence, name, records)

    return change


def decision(record: Record) -> Decision:
    """The decision in a record."""
    found = decode_decision(record.value, record.headers)
    assert isinstance(found, Decision)
    return found


def rewrite(**fields: object) -> Callable[[Record], Record]:
    """A decision with other fields."""

    def change(record: Record) -> Record:
        encoded = encode_decision(msgspec.structs.replace(decision(record), **fields))
        return msgspec.structs.replace(record, value=encoded.value, headers=encoded.headers)

    return change


def first(record: Record) -> bool:
    """Is it a first decision?"""
    return decision(record).revision == 0


def revision(record: Record) -> bool:
    """Is it a revision?"""
    return decision(record).revision > 0


def always(_: Record) -> bool:
    """Any record."""
    return True


def is_marker(record: Record) -> bool:
    """Is it a marker?"""
    return record.key == MARKER_KEY


def is_state(record: Record) -> bool:
    """Is it a customer's state?"""
    return record.key != MARKER_KEY and record.value is not None


def is_later_marker(record: Record) -> bool:
    """A marker in the middle of the chain."""
    return is_marker(record) and orjson.loads(record.value or b"")["sequence"] == 3


def remark(**fields: object) -> Callable[[Record], Record]:
    """A marker with other fields."""

    def change(record: Record) -> Record:
        marker = {**orjson.loads(record.value or b""), **fields}
        return msgspec.structs.replace(record, value=orjson.dumps(marker))

    return change


def spoil(record: Record) -> Record:
    """The value with one byte changed."""
    value = bytearray(record.value or b"")
    value[-1] ^= 1
    return msgspec.structs.replace(record, value=bytes(value))


def recode(record: Record) -> Record:
    """A dead letter with another code."""
    headers = tuple((n, b"key_missing" if n == REJECT_CODE else v) for n, v in record.headers)
    return msgspec.structs.replace(record, headers=headers)


def reheader(record: Record) -> Record:
    """A dead letter that lost a header of the record that came."""
    return msgspec.structs.replace(
        record, headers=tuple(pair for pair in record.headers if pair[0] != "x")
    )


def settle(*, again: bool = True, times: int = 1, **fields: Any) -> Change:
    """The first dead letter is settled, by a note that may be wrong."""

    def change(evidence: Evidence) -> Evidence:
        letter = evidence.deadletters.records[0]
        note = Settlement(state=State.DROPPED, offset=letter.offset, by="ana", why="rubbish")
        if again:
            to = Position(EVENTS, evidence.partition, evidence.events.end)
            note = Settlement(state=State.REPLAYED, offset=letter.offset, by="ana", to=to)
        record = encode_settlement(msgspec.structs.replace(note, **fields))
        headers, end = record.headers, evidence.deadletters.end
        notes = [Record(end + i, record.key, record.value, headers, 0) for i in range(times)]
        return with_log(evidence, "deadletters", [*evidence.deadletters.records, *notes])

    return change


def swap(evidence: Evidence) -> Evidence:
    """Two first decisions of one customer change places."""
    records = list(evidence.decisions.records)
    seen: dict[str, int] = {}
    for i, record in enumerate(records):
        found = decision(record)
        if found.revision:
            continue
        j = seen.get(found.customer_id)
        if j is not None:
            records[i] = msgspec.structs.replace(records[j], offset=record.offset)
            records[j] = msgspec.structs.replace(record, offset=records[j].offset)
            return with_log(evidence, "decisions", records)
        seen[found.customer_id] = i
    raise AssertionError("no customer has two decisions")


def with_redis(**fields: bytes | None) -> Change:
    """The hash with another value for the first customer, or without; or another position."""

    def change(evidence: Evidence) -> Evidence:
        redis = dict(evidence.redis or {})
        for name, value in fields.items():
            key = b"pos" if name == "pos" else min(k for k in redis if k.startswith(b"c/"))
            redis.pop(key)
            if value is not None:
                redis[key] = value
        return msgspec.structs.replace(evidence, redis=redis)

    return change


def roll_back(evidence: Evidence) -> Evidence:
    """Redis stands where it stood a batch ago, but with today's customers."""
    redis = dict(evidence.redis or {})
    position = orjson.loads(redis[b"pos"])
    markers = [r for r in evidence.memory.records if is_marker(r)]
    position["clog"] = markers[-2].offset + 1
    redis[b"pos"] = orjson.dumps(position)
    return msgspec.structs.replace(evidence, redis=redis)


def compact(evidence: Evidence) -> Evidence:
    """Only the last value of each key is left in contact.memory."""
    last = {record.key: record for record in evidence.memory.records}
    records = sorted(last.values(), key=lambda record: record.offset)
    return with_log(evidence, "memory", records)


def commit_more(evidence: Evidence) -> Evidence:
    """The group's offset is ahead of the last marker."""
    committed = {**evidence.committed, EVENTS: (evidence.committed[EVENTS] or 0) + 1}
    return msgspec.structs.replace(evidence, committed=committed)


def put_unread(evidence: Evidence) -> Evidence:
    """An event that nobody has taken."""
    return double("events", always)(evidence)


def lose_event(evidence: Evidence) -> Evidence:
    """The event of the first decision is not on the topic."""
    position = decision(evidence.decisions.records[0]).position
    assert position is not None
    return drop("events", lambda record: record.offset == position.offset)(evidence)


BAD: dict[str, tuple[Change, Promise]] = {
    "a decision is lost": (drop("decisions", first), Promise.OUTCOME),
    "a decision is made twice": (double("decisions", first), Promise.ONCE),
    "a second first decision under another id": (
        lambda e: alter(
            "decisions", lambda r: r.offset == e.decisions.end, rewrite(decision_id="x")
        )(double("decisions", first)(e)),
        Promise.ONCE,
    ),
    "two decisions change places": (swap, Promise.ORDER),
    "a decision goes to another queue": (
        alter("decisions", first, rewrite(queue="nowhere")),
        Promise.DECISION,
    ),
    "a decision points nowhere": (
        alter("decisions", first, rewrite(position=None)),
        Promise.POSITION,
    ),
    "a decision names another customer": (
        alter("decisions", first, rewrite(customer_id="somebody")),
        Promise.POSITION,
    ),
    "the event of a decision is gone": (lose_event, Promise.POSITION),
    "a revision is lost": (drop("decisions", revision), Promise.OUTCOME),
    "a revision names no predecessor": (
        alter("decisions", revision, rewrite(revises="")),
        Promise.REVISION,
    ),
    "a revision tells no cause": (
        alter("decisions", revision, rewrite(cause="")),
        Promise.REVISION,
    ),
    "a revision skips a number": (
        alter("decisions", revision, rewrite(revision=7)),
        Promise.REVISION,
    ),
    "a dead letter is lost": (drop("deadletters", always), Promise.OUTCOME),
    "a dead letter is written twice": (double("deadletters", always), Promise.ONCE),
    "the bytes of a dead letter are others": (
        alter("deadletters", always, spoil),
        Promise.DEADLETTER,
    ),
    "a dead letter lost a header": (
        alter("deadletters", lambda r: any(n == "x" for n, _ in r.headers), reheader),
        Promise.DEADLETTER,
    ),
    "a dead letter has another code": (
        alter("deadletters", always, recode),
        Promise.DEADLETTER,
    ),
    "a settled letter was not sent again": (settle(), Promise.DEADLETTER),
    "another record was sent again": (
        settle(to=Position(EVENTS, 0, 0)),
        Promise.DEADLETTER,
    ),
    "it was sent again to another topic": (
        settle(to=Position(SENTIMENT, 0, 0)),
        Promise.DEADLETTER,
    ),
    "a letter is settled twice": (settle(again=False, times=2), Promise.ONCE),
    "a letter is settled that is not there": (
        settle(again=False, offset=10_000),
        Promise.DEADLETTER,
    ),
    "a replay does not say where to": (settle(to=None), Promise.DEADLETTER),
    "a state is wrong": (alter("memory", is_state, spoil), Promise.STATE),
    "a state is missing": (drop("memory", is_state), Promise.STATE),
    "a state is there that nobody wrote": (
        alter("memory", is_state, lambda r: msgspec.structs.replace(r, key=b"c/new")),
        Promise.STATE,
    ),
    "a batch is missing": (drop("memory", is_later_marker), Promise.MARKER),
    "a marker went back": (
        alter("memory", is_later_marker, remark(inputs={EVENTS: 0})),
        Promise.MARKER,
    ),
    "the recorded clock went back": (
        alter("memory", is_later_marker, remark(now=1)),
        Promise.MARKER,
    ),
    "another lineage": (alter("memory", is_later_marker, remark(lineage="x")), Promise.MARKER),
    "the memory goes on behind the last marker": (double("memory", is_state), Promise.MARKER),
    "offsets and marker disagree": (commit_more, Promise.MARKER),
    "an event has not been taken": (put_unread, Promise.OUTCOME),
    "Redis holds another state": (with_redis(customer=b"other"), Promise.REDIS),
    "Redis lost a customer": (with_redis(customer=None), Promise.REDIS),
    "Redis lost its position": (with_redis(pos=None), Promise.REDIS),
    "Redis has an unreadable position": (with_redis(pos=b"?"), Promise.REDIS),
    "Redis is behind": (roll_back, Promise.REDIS),
    "Redis is empty": (lambda e: msgspec.structs.replace(e, redis={}), Promise.REDIS),
}


def judge(evidence: Evidence, tables: dict[str, Table], recording: Recording) -> Judged:
    """With the ledger of the run."""
    ledger = by_partition(recording.ledger).get(evidence.partition, [])
    return judge_partition(evidence, tables, ledger)


@pytest.mark.parametrize("seed", range(5))
def test_a_good_run_is_accepted(tables: dict[str, Table], seed: int) -> None:
    """Law: where every promise was kept the judge finds nothing."""
    run = Recording(next(iter(tables.values())))
    tell_story(run, seed)
    judged = [judge(p.evidence(), tables, run) for p in run.partitions]
    assert [finding for j in judged for finding in j.findings] == []
    assert all(j.folded for j in judged)
    events = sum(len(p.events) + len(p.sentiment) for p in run.partitions)
    assert sum(sum(j.outcomes.values()) for j in judged) == events


def test_the_good_run_has_what_the_changes_need(good: Evidence) -> None:
    """Law: a change is only worth something on a run in which it can do harm."""
    decoded = decode(good)
    assert sum(made.decision.revision > 0 for made in decoded.decisions) >= 1
    assert sum(made.decision.revision == 0 for made in decoded.decisions) >= 20
    assert len(decoded.letters) >= 2
    assert len([r for r in good.memory.records if is_marker(r)]) >= 5


def test_a_dropped_letter_is_no_dead_letter_more(
    good: Evidence, tables: dict[str, Table], recording: Recording
) -> None:
    """Law: what became of a letter is no letter itself; a good note is found good."""
    before = judge(good, tables, recording)
    judged = judge(settle(again=False)(good), tables, recording)
    assert judged.findings == ()
    assert judged.letters == before.letters
    assert judged.records["settlements"] == 1


@pytest.mark.parametrize("what", BAD)
def test_every_kind_of_damage_is_found_and_named(
    good: Evidence, tables: dict[str, Table], recording: Recording, what: str
) -> None:
    """Law: each damage leads to a finding under the promise that it breaks."""
    change, promise = BAD[what]
    judged = judge(change(good), tables, recording)
    assert promise in {finding.promise for finding in judged.findings}


def test_a_compacted_memory_is_said_to_be_not_enough(
    good: Evidence, tables: dict[str, Table]
) -> None:
    """Law: without the markers nothing is claimed about outcomes, and nothing false is found."""
    judged = judge_partition(compact(good), tables)
    assert {finding.promise for finding in judged.findings} == {Promise.EVIDENCE}
    assert not judged.folded
    assert "compaction" in judged.findings[0].what
    assert "without a fold" in tell_text([judged], 10)


def test_removed_events_are_said_to_be_not_enough(good: Evidence, tables: dict[str, Table]) -> None:
    """Law: what retention removed is told as missing evidence, not as a broken promise."""
    kept = good.events.records[3:]
    events = Log(kept, kept[0].offset, good.events.end)
    judged = judge_partition(msgspec.structs.replace(good, events=events), tables)
    assert {finding.promise for finding in judged.findings} == {Promise.EVIDENCE}


def test_an_unknown_rule_file_is_asked_for(good: Evidence) -> None:
    """Law: the judge says which rules version it needs."""
    judged = judge_partition(good, {})
    assert [finding.promise for finding in judged.findings] == [Promise.EVIDENCE]
    assert "--rules" in judged.findings[0].what


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": Outcome.REMEMBERED},
        {"actions": (Action.RECORD,)},
        {"channel": Channel.SOCIAL},
        {"rule": "x"},
    ],
)
def test_a_ledger_that_expects_otherwise_is_heard(
    good: Evidence, tables: dict[str, Table], recording: Recording, other: dict[str, object]
) -> None:
    """Law: the generator's word counts, even where topics and core agree."""
    ledger = by_partition(recording.ledger)[0]
    i = next(i for i, entry in enumerate(ledger) if entry.outcome is Outcome.DECIDED)
    ledger[i] = msgspec.structs.replace(ledger[i], **other)
    findings = judge_partition(good, tables, ledger).findings
    assert {finding.promise for finding in findings} == {Promise.LEDGER}
    assert ledger[i].event_id in findings[0].what


def test_an_acknowledged_event_that_is_not_there_is_heard(
    good: Evidence, tables: dict[str, Table], recording: Recording
) -> None:
    """Law: the ledger also says what must lie on the topic."""
    ledger = by_partition(recording.ledger)[0]
    beyond = msgspec.structs.replace(ledger[0], offset=good.events.end + 5)
    findings = judge_partition(good, tables, [beyond]).findings
    assert {finding.promise for finding in findings} == {Promise.LEDGER}
    assert "not on the topic" in findings[0].what


@pytest.mark.parametrize("code", sorted(BY_THE_SHELL))
def test_a_dead_letter_without_grounds_is_not_believed(
    good: Evidence, tables: dict[str, Table], code: RejectCode
) -> None:
    """Law: a router that calls good records too large, or a defect, does not get away with it."""
    record = next(r for r in reversed(good.events.records) if r.value != b"{not json")
    position = Position(EVENTS, good.partition, record.offset)
    encoded = encode_reject(
        Reject(code, "so it says"),
        key=record.key,
        value=record.value,
        headers=record.headers,
        position=position,
        by="router",
    )
    letter = Record(good.deadletters.end, encoded.key, encoded.value, encoded.headers, 0)
    bad = with_log(good, "deadletters", [*good.deadletters.records, letter])
    bad = msgspec.structs.replace(bad, limit=1_000_000)
    told = [f.what for f in judge_partition(bad, tables).findings if str(code) in f.what]
    assert any("without any trouble" in what or "bytes" in what for what in told)


def test_no_personal_data_is_in_the_report(good: Evidence, tables: dict[str, Table]) -> None:
    """Law: the report names ids and offsets, never texts or addresses."""
    judged = [judge_partition(change(good), tables) for change, _ in BAD.values()]
    for text in (tell_text(judged, 1000), tell_json(judged, 1000)):
        assert "example.org" not in text
        assert "+3592" not in text
        assert "Where is my order" not in text


class Restless:
    """A reader of a deployment whose router never rests."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def partitions(self) -> int:
        """One is enough."""
        return 1

    def end(self, _partition: int) -> int:
        """Further on at every look."""
        self._end += 1
        return self._end

    def collect(self, _partition: int, _count: int) -> Evidence:
        """Read while it was written: the newest marker is missing."""
        records = list(self._evidence.memory.records)
        last = max(n for n, record in enumerate(records) if record.key == MARKER_KEY)
        return with_log(self._evidence, "memory", [*records[:last], *records[last + 1 :]])


def test_a_partition_that_moves_is_not_judged_rather_than_called_broken(
    good: Evidence, tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A healthy system under traffic is no broken one; and it is not called good either."""
    monkeypatch.setattr(reading, "open_reader", lambda *_: Restless(good))
    monkeypatch.setattr(judging, "PAUSE_S", 0.0)
    options = judging.Options(
        brokers="",
        redis="none",
        prefix="",
        rules=(),
        ledger=None,
        partitions=None,
        wait=0.0,
        format="text",
        most=9,
        quiet=True,
    )
    (judged,) = judging.judge(options, tables)
    (finding,) = judged.findings
    assert finding.promise is Promise.EVIDENCE
    assert "not judged" in finding.what
