"""Changes between releases: paired ones are told where unpaired ones drown, and chance is called chance."""

import numpy as np
import pytest

from tasks.core.changes import paired_changes, paired_span_changes, unpaired_changes
from tasks.core.metrics import classification_metrics
from tasks.errors import DataContractError

LABELS = np.array(["negative", "neutral", "positive"])


def labelled(n, accuracy, seed):
    """Truth, and labels that are right with a probability."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    said = np.where(rng.random(n) < accuracy, truth, (truth + rng.integers(1, 3, n)) % 3)
    return LABELS[truth].tolist(), LABELS[said].tolist()


def test_a_small_gain_on_the_same_rows_is_beyond_its_interval_and_unpaired_it_is_not():
    truth, before = labelled(600, 0.75, 1)
    wrong = [i for i, (true, label) in enumerate(zip(truth, before, strict=True)) if true != label]
    now = list(before)
    for place in wrong[:15]:
        now[place] = truth[place]
    change = paired_changes(truth, before, now)["accuracy"]
    assert change["delta"] == pytest.approx(15 / 600, abs=1e-6)
    assert change["is_beyond"]
    assert change["is_paired"]
    then, after = (classification_metrics(truth, said)["metrics"] for said in (before, now))
    unpaired = unpaired_changes(then, after)["accuracy"]
    assert unpaired["delta"] == pytest.approx(change["delta"], abs=1e-6)
    assert not unpaired["is_beyond"]
    assert not unpaired["is_paired"]


def test_two_models_of_the_same_worth_are_rarely_called_different():
    called = 0
    for seed in range(60):
        truth, before = labelled(300, 0.8, seed)
        rng = np.random.default_rng(seed + 1000)
        index = np.searchsorted(LABELS, truth)
        now = LABELS[np.where(rng.random(300) < 0.8, index, (index + 1) % 3)].tolist()
        called += paired_changes(truth, before, now)["accuracy"]["is_beyond"]
    assert called <= 8


def test_values_are_those_of_the_metrics():
    truth, before = labelled(200, 0.7, 4)
    now = [None if i % 9 == 0 else label for i, label in enumerate(before)]
    changes = paired_changes(truth, before, now)
    metrics = classification_metrics(truth, now)["metrics"]
    for name, change in changes.items():
        assert change["value"] == pytest.approx(metrics[name]["value"], abs=1e-6)
        assert change["lo"] <= change["delta"] <= change["hi"] <= 0


def test_the_unpaired_interval_by_hand():
    then, now = ({"f1": {"value": v, "lo": v - 0.03, "hi": v + 0.04}} for v in (0.5, 0.6))
    change = unpaired_changes(then, now)["f1"]
    assert (change["lo"], change["hi"]) == pytest.approx((0.1 - 0.05, 0.1 + 0.05), abs=1e-6)
    assert change["is_beyond"]
    assert unpaired_changes({}, now) == {}


def test_rows_that_do_not_fit_are_an_error():
    with pytest.raises(DataContractError):
        paired_changes(["positive"], [], ["positive"])


def test_names_found_in_the_same_texts_are_compared_in_pairs():
    there = np.ones(200, np.int64)
    before = np.stack([np.r_[np.ones(100, int), np.zeros(100, int)], there, there], axis=1)
    now = before.copy()
    now[100:112, 0] = 1
    changes = paired_span_changes(before, now)
    assert (changes["f1"]["before"], changes["f1"]["value"]) == (0.5, 0.56)
    assert changes["f1"]["is_beyond"]
    assert not paired_span_changes(before, before)["f1"]["is_beyond"]
    with pytest.raises(DataContractError):
        paired_span_changes(before, now[:3])


def test_scores_of_spans_by_hand():
    before = np.array([[1, 2, 1], [0, 0, 1]])
    now = np.array([[1, 1, 1], [1, 1, 1]])
    changes = paired_span_changes(before, now)
    assert {name: change["before"] for name, change in changes.items()} == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert all(change["value"] == 1 for change in changes.values())
