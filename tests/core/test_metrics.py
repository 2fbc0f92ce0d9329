"""Metrics against numbers worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from tasks.core.calibration import calibration_error
from tasks.core.metrics import classification_metrics
from tasks.errors import DataContractError

TRUTH = ["positive", "positive", "positive", "negative", "negative", "neutral"]
SAID = ["positive", "positive", "negative", "negative", None, "neutral"]


def test_by_hand():
    result = classification_metrics(TRUTH, SAID)
    assert result["n"] == 6
    assert result["coverage"] == pytest.approx(5 / 6, abs=1e-6)
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(4 / 6, abs=1e-6)
    # recalls 2/3, 1/2, 1; F1 of positive 2·2/(3+2), negative 2·1/(2+2), neutral 1
    assert result["metrics"]["macro_recall"]["value"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3, abs=1e-6)
    assert result["metrics"]["macro_f1"]["value"] == pytest.approx((4 / 5 + 1 / 2 + 1) / 3, abs=1e-6)
    negative = result["per_class"]["negative"]
    assert {key: negative[key] for key in ("n", "precision", "recall", "f1")} == {
        "n": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5,
    }  # fmt: skip
    assert all(0 <= lo <= 0.5 <= hi <= 1 for lo, hi in negative["intervals"].values())
    assert result["confusion"]["negative"] == {"negative": 1, "neutral": 0, "positive": 0, "abstained": 1}


def test_an_abstention_and_a_label_outside_the_truth_count_as_wrong():
    result = classification_metrics(["positive", "negative"], [None, "mixed"])
    assert result["coverage"] == 0.5
    assert result["metrics"]["accuracy"]["value"] == 0
    assert set(result["per_class"]) == {"negative", "positive"}


def test_four_rows_suffice():
    metrics = classification_metrics(["positive", "negative", "neutral", "positive"], ["positive"] * 4)["metrics"]
    for metric in metrics.values():
        assert 0 <= metric["lo"] <= metric["value"] <= metric["hi"] <= 1
    # Wilson's interval for 2 of 4, from its formula
    assert (metrics["accuracy"]["lo"], metrics["accuracy"]["hi"]) == pytest.approx((0.15004, 0.84996), abs=1e-4)


def test_agrees_with_scikit_learn_and_narrows_with_n():
    rng = np.random.default_rng(1)
    widths = []
    for n in (200, 5000):
        truth = rng.choice(["negative", "neutral", "positive"], n, p=[0.2, 0.3, 0.5])
        said = np.where(rng.random(n) < 0.7, truth, rng.choice(["negative", "neutral", "positive"], n))
        metrics = classification_metrics(truth.tolist(), said.tolist())["metrics"]
        assert metrics["macro_f1"]["value"] == pytest.approx(f1_score(truth, said, average="macro"), abs=1e-6)
        assert metrics["macro_recall"]["value"] == pytest.approx(recall_score(truth, said, average="macro"), abs=1e-6)
        widths.append(metrics["macro_recall"]["hi"] - metrics["macro_recall"]["lo"])
    assert widths[1] < widths[0] / 3


def test_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        truth = rng.choice(["negative", "positive"], 300)
        said = np.where(rng.random(300) < 0.8, truth, np.where(truth == "negative", "positive", "negative"))
        metric = classification_metrics(truth.tolist(), said.tolist(), seed=seed)["metrics"]["macro_recall"]
        covered += metric["lo"] <= 0.8 <= metric["hi"]
    assert 0.90 <= covered / 200 <= 0.99


def test_the_same_seed_gives_the_same_intervals():
    assert classification_metrics(TRUTH, SAID, seed=4) == classification_metrics(TRUTH, SAID, seed=4)


@pytest.mark.parametrize(("truth", "said"), [([], []), (["positive"], [])])
def test_nothing_to_score_is_an_error(truth, said):
    with pytest.raises(DataContractError):
        classification_metrics(truth, said)


def test_calibration_error_by_hand():
    # two bins: 0.9 said, 1/2 right (gap 0.4, weight 2/4); 0.6 said, all right (gap 0.4, weight 2/4)
    error = calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, False, True, True]))
    assert error == pytest.approx(0.4)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0
