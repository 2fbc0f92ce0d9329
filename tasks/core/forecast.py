"""Next week's value of a weekly series, and whether the forecast is worth showing.

Every week of the past is made a forecast as if it were the newest one: parameters are fitted by statsmodels to the
weeks up to it, and again every 13th week. Three models compete (simple exponential smoothing, a damped trend, and
Theta in its form of smoothing with drift, Hyndman and Billah 2003); in each week the one with the smallest error so far
speaks, so that choosing it does not flatter it.

What is shown has a smaller mean absolute error than the last value, than the mean of 8 weeks and, with 104 weeks or
more, than the value a year before, over the same weeks. The interval holds 80 % of the errors made so far, and its
coverage is counted on the weeks that it had not seen; one that held fewer than 60 % of them is not shown either.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WARM_UP_WEEKS = 8
MEAN_WEEKS = 8
YEAR_WEEKS = 52
REFIT_WEEKS = 13
HISTORY_WEEKS = 104
SAID_WEEKS = 52
BACKTEST_WEEKS = 52
MIN_BACKTEST_WEEKS = 12
MIN_COVERAGE_WEEKS = 8
INTERVAL_LEVEL = 0.80
MIN_COVERAGE = 0.60

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of the week after `place`; errors are mean absolute ones over backtest_weeks earlier weeks.

    mae_seasonal: None with fewer than 104 weeks. coverage: share of coverage_weeks whose value lay in its interval.
    """

    place: int
    value: float
    lo: float | None
    hi: float | None
    model: str
    backtest_weeks: int
    mae: float | None
    mae_last: float | None
    mae_mean8: float | None
    mae_seasonal: float | None
    coverage: float | None
    coverage_weeks: int
    is_shown: bool


def forecasts(
    values: Sequence[float | None], *, lowest: float = -math.inf, highest: float = math.inf
) -> list[Forecast]:
    """A forecast from each of the last 52 weeks on, from the 8th known value.

    Args:
        values: one a week, oldest first; None where it is not known or its week is incomplete.
        lowest, highest: bounds of what the value can be.
    """
    series = np.array([math.nan if value is None else value for value in values], np.float64)
    by_model = _one_step(series, lowest, highest)
    said: list[_Said] = []
    found = []
    for place in range(len(series)):
        if math.isnan(by_model["ses"][place]):
            continue
        model = min(by_model, key=lambda name: (_past_error(series, by_model[name], place), name != "ses", name))
        one = _Said(place, float(by_model[model][place]), *_interval(series, said, place, by_model[model][place]))
        if place >= len(series) - SAID_WEEKS:
            found.append(_judged(series, one, said, model, lowest, highest))
        said.append(one)
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What was expected of the week after `place`, when that week was not known."""

    place: int
    value: float
    lo: float | None
    hi: float | None


def _judged(series: Floats, one: _Said, said: Sequence[_Said], model: str, lowest: float, highest: float) -> Forecast:
    past = [
        item
        for item in said[-BACKTEST_WEEKS:]
        if item.place < one.place and not math.isnan(series[item.place + 1])
    ]  # fmt: skip
    places = np.array([item.place for item in past], np.int64)
    truth = series[places + 1] if past else np.empty(0)
    mae = _mean_error(truth, np.array([item.value for item in past]))
    rivals = {
        "last": _mean_error(truth, np.array([_known(series, place, 1) for place in places])),
        "mean8": _mean_error(truth, np.array([_known(series, place, MEAN_WEEKS) for place in places])),
    }
    seasonal = None
    if one.place + 1 >= 2 * YEAR_WEEKS:
        known = [
            place for place in places if place + 1 >= YEAR_WEEKS and not math.isnan(series[place + 1 - YEAR_WEEKS])
        ]
        if known:
            at = np.array(known)
            seasonal = _mean_error(series[at + 1], series[at + 1 - YEAR_WEEKS])
    covered = [
        item.lo <= series[item.place + 1] <= item.hi for item in past if item.lo is not None and item.hi is not None
    ]
    is_better = mae is not None and all(
        rival is None or mae < rival for rival in (rivals["last"], rivals["mean8"], seasonal)
    )
    return Forecast(
        place=one.place,
        value=one.value,
        lo=None if one.lo is None else max(one.lo, lowest),
        hi=None if one.hi is None else min(one.hi, highest),
        model=model,
        backtest_weeks=len(past),
        mae=mae,
        mae_last=rivals["last"],
        mae_mean8=rivals["mean8"],
        mae_seasonal=seasonal,
        coverage=float(np.mean(covered)) if covered else None,
        coverage_weeks=len(covered),
        is_shown=is_better
        and one.lo is not None
        and len(past) >= MIN_BACKTEST_WEEKS
        and len(covered) >= MIN_COVERAGE_WEEKS
        and bool(np.mean(covered) >= MIN_COVERAGE),
    )


def _interval(series: Floats, said: Sequence[_Said], place: int, value: float) -> tuple[float | None, float | None]:
    """The 80 % quantile of the absolute errors so far, with the correction for few of them (split conformal)."""
    errors = sorted(
        abs(series[item.place + 1] - item.value)
        for item in said[-BACKTEST_WEEKS:]
        if item.place < place and not math.isnan(series[item.place + 1])
    )
    rank = math.ceil((len(errors) + 1) * INTERVAL_LEVEL)
    if rank > len(errors):
        return None, None
    return float(value - errors[rank - 1]), float(value + errors[rank - 1])


def _past_error(series: Floats, expected: Floats, place: int) -> float:
    """Mean absolute error of a model's forecasts of the weeks up to `place`; 0 where there are none."""
    first = max(0, place - BACKTEST_WEEKS)
    errors = np.abs(series[first + 1 : place + 1] - expected[first:place])
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else 0.0


def _mean_error(truth: Floats, expected: Floats) -> float | None:
    return float(np.abs(truth - expected).mean()) if len(truth) else None


def _known(series: Floats, place: int, count: int) -> float:
    """Mean of the last known values up to a week."""
    known = series[: place + 1]
    return float(known[~np.isnan(known)][-count:].mean())


class _Simple:
    """Simple exponential smoothing."""

    def __init__(self, given: Mapping[str, float]) -> None:
        self.alpha, self.level = given["alpha"], given["level"]

    def step(self, value: float) -> None:
        self.level += self.alpha * (value - self.level)

    def ahead(self) -> float:
        return self.level


class _Damped:
    """Exponential smoothing with a damped trend."""

    def __init__(self, given: Mapping[str, float]) -> None:
        self.given = given
        self.level, self.trend = given["level"], given["trend"]

    def step(self, value: float) -> None:
        ahead, before = self.ahead(), self.level
        damped = self.given["phi"] * self.trend
        self.level = ahead + self.given["alpha"] * (value - ahead)
        self.trend = damped + self.given["beta"] * (self.level - before - damped)

    def ahead(self) -> float:
        return self.level + self.given["phi"] * self.trend


class _Theta(_Simple):
    """Simple exponential smoothing with half of the regression's slope as drift."""

    def __init__(self, given: Mapping[str, float]) -> None:
        super().__init__({**given, "alpha": max(given["alpha"], 1e-6)})
        self.count, self.sum, self.sum_t = 0, 0.0, 0.0

    def step(self, value: float) -> None:
        super().step(value)
        self.sum += value
        self.sum_t += self.count * value
        self.count += 1

    def ahead(self) -> float:
        n = self.count
        if n < 2:
            return self.level
        slope = (self.sum_t - (n - 1) / 2 * self.sum) / (n * (n * n - 1) / 12)
        return self.level + slope / 2 * (1 - (1 - self.alpha) ** n) / self.alpha


_MODELS: dict[str, Callable[[Mapping[str, float]], _Simple | _Damped]] = {
    "ses": _Simple,
    "damped": _Damped,
    "theta": _Theta,
}


def _one_step(series: Floats, lowest: float, highest: float) -> dict[str, Floats]:
    """What each model expects of the week after each of the newest weeks; NaN elsewhere, and until 8 values are known.

    Parameters are fitted again in every 13th week; in between the models go on from week to week. Gaps are passed over.
    """
    expected = {name: np.full(len(series), np.nan) for name in _MODELS}
    models: dict[str, _Simple | _Damped] = {}
    first = max(0, len(series) - SAID_WEEKS - BACKTEST_WEEKS) // REFIT_WEEKS * REFIT_WEEKS
    for place in range(first, len(series)):
        if not models or place % REFIT_WEEKS == 0:
            known = series[max(0, place + 1 - HISTORY_WEEKS) : place + 1]
            known = known[~np.isnan(known)]
            if len(known) < WARM_UP_WEEKS:
                continue
            models = {name: _MODELS[name](given) for name, given in _fit(known).items()}
            for value in known:
                for model in models.values():
                    model.step(float(value))
        elif not math.isnan(series[place]):
            for model in models.values():
                model.step(float(series[place]))
        for name, model in models.items():
            expected[name][place] = min(max(model.ahead(), lowest), highest)
    return expected


def _fit(known: Floats) -> dict[str, dict[str, float]]:
    """Parameters of each model by statsmodels' least squares."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a flat series has no best parameters, and any of them will do
        simple = SimpleExpSmoothing(known, initialization_method="estimated").fit().params
        damped = ExponentialSmoothing(known, trend="add", damped_trend=True, initialization_method="estimated").fit()
    level = {"alpha": float(simple["smoothing_level"]), "level": float(simple["initial_level"])}
    trend = damped.params
    return {
        "ses": level,
        "damped": {
            "alpha": float(trend["smoothing_level"]),
            "beta": float(trend["smoothing_trend"]),
            "phi": float(trend["damping_trend"]),
            "level": float(trend["initial_level"]),
            "trend": float(trend["initial_trend"]),
        },
        "theta": level,
    }
