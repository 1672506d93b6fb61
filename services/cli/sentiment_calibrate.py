"""`omniroute sentiment calibrate`: shares that are right about the messages of one tenant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.cli.sentiment_evaluate import spell
from services.cli.sentiment_model import WRONG, add_model, open_model
from services.sentiment.core.temper import Temper
from services.sentiment.core.whole import MessageScorer
from services.sentiment.train.recalibrate import Recalibrated, recalibrate
from services.sentiment.train.texts import SetError, read_corpus, read_set

GOOD, NOTHING, USAGE = 0, 1, 2
HELP = "calibrate the shares on labelled messages of your own; prints a block for the overlay"
EXAMPLES = """\
examples:
  omniroute sentiment calibrate tweets.tsv --source "tweets/*" > fresh.yaml
  omniroute sentiment calibrate mine.tsv >> fresh.yaml
  omniroute sentiment evaluate others.tsv --overlay fresh.yaml --source tweets/main

A file is tab-separated with a header: text, label (neg, neu or pos) and, if known, lang. Each language
with 100 messages, 10 of each label, gets a temperature, a margin of neutral and a lean to the positive
side: where your customers complain more, or in plainer words, than those that the model learned from, it
is right more often and as sure as it says. Give texts without quotes and signatures. What is printed holds
for --source only (more than once; `*` at the end of one stands for the rest), or for every source, and for
the model that it was made with. Write it to a new file, look at it, and put it into the one that
OMNIROUTE_SENTIMENT_OVERLAY names; the first block that fits a message holds, so the special ones come first.

Figures before and after go to standard error; after is on messages that the calibration was not made from
(five folds). A language that does not gain by it is left out. Exit code 1: no language gained.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate` to the words after `omniroute sentiment`."""
    parser = commands.add_parser(
        "calibrate",
        help=HELP,
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.tsv")
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        help="of the events it is for, as in an overlay; may come more than once",
    )
    parser.add_argument("--corpus", action="store_true", help="files in the columns of our corpus")
    add_model(parser)
    parser.set_defaults(run=run)


def run(words: argparse.Namespace) -> int:
    """Calibrate and print; 1 if no language gains, 2 if the model or a file cannot be read."""
    read = read_corpus if words.corpus else read_set
    try:
        scorer = MessageScorer(open_model(words))
        texts = [text for path in words.files for text in read(path)]
        found, unscored = recalibrate(scorer, texts)
    except (*WRONG, SetError) as wrong:
        print(f"omniroute sentiment calibrate: {wrong}", file=sys.stderr)
        return USAGE
    if unscored:
        print(f"{unscored} messages are not scored, and left out", file=sys.stderr)
    for one in found:
        print(describe(one), file=sys.stderr)
        if one.temper is not None:
            print(f"# {scorer.name}, {one.before.texts} messages")
            print("\n".join(write_block(one, one.temper, words.source)))
    return GOOD if any(one.temper is not None for one in found) else NOTHING


def describe(one: Recalibrated) -> str:
    """A line for a person."""
    name = one.language or "all others"
    head = f"{name:<12}{one.before.texts:>7} messages  "
    if one.after is None:
        return f"{head}left out: {one.why}"
    figures = (
        f"macro-F1 {spell(one.before.macro_f1, None)} -> {spell(one.after.macro_f1, None)}"
        f"  ECE {spell(one.before.ece, None)} -> {spell(one.after.ece, None)}"
    )
    return f"{head}{figures}" + (f"  left out: {one.why}" if one.why else "")


def write_block(one: Recalibrated, temper: Temper, sources: Sequence[str]) -> list[str]:
    """The lines of a block of the overlay."""
    numbers = (
        f"temperature: {temper.temperature:g}, neutral: {temper.neutral:g}, lean: {temper.lean:g}"
    )
    lines = [f"calibration: {{{numbers}}}"]
    if one.language:
        lines.insert(0, f"languages: [{quote(one.language)}]")
    if sources:
        lines.insert(0, f"sources: [{', '.join(map(quote, sources))}]")
    return [
        f"{'- ' if first else '  '}{line}" for first, line in zip([1, 0, 0], lines, strict=False)
    ]


def quote(word: str) -> str:
    """A word of YAML that means nothing but itself."""
    return "'" + word.replace("'", "''") + "'"
