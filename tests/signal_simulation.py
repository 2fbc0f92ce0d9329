"""Weeks in which nothing changes, and weeks with a planted change, through the program's own rules.

The setting is that of the published table: 20 measures a week, five shares from 10 to 50 % at each of n = 15, 40, 80
and 250 documents. rho is the correlation of documents within a week (0: none; 0.02: weeks differ by more than chance).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tasks.core import statistics
from tasks.core.slope import SLOPE_WEEKS, fit_slopes, slope_verdicts
from tasks.core.weekly import BASELINE_WEEKS, LOOKBACK_WEEKS, MEASURES, Coverage, compare, judge, verdicts

SIZES = np.repeat([15, 40, 80, 250], 5)
SHARES = np.tile(np.linspace(0.1, 0.5, 5), 4)
Counts = NDArray[np.int64]


def shares(rng: np.random.Generator, weeks: int, rho: float, *, base: NDArray | None = None) -> Counts:
    """(20, weeks) positive documents of 20 measures whose true shares do not change (or follow base, (20, weeks))."""
    p = np.broadcast_to(SHARES[:, None] if base is None else base, (len(SIZES), weeks))
    if rho:
        p = rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1))
    return rng.binomial(SIZES[:, None], p)


def volumes(rng: np.random.Generator, weeks: int, mean: float, dispersion: float) -> Counts:
    """(20, weeks) counts with so many times Poisson's variance."""
    shape = (len(SIZES), weeks)
    if dispersion == 1:
        return rng.poisson(mean, shape)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)


def judged(metric: str, k: Counts) -> NDArray[np.str_]:
    """(20, weeks) verdicts on a panel of one source."""
    parts, coverage = _panel(metric, k)
    rows = {"group": np.zeros(len(k), np.int64), "draws": np.ones((len(k), 1), np.bool_), "coverage": coverage}
    comparison = compare(parts, measure=MEASURES[metric], **rows)
    result = judge(MEASURES[metric], comparison, is_tested=np.ones(len(k), np.bool_))
    return verdicts(result, _corrected(result.p))


def slope_judged(metric: str, k: Counts) -> NDArray[np.str_]:
    """(20, weeks) verdicts on the slope over twelve weeks."""
    parts, coverage = _panel(metric, k)
    nothing = np.zeros(k.shape, np.bool_)
    slopes = fit_slopes(
        parts,
        measure=MEASURES[metric],
        group=np.zeros(len(k), np.int64),
        draws=np.ones((len(k), 1), np.bool_),
        coverage=coverage,
        is_tested=np.ones(len(k), np.bool_),
        is_excluded=nothing,
    )
    n = parts[:, 0, :, 0].astype(np.int64)
    return slope_verdicts(slopes, _corrected(slopes.p), measure=MEASURES[metric], n=n, is_excluded=nothing)


def is_signal(found: NDArray[np.str_]) -> NDArray[np.bool_]:
    return np.char.startswith(found.astype(str), "signal")


def false_signals(metric: str, weeks: int, history: int, draw: Callable[[int], Counts]) -> float:
    """Signals in the newest of so many weeks of history, in the mean over runs in which nothing changes.

    Args:
        weeks: runs.
        history: earlier weeks of each run.
        draw: counts (20, n) of n weeks.
    """
    return sum(int(is_signal(judged(metric, draw(history + 1)))[:, -1].sum()) for _ in range(weeks)) / weeks


def shifted_shares(rng: np.random.Generator, row: int, change: float, history: int, rho: float) -> Counts:
    """Nothing changes but one measure, from 30 % to 30 % + change, in the last week."""
    base = np.broadcast_to(SHARES[:, None], (len(SIZES), history + 1)).copy()
    base[row] = 0.3
    base[row, -1] += change
    return shares(rng, history + 1, rho, base=base)


def power(runs: int, row: int, change: float, *, history: int, rho: float, seed: int = 3) -> float:
    """Share of the runs in which a planted change of one measure is a Signal upwards."""
    rng = np.random.default_rng(seed)
    found = [judged("negative_share", shifted_shares(rng, row, change, history, rho))[row, -1] for _ in range(runs)]
    return float(np.mean([name == "signal_up" for name in found]))


def drifting_shares(rng: np.random.Generator, row: int, points: float, rho: float) -> Counts:
    """One measure drifts from 30 % by so many points a week over the last twelve of 20 weeks, the others stay."""
    weeks = BASELINE_WEEKS + SLOPE_WEEKS
    base = np.broadcast_to(SHARES[:, None], (len(SIZES), weeks)).copy()
    base[row] = 0.3 + points / 100 * np.maximum(np.arange(weeks) - BASELINE_WEEKS, 0)
    return shares(rng, weeks, rho, base=base)


def row_of(size: int) -> int:
    """A measure with so many documents a week."""
    return int(np.flatnonzero(size == SIZES)[2])


def _panel(metric: str, k: Counts) -> tuple[NDArray[np.float64], Coverage]:
    n = k if MEASURES[metric].family == "count" else np.broadcast_to(SIZES[:, None], k.shape)
    parts = np.stack([n, k, k], axis=-1)[:, None].astype(np.float64)
    shape = (1, 1, k.shape[1])
    return parts, Coverage(np.ones(shape, np.int64), np.zeros(shape, np.bool_))


def _corrected(p: NDArray[np.float64]) -> NDArray[np.float64]:
    family = np.tile(np.arange(p.shape[1]), len(p))
    return statistics.benjamini_hochberg(p.ravel(), family).reshape(p.shape)


HISTORIES = (BASELINE_WEEKS, LOOKBACK_WEEKS)
