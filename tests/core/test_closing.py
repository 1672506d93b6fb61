"""Closing messages: thanks and solved, and nothing else."""

from __future__ import annotations

import time
import timeit

import pytest

from services.router.core.closing import TEXT_LIMIT, is_closing
from tests.core.closing_messages import CLOSING, OPEN

LANGUAGES = ("en", "ru", "zh", "bg", "es", "de", "fr", "pt", "it", "ar", "hi")


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_and_solved_close(language: str) -> None:
    """Each message closes, with the right hint, a wrong one and none."""
    for hint in (language, "", "xx", "de-AT"):
        wrong = [text for text in CLOSING[language] if not is_closing(text, hint)]
        assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_anything_more_does_not_close(language: str) -> None:
    """A contrast, a question, a wish, a fact to act on: one word too many keeps it open."""
    for hint in (language, "", "xx", "de-AT"):
        wrong = [text for text in OPEN[language] if is_closing(text, hint)]
        assert wrong == []


def test_the_tables_are_large_enough() -> None:
    """25 of each in the four languages of the first centres, 12 in the others."""
    for language in LANGUAGES:
        least = 25 if language in {"en", "ru", "zh", "bg"} else 12
        assert len(set(CLOSING[language])) >= least
        assert len(set(OPEN[language])) >= least


BUT = {
    "en": "but it still fails",
    "ru": "но всё ещё не работает",
    "zh": "但是还是不行",
    "bg": "но пак не работи",
    "es": "pero sigue fallando",
    "de": "aber es geht immer noch nicht",
    "fr": "mais ça échoue encore",
    "pt": "mas ainda falha",
    "it": "ma non va ancora",
    "ar": "لكن لا يعمل",
    "hi": "लेकिन काम नहीं कर रहा",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("joint", [", ", " ", ". ", "\n", "! "])
def test_a_contrast_after_any_thanks_keeps_it_open(language: str, joint: str) -> None:
    """No closing message stays one when a "but" follows, however it is joined."""
    for text in CLOSING[language]:
        if "\n" not in text:
            assert not is_closing(text + joint + BUT[language], language), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_mark_keeps_it_open(language: str) -> None:
    """A question asks for an answer, in any script."""
    marks = ("?", "\uff1f", "\u061f")
    for text in CLOSING[language]:
        if "\n" not in text:
            assert not any(is_closing(text + mark, language) for mark in marks), text


def test_full_width_punctuation_is_read_like_any_other() -> None:
    """Chinese keyboards write commas, question and exclamation marks of their own."""
    wide = str.maketrans({",": "\uff0c", "!": "\uff01", "?": "\uff1f", ":": "\uff1a"})
    assert [t for t in CLOSING["zh"] if not is_closing(t.translate(wide), "zh")] == []
    assert [t for t in OPEN["zh"] if is_closing(t.translate(wide), "zh")] == []


def test_a_long_message_does_not_close() -> None:
    """Beyond the limit somebody says more than thanks."""
    assert not is_closing("Thanks! " * (TEXT_LIMIT // 8 + 1))


def test_only_the_typed_part_is_read() -> None:
    """What is quoted below neither closes a message nor keeps it open."""
    quote = "\n\nOn 4 May 2026, Help <help@example.com> wrote:\n> Is it broken? Thanks!"
    assert is_closing("Solved, thanks" + quote)
    assert not is_closing("It is broken" + quote)
    assert not is_closing("> Thanks!")


def test_judging_an_ordinary_message_is_fast() -> None:
    """It runs for each customer message: some microseconds, fifty at the most."""
    text = "My order has not arrived yet and nobody answers the phone, so I want my money back."
    rounds = 2_000
    best = min(
        timeit.repeat(
            lambda: is_closing(text, "en"), timer=time.process_time, number=rounds, repeat=5
        )
    )
    assert best / rounds < 50e-6
