"""`omniroute sentiment evaluate`: how right a model is on labelled texts, beside its peers."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import msgspec

from services.cli.sentiment_model import WRONG, add_model, add_overlay, open_overlaid
from services.sentiment.train.evaluate import Result, evaluate
from services.sentiment.train.measure import CONFIDENCE
from services.sentiment.train.texts import LABELS, SetError, read_corpus, read_set

GOOD, USAGE = 0, 2
HELP = "measure a model on labelled texts, beside the peers that are installed"
EXAMPLES = """\
examples:
  omniroute sentiment evaluate "$OMNIROUTE_DATA/sentiment/evaluate/uci.tsv"
  omniroute sentiment evaluate mine.tsv --no-intervals --confusion
  omniroute sentiment evaluate --corpus services/sentiment/train/corpus/heldout/*.tsv

A file is tab-separated with a header: text, label (neg, neu or pos) and, if known, lang. A domain is a
file: each has figures per language, and over all of its languages. Where a set has no neutral texts,
the shares of negative and positive are compared, and there is no calibration error. With --corpus the
files are of our corpus, named after their language.

Peers are VADER, AFINN and TextBlob in English, SnowNLP and cnsenti in Chinese: those that are
installed. They are asked at most 1,000 texts of a set.
"""


class Line(msgspec.Struct, frozen=True):
    """One result, as a JSON line."""

    set: str
    language: str
    by: str
    texts: int
    classes: int
    macro_f1: float
    macro_recall: float
    ece: float | None
    confusion: list[list[int]]
    intervals: dict[str, tuple[float, float]]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate` to the words after `omniroute sentiment`."""
    parser = commands.add_parser(
        "evaluate",
        help=HELP,
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.tsv")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--corpus", action="store_true", help="files in the columns of our corpus")
    parser.add_argument("--confusion", action="store_true", help="true class by predicted class")
    parser.add_argument("--no-intervals", action="store_true", help="faster: no bootstrap")
    parser.add_argument("--no-peers", action="store_true", help="the model alone")
    add_model(parser)
    add_overlay(parser)
    parser.set_defaults(run=run)


def run(words: argparse.Namespace) -> int:
    """Measure and print; 2 if the model, the overlay or a file cannot be read."""
    read = read_corpus if words.corpus else read_set
    try:
        _, scorer = open_overlaid(words)
        if words.format == "table":
            print(HEADER)
        for path in words.files:
            found = evaluate(
                scorer, read(path), peers=not words.no_peers, intervals=not words.no_intervals
            )
            for result in found:
                show(result, words)
    except (*WRONG, SetError) as wrong:
        print(f"omniroute sentiment evaluate: {wrong}", file=sys.stderr)
        return USAGE
    return GOOD


HEADER = (
    f"{'set':<16}{'lang':<6}{'by':<20}{'texts':>7}  {'macro-F1':<20}{'macro-recall':<20}ECE"
    f"      ({CONFIDENCE:.0%} intervals)"
)


def show(result: Result, words: argparse.Namespace) -> None:
    """One result as a row, or as a JSON line."""
    if words.format == "jsonl":
        print(msgspec.json.encode(build_line(result)).decode())
        return
    figures = result.figures
    print(
        f"{result.source:<16}{result.language:<6}{result.by:<20}{figures.texts:>7}  "
        f"{spell(figures.macro_f1, result.f1_interval):<20}"
        f"{spell(figures.macro_recall, result.recall_interval):<20}"
        f"{spell(figures.ece, result.ece_interval)}"
    )
    if words.confusion:
        for label, row in zip(LABELS, figures.confusion.tolist(), strict=True):
            if sum(row):
                said = "  ".join(
                    f"{name} {count:>6}" for name, count in zip(LABELS, row, strict=True)
                )
                print(f"{'':<22}truly {label}, said:  {said}")


def spell(figure: float, interval: tuple[float, float] | None) -> str:
    """A figure with its interval; a dash where there is none."""
    if math.isnan(figure):
        return "-"
    spread = f" ({interval[0]:.3f}-{interval[1]:.3f})" if interval else ""
    return f"{figure:.3f}{spread}"


def build_line(result: Result) -> Line:
    """A result as it is written."""
    figures = result.figures
    intervals = {
        "macro_f1": result.f1_interval,
        "macro_recall": result.recall_interval,
        "ece": None if math.isnan(figures.ece) else result.ece_interval,
    }
    return Line(
        set=result.source,
        language=result.language,
        by=result.by,
        texts=figures.texts,
        classes=len(figures.classes),
        macro_f1=round(figures.macro_f1, 4),
        macro_recall=round(figures.macro_recall, 4),
        ece=None if math.isnan(figures.ece) else round(figures.ece, 4),
        confusion=figures.confusion.tolist(),
        intervals={name: pair for name, pair in intervals.items() if pair},
    )
