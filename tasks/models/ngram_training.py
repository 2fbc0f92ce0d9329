"""Training of the Chinese sentiment model: labelled texts in, weights over hashed character n-grams out.

A logistic regression over the presence of character n-grams, weighed by how rare they are, with classes weighted
against imbalance. No word segmentation is needed, and none can go wrong. The weights are kept as float16: they decide
no less well, and the model stays below 2 MB.

A user's few hundred texts can't teach an n-gram model Chinese. So `prior` adds what the shipped model says to the
features; as both are linear in the n-grams, the sum is folded into one set of weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.core.contracts import SENTIMENTS
from tasks.core.sentiment import NEGATIVE, POSITIVE
from tasks.models.sentiment import hashed_ngrams

BUCKET_BITS = 17
_NEVER = -30.0


@dataclass(frozen=True)
class NgramRecipe:
    """How to train. inverse_penalty: the larger, the closer to the training data (scikit-learn's C)."""

    bucket_bits: int = BUCKET_BITS
    inverse_penalty: float = 3.0
    class_weight_power: float = 0.75
    max_iterations: int = 200
    seed: int = 13


@dataclass(frozen=True)
class Ngrams:
    """idf: (buckets,) how rare each n-gram is; weight: (4, buckets); bias: (4,)."""

    idf: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 4)."""
        return np.vstack([m @ self.weight.T + self.bias for _, m in hashed_ngrams(texts, idf=self.idf)])


def fit_ngrams(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    weights: NDArray[np.floating],
    recipe: NgramRecipe,
    prior: Ngrams | None = None,
) -> Ngrams:
    """Fit the n-gram model.

    Args:
        classes: (n,) columns of SENTIMENTS.
        weights: (n,) how much each text counts.
        prior: a model to go on from.

    Returns:
        The model, rounded to float16; a class that never occurs has a bias of -30, so that it is never said.
    """
    from sklearn.linear_model import LogisticRegression

    idf = prior.idf if prior else _idf(texts, bucket_count=2**recipe.bucket_bits)
    matrix = sparse.vstack([rows for _, rows in hashed_ngrams(texts, idf=idf)]).tocsr()
    features = sparse.hstack([matrix, matrix @ prior.weight.T + prior.bias]).tocsr() if prior else matrix
    counts = np.bincount(classes, weights=weights, minlength=len(SENTIMENTS))
    balance = np.divide(counts.max(), counts, out=np.zeros_like(counts), where=counts > 0) ** recipe.class_weight_power
    model = LogisticRegression(
        C=recipe.inverse_penalty, max_iter=recipe.max_iterations, tol=1e-3, random_state=recipe.seed
    )
    model.fit(features, classes, sample_weight=weights * balance[classes])
    weight = np.zeros((len(SENTIMENTS), features.shape[1]))
    bias = np.full(len(SENTIMENTS), _NEVER)
    if len(model.classes_) == 2:  # scikit-learn keeps one row then: the second class against the first
        weight[model.classes_[1]] = model.coef_[0]
        bias[model.classes_] = (0.0, model.intercept_[0])
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    if prior is not None:
        on_top, mixing = weight[:, : len(idf)], weight[:, len(idf) :]
        weight, bias = on_top + mixing @ prior.weight, bias + mixing @ prior.bias
    return Ngrams(idf, _rounded(weight), _rounded(bias))


def accuracy_on_left_out_groups(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    weights: NDArray[np.floating],
    groups: Sequence[str],
    recipe: NgramRecipe,
    min_texts: int = 200,
) -> dict[str, dict]:
    """How well whole groups, such as a shop's category, are read by a model that never saw any of their texts.

    Returns:
        For each group with enough negative and positive texts: n of these, and accuracy in [0, 1] of telling them
        apart (the sign of P(positive) - P(negative)).
    """
    names = np.array(groups)
    has_pole = (classes == NEGATIVE) | (classes == POSITIVE)
    results = {}
    for group in sorted(set(groups)):
        is_test = (names == group) & has_pole
        if is_test.sum() < min_texts or len(set(classes[is_test].tolist())) < 2:
            continue
        rest = np.flatnonzero(names != group).tolist()
        model = fit_ngrams([texts[i] for i in rest], classes[rest], weights=weights[rest], recipe=recipe)
        logits = model.logits([texts[i] for i in np.flatnonzero(is_test).tolist()])
        is_positive = logits[:, POSITIVE] > logits[:, NEGATIVE]
        right = is_positive == (classes[is_test] == POSITIVE)
        results[group] = {"n": int(is_test.sum()), "accuracy": round(float(right.mean()), 4)}
    return results


def _idf(texts: Sequence[str], *, bucket_count: int) -> NDArray[np.float32]:
    """(buckets,) ln((1 + n) / (1 + texts that hold the n-gram)) + 1; 1.0 for the commonest."""
    present = np.zeros(bucket_count, np.int64)
    for _, rows in hashed_ngrams(texts, idf=np.ones(bucket_count, np.float32)):
        present += np.bincount(rows.indices, minlength=bucket_count)
    return _rounded(np.log((1 + len(texts)) / (1 + present)) + 1)


def _rounded(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """What is left of values once they are stored as float16."""
    return values.astype(np.float16).astype(np.float32)
