"""Weights as small integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sentiment.train.fit import Floats

KEPT = 0.9995
"""Share of the weights that keep their size; the few above are cut to the limit."""


def shrink(weights: Floats, limit: int) -> tuple[NDArray[np.int8], float]:
    """Weights as integers within the limit, and the step between them."""
    used = np.abs(weights[weights != 0])
    step = float(np.quantile(used, KEPT)) / limit
    return np.clip(np.rint(weights / step), -limit, limit).astype(np.int8), step


def settle(weights: Floats, limit: int) -> Floats:
    """The weights as a model that is shipped has them."""
    small, step = shrink(weights, limit)
    return np.asarray(small * step, np.float64)
