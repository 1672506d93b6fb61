"""Freezes the figures of the packaged model, against which `make check` holds it.

    python bench/freeze_sentiment.py [OMNIROUTE_DATA]      about a minute

Run it after a training that was meant, and read the difference before it is committed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from services.sentiment.model.store import load_scorer
from services.sentiment.train.evaluate import evaluate
from services.sentiment.train.texts import APART, CORPUS, list_files, read_corpus, read_set

_AS_WRITTEN = argparse.RawDescriptionHelpFormatter
INTO = Path(__file__).parent.parent / "tests" / "golden" / "sentiment_figures.json"


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=_AS_WRITTEN)
    options.add_argument(
        "data", nargs="?", type=Path, default=os.environ.get("OMNIROUTE_DATA", "../shared/data")
    )
    data: Path = options.parse_args().data
    if not (data / "sentiment" / "evaluate").is_dir():
        sys.exit(f"{data}/sentiment/evaluate is not there: name the data, or set OMNIROUTE_DATA")
    scorer = load_scorer()
    public = {
        f"{result.source}/{result.language}": round(result.figures.macro_f1, 4)
        for path in list_files(data / "sentiment" / "evaluate")
        for result in evaluate(scorer, read_set(path), peers=False, intervals=False)
    }
    own = {
        f"{part}/{result.language}": round(result.figures.macro_f1, 4)
        for part in APART
        for path in list_files(CORPUS / part)
        for result in evaluate(scorer, read_corpus(path), peers=False, intervals=False)
    }
    texts = [text for path in list_files(CORPUS / "train") for text in read_corpus(path)[::5]]
    scored = scorer.score([t.text for t in texts], [t.language for t in texts])
    # One letter a label: negative, neutral and positive differ in their third.
    labels = "".join(answer.label.value[2] for answer in scored)
    figures = {"public": public, "own": own, "labels": labels}
    INTO.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(f"{len(public)} figures of public sets, {len(own)} of ours, {len(labels)} labels")


if __name__ == "__main__":
    main()
