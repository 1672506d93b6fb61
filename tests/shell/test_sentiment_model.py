"""Laws of the packaged model that take time: figures do not fall, speed, the same bytes again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.sentiment.model.store import FOLDER, load_scorer
from services.sentiment.train.evaluate import evaluate
from services.sentiment.train.texts import APART, CORPUS, list_files, read_corpus, read_set

FROZEN = Path(__file__).parent.parent / "golden" / "sentiment_figures.json"
"""Written by `python bench/freeze_sentiment.py` after a training that was meant."""
TOLERANCE = 0.01
MOST_BYTES = 6_000_000
# Where it was measured 2.4, .21 and .10 (docs/model-card.md); the slowest machine is a third below.
BATCH_RATIO, SINGLE_RATIO, NEW_RATIO = 1.6, 0.14, 0.06
MOST_MB = 150
pytestmark = pytest.mark.slow


@pytest.mark.data
@pytest.mark.timeout(300)
def test_no_language_of_any_set_falls_by_more_than_a_point(data_folder: Path) -> None:
    """Law: macro-F1 of each public set and language stays within a point of the frozen figure."""
    frozen = json.loads(FROZEN.read_text())
    found = {}
    for path in list_files(data_folder / "sentiment" / "evaluate"):
        for result in evaluate(load_scorer(), read_set(path), peers=False, intervals=False):
            found[f"{result.source}/{result.language}"] = result.figures.macro_f1
    assert found.keys() == frozen["public"].keys()
    fallen = {
        k: (frozen["public"][k], v) for k, v in found.items() if v < frozen["public"][k] - TOLERANCE
    }
    assert fallen == {}


def test_no_language_of_our_own_messages_falls_by_more_than_a_point() -> None:
    """Law: the same for the parts of our corpus that nothing is trained on; needs no data folder."""
    frozen = json.loads(FROZEN.read_text())["own"]
    found = {
        f"{part}/{result.language}": result.figures.macro_f1
        for part in APART
        for path in list_files(CORPUS / part)
        for result in evaluate(load_scorer(), read_corpus(path), peers=False, intervals=False)
    }
    assert found.keys() == frozen.keys()
    assert {k: (frozen[k], v) for k, v in found.items() if v < frozen[k] - TOLERANCE} == {}


def test_golden_texts_keep_their_labels() -> None:
    """Law: the packaged weights give the frozen labels on at least 999 of 1,000 golden texts."""
    labels = json.loads(FROZEN.read_text())["labels"]
    texts = [text for path in list_files(CORPUS / "train") for text in read_corpus(path)[::5]]
    scored = load_scorer().score([t.text for t in texts], [t.language for t in texts])
    said = "".join(answer.label.value[2] for answer in scored)
    assert len(said) == len(labels)
    assert sum(a == b for a, b in zip(said, labels, strict=True)) >= 0.999 * len(labels)


def test_the_files_of_the_model_are_small() -> None:
    """Law: all files that the model needs have at most 6 MB together."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) <= MOST_BYTES


ROUNDS = 12


def compare_rates(works: Sequence[tuple[Callable[[], object], int]]) -> list[float]:
    """Texts a second of processor time of each piece of work, the best of several rounds.

    The pieces take turns: a neighbour of the machine that slows it down slows all of them.
    """
    best = [0.0] * len(works)
    for _ in range(ROUNDS):
        for place, (work, count) in enumerate(works):
            started = time.process_time()
            work()
            best[place] = max(best[place], count / (time.process_time() - started))
    return best


@pytest.mark.alone
def test_batches_are_faster_than_vader_and_single_texts_not_far_slower(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Law: ratios to VADER's processor time in the same run, on our English messages."""
    texts = [text.text[:200] for text in read_corpus(CORPUS / "train" / "en.tsv")]
    batch, english = (texts * 2)[:1024], ["en"] * 1024
    scorer, vader = load_scorer(), SentimentIntensityAnalyzer()
    # Two words and a half of each are none of the last 8,192: no other text of the corpus is like it.
    unread = iter(texts[-ROUNDS * 200 :])
    score_singly(scorer.score, texts[: -ROUNDS * 200])
    batches, single, new, peer = compare_rates(
        (
            (lambda: scorer.score(batch, english), len(batch)),
            (lambda: score_singly(scorer.score, texts[:300]), 300),
            (lambda: score_singly(scorer.score, list(islice(unread, 200))), 200),
            (lambda: [vader.polarity_scores(text) for text in texts[:500]], 500),
        )
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{batches:,.0f}/s in batches, {single:,.0f}/s one by one, {new:,.0f}/s of them new,"
            f" VADER {peer:,.0f}/s\n"
        )
    assert batches >= BATCH_RATIO * peer
    assert single >= SINGLE_RATIO * peer
    assert new >= NEW_RATIO * peer


def score_singly(score: Callable[..., object], texts: Sequence[str]) -> None:
    """One call a text."""
    for text in texts:
        score([text], ["en"])


@pytest.mark.alone
def test_hostile_text_never_holds_a_lane_for_long() -> None:
    """Law: a batch of 64 of the worst texts takes at most 50 ms of processor time, warm."""
    worst = ["😡" * 5_000, "\u202e\ud800" * 800, "QUJD" * 400, "не " * 1_700, "不" * 1_600, "!?" * 900,
             "a" * 5_000_000, "नहीं " * 400]  # fmt: skip
    scorer = load_scorer()
    batch = (worst * 8)[:64]
    scorer.score(batch, [""] * len(batch))
    started = time.process_time()
    scorer.score(batch, ["en"] * len(batch))
    assert time.process_time() - started <= 0.05


def test_scoring_needs_little_memory() -> None:
    """Law: a process that loads the model and scores stays below 150 MB."""
    script = (
        "from pathlib import Path;from services.sentiment.model.store import load_scorer;"
        "load_scorer().score(['hello there']*5000,['en']*5000);"
        # Not getrusage: its peak begins with that of the process that forked this one.
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert int(done.stdout) / 1024 <= MOST_MB


@pytest.mark.timeout(900)
def test_the_same_texts_train_the_same_bytes(tmp_path: Path) -> None:
    """Law: a training on every seventh scene of ours, twice, in two processes, gives the same files.

    And what it says of texts that it has not seen are shares.
    """
    script = (
        "import sys;from pathlib import Path;from services.sentiment.train.make import train_on;"
        "from services.sentiment.model.store import save_model;"
        "from services.sentiment.train.texts import SCENE, read_elsewhere, read_own, read_words;"
        "from services.sentiment.train.phrases import read_asks;"
        "own=[text for i, text in enumerate(read_own()) if i // SCENE % 7 == 0];"
        "made=train_on([*read_elsewhere()[::7],*own,*read_words(),*read_asks()], print);"
        "crossed=made.crossed;"
        "found=[*crossed.shares, *crossed.elsewhere_shares];"
        "assert all(abs(sum(one) - 1) < 1e-6 and min(one) >= 0 for one in found), found[:3];"
        "save_model(Path(sys.argv[1]), made.weights, made.settings)"
    )
    for name in ("first", "second"):
        subprocess.run([sys.executable, "-c", script, tmp_path / name], check=True)
    for file in ("weights.npz", "settings.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
