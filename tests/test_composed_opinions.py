"""Composed Chinese training texts: their labels, their sameness on every machine, and what they must not hold."""

from collections import Counter

from tasks.composed_opinions import composed_opinions, read_words
from tasks.core.contracts import SENTIMENTS
from tasks.training_sets import distinct, golden_path, keys_of, read_csv, text_key


def test_the_same_seed_composes_the_same_texts():
    assert composed_opinions(count=40, seed=3) == composed_opinions(count=40, seed=3)
    assert composed_opinions(count=40, seed=3) != composed_opinions(count=40, seed=4)


def test_every_place_of_every_pattern_is_filled():
    examples = composed_opinions(count=400, seed=3)
    assert Counter(example.label for example in examples).keys() == set(SENTIMENTS)
    assert not any(set("{}") & set(example.text) for example in examples)
    assert all(example.text.strip() for example in examples)


def test_no_word_has_two_tones():
    words = read_words()
    positive = {*words["positive adjectives"], *words["positive phrases"], *words["positive tags"]}
    negative = {*words["negative adjectives"], *words["negative phrases"], *words["negative tags"]}
    assert not positive & negative
    assert not (positive | negative) & set(words["neutral sentences"])
    assert min(map(len, words.values())) > 10


def test_no_text_is_near_a_golden_sentence():
    """Copies are left out of training; beyond them, no longer text shares more than half of its character pairs."""
    golden = [text for text, _ in read_csv(golden_path("zh"))]
    held_out = keys_of(golden)
    examples = distinct(composed_opinions(count=300, seed=13), without=held_out)
    assert not held_out & {text_key(example.text) for example in examples}
    pairs = [_pairs(text) for text in golden]
    for example in examples:
        own = _pairs(example.text)
        if len(own) >= 6:
            assert max(len(own & other) / len(own | other) for other in pairs) <= 0.5


def _pairs(text):
    return {text[at : at + 2] for at in range(len(text) - 1)}
