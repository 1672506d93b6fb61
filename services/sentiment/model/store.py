"""Reads and writes the model's files. The packaged model is the scorer that the service runs with."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from services.sentiment.core.linear import LinearScorer, Settings, Weights

FOLDER = Path(__file__).parent
WEIGHTS, SETTINGS = "weights.npz", "settings.json"


class ModelError(Exception):
    """A folder holds no usable model; the message says what is wrong and what to do."""


def load_scorer(folder: Path = FOLDER) -> LinearScorer:
    """The packaged model, or one that `make train` wrote elsewhere; about 0.2 s.

    Raises:
        ModelError: A file is absent or is not what it should be.
    """
    try:
        settings = msgspec.json.decode((folder / SETTINGS).read_bytes(), type=Settings)
        with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            weights = Weights(arrays["mood"], arrays["heads"], arrays["languages"])
        return LinearScorer(weights, settings)
    except (OSError, ValueError, KeyError, msgspec.MsgspecError) as broken:
        raise ModelError(
            f"{folder} holds no usable model ({broken}); `omniroute sentiment train` writes one"
        ) from broken


def save_model(folder: Path, weights: Weights, settings: Settings) -> None:
    """Write both files; the same model gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / WEIGHTS, **weights._asdict())
    text = msgspec.json.format(msgspec.json.encode(settings), indent=1)
    (folder / SETTINGS).write_bytes(text + b"\n")
