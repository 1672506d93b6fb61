"""Code points -> the form in which the model reads them, and their class.

Two tables over the first 131,072 code points, which hold every letter of the eleven languages and
every emoji. A form of 0 means that the model does not see the character at all: bidi marks, joiners,
variation selectors, vowel signs of Arabic. Everything beyond the tables is one unknown letter.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIZE = 0x20000
UNSEEN = 0
SEPARATOR = 1
"""The form that stands before each text and after the last; no character has it."""
SPACE = ord(" ")

BLANK, WORD, HAN, MARK, SIGN = range(5)
"""Classes: blanks; letters and digits; Chinese characters; punctuation; emoji and other signs."""

_ALIKE = {
    "е": "ё",
    "ا": "أإآٱ",
    "ي": "ىئ",
    "ه": "ة",
    "و": "ؤ",
    "'": "’‘ʼ`´",
    '"': "“”„«»‹›《》「」",
    "-": "—–−‐‑",
    ".": "…。",
    ",": "、，",
}
_FORMS = {ord(sign): ord(form) for form, signs in _ALIKE.items() for sign in signs}
_ARABIC_SIGNS = range(0x064B, 0x0671)
_TATWEEL = 0x0640
HAN_BLOCKS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))
_SKIN_TONES = range(0x1F3FB, 0x1F400)


class Glyphs(NamedTuple):
    """What is known of each code point."""

    forms: NDArray[np.uint32]
    classes: NDArray[np.uint8]
    """Class by form."""
    capitals: NDArray[np.uint8]
    """1 for capital letters, by code point."""


@cache
def load_glyphs() -> Glyphs:
    """The tables; made once, in about 0.1 s, out of Python's Unicode data."""
    kinds = [unicodedata.category(chr(point)) for point in range(SIZE)]
    forms = [find_form(point, kind) for point, kind in enumerate(kinds)]
    classes = [find_class(point, kind) for point, kind in enumerate(kinds)]
    classes[SEPARATOR] = BLANK
    return Glyphs(
        np.array(forms, np.uint32),
        np.array(classes, np.uint8),
        np.array([kind == "Lu" for kind in kinds], np.uint8),
    )


def find_form(point: int, kind: str) -> int:
    """How a character is read: small, without width or typographic variants; digits are all 0."""
    if point in _FORMS:
        return _FORMS[point]
    if kind == "Nd":
        return ord("0")
    if kind[0] == "Z" or kind == "Cc":
        return SPACE
    if _is_unseen(point, kind):
        return UNSEEN
    if 0xFF01 <= point <= 0xFF5E:  # noqa: PLR2004 - the full-width copies of ASCII
        return find_form(point - 0xFEE0, unicodedata.category(chr(point - 0xFEE0)))
    small = chr(point).lower()
    return ord(small) if len(small) == 1 and ord(small) < SIZE else point


def _is_unseen(point: int, kind: str) -> bool:
    if kind in {"Cf", "Cs", "Me"} or point == _TATWEEL or point in _SKIN_TONES:
        return True
    # Vowel signs of Devanagari are letters in all but name; accents on Latin letters are not.
    return kind == "Mn" and (point < 0x0370 or point in _ARABIC_SIGNS or point >= 0xFE00)  # noqa: PLR2004


def find_class(point: int, kind: str) -> int:
    """Which of the five classes a form belongs to."""
    if any(point in block for block in HAN_BLOCKS):
        return HAN
    if kind[0] in "LNM" or point == ord("'"):
        return WORD
    if kind[0] in "ZC":
        return BLANK
    return SIGN if kind[0] == "S" and point > 0xFF else MARK  # noqa: PLR2004 - $, +, < are marks
