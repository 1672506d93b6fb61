"""NEV in the figures equals what an independent reckoning finds in the events and the scores."""

from __future__ import annotations

import random
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from services.contact.event import Kind, Survey
from services.contact.sentiment import Label
from services.contact.topics import SENTIMENT
from tests import machine
from tests.shell.test_sentiment_pipeline import Bench, make_batch, make_record, read

MONITORING = machine.CLONE / "deploy" / "monitoring"
TEXTS = ("I love it, thank you!", "This is terrible, I hate it.", "The parcel has number 7.")
QUEUES = ("care", "sales", "")
TOPICS = ("billing", "")


async def test_every_message_counts_at_its_touchpoint() -> None:
    """Law: messages by channel, queue, topic and label are those on the topic, no more, no fewer."""
    draw = random.Random(4)
    records = [
        make_record(
            offset,
            f"c{offset % 11}",
            text=draw.choice(TEXTS),
            language="en",
            queue=draw.choice(QUEUES),
            topic=draw.choice(TOPICS),
        )
        for offset in range(400)
    ]
    bench = Bench()
    outgoing = await bench.run(make_batch(*records))
    published = [read(one) for one in outgoing if one.topic == SENTIMENT]
    assert len(published) == 400
    expected = Counter(
        (one.channel, one.queue or "none", one.topic or "none", one.label) for one in published
    )
    assert {label for *_, label in expected} >= {Label.NEGATIVE, Label.POSITIVE, Label.NEUTRAL}
    for channel, queue, topic in {key[:3] for key in expected}:
        for label in (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE):
            found = bench.count(
                "touchpoint_messages_total",
                channel=channel or "none", queue=queue, topic=topic, label=label.value,
            )  # fmt: skip
            assert found == expected[channel, queue, topic, label]


async def test_a_side_that_never_spoke_is_zero_and_not_absent() -> None:
    """Law: where all are unhappy NEV is -100: both sides of the difference are there."""
    bench = Bench()
    record = make_record(0, text=TEXTS[1], language="en", queue="care")
    (out,) = await bench.run(make_batch(record))
    (channel,) = {read(out).channel or "none"}
    names = {"channel": channel, "queue": "care", "topic": "none"}
    name = "omniroute_sentiment_touchpoint_messages_total"
    assert bench.registry.get_sample_value(name, names | {"label": "positive"}) == 0
    assert bench.registry.get_sample_value(name, names | {"label": "negative"}) == 1


async def test_surveys_are_summed_by_touchpoint() -> None:
    """Law: answers, and both means, by touchpoint; a survey leaves no record on the topic."""
    draw = random.Random(5)
    records = []
    told: dict[str, list[float]] = defaultdict(list)
    for offset in range(60):
        queue = draw.choice(("care", "sales"))
        ratings = {name: float(draw.randint(0, 10)) for name in Survey.__struct_fields__}
        told[queue].append(
            sum(list(ratings.values())[8:]) / 12 - sum(list(ratings.values())[:8]) / 8
        )
        records.append(
            make_record(
                offset,
                "c1",
                kind=Kind.SURVEY_ANSWERED,
                queue=queue,
                survey=msgspec.convert(ratings, Survey),
            )
        )
    bench = Bench()
    assert await bench.run(make_batch(*records)) == []
    assert bench.count("skipped_total", why="survey") == 60
    for queue, values in told.items():
        place = {"channel": "chat", "queue": queue, "topic": "none"}
        assert bench.count("surveys_total", **place) == len(values)
        good = bench.count("survey_points_total", **place, side="positive")
        bad = bench.count("survey_points_total", **place, side="negative")
        assert (good - bad) / len(values) == pytest.approx(sum(values) / len(values))


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("path", sorted(MONITORING.glob("tests/*.test.yaml")), ids=lambda p: p.stem)
def test_the_rules_for_prometheus_say_what_they_promise(path: Path) -> None:
    """Law: promtool accepts the recording rules, and their tests hold."""
    rules = MONITORING / "rules" / path.name.replace(".test", "")
    for words in (["check", "rules", str(rules)], ["test", "rules", str(path)]):
        done = subprocess.run(
            [machine.program("promtool") or "", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
