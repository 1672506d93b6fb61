"""Net Emotional Value of surveys, and the touchpoints that both NEV figures are told by.

The 20 emotions and their clusters are Colin Shaw's (*The DNA of Customer Experience*, 2007). No
primary text fixes how they are averaged: the formulas are ours, and text alone never yields the 20
emotions. `nev_text` is computed from counters of labels where they are read, see
`deploy/monitoring/rules/nev.yaml`; here is what a survey adds to its counters.
"""

from __future__ import annotations

from operator import attrgetter

import msgspec

from services.contact.event import Survey

NEGATIVE = (
    "irritated", "hurried", "neglected", "unhappy", "unsatisfied", "stressed", "disappointed",
    "frustrated",
)  # fmt: skip
"""The destroying cluster."""
POSITIVE = (
    "interested", "energetic", "stimulated", "exploratory", "indulgent",
    "trusting", "valued", "focused", "safe", "cared_for",
    "happy", "pleased",
)  # fmt: skip
"""Attention, recommendation and advocacy."""
MOST_NAMES = 50
"""Queues, and topics, that are told apart in figures; what comes later is `other`."""
NONE, OTHER = "none", "other"

_NEGATIVE, _POSITIVE = attrgetter(*NEGATIVE), attrgetter(*POSITIVE)


class Means(msgspec.Struct, frozen=True):
    """What one survey says, each 0 to 10."""

    positive: float
    """Mean of the 12 positive emotions."""
    negative: float
    """Mean of the 8 negative ones."""

    @property
    def nev(self) -> float:
        """Positive minus negative: -10 to 10."""
        return self.positive - self.negative


def weigh_survey(survey: Survey) -> Means:
    """The two means of an answered survey."""
    return Means(
        positive=sum(_POSITIVE(survey)) / len(POSITIVE),
        negative=sum(_NEGATIVE(survey)) / len(NEGATIVE),
    )


class Names:
    """Bounds the names that platforms give: the first `most` keep theirs."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: set[str] = set()

    def bound(self, name: str) -> str:
        """The name as a label: itself, `none` where it is empty, or `other`."""
        if not name or name in self._known:
            return name or NONE
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(name)
        return name
