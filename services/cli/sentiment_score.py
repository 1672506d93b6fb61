"""`omniroute sentiment score`: the sentiment of texts, as a table or as JSON lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from services.cli.sentiment_model import WRONG, add_model, add_overlay, open_overlaid
from services.contact.sentiment import Label
from services.sentiment.core.language import read_tag
from services.sentiment.core.linear import LinearScorer
from services.sentiment.core.scorer import Scored, Scorer
from services.sentiment.core.whole import MessageScorer, list_text_parts
from services.sentiment.model.store import ModelError

GOOD, USAGE = 0, 2
BATCH = 256
TOLD_WORDS = 5
"""Words that --why names in a table; JSON lines have all that moved the score."""
LEAST_MOVE = 0.05
"""Moves of the score, in logits, below this are not told."""
WIDE = 4_000
"""Columns of a table that goes to a file."""
HELP = "score texts: negative, neutral or positive, and why"
EXAMPLES = """\
examples:
  omniroute sentiment score "Where is my parcel?" "Спасибо, всё работает!"
  omniroute sentiment score --why "I am not happy with the service."
  omniroute sentiment score reviews.txt                 a file: one text a line
  cat reviews.txt | omniroute sentiment score - --format jsonl > scores.jsonl

A word that names an existing file is read as one; `-` is standard input. One result for each text,
in order; a long one is scored in parts, as the service does. What cannot be scored, such as an empty
line, is neutral and says `why_unscored`. In JSON lines everything beyond ASCII is escaped. The language
is told by --language, else guessed text by text.
"""


class Line(msgspec.Struct, frozen=True):
    """One result, as a JSON line."""

    label: str
    score: float
    probs: dict[str, float]
    language: str
    closing: float
    wants: dict[str, float]
    why_unscored: str | msgspec.UnsetType = msgspec.UNSET
    why: list[tuple[str, float]] | msgspec.UnsetType = msgspec.UNSET


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `score` to the words after `omniroute sentiment`."""
    parser = commands.add_parser(
        "score",
        help=HELP,
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("texts", nargs="+", metavar="TEXT", help="a text, a file, or - for stdin")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--language", default="", help="of all texts, such as en or pt-BR")
    parser.add_argument("--why", action="store_true", help="the words that moved the score")
    add_model(parser)
    add_overlay(parser)
    parser.set_defaults(run=run)


def run(words: argparse.Namespace) -> int:
    """Score and print; 2 if the model, the overlay or a file cannot be read."""
    try:
        scorer, messages = open_overlaid(words)
        demand_words(scorer, words)
        texts = read_texts(words.texts)
        results = score_all(scorer, messages, texts, words)
        if words.format == "jsonl":
            for _, line in results:
                print(escape(msgspec.json.encode(line)))
        else:
            print_table(list(results), why=words.why)
    except (*WRONG, OSError) as wrong:
        print(f"omniroute sentiment score: {wrong}", file=sys.stderr)
        return USAGE
    return GOOD


def demand_words(scorer: Scorer, words: argparse.Namespace) -> None:
    """Raise `ModelError` if --why asks for what this model cannot tell."""
    if words.why and not isinstance(scorer, LinearScorer):
        raise ModelError("--why: an ONNX model does not tell which words moved its score")


def read_texts(words: Sequence[str]) -> Iterator[str]:
    """Texts as they stand, the lines of files, the lines of standard input; broken UTF-8 is kept."""
    for word in words:
        if word == "-":
            for line in sys.stdin.buffer:
                yield read_line(line)
        elif is_file(word):
            with Path(word).open("rb") as lines:
                for line in lines:
                    yield read_line(line)
        else:
            yield word


def read_line(line: bytes) -> str:
    """A line without its end."""
    return line.decode("utf-8", "replace").rstrip("\r\n")


def is_file(word: str) -> bool:
    """Whether a word names a file; most texts could not even be a name."""
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def score_all(
    scorer: Scorer, messages: MessageScorer, texts: Iterator[str], words: argparse.Namespace
) -> Iterator[tuple[str, Line]]:
    """Texts with their results, batch by batch; why is the model's own word, whatever the overlay."""
    while batch := list(islice(texts, BATCH)):
        # Where nothing is told, the model itself knows the language best, from its characters.
        languages = [read_tag(words.language)] * len(batch)
        for text, scored in zip(batch, messages.score(batch, languages), strict=True):
            moved = explain(scorer, text, scored) if words.why and not scored.why else None
            yield text, build_line(scored, moved)


def explain(scorer: Scorer, text: str, scored: Scored) -> list[tuple[str, float]]:
    """The words that moved the score, the strongest first."""
    assert isinstance(scorer, LinearScorer)  # noqa: S101 - see `demand_words`
    moved = [
        (word.word, round(word.by, 2))
        for part in list_text_parts(text)
        for word in scorer.explain(part, scored.language)
        if abs(word.by) >= LEAST_MOVE
    ]
    return sorted(moved, key=lambda word: -abs(word[1]))


def build_line(scored: Scored, moved: list[tuple[str, float]] | None) -> Line:
    """A result as it is printed."""
    neutral = 1.0 if scored.why else scored.p_neu
    return Line(
        # Readers of these lines know three labels; `why_unscored` tells that this one is no finding.
        label=Label.NEUTRAL.value if scored.why else scored.label.value,
        score=scored.score,
        probs={"negative": scored.p_neg, "neutral": neutral, "positive": scored.p_pos},
        language=scored.language,
        closing=scored.closing,
        wants={want.value: share for want, share in scored.wants},
        why_unscored=scored.why or msgspec.UNSET,
        why=msgspec.UNSET if moved is None else moved,
    )


def escape(line: bytes) -> str:
    """JSON with everything beyond ASCII as six ASCII characters a UTF-16 unit."""
    text = line.decode()
    if text.isascii():
        return text
    return "".join(
        sign
        if sign.isascii()
        else "".join(f"\\u{unit:04x}" for unit in memoryview(sign.encode("utf-16-le")).cast("H"))
        for sign in text
    )


def print_table(results: Sequence[tuple[str, Line]], *, why: bool) -> None:
    """A table as wide as the terminal."""
    table = Table(box=None, pad_edge=False)
    for name, justify in (("label", "left"), ("score", "right"), ("lang", "left"), ("", "left")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type] # literals
    table.add_column("text", overflow="ellipsis", no_wrap=True, ratio=1)
    if why:
        table.add_column("moved by", overflow="fold", ratio=1)
    for text, line in results:
        colour = {"negative": "red", "positive": "green"}.get(line.label, "")
        told = [*line.wants, *(["closing"] if line.closing >= 0.5 else [])]  # noqa: PLR2004 - `SURE`
        shown = "".join(sign if sign.isprintable() else " " for sign in text[:300])
        cells = [mark(line.label, colour), f"{line.score:+.2f}", line.language, ", ".join(told)]
        cells.append(mark(shown, ""))
        if why:
            moved = [] if isinstance(line.why, msgspec.UnsetType) else line.why[:TOLD_WORDS]
            cells.append(mark("  ".join(f"{word} {by:+.1f}" for word, by in moved), ""))
        table.add_row(*cells)
    console = Console(
        width=None if sys.stdout.isatty() else WIDE if not why else 160, soft_wrap=False
    )
    console.print(table)


def mark(text: str, colour: str) -> str:
    """Text that rich prints as it stands."""
    plain = text.replace("[", "\\[")
    return f"[{colour}]{plain}[/]" if colour and plain else plain
