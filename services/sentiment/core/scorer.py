"""What every scorer is: texts and their languages in, shares of three classes out, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from services.contact.sentiment import Label, Want

LANGUAGE_NOT_SUPPORTED = "language_not_supported"
NO_TEXT = "no_text"
TOO_SHORT = "too_short"
WHY_UNSCORED = (LANGUAGE_NOT_SUPPORTED, NO_TEXT, TOO_SHORT)
"""Every value of `SentimentScored.why_unscored`."""
DECIMALS = 4


class Scored(msgspec.Struct, frozen=True, gc=False):
    """What a scorer says of one text; with `why` set it says nothing, and why not."""

    p_neg: float = 0.0
    p_neu: float = 0.0
    p_pos: float = 0.0
    language: str = ""
    """The language as which the text was scored; empty where it is not known."""
    why: str = ""
    """One of `WHY_UNSCORED`, or empty."""
    wants: tuple[tuple[Want, float], ...] = ()
    """What the customer asks for, with its probability, 0 to 1; only what the scorer stands by."""
    closing: float = 0.0
    """Probability that the message ends the matter, 0 to 1; 0 where the scorer does not tell."""

    @property
    def label(self) -> Label:
        """The class with the highest share; a tie goes to the neutral one."""
        if self.why:
            return Label.UNSCORED
        if self.p_neu >= self.p_neg and self.p_neu >= self.p_pos:
            return Label.NEUTRAL
        return Label.POSITIVE if self.p_pos > self.p_neg else Label.NEGATIVE

    @property
    def score(self) -> float:
        """p_pos - p_neg: -1 (very negative) to 1."""
        return round(self.p_pos - self.p_neg, DECIMALS)

    @property
    def confidence(self) -> float:
        """The highest share, 0 to 1; 0 for what was not scored."""
        return max(self.p_neg, self.p_neu, self.p_pos)


class Pace(msgspec.Struct, frozen=True):
    """How a scorer takes its texts, so that a lane's other work goes on meanwhile."""

    texts: int = 256
    """At most so many at a time; a vectorised scorer is at its fastest there."""
    apart: bool = False
    """In a thread of its own: it takes longer than an event loop may stand still, 50 ms."""


class Scorer(Protocol):
    """Scores batches; stateless, so that lanes may share one.

    A scorer knows which languages it speaks and answers for a text in any other one with
    `Scored(why=LANGUAGE_NOT_SUPPORTED)`. It must answer exactly one `Scored` per text. It must not
    raise for any text; the service isolates one that does, at the price of a slow batch.
    """

    @property
    def name(self) -> str:
        """Name and version, as published in `SentimentScored.model`."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages it speaks, as BCP 47 primary tags such as `en`; for metrics and pages."""

    @property
    def pace(self) -> Pace:
        """How it takes its texts."""

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Score texts of at most 1,500 characters each.

        `languages` has one primary tag per text, empty where neither the event nor its script
        and words told it.
        """


def round_shares(shares: tuple[float, float, float], language: str) -> Scored:
    """Shares as they are published: four decimals that sum to one."""
    p_neg, p_pos = round(shares[0], DECIMALS), round(shares[2], DECIMALS)
    p_neu = round(max(0.0, 1.0 - p_neg - p_pos), DECIMALS)
    return Scored(p_neg=p_neg, p_neu=p_neu, p_pos=p_pos, language=language)
