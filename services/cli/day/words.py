"""What people say, by language: the texts of `texts/*.yaml`, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
import yaml


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One matter a customer writes about, long enough for a thread of three rounds."""

    topic: str
    subject: str
    ask: str
    more: tuple[str, str, str]
    """What the customer writes next; each says that it is not settled yet."""
    agent: tuple[str, str, str]


class ChatWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """First lines and later lines of a chat."""

    open: tuple[str, ...]
    lines: tuple[str, ...]


class Away(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An automatic reply."""

    subject: str
    text: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts of one language, and the people and places that go with it."""

    language: str
    zones: tuple[str, ...]
    names: tuple[str, ...]
    cases: tuple[Case, ...]
    closing: tuple[str, ...]
    """Only thanks: nothing is left to do."""
    unsolved: tuple[str, ...]
    """Thanks, and still not settled."""
    angry: tuple[str, ...]
    social: tuple[str, ...]
    chat: ChatWords
    person: tuple[str, ...]
    """Asking for a human being."""
    call_me: tuple[str, ...]
    away: tuple[Away, ...]
    bot: tuple[str, ...]


@cache
def read_words() -> tuple[Words, ...]:
    """The texts of every language, in the order of their codes."""
    found = [f for f in (files(__package__) / "texts").iterdir() if f.name.endswith(".yaml")]
    return tuple(
        msgspec.convert(yaml.safe_load(f.read_text(encoding="utf-8")), Words)
        for f in sorted(found, key=lambda f: f.name)
    )
