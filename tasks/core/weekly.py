"""What changed this week: weekly counts in, values with intervals, baselines and verdicts out.

A panel holds the counts of many rows (brand x kind x segment, or brand x topic) by source and week. Each week is
compared with the week before and with the pooled 8 usable weeks before it, over the same sources on both sides: a
source that did not deliver a whole week is left out of that week's comparison, and earlier weeks in which a source of
this week's set was missing are passed over. Totals (volume, share of voice) can't leave a source out: their weeks are
excluded instead.

A Signal needs eight baseline weeks, n of 30 or more, a q-value of at most 0.10 over everything tested that week, and a
change of a size that matters. A Watch needs only that the interval of the change on the week excludes zero.

How much weeks differ by themselves is estimated from all usable weeks of the last 26, not from the eight baseline
weeks alone; where they differ by more than chance (Pearson's chi-square at 5 %), the uncertainty of that estimate
counts too: Student's t with its degrees of freedom takes the place of z. Volumes always take t.

A part of a brand's documents that nobody spoke of in the baseline weeks (a new topic) has a zero to be compared with,
and is told as new: it needs 10 documents, and 2 points instead of 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tasks.core import statistics
from tasks.core.statistics import Floats

MIN_N = 30
BASELINE_WEEKS = 8
LOOKBACK_WEEKS = 26
MAX_Q = 0.10
SMALL_EXPECTED = 5
DISPERSION_TEST_P = 0.05
NEW_MIN_COUNT = 10
NEW_MIN_EFFECT = 0.02
NO_VALUES: Floats = np.empty(0)

Family = Literal["proportion", "ratio", "net", "mean", "count"]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measure:
    """How a metric is computed from its counts n, k and q, the sums over documents of 1, x and x^2.

    proportion: x in {0, 1}. ratio: x in {-1, 1}. net: x in {-1, 0, 1}. mean: x a rating. count: n alone.
    min_effect: smallest change from the baseline that may be a Signal (a fraction of it for counts).
    is_total: the metric can't leave a source out.
    is_part: the metric is a share that a topic or an aspect has: it may be new.
    """

    metric: str
    family: Family
    min_effect: float
    is_total: bool = False
    is_part: bool = False


MEASURES = {
    measure.metric: measure
    for measure in (
        Measure("volume", "count", 0.20, is_total=True),
        Measure("volume_raw", "count", 0.20, is_total=True),
        Measure("story_volume", "count", 0.20, is_total=True),
        Measure("nss", "net", 0.05),
        Measure("nsr", "ratio", 0.05),
        Measure("negative_share", "proportion", 0.05),
        Measure("positive_share", "proportion", 0.05),
        Measure("share_of_voice", "proportion", 0.05, is_total=True),
        Measure("share_of_voice_raw", "proportion", 0.05, is_total=True),
        Measure("share_of_voice_stories", "proportion", 0.05, is_total=True),
        Measure("mean_rating", "mean", 0.2),
        Measure("abstention_share", "proportion", 0.05),
        Measure("topic_share", "proportion", 0.05, is_part=True),
        Measure("aspect_share", "proportion", 0.05, is_part=True),
    )
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a panel can be compared; group g is a brand (or all).

    key: (n_groups, n_sources, n_weeks); 0 where the source does not cover the week, else a number that is equal
        for weeks that can be compared with each other.
    is_incomplete: the same shape; the source should have covered the week and did not.
    """

    key: NDArray[np.int64]
    is_incomplete: Bools


@dataclass(frozen=True, slots=True)
class Comparison:
    """Each row and week beside its past, over the same sources; the last axis is n, k, q and any histogram.

    current, previous, baseline: (n_rows, n_weeks, n_parts); previous is zero where that week can't be compared.
    baseline_weeks: (n_rows, n_weeks) number of pooled weeks, 0 to 8.
    spread: like baseline, over all usable weeks of the last 26: what the dispersion is estimated from.
    spread_weeks: (n_rows, n_weeks) number of these weeks, 0 to 26.
    square_sum: (n_rows, n_weeks) sum over them of k^2 / n (of n^2 for counts).
    is_excluded: (n_rows, n_weeks) a source of the row did not deliver the week.
    """

    current: Floats
    previous: Floats
    baseline: Floats
    baseline_weeks: NDArray[np.int64]
    spread: Floats
    spread_weeks: NDArray[np.int64]
    square_sum: Floats
    is_excluded: Bools


@dataclass(frozen=True, slots=True)
class Judged:
    """Values and changes, each (n_rows, n_weeks), NaN where there is none; p is NaN where not tested."""

    measure: Measure
    n: NDArray[np.int64]
    k: Floats
    value: Floats
    lo: Floats
    hi: Floats
    previous: Floats
    baseline: Floats
    delta: Floats
    delta_lo: Floats
    delta_hi: Floats
    p: Floats
    is_excluded: Bools
    has_baseline: Bools


def compare(
    parts: Floats, *, measure: Measure, group: NDArray[np.int64], draws: Bools, coverage: Coverage
) -> Comparison:
    """Put each week beside the week before and its baseline.

    Args:
        parts: (n_rows, n_sources, n_weeks, n_parts); the parts are n, k, q and any histogram.
        group: (n_rows,) index into the coverage's groups.
        draws: (n_rows, n_sources) the sources that a row draws on.
    """
    is_count = measure.family == "count"
    n_rows, _, n_weeks, n_parts = parts.shape
    parts = parts * draws[:, :, None, None]
    current, previous, baseline = (np.zeros((n_rows, n_weeks, n_parts)) for _ in range(3))
    spread = np.zeros((n_rows, n_weeks, 3))
    baseline_weeks, spread_weeks = (np.zeros((n_rows, n_weeks), np.int64) for _ in range(2))
    square_sum = np.zeros((n_rows, n_weeks))
    is_excluded = np.zeros((n_rows, n_weeks), np.bool_)

    for index in np.unique(group):
        rows = np.flatnonzero(group == index)
        is_excluded[rows] = draws[rows] @ coverage.is_incomplete[index]
    for rows, weeks, sums, usable in like_weeks(parts, group=group, draws=draws, coverage=coverage):
        squares = _squares(sums, is_count=is_count)
        included = usable if is_count else usable & (sums[:, :, 0] > 0)
        at = np.ix_(rows, weeks)
        spread[at] = _lookback(included[:, :, None] * sums[:, :, :3], weeks)
        spread_weeks[at] = _lookback(included[:, :, None], weeks)[:, :, 0]
        square_sum[at] = _lookback((included * squares)[:, :, None], weeks)[:, :, 0]
        for week in weeks:
            current[rows, week] = sums[:, week]
            if week:
                previous[rows, week] = sums[:, week - 1] * usable[:, week - 1, None]
            window = slice(max(0, week - LOOKBACK_WEEKS), week)
            nearest = _nearest(included[:, window], BASELINE_WEEKS)
            baseline[rows, week] = np.einsum("rw,rwp->rp", nearest, sums[:, window])
            baseline_weeks[rows, week] = nearest.sum(axis=1)

    everything = parts[:, :, :, 0].sum(axis=1)
    if measure.is_total:
        current = parts.sum(axis=1)
    else:
        is_excluded &= (current[:, :, 0] < MIN_N) & (everything >= MIN_N)
        # What arrived is shown all the same, it is only not compared.
        current = np.where(is_excluded[:, :, None], parts.sum(axis=1), current)
    return Comparison(current, previous, baseline, baseline_weeks, spread, spread_weeks, square_sum, is_excluded)


def like_weeks(
    parts: Floats, *, group: NDArray[np.int64], draws: Bools, coverage: Coverage
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats, Bools]]:
    """The weeks that may be compared with each other, set by set.

    Args:
        parts: (n_rows, n_sources, n_weeks, n_parts), zero for sources that a row does not draw on.

    Yields:
        rows and weeks (indices) that share one set of sources; the sums over these sources
        (n rows, n_weeks, n_parts); and which weeks (n rows, n_weeks) can be set beside them.
    """
    for index in np.unique(group):
        rows = np.flatnonzero(group == index)
        key = coverage.key[index]
        patterns, pattern_of_week = np.unique(key, axis=1, return_inverse=True)
        for number, pattern in enumerate(patterns.T):
            sources = pattern > 0
            sums = parts[rows][:, sources].sum(axis=1)
            differs = key[sources] != pattern[sources, None]
            usable = ~(draws[rows][:, sources] @ differs)
            yield rows, np.flatnonzero(pattern_of_week.reshape(-1) == number), sums, usable


def judge(measure: Measure, comparison: Comparison, *, is_tested: Bools, rating_values: Floats = NO_VALUES) -> Judged:
    """Values, intervals and p-values of one metric.

    Args:
        is_tested: (n_rows,) rows that belong to the tested family.
        rating_values: (n_values,) values of the histogram behind n, k and q; for means only.
    """
    n, k, q = (comparison.current[:, :, part] for part in range(3))
    n_before, k_before = comparison.previous[:, :, 0], comparison.previous[:, :, 1]
    n_base, k_base, q_base = (comparison.baseline[:, :, part] for part in range(3))
    weeks = comparison.baseline_weeks
    has_value = n >= MIN_N
    has_previous = (n_before >= MIN_N) & ~comparison.is_excluded

    with np.errstate(divide="ignore", invalid="ignore"):
        if measure.family == "count":
            value, before, base = n, n_before, n_base / weeks
            usual = comparison.spread[:, :, 0] / comparison.spread_weeks
            factor, _ = _dispersion(comparison, usual, usual, comparison.spread_weeks.astype(np.float64))
            lo, hi = statistics.poisson_interval(n)
            delta_lo, delta_hi = statistics.count_difference(n, n_before, factor)
            # Always Student's t: real volumes are overdispersed (`make bench-statistics` shows z beside it).
            degrees = comparison.spread_weeks - 1
            p = statistics.two_sided_t((n - base) / np.sqrt(factor * base * (1 + 1 / weeks)), degrees)
        else:
            value, before, base = k / n, k_before / n_before, k_base / n_base
            variance = q_base / n_base - base**2
            pooled = (q + q_base) / (n + n_base) - ((k + k_base) / (n + n_base)) ** 2
            is_thin = n * variance < SMALL_EXPECTED * _scale(measure.family)
            variance = np.where(is_thin, np.maximum(variance, pooled), variance)
            n_spread, k_spread, q_spread = (comparison.spread[:, :, part] for part in range(3))
            usual = k_spread / n_spread
            factor, is_overdispersed = _dispersion(comparison, usual, q_spread / n_spread - usual**2, n_spread)
            z = (value - base) / np.sqrt(variance * factor * (1 / n + 1 / n_base))
            p = np.where(
                is_overdispersed,
                statistics.two_sided_t(z, comparison.spread_weeks - 1),
                statistics.two_sided(z),
            )
            p = np.where(variance > 0, p, 1.0)
            p = _guard_small(measure.family, p, is_thin, (n, k, q), (n_base, k_base, q_base))
            lo, hi, delta_lo, delta_hi = _intervals(measure.family, comparison, has_value, has_previous, rating_values)

    is_shown = np.ones_like(has_value) if measure.family == "count" else has_value
    if measure.is_total and measure.family != "count":
        is_shown = is_shown & ~comparison.is_excluded
    has_delta = is_shown & has_previous
    has_baseline = (weeks >= BASELINE_WEEKS) & (n_base >= MIN_N)
    tested = is_tested[:, None] & has_value & has_baseline & ~comparison.is_excluded & (n_base > 0)
    return Judged(
        measure=measure,
        n=n.astype(np.int64),
        k=np.full(k.shape, np.nan) if measure.family == "count" else k,
        value=_where(is_shown, value),
        lo=_where(is_shown, lo),
        hi=_where(is_shown, hi),
        previous=_where(has_previous, before),
        baseline=_where((n_base > 0) & ~comparison.is_excluded, base),
        delta=_where(has_delta, value - before),
        delta_lo=_where(has_delta, delta_lo),
        delta_hi=_where(has_delta, delta_hi),
        p=_where(tested, p),
        is_excluded=comparison.is_excluded,
        has_baseline=has_baseline,
    )


def verdicts(judged: Judged, q_value: Floats) -> NDArray[np.str_]:
    """One of contracts.VERDICTS for each row and week.

    Args:
        q_value: (n_rows, n_weeks) q-values of judged.p over everything tested in the week; NaN where not tested.
    """
    effect = judged.value - judged.baseline
    needed = judged.measure.min_effect * (judged.baseline if judged.measure.family == "count" else 1.0)
    if judged.measure.is_part:
        is_new = (judged.baseline == 0) & (judged.k >= NEW_MIN_COUNT)
        needed = np.where(is_new, NEW_MIN_EFFECT, needed)
    with np.errstate(invalid="ignore"):
        is_signal = (q_value <= MAX_Q) & (np.abs(effect) >= needed - 1e-9)
        conditions = [
            judged.is_excluded,
            judged.n < MIN_N,
            ~judged.has_baseline,
            is_signal & (effect > 0),
            is_signal & (effect < 0),
            judged.delta_lo > 0,
            judged.delta_hi < 0,
        ]
    names = ["excluded", "too_few", "baseline_building", "signal_up", "signal_down", "watch_up", "watch_down"]
    return np.select(conditions, names, default="no_clear_change")


def _dispersion(comparison: Comparison, usual: Floats, variance: Floats, size: Floats) -> tuple[Floats, Bools]:
    """Overdispersion between weeks, and whether it is more than chance (Pearson's chi-square at 5 %)."""
    weeks = comparison.spread_weeks
    factor = statistics.dispersion(comparison.square_sum, usual, variance, size, weeks)
    return factor, statistics.chi_square_tail(factor * (weeks - 1), weeks - 1) < DISPERSION_TEST_P


def _squares(sums: Floats, *, is_count: bool) -> Floats:
    n, k = sums[:, :, 0], sums[:, :, 1]
    if is_count:
        return n**2
    return np.divide(k**2, n, out=np.zeros_like(n), where=n > 0)


def _lookback(values: NDArray[Any], weeks: NDArray[np.int64]) -> NDArray[Any]:
    """Sums over the 26 weeks before each of some weeks: (n_rows, n_weeks, n_parts) to (n_rows, n weeks, n_parts)."""
    sums = np.concatenate([np.zeros_like(values[:, :1], dtype=np.float64), values.cumsum(axis=1)], axis=1)
    return sums[:, weeks] - sums[:, np.maximum(weeks - LOOKBACK_WEEKS, 0)]


def _nearest(included: Bools, count: int) -> Bools:
    """(n_rows, n_weeks): the last `count` True of each row."""
    from_the_end = included[:, ::-1].cumsum(axis=1)[:, ::-1]
    return included & (from_the_end <= count)


def _scale(family: Family) -> float:
    """Variance of one document in units of p (1 - p)."""
    return 4.0 if family == "ratio" else 1.0


def _guard_small(
    family: Family, p: Floats, is_thin: Bools, now: tuple[Floats, ...], base: tuple[Floats, ...]
) -> Floats:
    """Where fewer than five documents are expected to differ, z is too sure: an exact test has to agree."""
    if family == "mean" or not is_thin.any():
        return p
    (n, k, q), (n_base, k_base, q_base) = ([part[is_thin] for part in side] for side in (now, base))
    if family == "proportion":
        exact = statistics.exact_change(k, n, k_base, n_base)
    else:
        ups = statistics.exact_change((q + k) / 2, n, (q_base + k_base) / 2, n_base)
        downs = statistics.exact_change((q - k) / 2, n, (q_base - k_base) / 2, n_base)
        exact = np.minimum(1.0, 2 * np.minimum(ups, downs))
    guarded = p.copy()
    guarded[is_thin] = np.fmax(p[is_thin], exact)
    return guarded


def _intervals(
    family: Family, comparison: Comparison, has_value: Bools, has_previous: Bools, rating_values: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """lo, hi of the value and of its difference from the week before, each (n_rows, n_weeks)."""
    n, k, q = (comparison.current[:, :, part] for part in range(3))
    n_before, k_before, q_before = (comparison.previous[:, :, part] for part in range(3))
    if family == "proportion":
        return *statistics.wilson(k, n), *statistics.newcombe(k, n, k_before, n_before)
    if family == "ratio":
        ups, ups_before = (k + n) / 2, (k_before + n_before) / 2
        lo, hi = statistics.wilson(ups, n)
        delta_lo, delta_hi = statistics.newcombe(ups, n, ups_before, n_before)
        return 2 * lo - 1, 2 * hi - 1, 2 * delta_lo, 2 * delta_hi
    if family == "net":
        return (
            *statistics.net_interval(k, q, n),
            *statistics.net_difference(k, q, n, k_before, q_before, n_before),
        )
    bounds = [np.full(n.shape, np.nan) for _ in range(4)]
    both = has_value & has_previous
    # One call for both: the week before of one row is as a rule this week of another, and is drawn once.
    sides = np.concatenate([comparison.current[has_value], comparison.previous[both]])
    draws, before = np.split(_mean_draws(sides, rating_values), [int(has_value.sum())])
    bounds[0][has_value], bounds[1][has_value] = statistics.mean_interval(draws)
    bounds[2][both], bounds[3][both] = statistics.mean_difference(draws[both[has_value]], before)
    return bounds[0], bounds[1], bounds[2], bounds[3]


def _mean_draws(parts: Floats, rating_values: Floats) -> Floats:
    """Resampled means (n_rows, draws), centred on the exact mean where the histogram is coarser than the ratings."""
    histogram = parts[:, 3:]
    exact, coarse = parts[:, 1] / parts[:, 0], histogram @ rating_values / parts[:, 0]
    return statistics.bootstrap_means(histogram.astype(np.int64), rating_values) + (exact - coarse)[:, None]


def _where(condition: Bools, values: Floats) -> Floats:
    return np.where(condition, values, np.nan)
