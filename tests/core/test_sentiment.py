"""Sentiment rules: what probabilities and labels mean, on numbers worked out by hand."""

import math

import numpy as np
import pytest

from tasks.core.contracts import SentimentScores
from tasks.core.sentiment import (
    Decision,
    classes_of,
    confidence,
    decide,
    fit_min_confidence,
    fit_offsets,
    fit_temperature,
    fold_mixed,
    label_of,
    readable,
)
from tasks.errors import DataContractError

LN = math.log


def logits_of(*rows):
    """Logits whose softmax is exactly the given probabilities."""
    return np.log(np.array(rows, float))


def test_label_is_the_most_probable_class():
    logits = logits_of([0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1], [0.2, 0.1, 0.1, 0.6])
    scores = decide(logits, Decision(1.0, 0.0), is_readable=np.ones(4, bool))
    assert scores.labels == ["negative", "neutral", "positive", "mixed"]


def test_half_of_mixed_goes_to_each_pole():
    assert fold_mixed(np.array([[0.2, 0.1, 0.3, 0.4]])) == pytest.approx(np.array([[0.4, 0.1, 0.5]]))
    scores = decide(logits_of([0.05, 0.05, 0.1, 0.8]), Decision(1.0, 0.0), is_readable=np.array([True]))
    assert scores.probabilities.sum() == pytest.approx(1.0)
    assert scores.scores[0] == pytest.approx(0.05)


def test_temperature_flattens_without_changing_the_label():
    logits = np.array([[0.0, 0.0, LN(16), -50.0]])
    sharp = decide(logits, Decision(1.0, 0.0), is_readable=np.array([True]))
    flat = decide(logits, Decision(2.0, 0.0), is_readable=np.array([True]))
    assert sharp.probabilities[0, 2] == pytest.approx(16 / 18, abs=1e-4)
    assert flat.probabilities[0, 2] == pytest.approx(4 / 6, abs=1e-4)
    assert sharp.labels == flat.labels == ["positive"]


def test_abstains_below_the_threshold_and_on_what_it_can_not_read():
    logits = logits_of([0.4, 0.3, 0.2, 0.1], [0.6, 0.2, 0.1, 0.1], [0.97, 0.01, 0.01, 0.01])
    scores = decide(logits, Decision(1.0, 0.5), is_readable=np.array([True, True, False]))
    assert scores.labels == [None, "negative", None]
    assert scores.scores[2] == 0
    assert scores.probabilities[2] == pytest.approx([0.375, 0.25, 0.375])


def test_decide_refuses_other_shapes():
    with pytest.raises(DataContractError):
        decide(np.zeros((2, 3)), Decision(1.0, 0.0), is_readable=np.ones(2, bool))
    with pytest.raises(DataContractError):
        decide(np.zeros((2, 4)), Decision(1.0, 0.0), is_readable=np.ones(3, bool))


def test_no_documents_are_no_problem():
    scores = decide(np.zeros((0, 4)), Decision(1.0, 0.5), is_readable=np.zeros(0, bool))
    assert scores.labels == []
    assert scores.probabilities.shape == (0, 3)


def test_confidence_of_mixed_is_how_much_of_both_there_is():
    scores = SentimentScores(np.array([[0.45, 0.1, 0.45], [0.1, 0.1, 0.8]], np.float32), ["mixed", "positive"])
    assert confidence(scores) == pytest.approx([0.9, 0.8])


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_fitted_temperature_is_the_one_the_labels_were_drawn_with(true_temperature):
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 3, (20_000, 4))
    weights = np.exp(logits / true_temperature)
    cumulated = (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)
    classes = (rng.random((20_000, 1)) > cumulated).sum(axis=1)
    assert fit_temperature(logits, classes) == pytest.approx(true_temperature, rel=0.06)


def test_temperature_needs_documents():
    with pytest.raises(DataContractError):
        fit_temperature(np.zeros((0, 4)), np.zeros(0, int))


def drawn(shift, *, count=900, seed=4):
    """Logits of a model that is right but says neutral by `shift` too readily; classes and sets, 0 and 1 by turns."""
    chance = np.random.default_rng(seed)
    classes = np.arange(count) % 3
    logits = chance.normal(size=(count, 4))
    logits[np.arange(count), classes] += 2
    logits[:, 3] = -20
    logits[:, 1] += shift
    return logits, classes, np.arange(count) // 3 % 2


@pytest.mark.parametrize("shift", [-0.8, 0.0, 0.8])
def test_offsets_undo_a_habit_of_saying_neutral(shift):
    logits, classes, sources = drawn(shift)
    offsets = fit_offsets(logits, classes, sources)
    assert offsets[1] == pytest.approx(-shift, abs=0.35)
    assert offsets[2] == pytest.approx(0, abs=0.35)
    assert offsets[0] == offsets[3] == 0


def test_offsets_ask_no_set_that_lacks_a_class():
    logits, classes, sources = drawn(0.8)
    keep = (sources == 0) & (classes != 1)
    assert not fit_offsets(logits[keep], classes[keep], sources[keep]).any()


def test_threshold_gives_up_only_where_the_model_is_mostly_wrong():
    doubtful = np.array([[0.31, 0.30, 0.29, 0.10]] * 5)
    sure = np.array([[0.9, 0.05, 0.03, 0.02]] * 95)
    probabilities = np.vstack([doubtful, sure])
    all_wrong = np.array([1] * 5 + [0] * 95)
    assert 0.31 < fit_min_confidence(probabilities, all_wrong, max_share=0.05) <= 0.9
    all_right = np.zeros(100, int)
    assert fit_min_confidence(probabilities, all_right, max_share=0.05) == 0.0


def test_threshold_never_gives_up_more_than_its_share():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(4), 1000)
    hopeless = (probabilities.argmax(axis=1) + 1) % 4
    threshold = fit_min_confidence(probabilities, hopeless, max_share=0.02)
    assert 0 < (probabilities.max(axis=1) < threshold).mean() <= 0.02


@pytest.mark.parametrize(
    ("name", "label"),
    [("Positive", "positive"), (" neg ", "negative"), ("中性", "neutral"), ("好评", "positive"), ("conflict", "mixed")],
)
def test_user_words_for_labels(name, label):
    assert label_of(name) == label


@pytest.mark.parametrize("name", ["", "5", "angry", "positiv e"])
def test_unknown_labels_are_not_guessed(name):
    assert label_of(name) is None


def test_classes_are_columns_of_the_logits():
    assert classes_of(["mixed", "negative", "positive", "neutral"]).tolist() == [3, 0, 2, 1]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain text stays", "plain text stays"),
        ("质量很好，推荐", "质量很好，推荐"),
        ("thanks 👍", "thanks  thumbs up sign "),
        ("👍👍👍👍👍", " thumbs up sign thumbs up sign "),
        ("👍🏽", " thumbs up sign "),
        ("❤️", " heavy black heart "),
        ("see https://example.com/a?b=c now", "see http now"),
        ("看 https://example.com/x，不错", "看 http，不错"),
    ],
)
def test_models_read_emoji_by_name_and_addresses_in_short(text, read):
    assert readable(text) == read


def test_a_broken_character_does_not_stop_reading():
    assert "好" in readable("好\ud83d")
