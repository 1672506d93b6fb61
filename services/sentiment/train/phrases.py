"""Phrases with choices: `[call|ring] me [back|today]` stands for four short texts."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path

from services.sentiment.train.texts import ASKS, HERE, NEU, Labelled, list_files, read_rows

MOST = 30
"""Texts that one phrase yields at most, spread so that each choice is among them where that is possible."""
_GOLDEN = 0.618
_CHOICE = re.compile(r"\[([^\]]*)\]")
_SPACES = re.compile(r" +")
_HAN = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_NO_BLANK = re.compile(rf" (?=[,.!?;:、])|(?<={_HAN}) | (?={_HAN})")
CLOSING, NOTHING = "closing", "none"


def expand(phrase: str) -> list[str]:
    """All texts of a phrase, thinned out to at most 30; always the same ones."""
    parts = _CHOICE.split(phrase)
    options = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    choices = list(itertools.product(*options))
    if len(choices) > MOST:
        choices = _thin(choices, [len(group) for group in options])
    return [_tidy("".join(choice)) for choice in choices]


def _tidy(text: str) -> str:
    """As people write: no blank twice, before a comma or a full stop, or beside a Chinese character."""
    return _NO_BLANK.sub("", _SPACES.sub(" ", text)).strip(" ,，")


def _thin(choices: Sequence[tuple[str, ...]], sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """30 of them, a fixed step apart, round and round.

    Evenly spread ones would be a whole number of last groups apart as often as not, and show one of its choices.
    """
    count = len(choices)
    for more in range(count):
        step = (round(_GOLDEN * count) + more) % count or 1
        if math.gcd(step, count) == 1:
            found = [choices[i * step % count] for i in range(MOST)]
            seen = [len(set(group)) for group in zip(*found, strict=True)]
            if seen == [min(MOST, size) for size in sizes]:
                return found
    return [choices[i * count // MOST] for i in range(MOST)]


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
