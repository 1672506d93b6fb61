"""Which scorer the commands of `omniroute sentiment` ask: the options, and what opens it."""

from __future__ import annotations

import argparse
from pathlib import Path

from services.sentiment.core.overlay import OverlaidScorer
from services.sentiment.core.scorer import Scorer
from services.sentiment.model.onnx import open_scorer
from services.sentiment.model.store import FOLDER
from services.sentiment.overlay_file import load_overlay


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    parser.add_argument(
        "--model", type=Path, default=FOLDER, help="folder of another model, ours or ONNX"
    )


def add_overlay(parser: argparse.ArgumentParser) -> None:
    """Add `--overlay` and `--source`."""
    parser.add_argument("--overlay", default="", help="a file of calibrations and phrases")
    parser.add_argument("--source", default="", help="of the events, for the overlay")


def open_overlaid(words: argparse.Namespace) -> tuple[Scorer, Scorer]:
    """The scorer, and the same under the overlay if one is named.

    Raises:
        ModelError: There is no usable model in the folder.
        OverlayError: The overlay has a mistake.
    """
    scorer = open_scorer(words.model)
    if not words.overlay:
        return scorer, scorer
    return scorer, OverlaidScorer(scorer, load_overlay(words.overlay), words.source)
