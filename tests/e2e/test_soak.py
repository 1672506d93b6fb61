"""Nothing grows: the short form of an hour's soak, and a judge of it that knows a leak."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from bench import soak
from bench.growth import Look, Soak, judge

MOST = {"most_mb": 5.0, "most_objects": 0.01}
SENT = 100_000


def look_at(minute: int) -> Look:
    """A look at a service that breathes: a page that is just served, caches that turn over."""
    return Look(
        at_s=60.0 * minute,
        outcomes=SENT,
        waiting=40,
        mib=210 + minute % 3,
        files=60 + minute % 2,
        threads=6,
        objects=300_000 + 500 * (minute % 4),
    )


def make_soak(looks: Sequence[Look]) -> Soak:
    """A run with these looks."""
    return Soak(capacity=1000, rate=700, sent=SENT, looks=looks, types=())


FLAT = [look_at(minute) for minute in range(61)]


def test_what_breathes_is_flat() -> None:
    """No false alarm."""
    assert judge(make_soak(FLAT), **MOST) == []


def test_caches_may_fill_in_the_first_quarter() -> None:
    """What fills and then stays is no leak."""
    filling = [
        msgspec.structs.replace(look, mib=100 + 7 * n, objects=20_000 * n)
        for n, look in enumerate(FLAT[:15])
    ]
    assert judge(make_soak([*filling, *FLAT[15:]]), **MOST) == []


@pytest.mark.parametrize(
    ("what", "each_minute", "word"),
    [("mib", 0.2, "memory"), ("files", 0.1, "descriptors"), ("objects", 100, "objects")],
)
def test_what_creeps_up_is_told(what: str, each_minute: float, word: str) -> None:
    """Slow leaks: 9 MB, 4 descriptors, 1.5 % of the objects in 45 minutes."""
    creeping = [
        msgspec.structs.replace(look, **{what: int(getattr(look, what) + each_minute * n)})
        for n, look in enumerate(FLAT)
    ]
    assert [sentence.split()[0] for sentence in judge(make_soak(creeping), **MOST)] == [word]


def test_a_missing_outcome_and_a_service_that_falls_behind_are_told() -> None:
    """Flat memory alone is not enough."""
    late = [*FLAT[:-1], msgspec.structs.replace(FLAT[-1], outcomes=SENT - 1, waiting=9000)]
    behind, missing = judge(make_soak(late), **MOST)
    assert "13 s of traffic waited" in behind
    assert missing == "100,000 were sent, 99,999 have an outcome"


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("service", ["router", "sentiment"])
def test_the_short_form_loses_nothing_and_leaks_no_descriptor(service: str, tmp_path: Path) -> None:
    """Half a minute is too short for the caches to fill: only what is gross shows here."""
    page = tmp_path / "soak.md"
    words = ["--service", service, "--minutes", "0.5", "--every", "3", "--backlog", "20000"]
    words += ["--measure", "5"]
    words += ["--share", "0.4", "--most-mb", "80", "--most-objects", "2", "--into", str(page)]
    assert soak.main(words) == 0, page.read_text("utf-8")
    assert "Flat, and nothing is missing." in page.read_text("utf-8")
