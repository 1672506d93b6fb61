"""Kills the router at every crash point, damages Redis meanwhile, and lets the judge decide.

    python -m tests.fault.campaign --kills 10 --seed 1

starts Apache Kafka and Valkey on loopback, prints what happened as a table, and writes it with
commit, seed and duration to docs/campaigns/. The seed fixes the order of the kills, the batch at
which each happens, the traffic and the plan of the damage; when things meet is the machine's.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from services.cli.judging.court import Judged
from services.cli.judging.report import tell_text
from services.runtime.crash import POINTS
from services.runtime.embedded import ApacheKafka, Valkey
from tests.fault.arena import LANES, PARTITIONS, Arena
from tests.fault.workers import CLONE, Worker

AT_RANDOM = "at a random moment"
BATCHES_MOST = 4
"""A worker dies at the first to fourth passing of its crash point."""
RANDOM_MOST_S = 1.5
"""A worker that is killed at random dies within so long after its lanes are open."""

Say = Callable[[str], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign did, and what the judge says of it."""

    seed: int
    fresh: bool
    """Was each worker a new interpreter, or forked off one?"""
    kills: Mapping[str, int]
    damage: Mapping[str, int]
    judged: Sequence[Judged]
    seconds: float

    @property
    def kept(self) -> bool:
        """Were all promises kept, with everything compared?"""
        return all(not one.findings and one.folded for one in self.judged)


def campaign(
    arena: Arena,
    *,
    seed: int,
    kills: int,
    rate: float = 100.0,
    fresh: bool = True,
    say: Say = lambda _: None,
) -> Outcome:
    """`kills` at each crash point and at random moments, under traffic and damage to Redis.

    With `fresh` each worker is a new interpreter; without, the lives are longer than the starts.
    """
    begin = time.monotonic()
    chance = random.Random(seed)
    plan = [point for point in (*POINTS, AT_RANDOM) for _ in range(kills)]
    chance.shuffle(plan)
    done: Counter[str] = Counter()
    arena.begin_traffic(rate, seed)
    with arena.vandal(seed) as vandal:
        for number, point in enumerate(plan, start=1):
            _kill_once(arena, point, chance, fresh=fresh)
            done[point] += 1
            arena.evict()
            say(f"{time.monotonic() - begin:6.1f} s  {number:>3} of {len(plan)} kills  {point}")
    judged = arena.settle()
    return Outcome(
        seed=seed,
        fresh=fresh,
        kills=done,
        damage=vandal.done,
        judged=judged,
        seconds=time.monotonic() - begin,
    )


def _kill_once(arena: Arena, point: str, chance: random.Random, *, fresh: bool) -> Worker:
    """One life of a worker, from its start to its violent end."""
    if point == AT_RANDOM:
        worker = arena.worker(fresh=fresh)
        worker.await_log("the group gave")
        time.sleep(chance.uniform(0, RANDOM_MOST_S))
        worker.kill()
        return worker
    worker = arena.worker(crash_at=point, after=chance.randint(1, BATCHES_MOST), fresh=fresh)
    worker.await_kill()
    return worker


def describe(outcome: Outcome, name: str) -> str:
    """The result as a page of docs/campaigns/."""
    kills = "\n".join(
        f"| killed {point.replace('_', ' ')} | {n} |" for point, n in outcome.kills.items()
    )
    damage = "\n".join(f"| Redis: {deed} | {n} |" for deed, n in sorted(outcome.damage.items()))
    verdict = "all promises kept" if outcome.kept else "PROMISES BROKEN"
    return f"""# Campaign {name}: {verdict}

| what | |
|---|---|
| commit | {_commit()} |
| seed | {outcome.seed} |
| broker | Apache Kafka 4, one node, KRaft, on loopback |
| memory | Valkey, no persistence |
| day | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC |
| duration | {outcome.seconds:.0f} s |
| partitions, lanes | {PARTITIONS}, {LANES} |
| workers | {"each a new interpreter" if outcome.fresh else "forked off one interpreter"} |
{kills}
{damage}

Again: `python -m tests.fault.campaign --kills {max(outcome.kills.values())} --seed {outcome.seed}{"" if outcome.fresh else " --quick"}`

What `omniroute judge` found:

```
{tell_text(outcome.judged, 5)}
```
"""


def _commit() -> str:
    """The commit that ran, and whether the files differed from it."""
    words = ["git", "-C", str(CLONE), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main(argv: Sequence[str]) -> int:
    """Run one campaign; 0 if every promise was kept, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fault.campaign",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kills", type=int, default=2, help="at each crash point (default 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second (default 100)")
    parser.add_argument(
        "--quick", action="store_true", help="fork the workers off one interpreter: shorter starts"
    )
    parser.add_argument("--name", default="", help="of the page in docs/campaigns/")
    parser.add_argument("--folder", type=Path, default=CLONE / "docs" / "campaigns")
    options = parser.parse_args(list(argv))
    name = options.name or f"kills-{options.kills}-seed-{options.seed}"
    with (
        ApacheKafka() as kafka,
        Valkey() as valkey,
        tempfile.TemporaryDirectory() as folder,
        Arena((kafka.bootstrap, valkey.url), "campaign.", Path(folder)) as arena,
    ):
        outcome = campaign(
            arena,
            seed=options.seed,
            kills=options.kills,
            rate=options.rate,
            fresh=not options.quick,
            say=_say,
        )
    page = describe(outcome, name)
    sys.stdout.write(page)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / f"{name}.md").write_text(page, "utf-8")
    return 0 if outcome.kept else 1


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
