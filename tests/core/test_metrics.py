"""Metrics against numbers worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from tasks.core.metrics import classification_metrics, label_scores, share
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


def test_intervals_of_classes_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered = []
    for seed in range(150):
        truth = rng.choice(["negative", "positive"], 400, p=[0.25, 0.75])
        said = np.where(rng.random(400) < 0.8, truth, np.where(truth == "negative", "positive", "negative"))
        lo, hi = classification_metrics(truth.tolist(), said.tolist(), seed=seed)["per_class"]["negative"]["intervals"][
            "precision"
        ]
        covered.append(lo <= 0.25 * 0.8 / (0.25 * 0.8 + 0.75 * 0.2) <= hi)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_scores_of_drawn_rows_are_those_of_the_rows():
    rng = np.random.default_rng(6)
    truth = rng.choice(["negative", "neutral", "positive"], 90).tolist()
    said = [None if rng.random() < 0.1 else str(rng.choice(["negative", "positive", "mixed"])) for _ in truth]
    draws = rng.integers(0, 90, (20, 90))
    scores = label_scores(truth, said, draws)
    for number, rows in enumerate(draws):
        metrics = classification_metrics([truth[i] for i in rows], [said[i] for i in rows])["metrics"]
        for name, values in scores.items():
            assert values[number] == pytest.approx(metrics[name]["value"], abs=1e-6)


def test_a_share_of_nothing_is_none():
    assert share(0, 0) is None
    assert share(2, 4)["value"] == 0.5
