"""Calibration against outcomes drawn so that the answer is known."""

import numpy as np
import pytest

from tasks.core.calibration import calibration_error, reliability, surest
from tasks.errors import DataContractError


def outcomes(n, shift, seed=3):
    """Confidences, and outcomes that come true with that probability less `shift`."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.55, 1, n)
    return confidence, rng.random(n) < confidence - shift


def test_by_hand():
    # two bins: 0.9 said, 1/2 right (gap 0.4, weight 2/4); 0.6 said, all right (gap 0.4, weight 2/4)
    error = calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, False, True, True]))
    assert error == pytest.approx(0.4)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0


def test_the_table_adds_up_and_holds_wilson_intervals():
    table = reliability(np.array([0.95, 0.91, 0.97, 0.99, 0.62]), np.array([True, True, False, True, False]))
    assert [(b["from"], b["n"]) for b in table["bins"]] == [(0.6, 1), (0.9, 4)]
    high = table["bins"][1]
    assert (high["confidence"], high["accuracy"]) == pytest.approx((0.955, 0.75))
    assert (high["lo"], high["hi"]) == pytest.approx((0.30064, 0.95441), abs=1e-4)
    assert sum(b["n"] for b in table["bins"]) == table["n"] == 5
    assert table["error"] == pytest.approx(0.8 * 0.205 + 0.2 * 0.62, abs=1e-6)


def test_a_calibrated_model_is_told_from_an_overconfident_one():
    calibrated, overconfident = (reliability(*outcomes(4000, shift)) for shift in (0.0, 0.15))
    assert calibrated["error"] < 0.03
    assert calibrated["lo"] <= calibrated["expected_by_chance"] <= calibrated["hi"]
    assert overconfident["error"] == pytest.approx(0.15, abs=0.03)
    assert overconfident["lo"] > 2 * overconfident["expected_by_chance"]
    assert all(b["accuracy"] < b["confidence"] for b in overconfident["bins"])


def test_few_documents_alone_make_an_error_and_it_is_said():
    few = [reliability(*outcomes(40, 0.0, seed)) for seed in range(20)]
    assert np.mean([table["expected_by_chance"] for table in few]) > 0.05
    assert np.mean([table["error"] for table in few]) == pytest.approx(
        np.mean([table["expected_by_chance"] for table in few]), abs=0.03
    )


def test_the_same_seed_gives_the_same_table():
    assert reliability(*outcomes(100, 0.1), seed=5) == reliability(*outcomes(100, 0.1), seed=5)


def test_nothing_to_measure_is_an_error():
    with pytest.raises(DataContractError):
        calibration_error(np.array([]), np.array([], bool))


def test_the_surest_share_is_kept_whatever_the_order():
    sureness = np.array([0.9, 0.1, 0.5, 0.7])
    is_right = np.array([True, False, False, True])
    assert surest(sureness, is_right, coverage=0.5).tolist() == [True, True]
    assert surest(sureness, is_right, coverage=0.6).tolist() == [True, True, False]
    assert surest(sureness[::-1], is_right[::-1], coverage=0.5).tolist() == [True, True]
    assert len(surest(sureness, is_right, coverage=1.0)) == 4
    assert len(surest(np.zeros(0), np.zeros(0, bool), coverage=0.85)) == 0
