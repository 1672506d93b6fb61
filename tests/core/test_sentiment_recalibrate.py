"""Laws of a calibration of one's own: it is made where it helps, and can always be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from services.cli.sentiment_calibrate import write_block
from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, Pace, Scored, round_shares
from services.sentiment.core.temper import Temper, temper_answer
from services.sentiment.overlay_file import load_overlay
from services.sentiment.train.measure import Floats, Labels
from services.sentiment.train.recalibrate import find_lack, recalibrate, recalibrate_language
from services.sentiment.train.texts import Labelled

COUNT = 400


def draw(seed: int = 3) -> tuple[Floats, Labels]:
    """Shares, and labels that come as often as the shares say."""
    chance = np.random.default_rng(seed)
    shares = chance.dirichlet([1.0, 1.0, 1.0], COUNT)
    labels = np.array([chance.choice(3, p=share) for share in shares])
    return shares, labels


def spoil(shares: Floats, temper: Temper) -> Floats:
    """The same shares as a scorer would tell them that is wrong in this way."""
    answers = [temper_answer(round_shares(tuple(row), "en"), temper) for row in shares.tolist()]
    return np.array([(one.p_neg, one.p_neu, one.p_pos) for one in answers])


def test_shares_that_are_right_are_left_alone() -> None:
    """Law: no calibration where there is nothing to gain, and it says so."""
    found = recalibrate_language("en", *draw())
    assert found.temper is None
    assert found.why


@pytest.mark.parametrize(
    "wrong", [Temper(0.4), Temper(2.5), Temper(neutral=2.0), Temper(neutral=-2.0), Temper(lean=1.5)]
)
def test_what_is_wrong_is_found_and_undone(wrong: Temper) -> None:
    """Law: too sure, too unsure, too neutral, too moved or leaning: the error more than halves; the rest is chance."""
    shares, labels = draw()
    found = recalibrate_language("en", spoil(shares, wrong), labels)
    assert found.temper is not None
    assert found.after is not None
    assert found.before.ece > 0.09
    assert found.after.ece < found.before.ece / 2
    assert found.temper.temperature == pytest.approx(1 / wrong.temperature, rel=0.3)


@pytest.mark.parametrize("kind", ["separable", "unrelated", "never neutral"])
def test_what_is_printed_can_be_loaded_whatever_the_labels(kind: str, tmp_path: Path) -> None:
    """Law: a calibration stays within what an overlay may hold."""
    shares, labels = draw()
    if kind == "separable":
        labels = shares.argmax(axis=1)
    elif kind == "unrelated":
        shares = np.roll(spoil(shares, Temper(0.3)), 7, axis=0)
    else:
        shares[:, 1] = 0.0
        shares /= shares.sum(axis=1, keepdims=True)
    found = recalibrate_language("en", shares, labels)
    assert found.temper is not None
    path = tmp_path / "overlay.yaml"
    path.write_text("\n".join(write_block(found, found.temper, ["it's", "a: b"])), "utf-8")
    (calibration,) = load_overlay(str(path)).calibrations
    assert calibration.temper == found.temper
    assert calibration.sources == ("it's", "a: b")
    assert calibration.languages == ("en",)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((33, 33, 33), "99 messages; it takes 100"),
        ((60, 9, 60), "60 neg, 9 neu, 60 pos; it takes 10 of each"),
        ((50, 0, 50), "50 neg, 0 neu, 50 pos; it takes 10 of each"),
        ((40, 30, 30), ""),
    ],
)
def test_too_few_labels_are_told(counts: tuple[int, int, int], said: str) -> None:
    """Law: what is lacking, in numbers."""
    assert find_lack(np.repeat([0, 1, 2], counts)) == said


class Mixed:
    """Scores English, tells of no other text which language it is, and refuses Macedonian."""

    name, languages, pace = "mixed", frozenset({"en"}), Pace()

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Each text is its own shares."""
        return [
            Scored(why=LANGUAGE_NOT_SUPPORTED)
            if language == "mk"
            else round_shares(tuple(map(float, text.split())), language)  # type: ignore[arg-type]
            for text, language in zip(texts, languages, strict=True)
        ]


def test_texts_of_no_known_language_come_last_and_unscored_ones_count_for_nothing() -> None:
    """Law: the block of the first would hold for every language; the latter have no shares."""
    shares, labels = draw()
    rows = spoil(shares, Temper(neutral=2.0)).tolist()
    texts = [
        Labelled(" ".join(map(str, row)), int(label), language, "set")
        for row, label in zip(rows, labels, strict=True)
        for language in ("", "en-GB", "mk")
    ]
    found, unscored = recalibrate(Mixed(), texts)
    assert [one.language for one in found] == ["en", ""]
    assert unscored == COUNT
    assert {one.before.texts for one in found} == {COUNT}
    assert all(one.temper is not None for one in found)
