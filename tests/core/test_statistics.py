"""Intervals, tests and corrections against values worked out by hand or by an independent library."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from tasks.core import statistics


def test_wilson_gives_the_report_s_example():
    lo, hi = statistics.wilson(79, 271)
    assert_allclose([lo, hi], [0.24, 0.35], atol=0.005)


@pytest.mark.parametrize(("k", "n"), [(0, 30), (30, 30), (1, 40), (17, 31)])
def test_wilson_agrees_with_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert_allclose(statistics.wilson(k, n), [expected.low, expected.high], atol=1e-12)


def test_no_documents_give_no_interval():
    assert np.isnan(statistics.wilson(0, 0)).all()
    assert np.isnan(statistics.newcombe(0, 0, 5, 10)).all()
    assert np.isnan(statistics.net_interval(0, 0, 0)).all()


def test_newcombe_gives_the_report_s_example():
    lo, hi = statistics.newcombe(79, 271, 49, 257)
    assert_allclose([lo, hi], [0.028, 0.172], atol=0.0005)


def test_newcombe_gives_the_published_example():
    # Newcombe 1998, table II, 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    assert_allclose(statistics.newcombe(56, 70, 48, 80), [0.0524, 0.3339], atol=5e-5)


def test_newcombe_turns_round_with_its_sides():
    lo, hi = statistics.newcombe(12, 60, 30, 90)
    assert_allclose(statistics.newcombe(30, 90, 12, 60), [-hi, -lo])


def test_net_sentiment_interval_by_hand():
    # 50 positive, 30 negative, 100 in all: variance 0.8 - 0.04 = 0.76, standard error sqrt(0.0076) = 0.087178.
    assert_allclose(statistics.net_interval(20, 80, 100), [0.2 - 0.170866, 0.2 + 0.170866], atol=1e-6)


def test_difference_of_net_sentiments_by_hand():
    # Variances 0.76/100 and (0.5 - 0)/50: standard error sqrt(0.0076 + 0.01) = 0.132665.
    assert_allclose(statistics.net_difference(20, 80, 100, 0, 25, 50), [0.2 - 0.260019, 0.2 + 0.260019], atol=1e-6)


def test_equal_documents_do_not_look_certain():
    lo, hi = statistics.net_interval(40, 40, 40)
    assert lo < 0.96
    assert hi == 1


def test_poisson_interval_gives_the_tables_values():
    lo, hi = statistics.poisson_interval([0, 10, 100])
    assert_allclose(lo, [0, 4.795, 81.364], atol=0.001)
    assert_allclose(hi, [3.689, 18.390, 121.627], atol=0.001)


def test_dispersion_by_hand():
    # 10 and 20 of 100: mean 0.15, chi-square 2 x 100 x 0.05^2 / 0.1275 = 3.9216, one degree of freedom.
    square_sum = 10**2 / 100 + 20**2 / 100
    assert_allclose(statistics.dispersion(square_sum, 0.15, 0.1275, 200, 2), 3.921569, atol=1e-6)


def test_dispersion_is_at_least_one():
    assert statistics.dispersion(2 * 15**2 / 100, 0.15, 0.1275, 200, 2) == 1
    assert statistics.dispersion(0, 0, 0, 200, 2) == 1


def test_benjamini_hochberg_by_hand():
    # Sorted 0.005 0.01 0.03 0.04, times 4/rank: 0.02 0.02 0.04 0.04.
    q = statistics.benjamini_hochberg([0.01, 0.04, 0.03, 0.005], [0, 0, 0, 0])
    assert_allclose(q, [0.02, 0.04, 0.04, 0.02])


def test_benjamini_hochberg_keeps_families_apart_and_leaves_the_untested_out():
    q = statistics.benjamini_hochberg([0.01, np.nan, 0.04, 0.02], [7, 7, 3, 7])
    assert_allclose(q, [0.02, np.nan, 0.04, 0.02])


def test_benjamini_hochberg_of_nothing():
    assert statistics.benjamini_hochberg([], []).shape == (0,)
    assert np.isnan(statistics.benjamini_hochberg([np.nan], [1])).all()


def test_exact_change_by_counting():
    # 2 of 40 against 1 of 400: 3 hits, of which the week drew 2 or 3.
    ways = math.comb(440, 3)
    two, three = math.comb(40, 2) * 400 / ways, math.comb(40, 3) / ways
    assert_allclose(statistics.exact_change(2, 40, 1, 400), 2 * (two / 2 + three))


def test_exact_change_of_equal_shares_is_no_change():
    assert statistics.exact_change(0, 40, 0, 400) == 1


def test_student_s_t_is_less_sure_than_the_normal():
    assert_allclose(statistics.two_sided(1.959964), 0.05, atol=1e-6)
    assert_allclose(statistics.two_sided_t(2.364624, 7), 0.05, atol=1e-6)
    assert np.isnan(statistics.two_sided_t(1.0, 0))


STARS = np.arange(1.0, 6.0)


def test_bootstrap_agrees_with_the_standard_error():
    histogram = np.array([[40, 20, 30, 60, 150]])
    draws = statistics.bootstrap_means(histogram, STARS)
    lo, hi = statistics.mean_interval(draws)
    ratings = np.repeat(STARS, histogram[0])
    half = 1.96 * ratings.std() / math.sqrt(len(ratings))
    assert_allclose([lo[0], hi[0]], [ratings.mean() - half, ratings.mean() + half], atol=0.1 * half)


def test_bootstrap_of_a_row_does_not_depend_on_its_neighbours():
    row, other = [3, 0, 4, 10, 20], [9, 9, 9, 9, 9]
    alone = statistics.bootstrap_means(np.array([row]), STARS)[0]
    among = statistics.bootstrap_means(np.array([other, row, other]), STARS)[1]
    assert_allclose(alone, among)


def test_bootstrap_of_equal_weeks_still_shows_their_chance():
    draws = statistics.bootstrap_means(np.array([[10, 10, 10, 10, 10]]), STARS)
    lo, hi = statistics.mean_difference(draws, draws)
    half = 1.96 * math.sqrt(2 * 2 / 50)
    assert_allclose([lo[0], hi[0]], [-half, half], rtol=0.12)


def test_bootstrap_without_documents():
    assert np.isnan(statistics.bootstrap_means(np.zeros((1, 5), np.int64), STARS)).all()
    assert statistics.mean_interval(np.empty((0, 1000)))[0].shape == (0,)


def test_count_difference_by_hand():
    assert_allclose(statistics.count_difference(120, 80, 2), [40 - 39.199, 40 + 39.199], atol=0.001)
