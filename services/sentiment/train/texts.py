"""Labelled texts: the public sets, our own corpus, our own posts and reviews, our own lexicon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

LABELS = ("neg", "neu", "pos")
"""The classes, in the order of the model."""
NEG, NEU, POS = range(3)
HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
APART = {
    "development": "The development part of our corpus, read while the model was made",
    "heldout": "The held-out part of our corpus",
    "heldout_closing": "The held-out part that is rich in closings and in requests for people",
}
"""Folders of our corpus that nothing is trained on, and what they are called."""
USUAL, RICH = "train", "train_closing"
"""Folders of our corpus that are trained on; the second is rich in closings and in what only sounds so."""
LEXICON = HERE / "lexicon"
BESIDE = HERE / "elsewhere"
POSTS, REVIEWS = "posts", "reviews"
ELSEWHERE = (POSTS, REVIEWS)
"""Its folders, and the names of these sources: texts written for this project that nobody writes to a service."""
STRETCH = 100
"""Such texts in a row that belong to one fold: they mostly are one writer's."""
OWN, WORDS, ASKS = "own", "lexicon", "asks"
"""The names of our own sources."""
SCENE = 20
"""Messages of one business, written in one go."""
RUN = 40 * SCENE
"""Messages that mostly are one writer's: the corpus is split by such runs, for who writes next has not been
read either."""
FOLDS = 5
"""Our corpus is cross-validated: run n belongs to fold n modulo 5."""
ALWAYS, NEVER = -1, -2
"""Folds of what is always fitted (public training sets, lexicon) and what never is (development)."""
_BREAK = "\\n"
"""How a line break inside a text is written in the corpus."""


class Labelled(msgspec.Struct, frozen=True, gc=False):
    """One text and what people said of it."""

    text: str
    label: int
    language: str
    source: str
    """The name of the set."""
    fold: int = ALWAYS
    closing: bool = False
    asks: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    rich: bool = False
    """Of a file that is rich in something on purpose: no measure of how often that occurs."""


class SetError(Exception):
    """A file of labelled texts cannot be read; the message says which line and what to do."""


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a tab-separated file with a header, with their line numbers.

    Raises:
        SetError: The file is absent, has no header, or a line has another number of fields.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as broken:
        raise SetError(f"{path}: {broken}") from broken
    if not any(lines[1:]):
        raise SetError(f"{path}: there is no text in it")
    header = lines[0].split("\t")
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != len(header):
            raise SetError(f"{path}:{number}: {len(fields)} fields, the header has {len(header)}")
        yield number, dict(zip(header, fields, strict=True))


def read_set(path: Path, *, dev: bool = False) -> list[Labelled]:
    """A public set: text, label and, if there, lang. The source is the file's own name.

    Raises:
        SetError: As `read_rows`, or a column is absent, or a label is none of neg, neu, pos.
    """
    source = path.name.partition(".")[0]
    return [
        Labelled(
            label=read_label(path, number, row),
            text=row["text"],
            language=row.get("lang", ""),
            source=source,
            fold=NEVER if dev else ALWAYS,
        )
        for number, row in read_rows(path)
    ]


def read_label(path: Path, number: int, row: Mapping[str, str]) -> int:
    """The class of a row; raises `SetError` where it has none or no text."""
    if "text" not in row or "label" not in row:
        raise SetError(f"{path}: the header must name the columns text and label, tab-separated")
    if row["label"] not in LABELS:
        raise SetError(f"{path}:{number}: the label {row['label']!r} is none of neg, neu, pos")
    return LABELS.index(row["label"])


def read_corpus(path: Path) -> list[Labelled]:
    """A file of our own corpus, `<language>.tsv`; its runs of messages are its folds."""
    found = []
    for number, row in read_rows(path):
        asks, traits = (split_words(row[name]) for name in ("asks", "traits"))
        found.append(
            Labelled(
                text=row["text"].replace(_BREAK, "\n"),
                label=read_label(path, number, row),
                language=path.stem,
                source=OWN,
                fold=(number - 2) // RUN % FOLDS,
                closing=row["closing"] == "yes",
                asks=asks,
                traits=traits,
                rich=path.parent.name == RICH,
            )
        )
    return found


def split_words(field: str) -> frozenset[str]:
    """The words of a field, separated by commas; a dash is none."""
    return frozenset(word.strip() for word in field.split(",")) - {"-", ""}


def read_lexicon(path: Path) -> list[Labelled]:
    """Short phrases that bear a mood, or none: `<language>.tsv`, many to a line."""
    return [
        Labelled(phrase.strip(), read_label(path, number, row | {"text": ""}), path.stem, WORDS)
        for number, row in read_rows(path)
        for phrase in row["phrases"].split(" | ")
    ]


def read_elsewhere(folder: Path = BESIDE) -> list[Labelled]:
    """Our own posts and reviews, cross-validated by stretches of 100."""
    return [
        Labelled(
            row["text"],
            read_label(path, number, row),
            path.stem,
            name,
            fold=(number - 2) // STRETCH % FOLDS,
        )
        for name in ELSEWHERE
        for path in list_files(folder / name)
        for number, row in read_rows(path)
    ]


def read_own(folder: Path = CORPUS) -> list[Labelled]:
    """The training parts of our corpus, the usual one first, each in the order of the languages' names."""
    files = [path for part in (USUAL, RICH) for path in list_files(folder / part)]
    return [row for path in files for row in read_corpus(path)]


def read_words(folder: Path = LEXICON) -> list[Labelled]:
    """The whole lexicon."""
    return [row for path in list_files(folder) for row in read_lexicon(path)]


def read_public(data: Path) -> list[Labelled]:
    """The sets that shipped weights may be trained on, with their development parts.

    `tweeteval.dev` is for development too. Raises `SetError` where the folder is absent.
    """
    folder = data / "sentiment"
    if not folder.is_dir():
        raise SetError(f"there is no {folder}: name the data folder by --data or OMNIROUTE_DATA")
    found: list[Labelled] = []
    for path in list_files(folder / "train"):
        found += read_set(path, dev=path.name.endswith(".dev.tsv"))
    return found + read_set(folder / "evaluate" / "tweeteval.dev.tsv", dev=True)


def list_files(folder: Path) -> Sequence[Path]:
    """The tab-separated files of a folder, by name."""
    return sorted(folder.glob("*.tsv"))
