"""What `omniroute run` knows of its day: what was sent, what came back, and whether it fits.

One customer stands for one story. A customer's records are compared with the story as soon as
nothing more can come, and then forgotten, so that a day without end fits into memory.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from services.cli.day.compare import Place, Seen, find_differences, place
from services.cli.day.counts import Counts
from services.cli.day.expect import Entry
from services.cli.day.outbox import Sent
from services.contact.decision import Action, Decision, DecisionType, Outcome, Position
from services.contact.event import ContactEvent
from services.contact.sentiment import Label, SentimentScored, SentimentSummary

RECENT = 200
LATENCIES = 20_000
MOST_DIFFERENCES = 1000


class Latest(msgspec.Struct, frozen=True):
    """A decision as the view shows it."""

    at: datetime
    who: str
    decision: Decision


class _File(msgspec.Struct):
    """What is known of one customer's story until it is compared."""

    entries: list[Entry] = []
    seen: Seen = msgspec.field(default_factory=Seen)
    touched_s: float = 0.0


class Percentiles(msgspec.Struct, frozen=True):
    """In milliseconds."""

    count: int
    p50: float
    p99: float


class Board:
    """Counts and comparisons; the view draws it, the summary prints it."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        """Acknowledged records by channel; `unreadable` and `facts` where there is none."""
        self.kinds: Counter[str] = Counter()
        self.customers: set[str] = set()
        self.names: dict[str, str] = {}
        self.languages: Counter[str] = Counter()
        self.ends: dict[int, int] = {}
        """By partition of `contact.events`: one after the last acknowledged record."""
        self.sentiment_ends: dict[int, int] = {}
        self.records = 0
        self.actions: Counter[Action] = Counter()
        self.moved: Counter[tuple[str, str]] = Counter()
        self.revised: Counter[str] = Counter()
        """Revisions by cause."""
        self.types: Counter[DecisionType] = Counter()
        self.letters: Counter[str] = Counter()
        self.labels: Counter[Label] = Counter()
        self.summaries = 0
        """Summaries of sentiment, one for each close of a contact."""
        self.score_sum = 0.0
        self.recent: deque[Latest] = deque(maxlen=RECENT)
        self.postponed = 0
        self.first_decision_s: float | None = None
        """By the monotonic clock."""
        self.compared = 0
        self.differences: list[str] = []
        self._ids: set[str] = set()
        self._files: dict[str, _File] = {}
        self._owners: dict[Place, str] = {}
        self._early: dict[Place, str] = {}
        self._foreign: set[Place] = set()
        """Events that we have read and not sent, or not yet heard to be acknowledged."""
        self._appended: dict[Place, int] = {}
        self._read: dict[Place, float] = {}
        self._latencies: deque[float] = deque(maxlen=LATENCIES)

    # -- what came in
    def note_event(self, event: ContactEvent, name: str) -> None:
        """An event is about to be sent."""
        self.sent[event.channel or "facts"] += 1
        self.kinds[event.kind] += 1
        self.names.setdefault(event.customer_id, name)
        if event.language:
            self.languages[event.language] += 1

    def note_unreadable(self) -> None:
        """A record that no platform should send is about to be sent."""
        self.sent["unreadable"] += 1

    def note_sent(self, sent: Sent, now_s: float) -> None:
        """Kafka has acknowledged a record."""
        entry = sent.entry
        at = (entry.partition, entry.offset)
        self.records += 1
        self.customers.add(entry.customer_id)
        self.ends[entry.partition] = max(self.ends.get(entry.partition, 0), entry.offset + 1)
        file = self._file(entry.customer_id, now_s)
        file.entries.append(entry)
        self._owners[at] = entry.customer_id
        self._foreign.discard(at)
        if at in self._early:
            file.seen.letters[at] = self._early.pop(at)
        self._appended[at] = sent.appended_ms
        self._measure(at)

    def note_event_read(self, at: Place) -> None:
        """An event was read from the topic, ours or somebody else's."""
        if at not in self._owners:
            self._foreign.add(at)

    # -- what came back
    def note_decision(self, decision: Decision, *, now_s: float, now_ms: float) -> None:
        """A decision was read at `now_ms`, ms since the epoch (`now_s`: monotonic)."""
        if self.first_decision_s is None:
            self.first_decision_s = now_s
        self._ids.add(decision.decision_id)
        self.types[decision.type] += 1
        self._file(decision.customer_id, now_s).seen.add(decision)
        who = self.names.get(decision.customer_id, decision.customer_id)
        self.recent.appendleft(Latest(datetime.now(UTC), who, decision))
        if decision.type is not DecisionType.MADE:
            self.revised[decision.cause or "unknown"] += 1
            return
        self.actions[decision.action] += 1
        self.moved[(decision.from_channel, decision.channel)] += 1
        self.postponed += decision.not_before is not None and decision.action is Action.CALLBACK
        if decision.position is not None:
            at = place(decision.position)
            self._read[at] = now_ms
            self._measure(at)

    def note_letter(self, code: str, position: Position | None) -> None:
        """A dead letter was read; `position` is that of the event, if it was one."""
        self.letters[code] += 1
        if position is None:
            return
        at = place(position)
        owner = self._owners.get(at)
        if owner is not None and owner in self._files:
            self._files[owner].seen.letters[at] = code
        else:
            self._early[at] = code

    def note_unfit(self, what: str) -> None:
        """Something on an output topic is not as the contract says."""
        self.differences.append(what)

    def note_sentiment(self, said: SentimentScored | SentimentSummary, at: Place) -> None:
        """A score, or the summary of a contact, was read at this place of `contact.sentiment`."""
        self.sentiment_ends[at[0]] = at[1] + 1
        if isinstance(said, SentimentSummary):
            self.summaries += 1
            return
        self.labels[said.label] += 1
        if said.label is not Label.UNSCORED:
            self.score_sum += said.score

    def _measure(self, at: Place) -> None:
        if at in self._appended and at in self._read:
            self._latencies.append(max(0.0, self._read.pop(at) - self._appended.pop(at)))

    def _file(self, customer_id: str, now_s: float) -> _File:
        file = self._files.setdefault(customer_id, _File(entries=[]))
        file.touched_s = now_s
        return file

    # -- what it comes to
    def settle(self, *, untouched_since_s: float) -> None:
        """Compare the stories of which nothing was heard since then, and forget them."""
        over = [c for c, f in self._files.items() if f.touched_s <= untouched_since_s]
        for customer_id in over:
            file = self._files.pop(customer_id)
            self.compared += len(file.entries)
            for entry in file.entries:
                at = (entry.partition, entry.offset)
                self._owners.pop(at, None)
                self._appended.pop(at, None)
            room = MOST_DIFFERENCES - len(self.differences)
            self.differences += list(find_differences(file.entries, file.seen))[:room]
            self.names.pop(customer_id, None)

    def latency(self) -> Percentiles:
        """From the broker's append of the event to our reading of the decision."""
        values = sorted(self._latencies)
        if not values:
            return Percentiles(0, 0.0, 0.0)
        last = len(values) - 1
        return Percentiles(len(values), values[last // 2], values[last * 99 // 100])

    def share_within(self, limit_ms: float) -> float:
        """The share of latencies up to a limit, 0 to 1."""
        values = sorted(self._latencies)
        return bisect_left(values, limit_ms) / len(values) if values else 0.0

    def outcomes(self) -> Mapping[str, int]:
        """What became of the records, as far as the topics tell."""
        decided = self.types[DecisionType.MADE]
        refused = sum(self.letters.values())
        return {
            Outcome.DECIDED.value: decided,
            "remembered or duplicate": max(0, self.records - decided - refused),
            "dead letter": refused,
        }

    @property
    def foreign(self) -> int:
        """Events on the topic that others sent, `omniroute send` for instance."""
        return len(self._foreign)

    def counts(self) -> Counts:
        """Our side of the comparison with the separate reader."""
        return Counts(
            events=self.records + self.foreign,
            decisions=sum(self.types.values()),
            decision_ids=len(self._ids),
            actions={a.value: n for a, n in self.actions.items()},
            revised=self.types[DecisionType.REVISED],
            cancelled=self.types[DecisionType.CANCELLED],
            letters=dict(self.letters),
            sentiments=sum(self.labels.values()) + self.summaries,
        )
