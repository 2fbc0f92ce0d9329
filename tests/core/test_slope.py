"""Slopes over twelve weeks: by hand, on planted drifts, and where nothing drifts."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from signal_simulation import drifting_shares, is_signal, row_of, shares, slope_judged, volumes

from tasks.core.slope import Slopes, fit_slopes, slope_verdicts
from tasks.core.statistics import two_sided
from tasks.core.weekly import MEASURES, Coverage


def fitted(metric: str, n, k, q=None, coverage: Coverage | None = None) -> tuple[Slopes, np.ndarray]:
    """Slopes of one row of one source, and their verdicts with p for q."""
    n, k = np.atleast_2d(n).astype(float), np.atleast_2d(k).astype(float)
    parts = np.stack([n, k, k if q is None else np.atleast_2d(q)], axis=-1)[:, None]
    shape = (1, 1, n.shape[1])
    nothing = np.zeros(n.shape, np.bool_)
    slopes = fit_slopes(
        parts,
        measure=MEASURES[metric],
        group=np.zeros(len(n), np.int64),
        draws=np.ones((len(n), 1), np.bool_),
        coverage=coverage or Coverage(np.ones(shape, np.int64), np.zeros(shape, np.bool_)),
        is_tested=np.ones(len(n), np.bool_),
        is_excluded=nothing,
    )
    found = slope_verdicts(slopes, slopes.p, measure=MEASURES[metric], n=n.astype(int), is_excluded=nothing)
    return slopes, found


def test_a_line_by_hand():
    # 20, 21, ... 31 of 100: mean 0.255, S(t - mean)^2 = 143, standard error sqrt(0.255 x 0.745 / (100 x 143)).
    slopes, found = fitted("negative_share", [100] * 12, range(20, 32))
    error = math.sqrt(0.255 * 0.745 / 14300)
    assert_allclose([slopes.slope[0, 11], slopes.start[0, 11]], [0.01, 0.20])
    assert_allclose([slopes.lo[0, 11], slopes.hi[0, 11]], [0.01 - 1.96 * error, 0.01 + 1.96 * error], atol=1e-6)
    assert_allclose(slopes.p[0, 11], two_sided(0.01 / error))
    assert slopes.n[0, 11] == 1200
    assert found[0, 11] == "signal_up"
    assert set(found[0, :9]) == {"baseline_building"}


def test_weeks_count_by_their_documents():
    # Two big weeks decide where the line lies: least squares by numpy with the same weights.
    n = np.array([50, 400, 60, 50, 300, 40, 80, 90, 45, 70, 500, 60])
    k = np.round(n * np.linspace(0.5, 0.2, 12) + np.array([3, -9, 2, 0, 5, -2, 1, 0, 4, -3, 6, 1]))
    slopes, _ = fitted("negative_share", n, k)
    slope, start = np.polyfit(np.arange(12), k / n, 1, w=np.sqrt(n))
    assert_allclose([slopes.slope[0, 11], slopes.start[0, 11]], [slope, start])


def test_scatter_about_the_line_widens_its_interval_by_student_s_t():
    # 0.20 and 0.40 in turn, no slope to speak of: residual chi-square far above its ten degrees of freedom.
    slopes, found = fitted("negative_share", [100] * 12, [20, 40] * 6)
    mean, t, y = 0.3, np.arange(12), np.array([0.2, 0.4] * 6)
    slope, start = np.polyfit(t, y, 1)
    chi_square = 100 * ((y - start - slope * t) ** 2).sum() / (mean * (1 - mean))
    half = 2.228139 * math.sqrt(mean * (1 - mean) * chi_square / 10 / 14300)
    assert_allclose(slopes.hi[0, 11] - slopes.slope[0, 11], half, rtol=1e-5)
    assert found[0, 11] == "no_clear_change"


def test_volumes_and_ratings_have_lines_too():
    counts = np.arange(100, 340, 20)
    slopes, found = fitted("volume", counts, counts)
    assert_allclose([slopes.slope[0, 11], slopes.start[0, 11]], [20, 100])
    assert found[0, 11] == "signal_up"
    stars = np.linspace(4.2, 3.5, 12)
    slopes, found = fitted("mean_rating", [200] * 12, 200 * stars, 200 * (stars**2 + 1.2))
    assert_allclose(11 * slopes.slope[0, 11], -0.7)
    assert found[0, 11] == "signal_down"


def test_a_drift_of_less_than_five_points_is_not_a_signal():
    slopes, found = fitted("negative_share", [50_000] * 12, np.linspace(10_000, 12_000, 12))
    assert slopes.p[0, 11] < 1e-6
    assert found[0, 11] == "no_clear_change"


@pytest.mark.parametrize("place", [0, 6, 10, 11])
def test_one_odd_week_is_no_drift(place):
    k = np.full(12, 60)
    k[place] = 180
    _, found = fitted("negative_share", [300] * 12, k)
    assert found[0, 11] == "no_clear_change"


def test_fewer_than_ten_weeks_have_no_line():
    n = np.array([100] * 12)
    n[[2, 5, 7]] = 0
    slopes, found = fitted("negative_share", n, np.where(n > 0, np.arange(20, 32), 0))
    assert np.isnan(slopes.slope[0, 11])
    assert found[0, 11] == "baseline_building"


def test_weeks_of_other_sources_are_left_out():
    key = np.ones((1, 1, 14), np.int64)
    key[0, 0, 2] = 0
    coverage = Coverage(key, key == 0)
    slopes, _ = fitted("negative_share", [100] * 14, [20, 20, 100, *range(20, 31)], coverage=coverage)
    assert_allclose(slopes.slope[0, 13], 0.01)
    assert slopes.n[0, 13] == 1100


def test_small_weeks_have_no_verdict():
    _, found = fitted("negative_share", [100] * 11 + [29], [*range(20, 31), 9])
    assert found[0, 11] == "too_few"


def test_a_point_a_week_that_the_baseline_swallows_is_found():
    rng = np.random.default_rng(4)
    row = row_of(250)
    runs = [slope_judged("negative_share", drifting_shares(rng, row, 1.0, 0)[:, -12:]) for _ in range(40)]
    assert np.mean([found[row, -1] == "signal_up" for found in runs]) >= 0.6


@pytest.mark.parametrize(("rho", "limit"), [(0, 0.12), (0.02, 0.25)])
def test_steady_weeks_have_few_slopes(rho, limit):
    found = slope_judged("negative_share", shares(np.random.default_rng(6), 512, rho))
    assert is_signal(found)[:, 12:].sum() / 500 <= limit


def test_steady_volumes_have_few_slopes():
    found = slope_judged("volume", volumes(np.random.default_rng(6), 512, 200, 3))
    assert is_signal(found)[:, 12:].sum() / 500 <= 0.25
