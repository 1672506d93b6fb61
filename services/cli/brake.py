"""`omniroute brake`: which lanes stopped for too many dead letters, and lets them go on."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

import msgspec

from services.cli.deployment import add_deployment
from services.cli.moments import moment_of
from services.runtime.connection import KafkaAccess
from services.runtime.lane_note import Note
from services.runtime.lane_settings import LaneSettings
from services.runtime.releasing import ReleaseError, find_notes, release
from services.runtime.settings import SettingsError, read_access

GOOD, FOUND, USAGE = 0, 1, 2
SERVICES = ("router", "sentiment")
DESCRIPTION = """\
A lane that refuses 100 records in a row, or half of its last 1,000, stops before it puts more of them
on contact.deadletter (OMNIROUTE_BRAKE_ROW, OMNIROUTE_BRAKE_RECENT). Nothing is lost: its input waits.
It stays stopped whatever is restarted, until you let go. Mend the cause first; `omniroute deadletter
list` tells it. A lane that was let go counts from nothing: if the cause stands, it stops again after
as many.
"""
EXAMPLES = """\
examples:
  omniroute brake show                              every lane that stands still, and why
  omniroute brake release --service router --lane 2
  omniroute brake release --all

The lane goes on within seconds; no service has to be restarted.

exit codes: show: 0 no lane is held, 1 some are; release: 0 let go, 1 none was held or Kafka refused;
2 usage error
"""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute brake`; see EXAMPLES for the exit codes."""
    parser = _build_parser()
    words = parser.parse_args(argv)
    # The client logs each failed attempt; the one sentence that we print says it all.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if words.what == "release" and words.all == (words.lane is not None):
        parser.error("say which one: --lane N, or --all")
    if words.what == "release" and words.lane is not None and words.service is None:
        parser.error("--lane needs --service router or --service sentiment")
    try:
        access = read_access({**os.environ, "OMNIROUTE_KAFKA": words.brokers}, "brake")
    except SettingsError as wrong:
        print(f"omniroute brake: {wrong}", file=sys.stderr)
        return USAGE
    services = SERVICES if words.service is None else (words.service,)
    lanes = [LaneSettings(service=service, prefix=words.prefix) for service in services]
    work = _show(access, lanes) if words.what == "show" else _release(access, lanes, words.lane)
    try:
        return asyncio.run(work)
    except ReleaseError as broken:
        print(f"omniroute brake: {broken}", file=sys.stderr)
        return FOUND


class Held(msgspec.Struct, frozen=True):
    """A lane that stands still."""

    settings: LaneSettings
    lane: int
    note: Note

    def describe(self) -> str:
        """In a line."""
        since = f"{moment_of(self.note.braked_at):%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.settings.service} lane {self.lane}: since {since}, {self.note.braked}"


async def _find_held(access: KafkaAccess, services: Sequence[LaneSettings]) -> list[Held]:
    return [
        Held(settings, lane, note)
        for settings in services
        for lane, (_, note) in (await find_notes(access, settings)).items()
        if note.braked
    ]


async def _show(access: KafkaAccess, services: Sequence[LaneSettings]) -> int:
    held = await _find_held(access, services)
    for one in held:
        print(one.describe())
    if not held:
        print("the brake holds no lane")
        return GOOD
    print("to go on: mend the cause, then `omniroute brake release`")
    return FOUND


async def _release(access: KafkaAccess, services: Sequence[LaneSettings], lane: int | None) -> int:
    held = [one for one in await _find_held(access, services) if lane in {None, one.lane}]
    if not held:
        what = "no lane" if lane is None else f"not lane {lane} of the {services[0].service}"
        print(f"omniroute brake: the brake holds {what}", file=sys.stderr)
        return FOUND
    for one in held:
        if await release(access, one.settings, one.lane) is not None:
            print(f"let go of {one.describe()}")
    return GOOD


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute brake",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="show|release")
    show = commands.add_parser("show", help="every lane that stands still, since when and why")
    freeing = commands.add_parser("release", help="let lanes go on")
    freeing.add_argument("--lane", type=int, metavar="N", help="this one; needs --service")
    freeing.add_argument("--all", action="store_true", help="every lane that is held")
    for command in (show, freeing):
        command.add_argument("--service", choices=SERVICES, help="default: both")
        add_deployment(command)
    return parser
