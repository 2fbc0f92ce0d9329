"""Slow change: a line through twelve weeks, where the eight-week baseline would drift along and see nothing.

The line is fitted by least squares, each week weighted by its documents, over the weeks that can be compared with this
one (the same sources, covered). Its uncertainty carries the overdispersion of the weeks around the line: max(1, Pearson
chi-square / (weeks - 2)), and Student's t takes the place of z where that is more than its median; volumes always take
t. (With ten degrees of freedom a stricter test lets too many slopes of overdispersed weeks through: `make
bench-statistics`.)
A single odd week bends a line, too: the change has to keep its direction and half of the size that matters whichever
week is left out. The slopes tested in a week are a family of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core import statistics
from tasks.core.statistics import Floats
from tasks.core.weekly import MAX_Q, MIN_N, Bools, Coverage, Family, Measure, like_weeks

SLOPE_WEEKS = 12
SLOPE_MIN_WEEKS = 10
MIN_EVENTS = 20
DISPERSION_TEST_P = 0.5
SHARE_LEFT = 0.5


@dataclass(frozen=True, slots=True)
class Slopes:
    """A line for each row and week, all (n_rows, n_weeks), NaN where there is none.

    slope: change a week of the fitted line, in units of the value; lo, hi: its 95 % interval.
    start: the line's value 11 weeks before; start + 11 x slope is its value now.
    n: documents of the weeks that the line was fitted to.
    p: NaN where not tested.
    is_steady: the change keeps its direction and half of what matters without any one week.
    """

    slope: Floats
    lo: Floats
    hi: Floats
    start: Floats
    n: NDArray[np.int64]
    weeks: NDArray[np.int64]
    p: Floats
    is_steady: Bools


def fit_slopes(
    parts: Floats,
    *,
    measure: Measure,
    group: NDArray[np.int64],
    draws: Bools,
    coverage: Coverage,
    is_tested: Bools,
    is_excluded: Bools,
) -> Slopes:
    """Fit a line to the twelve weeks up to each week.

    Args:
        parts, group, draws, coverage: as for `weekly.compare`.
        is_tested: (n_rows,) rows that belong to the tested family.
        is_excluded: (n_rows, n_weeks) weeks that can't be compared.
    """
    is_count = measure.family == "count"
    n_rows, _, n_weeks, _ = parts.shape
    shape = (n_rows, n_weeks)
    slope, lo, hi, start, p = (np.full(shape, np.nan) for _ in range(5))
    n, weeks_used = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    is_steady = np.zeros(shape, np.bool_)
    parts = parts * draws[:, :, None, None]
    for rows, weeks, sums, usable in like_weeks(parts, group=group, draws=draws, coverage=coverage):
        included = usable if is_count else usable & (sums[:, :, 0] > 0)
        moments = _moments(sums, included, is_count=is_count)
        line = _Line.of(_window(moments, weeks), measure.family)
        at = np.ix_(rows, weeks)
        documents = _window((sums[:, :, :1] * included[:, :, None]), weeks)[:, :, 0]
        enough = (
            (line.weeks >= SLOPE_MIN_WEEKS)
            & included[:, weeks]
            & (sums[:, weeks, 0] >= MIN_N)
            & ~is_excluded[at]
            & (line.events >= MIN_EVENTS)
        )
        for target, values in ((slope, line.slope), (lo, line.lo), (hi, line.hi), (start, line.start)):
            target[at] = np.where(enough, values, np.nan)
        n[at] = np.where(enough, documents, 0)
        weeks_used[at] = line.weeks
        p[at] = np.where(enough & is_tested[rows][:, None], line.p, np.nan)
        is_steady[at] = enough & _keeps_without_any_week(moments, weeks, line, measure)
    return Slopes(slope, lo, hi, start, n, weeks_used, p, is_steady)


def slope_verdicts(
    slopes: Slopes, q_value: Floats, *, measure: Measure, n: NDArray[np.int64], is_excluded: Bools
) -> NDArray[np.str_]:
    """One of signal_up, signal_down, no_clear_change, too_few, baseline_building, excluded for each row and week.

    Args:
        q_value: (n_rows, n_weeks) q-values of slopes.p over all slopes tested in the week.
        n: documents of the week itself.
    """
    change = (SLOPE_WEEKS - 1) * slopes.slope
    with np.errstate(invalid="ignore"):
        is_signal = (q_value <= MAX_Q) & (np.abs(change) >= _needed(slopes, measure) - 1e-9) & slopes.is_steady
        conditions = [
            is_excluded,
            n < MIN_N,
            np.isnan(slopes.slope),
            is_signal & (change > 0),
            is_signal & (change < 0),
        ]
    names = ["excluded", "too_few", "baseline_building", "signal_up", "signal_down"]
    return np.select(conditions, names, default="no_clear_change")


@dataclass(frozen=True, slots=True)
class _Line:
    """A fitted line; week 0 is this week, -11 the first. Arrays (n_rows, n_weeks)."""

    slope: Floats
    lo: Floats
    hi: Floats
    start: Floats
    middle: Floats
    p: Floats
    weeks: NDArray[np.int64]
    events: Floats

    @classmethod
    def of(cls, moments: Floats, family: Family) -> _Line:
        weight, wt, _, total, _, squares, spread, weeks = np.moveaxis(moments, -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope, middle, sxx = _least_squares(moments)
            variance = middle if family == "count" else squares / weight - middle**2
            residual = np.maximum(spread - total**2 / weight - slope**2 * sxx, 0) / variance
            degrees = weeks - 2
            factor = np.maximum(residual / degrees, 1)
            error = np.sqrt(variance * factor / sxx)
            is_t = (statistics.chi_square_tail(residual, degrees) < DISPERSION_TEST_P) | (family == "count")
            p = np.where(is_t, statistics.two_sided_t(slope / error, degrees), statistics.two_sided(slope / error))
            half = error * np.where(is_t, statistics.t95(degrees), statistics.Z95)
            start = middle + slope * (-(SLOPE_WEEKS - 1) - wt / weight)
            events = total if family == "count" else weight * variance
        return cls(slope, slope - half, slope + half, start, middle, p, weeks.astype(np.int64), events)


def _needed(slopes: Slopes, measure: Measure) -> Floats:
    """The change over twelve weeks that matters: a fifth of the line's middle for counts."""
    middle = slopes.start + (SLOPE_WEEKS - 1) / 2 * slopes.slope
    return measure.min_effect * (middle if measure.family == "count" else np.ones_like(middle))


def _moments(sums: Floats, included: Bools, *, is_count: bool) -> Floats:
    """Per week: weight, weight t, weight t^2, k, k t, q, k^2 / weight, 1; t is the week's number; (rows, weeks, 8)."""
    t = np.arange(sums.shape[1], dtype=np.float64)[None]
    n, k, q = (sums[:, :, part] for part in range(3))
    weight, total = (np.ones_like(n), n) if is_count else (n, k)
    squares = np.divide(total**2, weight, out=np.zeros_like(n), where=weight > 0)
    features = [weight, weight * t, weight * t * t, total, total * t, q, squares, np.ones_like(n)]
    return np.stack(features, axis=-1) * included[:, :, None]


def _window(moments: Floats, weeks: NDArray[np.int64]) -> Floats:
    """Sums over the twelve weeks up to each of some weeks, with t counted from that week: (rows, n weeks, parts)."""
    sums = np.concatenate([np.zeros_like(moments[:, :1]), moments.cumsum(axis=1)], axis=1)
    found = sums[:, weeks + 1] - sums[:, np.maximum(weeks + 1 - SLOPE_WEEKS, 0)]
    return _shifted(found, weeks) if moments.shape[-1] > 1 else found


def _shifted(moments: Floats, weeks: NDArray[np.int64]) -> Floats:
    """Moments about t = 0 as moments about t = the week."""
    weight, wt, wtt, total, total_t, *rest = np.moveaxis(moments, -1, 0)
    shift = weeks[None].astype(np.float64)
    moved = [weight, wt - shift * weight, wtt - 2 * shift * wt + shift**2 * weight, total, total_t - shift * total]
    return np.stack([*moved, *rest], axis=-1)


def _least_squares(moments: Floats) -> tuple[Floats, Floats, Floats]:
    """Slope, weighted mean, and weighted sum of squares of t about its mean."""
    weight, wt, wtt, total, total_t = np.moveaxis(moments[..., :5], -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sxx = wtt - wt**2 / weight
        return (total_t - wt * total / weight) / sxx, total / weight, sxx


def _keeps_without_any_week(moments: Floats, weeks: NDArray[np.int64], line: _Line, measure: Measure) -> Bools:
    """Whether the change keeps its direction and half of what matters, whichever week is left out."""
    everything = _window(moments, weeks)
    needed = SHARE_LEFT * measure.min_effect * (line.middle if measure.family == "count" else 1.0)
    keeps = np.ones(line.slope.shape, np.bool_)
    with np.errstate(invalid="ignore"):
        sign = np.sign(line.slope)
        for lag in range(SLOPE_WEEKS):
            earlier = weeks - lag
            left_out = _shifted(moments[:, np.maximum(earlier, 0)], weeks) * (earlier >= 0)[None, :, None]
            slope, _, _ = _least_squares(everything - left_out)
            keeps &= sign * slope * (SLOPE_WEEKS - 1) >= needed - 1e-9
    return keeps
