"""Changes the rules directory, each change in one step: what it names is on the disk before.

Order of every change: the rule file into `history/`, the copies, and last `current.json`, each
written aside and renamed. So a router that reads in between, or after a crash in between, sees the
state before or the one after.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from services.router.live.directory import (
    CANDIDATE,
    FILE,
    HISTORY,
    LIVE,
    STOPPED,
    SWITCH,
    TESTS,
    Change,
    Limits,
    RuleText,
    SourceError,
    Stopped,
    Switch,
    Trial,
    read_file,
    read_switch,
    read_version,
)
from services.router.live.switching import switch_off

LOCK = ".lock"
KEPT_CHANGES = 200


class ChangeError(Exception):
    """The change makes no sense here; the text says why and what would."""


class RulesDirectory:
    """One rules directory, to be changed. Every method raises `ChangeError` and `SourceError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def begun(self) -> bool:
        """Is it one that this program keeps?"""
        return (self.path / SWITCH).exists()

    def switch(self) -> Switch:
        """What is in force."""
        if not self.begun:
            raise ChangeError(
                f"{self.path} is not a rules directory yet: begin one with "
                "`omniroute rules promote FILE`"
            )
        return read_switch(self.path)

    def shadow(self, file: RuleText) -> Switch:
        """Let a candidate decide beside the live rules, for show."""
        return self._try_out(file, 0.0, Limits(), "shadow")

    def canary(self, percent: float, file: RuleText | None, limits: Limits) -> Switch:
        """Let a candidate decide so many percent of the customers; without a file the present one."""
        if not 0 < percent <= 100:  # noqa: PLR2004 - percent
            raise ChangeError(f"a canary has more than 0 % and at most 100 %, not {percent:g} %")
        if file is None:
            present = self.switch().candidate
            if present is None:
                raise ChangeError("there is no candidate: name a file")
            file = read_version(self.path, present.version)
        return self._try_out(file, percent, limits, f"canary {percent:g} %")

    def promote(self, file: RuleText | None) -> Switch:
        """Make the candidate, or a file, the live rules; begins the directory if need be."""
        with self._locked():
            if not self.begun:
                return self._begin(file)
            now = self.switch()
            if file is None and now.candidate is None:
                raise ChangeError("there is no candidate to promote: name a file")
            if file is None and now.candidate is not None:
                file = read_version(self.path, now.candidate.version)
            if file is None:  # pragma: no cover - one of the two above
                raise ChangeError("nothing to promote")
            if file.version == now.live and now.candidate is None:
                raise ChangeError(f"{file.name} is what is live already, version {now.live}")
            self._keep(file)
            return self._write(now, live=file.version, trial=None, what="promote")

    def rollback(self, version: str = "") -> Switch:
        """Go back to a version of the history; without one to what was live before.

        For the routers it is a step forward like any other; a candidate is taken off trial. The
        version that is live already may be named: after a backup was put back, routers take it
        over only with a new generation.
        """
        with self._locked():
            now = self.switch()
            wanted = self.find(version) if version else self._before(now)
            return self._write(now, live=wanted, trial=None, what="rollback")

    def withdraw(self) -> Switch:
        """Take the candidate off trial."""
        with self._locked():
            now = self.switch()
            if now.candidate is None:
                raise ChangeError("there is no candidate")
            return self._write(now, live=now.live, trial=None, what="withdraw")

    def disable(self, rule: str) -> Switch:
        """Switch a rule off in the live rules, and in the candidate if that has it.

        Raises `NoSuchRuleError` too.
        """
        with self._locked():
            now = self.switch()
            live = self._without(now.live, rule)
            trial = now.candidate
            if trial is not None:
                with contextlib.suppress(Exception):  # it may not have the rule: then it is off
                    trial = msgspec.structs.replace(
                        trial, version=self._without(trial.version, rule)
                    )
            if live == now.live:
                raise ChangeError(f"`{rule}` is switched off already")
            return self._write(now, live=live, trial=trial, what=f"disable {rule}")

    def find(self, prefix: str) -> str:
        """The one version of the history that begins with these digits."""
        names = sorted(
            path.name.removesuffix(".yaml")
            for path in (self.path / HISTORY).glob("*.yaml")
            if not path.name.endswith(TESTS)
        )
        fitting = [name for name in names if name.startswith(prefix)]
        if len(fitting) != 1:
            what = "no version begins" if not fitting else f"{len(fitting)} versions begin"
            raise ChangeError(f"{what} with {prefix}; there are: {', '.join(names) or 'none'}")
        return fitting[0]

    # -- steps

    def _try_out(self, file: RuleText, percent: float, limits: Limits, what: str) -> Switch:
        with self._locked():
            now = self.switch()
            if file.version == now.live:
                raise ChangeError(f"{file.name} is what is live already, version {now.live}")
            self._keep(file)
            trial = Trial(version=file.version, percent=percent, limits=limits)
            return self._write(now, live=now.live, trial=trial, what=what)

    def _begin(self, file: RuleText | None) -> Switch:
        """The first `current.json`; a directory that people filled is taken over as it is."""
        if file is None:
            raise ChangeError(f"{self.path} holds no rules yet: name the file to begin with")
        self._keep(file)
        nothing = Switch(generation=0, live=file.version)
        return self._write(nothing, live=file.version, trial=None, what="begin")

    def _without(self, version: str, rule: str) -> str:
        text = switch_off(read_version(self.path, version).text, rule)
        made = RuleText(f"{version} without {rule}", text)  # its tests would rightly fail
        self._keep(made)
        return made.version

    def _before(self, now: Switch) -> str:
        for change in reversed(now.changes):
            if change.live != now.live:
                return change.live
        raise ChangeError("nothing else was ever live here")

    def _keep(self, file: RuleText) -> None:
        folder = self.path / HISTORY
        if not (folder / f"{file.version}.yaml").exists():
            write_whole(folder / f"{file.version}.yaml", file.text.encode())
        if file.tests:
            write_whole(folder / f"{file.version}{TESTS}", file.tests.encode())

    def _write(self, now: Switch, *, live: str, trial: Trial | None, what: str) -> Switch:
        generation = max(now.generation + 1, int(time.time()))
        candidate = trial.version if trial else ""
        change = Change(
            generation=generation, at=_tell_now(), what=what, live=live, candidate=candidate
        )
        switch = Switch(
            generation=generation,
            live=live,
            candidate=trial,
            changes=(*now.changes, change)[-KEPT_CHANGES:],
        )
        for place, version in ((LIVE, live), (CANDIDATE, candidate)):
            self._copy(place, version)
        write_whole(
            self.path / SWITCH, msgspec.json.format(msgspec.json.encode(switch), indent=2) + b"\n"
        )
        return switch

    def _copy(self, place: str, version: str) -> None:
        target = self.path / place / FILE
        tests = target.with_name(FILE.removesuffix(".yaml") + TESTS)
        kept = read_version(self.path, version) if version else RuleText("", "")
        for path, text in ((target, kept.text), (tests, kept.tests)):
            if text:
                write_whole(path, text.encode())
            else:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time, over all processes of this machine."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def note_stopped(directory: Path, generation: int, why: str) -> None:
    """Tell the other routers, and those to come, that a canary was stopped; raises OSError."""
    stopped = Stopped(generation=generation, why=why, at=_tell_now())
    write_whole(directory / STOPPED, msgspec.json.encode(stopped))


def read_given(name: str) -> RuleText:
    """A rule file as named on a command line. Raises `SourceError`."""
    path = Path(name)
    if path.is_dir():
        raise SourceError(f"{name} is a directory; name a rule file")
    return read_file(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds all of it or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _tell_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
