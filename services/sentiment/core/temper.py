"""What brings shares to what they promise: temperature, neutral margin and lean.

The model has one for each language; a tenant may have one of its own, made by
`omniroute sentiment calibrate` from labelled messages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.scorer import Scored, round_shares

Floats = NDArray[np.float64]
COLDEST, HOTTEST = 0.2, 10.0
"""What a temperature may be."""
MOST_OFFSET = 10.0
"""How far a neutral margin and a lean may be from 0."""
LEAST_SHARE = 1e-4
"""Shares are published with four decimals; what is written as none is taken for this much."""


class Temper(msgspec.Struct, frozen=True):
    """How logits of one language become shares: (logit + offset) / temperature."""

    temperature: float = 1.0
    neutral: float = 0.0
    """Added to the logit of neutral: the margin that a mood must overcome."""
    lean: float = 0.0
    """Added to the logit of positive and taken from that of negative."""


def find_temper(tempers: Mapping[str, Temper], language: str) -> Temper:
    """What was calibrated for a language, else for texts of no known one."""
    return tempers.get(language) or tempers[""]


def temper_shares(
    logits: Floats, tempers: Mapping[str, Temper], languages: Sequence[str]
) -> Floats:
    """Logits of negative and positive against neutral -> shares of the three classes."""
    return share(logits, lay([find_temper(tempers, language) for language in languages]))


def lay(tempers: Sequence[Temper]) -> Floats:
    """Temperature, neutral margin and lean of each."""
    rows = [(one.temperature, one.neutral, one.lean) for one in tempers]
    return np.array(rows, np.float64).reshape(-1, 3)


def share(logits: Floats, tempers: Floats) -> Floats:
    """The shares of texts by classes; a row of `tempers` is a text's."""
    temperatures, neutral, lean = tempers[:, :1], tempers[:, 1], tempers[:, 2]
    raised = np.empty((len(logits), 3))
    np.subtract(logits[:, 0], lean, out=raised[:, 0])
    raised[:, 1] = neutral
    np.add(logits[:, 1], lean, out=raised[:, 2])
    raised /= temperatures
    raised -= np.maximum.reduce(raised, axis=1, keepdims=True)
    np.exp(raised, out=raised)
    raised /= np.add.reduce(raised, axis=1, keepdims=True)
    return raised


def read_logits(shares: Floats) -> Floats:
    """Shares of the classes -> logits of negative and positive against neutral, texts by two."""
    logs = np.log(np.maximum(shares, LEAST_SHARE))
    return np.asarray(logs[:, [0, 2]] - logs[:, [1]])


def temper_answer(scored: Scored, temper: Temper) -> Scored:
    """One answer with its shares tempered, in the way of `temper_shares` upon `read_logits`."""
    if scored.why:
        return scored
    neg, neu, pos = (
        math.log(max(share, LEAST_SHARE)) for share in (scored.p_neg, scored.p_neu, scored.p_pos)
    )
    raised = [neg - neu - temper.lean, temper.neutral, pos - neu + temper.lean]
    top = max(raised)
    weights = [math.exp((logit - top) / temper.temperature) for logit in raised]
    total = sum(weights)
    shares = round_shares((weights[0] / total, weights[1] / total, weights[2] / total), "")
    return msgspec.structs.replace(
        scored, p_neg=shares.p_neg, p_neu=shares.p_neu, p_pos=shares.p_pos
    )
