"""How well spans are found: precision, recall and F1 with bootstrap intervals over texts.

A name is right where start, end and type agree (`typed`), or where start and end do (`untyped`). Stretches of a text of
which the truth says nothing are left out of what is counted as found. Intervals are 95% percentiles over 1,000 draws
of whole texts with replacement, from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
_LOW, _HIGH = 2.5, 97.5

Span = tuple[int, int, str]


def counts_of(
    truth: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]], *, kind: str | None = None, typed: bool = True
) -> NDArray[np.int64]:
    """(n, 3) per text: spans that are right, that were found, and that there are.

    Args:
        kind: count only this type.
        typed: whether the type must agree; without, a span stands for its place alone.
    """
    rows = []
    for gold, proposed in zip(truth, found, strict=True):
        ours, theirs = (
            {(start, end, name if typed else "") for start, end, name in spans if kind in (None, name)}
            for spans in (proposed, gold)
        )
        rows.append((len(ours & theirs), len(ours), len(theirs)))
    return np.array(rows, np.int64).reshape(-1, 3)


def span_metrics(truth: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]], *, seed: int = 13) -> dict[str, Any]:
    """Scores of n texts.

    Returns:
        metrics: precision, recall, f1 and untyped_f1, each {value, lo, hi}; per_class: by type of the truth and of
        what was found {n, found, precision, recall, f1}; n: names in the truth; found: names that were found.
    """
    typed, untyped = counts_of(truth, found), counts_of(truth, found, typed=False)
    draws = _draws(len(typed), seed)
    values, drawn = _scores(typed.sum(axis=0)), _scores(draws @ typed)
    metrics = {name: _interval(values[place], drawn[place]) for place, name in enumerate(("precision", "recall", "f1"))}
    metrics["untyped_f1"] = _interval(_scores(untyped.sum(axis=0))[2], _scores(draws @ untyped)[2])
    kinds = sorted({name for spans in [*truth, *found] for _, _, name in spans})
    per_class = {}
    for kind in kinds:
        total = counts_of(truth, found, kind=kind).sum(axis=0)
        precision, recall, f1 = (round(float(value), 6) for value in _scores(total))
        per_class[kind] = {
            "n": int(total[2]), "found": int(total[1]), "precision": precision, "recall": recall, "f1": f1,
        }  # fmt: skip
    return {"metrics": metrics, "per_class": per_class, "n": int(typed[:, 2].sum()), "found": int(typed[:, 1].sum())}


def _draws(count: int, seed: int) -> NDArray[np.int64]:
    """(DRAWS, count) how often each text is drawn."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(count, np.full(count, 1 / count), size=DRAWS) if count else np.zeros((DRAWS, 0), np.int64)


def _scores(totals: NDArray[np.int64]) -> tuple[NDArray, NDArray, NDArray]:
    """Precision, recall and F1 of (…, 3) counts; 0 where there is nothing to count."""
    right, found, there = np.moveaxis(totals.astype(float), -1, 0)
    return (
        right / np.maximum(found, 1),
        right / np.maximum(there, 1),
        2 * right / np.maximum(found + there, 1),
    )


def _interval(value: NDArray, drawn: NDArray) -> dict[str, float]:
    low, high = np.percentile(drawn, (_LOW, _HIGH))
    return {"value": round(float(value), 6), "lo": round(float(low), 6), "hi": round(float(high), 6)}
