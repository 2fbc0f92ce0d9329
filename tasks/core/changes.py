"""Whether a model got better since the last release, or whether that is chance.

Where both releases labelled the same rows, the rows are drawn with replacement and both are scored on each draw
(paired bootstrap; Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 16): what is hard for both
cancels out, so small changes can be told. Where the rows of then are not known, the change is compared with the two
intervals as if the sets were independent, which is wider, and said to be unpaired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.core.metrics import BOOTSTRAP_DRAWS, label_scores
from tasks.errors import DataContractError


def paired_changes(
    truth: Sequence[str], before: Sequence[str | None], now: Sequence[str | None], *, seed: int = 0
) -> dict[str, dict]:
    """How accuracy, macro-F1 and macro-recall changed between two labellings of the same n rows.

    Returns:
        For each metric: before and value, in [0, 1]; delta with its 95% interval lo, hi; is_beyond: the interval
        leaves out 0; is_paired: True.
    """
    if not truth or len(truth) != len(before) or len(truth) != len(now):
        raise DataContractError(f"Expected as many labels then as now: {len(truth)}, {len(before)}, {len(now)}")
    rows = np.arange(len(truth))[None]
    drawn = np.random.default_rng(seed).integers(0, len(truth), (BOOTSTRAP_DRAWS, len(truth)))
    then, after = label_scores(truth, before, rows), label_scores(truth, now, rows)
    then_drawn, after_drawn = label_scores(truth, before, drawn), label_scores(truth, now, drawn)
    return {
        name: _change(
            float(then[name][0]),
            float(after[name][0]),
            *np.percentile(after_drawn[name] - then_drawn[name], [2.5, 97.5]).tolist(),
            is_paired=True,
        )
        for name in after
    }


def paired_span_changes(before: NDArray[np.int64], now: NDArray[np.int64], *, seed: int = 0) -> dict[str, dict]:
    """How precision, recall and F1 of spans changed between two readings of the same n texts.

    Args:
        before, now: (n, 3) per text: spans that are right, that were found, and that there are.

    Returns:
        As `paired_changes`, for precision, recall and f1.
    """
    if not len(now) or before.shape != now.shape:
        raise DataContractError(f"Expected as many texts then as now: {before.shape}, {now.shape}")
    draws = np.random.default_rng(seed).multinomial(len(now), np.full(len(now), 1 / len(now)), size=BOOTSTRAP_DRAWS)
    scores = [_span_scores(counts.sum(axis=0)) for counts in (before, now)]
    then_drawn, after_drawn = (_span_scores(draws @ counts) for counts in (before, now))
    return {
        name: _change(
            float(scores[0][name]),
            float(scores[1][name]),
            *np.percentile(after_drawn[name] - then_drawn[name], [2.5, 97.5]).tolist(),
            is_paired=True,
        )
        for name in after_drawn
    }


def _span_scores(totals: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    right, found, there = np.moveaxis(totals.astype(float), -1, 0)
    return {
        "precision": right / np.maximum(found, 1),
        "recall": right / np.maximum(there, 1),
        "f1": 2 * right / np.maximum(found + there, 1),
    }


def unpaired_changes(before: Mapping[str, Mapping], now: Mapping[str, Mapping]) -> dict[str, dict]:
    """The same from two sets of {value, lo, hi}, as if they were measured on different rows.

    The interval of a difference from two intervals is Newcombe's square-and-add (1998, method 10).
    """
    changes = {}
    for name in now:
        if name not in before:
            continue
        then, after = before[name], now[name]
        delta = after["value"] - then["value"]
        down = float(np.hypot(after["value"] - after["lo"], then["hi"] - then["value"]))
        up = float(np.hypot(after["hi"] - after["value"], then["value"] - then["lo"]))
        changes[name] = _change(then["value"], after["value"], delta - down, delta + up, is_paired=False)
    return changes


def _change(before: float, value: float, lo: float, hi: float, *, is_paired: bool) -> dict:
    delta = value - before
    lo, hi = min(lo, delta), max(hi, delta)
    return {
        "before": round(before, 6),
        "value": round(value, 6),
        "delta": round(delta, 6),
        "lo": round(lo, 6),
        "hi": round(hi, 6),
        "is_beyond": bool(lo > 0 or hi < 0),
        "is_paired": is_paired,
    }
