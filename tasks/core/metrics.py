"""How good labels are: accuracy, macro-F1, macro-recall and per-class scores, with 95% intervals.

What arrives: the true label of each document, and the predicted one or None where the model abstained. Nothing is
left out: an abstention, or a label that the truth does not use, counts as wrong. `coverage` is the share that got
a label. Macro means run over the classes that occur in the truth.

The interval of accuracy is Wilson's. The others are bootstrap percentiles: drawing n documents with replacement is
drawing the cells of the confusion matrix from a multinomial distribution, so a thousand draws cost milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from tasks.errors import DataContractError

BOOTSTRAP_DRAWS = 1000
CONFIDENCE_LEVEL = 0.95
ABSTAINED = "abstained"


def classification_metrics(truth: Sequence[str], predicted: Sequence[str | None], *, seed: int = 0) -> dict:
    """Score n predicted labels.

    Returns:
        n; coverage in [0, 1]; metrics: accuracy, macro_f1, macro_recall, each {value, lo, hi} in [0, 1];
        per_class: for each class of the truth {n, precision, recall, f1, intervals: {precision: [lo, hi], …}};
        confusion: {true: {predicted: count}}.

    Raises:
        DataContractError: there is nothing to score, or the lengths differ.
    """
    if not truth or len(truth) != len(predicted):
        raise DataContractError(f"Expected as many labels as predictions, at least one: {len(truth)}, {len(predicted)}")
    classes = sorted(set(truth))
    said = [label or ABSTAINED for label in predicted]
    columns = classes + sorted(set(said) - set(classes))
    matrix = np.zeros((len(classes), len(columns)), np.int64)
    for (true, guess), count in Counter(zip(truth, said, strict=True)).items():
        matrix[classes.index(true), columns.index(guess)] = count
    draws = _bootstrap(matrix, seed=seed)
    right = int(np.trace(matrix[:, : len(classes)]))
    precision, recall, f1 = (values[0] for values in _per_class(matrix[None]))
    drawn = dict(zip(("precision", "recall", "f1"), _per_class(draws), strict=True))
    drawn["precision"] = np.where(np.isnan(drawn["recall"]), np.nan, drawn["precision"])
    return {
        "n": len(truth),
        "coverage": round(sum(label is not None for label in predicted) / len(truth), 6),
        "metrics": {
            "accuracy": _wilson(right, len(truth)),
            "macro_f1": _interval(float(f1.mean()), _macro(draws, 2)),
            "macro_recall": _interval(float(recall.mean()), _macro(draws, 1)),
        },
        "per_class": {
            name: {
                "n": int(matrix[i].sum()),
                "precision": round(float(precision[i]), 6),
                "recall": round(float(recall[i]), 6),
                "f1": round(float(f1[i]), 6),
                "intervals": {key: _bounds(values[:, i]) for key, values in drawn.items()},
            }
            for i, name in enumerate(classes)
        },
        "confusion": {
            name: {column: int(matrix[i, j]) for j, column in enumerate(columns)} for i, name in enumerate(classes)
        },
    }


def label_scores(
    truth: Sequence[str], predicted: Sequence[str | None], draws: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Accuracy, macro-F1 and macro-recall of chosen rows: (draws, n) places to (draws,) values in [0, 1]."""
    classes = sorted(set(truth))
    columns = classes + sorted({label or ABSTAINED for label in predicted} - set(classes))
    rows = np.array([classes.index(label) for label in truth])
    guesses = np.array([columns.index(label or ABSTAINED) for label in predicted])
    cells = (rows * len(columns) + guesses)[draws]
    matrices = np.stack([np.bincount(row, minlength=len(classes) * len(columns)) for row in cells])
    matrices = matrices.reshape(len(draws), len(classes), len(columns))
    right = np.einsum("dii->d", matrices[:, :, : len(classes)])
    return {
        "accuracy": right / draws.shape[1],
        "macro_f1": _macro(matrices, 2),
        "macro_recall": _macro(matrices, 1),
    }


def _bootstrap(matrix: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """(draws, classes, columns) confusion matrices of documents drawn with replacement."""
    n = int(matrix.sum())
    counts = np.random.default_rng(seed).multinomial(n, matrix.ravel() / n, size=BOOTSTRAP_DRAWS)
    return counts.reshape(BOOTSTRAP_DRAWS, *matrix.shape)


def _per_class(matrices: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
    """Precision, recall and F1, each (draws, classes); 0 where a class is never predicted, nan where it is absent."""
    classes = matrices.shape[1]
    right = np.einsum("dii->di", matrices[:, :, :classes]).astype(float)
    true, said = matrices.sum(axis=2).astype(float), matrices[:, :, :classes].sum(axis=1).astype(float)
    recall = np.divide(right, true, out=np.full_like(right, np.nan), where=true > 0)
    precision = np.divide(right, said, out=np.zeros_like(right), where=said > 0)
    f1 = np.divide(2 * right, true + said, out=np.full_like(right, np.nan), where=true > 0)
    return precision, recall, f1


def _macro(draws: NDArray[np.int64], which: int) -> NDArray[np.float64]:
    """(draws,) mean over the classes that the draw holds; each draw holds at least one."""
    return np.nanmean(_per_class(draws)[which], axis=1)


def _interval(value: float, draws: NDArray[np.float64]) -> dict[str, float]:
    tail = 100 * (1 - CONFIDENCE_LEVEL) / 2
    lo, hi = np.percentile(draws, [tail, 100 - tail])
    return {"value": round(value, 6), "lo": round(float(min(lo, value)), 6), "hi": round(float(max(hi, value)), 6)}


def _bounds(draws: NDArray[np.float64]) -> list[float]:
    """[lo, hi] of a class's score over the draws that hold the class."""
    tail = 100 * (1 - CONFIDENCE_LEVEL) / 2
    return [round(float(bound), 6) for bound in np.nanpercentile(draws, [tail, 100 - tail])]


def share(k: int, n: int) -> dict[str, float] | None:
    """k / n with its Wilson interval, {value, lo, hi}; None where n is 0."""
    return _wilson(k, n) if n else None


def _wilson(k: int, n: int) -> dict[str, float]:
    interval = binomtest(k, n).proportion_ci(CONFIDENCE_LEVEL, method="wilson")
    return {"value": round(k / n, 6), "lo": round(float(interval.low), 6), "hi": round(float(interval.high), 6)}
