"""Phrases with choices: `[call|ring] me [back|today]` stands for four short texts."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from services.sentiment.train.texts import ASKS, HERE, NEU, Labelled, list_files, read_rows

MOST = 30
"""Texts that one phrase yields at most, spread evenly over all its choices."""
_CHOICE = re.compile(r"\[([^\]]*)\]")
_SPACES = re.compile(r" +")
CLOSING, NOTHING = "closing", "none"


def expand(phrase: str) -> list[str]:
    """All texts of a phrase, thinned out to at most 30; always the same ones."""
    parts = _CHOICE.split(phrase)
    options = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    found = [
        _SPACES.sub(" ", "".join(choice)).strip(" ,，") for choice in itertools.product(*options)
    ]
    return [found[i * len(found) // MOST] for i in range(MOST)] if len(found) > MOST else found


def read_asks(folder: Path = HERE / "asks") -> list[Labelled]:
    """Short texts that ask for something, end a matter, or do neither although they sound so.

    They teach the heads; of moods they say nothing.
    """
    return [
        Labelled(
            text=text,
            label=NEU,
            language=path.stem,
            source=ASKS,
            closing=row["asks"] == CLOSING,
            asks=frozenset({row["asks"]} - {CLOSING, NOTHING}),
        )
        for path in list_files(folder)
        for _, row in read_rows(path)
        for text in expand(row["phrases"])
    ]
