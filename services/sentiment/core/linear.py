"""The model: hashed features, integer weights, two looks, and what was calibrated per language.

The first look adds up weights of characters and words; the second weighs what that found
(`second_look.py`). It knows customers only: the less a text is like theirs, the more the mood is
the first look's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.contact.sentiment import Want
from services.sentiment.core.features import HASH_VERSION, extract_features
from services.sentiment.core.few import FEW, Reader
from services.sentiment.core.glyphs import SPACE
from services.sentiment.core.identify import identify_languages, is_foreign
from services.sentiment.core.scorer import (
    DECIMALS,
    LANGUAGE_NOT_SUPPORTED,
    NO_TEXT,
    Pace,
    Scored,
)
from services.sentiment.core.second_look import Floats, SecondLook, gather, spread
from services.sentiment.core.sums import Summed, Tables, pack, sum_features, unpack
from services.sentiment.core.temper import Temper, find_temper, lay, share

PACE = Pace(texts=256)
"""Texts that are scored together: their arrays fit a core's cache."""
HEADS = ("closing", *(want.value for want in Want), "human")
"""What is told beside the sentiment, in the order of the weights; `human` is a person or a manager."""
HINTS = ("neg", "neu", "pos")
"""What only the second look is told, in the order of the weights behind the heads: is the mood of a
text this one, for all that customers' own messages teach?"""
SERVICE = "service"
"""Is a text a customer's at all? Then its mood is the second look's, else the first's."""
UNKNOWN = "und"
"""The tag of a text in a script that the model has never seen."""
DOUBT = 1.0
"""Taken from the logit of `service`. Of another's text the second look understands little, of a
customer's the first one much, so a text must be a customer's at odds of 2.7 to count half as one's."""
SURE = 0.5
"""From this probability on the scorer stands by a want; the offsets of the heads see to the rest."""
WIDTH, LANES = 21, 3
"""Bits of a sum, and sums side by side in one number."""
_MOODS = 2
_FIRST_WANT, _HUMAN = 1, 5
LIMIT = 57
"""Weights stay within this, so that the sum of a full text fits the width."""


class Settings(msgspec.Struct, frozen=True):
    """What belongs to the weights and is not an array."""

    name: str
    hash_version: int
    mood_step: float
    """Logit of one unit of the mood weights, before the division by the root of the length."""
    head_steps: dict[str, float]
    """The same of each head, of each hint and of `service`."""
    second: SecondLook
    """Gives the logits of mood, then of the heads."""
    head_offsets: dict[str, float]
    """Added to the logit of each head: 0.5 is where its precision was as promised."""
    languages: list[str]
    language_step: float
    tempers: dict[str, Temper]
    """Of customers' messages, by language; the empty one is for texts of no known language."""
    other_tempers: dict[str, Temper]
    """Of all other texts."""


class Weights(NamedTuple):
    """The arrays of a model; buckets by classes, a power of two of buckets."""

    mood: NDArray[np.int8]
    """Negative and positive, against neutral; then whether a text is a customer's."""
    heads: NDArray[np.int8]
    """By `HEADS`, then by `HINTS`."""
    languages: NDArray[np.int8]


class Moved(msgspec.Struct, frozen=True):
    """A word of a text as the model reads it, and how far it moved the score."""

    word: str
    by: float
    """Logit of positive minus that of negative; below zero it spoke for negative."""


class LinearScorer:
    """Scores texts in eleven languages; stateless, safe to share."""

    def __init__(self, weights: Weights, settings: Settings) -> None:
        if settings.hash_version != HASH_VERSION:
            raise ValueError(
                f"these weights are for version {settings.hash_version} of the hash,"
                f" this is version {HASH_VERSION}: train anew"
            )
        self._settings = settings
        self._tables = Tables(*(pack(one, WIDTH, LANES) for one in weights))
        self._reader = Reader(self._tables)
        self._known = frozenset(settings.languages)
        steps = [settings.head_steps[one] for one in (SERVICE, *HEADS, *HINTS)]
        self._steps = np.array([settings.mood_step] * _MOODS + steps)[:, None]
        self._offsets = np.array([settings.head_offsets[head] for head in HEADS])[:, None]
        self._means = np.array(settings.second.means)
        self._deviations = np.array(settings.second.deviations)
        self._second = np.array(settings.second.weights)
        self._paired = settings.second.paired
        tags = ["", *settings.languages]
        self._temper_rows = {tag: row for row, tag in enumerate(tags)}
        # Of the first look those of all texts that are not customers', of the second theirs.
        self._tempers = np.stack(
            [
                lay([find_temper(tempers, tag) for tag in tags])
                for tempers in (settings.other_tempers, settings.tempers)
            ]
        )

    @property
    def name(self) -> str:
        """Name and version."""
        return self._settings.name

    @property
    def languages(self) -> frozenset[str]:
        """The eleven languages it was trained on."""
        return self._known

    @property
    def pace(self) -> Pace:
        """A few milliseconds for a chunk: on the event loop."""
        return PACE

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Score any number of texts; beyond 1,500 characters a text is not read."""
        answers: list[Scored] = []
        for first in range(0, len(texts), PACE.texts):
            answers += self._score_chunk(
                texts[first : first + PACE.texts], languages[first : first + PACE.texts]
            )
        return answers

    def _score_chunk(self, texts: Sequence[str], told: Sequence[str]) -> list[Scored]:
        asked = [i for i, language in enumerate(told) if not language]
        summed = self._sum(texts, asked)
        languages = self._find_languages(texts, told, asked, summed)
        shares, heads = self._look_twice(summed, languages)
        shares = shares.round(DECIMALS).tolist()
        closing = heads[0].round(DECIMALS).tolist()
        wants = find_wants(heads)
        sizes = summed.sizes.tolist()
        return [
            self._refuse(language, blank=sizes[i] <= 1)
            or Scored(
                p_neg=neg,
                p_neu=round(max(0.0, 1.0 - neg - pos), DECIMALS),
                p_pos=pos,
                language=language,
                wants=wants.get(i, ()),
                closing=closing[i],
            )
            for i, ((neg, _, pos), language) in enumerate(zip(shares, languages, strict=True))
        ]

    def _refuse(self, language: str, *, blank: bool) -> Scored | None:
        """Why a text has no score, if so."""
        if language and language not in self._known:
            return Scored(language=language, why=LANGUAGE_NOT_SUPPORTED)
        return Scored(language=language, why=NO_TEXT) if blank else None

    def _sum(self, texts: Sequence[str], asked: Sequence[int]) -> Summed:
        """What the tables say, in the way that is the faster one."""
        found = self._reader.read(texts, asked) if len(texts) <= FEW else None
        return found or sum_features(self._tables, extract_features(texts), asked)

    def _find_languages(
        self, texts: Sequence[str], told: Sequence[str], asked: Sequence[int], summed: Summed
    ) -> list[str]:
        """What was told, else what the characters tell; `und` for a script never seen."""
        found = list(told)
        if asked:
            names = self._settings.languages
            sums = unpack(summed.languages, WIDTH, LANES)[: len(names)]
            logits = (sums / np.sqrt(summed.sizes[asked]) * self._settings.language_step).T
            named = identify_languages(logits, names, [texts[i] for i in asked])
            for i, language in zip(asked, named, strict=True):
                found[i] = UNKNOWN if is_foreign(texts[i]) else language
        return found

    def _look_twice(self, summed: Summed, languages: Sequence[str]) -> tuple[Floats, Floats]:
        """Shares of the classes, texts by classes; probabilities of the heads, heads by texts."""
        count = len(languages)
        logits = unpack(summed.sums, WIDTH, LANES) * self._steps
        logits /= np.sqrt(summed.sizes)
        first = logits[:, :count]
        inputs = gather(first, summed.sizes[:count], logits[:, count:], summed.firsts)
        second = self._second @ spread(inputs, self._means, self._deviations, self._paired)
        moods = np.concatenate([first[:_MOODS], second[:_MOODS]], axis=1).T
        rows = [self._temper_rows.get(language, 0) for language in languages]
        shares = share(moods, self._tempers[:, rows].reshape(len(moods), -1))
        odds = np.empty((1 + len(HEADS), count))
        np.subtract(first[_MOODS], DOUBT, out=odds[0])
        np.add(second[_MOODS:], self._offsets, out=odds[1:])
        told = squash(odds)
        return mix(shares[:count], shares[count:], told[0]), told[1:]

    def explain(self, text: str, language: str) -> list[Moved]:
        """The words of a text in order, as the model reads them, with what each did to the score.

        That is the mean of how far the word alone moves it, and how far the text without it falls back.
        """
        features = extract_features([text])
        begins = features.token_places[1:]
        if not len(begins):
            return []
        letters = features.letters
        # The blank before a word goes with it.
        begins = begins - (letters[begins - 1] == SPACE)
        begins[0] = 0
        ends = np.append(begins[1:], len(letters))
        spans = [np.s_[begin:end] for begin, end in zip(begins, ends, strict=True)]
        words = [spell(letters[span]) for span in spans]
        without = [spell(np.delete(letters, span)) for span in spans]
        nothing, whole, *odds = self._weigh(["", spell(letters), *words, *without], language)
        moved = [
            Moved(word=word, by=(alone - nothing + whole - other) / 2)
            for word, alone, other in zip(
                words, odds[: len(words)], odds[len(words) :], strict=True
            )
        ]
        return [word for word in moved if word.word]

    def _weigh(self, texts: Sequence[str], language: str) -> list[float]:
        """The logit of positive against negative of each text."""
        return [
            float(np.log(pos / neg))
            for first in range(0, len(texts), PACE.texts)
            for neg, _, pos in self._judge(texts[first : first + PACE.texts], language)
        ]

    def _judge(self, texts: Sequence[str], language: str) -> Floats:
        """Shares of the classes of a few texts of one language."""
        return self._look_twice(self._sum(texts, ()), [language] * len(texts))[0]


def mix(first: Floats, second: Floats, customers: Floats) -> Floats:
    """The second look's shares as far as a text is a customer's, else the first look's."""
    part = customers[:, None]
    return np.asarray(part * second + (1.0 - part) * first)


def squash(logits: Floats) -> Floats:
    """Logits -> probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(np.maximum(-logits, -30.0), 30.0))))


def find_wants(heads: Floats) -> dict[int, tuple[tuple[Want, float], ...]]:
    """By text, the wants that are sure enough; most texts want nothing and are not listed.

    Whether it is a person or a manager is a finer question than whether it is one of them: where
    only the latter is sure, the likelier of the two is told.
    """
    if np.maximum.reduce(heads[_FIRST_WANT : _HUMAN + 1], axis=None) < SURE:
        return {}
    told = heads[_FIRST_WANT:_HUMAN].copy()
    person, manager = told[0], told[1]
    either = heads[_HUMAN]
    unclear = (either >= SURE) & (np.maximum(person, manager) < SURE)
    person[unclear & (person >= manager)] = either[unclear & (person >= manager)]
    manager[unclear & (manager > person)] = either[unclear & (manager > person)]
    found: dict[int, tuple[tuple[Want, float], ...]] = {}
    wants, texts = np.nonzero(told >= SURE)
    for want, text in zip(wants.tolist(), texts.tolist(), strict=True):
        one = (tuple(Want)[want], round(float(told[want, text]), DECIMALS))
        found[text] = (*found.get(text, ()), one)
    return found


def spell(letters: NDArray[np.uint32]) -> str:
    """Forms as text."""
    return "".join(map(chr, letters.tolist())).strip()
