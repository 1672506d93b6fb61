"""Which language an event says its message is in. Where it says none, the scorer finds out."""

from __future__ import annotations

import re

KNOWN = ("en", "ru", "zh", "bg", "es", "de", "fr", "pt", "it", "ar", "hi")
"""The languages that figures are told by; any other is `other`."""

_TAG = re.compile(r"[a-z]{2,3}")


def read_tag(told: str) -> str:
    """The primary tag of a BCP 47 tag, or an empty string where it names no language."""
    tag = told.replace("_", "-").partition("-")[0].strip().lower()
    # `und`, `mul` and `zxx` are the tags for not knowing, several and none.
    if _TAG.fullmatch(tag) and tag not in {"und", "mul", "zxx"}:
        return tag
    return ""


def read_tags(told: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The primary tags of a list with commas, and the words in it that name no language."""
    words = [word.strip() for word in told.split(",") if word.strip()]
    tags = [read_tag(word) for word in words]
    wrong = [word for word, tag in zip(words, tags, strict=True) if not tag]
    return tuple(tag for tag in tags if tag), tuple(wrong)
