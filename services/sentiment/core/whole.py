"""Whole messages, scored as the service scores them: for those who have texts, and no events."""

from __future__ import annotations

from collections.abc import Sequence

from services.contact.reject import Reject
from services.sentiment.core.overlay import NOTHING, Overlay, apply_overlay
from services.sentiment.core.parts import clean, split_text
from services.sentiment.core.score import score_parts
from services.sentiment.core.scorer import Pace, Scored, Scorer


class ScorerFailedError(Exception):
    """The scorer failed at a text; the message names the type of the failure and never the text."""


class MessageScorer:
    """A scorer that is given whole messages of one source: what the service would publish of them.

    It cleans them, cuts long ones into parts, pools the answers, and applies the overlay. Quotes and
    signatures of e-mail stay: a text does not tell what it came by.
    """

    def __init__(self, scorer: Scorer, overlay: Overlay = NOTHING, source: str = "") -> None:
        self._scorer = scorer
        self._overlay = overlay
        self._source = source

    @property
    def name(self) -> str:
        """The scorer's."""
        return self._scorer.name

    @property
    def languages(self) -> frozenset[str]:
        """The scorer's."""
        return self._scorer.languages

    @property
    def pace(self) -> Pace:
        """The scorer's."""
        return self._scorer.pace

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """One answer a text, of any length; raises `ScorerFailedError`."""
        messages = [list_text_parts(text) for text in texts]
        *_, answers = score_parts(self._scorer, messages, languages)
        return [
            self._finish(parts, answer) for parts, answer in zip(messages, answers, strict=True)
        ]

    def _finish(self, parts: Sequence[str], answer: Scored | Reject) -> Scored:
        if isinstance(answer, Reject):
            raise ScorerFailedError(answer.why)
        return apply_overlay(self._overlay, self._source, parts, answer)


def list_text_parts(text: str) -> tuple[str, ...]:
    """The parts of a text of which nothing else is known; none where there is nothing to score."""
    return split_text(clean(text))
