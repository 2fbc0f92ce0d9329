from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tasks.models.aspect_training import (
    LabelledClauses,
    MeaningRecipe,
    fit_meaning,
    fit_threshold,
    held_out_scores,
    weak_weights,
)


def planted(count: int, *, seed: int) -> LabelledClauses:
    """Two aspects, each along a direction of its own, and clauses of none."""
    chance = np.random.default_rng(seed)
    kind = chance.integers(0, 3, count)
    vectors = 0.2 * chance.normal(size=(count, 6)).astype(np.float32)
    vectors[np.arange(count), kind] += 1
    labels = np.zeros((count, 2), np.int8)
    labels[np.flatnonzero(kind < 2), kind[kind < 2]] = 1
    return LabelledClauses(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_planted_aspects_are_learnt_from_dense_and_sparse_vectors(form):
    weak, own, other = (planted(count, seed=seed) for count, seed in ((300, 1), (60, 2), (200, 3)))
    weight, bias = fit_meaning(
        LabelledClauses(form(weak.vectors), weak.labels),
        LabelledClauses(form(own.vectors), own.labels),
        MeaningRecipe(),
    )
    scores = other.vectors @ weight.T + bias
    assert ((scores > 0.5) == (other.labels == 1)).mean() > 0.95


def test_held_out_sentences_are_scored_by_weights_that_did_not_see_them():
    weak, own = planted(4, seed=1), planted(80, seed=2)
    odd = LabelledClauses(own.vectors, np.random.default_rng(0).permutation(own.labels))
    owners = list(range(80))
    fine = held_out_scores(weak, own, owners, MeaningRecipe())
    noise = held_out_scores(weak, odd, owners, MeaningRecipe())
    assert (fine.argmax(axis=1) == own.labels.argmax(axis=1))[own.labels.any(axis=1)].mean() > 0.9
    assert (noise.argmax(axis=1) == odd.labels.argmax(axis=1))[odd.labels.any(axis=1)].mean() < 0.75
    assert np.array_equal(fine, held_out_scores(weak, own, owners, MeaningRecipe()))


def test_the_threshold_is_the_lowest_with_enough_precision():
    best = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    assert fit_threshold(best, np.array([1, 1, 0, 1, 0], bool), min_precision=0.75) == 0.6
    assert fit_threshold(best, np.array([1, 1, 1, 1, 1], bool), min_precision=0.75) == 0.5
    assert fit_threshold(best, np.zeros(5, bool), min_precision=0.75) > 0.9


def test_rows_of_frequent_aspects_weigh_less():
    labels = np.array([[1, 0]] * 300 + [[0, 1]] + [[0, 0]], np.int8)
    weights = weak_weights(labels, MeaningRecipe(weak_weight=1.0, even=150, plain_share=0.1))
    assert weights[[0, 300, 301]] == pytest.approx([0.5, 1.0, 0.1])
