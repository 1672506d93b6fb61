"""Laws of the second look: exact in any batch, bounded, fitted to its optimum, and for customers only."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.sentiment.core.linear import DOUBT, Settings, mix
from services.sentiment.core.second_look import MOST, WEIGHT_GRID, gather, spread
from services.sentiment.model.store import FOLDER, SETTINGS
from services.sentiment.train.fit import Floats
from services.sentiment.train.weigh import RIDGE, fit_softmax, share_out

CHANCE = np.random.default_rng(11)
WEIGHTS = np.rint(CHANCE.uniform(-60, 60, (8, 105)) * WEIGHT_GRID) / WEIGHT_GRID
MEANS, DEVIATIONS = CHANCE.normal(size=13), CHANCE.uniform(0.1, 4, 13)
LOGITS = st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12)


def look(inputs: Floats) -> Floats:
    """The second look at some texts."""
    return np.asarray(WEIGHTS @ spread(inputs, MEANS, DEVIATIONS))


@given(st.lists(LOGITS, min_size=1, max_size=40))
def test_a_text_has_the_same_answer_in_any_batch(rows: list[list[float]]) -> None:
    """Law: to the last bit, whatever order the sums are made in."""
    inputs = gather(np.array(rows).T, np.arange(len(rows)))
    together = look(inputs)
    for place in range(len(rows)):
        assert (look(inputs[:, [place]])[:, 0] == together[:, place]).all()


def test_the_packaged_weights_keep_the_sums_exact() -> None:
    """Law: below 64, and whole multiples of the grid."""
    settings = msgspec.json.decode((FOLDER / SETTINGS).read_bytes(), type=Settings)
    weights = np.array(settings.second.weights)
    assert weights.shape == WEIGHTS.shape
    assert np.abs(weights).max() < 64
    assert (weights * WEIGHT_GRID % 1 == 0).all()


@given(LOGITS)
def test_no_input_outweighs_all_others(row: list[float]) -> None:
    """Law: a term is at most nine, however long or mad a text is."""
    terms = spread(gather(np.array([row]).T, np.array([10**9])), MEANS, DEVIATIONS)
    assert terms.shape == (105, 1)
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


def test_only_customers_are_looked_at_twice() -> None:
    """Law: the more a text is like a customer's, the more the second look's word counts."""
    first, second = np.array([[0.2, 0.5, 0.3]] * 3), np.array([[0.8, 0.1, 0.1]] * 3)
    mixed = mix(first, second, np.array([-40.0, DOUBT, 40.0]))
    assert np.allclose(mixed, [first[0], [0.5, 0.3, 0.2], second[0]])
    assert np.allclose(mixed.sum(axis=1), 1.0)
