"""The stream of the day: stories dealt like cards, their steps merged and paced.

Pure: the same seed, start and rate give the same records.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from random import Random

import msgspec

from services.cli.day.expect import Expected
from services.cli.day.people import DAY, NIGHT, meet, zone_where
from services.cli.day.script import Cast, Raw, Step, Story
from services.cli.day.stories_broken import broken
from services.cli.day.stories_live import LIVE_STORIES
from services.cli.day.stories_mail import MAIL_STORIES, at_night
from services.cli.day.words import read_words
from services.contact.event import ContactEvent

Tell = Callable[[Cast], Story]
STORIES: tuple[tuple[int, Tell], ...] = (*MAIL_STORIES, *LIVE_STORIES, (3, broken))
"""How often each story is told in one round."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """One record, and when it is due."""

    due_ms: float
    """After the start of the day."""
    record: ContactEvent | Raw
    """Events carry their time of receipt."""
    expected: Expected
    story: Story
    last: bool
    """The story's last step."""


class _Running:
    """A story whose steps are being sent."""

    def __init__(self, story: Story, begin_ms: float) -> None:
        self.story = story
        self.begin_ms = begin_ms
        self.received: dict[str, float] = {}
        """When each event was received, after the start of the day."""
        self._next = 0

    @property
    def over(self) -> bool:
        return self._next == len(self.story.steps)

    @property
    def next_ms(self) -> float:
        return self.begin_ms + self.story.steps[self._next].at_ms

    def take(self) -> Step:
        self._next += 1
        return self.story.steps[self._next - 1]


class Dealer:
    """Deals stories without end, each round in another order."""

    def __init__(self, seed: int, start_ms: int) -> None:
        # Not for secrets: a seed must give the same day again.
        self._rng = Random(seed)  # noqa: S311
        self._seed = seed
        self._start_ms = start_ms
        self._languages = read_words()
        self._deck = [tell for times, tell in STORIES for _ in range(times)]
        self._dealt = 0

    def deal(self, after_ms: float) -> Story:
        """The next story, told by a fresh customer.

        `after_ms`, the time since the start, matters only for where the customer lives: it must
        be day there, or night.
        """
        rng = self._rng
        if self._dealt % len(self._deck) == 0:
            rng.shuffle(self._deck)
        tell = self._deck[self._dealt % len(self._deck)]
        self._dealt += 1
        serial = f"{self._seed}-{self._dealt:05d}"
        words = rng.choice(self._languages)
        hours = NIGHT if tell is at_night else DAY
        zone = zone_where(rng, words.zones, int(self._start_ms + after_ms), hours)
        person = meet(rng, words, serial, zone)
        case = rng.choice(words.cases)
        return tell(Cast(person=person, words=words, case=case, rng=rng, serial=serial))


def generate(
    seed: int, start_ms: int, *, rate: float, total: int | None = None
) -> Iterator[Sending]:
    """The day's records in the order of sending, `rate` a second, evenly spaced.

    `start_ms` is when the day begins (ms since the epoch); times of receipt follow from it. With
    `total`, no story begins after so many records, and those that have begun are told to their
    end: the stream is longer than `total` by a few stories' rests.
    """
    gap_ms = 1000 / rate
    dealer = Dealer(seed, start_ms)
    heap: list[tuple[float, int, _Running]] = []
    tie = count()
    begin_ms, dealt = 0.0, 0
    for number in count():
        due_ms = number * gap_ms
        while (not heap or heap[0][0] >= begin_ms) and (total is None or dealt < total):
            running = _Running(dealer.deal(begin_ms), begin_ms)
            heapq.heappush(heap, (running.next_ms, next(tie), running))
            dealt += len(running.story.steps)
            begin_ms += len(running.story.steps) * gap_ms
        if not heap:
            return
        _, _, running = heapq.heappop(heap)
        yield _send(running, due_ms, start_ms)
        if not running.over:
            heapq.heappush(heap, (running.next_ms, next(tie), running))


def _send(running: _Running, due_ms: float, start_ms: int) -> Sending:
    step = running.take()
    record = step.record
    if isinstance(record, ContactEvent):
        at_ms = running.received[step.received_after] + 1 if step.received_after else due_ms
        running.received[record.event_id] = at_ms
        received = datetime.fromtimestamp((start_ms + int(at_ms) - step.ago_ms) / 1000, UTC)
        record = msgspec.structs.replace(record, received_at=received)
    return Sending(
        due_ms=due_ms,
        record=record,
        expected=step.expected,
        story=running.story,
        last=running.over,
    )


def tell_one(name: str, *, seed: int) -> Story | None:
    """One story by the name of its function, in English; None if there is no such story.

    `seed` makes its ids and says the time (ms since the epoch): it must be new for each telling.
    """
    tell = next((tell for _, tell in STORIES if tell.__name__ == name), None)
    if tell is None:
        return None
    rng = Random(seed)  # noqa: S311 - as above
    words = next(words for words in read_words() if words.language == "en")
    zone = zone_where(rng, words.zones, seed, NIGHT if tell is at_night else DAY)
    serial = f"x{seed:x}"
    person = meet(rng, words, serial, zone)
    case = rng.choice(words.cases)
    return tell(Cast(person=person, words=words, case=case, rng=rng, serial=serial))
