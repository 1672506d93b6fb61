"""Keeps the rules in force: watches where they lie, loads them aside, swaps one reference.

Rule: a bad file never replaces a good one, and an older generation never a newer one. A batch asks
for the edition once, so it sees one version. A lane whose last batch was decided under a newer
generation than this process has read yet waits until it has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from services.contact.decision import Effect
from services.router.core.edition import Edition
from services.router.core.table import Table
from services.router.live.beside import Trials
from services.router.live.changing import note_stopped
from services.router.live.child import CheckFailedError, CheckingChild, read_answer
from services.router.live.directory import SWITCH, Found, SourceError, read_rules
from services.router.live.figures import FailureKind, RulesFigures
from services.router.live.guardrails import Arm, find_breach
from services.router.live.loading import Loaded, build_edition, list_files
from services.router.rules.tree import Rules as Tree
from services.runtime.lane import Unavailable
from services.runtime.log import get_log

log = get_log(__name__)

DEBOUNCE_MS = 200
POLL_MS = 5_000
"""The net under the watch: some file systems tell nothing."""
REACH_WITHIN_S = 5.0
"""How long a lane waits for a newer generation at a time; then it says so and waits again."""
STEP_S = 0.05


class Rules(Protocol):
    """What a lane asks of the rules."""

    def edition(self) -> Edition:
        """What is in force; to be asked once per batch."""

    async def reach(self, generation: int, stopped: int, alive: Callable[[], None]) -> None:
        """Return when no older generation than this can be in force.

        `stopped` is the newest generation whose canary is known to be stopped.
        """

    def learn(self, trials: Trials | None) -> None:
        """A batch that stands told this about the candidate; None where there was none."""

    @property
    def stopped(self) -> int:
        """The newest generation whose canary is known to be stopped; 0: none."""


class FixedRules:
    """Rules that never change, or only by the caller's hand."""

    stopped = 0

    def __init__(self, table: Callable[[], Table]) -> None:
        self._table = table

    def edition(self) -> Edition:
        """The table as it is now."""
        return Edition(table=self._table())

    async def reach(self, generation: int, stopped: int, alive: Callable[[], None]) -> None:
        """There is nothing to wait for."""

    def learn(self, trials: Trials | None) -> None:
        """There is no candidate."""


class LiveRules:
    """The rules of a running router. Made by `load_first`."""

    def __init__(self, name: str, effect: Effect, found: Found, first: Loaded) -> None:
        if first.edition is None:
            raise SourceError("\n".join(first.problems))
        self._name = name
        self._effect = effect
        self._found = found
        self._edition = first.edition
        self._trees = first.trees
        self._seen = found.fingerprint()
        self._told = ""
        self._child = CheckingChild()
        self._arms: tuple[int, Arm, Arm] = (first.edition.generation, Arm(), Arm())
        self.stopped = found.generation if found.stopped else 0
        self.figures = RulesFigures(self.edition)
        self.figures.stopped = bool(found.stopped)

    def edition(self) -> Edition:
        """What is in force."""
        return self._edition

    def tree(self, version: str) -> Tree | None:
        """A rule file of the edition in force, as people wrote it; for pages."""
        return self._trees.get(version)

    # -- watching

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                with contextlib.suppress(
                    OSError, WatchfilesRustInternalError
                ):  # it may not be there yet, or be gone
                    await self._watch()
                await asyncio.sleep(POLL_MS / 1000)
                await self.look()
        finally:
            await self.close()

    async def close(self) -> None:
        """End the process that checks rule files, if there is one."""
        await self._child.close()

    async def _watch(self) -> None:
        if not self._name:
            await asyncio.Event().wait()  # the packaged file does not change
        path = Path(self._name)
        # The folder, not the file: a ConfigMap swaps a link beside it, and editors rename.
        inside = await asyncio.to_thread(path.is_dir)
        await self.look()  # what changed before the watch began
        async for changes in awatch(
            path if inside else path.parent,
            recursive=inside,
            debounce=DEBOUNCE_MS,
            rust_timeout=POLL_MS,
            yield_on_timeout=True,
            watch_filter=None,
            ignore_permission_denied=True,
        ):
            if not await self.look() and not changes:
                await self._child.close()  # nothing to do: it need not lie in memory

    async def look(self) -> bool:
        """Read what lies there, and take it over if it is new and good; was there news?"""
        try:
            found = await asyncio.to_thread(read_rules, self._name)
        except SourceError as broken:
            self._fail(FailureKind.READ, str(broken))
            return False
        seen = found.fingerprint()
        if seen == self._seen:
            if not self.figures.reload_good and self._told.startswith(FailureKind.READ):
                self._succeed(self._edition)  # what could not be read is back as it was
            return False
        if found.generation < self._edition.generation:
            older = f"generation {found.generation} is older than {self._edition.generation}"
            self._fail(FailureKind.OLDER, f"{older}; use `omniroute rules rollback` to go back")
            return False
        try:
            loaded = await self._load(found)
        except CheckFailedError as died:
            self._seen = seen
            self._fail(FailureKind.CHILD, str(died))
            return True
        self._seen = seen
        self._take(found, loaded)
        return True

    async def _load(self, found: Found) -> Loaded:
        files = [file for file in (found.live, found.candidate) if file is not None]
        answer = await self._child.check(files)
        return await asyncio.to_thread(
            lambda: build_edition(found, read_answer(answer), self._effect)
        )

    def _take(self, found: Found, loaded: Loaded) -> None:
        edition = loaded.edition
        if edition is None:
            self._fail(FailureKind.RULES, "\n".join(loaded.problems))
            return
        if found.stopped:
            self.stopped = max(self.stopped, found.generation)
        if found.warning:
            log.warning("the rules directory holds an edit that is not in force", why=found.warning)
        self._found = found
        self._trees = loaded.trees
        self._swap(edition)
        if loaded.problems:
            self._fail(FailureKind.RULES, "the candidate: " + "\n".join(loaded.problems))
        else:
            self._succeed(self._edition)

    def _swap(self, edition: Edition) -> None:
        """The one assignment by which new rules come into force."""
        is_stopped = bool(edition.generation) and edition.generation <= self.stopped
        if is_stopped:
            edition = msgspec.structs.replace(edition, percent=0.0)
        changed = edition.generation, _version(edition), edition.table.version
        old = self._edition
        if changed != (old.generation, _version(old), old.table.version):
            self._arms = (edition.generation, Arm(), Arm())
        self._edition = edition
        self.figures.stopped = is_stopped and self._found.percent > 0

    def _succeed(self, edition: Edition) -> None:
        self._told = ""
        self.figures.reload()
        log.info(
            "rules are in force",
            rules_version=edition.table.version,
            what=f"generation {edition.generation}, candidate {_version(edition) or 'none'}, "
            f"canary {edition.percent:g} %",
        )

    def _fail(self, kind: str, why: str) -> None:
        if (told := f"{kind}: {why}") == self._told:
            return
        self._told = told
        self.figures.reload(kind)
        log.error(
            "the rules are not taken over; what was in force stays in force",
            code=kind,
            why=why,
            rules_version=self._edition.table.version,
        )

    # -- what lanes say

    async def reach(self, generation: int, stopped: int, alive: Callable[[], None]) -> None:
        """Wait for a generation that another worker has decided by; raises `Unavailable`."""
        if stopped > self.stopped:
            self.stopped = stopped
            self._swap(self._edition)
        if not self._edition.generation:
            return  # rules that keep no count cannot be told apart in age
        limit = asyncio.get_running_loop().time() + REACH_WITHIN_S
        while self._edition.generation < generation:
            if asyncio.get_running_loop().time() > limit:
                raise Unavailable(
                    f"the lane was decided by generation {generation} of the rules; here is only "
                    f"{self._edition.generation} yet, in {self._name}"
                )
            alive()
            await asyncio.sleep(STEP_S)

    def learn(self, trials: Trials | None) -> None:
        """Count a batch that stands, and stop a canary that does worse than its limits."""
        if trials is None:
            return
        self.figures.try_out(trials)
        generation, live, canary = self._arms
        edition = self._edition
        if trials.generation != generation or not edition.percent:
            return
        live.add(trials.live)
        canary.add(trials.canary)
        breach = find_breach(live, canary, self._found.limits)
        if breach:
            self._stop_canary(generation, breach)

    def _stop_canary(self, generation: int, why: str) -> None:
        if generation:
            self.stopped = max(self.stopped, generation)
        self._edition = msgspec.structs.replace(self._edition, percent=0.0)
        self.figures.stopped = True
        log.error(
            "the canary is stopped; the live rules decide everybody again",
            why=why,
            rules_version=self._edition.table.version,
        )
        path = Path(self._name)
        if (path / SWITCH).exists():
            try:
                note_stopped(path, generation, why)
            except OSError as broken:
                # Read-only, such as a ConfigMap: the markers carry it to the other workers.
                log.warning("the stop could not be noted in the rules directory", why=str(broken))


def load_first(name: str, effect: Effect = Effect.LIVE) -> LiveRules:
    """Load the rules before any lane runs.

    Raises `SourceError` if they cannot be read or used: a service does not start without rules.
    """
    found = read_rules(name)
    loaded = build_edition(found, list_files(found), effect)
    rules = LiveRules(name, effect, found, loaded)
    for problem in loaded.problems:
        log.error("the candidate is not used", why=problem)
    return rules


def _version(edition: Edition) -> str:
    return "" if edition.candidate is None else edition.candidate.version
