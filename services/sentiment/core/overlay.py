"""What a tenant knows better than the model: how sure it is of its customers, and what phrases mean.

A calibration brings the shares to what they promise on the tenant's own messages. A phrase moves the
score: `sick` praises a skateboard, and `claim` is no complaint at an insurer. The overlay is data, made
and checked by `services/sentiment/overlay_file.py`; here it is applied. Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from services.sentiment.core.scorer import Scored, round_shares
from services.sentiment.core.temper import Temper, temper_answer

MOST_SHIFT = 2.0
"""The whole way from very negative to very positive."""
# A word, or one character of a script that has no spaces.
_WORD = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]|[^\\W\u3400-\u4dbf\u4e00-\u9fff]+(?:['’][^\\W]+)?")


class Phrase(msgspec.Struct, frozen=True):
    """One phrase and where it holds."""

    words: tuple[str, ...]
    shift: float
    """-2 to 2, added to the score."""
    sources: tuple[str, ...] = ()
    """Sources of events; one that ends with `*` stands for all that begin so. None: every source."""
    languages: tuple[str, ...] = ()
    """Primary tags; none: every language."""


class Calibration(msgspec.Struct, frozen=True):
    """One calibration and where it holds, as a phrase does."""

    temper: Temper
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Overlay(msgspec.Struct, frozen=True):
    """All phrases by their first word, calibrations, and the hash of the file that they come from."""

    version: str = ""
    phrases: Mapping[str, tuple[Phrase, ...]] = {}
    calibrations: tuple[Calibration, ...] = ()
    """Of several that are meant, the first one holds."""


NOTHING = Overlay()
"""The model's own word."""


def cut_words(text: str) -> tuple[str, ...]:
    """The words of a phrase or a text, in small letters; Chinese character by character."""
    return tuple(_WORD.findall(text.casefold()))


def arrange(
    version: str, phrases: Sequence[Phrase], calibrations: Sequence[Calibration] = ()
) -> Overlay:
    """An overlay of these phrases, each of one word at least, and of these calibrations."""
    found: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase.words[0], []).append(phrase)
    by_word = {word: tuple(mine) for word, mine in found.items()}
    return Overlay(version, by_word, tuple(calibrations))


def apply_overlay(overlay: Overlay, source: str, parts: Sequence[str], scored: Scored) -> Scored:
    """The answer to a message in these parts: calibrated first, then moved by phrases."""
    for calibration in overlay.calibrations:
        if _is_meant(calibration, source, scored.language):
            scored = temper_answer(scored, calibration.temper)
            break
    return shift_score(scored, find_shift(overlay, source, scored.language, parts))


def find_shift(overlay: Overlay, source: str, language: str, parts: Sequence[str]) -> float:
    """How far the phrases in these parts move the score, -2 to 2; each phrase counts once."""
    if not overlay.phrases:
        return 0.0
    held: dict[Phrase, None] = {}
    for part in parts:
        words = cut_words(part)
        for at, word in enumerate(words):
            for phrase in overlay.phrases.get(word, ()):
                if words[at : at + len(phrase.words)] == phrase.words and _is_meant(
                    phrase, source, language
                ):
                    held[phrase] = None
    return max(-MOST_SHIFT, min(MOST_SHIFT, sum(phrase.shift for phrase in held)))


def shift_score(scored: Scored, shift: float) -> Scored:
    """The answer with its score moved, as far as -1 and 1; its shares follow.

    All shares give way alike to the class that the shift points to, so that they still sum to one.
    """
    if not shift or scored.why:
        return scored
    score = scored.p_pos - scored.p_neg
    wanted = max(-1.0, min(1.0, score + shift))
    room = 1.0 - score if shift > 0 else 1.0 + score
    part = abs(wanted - score) / room if room else 0.0
    neg, pos = scored.p_neg * (1 - part), scored.p_pos * (1 - part)
    neg, pos = (neg, pos + part) if shift > 0 else (neg + part, pos)
    moved = round_shares((neg, max(0.0, 1.0 - neg - pos), pos), scored.language)
    return msgspec.structs.replace(scored, p_neg=moved.p_neg, p_neu=moved.p_neu, p_pos=moved.p_pos)


def _is_meant(one: Phrase | Calibration, source: str, language: str) -> bool:
    if one.languages and language not in one.languages:
        return False
    return not one.sources or any(
        source.startswith(name[:-1]) if name.endswith("*") else source == name
        for name in one.sources
    )
