"""Laws of the overlay: every mistake with its line, and the last good one stays in force."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.lane import EXIT_CODES
from services.sentiment.core.overlay import Calibration
from services.sentiment.core.temper import Temper
from services.sentiment.overlay_file import LiveOverlay, OverlayError, count_phrases, load_overlay

GOOD = "- sources: [shop]\n  languages: [en]\n  phrases:\n    sick: 1.2\n    not amused: -0.6\n"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: 1\n", 1, "expected a list of blocks"),
        ("- phrases:\n    sick: 1\n    gnarly: 3\n", 3, "from -2 to 2"),
        ("- phrases:\n    sick: much\n", 2, "from -2 to 2"),
        ("- phrases:\n    sick: 0\n", 2, "not 0"),
        ("- phrases:\n    '!!!': 1\n", 2, "without a word"),
        ("- phrases:\n    sick: 1\n    SICK: 1\n", 3, "stands twice"),
        ("- phrase:\n    sick: 1\n", 1, "'phrase' is none of"),
        ("- sources: shop\n  phrases: {sick: 1}\n", 1, "expected a list of words"),
        ("- sources: [shop]\n", 1, "`phrases` is missing"),
        ("- phrases:\n    sick: [1\n", 3, "expected"),
        ("- phrases: [sick]\n", 1, "expected a phrase and its shift"),
        ("- calibration: {}\n", 1, "at least one of: temperature, neutral, lean"),
        ("- calibration:\n    lean: 1\n    warmth: 1\n", 3, "'warmth' is none of"),
        ("- calibration:\n    temperature: 0\n", 2, "from 0.2 to 10"),
        ("- calibration:\n    lean: much\n", 2, "from -10 to 10"),
        ("- calibration:\n    lean: .nan\n", 2, "from -10 to 10"),
        ("- calibration:\n    lean: [1]\n", 2, "from -10 to 10"),
        ("- calibration:\n    lean: 1\n    lean: 2\n", 3, "stands twice"),
        ("- calibration:\n", 1, "at least one of"),
        ("- calibration: {{ values }}\n", 1, "'mapping' is none of"),
        ("- ? [phrases]\n  : {sick: 1}\n", 1, "'sequence' is none of"),
        ("- phrases:\n", 1, "expected a phrase and its shift"),
        ("- calibration: {lean: 1}\n" * 201, None, "201 calibrations; at most 200"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, text: str, where: int | None, what: str
) -> None:
    """Law: who made it finds it."""
    path = tmp_path / "overlay.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(OverlayError) as wrong:
        load_overlay(str(path))
    assert any(
        line.startswith(f"{path}:{where}: " if where else f"{path}: ") and what in line
        for line in str(wrong.value).splitlines()
    ), str(wrong.value)


def test_a_block_may_calibrate_and_hold_phrases(tmp_path: Path) -> None:
    """Law: both hold for the same sources and languages; what is not said stays as it is."""
    path = tmp_path / "overlay.yaml"
    path.write_text(GOOD + "  calibration: {neutral: 0.5}\n- calibration: {lean: -1}\n", "utf-8")
    overlay = load_overlay(str(path))
    assert count_phrases(overlay) == 2
    assert overlay.calibrations == (
        Calibration(Temper(1.0, 0.5, 0.0), ("shop",), ("en",)),
        Calibration(Temper(lean=-1.0)),
    )


def test_a_service_with_a_bad_overlay_does_not_start_and_says_where(tmp_path: Path) -> None:
    """Law: exit code 2 and file:line, before it connects to anything."""
    path = tmp_path / "overlay.yaml"
    path.write_text("- phrases:\n    sick: 9\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "services.sentiment"],
        env={**os.environ, "OMNIROUTE_SENTIMENT_OVERLAY": str(path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == EXIT_CODES["usage"]
    assert f"{path}:2: " in done.stderr


async def until(live: LiveOverlay, *, phrases: int, good: bool) -> None:
    """Wait until the overlay is like that."""
    for _ in range(300):
        if (count_phrases(live.current), live.good) == (phrases, good):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(count_phrases(live.current), live.good)


async def test_a_changed_file_is_in_force_and_a_bad_one_is_not(tmp_path: Path) -> None:
    """Law: written or replaced, a good file takes over; a bad or missing one leaves the last good."""
    path = tmp_path / "overlay.yaml"
    path.write_text(GOOD, "utf-8")
    live = LiveOverlay(str(path))
    assert count_phrases(live.current) == 2
    watching = asyncio.create_task(live.run())
    try:
        await asyncio.sleep(0.3)
        path.write_text("- phrases: {sick: 9}\n", "utf-8")
        await until(live, phrases=2, good=False)
        fresh = tmp_path / "fresh"
        fresh.write_text(GOOD + "    grim: -1\n", "utf-8")
        fresh.replace(path)
        await until(live, phrases=3, good=True)
        path.unlink()
        await until(live, phrases=3, good=False)
    finally:
        watching.cancel()
