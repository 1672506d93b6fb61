"""Run the simulation: many seeds, or one of them with everything that happened.

    python -m tests.simulation.run --schedules 5000             (four to six minutes of one core)
    python -m tests.simulation.run --seed 4711 --trace          (one seed again, step by step)
    python -m tests.simulation.run --schedules 200000 --budget 40m --jobs 2 --ledger FILE.tsv
    python -m tests.simulation.run --mutant "deliveries are not awaited"    (must find something)

A ledger holds a line for each run; what was run since its last red line is summed up. Exit code: 0 every
promise was kept, 1 something was found (the seed is printed), 2 wrong use.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.simulation.mutants import MUTANTS
from tests.simulation.spoiling import spoil


def main(argv: Sequence[str]) -> int:
    """Run what the command line says."""
    options = _parse(argv)
    # Before anything of the router is imported.
    if options.mutant:
        spoil(options.mutant)
    logging.disable(logging.CRITICAL)
    from tests.simulation import many  # noqa: PLC0415 - a mutant must be in place before it

    if options.seed is not None:
        return many.run_one(options.seed, trace=options.trace)
    request = many.Request(
        first=options.first,
        schedules=options.schedules,
        budget_s=options.budget,
        jobs=options.jobs,
        ledger=options.ledger,
        until_found=bool(options.mutant),
    )
    begin = time.monotonic()
    outcome = many.run(request)
    sys.stdout.write(many.tell(outcome, time.monotonic() - begin))
    return 1 if outcome.found else 0


def _seconds(text: str) -> float:
    """`90`, `90s`, `40m` or `2h` as seconds."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    number = float(text[:-1]) * unit if unit else float(text)
    if number <= 0:
        raise ValueError(text)
    return number


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.run",
        description=__doc__,
        epilog="mutants: " + "; ".join(mutant.name for mutant in MUTANTS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--schedules", type=int, default=1_000, metavar="N", help="seeds to run (default 1000)")
    add("--first", type=int, default=0, metavar="SEED", help="the first of them (default 0)")
    add("--budget", type=_seconds, default=None, metavar="TIME", help="end after 90s, 40m, 2h")
    add("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    add("--seed", type=int, help="run this one only, and say what it found")
    add("--trace", action="store_true", help="with --seed: print everything that happened")
    add("--ledger", type=Path, metavar="FILE", help="sum up over runs: begin behind its last seed")
    add("--mutant", choices=[m.name for m in MUTANTS], metavar="NAME", help="one of those below")
    options = parser.parse_args(list(argv))
    if options.trace and options.seed is None:
        parser.error("--trace needs --seed N")
    if options.schedules < 1 or options.jobs < 1:
        parser.error("--schedules and --jobs are 1 or more")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
