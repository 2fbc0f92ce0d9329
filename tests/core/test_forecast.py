"""Forecasts are judged on weeks that they had not seen, and shown only where they beat the simple ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

from tasks.core.forecast import _MODELS, _fit, forecasts


def walk(seed: int, weeks: int, *, level: float = 200, step: float = 0.0, noise: float = 10.0) -> list[float]:
    rng = np.random.default_rng(seed)
    return list(level + np.cumsum(rng.normal(0, step, weeks)) + rng.normal(0, noise, weeks))


def said_by(model: str, known, given: dict[str, float]) -> float:
    """What a model expects after the values."""
    made = _MODELS[model](given)
    for value in known:
        made.step(value)
    return made.ahead()


def test_the_recursions_are_those_of_statsmodels():
    known = np.array(walk(1, 40, step=6))
    fitted = _fit(known)
    assert_allclose(
        said_by("ses", known, fitted["ses"]),
        SimpleExpSmoothing(known, initialization_method="estimated").fit().forecast(1)[0],
    )
    damped = ExponentialSmoothing(known, trend="add", damped_trend=True, initialization_method="estimated").fit()
    assert_allclose(said_by("damped", known, fitted["damped"]), damped.forecast(1)[0])


def test_theta_by_hand():
    # alpha 1: the level is the last value; half the slope of 2, 4, 6, 8 comes on top.
    assert_allclose(said_by("theta", [2.0, 4, 6, 8], {"alpha": 1.0, "level": 0.0}), 9.0)


def test_no_forecast_knows_the_future():
    values = walk(2, 60, step=5)
    short = {item.place: item for item in forecasts(values[:45])}
    whole = {item.place: item for item in forecasts(values)}
    assert len(short.keys() & whole.keys()) == 37
    assert all(whole[place] == short[place] for place in short.keys() & whole.keys())


def test_errors_are_those_of_the_weeks_before_by_hand():
    values = walk(3, 40)
    last = forecasts(values)[-1]
    said = {item.place: item.value for item in forecasts(values)}
    places = [place for place in said if place < 39]
    assert last.place == 39
    assert last.backtest_weeks == len(places) == 32
    assert last.mae == pytest.approx(np.mean([abs(values[p + 1] - said[p]) for p in places]))
    assert last.mae_last == pytest.approx(np.mean([abs(values[p + 1] - values[p]) for p in places]))
    assert last.mae_mean8 == pytest.approx(
        np.mean([abs(values[p + 1] - np.mean(values[p - 7 : p + 1])) for p in places])
    )


def test_a_slow_wandering_level_is_worth_a_forecast():
    shown = [forecasts(walk(seed, 90, step=8, noise=12))[-1].is_shown for seed in range(5)]
    assert sum(shown) >= 4


def test_a_pure_random_walk_is_seldom_forecast():
    # Nothing beats the last value of a random walk.
    shown = [forecasts(walk(seed, 70, step=10, noise=0))[-1].is_shown for seed in range(6)]
    assert sum(shown) <= 2


def test_what_is_shown_beats_every_rival():
    for seed in range(2):
        for item in forecasts(walk(seed, 60, step=4)):
            if item.is_shown:
                assert item.mae < min(item.mae_last, item.mae_mean8)
                assert item.backtest_weeks >= 12
                assert item.lo < item.value < item.hi


def test_the_interval_covers_about_four_fifths():
    covered = []
    for seed in range(6):
        values = walk(seed, 90, step=4)
        covered += [i.lo <= values[i.place + 1] <= i.hi for i in forecasts(values)[:-1] if i.lo is not None]
    assert 0.74 <= np.mean(covered) <= 0.88
    item = forecasts(walk(1, 100, step=4))[-1]
    assert 0.6 <= item.coverage <= 0.95
    assert item.coverage_weeks >= 40


def test_the_year_before_is_a_rival_from_104_weeks_on():
    season = 200 + 60 * np.sin(2 * np.pi * np.arange(130) / 52)
    values = list(season + np.random.default_rng(1).normal(0, 1, 130))
    found = {item.place: item for item in forecasts(values)}
    assert found[102].mae_seasonal is None
    assert found[129].mae_seasonal < found[129].mae
    assert not found[129].is_shown


def test_too_short_and_missing_series():
    assert forecasts([1.0] * 7) == []
    assert forecasts([]) == []
    assert not forecasts([5.0] * 30)[-1].is_shown
    values = walk(1, 60, step=4)
    gaps = [None if i % 10 == 3 else value for i, value in enumerate(values)]
    assert len(forecasts(gaps)) == 60 - 8
    assert {item.place for item in forecasts([None] * 100 + values)} >= set(range(110, 160))
    assert forecasts(gaps)[-1].backtest_weeks < forecasts(values)[-1].backtest_weeks


def test_values_stay_in_their_bounds():
    found = forecasts(list(np.linspace(0.99, 0.2, 30)) + [0.0] * 10, lowest=0.0, highest=1.0)
    assert all(0 <= item.value <= 1 for item in found)
    assert all(item.lo >= 0 and item.hi <= 1 for item in found if item.lo is not None)
