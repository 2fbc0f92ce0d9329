"""Training of the models that match aspects by meaning: labelled clauses in, one row of weights an aspect out.

A ridge regression on vectors of clauses, for all aspects at once. What is learnt from reviews is weak: a clause with
an aspect's words is one of the aspect, with these words in it and once more without them; one without is none of it,
though it may well be. So its rows weigh little, and the rows of a frequent aspect less than those of a rare one. Where
two aspects overlap (staff and service), a clause of one says little about the other: its target is in between. The
threshold is the lowest at which a clause that was held out is right often enough.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

POSITIVE, NEGATIVE, OPEN = 1, 0, -1
_OPEN_TARGET = 0.3


@dataclass(frozen=True)
class MeaningRecipe:
    """How to train.

    weak_weight: of a row from reviews, where a row of the project's sentences weighs 1. even: at how many clauses an
    aspect's rows begin to weigh less each. plain_share: the same for clauses of no aspect. penalty: of the ridge.
    """

    weak_weight: float = 0.05
    even: int = 150
    plain_share: float = 0.05
    penalty: float = 1.0
    folds: int = 4
    min_precision: float = 0.8
    seed: int = 13


@dataclass(frozen=True)
class LabelledClauses:
    """vectors (n, dim) at unit length, dense or sparse; labels (n, n_aspects): 1 (speaks of it), 0 (not), -1 (open)."""

    vectors: Any
    labels: NDArray[np.int8]


def fit_meaning(
    weak: LabelledClauses, own: LabelledClauses, recipe: MeaningRecipe
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight (n_aspects, dim) and bias (n_aspects,) of all aspects."""
    from scipy.sparse import issparse, vstack
    from sklearn.linear_model import Ridge

    vectors = (
        vstack([weak.vectors, own.vectors]).tocsr()
        if issparse(own.vectors)
        else np.vstack([weak.vectors, own.vectors]).astype(np.float64)
    )
    labels = np.concatenate([weak.labels, own.labels])
    targets = np.where(labels == POSITIVE, 1.0, np.where(labels == OPEN, _OPEN_TARGET, 0.0))
    weights = np.concatenate([weak_weights(weak.labels, recipe), np.ones(len(own.labels))])
    model = Ridge(alpha=recipe.penalty, max_iter=100, tol=1e-3, random_state=recipe.seed)
    model.fit(vectors, targets, sample_weight=weights)
    return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)


def held_out_scores(
    weak: LabelledClauses, own: LabelledClauses, owners: Sequence[int], recipe: MeaningRecipe
) -> NDArray[np.float32]:
    """(n_own, n_aspects) scores of the project's sentences, each by weights that did not see it.

    Args:
        owners: the sentence that each clause is of; clauses of one sentence are held out together.
    """
    sentences = sorted(set(owners))
    random.Random(recipe.seed).shuffle(sentences)
    fold_of = {sentence: place % recipe.folds for place, sentence in enumerate(sentences)}
    folds = np.array([fold_of[owner] for owner in owners])
    scores = np.zeros(own.labels.shape, np.float32)
    for fold in range(recipe.folds):
        seen = folds != fold
        weight, bias = fit_meaning(weak, LabelledClauses(own.vectors[seen], own.labels[seen]), recipe)
        scores[~seen] = own.vectors[~seen] @ weight.T + bias
    return scores


def weak_weights(labels: NDArray[np.int8], recipe: MeaningRecipe) -> NDArray[np.float64]:
    """(n,) weights of clauses from reviews."""
    counts = np.maximum((labels == POSITIVE).sum(axis=0), 1)
    rarest = np.where(labels == POSITIVE, np.minimum(1.0, recipe.even / counts), 0.0).max(axis=1)
    return np.where(rarest > 0, rarest, recipe.plain_share) * recipe.weak_weight


def fit_threshold(best: NDArray[np.floating], is_right: NDArray[np.bool_], *, min_precision: float) -> float:
    """The lowest score from which on the best aspects are right often enough; above all scores where there is none.

    Args:
        best: (n,) score of the best aspect of each clause; is_right: (n,) whether it is one of the clause's.
    """
    order = np.argsort(-best, kind="stable")
    precision = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= min_precision)
    if not len(enough):
        return float(np.nextafter(best.max(initial=0.0), np.inf))
    return round(float(best[order[enough[-1]]]), 4)
