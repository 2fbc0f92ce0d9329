"""Intervals, tests and corrections on arrays: counts in, bounds and p-values out.

Everything is vectorised over rows and keeps the shape of its input; intervals are 95 %. Rows with n = 0 give NaN.
The rules are told in README (Design) and applied in core/weekly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054
BOOTSTRAP_DRAWS = 1000
BOOTSTRAP_SEED = 20260105
MAX_DISTINCT_VALUES = 32

Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]


def wilson(k: ArrayLike, n: ArrayLike) -> Interval:
    """Wilson score interval of the proportion k / n, each in [0, 1] (Wilson 1927)."""
    from statsmodels.stats.proportion import proportion_confint

    k, n = _floats(k, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        lo, hi = proportion_confint(k, n, alpha=0.05, method="wilson")
    empty = n == 0
    return np.where(empty, np.nan, np.clip(lo, 0, 1)), np.where(empty, np.nan, np.clip(hi, 0, 1))


def newcombe(k: ArrayLike, n: ArrayLike, k_before: ArrayLike, n_before: ArrayLike) -> Interval:
    """Interval of k / n - k_before / n_before, in [-1, 1] (Newcombe 1998, method 10: from two Wilson intervals)."""
    k, n, k_before, n_before = _floats(k, n, k_before, n_before)
    now, before = _ratio(k, n), _ratio(k_before, n_before)
    now_lo, now_hi = wilson(k, n)
    before_lo, before_hi = wilson(k_before, n_before)
    delta = now - before
    return (
        delta - np.hypot(now - now_lo, before_hi - before),
        delta + np.hypot(now_hi - now, before - before_lo),
    )


def net_variance(k: ArrayLike, q: ArrayLike, n: ArrayLike) -> Floats:
    """Variance of one document's score in {-1, 0, 1}: p+ + p- - (p+ - p-)^2.

    It is at least what one document of another class would give, so that n equal documents do not look certain.

    Args:
        k: positive minus negative documents.
        q: positive plus negative documents.
        n: all documents.
    """
    k, q, n = _floats(k, q, n)
    one_other = _ratio(np.maximum(n - 1, 0), n * n)
    return np.maximum(_ratio(q, n) - _ratio(k, n) ** 2, one_other)


def net_interval(k: ArrayLike, q: ArrayLike, n: ArrayLike) -> Interval:
    """Interval of net sentiment k / n, in [-1, 1]: normal, standard error sqrt(net_variance / n)."""
    k, q, n = _floats(k, q, n)
    value, half = _ratio(k, n), Z95 * np.sqrt(_ratio(net_variance(k, q, n), n))
    return np.maximum(value - half, -1), np.minimum(value + half, 1)


def net_difference(
    k: ArrayLike, q: ArrayLike, n: ArrayLike, k_before: ArrayLike, q_before: ArrayLike, n_before: ArrayLike
) -> Interval:
    """Interval of the difference of two net sentiments, in [-2, 2]; the variances add up."""
    k, q, n, k_before, q_before, n_before = _floats(k, q, n, k_before, q_before, n_before)
    delta = _ratio(k, n) - _ratio(k_before, n_before)
    half = Z95 * np.sqrt(
        _ratio(net_variance(k, q, n), n) + _ratio(net_variance(k_before, q_before, n_before), n_before)
    )
    return delta - half, delta + half


def poisson_interval(count: ArrayLike) -> Interval:
    """Exact interval of a count's mean (Garwood 1936)."""
    from scipy.special import gammaincinv

    (count,) = _floats(count)
    lo = np.where(count > 0, gammaincinv(np.maximum(count, 1), 0.025), 0.0)
    return lo, gammaincinv(count + 1, 0.975)


def count_difference(count: ArrayLike, before: ArrayLike, dispersion: ArrayLike) -> Interval:
    """Interval of the difference of two counts whose variance is dispersion times their mean (quasi-Poisson)."""
    count, before, dispersion = _floats(count, before, dispersion)
    half = Z95 * np.sqrt(dispersion * (count + before))
    return count - before - half, count - before + half


def bootstrap_means(histogram: NDArray[np.int64], values: Floats, *, draws: int = BOOTSTRAP_DRAWS) -> Floats:
    """Means of resamples of documents, drawn from their histogram: a resample of n documents is one multinomial draw.

    The seed depends on the row's own counts alone, so that a row's interval never changes because of its neighbours.

    Args:
        histogram: (n_rows, n_values), documents of each value.
        values: (n_values,), such as 1 to 5 stars.

    Returns:
        (n_rows, draws) means; NaN for rows without documents.
    """
    means = np.full((len(histogram), draws), np.nan)
    if not len(histogram):
        return means
    distinct, inverse = np.unique(histogram, axis=0, return_inverse=True)
    for row, counts in enumerate(distinct):
        total = int(counts.sum())
        if total:
            present = counts > 0
            generator = np.random.default_rng([BOOTSTRAP_SEED, *counts.tolist()])
            drawn = generator.multinomial(total, counts[present] / total, size=draws)
            means[inverse.reshape(-1) == row] = drawn @ values[present] / total
    return means


def mean_interval(draws: Floats) -> Interval:
    """Percentile interval of each row's resampled means, (n_rows, draws)."""
    return _percentiles(draws)


def mean_difference(draws: Floats, draws_before: Floats) -> Interval:
    """Percentile interval of the difference of two independent means.

    The second draws are shifted by one place: equal histograms share their seed, and must not share their luck.
    """
    return _percentiles(draws - np.roll(draws_before, 1, axis=-1))


def dispersion(
    square_sum: ArrayLike, mean: ArrayLike, variance: ArrayLike, size: ArrayLike, weeks: ArrayLike
) -> Floats:
    """Overdispersion between weeks: max(1, Pearson chi-square / (weeks - 1)).

    Args:
        square_sum: sum over the baseline weeks of k_w^2 / n_w (for counts: of c_w^2).
        mean: pooled mean of the baseline.
        variance: variance of one document (for counts: the mean).
        size: documents of the baseline (for counts: its weeks).
        weeks: weeks of the baseline.
    """
    square_sum, mean, variance, size, weeks = _floats(square_sum, mean, variance, size, weeks)
    chi_square = _ratio(square_sum - size * mean**2, variance)
    factor = _ratio(chi_square, weeks - 1)
    return np.where(np.isfinite(factor), np.maximum(factor, 1.0), 1.0)


def two_sided(z: ArrayLike) -> Floats:
    """p-value of a normal statistic."""
    from scipy.special import ndtr

    return 2 * ndtr(-np.abs(np.asarray(z, dtype=np.float64)))


def two_sided_t(t: ArrayLike, degrees: ArrayLike) -> Floats:
    """p-value of Student's t with so many degrees of freedom (1 or more; NaN below)."""
    from scipy.special import stdtr

    t, degrees = _floats(t, degrees)
    return 2 * stdtr(np.where(degrees >= 1, degrees, np.nan), -np.abs(t))


def t95(degrees: ArrayLike) -> Floats:
    """Half width of a 95 % interval in standard errors, by Student's t; infinite with no degrees of freedom."""
    from scipy.special import stdtrit

    (degrees,) = _floats(degrees)
    return np.where(degrees >= 1, stdtrit(np.maximum(degrees, 1), 0.975), np.inf)


def chi_square_tail(chi_square: ArrayLike, degrees: ArrayLike) -> Floats:
    """Probability of a chi-square as large or larger; 1 with no degrees of freedom."""
    from scipy.special import chdtrc

    chi_square, degrees = _floats(chi_square, degrees)
    return np.where(degrees >= 1, chdtrc(np.maximum(degrees, 1), np.maximum(chi_square, 0)), 1.0)


def exact_change(k: ArrayLike, n: ArrayLike, k_base: ArrayLike, n_base: ArrayLike) -> Floats:
    """Two-sided mid-p value of Fisher's exact test that two proportions are equal: for counts too small for z."""
    from scipy.stats import hypergeom

    k, n, k_base, n_base = _floats(k, n, k_base, n_base)
    total, hits = n + n_base, k + k_base
    at = hypergeom.pmf(k, total, hits, n)
    below, above = hypergeom.cdf(k, total, hits, n), hypergeom.sf(k, total, hits, n)
    return np.minimum(1.0, 2 * np.minimum(below - at / 2, above + at / 2))


def benjamini_hochberg(p: ArrayLike, family: ArrayLike) -> Floats:
    """q-values of p-values, corrected within each family (Benjamini and Hochberg 1995); NaN stays NaN."""
    from scipy.stats import false_discovery_control

    p, family = np.asarray(p, dtype=np.float64), np.asarray(family)
    q = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(family[tested], kind="stable")]
    for members in np.split(order, np.flatnonzero(np.diff(family[order])) + 1):
        if len(members):
            q[members] = false_discovery_control(np.clip(p[members], 0, 1), method="bh")
    return q


def _percentiles(draws: Floats) -> Interval:
    if not len(draws):
        return np.empty(0), np.empty(0)
    lo, hi = np.percentile(draws, [2.5, 97.5], axis=-1)
    return lo, hi


def _floats(*arrays: ArrayLike) -> list[Floats]:
    return [np.asarray(array, dtype=np.float64) for array in np.broadcast_arrays(*arrays)]


def _ratio(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom == 0, np.nan, top / bottom)
