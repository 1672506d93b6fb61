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
