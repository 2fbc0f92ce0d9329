"""Training of the Chinese model of spans: labelled spans in, weights over hashed n-grams around them out.

A logistic regression with classes weighted against imbalance. The weights are rounded to one byte each before
anything is measured, so that what is measured is what is shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core.targets import POLARITIES, TargetExample
from tasks.models.target_ngrams import hashed, span_features


@dataclass(frozen=True)
class TargetNgramRecipe:
    """How to train. inverse_penalty: the larger, the closer to the training data (scikit-learn's C)."""

    inverse_penalty: float = 8.0
    class_weight_power: float = 0.5
    max_iterations: int = 300
    seed: int = 13


def fit_target_ngrams(
    examples: Sequence[TargetExample], recipe: TargetNgramRecipe
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight (3, n_buckets) and bias (3,) of a model of labelled spans; each class occurs."""
    from sklearn.linear_model import LogisticRegression

    matrix = hashed([features for item in examples for features in features_of(item)])
    classes = np.array([POLARITIES.index(label) for item in examples for label in item.labels])
    counts = np.bincount(classes, minlength=len(POLARITIES))
    balance = (counts.max() / counts) ** recipe.class_weight_power
    model = LogisticRegression(
        C=recipe.inverse_penalty, max_iter=recipe.max_iterations, tol=1e-3, random_state=recipe.seed
    )
    model.fit(matrix, classes, sample_weight=balance[classes])
    return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)


def features_of(example: TargetExample) -> list[set[str]]:
    """What the model reads of each span of an example."""
    return span_features(example.text, example.spans, frozenset(example.spans if example.has_names else ()))
