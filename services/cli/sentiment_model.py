"""Which scorer the commands of `omniroute sentiment` ask: the options, and what opens it."""

from __future__ import annotations

import argparse
from pathlib import Path

from services.sentiment.core.language import read_tags
from services.sentiment.core.overlay import NOTHING
from services.sentiment.core.scorer import Scorer
from services.sentiment.core.whole import MessageScorer, ScorerFailedError
from services.sentiment.model.onnx import open_scorer
from services.sentiment.model.store import FOLDER, ModelError
from services.sentiment.overlay_file import OverlayError, load_overlay

WRONG = (ModelError, OverlayError, ScorerFailedError)
"""What may be wrong with that; the message says what to do."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model` and `--model-languages`."""
    parser.add_argument(
        "--model", type=Path, default=FOLDER, help="folder of another model, ours or ONNX"
    )
    parser.add_argument(
        "--model-languages",
        default="",
        metavar="TAGS",
        help="in which an ONNX model scores, such as en,de; the packaged one scores the others",
    )


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Add `--overlay` and `--source`."""
    parser.add_argument("--overlay", default="", help="a file of calibrations and phrases")
    parser.add_argument("--source", default="", help="with --overlay: the source of the events")


def open_model(words: argparse.Namespace) -> Scorer:
    """The scorer that the options name; raises `ModelError`."""
    tags, wrong = read_tags(words.model_languages)
    if wrong:
        raise ModelError(f"--model-languages: {wrong[0]!r} is no language tag such as en or pt-BR")
    return open_scorer(words.model, tags)


def open_overlaid(words: argparse.Namespace) -> tuple[Scorer, MessageScorer]:
    """The scorer, and one of whole messages, under the overlay if one is named.

    Raises:
        ModelError: There is no usable model in the folder.
        OverlayError: The overlay has a mistake, or there is none for the source.
    """
    scorer = open_model(words)
    if words.source and not words.overlay:
        raise OverlayError("--source is for --overlay: name the file")
    overlay = load_overlay(words.overlay) if words.overlay else NOTHING
    return scorer, MessageScorer(scorer, overlay, words.source)
