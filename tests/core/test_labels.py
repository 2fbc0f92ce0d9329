"""What people write in a label column."""

import pytest

from tasks.core.labels import sentiment_labels


def read(*names):
    return [sentiment_labels(names)[name] for name in names]


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (("Positive", " NEG ", "neu", "mixed"), ["positive", "negative", "neutral", "mixed"]),
        (("正面", "负面", "中性", "混合"), ["positive", "negative", "neutral", "mixed"]),
        (("好评", "中评", "差评"), ["positive", "neutral", "negative"]),
        (("1", "2", "3", "4", "5"), ["negative", "negative", "neutral", "positive", "positive"]),
        (("1.0", "5.0"), ["negative", "positive"]),
        (("-1", "0", "1"), ["negative", "neutral", "positive"]),
        (("1 star", "3 stars", "five stars", "4-star"), ["negative", "neutral", "positive", "positive"]),
        (("一星", "三星", "5星", "四颗星"), ["negative", "neutral", "positive", "positive"]),
        (("★★★★☆", "★☆☆☆☆", "⭐⭐⭐"), ["positive", "negative", "neutral"]),
        (("５", "１"), ["positive", "negative"]),
    ],
)
def test_words_and_numbers_are_understood(names, meant):
    assert read(*names) == meant


@pytest.mark.parametrize(
    "names", [("0", "1"), ("0", "1", "2"), ("1", "10"), ("7 stars",), ("happy",), ("",), ("★" * 6,)]
)
def test_what_can_mean_two_things_or_none_is_not_guessed(names):
    assert None in read(*names)


def test_a_one_beside_a_minus_one_is_no_star():
    assert read("-1", "1") == ["negative", "positive"]
    assert read("1", "5") == ["negative", "positive"]
