"""Laws of a model of one's own, in ONNX: its shares, our languages and wishes, mistakes at the start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from services.contact.sentiment import Label
from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, NO_TEXT
from services.sentiment.model.onnx import OnnxScorer, open_scorer
from services.sentiment.model.store import ModelError, load_scorer

PACKAGED = load_scorer()
WORDS = ("[PAD]", "[UNK]", "parcel", "moon", "sun", "луна", "tähti")
THREE = ("Negative", "Neutral", "Positive")


def write_model(
    folder: Path, labels: Sequence[str] = THREE, inputs: Sequence[str] = ("attention_mask",)
) -> Path:
    """A classifier in which `moon` and its like speak for the first label, `sun` for the last."""
    folder.mkdir(exist_ok=True)
    table = np.zeros((len(WORDS), len(labels)), np.float32)
    for word, label in (("moon", 0), ("луна", 0), ("tähti", 0), ("sun", -1)):
        table[WORDS.index(word), label] = 4.0
    # The padding would speak for the first label, if the mask did not hold it back.
    table[0, 0] = 9.0
    spread = [
        helper.make_node("Gather", ["table", "input_ids"], ["looked_up"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["masks"]),
        helper.make_node("Mul", ["looked_up", "masks"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "tokens"], ["logits"], keepdims=0),
    ]
    asked = ["input_ids", *inputs]
    graph = helper.make_graph(
        spread,
        "words",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "tokens"]) for n in asked],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(labels)])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([-1], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "tokens"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(made, folder / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"id2label": dict(enumerate(labels)), "model_type": "bert", "architectures": ["X"]}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with three labels."""
    return write_model(tmp_path / "sky")


def test_the_shares_are_the_models_and_all_else_is_ours(folder: Path) -> None:
    """Law: label by the model; language, wishes and closing as the packaged model says them."""
    scorer = OnnxScorer(folder, PACKAGED)
    texts = ["moon", "sun sun", "parcel", "let me talk to a human being, not a bot. moon"]
    scored = scorer.score(texts, ["en"] * 4)
    labels = [one.label for one in scored]
    assert labels == [Label.NEGATIVE, Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE]
    assert (scored[0].p_neg, scored[0].p_pos) == pytest.approx((0.9647, 0.0177), abs=1e-4)
    plain = PACKAGED.score(texts, ["en"] * 4)
    assert scored[3].wants
    assert [(s.wants, s.closing, s.language) for s in scored] == [
        (p.wants, p.closing, p.language) for p in plain
    ]
    assert scorer.name.startswith("sky@")
    assert scorer.name.endswith("+" + PACKAGED.name)


def test_a_text_is_scored_alike_in_whatever_company(folder: Path) -> None:
    """Law: padding to the longest text of a batch changes nothing, nor does the size of a batch."""
    scorer = OnnxScorer(folder, PACKAGED)
    texts = ["moon", "sun " * 300, "parcel sun", "", "луна"] * 9
    together = list(scorer.score(texts, ["en"] * len(texts)))
    assert together == [scorer.score([text], ["en"])[0] for text in texts]


def test_it_scores_in_the_languages_that_were_given_to_it(folder: Path) -> None:
    """Law: the others are the packaged model's; with none given it scores in every language."""
    texts, told = ["moon", "луна и солнце", "tähti", ""], ["en", "ru", "fi", "fi"]
    some = OnnxScorer(folder, PACKAGED, ["fi"]).score(texts, told)
    plain = PACKAGED.score(texts, told)
    assert list(some[:2]) == list(plain[:2])
    assert plain[2].why == LANGUAGE_NOT_SUPPORTED
    assert (some[2].label, some[2].language) == (Label.NEGATIVE, "fi")
    every = OnnxScorer(folder, PACKAGED).score(texts, told)
    assert [one.label for one in every[:3]] == [Label.NEGATIVE] * 3
    assert OnnxScorer(folder, PACKAGED, ["fi"]).languages == PACKAGED.languages | {"fi"}
    assert PACKAGED.score([""], ["en"])[0].why == NO_TEXT
    assert OnnxScorer(folder, PACKAGED).score([""], ["en"])[0].why == NO_TEXT


def test_stars_and_two_labels_are_understood(tmp_path: Path) -> None:
    """Law: one and two stars are negative, three neutral; without a neutral label its share is 0."""
    stars = write_model(tmp_path / "stars", [f"{n} star{'s' * (n > 1)}" for n in range(1, 6)])
    (moon, sun) = OnnxScorer(stars, PACKAGED).score(["moon", "sun"], ["en", "en"])
    assert (moon.label, sun.label) == (Label.NEGATIVE, Label.POSITIVE)
    assert moon.p_neu == pytest.approx(1 / (np.exp(4) + 4), abs=1e-4)
    two = write_model(tmp_path / "two", ["NEGATIVE", "POSITIVE"])
    (moon,) = OnnxScorer(two, PACKAGED).score(["moon"], ["en"])
    assert (moon.label, moon.p_neu) == (Label.NEGATIVE, 0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json"),
        (lambda f: (f / "config.json").write_text("{}"), "id2label"),
        (lambda f: write_model(f, ["LABEL_0", "LABEL_1"]), "id2label names LABEL_0, LABEL_1"),
        (lambda f: write_model(f, ["joy", "anger"]), "it must name"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "tokenizer.json"),
        (lambda f: (f / "model.onnx").write_bytes(b"no model"), "model.onnx"),
        (lambda f: write_model(f, THREE, ("attention_mask", "pixels")), "asks for attention_mask"),
    ],
)
def test_what_is_no_model_is_refused_at_the_start(folder: Path, spoil: object, said: str) -> None:
    """Law: the message names the file and what is wrong with it."""
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(ModelError, match="(?s)" + said):
        OnnxScorer(folder, PACKAGED)


def test_a_model_that_cannot_score_is_refused_at_the_start(folder: Path) -> None:
    """Law: more words than the table has rows: found before the first customer's message."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["Yes"])
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(ModelError, match="cannot score a text"):
        open_scorer(folder)


def test_without_the_extra_the_message_says_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: who has no ONNX model needs no ONNX; who has one is told."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'omniroute\[onnx\]'"):
        open_scorer(folder)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "sentiment", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_scores_and_measures_with_it(folder: Path, tmp_path: Path) -> None:
    """Law: what the service would say can be tried and measured before."""
    done = run("score", "--model", str(folder), "--format", "jsonl", "moon", "sun")
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == [
        "negative",
        "positive",
    ]
    labelled = tmp_path / "mine.tsv"
    rows = ("moon\tneg\ten", "sun\tpos\ten", "parcel\tneu\ten")
    labelled.write_text("\n".join(("text\tlabel\tlang", *rows * 10)) + "\n")
    done = run("evaluate", "--model", str(folder), "--no-peers", "--no-intervals", str(labelled))
    assert "1.000" in done.stdout, done.stderr
    refused = run("score", "--model", str(folder), "--why", "moon")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "does not tell which words" in refused.stderr
