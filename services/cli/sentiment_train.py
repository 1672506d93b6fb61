"""`omniroute sentiment train`: fits the model anew."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from pathlib import Path

from services.sentiment.model.store import FOLDER
from services.sentiment.train.texts import SetError

GOOD, USAGE = 0, 2
HELP = "train the model anew: the same data gives the same bytes"
EXAMPLES = """\
examples:
  omniroute sentiment train                        what `make train` does
  omniroute sentiment train --data /srv/data --into /tmp/model
  omniroute sentiment score --model /tmp/model "Where is my parcel?"

Reads the public training sets in DATA/sentiment/train and our own corpus, posts, reviews, lexicon and
phrases in services/sentiment/train. Takes five to ten minutes and 1.7 GB of memory, on one core.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train` to the words after `omniroute sentiment`."""
    parser = commands.add_parser(
        "train",
        help=HELP,
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = Path(os.environ.get("OMNIROUTE_DATA") or "../shared/data")
    parser.add_argument("--data", type=Path, default=data, help="default: OMNIROUTE_DATA")
    parser.add_argument("--into", type=Path, default=FOLDER, help="default: the packaged model")
    parser.set_defaults(run=run)


def run(words: argparse.Namespace) -> int:
    """Train and write; 2 where the data or the compiler of the training loop is missing."""
    if importlib.util.find_spec("numba") is None:
        print(
            "omniroute sentiment train: numba is not installed; `make deps` in a clone installs it",
            file=sys.stderr,
        )
        return USAGE
    # Imported late: numba takes a second, and only training needs it.
    from services.sentiment.train.card import write_card  # noqa: PLC0415
    from services.sentiment.train.make import train  # noqa: PLC0415

    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  {what}", file=sys.stderr, flush=True)

    try:
        made = train(words.data, words.into, say)
        write_card(words.into, made, words.data)
    except SetError as wrong:
        print(f"omniroute sentiment train: {wrong}", file=sys.stderr)
        return USAGE
    say("done")
    print(f"the model is in {words.into}")
    return GOOD
