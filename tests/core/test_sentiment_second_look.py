"""Laws of the second look: exact in any batch, bounded, fitted to its optimum, and for customers only."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.sentiment.core.features import extract_features
from services.sentiment.core.linear import DOUBT, WIDTH, Settings, mix, squash
from services.sentiment.core.second_look import MOST, WEIGHT_GRID, gather, spread
from services.sentiment.core.sums import pack, sum_all
from services.sentiment.model.store import FOLDER, SETTINGS
from services.sentiment.train import fit
from services.sentiment.train.calibrate import find_offset
from services.sentiment.train.design import BATCH, build_clauses
from services.sentiment.train.fit import Floats
from services.sentiment.train.texts import FOLDS, OWN, Labelled
from services.sentiment.train.weigh import PRECISION, RIDGE, fit_softmax, share_out, train_second

CHANCE = np.random.default_rng(11)
LOOKS, PAIRED, INPUTS = 12, 13, 62
TERMS = INPUTS + PAIRED * (PAIRED + 1) // 2 + 1
WEIGHTS = np.rint(CHANCE.uniform(-60, 60, (8, TERMS)) * WEIGHT_GRID) / WEIGHT_GRID
MEANS, DEVIATIONS = CHANCE.normal(size=INPUTS), CHANCE.uniform(0.1, 4, INPUTS)
LOGITS = st.lists(st.floats(-1e6, 1e6), min_size=LOOKS, max_size=LOOKS)
CLAUSES = st.lists(LOGITS, min_size=1, max_size=4)


def look(inputs: Floats) -> Floats:
    """The second look at some texts."""
    return np.asarray(WEIGHTS @ spread(inputs, MEANS, DEVIATIONS, PAIRED))


def see(texts: list[tuple[list[float], list[list[float]]]]) -> Floats:
    """What is looked at of texts, each with its logits and those of its clauses."""
    clauses = [clause for _, of_one in texts for clause in of_one]
    firsts = np.cumsum([0, *(len(of_one) for _, of_one in texts[:-1])])
    whole = np.array([logits for logits, _ in texts]).T
    return gather(whole, np.full(len(texts), 80), np.array(clauses).T, firsts)


@given(st.lists(st.tuples(LOGITS, CLAUSES), min_size=1, max_size=20))
def test_a_text_has_the_same_answer_in_any_batch(
    texts: list[tuple[list[float], list[list[float]]]],
) -> None:
    """Law: to the last bit, whatever order the sums are made in."""
    together = look(see(texts))
    for place, text in enumerate(texts):
        assert (look(see([text]))[:, 0] == together[:, place]).all()


def test_of_the_clauses_the_first_the_last_and_the_extremes_are_seen() -> None:
    """Law: in this order behind the logits of the text and its length; then how many there are."""
    ramp = np.arange(LOOKS, dtype=float)
    inputs = see([([0.0] * LOOKS, [(ramp + one).tolist() for one in (5, 9, -3, 2)])])
    behind = inputs[LOOKS + 1 :, 0]
    expected = [*(ramp + 5), *(ramp + 2), *(ramp + 9), *(ramp - 3), np.log(4)]
    assert behind.tolist() == expected
    assert inputs[LOOKS, 0] == np.log(80)


def test_the_packaged_weights_keep_the_sums_exact() -> None:
    """Law: below 64, and whole multiples of the grid."""
    settings = msgspec.json.decode((FOLDER / SETTINGS).read_bytes(), type=Settings)
    weights = np.array(settings.second.weights)
    assert settings.second.paired == PAIRED
    assert weights.shape == WEIGHTS.shape
    assert np.abs(weights).max() < 64
    assert (weights * WEIGHT_GRID % 1 == 0).all()


@given(LOGITS)
def test_no_input_outweighs_all_others(row: list[float]) -> None:
    """Law: a term is at most nine, however long or mad a text is."""
    terms = spread(see([(row, [row])]), MEANS, DEVIATIONS, PAIRED)
    assert terms.shape == (TERMS, 1)
    assert np.abs(terms).max() <= MOST**2


def make_texts(count: int) -> tuple[Floats, NDArray[np.int64]]:
    """Terms, and classes that follow from them but for some noise."""
    terms = np.hstack([CHANCE.normal(size=(count, 4)), np.ones((count, 1))])
    true = np.array([[2.0, -1.0], [0.0, 1.5], [-1.0, 0.0], [0.5, 0.5], [0.3, -0.2]])
    noise = CHANCE.gumbel(size=(count, 3))
    return terms, (np.hstack([terms @ true, np.zeros((count, 1))]) + noise).argmax(axis=1)


def test_the_fit_is_at_its_optimum_and_finds_what_made_the_classes() -> None:
    """Law: the slope of the loss is zero there; more texts bring the weights near the true ones."""
    terms, classes = make_texts(20_000)
    found = fit_softmax(terms, classes, 2)
    shares = share_out(terms @ found)
    slope = terms.T @ (shares - np.eye(3)[classes][:, :2]) + RIDGE * found
    assert np.abs(slope).max() < 1e-6
    assert np.abs(found[0] - [2.0, -1.0]).max() < 0.15


def test_what_is_rich_in_closings_sets_no_threshold() -> None:
    """Law: the offset of a head is that of the other messages, for among these a yes is harder to be right with."""
    chance = np.random.default_rng(3)
    inputs = chance.normal(size=(4, 2000))
    rich = np.arange(2000) >= 1000
    closing = inputs[0] + chance.normal(scale=np.where(rich, 3.0, 0.7)) > 1.0
    own = [
        Labelled("", i % 3, "en", OWN, fold=i % FOLDS, closing=bool(closing[i]), rich=bool(rich[i]))
        for i in range(2000)
    ]
    found = train_second(inputs, 1, own)
    logits, aim = found.heads["closing"], PRECISION["closing"]
    assert found.offsets["closing"] == round(find_offset(logits[~rich], closing[~rich], aim), 4)
    assert found.offsets["closing"] > find_offset(logits, closing, aim) + 0.5


def test_only_customers_are_looked_at_twice() -> None:
    """Law: the more a text is like a customer's, the more the second look's word counts."""
    first, second = np.array([[0.2, 0.5, 0.3]] * 3), np.array([[0.8, 0.1, 0.1]] * 3)
    mixed = mix(first, second, squash(np.array([-40.0, DOUBT, 40.0]) - DOUBT))
    assert np.allclose(mixed, [first[0], [0.5, 0.3, 0.2], second[0]])
    assert np.allclose(mixed.sum(axis=1), 1.0)


def test_the_second_look_learns_from_clauses_as_it_will_be_told_them() -> None:
    """Law: in training and in service a clause has the same features, and belongs to the same text."""
    texts = ["Thanks, but no. Call me!!", "", "?", "很好，但是慢。", "plain"] * 60
    learned = build_clauses(texts)
    assert len(learned.firsts) == len(texts)
    features = [extract_features(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
    counts = [np.diff(f.clauses.firsts, append=len(f.clauses.sizes)) for f in features]
    assert np.bincount(learned.owners).tolist() == np.concatenate(counts).tolist()
    assert (learned.owners[learned.firsts] == np.arange(len(texts))).all()
    table = np.arange(-32, 32)[:, None].astype(np.int8)
    table[0] = 0
    told = np.concatenate(
        [
            sum_all(pack(table, WIDTH, 1), one)[0, len(one.sizes) :] / np.sqrt(one.clauses.sizes)
            for one in features
        ]
    )
    every = np.arange(len(learned.owners))
    assert np.allclose(fit.measure(learned.design, table.astype(float), every)[:, 0], told)
