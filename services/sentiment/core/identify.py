"""Which of the model's languages a text is in, by the same hashed characters as its mood."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_LEAD = 0.5
"""Lead of the first language over the second, in logits, below which none is named."""
_FOREIGN = re.compile(
    "[\u0370-\u03ff\u0530-\u05ff\u0980-\u10ff\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\uac00-\ud7af]"
)
"""Greek, Armenian, Hebrew, the scripts of India but Devanagari, Thai, Lao, Georgian, Hangul, Kana."""
_LETTER = re.compile(r"[^\W\d_]")
FOREIGN_SHARE = 0.3
LOOKED_AT = 400


def identify_languages(
    logits: NDArray[np.float64], names: Sequence[str], texts: Sequence[str]
) -> list[str]:
    """The language of each text, or an empty string where none leads or there is no letter."""
    first = logits.argmax(axis=1)
    ordered = np.sort(logits, axis=1)
    leads = ordered[:, -1] - ordered[:, -2] >= LEAST_LEAD
    return [
        names[i] if clear and _LETTER.search(text[:LOOKED_AT]) else ""
        for i, clear, text in zip(first, leads.tolist(), texts, strict=True)
    ]


def is_foreign(text: str) -> bool:
    """Whether a text is largely in a script that the model has never seen."""
    head = text[:LOOKED_AT]
    if head.isascii():
        return False
    foreign = len(_FOREIGN.findall(head))
    return foreign > 0 and foreign >= FOREIGN_SHARE * len(_LETTER.findall(head))
