"""Where the rules in force lie: a single file, or a directory that `omniroute rules` keeps.

    current.json             the switch: what it names is in force; replaced in one step
    live/routing.yaml        the live rules, a copy for people
    candidate/routing.yaml   the rules on trial, the same
    history/<version>.yaml   every rule file that was ever in force, by its hash; with its tests
                             beside it as <version>.tests.yaml
    stopped.json             written by a router whose guardrails stopped the canary

Without `current.json` the directory is one that people or a ConfigMap fill: `live/routing.yaml`
(or `routing.yaml`) is in force and `candidate/routing.yaml` is a shadow. It keeps no count of its
changes then, and neither does a single file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from services.router.rules.file import version_of
from services.router.rules.packaged import find_default

SWITCH = "current.json"
STOPPED = "stopped.json"
FILE = "routing.yaml"
TESTS = ".tests.yaml"
LIVE, CANDIDATE, HISTORY = "live", "candidate", "history"
FORMAT = 1
MAX_BYTES = 4 * 1024 * 1024


class SourceError(Exception):
    """The rules cannot be read; the text says where and why."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much worse than the live rules a canary may be before it stops itself."""

    escalations: float = 5.0
    """Percentage points by which the share of callbacks and moves may be higher."""
    unreachable: float = 5.0
    """The same for decisions in which a wanted channel could not be used."""
    errors: float = 1.0
    """The same for records that could not be decided for a defect (`decide_failed`)."""
    latency: float = 3.0
    """How many times longer a decision may take."""
    least: int = 200
    """Decisions that each arm must have made before anything is judged."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate in the switch."""

    version: str
    percent: float = 0.0
    """0: a shadow."""
    limits: Limits = Limits()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the directory's diary."""

    generation: int
    at: str
    """RFC 3339."""
    what: str
    live: str
    candidate: str = ""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force; the content of `current.json`."""

    format: int = FORMAT
    generation: int
    """Rises with every change and is about the Unix time, so a directory made anew is newer."""
    live: str
    candidate: Trial | None = None
    changes: tuple[Change, ...] = ()
    """Oldest first."""


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """A router says that it stopped the canary of this generation."""

    generation: int
    why: str
    at: str


class RuleText(msgspec.Struct, frozen=True):
    """A rule file as it lies on the disk."""

    name: str
    text: str
    tests: str = ""
    """Its own tests; empty where it has none."""

    @property
    def version(self) -> str:
        """The hash that names it."""
        return version_of(self.text)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is in force, as read in one go."""

    live: RuleText
    candidate: RuleText | None = None
    percent: float = 0.0
    limits: Limits = Limits()
    generation: int = 0
    stopped: str = ""
    """Why the canary of this generation was stopped; empty: it was not."""
    warning: str = ""
    """Something a person ought to know, though it is no error."""

    def fingerprint(self) -> bytes:
        """Equal for equal content, whatever the files are called or when they were touched."""
        return hashlib.sha256(msgspec.json.encode(self)).digest()


def read_rules(name: str) -> Found:
    """What is in force under a path: a file, a directory, or nothing for the packaged file.

    Raises `SourceError`.
    """
    try:
        path = Path(name) if name else find_default()
    except FileNotFoundError as missing:
        raise SourceError(str(missing)) from missing
    if not path.is_dir():
        return Found(live=read_file(path, beside=bool(name)))
    if (path / SWITCH).exists():
        return _read_switched(path)
    live = path / LIVE / FILE
    candidate = path / CANDIDATE / FILE
    return Found(
        live=read_file(live if live.exists() else path / FILE),
        candidate=read_file(candidate) if candidate.exists() else None,
    )


def read_switch(directory: Path) -> Switch:
    """What `current.json` says. Raises `SourceError`."""
    path = directory / SWITCH
    try:
        switch = msgspec.json.decode(path.read_bytes(), type=Switch)
    except (OSError, msgspec.DecodeError) as broken:
        raise SourceError(f"{path}: {broken}") from broken
    if switch.format != FORMAT:
        raise SourceError(f"{path}: format {switch.format}; this version reads {FORMAT}")
    return switch


def read_stopped(directory: Path, generation: int) -> str:
    """Why a router stopped the canary of this generation; empty if none did."""
    try:
        stopped = msgspec.json.decode((directory / STOPPED).read_bytes(), type=Stopped)
    except (OSError, msgspec.DecodeError):
        return ""
    return stopped.why if stopped.generation == generation else ""


def read_file(path: Path, *, beside: bool = True) -> RuleText:
    """One rule file, with the tests beside it. Raises `SourceError`."""
    text = _read(path)
    tests = path.with_name(path.name.removesuffix(".yaml") + TESTS)
    return RuleText(str(path), text, _read(tests) if beside and tests.exists() else "")


def read_version(directory: Path, version: str) -> RuleText:
    """A rule file of the history. Raises `SourceError`, also if it was altered there."""
    found = read_file(directory / HISTORY / f"{version}.yaml")
    if found.version != version:
        raise SourceError(
            f"{found.name} was altered: its content hashes to {found.version}. A rule file of the "
            "history never changes; put the change into a file of its own and try it with "
            "`omniroute rules shadow FILE`."
        )
    return found


def _read_switched(directory: Path) -> Found:
    switch = read_switch(directory)
    trial = switch.candidate
    return Found(
        live=read_version(directory, switch.live),
        candidate=read_version(directory, trial.version) if trial else None,
        percent=trial.percent if trial else 0.0,
        limits=trial.limits if trial else Limits(),
        generation=switch.generation,
        stopped=read_stopped(directory, switch.generation),
        warning=_find_edits(directory, switch),
    )


def _find_edits(directory: Path, switch: Switch) -> str:
    """Copies that somebody edited, which changes nothing: better said than silent."""
    for place, version in ((LIVE, switch.live), (CANDIDATE, _version(switch.candidate))):
        path = directory / place / FILE
        try:
            text = path.read_bytes().decode("utf-8") if version else ""
        except (OSError, UnicodeDecodeError):
            continue
        if version and version_of(text) != version:
            return (
                f"{path} is a copy and was edited; {version} is in force. To try the edit: "
                f"omniroute rules shadow {path}"
            )
    return ""


def _version(trial: Trial | None) -> str:
    return trial.version if trial else ""


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as broken:
        raise SourceError(str(broken)) from broken
    if len(raw) > MAX_BYTES:
        raise SourceError(f"{path}: {len(raw)} bytes; a rule file has at most {MAX_BYTES}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise SourceError(f"{path}: not UTF-8: {broken.reason} at byte {broken.start}") from broken
