"""Writes the figures of a trained model beside it: `figures.md`, part of its card."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.linear import HEADS, SURE, LinearScorer
from services.sentiment.core.scorer import Scored
from services.sentiment.train.evaluate import Result, evaluate, judge, score_texts
from services.sentiment.train.heads import find_truth
from services.sentiment.train.make import Made
from services.sentiment.train.measure import Hits, measure_hits, measure_shares, predict
from services.sentiment.train.recalibrate import recalibrate_language, temper
from services.sentiment.train.texts import (
    APART,
    CORPUS,
    NEU,
    Labelled,
    list_files,
    read_corpus,
    read_set,
)
from services.sentiment.train.weigh import PRECISION

FIGURES = "figures.md"
TRAITS = ("negation", "neutral_request", "sarcasm", "faint_praise", "mixed", "polite_anger")
LABELLED_ONE_IN = 5
"""The share of its messages that a tenant is taken to label, as one in so many."""
Bools = NDArray[np.bool_]
HEADER = "| set | language | texts | macro-F1 (95 %) | macro-recall (95 %) | ECE (95 %) |\n"
HEADER += "|---|---|---|---|---|---|"


def write_card(into: Path, made: Made, data: Path) -> None:
    """Measure on everything that is there, and write it down."""
    scorer = LinearScorer(made.weights, made.settings)
    parts = [
        f"# Figures of `{made.settings.name}`\n",
        "Written by `make train`; what they mean, and the rest of the card: docs/model-card.md.\n",
        *list_own(made),
        *list_elsewhere(made),
        *list_public(scorer, data),
        *list_recalibrated(scorer, data),
        *(line for part, title in APART.items() for line in list_apart(scorer, part, title)),
    ]
    (into / FIGURES).write_text("\n".join(parts) + "\n", "utf-8")


def list_own(made: Made) -> Iterator[str]:
    """Our own corpus, each message by a model that had not seen its writer, as far as that is known."""
    texts, shares = made.crossed.texts, made.crossed.shares
    if not texts:
        return
    languages = np.array([text.language for text in texts])
    labels = np.array([text.label for text in texts])
    yield "## Our own messages, cross-validated over runs of 800\n"
    yield HEADER
    for name in sorted(set(languages)):
        here = languages == name
        yield spell(judge("own", name, "", shares[here], labels[here], intervals=True))
    yield from list_traits(texts, shares.argmax(axis=1) == labels)
    offsets = made.settings.head_offsets
    said = {head: logits + offsets[head] >= 0 for head, logits in made.crossed.heads.items()}
    rich = np.array([text.rich for text in texts])
    for how, here in (("", ~rich), (", of what is rich in closings", rich)):
        rows = np.flatnonzero(here).tolist()
        if rows:
            mine = {head: one[here] for head, one in said.items()}
            yield from list_heads(f"cross-validated{how}", [texts[row] for row in rows], mine)


def list_elsewhere(made: Made) -> Iterator[str]:
    """Our posts and reviews, each by a model that had not seen those around it, by the first look alone."""
    texts, shares = made.crossed.elsewhere, made.crossed.elsewhere_shares
    if not texts:
        return
    places: dict[tuple[str, str], list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault((text.source, text.language), []).append(place)
    yield "\n## Our own posts and reviews, cross-validated over stretches of 100, by the first look\n"
    yield HEADER
    for (source, language), here in sorted(places.items()):
        labels = np.array([texts[place].label for place in here])
        yield spell(judge(source, language, "", shares[here], labels, intervals=True))


def list_traits(texts: Sequence[Labelled], right: Bools) -> Iterator[str]:
    """How many of the messages with a trait are judged rightly, by language."""
    names = sorted({text.language for text in texts})
    yield "\nShare of right labels among messages with a trait:\n"
    yield "| trait | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for trait in TRAITS:
        cells = []
        for name in names:
            here = np.array([trait in t.traits and t.language == name for t in texts])
            cells.append(f"{right[here].mean():.2f} of {here.sum()}" if here.any() else "-")
        yield f"| {trait} | " + " | ".join(cells) + " |"


def list_heads(how: str, texts: Sequence[Labelled], said: Mapping[str, Bools]) -> Iterator[str]:
    """What is told beside the sentiment, by language."""
    names = sorted({text.language for text in texts})
    yield f"\n## Closing and wishes, {how}: precision / recall\n"
    yield "| head | aim | all | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 3) + "|"
    for head in HEADS:
        truth = find_truth(texts, head)
        cells = [spell_hits(measure_hits(said[head], truth))]
        for name in names:
            here = np.array([text.language == name for text in texts])
            cells.append(spell_hits(measure_hits(said[head][here], truth[here])))
        yield f"| {head} | {PRECISION[head]:.2f} | " + " | ".join(cells) + " |"


def list_public(scorer: LinearScorer, data: Path) -> Iterator[str]:
    """The public sets: those for evaluation, and the development parts."""
    folder = data / "sentiment"
    for title, files in (
        ("Public sets, for evaluation only", list_files(folder / "evaluate")),
        ("Public development sets, seen in calibration", sorted(folder.glob("train/*.dev.tsv"))),
    ):
        yield f"\n## {title}\n"
        yield HEADER
        for path in files:
            for result in evaluate(scorer, read_set(path), peers=False, intervals=True):
                yield spell(result)


def list_recalibrated(scorer: LinearScorer, data: Path) -> Iterator[str]:
    """The public sets as of a tenant who has labelled every fifth of its messages."""
    yield "\n## Public sets with three classes, calibrated on every fifth text, measured on the others\n"
    yield "| set | language | calibrated on | texts | macro-F1 | as calibrated | ECE | as calibrated (95 %) |"
    yield "|---" * 8 + "|"
    for path in list_files(data / "sentiment" / "evaluate"):
        texts = read_set(path)
        shares = score_texts(scorer, texts)
        labels = np.array([text.label for text in texts])
        for language in sorted({text.language for text in texts}):
            rows = np.flatnonzero([text.language == language for text in texts])
            mine, others = rows[::LABELLED_ONE_IN], np.delete(rows, np.s_[::LABELLED_ONE_IN])
            if not (labels[others] == NEU).any():
                continue
            found = recalibrate_language(language, shares[mine], labels[mine])
            after = shares[others]
            if found.temper is not None:
                after = temper(after, found.temper)
            before = measure_shares(shares[others], labels[others])
            result = judge(path.stem, language, "", after, labels[others], intervals=True)
            low, high = result.ece_interval or (math.nan, math.nan)
            how = f"{len(mine):,}" if found.temper is not None else f"- ({found.why})"
            yield (
                f"| {path.stem} | {language} | {how} | {len(others):,} | {before.macro_f1:.3f} |"
                f" {result.figures.macro_f1:.3f} | {before.ece:.3f} |"
                f" {result.figures.ece:.3f} ({low:.3f}-{high:.3f}) |"
            )


def list_apart(scorer: LinearScorer, part: str, title: str) -> Iterator[str]:
    """A part of our corpus that nothing was trained on."""
    files = list_files(CORPUS / part)
    if not files:
        return
    yield f"\n## {title}\n"
    yield HEADER
    for path in files:
        for result in evaluate(scorer, read_corpus(path), peers=False, intervals=True):
            yield spell(result)
    texts = [text for path in files for text in read_corpus(path)]
    labels = np.array([text.label for text in texts])
    scored = scorer.score([text.text for text in texts], [text.language for text in texts])
    shares = np.array([(one.p_neg, one.p_neu, one.p_pos) for one in scored])
    yield from list_traits(texts, predict(shares, labels) == labels)
    said = find_said(scored)
    yield from list_heads(f"the {part} part", texts, said)


def find_said(scored: Sequence[Scored]) -> dict[str, Bools]:
    """By head: of which texts a scorer says yes."""
    wants = [{want.value for want, _ in one.wants} for one in scored]
    said = {head: np.array([head in one for one in wants]) for head in HEADS}
    said["closing"] = np.array([one.closing >= SURE for one in scored])
    said["human"] = said["person"] | said["manager"]
    return said


def spell(result: Result) -> str:
    """A row."""
    figures = result.figures
    cells = [
        f"{figure:.3f} ({pair[0]:.3f}-{pair[1]:.3f})" if pair and not math.isnan(figure) else "-"
        for figure, pair in (
            (figures.macro_f1, result.f1_interval),
            (figures.macro_recall, result.recall_interval),
            (figures.ece, result.ece_interval),
        )
    ]
    two = "" if len(figures.classes) > 2 else " (2 classes)"  # noqa: PLR2004 - three classes
    head = f"| {result.source}{two} | {result.language} | {figures.texts:,} | "
    return head + " | ".join(cells) + " |"


def spell_hits(hits: Hits) -> str:
    """Precision and recall, with the number of true ones."""
    precision = "-" if math.isnan(hits.precision) else f"{hits.precision:.2f}"
    recall = "-" if math.isnan(hits.recall) else f"{hits.recall:.2f}"
    return f"{precision} / {recall} of {hits.true}"
