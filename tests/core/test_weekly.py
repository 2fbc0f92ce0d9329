"""Baselines, coverage and verdicts on panels whose truth is planted."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from signal_simulation import false_signals, power, row_of, shares

from tasks.core import statistics
from tasks.core.weekly import MEASURES, Comparison, Coverage, Judged, compare, judge, verdicts


def full_coverage(*, sources: int = 1, weeks: int) -> Coverage:
    shape = (1, sources, weeks)
    return Coverage(np.ones(shape, np.int64), np.zeros(shape, np.bool_))


def panel(n, k, q=None) -> np.ndarray:
    """Counts (rows, weeks) of one source as (rows, 1, weeks, 3)."""
    n, k = np.atleast_2d(n), np.atleast_2d(k)
    return np.stack([n, k, k if q is None else np.atleast_2d(q)], axis=-1)[:, None].astype(float)


def compared(metric: str, parts: np.ndarray, coverage: Coverage | None = None) -> Comparison:
    rows, sources, weeks, _ = parts.shape
    return compare(
        parts,
        measure=MEASURES[metric],
        group=np.zeros(rows, np.int64),
        draws=np.ones((rows, sources), np.bool_),
        coverage=coverage or full_coverage(sources=sources, weeks=weeks),
    )


def judged(metric: str, parts: np.ndarray, coverage: Coverage | None = None) -> tuple[Judged, np.ndarray, np.ndarray]:
    """The judgement, its q-values and its verdicts."""
    result = judge(MEASURES[metric], compared(metric, parts, coverage), is_tested=np.ones(len(parts), np.bool_))
    rows, weeks = result.p.shape
    q = statistics.benjamini_hochberg(result.p.ravel(), np.tile(np.arange(weeks), rows)).reshape(rows, weeks)
    return result, q, verdicts(result, q)


def signals_a_week(names: np.ndarray) -> float:
    return np.char.startswith(names[:, 8:].astype(str), "signal").sum() / (names.shape[1] - 8)


def test_change_from_the_baseline_by_hand():
    # Eight weeks of 20/100, then 35/100: z = 0.15 / sqrt(0.16 (1/100 + 1/800)) = 3.53553, p = 0.000407.
    result, q, names = judged("negative_share", panel([100] * 9, [20] * 8 + [35]))
    assert_allclose(result.baseline[0, 8], 0.20)
    assert_allclose(result.p[0, 8], 0.000407, atol=1e-6)
    assert_allclose(q[0, 8], result.p[0, 8])
    # Wilson: 0.2636-0.4475 and 0.1334-0.2888, so 0.15 - hypot(0.0864, 0.0888) and 0.15 + hypot(0.0975, 0.0666).
    assert_allclose(
        [result.delta[0, 8], result.delta_lo[0, 8], result.delta_hi[0, 8]], [0.15, 0.0261, 0.2681], atol=1e-3
    )
    assert names[0, 8] == "signal_up"
    assert set(names[0, :8]) == {"baseline_building"}


def test_thirty_points_at_forty_documents_are_a_signal():
    rng = np.random.default_rng(1)
    k = rng.binomial(40, 0.15, (20, 9))
    k[0, 8] = 18
    _, _, names = judged("negative_share", panel(np.full((20, 9), 40), k))
    assert names[0, 8] == "signal_up"


def test_a_clear_change_of_less_than_five_points_is_not_a_signal():
    result, q, names = judged("negative_share", panel([20_000] * 9, [4_000] * 8 + [4_800]))
    assert q[0, 8] < 0.001
    assert result.delta_lo[0, 8] > 0
    assert names[0, 8] == "watch_up"


def test_a_change_on_the_week_alone_is_a_watch():
    k = [60, 20, 60, 20, 60, 20, 60, 20, 60]
    _, q, names = judged("negative_share", panel([100] * 9, k))
    assert q[0, 8] > 0.10
    assert names[0, 8] == "watch_up"


@pytest.mark.parametrize(
    ("metric", "limit"), [("negative_share", 0.25), ("nss", 0.25), ("nsr", 0.25), ("volume", 0.25)]
)
def test_weeks_in_which_nothing_changes_give_few_signals(metric, limit):
    rng = np.random.default_rng(7)
    weeks = 508
    n = np.repeat(np.repeat([15, 40, 80, 250], 5)[:, None], weeks, axis=1)
    if metric == "volume":
        counts = rng.negative_binomial(n / 2, 1 / 3)  # variance three times the mean, as real volumes have
        parts = panel(counts, counts)
    elif metric == "nss":
        ups = rng.binomial(n, 0.4)
        downs = rng.binomial(n - ups, 0.5)
        parts = panel(n, ups - downs, ups + downs)
    elif metric == "nsr":
        parts = panel(n, 2 * rng.binomial(n, 0.4) - n, n)
    else:
        k = rng.binomial(n, np.tile(np.linspace(0.1, 0.5, 5), 4)[:, None])
        parts = panel(n, k)
    assert signals_a_week(judged(metric, parts)[2]) <= limit


@pytest.mark.parametrize("share", [0.002, 0.01, 0.03])
def test_rare_topics_do_not_alarm(share):
    # 200 topics of which one document a week or fewer is expected: two of them look like five points.
    k = np.random.default_rng(3).binomial(40, share, (200, 208))
    assert signals_a_week(judged("topic_share", panel(np.full(k.shape, 40), k))[2]) <= 0.1


def test_correlated_weeks_give_few_signals():
    rng = np.random.default_rng(11)
    n = np.repeat(np.repeat([15, 40, 80, 250], 5)[:, None], 508, axis=1)
    share, rho = 0.3, 0.02
    k = rng.binomial(n, rng.beta(share * (1 / rho - 1), (1 - share) * (1 / rho - 1), n.shape))
    assert signals_a_week(judged("negative_share", panel(n, k))[2]) <= 0.6


def test_small_weeks_have_no_value_and_no_verdict():
    result, _, names = judged("negative_share", panel([100] * 8 + [29, 100], [20] * 8 + [20, 20]))
    assert names[0, 8] == "too_few"
    assert np.isnan(result.value[0, 8])
    assert np.isnan(result.lo[0, 8])
    assert np.isnan(result.previous[0, 9])
    assert names[0, 9] == "no_clear_change"


def test_small_volumes_keep_their_value():
    counts = np.array([100] * 8 + [29, 100])
    result, _, names = judged("volume", panel(counts, counts))
    assert names[0, 8] == "too_few"
    assert result.value[0, 8] == 29
    assert np.isnan(result.previous[0, 9])
    assert np.isnan(result.k).all()


def test_volume_needs_a_fifth():
    up, barely = np.array([[1000] * 8 + [1300]]), np.array([[1000] * 8 + [1190]])
    assert judged("volume", panel(up, up))[2][0, 8] == "signal_up"
    assert judged("volume", panel(barely, barely))[2][0, 8] == "watch_up"


def test_a_baseline_of_next_to_nothing_is_none():
    counts = np.array([0, 1, 0, 0, 2, 0, 0, 1, 64])
    assert judged("volume", panel(counts, counts))[2][0, 8] == "baseline_building"


def test_weeks_without_documents_are_baseline_of_volumes_only():
    counts = np.array([100] * 4 + [0] + [100] * 4)
    assert judged("volume", panel(counts, counts))[2][0, 8] != "baseline_building"
    assert judged("negative_share", panel(counts, counts // 5))[2][0, 8] == "baseline_building"


def test_the_baseline_is_the_eight_nearest_weeks():
    result, _, _ = judged("negative_share", panel([100] * 12, [90] * 3 + [20] * 8 + [35]))
    assert_allclose(result.baseline[0, 11], 0.20)


def two_sources(incomplete_week: int, weeks: int = 10) -> tuple[np.ndarray, Coverage]:
    """A source with 20/100 and one with 60/100 a week, of which the second misses a week."""
    n, k = np.full((2, weeks), 100.0), np.repeat([[20.0], [60.0]], weeks, axis=1)
    n[1, incomplete_week], k[1, incomplete_week] = 10, 10
    coverage = full_coverage(sources=2, weeks=weeks)
    coverage.key[0, 1, incomplete_week] = 0
    coverage.is_incomplete[0, 1, incomplete_week] = True
    return np.stack([n, k, k], axis=-1)[None], coverage


def test_an_incomplete_source_is_left_out_on_both_sides():
    parts, coverage = two_sources(incomplete_week=8)
    result, _, names = judged("negative_share", parts, coverage)
    assert result.n[0, 8] == 100
    assert_allclose([result.value[0, 8], result.previous[0, 8], result.baseline[0, 8]], [0.2, 0.2, 0.2])
    assert names[0, 8] == "no_clear_change"
    assert_allclose(result.value[0, 7], 0.4)


def test_an_incomplete_week_is_neither_previous_nor_baseline():
    parts, coverage = two_sources(incomplete_week=8)
    result, _, names = judged("negative_share", parts, coverage)
    assert np.isnan(result.previous[0, 9])
    assert_allclose(result.baseline[0, 9], 0.4)
    assert names[0, 9] == "no_clear_change"


def test_totals_of_an_incomplete_week_are_excluded():
    parts, coverage = two_sources(incomplete_week=8)
    parts[..., 1:] = parts[..., :1]
    result, q, names = judged("volume", parts, coverage)
    assert names[0, 8] == "excluded"
    assert result.value[0, 8] == 110
    assert np.isnan([result.previous[0, 8], result.baseline[0, 8], result.delta[0, 8], q[0, 8]]).all()
    assert names[0, 9] == "no_clear_change"
    assert_allclose(result.baseline[0, 9], 200)


def test_a_row_whose_only_source_is_incomplete_is_excluded():
    parts, coverage = two_sources(incomplete_week=8)
    coverage = Coverage(coverage.key[:, 1:], coverage.is_incomplete[:, 1:])
    parts = parts[:, 1:]
    parts[0, 0, 8] = [60, 60, 60]
    _, _, names = judged("negative_share", parts, coverage)
    assert names[0, 8] == "excluded"


def test_means_need_a_fifth_of_a_star():
    steady, fallen = [5, 5, 10, 30, 50], [30, 20, 10, 20, 20]
    histogram = np.array([steady] * 8 + [fallen], dtype=float)
    stars = np.arange(1.0, 6.0)
    n, k, q = histogram.sum(-1), histogram @ stars, histogram @ stars**2
    parts = np.concatenate([np.stack([n, k, q], axis=-1), histogram], axis=-1)[None, None]
    result = judge(
        MEASURES["mean_rating"],
        compared("mean_rating", parts),
        is_tested=np.ones(1, np.bool_),
        rating_values=stars,
    )
    assert_allclose([result.value[0, 8], result.previous[0, 8]], [2.8, 4.15])
    assert result.lo[0, 8] < 2.8 < result.hi[0, 8]
    assert result.delta_hi[0, 8] < -0.8
    assert verdicts(result, result.p)[0, 8] == "signal_down"


def test_rows_outside_the_family_are_never_signals():
    comparison = compared("negative_share", panel([100] * 9, [20] * 8 + [60]))
    result = judge(MEASURES["negative_share"], comparison, is_tested=np.zeros(1, np.bool_))
    assert np.isnan(result.p).all()
    assert verdicts(result, result.p)[0, 8] == "watch_up"


def test_overdispersion_brings_student_s_t_by_hand():
    # Baseline weeks of 10 and 30 of 100 in turn: chi-square 8 x 100 x 0.1^2 / 0.16 = 50 on 7 degrees, phi 7.142857.
    result, _, _ = judged("negative_share", panel([100] * 9, [10, 30] * 4 + [35]))
    z = 0.15 / np.sqrt(0.16 * 50 / 7 * (1 / 100 + 1 / 800))
    assert_allclose(result.p[0, 8], statistics.two_sided_t(z, 7))
    assert result.p[0, 8] > statistics.two_sided(z)


def test_the_dispersion_is_that_of_26_weeks_and_the_baseline_that_of_8():
    # 18 weeks that swing, then 8 that do not: the baseline is calm, the doubt stays.
    k = [10, 30] * 9 + [20] * 8 + [35]
    result, _, _ = judged("negative_share", panel([100] * 27, k))
    chi_square = 18 * 100 * 0.1**2 / 0.16
    z = 0.15 / np.sqrt(0.16 * chi_square / 25 * (1 / 100 + 1 / 800))
    assert_allclose(result.baseline[0, 26], 0.20)
    assert_allclose(result.p[0, 26], statistics.two_sided_t(z, 25))


def test_a_new_topic_needs_ten_documents_and_two_points():
    nothing = [0] * 8
    assert judged("topic_share", panel([400] * 9, [*nothing, 12]))[2][0, 8] == "signal_up"
    assert judged("topic_share", panel([400] * 9, [1, *nothing[1:], 12]))[2][0, 8] == "watch_up"
    assert judged("topic_share", panel([400] * 9, [*nothing, 9]))[2][0, 8] == "watch_up"
    assert judged("topic_share", panel([1000] * 9, [*nothing, 12]))[2][0, 8] == "watch_up"
    assert judged("topic_share", panel([29] * 9, [*nothing, 12]))[2][0, 8] == "too_few"


@pytest.mark.parametrize(("history", "rho", "limit"), [(8, 0, 0.15), (26, 0, 0.15), (8, 0.02, 0.45), (26, 0.02, 0.25)])
def test_null_weeks_of_the_published_setting(history, rho, limit):
    draw = partial(shares, np.random.default_rng(5), rho=rho)
    assert false_signals("negative_share", 100, history, draw) <= limit


def test_planted_effects_are_found_as_published():
    assert power(60, row_of(250), 0.10, history=8, rho=0) >= 0.5
    assert power(60, row_of(250), 0.15, history=8, rho=0) >= 0.88
    assert power(60, row_of(40), 0.30, history=8, rho=0) >= 0.65
