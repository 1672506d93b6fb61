"""Checks files of our corpus: format, closed words, near-duplicates, what stands in both parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.sentiment.train.texts import LABELS, read_rows, split_words

COLUMNS = (
    "label", "emotion", "channel", "matter", "register", "closing", "asks", "traits", "text",
)  # fmt: skip
WORDS: Mapping[str, frozenset[str]] = {
    "label": frozenset(LABELS),
    "emotion": frozenset(
        (
            "angry",
            "frustrated",
            "disappointed",
            "worried",
            "sad",
            "confused",
            "calm",
            "relieved",
            "grateful",
            "happy",
            "trusting",
        )
    ),
    "channel": frozenset(("phone", "chat", "email", "social")),
    "matter": frozenset(
        (
            "delivery",
            "billing",
            "outage",
            "refund",
            "account",
            "praise",
            "request",
            "repeat",
            "other",
        )
    ),
    "register": frozenset(("formal", "plain", "casual", "rough")),
    "closing": frozenset(("yes", "no")),
    "asks": frozenset(("person", "manager", "callback", "leaving")),
    "traits": frozenset(
        (
            "negation",
            "neutral_request",
            "sarcasm",
            "faint_praise",
            "mixed",
            "polite_anger",
            "emoji",
            "slang",
            "typos",
            "code_switching",
            "quoted",
            "long",
        )
    ),
}
MANY = frozenset(("asks", "traits"))
"""Columns that hold several words, or a dash for none."""
ALIKE = 0.6
"""From this share of common word pairs on (of character pairs in Chinese) two messages are near-duplicates."""
MOST_ALIKE = 0.01
"""Share of messages that may be near-duplicates of an earlier one."""
_NO_LETTER = re.compile(r"[\W\d_]+")
_HAN = re.compile("[\u4e00-\u9fff]")


def check_file(path: Path) -> Iterator[str]:
    """What is wrong with the format or the words of a file, with the line; nothing if all is well.

    Raises:
        SetError: A line has another number of fields than the header.
    """
    for number, row in read_rows(path):
        if tuple(row) != COLUMNS:
            yield f"{path.name}: the header must be {', '.join(COLUMNS)}"
            return
        for column, known in WORDS.items():
            words = split_words(row[column]) if column in MANY else {row[column]}
            for word in sorted(words - known):
                yield f"{path.name}:{number} {column}: unknown word {word!r}"
        if not row["text"].strip(" -"):
            yield f"{path.name}:{number} has no text"


def read_messages(path: Path) -> list[str]:
    """The texts of a file."""
    return [row["text"] for _, row in read_rows(path)]


def find_alike(texts: Sequence[str], others: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Texts that are near-duplicates of an earlier one, or of one of the others, with that one."""
    seen: dict[str, list[int]] = {}
    known: list[tuple[str, frozenset[str]]] = []
    found = []
    for place, text in enumerate([*others, *texts]):
        pairs = pair_words(text)
        counts: dict[int, int] = {}
        for pair in pairs:
            for earlier in seen.get(pair, ()):
                counts[earlier] = counts.get(earlier, 0) + 1
        like = [
            known[earlier][0]
            for earlier, common in counts.items()
            if common >= ALIKE * (len(pairs) + len(known[earlier][1]) - common)
        ]
        if like and place >= len(others):
            found.append((text, like[0]))
        for pair in pairs:
            seen.setdefault(pair, []).append(len(known))
        known.append((text, pairs))
    return found


def pair_words(text: str) -> frozenset[str]:
    """Pairs of neighbouring words, of characters where there is Chinese; else the whole text."""
    plain = _NO_LETTER.sub(" ", text.lower()).strip()
    parts = list(plain.replace(" ", "")) if _HAN.search(plain) else plain.split()
    pairs = {" ".join(parts[i : i + 2]) for i in range(len(parts) - 1)}
    return frozenset(pairs or {plain or text})


def share_trait(path: Path, trait: str) -> float:
    """The share of messages with a trait, 0 to 1."""
    rows = [row for _, row in read_rows(path)]
    return sum(trait in split_words(row["traits"]) for row in rows) / len(rows)
