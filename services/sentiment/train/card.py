"""Writes the figures of a trained model beside it: `figures.md`, part of its card."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from services.sentiment.core.linear import HEADS, LinearScorer, temper_shares
from services.sentiment.train.evaluate import Result, evaluate, judge
from services.sentiment.train.heads import PRECISION, find_truth
from services.sentiment.train.make import Made
from services.sentiment.train.measure import Hits, measure_hits
from services.sentiment.train.texts import CORPUS, OWN, list_files, read_corpus, read_set

FIGURES = "figures.md"
TRAITS = ("negation", "neutral_request", "sarcasm", "faint_praise", "mixed", "polite_anger")
HEADER = "| set | language | texts | macro-F1 (95 %) | macro-recall (95 %) | ECE (95 %) |\n"
HEADER += "|---|---|---|---|---|---|"


def write_card(into: Path, made: Made, data: Path) -> None:
    """Measure on everything that is there, and write it down."""
    scorer = LinearScorer(made.weights, made.settings)
    parts = [
        f"# Figures of `{made.settings.name}`\n",
        "Written by `make train`; what they mean, and the rest of the card: docs/model-card.md.\n",
        *list_own(made),
        *list_heads(made),
        *list_public(scorer, data),
        *list_heldout(scorer),
    ]
    (into / FIGURES).write_text("\n".join(parts) + "\n", "utf-8")


def list_own(made: Made) -> Iterator[str]:
    """Our own corpus, each message by a model that had not seen its scene."""
    rows = made.crossed.rows
    places = [i for i, row in enumerate(rows.tolist()) if made.texts[row].source == OWN]
    if not places:
        return
    texts = [made.texts[rows[place]] for place in places]
    languages = [text.language for text in texts]
    shares = temper_shares(made.crossed.logits[places], made.settings.tempers, languages)
    labels = np.array([text.label for text in texts])
    yield "## Our own messages, cross-validated over their scenes\n"
    yield HEADER
    names = sorted(set(languages))
    for name in names:
        here = np.array([language == name for language in languages])
        yield spell(judge("own", name, "", shares[here], labels[here], intervals=True))
    right = shares.argmax(axis=1) == labels
    yield "\nShare of right labels among messages with a trait:\n"
    yield "| trait | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for trait in TRAITS:
        cells = []
        for name in names:
            here = np.array([trait in t.traits and t.language == name for t in texts])
            cells.append(f"{right[here].mean():.2f} of {here.sum()}" if here.any() else "-")
        yield f"| {trait} | " + " | ".join(cells) + " |"


def list_heads(made: Made) -> Iterator[str]:
    """What is told beside the sentiment, in the same cross-validation."""
    mine = [text for text in made.texts if text.source == OWN]
    if not mine:
        return
    names = sorted({text.language for text in mine})
    yield "\n## Closing and wishes, cross-validated: precision / recall\n"
    yield "| head | aim | all | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 3) + "|"
    for head in HEADS:
        truth = find_truth(mine, head)
        said = made.crossed.heads[head] + made.settings.head_offsets[head] >= 0
        cells = [spell_hits(measure_hits(said, truth))]
        for name in names:
            here = np.array([text.language == name for text in mine])
            cells.append(spell_hits(measure_hits(said[here], truth[here])))
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


def list_heldout(scorer: LinearScorer) -> Iterator[str]:
    """The held-out part of our corpus."""
    files = list_files(CORPUS / "heldout")
    if not files:
        return
    yield "\n## The held-out part of our corpus\n"
    yield HEADER
    for path in files:
        for result in evaluate(scorer, read_corpus(path), peers=False, intervals=True):
            yield spell(result)


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
