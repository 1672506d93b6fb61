"""Reads an overlay and keeps it in force: checked at every load, the last good one is kept."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
from collections.abc import Collection, Sequence
from pathlib import Path

import yaml
from watchfiles import awatch

from services.runtime.log import get_log
from services.sentiment.core.overlay import (
    MOST_SHIFT,
    NOTHING,
    Calibration,
    Overlay,
    Phrase,
    arrange,
    cut_words,
)
from services.sentiment.core.temper import COLDEST, HOTTEST, MOST_OFFSET, Temper

log = get_log(__name__)

MOST_BYTES = 1024 * 1024
MOST_PHRASES = 5_000
MOST_CALIBRATIONS = 200
POLL_MS = 5_000
"""The net under the watch: some file systems tell nothing."""
_FIELDS = ("sources", "languages", "calibration", "phrases")
_OFFSET = (-MOST_OFFSET, MOST_OFFSET)
_TEMPER = {"temperature": (COLDEST, HOTTEST), "neutral": _OFFSET, "lean": _OFFSET}
"""What a calibration holds, with the least and the greatest value."""


class OverlayError(Exception):
    """The file cannot be used; a line per mistake, each `file:line: what`."""


def load_overlay(path: str) -> Overlay:
    """The overlay of a file; raises `OverlayError` with every mistake in it."""
    try:
        data = Path(path).read_bytes()
        if len(data) > MOST_BYTES:
            raise OverlayError(f"{path}: more than {MOST_BYTES} bytes")
        text = data.decode("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as broken:
        raise OverlayError(f"{path}: {broken}") from broken
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark is not None else 1
        raise OverlayError(f"{path}:{line}: {broken.problem}") from broken
    except yaml.YAMLError as broken:
        raise OverlayError(f"{path}: {broken}") from broken
    reader = _Reader(path)
    reader.read(root)
    if len(reader.phrases) > MOST_PHRASES:
        reader.mistakes.append(f"{path}: {len(reader.phrases)} phrases; at most {MOST_PHRASES}")
    if len(reader.calibrations) > MOST_CALIBRATIONS:
        many = f"{len(reader.calibrations)} calibrations"
        reader.mistakes.append(f"{path}: {many}; at most {MOST_CALIBRATIONS}")
    if reader.mistakes:
        raise OverlayError("\n".join(reader.mistakes))
    version = hashlib.sha256(data).hexdigest()[:12]
    return arrange(version, reader.phrases, reader.calibrations)


class _Reader:
    """Walks the nodes of the file, which know their lines, and collects what it finds, and mistakes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.phrases: list[Phrase] = []
        self.calibrations: list[Calibration] = []
        self.mistakes: list[str] = []

    def read(self, root: yaml.Node | None) -> None:
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            self._complain(root, "expected a list of blocks, each with `phrases` or `calibration`")
            return
        for block in root.value:
            self._read_block(block)

    def _read_block(self, block: yaml.Node) -> None:
        parts = self._read_parts(block)
        if parts is None:
            return
        sources = self._read_list(parts.get("sources"))
        languages = self._read_list(parts.get("languages"))
        if "calibration" in parts:
            self._read_calibration(parts["calibration"], sources, languages)
        if "phrases" in parts:
            self._read_phrases(parts["phrases"], sources, languages)
        elif "calibration" not in parts:
            self._complain(block, "`phrases` is missing, or `calibration`")

    def _read_parts(self, block: yaml.Node) -> dict[str, yaml.Node] | None:
        if not isinstance(block, yaml.MappingNode):
            self._complain(block, "expected a block with `phrases` or `calibration`")
            return None
        return self._read_fields(block, _FIELDS)

    def _read_fields(self, block: yaml.MappingNode, known: Collection[str]) -> dict[str, yaml.Node]:
        parts: dict[str, yaml.Node] = {}
        for name, value in block.value:
            if not isinstance(name, yaml.ScalarNode) or name.value not in known:
                said = name.value if isinstance(name, yaml.ScalarNode) else name.id
                self._complain(name, f"{said!r} is none of: {', '.join(known)}")
                continue
            if name.value in parts:
                self._complain(name, f"{name.value!r} stands twice in the block")
            parts[name.value] = value
        return parts

    def _read_calibration(
        self, node: yaml.Node, sources: tuple[str, ...], languages: tuple[str, ...]
    ) -> None:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            self._complain(node, f"expected at least one of: {', '.join(_TEMPER)}")
            return
        found = {
            name: self._read_number(value, *_TEMPER[name])
            for name, value in self._read_fields(node, _TEMPER).items()
        }
        temper = Temper(**{name: value for name, value in found.items() if value is not None})
        self.calibrations.append(Calibration(temper, sources, languages))

    def _read_phrases(
        self, node: yaml.Node, sources: tuple[str, ...], languages: tuple[str, ...]
    ) -> None:
        if not isinstance(node, yaml.MappingNode):
            self._complain(node, "expected a phrase and its shift a line")
            return
        seen: set[tuple[str, ...]] = set()
        for name, value in node.value:
            words = cut_words(str(name.value))
            shift = self._read_number(value, -MOST_SHIFT, MOST_SHIFT, zero=False)
            if not words:
                self._complain(name, "a phrase without a word")
            elif words in seen:
                self._complain(name, f"{name.value!r} stands twice in the block")
            elif shift is not None:
                seen.add(words)
                self.phrases.append(Phrase(words, shift, sources, languages))

    def _read_list(self, node: yaml.Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._complain(node, "expected a list of words, such as [en, de]")
            return ()
        return tuple(str(item.value) for item in node.value)

    def _read_number(
        self, node: yaml.Node, least: float, most: float, *, zero: bool = True
    ) -> float | None:
        try:
            number = float(node.value)
        except (TypeError, ValueError):
            number = math.nan
        if least <= number <= most and (zero or number):
            return number
        but = "" if zero else ", not 0"
        self._complain(node, f"expected a number from {least:g} to {most:g}{but}")
        return None

    def _complain(self, node: yaml.Node, what: str) -> None:
        self.mistakes.append(f"{self._path}:{node.start_mark.line + 1}: {what}")


class LiveOverlay:
    """The overlay in force. A bad file never replaces a good one."""

    def __init__(self, path: str = "") -> None:
        """Load the first one; raises `OverlayError`. Without a path there is none."""
        self._path = path
        self.current = load_overlay(path) if path else NOTHING
        self.good = True
        """Is what lies on the disk in force?"""
        self._told = ""

    async def run(self) -> None:
        """Watch until cancelled."""
        if not self._path:
            await asyncio.Event().wait()
        while True:
            with contextlib.suppress(OSError):  # the folder may be gone for a while
                # The folder, not the file: a ConfigMap swaps a link beside it, and editors rename.
                async for _ in awatch(
                    Path(self._path).parent,
                    recursive=False,
                    debounce=200,
                    rust_timeout=POLL_MS,
                    yield_on_timeout=True,
                    watch_filter=None,
                ):
                    await self.look()
            await asyncio.sleep(POLL_MS / 1000)

    async def look(self) -> None:
        """Load the file anew, beside the event loop; what it says differently is in force."""
        try:
            found = await asyncio.to_thread(load_overlay, self._path)
        except OverlayError as wrong:
            self.good = False
            if str(wrong) != self._told:
                log.error("the overlay is not in force", why=str(wrong))  # noqa: TRY400
            self._told = str(wrong)
            return
        if found.version != self.current.version:
            log.info("the overlay changed", version=found.version)
        self.current, self.good, self._told = found, True, ""


def count_phrases(overlay: Overlay) -> int:
    """How many phrases it has."""
    groups: Sequence[Sequence[Phrase]] = tuple(overlay.phrases.values())
    return sum(map(len, groups))
