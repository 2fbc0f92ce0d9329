"""Whether a confidence of 80% means right in 80% of cases: expected calibration error and the table behind it.

What arrives: the confidence of each label that a model gave, and whether the label was right; abstentions are left
out, for they claim nothing. What leaves: documents sorted into equal bins of confidence, with the mean confidence,
the share that was right and its Wilson interval; and the mean gap between the two, weighed by the bins' sizes
(Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015).

With few documents even a perfect model has an error above 0, because a bin's share scatters. `expected_by_chance` is
the mean error that a perfectly calibrated model would have on these confidences, so that the two can be compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.core.statistics import wilson
from tasks.errors import DataContractError

BINS = 10
CHANCE_DRAWS = 200


def calibration_error(confidence: NDArray[np.floating], is_right: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Expected calibration error in [0, 1]: mean gap of confidence and accuracy over equal bins of confidence."""
    if not len(confidence):
        raise DataContractError("A calibration error needs at least one document")
    places = _places(confidence, bins)
    return round(float(_errors(np.asarray(confidence, float), np.asarray(is_right)[None], places, bins)[0]), 6)


def reliability(
    confidence: NDArray[np.floating], is_right: NDArray[np.bool_], *, bins: int = BINS, seed: int = 0
) -> dict:
    """How far confidence can be believed.

    Args:
        confidence: (n,) in [0, 1], of the labels given; is_right: (n,).

    Returns:
        n; error: expected calibration error in [0, 1]; lo, hi: its 95% bootstrap interval; expected_by_chance: the
        mean error of a perfectly calibrated model with these confidences; bins: those that hold a document, each
        {from, to, n, confidence, accuracy, lo, hi}, where lo and hi are the Wilson interval of accuracy.
    """
    error = calibration_error(confidence, is_right, bins=bins)
    said, right = np.asarray(confidence, float), np.asarray(is_right, bool)
    places = _places(said, bins)
    rng = np.random.default_rng(seed)
    chance = rng.random((CHANCE_DRAWS, len(said))) < said
    drawn = rng.integers(0, len(said), (CHANCE_DRAWS, len(said)))
    boot = [_errors(said[rows], right[rows][None], places[rows], bins)[0] for rows in drawn]
    lo, hi = np.percentile(boot, [2.5, 97.5])
    return {
        "n": len(said),
        "error": error,
        "lo": round(float(min(lo, error)), 6),
        "hi": round(float(max(hi, error)), 6),
        "expected_by_chance": round(float(_errors(said, chance, places, bins).mean()), 6),
        "bins": [_bin(place, said[places == place], right[places == place], bins) for place in np.unique(places)],
    }


def surest(sureness: NDArray[np.floating], is_right: NDArray[np.bool_], *, coverage: float) -> NDArray[np.bool_]:
    """Whether the labels are right of the share of documents that a model is surest of.

    Accuracy at a coverage (El-Yaniv and Wiener, "On the foundations of noise-free selective classification", 2010).

    Args:
        sureness: (n,) the larger, the surer; is_right: (n,); coverage: share in (0, 1] of the n that is kept.

    Returns:
        (kept,) is_right of the kept ones, the surest first; equal ones in their order.
    """
    kept = int(np.ceil(coverage * len(sureness)))
    return np.asarray(is_right, bool)[np.argsort(-np.asarray(sureness, float), kind="stable")[:kept]]


def _bin(place: int, confidence: NDArray[np.float64], is_right: NDArray[np.bool_], bins: int) -> dict:
    lo, hi = wilson(int(is_right.sum()), len(is_right))
    return {
        "from": round(place / bins, 6),
        "to": round((place + 1) / bins, 6),
        "n": len(is_right),
        "confidence": round(float(confidence.mean()), 6),
        "accuracy": round(float(is_right.mean()), 6),
        "lo": round(float(lo), 6),
        "hi": round(float(hi), 6),
    }


def _places(confidence: NDArray[np.floating], bins: int) -> NDArray[np.int64]:
    """(n,) bin of each document, from 0; a confidence of 1 belongs to the last."""
    return np.minimum((np.asarray(confidence, float) * bins).astype(np.int64), bins - 1)


def _errors(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_], places: NDArray[np.int64], bins: int
) -> NDArray[np.float64]:
    """(draws,) expected calibration error for (draws, n) outcomes: per bin, the gap of the sums over all documents."""
    gaps = np.zeros((len(is_right), bins))
    for place in range(bins):
        chosen = places == place
        gaps[:, place] = np.abs(is_right[:, chosen].sum(axis=1) - confidence[chosen].sum())
    return gaps.sum(axis=1) / len(confidence)
