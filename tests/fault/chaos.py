"""Plays the rounds of one row until a budget is used, and keeps a ledger of them.

    make chaos ROW=2 BUDGET=40m            rounds with seeds of their own, one ledger line each
    make chaos ROW=2 SEED=17 BUDGET=1s     one round; a seed gives the same plan of faults again
    python -m tests.fault.chaos --row 2 --seed 17 --plan       only print that plan

Rounds begin while the budget lasts; one that has begun is played to its end. A page about each
round (faults, throughput, lag, verdict) is written to build/chaos/. Exit code: 0 all kept,
1 something broke (the row's sums begin anew), 2 wrong use, or a tool is missing.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence

from tests.fault import chart, ledger
from tests.fault.nemesis import describe_plan
from tests.fault.round import Result, plan_strands, play
from tests.fault.rows.table import ROWS
from tests.fault.scene import Row, Scene
from tests.fault.workers import CLONE
from tests.machine import install, lacking

PAGES = CLONE / "build" / "chaos"
UNITS = {"s": 1, "m": 60, "h": 3600, "": 1}


def main(argv: Sequence[str]) -> int:
    """Run one row; see the module's text for the exit codes."""
    options = _parse(argv)
    row = ROWS[options.row]
    scenes = [
        one for one in (row.short if options.short else row.scenes) if options.scene in one.name
    ]
    if not scenes:
        sys.stderr.write(f"row {row.number} has no scene like {options.scene!r}\n")
        return 2
    if not options.plan:
        needs = {need for scene in scenes for need in scene.needs}
        install(needs, _say)
        if missing := lacking(needs):
            sys.stderr.write(f"row {row.number} needs {', '.join(missing)}: not on this machine\n")
            return 2
    for untested in row.lacking:
        _say(f"NOT TESTED: {untested}")
    seed = int(time.time()) % 1_000_000 if options.seed is None else options.seed
    if options.plan:
        return _tell_plan(scenes, seed)
    begin, number, good = time.monotonic(), 0, True
    while number == 0 or time.monotonic() - begin < options.budget:
        scene = scenes[number % len(scenes)]
        label = re.sub(r"\W+", "-", scene.name)
        name = f"row-{row.number}-{label}-seed-{seed + number}"
        result = play(
            scene, seed + number, row.limits, say=_say, keep=PAGES / name, always=options.logs
        )
        good &= _keep(row, scene, result, (name, options.short))
        number += 1
    sys.stdout.write(ledger.describe(row, ledger.sum_row(row, ledger.read())) + "\n")
    return 0 if good else 1


def _keep(row: Row, scene: Scene, result: Result, where: tuple[str, bool]) -> bool:
    """Write the page and the line, and say what was found."""
    brokers = scene.topology.brokers
    broker = f"Apache Kafka 4, {brokers} node{'s' if brokers > 1 else ''}, KRaft, on loopback"
    line = ledger.enter(row, result, broker)
    name, short = where
    PAGES.mkdir(parents=True, exist_ok=True)
    page = PAGES / f"{name}.html"
    page.write_text(chart.draw(row, line, result), "utf-8")
    if not short:
        ledger.append(line)
    sys.stdout.write(f"{result.verdict}\n")
    sys.stdout.writelines(f"note: {note}\n" for note in result.notes)
    sys.stdout.writelines(f"WRONG: {wrong}\n" for wrong in result.wrong)
    told = "kept" if result.kept else "BROKEN"
    sys.stdout.write(
        f"{scene.name}, seed {result.seed}: {told} in {result.seconds:.0f} s; {page}\n"
    )
    sys.stdout.flush()
    return result.kept


def _tell_plan(scenes: Sequence[Scene], seed: int) -> int:
    for number, scene in enumerate(scenes):
        for strand, plan in enumerate(plan_strands(scene, seed + number)):
            sys.stdout.write(f"# {scene.name}, seed {seed + number}, strand {strand}\n")
            sys.stdout.write(describe_plan(plan) + "\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fault.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rows = "; ".join(f"{row.number}: {row.title}" for row in ROWS.values())
    parser.add_argument("--row", type=int, choices=sorted(ROWS), required=True, help=rows)
    parser.add_argument("--budget", type=_parse_budget, default=1.0, metavar="40m")
    parser.add_argument("--seed", type=int, help="of the first round (default: from the clock)")
    parser.add_argument("--scene", default="", help="only scenes with this in their name")
    parser.add_argument(
        "--short", action="store_true", help="the scenes of `make check`; no ledger"
    )
    parser.add_argument(
        "--logs", action="store_true", help="keep the logs of every round, not only of a red one"
    )
    parser.add_argument("--plan", action="store_true", help="print the plan and end")
    return parser.parse_args(list(argv))


def _parse_budget(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smh]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 40m or 2h")
    return float(found[1]) * UNITS[found[2]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
