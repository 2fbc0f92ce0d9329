"""Training of the Chinese sentiment model: labelled texts in, weights over hashed character n-grams out.

A logistic regression over the presence of character n-grams, with classes weighted against imbalance. No word
segmentation is needed, and none can go wrong. The weights are kept as float16: they decide no less well, and the
model stays below 2 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.core.contracts import SENTIMENTS
from tasks.models.sentiment import hashed_ngrams

BUCKET_BITS = 17


@dataclass(frozen=True)
class NgramRecipe:
    """How to train. inverse_penalty: the larger, the closer to the training data (scikit-learn's C)."""

    bucket_bits: int = BUCKET_BITS
    inverse_penalty: float = 1.0
    class_weight_power: float = 0.5
    max_iterations: int = 200
    seed: int = 13


def fit_ngrams(
    texts: Sequence[str], classes: NDArray[np.int64], *, weights: NDArray[np.floating], recipe: NgramRecipe
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Fit the n-gram model.

    Args:
        classes: (n,) columns of SENTIMENTS.
        weights: (n,) how much each text counts.

    Returns:
        weight (4, 2**bucket_bits) and bias (4,); a class that does not occur has a bias of -30 and is never said.
    """
    from sklearn.linear_model import LogisticRegression

    bucket_count = 2**recipe.bucket_bits
    matrix = sparse.vstack([rows for _, rows in hashed_ngrams(texts, bucket_count=bucket_count)]).tocsr()
    counts = np.bincount(classes, weights=weights, minlength=len(SENTIMENTS))
    balance = np.divide(counts.max(), counts, out=np.zeros_like(counts), where=counts > 0) ** recipe.class_weight_power
    model = LogisticRegression(
        C=recipe.inverse_penalty, max_iter=recipe.max_iterations, tol=1e-3, random_state=recipe.seed
    )
    model.fit(matrix, classes, sample_weight=weights * balance[classes])
    weight = np.zeros((len(SENTIMENTS), bucket_count), np.float32)
    bias = np.full(len(SENTIMENTS), -30.0, np.float32)
    if len(model.classes_) == 2:
        weight[model.classes_[1]], bias[model.classes_[1]] = model.coef_[0], model.intercept_[0]
        bias[model.classes_[0]] = 0.0
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weight.astype(np.float16), bias.astype(np.float16)


def describe(recipe: NgramRecipe) -> dict:
    """The recipe as the card shows it."""
    return asdict(recipe)
